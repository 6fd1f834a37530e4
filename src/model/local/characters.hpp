// What the readers of texts in this folder agree on: which bytes make a word, how much of an issue is read, and the hash of a token.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace groomer::model::local {

// Whatever somebody pastes into an issue, reading it takes no longer than this.
inline constexpr std::size_t title_limit = 512, body_limit = 16 * 1024;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

// By table: a text is little else than this question. Letters of other scripts are taken whole: their bytes are all above 0x7F.
inline constexpr auto word_bytes = [] {
    std::array<bool, 256> out{};
    for (std::size_t i = 0; i < out.size(); ++i) {
        auto const c = static_cast<char>(i);
        out[i] = is_lower(c) || is_upper(c) || is_digit(c) || c == '_' || i >= 0x80;
    }
    return out;
}();
constexpr bool is_word(char c) { return word_bytes[static_cast<unsigned char>(c)]; }

constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; }

constexpr bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

constexpr char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr std::string_view trim(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

constexpr bool is_checkbox(std::string_view line) {
    return line.size() > 5 && (line.starts_with("- [") || line.starts_with("* [")) && line[4] == ']';
}

// Calls back with every line that has something in it, trimmed.
template <typename Sink>
void for_each_line(std::string_view text, Sink sink) {
    while (!text.empty()) {
        auto const end = text.find('\n') == text.npos ? text.size() : text.find('\n');
        if (auto const line = trim(text.substr(0, end)); !line.empty()) sink(line);
        text.remove_prefix(end == text.size() ? end : end + 1);
    }
}

// FNV-1a, and the finaliser of MurmurHash3 (Appleby): alone it mixes its upper bits badly.
class Hash {
public:
    constexpr void add(char c) { state_ = (state_ ^ static_cast<unsigned char>(c)) * 1099511628211ULL; }
    [[nodiscard]] constexpr std::uint64_t value() const { return mix(state_); }

    static constexpr std::uint64_t mix(std::uint64_t x) {
        x = (x ^ (x >> 33)) * 0xFF51AFD7ED558CCDULL;
        x = (x ^ (x >> 33)) * 0xC4CEB9FE1A85EC53ULL;
        return x ^ (x >> 33);
    }

private:
    std::uint64_t state_ = 14695981039346656037ULL;
};

constexpr std::uint64_t hash(std::string_view text) {
    Hash h;
    for (char c : text) h.add(c);
    return h.value();
}

}  // namespace groomer::model::local
