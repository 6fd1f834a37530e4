// The first half of defusing: what characters a reader, or GitHub, gets to see.
#pragma once

#include <string>
#include <string_view>

namespace groomer::model {

// Valid UTF-8 with HTML entities decoded, until none is left; without control characters (they become spaces), invisible characters,
// other spaces than " ", look-alikes of "@" and "#", and backslashes that escape something.
std::string plain_text(std::string_view text);

// White space put in order: none at the end of a line or of the whole, one blank line at most, one space between words.
std::string tidy(std::string_view text);

}  // namespace groomer::model
