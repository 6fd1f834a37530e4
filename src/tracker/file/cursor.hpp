// Where a pass over an export stands, as text that any replica can go on from.
#pragma once

#include "tracker/file/file_io.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace groomer::tracker::file {

struct Cursor {
    Fingerprint fingerprint;  // tells an unchanged file without reading it
    std::uint64_t hash = 0;   // tells one that was only touched, copied or seen on another mount
    bool finished = false;
    std::uint64_t next = 0;  // of the index's entries
    friend bool operator==(Cursor const&, Cursor const&) = default;
};

std::string to_string(Cursor const& cursor);
// Nothing for anything that to_string did not make.
std::optional<Cursor> parse_cursor(std::string_view text);

}  // namespace groomer::tracker::file
