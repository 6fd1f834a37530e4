// Bodies that came compressed, decoded up to a limit. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace groomer::net {

struct Decoded {
    enum class Outcome { whole, broken, too_large };
    Outcome outcome = Outcome::broken;
    std::string data;  // where it is whole
};

// Content-Encoding: gzip, of one or more members.
Decoded decode_gzip(std::string_view data, std::size_t limit);
// Content-Encoding: deflate, with the zlib header that it ought to have, or without, as some servers send it.
Decoded decode_deflate(std::string_view data, std::size_t limit);

}  // namespace groomer::net
