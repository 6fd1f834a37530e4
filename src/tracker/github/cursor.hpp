// Where a sync of a repository stands, as text that any replica can go on from. Pure.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace groomer::tracker::github {

// Issues are read in the order in which they changed last, and a page goes on from the time of the last entry of the one before, not
// from its number: an issue that changes meanwhile moves to the end, and would push another out of a numbered page.
struct Cursor {
    std::string source;  // of which API and repository it is
    bool full = true;    // a pass that names every issue
    bool begun = false;
    std::string since;  // from when on; "": from the beginning
    // Where so many changed at once that `since` does not get on: the list's own next page. Such a walk is repeated until one finds
    // nothing new, for the same reason as above.
    std::string next;
    bool found_on_walk = false;
    int repeats = 0;  // of this walk
    // Those that changed since `since`, and when, as seconds since the epoch: they come again, and are no news.
    std::map<std::int64_t, std::int64_t> seen;
    std::string newest;           // the latest change that was seen
    std::int64_t full_began = 0;  // seconds since the epoch
    friend bool operator==(Cursor const&, Cursor const&) = default;
};

std::string to_string(Cursor const& cursor);
// Nothing for anything that to_string did not make, and for what it made of another source.
std::optional<Cursor> parse_cursor(std::string_view text, std::string_view source);

}  // namespace groomer::tracker::github
