// The first header of a name, in any case; "" if there is none.
#pragma once

#include "base/text.hpp"
#include "net/http.hpp"

#include <string_view>
#include <vector>

namespace groomer::tracker::github {

inline std::string_view header_of(std::vector<net::Header> const& headers, std::string_view name) {
    auto const wanted = to_lower(name);
    for (auto const& header : headers)
        if (header.name.size() == wanted.size() && to_lower(header.name) == wanted) return header.value;
    return {};
}

}  // namespace groomer::tracker::github
