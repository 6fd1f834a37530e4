#include "config/value.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <type_traits>

namespace groomer::config {
namespace {

// Decimal, as people write it: 010, +5, 1e3, .5, nan and hexadecimal are not numbers here.
bool is_decimal(std::string_view text, bool fraction) {
    if (text.starts_with('-')) text.remove_prefix(1);
    auto const digits = [](std::string_view part) {
        return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
    };
    auto const point = text.find('.');
    auto const whole = text.substr(0, point);
    if (point != std::string_view::npos && (!fraction || !digits(text.substr(point + 1)))) return false;
    return digits(whole) && (whole == "0" || whole.front() != '0');
}

template <class T>
std::optional<T> decimal(std::string_view text) {
    T number{};
    if (!is_decimal(text, std::is_floating_point_v<T>)) return std::nullopt;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// `parse` serves the limits too, so that they are written like any value of the key.
template <class Parse>
std::optional<Value> within(Key const& key, std::string_view text, Parse parse) {
    auto const number = parse(text);
    if (!number) return std::nullopt;
    auto const low = parse(key.min), high = parse(key.max);
    if (low && (*number < *low || (key.above_min && *number == *low))) return std::nullopt;
    if (high && *number > *high) return std::nullopt;
    return Value{*number};
}

std::optional<Value> parse_boolean(std::string_view text) {
    if (text == "true") return Value{true};
    if (text == "false") return Value{false};
    return std::nullopt;
}

std::optional<Value> parse_choice(Key const& key, std::string_view text) {
    for (auto rest = key.choices;;) {
        auto const bar = rest.find('|');
        if (rest.substr(0, bar) == text) return Value{std::string{text}};
        if (bar == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(bar + 1);
    }
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

std::optional<Value> parse_labels(Key const& key, std::string_view text) {
    std::vector<std::string> labels;
    while (!text.empty()) {
        auto const comma = text.find(',');
        auto const label = trimmed(text.substr(0, comma));
        if (!key.form->valid(label) || labels.size() == most_labels) return std::nullopt;
        labels.emplace_back(label);
        if (comma != std::string_view::npos && comma + 1 == text.size()) return std::nullopt;
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    return Value{std::move(labels)};
}

std::optional<Value> parse_text(Form const& form, std::string_view text) {
    return form.valid(text) ? std::optional{Value{std::string{text}}} : std::nullopt;
}

std::string range(Key const& key) {
    std::string const low{key.min}, high{key.max};
    return key.above_min ? " above " + low + " and up to " + high : " from " + low + " to " + high;
}

std::string alternatives(std::string_view choices) {
    std::string out;
    for (std::size_t bar = 0; bar != std::string_view::npos;) {
        bar = choices.find('|');
        if (!out.empty()) out += bar == std::string_view::npos ? " or " : ", ";
        out += choices.substr(0, bar);
        choices.remove_prefix(bar == std::string_view::npos ? choices.size() : bar + 1);
    }
    return out;
}

}  // namespace

std::optional<Value> parse_value(Key const& key, std::string_view text) {
    switch (key.type) {
        case Type::text: return parse_text(*key.form, text);
        case Type::secret_file: return parse_text(path_form, text);
        case Type::integer: return within(key, text, decimal<std::int64_t>);
        case Type::number: return within(key, text, decimal<double>);
        case Type::boolean: return parse_boolean(text);
        case Type::duration: return within(key, text, parse_duration);
        case Type::size: return within(key, text, parse_size);
        case Type::choice: return parse_choice(key, text);
        case Type::labels: return parse_labels(key, text);
        case Type::part: break;
    }
    return std::nullopt;
}

std::string allowed(Key const& key) {
    switch (key.type) {
        case Type::text: return std::string{key.form->allowed};
        case Type::secret_file: return std::string{path_form.allowed};
        case Type::integer: return "a whole number" + range(key);
        case Type::number: return "a number" + range(key);
        case Type::boolean: return "true or false";
        case Type::duration: return "a duration" + range(key) + " (a whole number and ms, s, m, h or d)";
        case Type::size: return "a size" + range(key) + " (a whole number and B, KiB or MiB)";
        case Type::choice: return alternatives(key.choices);
        case Type::labels: return "a list of at most " + std::to_string(most_labels) + " labels";
        case Type::part: break;
    }
    return "a part of its own";
}

std::string to_text(Value const& value) {
    auto const write = [](auto const& v) -> std::string {
        using T = std::remove_cvref_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::monostate>) return "";
        else if constexpr (std::is_same_v<T, std::string>) return v;
        else if constexpr (std::is_same_v<T, bool>) return v ? "true" : "false";
        else if constexpr (std::is_same_v<T, Duration>) return format_duration(v);
        else if constexpr (std::is_same_v<T, double>) {
            char buffer[400];  // the shortest form that reads back the same; never an exponent
            auto const end = std::to_chars(std::begin(buffer), std::end(buffer), v, std::chars_format::fixed).ptr;
            return {buffer, end};
        } else if constexpr (std::is_same_v<T, std::uint64_t>) {
            if (v != 0 && v % (1024 * 1024) == 0) return std::to_string(v / (1024 * 1024)) + "MiB";
            return v != 0 && v % 1024 == 0 ? std::to_string(v / 1024) + "KiB" : std::to_string(v) + "B";
        } else if constexpr (std::is_same_v<T, std::int64_t>) return std::to_string(v);
        else {
            std::string out;
            for (std::string const& item : v) out += (out.empty() ? "" : ",") + item;
            return out;
        }
    };
    return std::visit(write, value);
}

std::string show(std::string_view text) {
    constexpr std::size_t most = 60;
    auto shown = clean_text(text.substr(0, most + 4));
    bool const cut = text.size() > most;
    if (cut) shown = truncate_utf8(shown, most);
    std::replace_if(
        shown.begin(), shown.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return '"' + shown + (cut ? "…\"" : "\"");
}

std::string show_key(std::string_view key) {
    bool const simple =
        key.size() <= 60 && std::none_of(key.begin(), key.end(), [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '"'; });
    return simple ? std::string{key} : show(key);
}

}  // namespace groomer::config
