// The two forms in which servers tell the time. Pure, and of anybody's text.
#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace groomer {

// "Sun, 06 Nov 1994 08:49:37 GMT", the only form that servers still send.
std::optional<WallTime> parse_http_date(std::string_view text);

// "2024-02-29T08:15:00Z", with a fraction (ignored) or an offset where given.
std::optional<WallTime> parse_time(std::string_view text);
// The same, in UTC and whole seconds, which is how GitHub dates issues.
std::string format_seconds(WallTime time);

std::int64_t epoch_seconds(WallTime time);
// Held within the years 1970 to 2200, where no arithmetic on it can overflow.
WallTime from_epoch_seconds(std::int64_t seconds);

}  // namespace groomer
