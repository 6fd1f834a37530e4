#include "lock/token.hpp"

#include <array>
#include <charconv>

namespace groomer::lock {
namespace {

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
    return number;
}

}  // namespace

std::optional<Token> parse_token(std::string_view text) {
    constexpr std::size_t longest = 1024;  // ours are far shorter
    if (text.size() > longest) return std::nullopt;
    std::array<std::string_view, 7> fields;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        auto const bar = text.find('|');
        bool const last = i + 1 == fields.size();
        if (last != (bar == std::string_view::npos)) return std::nullopt;
        fields[i] = text.substr(0, bar);
        text.remove_prefix(last ? text.size() : bar + 1);
    }
    auto const ttl = whole_number(fields[1]), term = whole_number(fields[2]);
    if (fields[0] != "g1" || !ttl || !term || fields[4].empty()) return std::nullopt;
    std::chrono::milliseconds const lives{*ttl};
    if (lives < min_ttl || lives > max_ttl) return std::nullopt;
    return Token{lives, *term, std::string{fields[3]}, std::string{fields[4]}, std::string{fields[5]}, std::string{fields[6]}};
}

}  // namespace groomer::lock
