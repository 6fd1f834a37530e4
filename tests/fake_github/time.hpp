// Time as the fake has it: the caller says what it is. GitHub's own stamps have the grain of one second.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace groomer::fake_github {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Seconds = std::int64_t;  // since 1970: as small as it can be, for there may be a million issues

inline Seconds seconds_of(Time time) { return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count(); }

std::string format_seconds(Seconds at);  // 2024-02-29T08:15:00Z
std::string format_http_date(Seconds at);
// 2024-02-29T08:15:00Z, with a fraction or an offset where given.
std::optional<Seconds> parse_seconds(std::string_view text);

}  // namespace groomer::fake_github
