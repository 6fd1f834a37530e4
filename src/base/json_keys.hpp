// What Boost.JSON says nothing of: keys that stand twice in an object, of which it keeps the last.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace groomer {

// One step of a JSON pointer: "/" and the key, with "~" and "/" escaped.
std::string pointer_step(std::string_view key);

// JSON pointers of the first `most` keys that stand in their object already; `text` is valid JSON of at most `depth` levels.
std::vector<std::string> repeated_keys(std::string_view text, std::size_t depth, std::size_t most);

}  // namespace groomer
