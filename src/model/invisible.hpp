// Characters that people do not see and programs read: what is written with them was not meant for people.
#pragma once

#include <string>
#include <string_view>

namespace groomer::model {

// What has no shape of its own, and so hides in other words or turns their order: zero-width, bidirectional, tag and other format
// characters, soft hyphens, fillers, and the variation selectors that can carry bytes.
bool is_invisible(char32_t character);

// text: valid UTF-8.
std::string without_invisible(std::string_view text);

}  // namespace groomer::model
