// Text from strangers and for people: UTF-8 repair, durations, sizes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace groomer {

// Valid UTF-8 without NUL and other control characters (tab, line feed and carriage return stay): each invalid byte
// becomes U+FFFD, each control character a space.
std::string clean_text(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view text);

// The longest prefix of at most `limit` bytes that ends at a character boundary; `text` is valid UTF-8.
std::string_view truncate_utf8(std::string_view text, std::size_t limit);

// As UTF-8 counts them: every byte that continues none begins one.
std::size_t count_characters(std::string_view text);

// For a log or a terminal: clean_text on one line (runs of white space are one space), cut to about `longest` bytes, and then
// saying how many there were.
std::string one_line(std::string_view text, std::size_t longest);

// "5s", "1500ms", "30m", "24h", "180d" (a whole number and a unit); nothing else, no sign. Empty: not a duration.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::milliseconds duration);

// "24KiB", "10MiB", "512B". Empty: not a size.
std::optional<std::uint64_t> parse_size(std::string_view text);

// RFC 3339 in UTC with milliseconds.
std::string format_time(std::chrono::system_clock::time_point time);

// Lower-case ASCII; other bytes unchanged.
std::string to_lower(std::string_view text);

}  // namespace groomer
