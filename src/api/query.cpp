#include "api/query.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace groomer::api {
namespace {

std::optional<std::string> decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i] == '+' ? ' ' : text[i];
            continue;
        }
        unsigned byte = 0;
        auto const* const digits = text.data() + i + 1;
        if (i + 2 >= text.size()) return std::nullopt;
        auto const [end, error] = std::from_chars(digits, digits + 2, byte, 16);
        if (error != std::errc{} || end != digits + 2) return std::nullopt;
        out += static_cast<char>(byte);
        i += 2;
    }
    bool const control = std::any_of(out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
    return control || !is_utf8(out) ? std::nullopt : std::optional{out};
}

// What comes before the first `end`, which goes too.
std::string_view take_part(std::string_view& text, char end) {
    auto const at = static_cast<std::size_t>(std::find(text.begin(), text.end(), end) - text.begin());
    auto const part = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return part;
}

}  // namespace

std::optional<Query> parse_query(std::string_view text) {
    Query out;
    while (!text.empty()) {
        auto part = take_part(text, '&');
        if (part.empty()) continue;
        auto name = decode(take_part(part, '='));
        auto value = decode(part);
        if (!name || !value) return std::nullopt;
        out.emplace_back(std::move(*name), std::move(*value));
    }
    return out;
}

std::optional<std::int64_t> parse_positive(std::string_view text) {
    std::int64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 1) return std::nullopt;
    return value;
}

}  // namespace groomer::api
