// Where a list goes on: RFC 8288's Link header, and addresses that may be followed with our credentials. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace groomer::tracker::github {

// "https://host" or "https://host:port", in lower case and without the scheme's own port; nothing for anything but a plain
// absolute http or https address (no user in it, no white space, no control characters, at most 4096 bytes).
std::optional<std::string> origin_of(std::string_view url);

// What a server points at, as an absolute address: nothing unless it is of the same origin as `base`.
std::optional<std::string> same_origin(std::string_view reference, std::string_view base);

struct Links {
    std::string next;  // "" where the list ends, or where it would lead to another origin
    std::string last;
    bool next_refused = false;  // there was one that must not be followed
};

// base: the address that answered. At most 64 links, in at most 16 KiB, are looked at.
Links parse_links(std::string_view header, std::string_view base);

// The number that a query gives for `page`; nothing where there is none.
std::optional<int> page_of(std::string_view url);

}  // namespace groomer::tracker::github
