#include "fake_github/faults.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace groomer::fake_github {
namespace {

namespace json = boost::json;

json::value other_type(json::value const& value) {
    if (value.is_string()) return 7;
    if (value.is_array()) return json::object{{"0", "no list"}};
    if (value.is_object()) return json::array{"no object"};
    return json::object{{"no", "scalar"}};
}

void change(json::value& value, Fault const& fault) {
    switch (fault.form) {
        case FieldForm::missing: value = json::object{}; return;  // only for a whole answer
        case FieldForm::null: value = nullptr; return;
        case FieldForm::other_type: value = other_type(value); return;
        case FieldForm::gigantic: value = std::string(fault.gigantic_bytes, 'x'); return;
    }
}

void spoil_object(json::value& value, std::string_view path, Fault const& fault);

void spoil_each(json::value& value, std::string_view path, Fault const& fault) {
    auto* list = value.if_array();
    if (!list) return spoil_object(value, path, fault);
    for (auto& element : *list) spoil_object(element, path, fault);
}

void spoil_object(json::value& value, std::string_view path, Fault const& fault) {
    auto* object = value.if_object();
    if (!object) return;
    auto const dot = path.find('.');
    auto* inner = object->if_contains(path.substr(0, dot));
    if (!inner) return;
    if (dot != std::string_view::npos) {
        spoil_each(*inner, path.substr(dot + 1), fault);
    } else if (fault.form == FieldForm::missing) {
        object->erase(path);
    } else {
        change(*inner, fault);
    }
}

}  // namespace

// Of the classic kind: on a mismatch the last star takes one character more.
bool matches(std::string_view pattern, std::string_view text) {
    std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

std::optional<Fault> Faults::next(std::string_view method, std::string_view path) {
    for (auto& rule : rules_) {
        auto const& matcher = rule.matcher;
        if ((!matcher.method.empty() && matcher.method != method) || !matches(matcher.path, path)) continue;
        auto const nth = ++rule.seen;
        if (nth < matcher.nth || nth - matcher.nth >= matcher.times) continue;
        if (matcher.probability < 1 && std::uniform_real_distribution<>{}(random_) >= matcher.probability) continue;
        ++sprung_;
        return rule.fault;
    }
    return std::nullopt;
}

void spoil(json::value& answer, Fault const& fault) {
    if (fault.field.empty()) return change(answer, fault);
    spoil_each(answer, fault.field, fault);
}

}  // namespace groomer::fake_github
