// Characters that people do not see and programs read: what is written with them was not meant for people.
#pragma once

#include <string>
#include <string_view>

namespace groomer::model {

// text: valid UTF-8. Without zero-width, bidirectional, tag and other format characters, soft hyphens and the variation selectors that
// can carry bytes. (Unicode, general category Cf, and U+E0100 to U+E01EF.)
std::string without_invisible(std::string_view text);

}  // namespace groomer::model
