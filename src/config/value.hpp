// One value of one key: from text, checked against the table; back to text; and in words what is allowed.
#pragma once

#include "config/keys.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace groomer::config {

// Empty: not allowed for this key. A list is separated by commas. For a secret_file the text is the path.
std::optional<Value> parse_value(Key const& key, std::string_view text);

// "a duration from 1s to 10m (a whole number and ms, s, m, h or d)"
std::string allowed(Key const& key);

// Canonical text; lists with commas, nothing for monostate.
std::string to_text(Value const& value);

// What was written, in quotes, cut short where it is long.
std::string show(std::string_view text);
// A key likewise, but bare where it is a simple word.
std::string show_key(std::string_view key);

}  // namespace groomer::config
