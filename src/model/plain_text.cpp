#include "model/plain_text.hpp"

#include "base/text.hpp"
#include "model/invisible.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace groomer::model {
namespace {

struct Range {
    char32_t first, last;
};

constexpr std::array<Range, 7> spaces{
    {{0xA0, 0xA0}, {0x1680, 0x1680}, {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}}};

template <std::size_t N>
bool is_in(std::array<Range, N> const& ranges, char32_t c) {
    return std::any_of(ranges.begin(), ranges.end(), [c](Range const& range) { return c >= range.first && c <= range.last; });
}

struct Entity {
    std::string_view name;
    char32_t character;
};

// Those that spell out what Markdown reads, and those that honest text has. Of others only the name stays.
constexpr std::array<Entity, 58> entities{
    {{"amp", '&'},     {"AMP", '&'},     {"lt", '<'},       {"LT", '<'},       {"gt", '>'},       {"GT", '>'},       {"quot", '"'},
     {"QUOT", '"'},    {"apos", '\''},   {"nbsp", ' '},     {"commat", '@'},   {"num", '#'},      {"lsqb", '['},     {"lbrack", '['},
     {"rsqb", ']'},    {"rbrack", ']'},  {"lpar", '('},     {"rpar", ')'},     {"grave", '`'},    {"bsol", '\\'},    {"sol", '/'},
     {"colon", ':'},   {"period", '.'},  {"semi", ';'},     {"comma", ','},    {"excl", '!'},     {"quest", '?'},    {"ast", '*'},
     {"midast", '*'},  {"lowbar", '_'},  {"UnderBar", '_'}, {"dollar", '$'},   {"percnt", '%'},   {"plus", '+'},     {"equals", '='},
     {"lcub", '{'},    {"lbrace", '{'},  {"rcub", '}'},     {"rbrace", '}'},   {"verbar", '|'},   {"vert", '|'},     {"Hat", '^'},
     {"Tab", ' '},     {"NewLine", ' '}, {"hyphen", '-'},   {"dash", '-'},     {"ndash", 0x2013}, {"mdash", 0x2014}, {"hellip", 0x2026},
     {"rarr", 0x2192}, {"larr", 0x2190}, {"lsquo", 0x2018}, {"rsquo", 0x2019}, {"ldquo", 0x201C}, {"rdquo", 0x201D}, {"bull", 0x2022},
     {"middot", 0xB7}, {"times", 0xD7}}};

constexpr std::size_t longest_entity = 40;

bool is_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_punctuation(char c) { return c > ' ' && c < '\x7f' && !is_alnum(c); }

// The value of "#64" or "#x40"; U+FFFD for what is no character.
std::optional<char32_t> numeric(std::string_view body) {
    body.remove_prefix(1);
    bool const hex = body.starts_with('x') || body.starts_with('X');
    if (hex) body.remove_prefix(1);
    if (body.empty() || body.find_first_not_of(hex ? "0123456789abcdefABCDEF" : "0123456789") != std::string_view::npos)
        return std::nullopt;
    char32_t value = 0;
    for (char const c : body) {
        auto const digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        value = std::min<char32_t>(value * (hex ? 16 : 10) + static_cast<char32_t>(digit), 0x110000);
    }
    bool const none = value == 0 || value >= 0x110000 || (value >= 0xD800 && value <= 0xDFFF);
    return none ? 0xFFFD : value;
}

void append_utf8(std::string& out, char32_t c) {
    auto const byte = [&](char32_t value) { out += static_cast<char>(value); };
    if (c < 0x80) return byte(c);
    if (c < 0x800) byte(0xC0 | c >> 6);
    else if (c < 0x10000) byte(0xE0 | c >> 12);
    else byte(0xF0 | c >> 18);
    if (c >= 0x10000) byte(0x80 | (c >> 12 & 0x3F));
    if (c >= 0x800) byte(0x80 | (c >> 6 & 0x3F));
    byte(0x80 | (c & 0x3F));
}

// The character at the front of valid UTF-8, which is taken off.
char32_t take_character(std::string_view& text) {
    auto const first = static_cast<unsigned char>(text.front());
    std::size_t const length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    char32_t c = length == 1 ? first : first & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
    text.remove_prefix(length);
    return c;
}

// Puts characters together again. An entity is decoded when its ";" comes, which may itself have been decoded: what was decoded
// counts as if it had been written, so that none is left however they were nested.
class Writer {
public:
    void put(char32_t c) {
        for (;;) {
            append(c);
            if (c != ';') return;
            auto const decoded = take_entity();
            if (!decoded) return;
            c = *decoded;
        }
    }

    std::string out;

private:
    void append(char32_t c) {
        if (c < 0x80) {
            bool const control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
            out += control ? ' ' : static_cast<char>(c);
            return;
        }
        if (is_invisible(c)) return;
        if (c < 0xA0 || is_in(spaces, c)) c = ' ';
        if (c == 0xFF20 || c == 0xFE6B) c = '@';
        if (c == 0xFF03 || c == 0xFE5F) c = '#';
        append_utf8(out, c);
    }

    // `out` ends with ";".
    std::optional<char32_t> take_entity() {
        auto const tail = out.size() > longest_entity ? out.size() - longest_entity : 0;
        auto const in_tail = std::string_view{out}.substr(tail).rfind('&');
        if (in_tail == std::string_view::npos) return std::nullopt;
        auto const begin = tail + in_tail;
        std::string const body = out.substr(begin + 1, out.size() - begin - 2);
        if (body.empty()) return std::nullopt;
        if (body.front() == '#') {
            auto const value = numeric(body);
            if (value) out.resize(begin);
            return value;
        }
        if (!std::all_of(body.begin(), body.end(), is_alnum)) return std::nullopt;
        out.resize(begin);
        for (auto const& [name, character] : entities)
            if (name == body) return character;
        out += body;
        return std::nullopt;
    }
};

std::string without_escapes(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i)
        if (text[i] != '\\' || i + 1 == text.size() || !is_punctuation(text[i + 1])) out += text[i];
    return out;
}

}  // namespace

std::string plain_text(std::string_view text) {
    auto const clean = clean_text(text);
    Writer writer;
    for (std::string_view rest = clean; !rest.empty();) {
        auto const c = take_character(rest);
        if (c != '\r') writer.put(c);
        else if (!rest.starts_with('\n')) writer.put('\n');
    }
    return without_escapes(writer.out);
}

std::string tidy(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    std::size_t line_feeds = 0;
    bool gap = false;
    for (char const c : text) {
        bool const at_line_start = line_feeds > 0 || out.empty();
        if (c == '\n') {
            out.resize(out.find_last_not_of(" \t") + 1);
            if (!out.empty() && ++line_feeds <= 2) out += '\n';
            gap = false;
        } else if ((c == ' ' || c == '\t') && !at_line_start) {
            gap = true;
        } else if (c == ' ' || c == '\t') {
            if (!out.empty()) out += c;  // indentation
        } else {
            if (gap) out += ' ';
            out += c;
            gap = false;
            line_feeds = 0;
        }
    }
    out.resize(out.find_last_not_of(" \t\n") + 1);
    return out;
}

}  // namespace groomer::model
