#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <limits>

namespace groomer {
namespace {

// Length of the well-formed UTF-8 sequence at the front (Unicode 15, table 3-7); 0 if there is none.
std::size_t sequence_length(std::string_view text) {
    auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) { return byte(i) >= low && byte(i) <= high; };
    unsigned const first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        unsigned const low = first == 0xE0 ? 0xA0 : 0x80, high = first == 0xED ? 0x9F : 0xBF;
        return follows(1, low, high) && follows(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        unsigned const low = first == 0xF0 ? 0x90 : 0x80, high = first == 0xF4 ? 0x8F : 0xBF;
        return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

// A whole decimal number directly followed by a unit.
std::optional<std::uint64_t> parse_with_unit(std::string_view text, std::initializer_list<Unit> units) {
    std::uint64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end == text.data()) return std::nullopt;
    std::string_view const unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
    for (Unit const& known : units) {
        if (known.name != unit) continue;
        constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
        if (number > most / known.factor) return std::nullopt;
        return number * known.factor;
    }
    return std::nullopt;
}

constexpr std::array<Unit, 5> duration_units{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

}  // namespace

std::string clean_text(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        auto const length = sequence_length(text);
        auto const first = static_cast<unsigned char>(text.front());
        if (length == 0) out += "\xEF\xBF\xBD";
        else if (length == 1 && (first < 0x20 || first == 0x7F) && first != '\t' && first != '\n' && first != '\r') out += ' ';
        else if (length == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0) out += ' ';  // C1 controls
        else out += text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        auto const length = sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::size_t count_characters(std::string_view text) {
    auto const begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins));
}

std::string_view truncate_utf8(std::string_view text, std::size_t limit) {
    if (text.size() <= limit) return text;
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
    return text.substr(0, limit);
}

std::string one_line(std::string_view text, std::size_t longest) {
    std::string out;
    for (char const c : clean_text(text.substr(0, 2 * longest))) {
        bool const space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
        if (!space) out += c;
        else if (!out.empty() && !out.ends_with(' ')) out += ' ';
    }
    if (out.ends_with(' ')) out.pop_back();
    if (out.size() <= longest && text.size() <= 2 * longest) return out;
    return std::string{truncate_utf8(out, longest)} + "… (" + std::to_string(text.size()) + " bytes)";
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    auto number = parse_with_unit(text, {duration_units[0], duration_units[1], duration_units[2], duration_units[3], duration_units[4]});
    if (!number) return std::nullopt;
    return std::chrono::milliseconds{static_cast<std::int64_t>(*number)};
}

std::string format_duration(std::chrono::milliseconds duration) {
    auto const count = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
    if (count == 0) return "0s";
    for (Unit const& unit : duration_units)
        if (count % unit.factor == 0) return std::to_string(count / unit.factor) + std::string{unit.name};
    return {};
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    return parse_with_unit(text, {{"B", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}});
}

std::string format_time(std::chrono::system_clock::time_point time) {
    auto const since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
    auto const whole = std::chrono::floor<std::chrono::seconds>(since);
    std::time_t const seconds = static_cast<std::time_t>(whole.count());
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 40> buffer{};
    auto const used = std::strftime(buffer.data(), buffer.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    auto const millis = std::to_string(1000 + (since - whole).count()).substr(1);
    return std::string{buffer.data(), used} + '.' + millis + 'Z';
}

std::string to_lower(std::string_view text) {
    std::string out{text};
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

}  // namespace groomer
