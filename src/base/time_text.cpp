#include "base/time_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace groomer {
namespace {

using namespace std::chrono;

// -1: not just digits.
int number(std::string_view text, std::size_t at, std::size_t count) {
    if (text.size() < at + count) return -1;
    auto const part = text.substr(at, count);
    if (part.find_first_not_of("0123456789") != std::string_view::npos) return -1;
    int value = -1;
    std::from_chars(part.data(), part.data() + part.size(), value);
    return value;
}

std::optional<WallTime> make_time(int year, int month, int day, int hour, int minute, int second) {
    if (year < 1970 || year > 2200 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59) return std::nullopt;
    if (second < 0 || second > 60) return std::nullopt;  // 60: a leap second
    year_month_day const date{std::chrono::year{year}, std::chrono::month(unsigned(month)), std::chrono::day(unsigned(day))};
    if (!date.ok()) return std::nullopt;
    return WallTime{sys_days{date} + hours{hour} + minutes{minute} + seconds{second}};
}

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text) {
    constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return std::nullopt;
    if (text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':') return std::nullopt;
    auto const month = std::find(months.begin(), months.end(), text.substr(8, 3));
    if (month == months.end()) return std::nullopt;
    auto const nth = static_cast<int>(month - months.begin()) + 1;
    return make_time(number(text, 12, 4), nth, number(text, 5, 2), number(text, 17, 2), number(text, 20, 2), number(text, 23, 2));
}

std::optional<WallTime> parse_time(std::string_view text) {
    if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
    auto const time = make_time(number(text, 0, 4), number(text, 5, 2), number(text, 8, 2), number(text, 11, 2), number(text, 14, 2),
                                number(text, 17, 2));
    auto rest = text.substr(19);
    if (rest.front() == '.') rest.remove_prefix(std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
    if (!time || rest == "Z") return time;
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return std::nullopt;
    int const hour = number(rest, 1, 2), minute = number(rest, 4, 2);
    if (hour < 0 || hour > 14 || minute < 0 || minute > 59) return std::nullopt;
    auto const offset = hours{hour} + minutes{minute};
    return rest[0] == '+' ? *time - offset : *time + offset;
}

std::string format_seconds(WallTime time) {
    auto const whole = floor<seconds>(time);
    auto const midnight = floor<days>(whole);
    year_month_day const date{midnight};
    hh_mm_ss const clock{whole - midnight};
    std::array<char, 64> text{};
    auto const length =
        std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", int(date.year()), unsigned(date.month()),
                      unsigned(date.day()), int(clock.hours().count()), int(clock.minutes().count()), int(clock.seconds().count()));
    return {text.data(), static_cast<std::size_t>(length)};
}

std::int64_t epoch_seconds(WallTime time) { return floor<seconds>(time).time_since_epoch().count(); }

WallTime from_epoch_seconds(std::int64_t value) {
    constexpr std::int64_t year_2200 = 7'258'118'400;
    return WallTime{seconds{std::clamp<std::int64_t>(value, 0, year_2200)}};
}

}  // namespace groomer
