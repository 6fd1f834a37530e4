// The query of a request, decoded. Pure, and of anybody's text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace groomer::api {

using Query = std::vector<std::pair<std::string, std::string>>;

// "a=1&b=x%20y" → names and values in their order. Nothing where it is not well-formed: a bad escape, bytes that are not UTF-8, a control
// character.
std::optional<Query> parse_query(std::string_view text);

// A whole number above 0; nothing for any other text.
std::optional<std::int64_t> parse_positive(std::string_view text);

}  // namespace groomer::api
