// Looks for what GitHub would make something of, one kind after another. It shares nothing with the remover, on purpose.
#include "base/text.hpp"
#include "model/defuse.hpp"

#include <algorithm>
#include <cctype>
#include <string>

namespace groomer::model {
namespace {

bool letter_or_digit(char c) { return static_cast<unsigned char>(c) < 0x80 && std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

char at(std::string_view text, std::size_t i) { return i < text.size() ? text[i] : ' '; }
char before(std::string_view text, std::size_t i) { return i > 0 ? text[i - 1] : ' '; }

bool contains_any(std::string_view text, std::initializer_list<std::string_view> parts) {
    return std::any_of(parts.begin(), parts.end(), [&](auto part) { return text.find(part) != std::string_view::npos; });
}

bool has_bad_characters(std::string_view text) {
    if (!is_utf8(text)) return true;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto const rest = text.substr(i);
        auto const byte = static_cast<unsigned char>(text[i]);
        if ((byte < 0x20 && text[i] != '\n' && text[i] != '\t') || byte == 0x7F) return true;
        if (byte < 0x80) continue;
        if (byte == 0xC2 && static_cast<unsigned char>(at(text, i + 1)) < 0xA0) return true;  // C1
        auto const third = static_cast<unsigned char>(at(text, i + 2));
        if (rest.starts_with("\xE2\x80") && ((third >= 0x8B && third <= 0x8F) || (third >= 0xAA && third <= 0xAE))) return true;
        if (rest.starts_with("\xE2\x81") && third >= 0xA0 && third <= 0xA9) return true;
        if (rest.starts_with("\xEF\xBB\xBF") || rest.starts_with("\xF3\xA0\x80") || rest.starts_with("\xF3\xA0\x81")) return true;
        if (rest.starts_with("\xEF\xBC\xA0") || rest.starts_with("\xEF\xB9\xAB")) return true;  // wide and small "@"
    }
    return false;
}

bool permits(Permitted const& permitted, std::string_view digits) {
    return std::any_of(permitted.issues.begin(), permitted.issues.end(), [&](auto number) { return std::to_string(number) == digits; });
}

std::string_view digits_from(std::string_view text, std::size_t i) {
    auto end = i;
    while (end < text.size() && digit(text[end])) ++end;
    return text.substr(i, end - i);
}

// Whether `link` stands in the source with nothing around it that would make it another one.
bool stands_in_source(std::string_view link, std::string_view source) {
    for (auto i = source.find(link); i != std::string_view::npos; i = source.find(link, i + 1)) {
        if (letter_or_digit(before(source, i))) continue;
        auto end = i + link.size();
        while (end < source.size() && one_of(source[end], ".,:;?!)_~*'^{}[")) ++end;
        auto const next = at(source, end);
        bool const wide = static_cast<unsigned char>(next) >= 0x80;
        if (wide ? contains_any(source.substr(end, 2), {"\xE3\x80", "\xEF\xBC", "\xEF\xBD", "\xE2\x80"})
                 : !letter_or_digit(next) && !one_of(next, "-/#$(+=%@&"))
            return true;
    }
    return false;
}

bool refers_to_other_issue(std::string_view link, Permitted const& permitted) {
    for (std::string_view const kind : {"issues/", "pull/", "pulls/", "discussions/"})
        for (auto i = link.find(kind); i != std::string_view::npos; i = link.find(kind, i + 1)) {
            auto const digits = digits_from(link, i + kind.size());
            if (before(link, i) == '/' && !digits.empty() && !permits(permitted, digits)) return true;
        }
    return false;
}

// `text` with spaces for the links that may stay: as far as GitHub would take each, but for punctuation at its end.
std::string without_permitted_links(std::string_view text, Permitted const& permitted) {
    std::string out{text};
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto const rest = text.substr(i);
        if (!rest.starts_with("http://") && !rest.starts_with("https://") && !rest.starts_with("www.")) continue;
        if (letter_or_digit(before(out, i))) continue;
        auto length = std::min(rest.find_first_of(" \t\n<"), rest.size());
        for (; length > 0; --length) {
            auto const link = rest.substr(0, length);
            if (stands_in_source(link, permitted.source) && !refers_to_other_issue(link, permitted)) break;
            if (!one_of(link.back(), ".,:;?!)_~")) length = 1;
        }
        std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(i), length, ' ');
        i += length;
    }
    return out;
}

bool has_reference(std::string_view text, Permitted const& permitted) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        bool const hash = text[i] == '#' && digit(at(text, i + 1));
        bool const gh = one_of(text[i], "gG") && one_of(at(text, i + 1), "hH") && at(text, i + 2) == '-' && digit(at(text, i + 3)) &&
                        !letter_or_digit(before(text, i));
        if (!hash && !gh) continue;
        auto const begin = i + (hash ? 1 : 3);
        auto const digits = digits_from(text, begin);
        if (!permits(permitted, digits) || letter_or_digit(at(text, begin + digits.size()))) return true;
        if (letter_or_digit(before(text, i)) || one_of(before(text, i), "/_-.#")) return true;
    }
    return false;
}

bool has_commit(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        std::size_t length = 0, digits = 0, hex = 0;
        for (; i + length < text.size() && letter_or_digit(text[i + length]); ++length) {
            digits += digit(text[i + length]) ? 1 : 0;
            hex += std::isxdigit(static_cast<unsigned char>(text[i + length])) != 0 ? 1 : 0;
        }
        if (length >= 7 && length <= 40 && hex == length && digits > 0 && digits < length) return true;
        i += std::max<std::size_t>(length, 1);
    }
    return false;
}

bool has_entity(std::string_view text) {
    for (auto i = text.find('&'); i != std::string_view::npos; i = text.find('&', i + 1)) {
        auto const body = text.substr(i + 1, std::min(text.find(';', i), i + 34) - i - 1);
        if (body.empty() || at(text, i + 1 + body.size()) != ';') continue;
        auto const digits = body.substr(body.front() == '#' ? 1 : 0);
        bool const hex = digits.size() < body.size() && (at(digits, 0) | 0x20) == 'x';
        auto const value = digits.substr(hex ? 1 : 0);
        auto const fits = [&](char c) {
            if (digits.size() == body.size()) return letter_or_digit(c);
            return digit(c) || (hex && std::isxdigit(static_cast<unsigned char>(c)) != 0);
        };
        if (!value.empty() && std::all_of(value.begin(), value.end(), fits)) return true;
    }
    return false;
}

bool has_markup(std::string_view text) {
    auto const lower = to_lower(text);
    if (contains_any(lower, {"@", "://", "](", "][", "]:", "```", "~~~", "<!--"})) return true;
    for (std::size_t i = 0; i < lower.size(); ++i) {
        char const c = lower[i], next = at(lower, i + 1);
        if (c == '<' && ((next >= 'a' && next <= 'z') || one_of(next, "/!?"))) return true;
        if (c == '\\' && next > ' ' && static_cast<unsigned char>(next) < 0x7F && !letter_or_digit(next)) return true;
        if (letter_or_digit(before(lower, i))) continue;
        if (std::string_view const rest = std::string_view{lower}.substr(i); rest.starts_with("mailto:") || rest.starts_with("xmpp:"))
            return true;
        if (lower.substr(i, 4) == "www." && letter_or_digit(at(lower, i + 4))) return true;
    }
    return false;
}

bool marks_duplicate(std::string_view text) {
    auto const lower = to_lower(text);
    for (auto i = lower.find("duplicate of"); i != std::string::npos; i = lower.find("duplicate of", i + 1)) {
        auto const begin = lower.find_first_not_of(" \t\n", i + 12);
        if (begin == std::string::npos || begin == i + 12) continue;
        auto const rest = std::string_view{lower}.substr(begin);
        if (rest.starts_with("http://") || rest.starts_with("https://") || rest.starts_with("www.")) return true;
        if ((rest[0] == '#' && digit(at(rest, 1))) || (rest.starts_with("gh-") && digit(at(rest, 3)))) return true;
    }
    return false;
}

}  // namespace

bool harmless(std::string_view text, Permitted const& permitted) {
    if (has_bad_characters(text) || marks_duplicate(text)) return false;
    auto const rest = without_permitted_links(text, permitted);
    return !has_markup(rest) && !has_entity(rest) && !has_reference(rest, permitted) && !has_commit(rest);
}

}  // namespace groomer::model
