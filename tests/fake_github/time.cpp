#include "fake_github/time.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace groomer::fake_github {
namespace {

std::tm broken_down(Seconds at) {
    std::time_t const time = at;
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    return parts;
}

}  // namespace

std::string format_seconds(Seconds at) {
    auto const parts = broken_down(at);
    std::array<char, 32> text{};
    auto const size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text.data(), size};
}

std::string format_http_date(Seconds at) {
    auto const parts = broken_down(at);
    std::array<char, 40> text{};
    auto const size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return {text.data(), size};
}

std::optional<Seconds> parse_seconds(std::string_view text) {
    std::string const whole{text};
    std::tm parts{};
    char const* rest = ::strptime(whole.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (!rest) return std::nullopt;
    if (*rest == '.') {
        for (++rest; *rest >= '0' && *rest <= '9';) ++rest;
    }
    Seconds const at = ::timegm(&parts);
    std::string_view const zone{rest};
    if (zone == "Z" || zone == "z") return at;
    int hours = 0, minutes = 0;
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || std::sscanf(rest + 1, "%2d:%2d", &hours, &minutes) != 2)
        return std::nullopt;
    Seconds const offset = hours * 3600 + minutes * 60;
    return zone[0] == '+' ? at - offset : at + offset;
}

}  // namespace groomer::fake_github
