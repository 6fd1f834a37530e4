#include "base/json_keys.hpp"
#include "base/text.hpp"
#include "model/answer_fields.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>

namespace groomer::model {
namespace {

namespace json = boost::json;

constexpr std::size_t deepest = 32;
constexpr std::size_t most_faults = 10;
constexpr std::size_t longest_sentence = 1000;

constexpr std::string_view shape = "shape", label = "label", candidate = "candidate";

std::string_view kind_of(json::value const& value) {
    switch (value.kind()) {
        case json::kind::null: return "null";
        case json::kind::bool_: return "a boolean";
        case json::kind::string: return "a string";
        case json::kind::array: return "a list";
        case json::kind::object: return "an object";
        default: return "a number";
    }
}

std::string quoted(std::string_view text) { return one_line(json::serialize(json::value(text)), 100); }

std::string trimmed(std::string_view text) {
    constexpr std::string_view white_space = " \t\r\n";
    auto const first = text.find_first_not_of(white_space);
    if (first == std::string_view::npos) return {};
    return std::string{text.substr(first, text.find_last_not_of(white_space) + 1 - first)};
}

// Providers refuse limits of length in a schema, so a model cannot be held to them: what is too long is cut.
std::string fitted(std::string_view raw, std::size_t longest, bool paragraphs) {
    auto text = clean_text(raw);
    if (!paragraphs)
        std::replace_if(
            text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return trimmed(truncate_utf8(trimmed(text), longest));
}

// As JSON Schema has it, 12.0 is an integer.
std::optional<std::int64_t> whole_number(json::value const& value) {
    if (auto const* number = value.if_int64()) return *number;
    constexpr double largest = 9007199254740992.0;  // every whole number below is exact
    auto const* number = value.if_double();
    if (!number || std::floor(*number) != *number || std::abs(*number) > largest) return std::nullopt;
    return static_cast<std::int64_t>(*number);
}

// Whether each step of a JSON pointer is a word that we chose, or a place in a list.
bool is_ours(std::string_view pointer, Asked const& asked) {
    std::vector<std::string> words;
    for (auto const& field : answer_fields) words.push_back(pointer_step(field.name));
    for (auto const& field : verdict_fields) words.push_back(pointer_step(field.name));
    for (auto const& field : decision_fields) words.push_back(pointer_step(field.name));
    for (auto const& family : asked.families) words.push_back(pointer_step(family.name));
    while (!pointer.empty()) {
        auto const step = pointer.substr(0, pointer.find('/', 1));
        bool const place = step.size() > 1 && step.find_first_not_of("0123456789", 1) == std::string_view::npos;
        if (!place && std::find(words.begin(), words.end(), step) == words.end()) return false;
        pointer.remove_prefix(step.size());
    }
    return true;
}

// Reads by the table. What the model wrote is told nowhere: its words may be those of a stranger, and the sentences are ours. Whatever is wrong is noted, and reading goes on: one repair turn has to do for all of it.
class Reader {
public:
    explicit Reader(Asked const& asked) : asked_{asked} {}

    template <class Record>
    void object(std::span<Field<Record> const> fields, json::value const& value, std::string const& at, Record& record) {
        auto const* object = expect_object(value, at);
        if (!object) return;
        std::vector<std::string_view> names;
        for (auto const& field : fields) {
            if (!is_asked(field, asked_)) continue;
            names.push_back(field.name);
            auto const* property = expect_property(*object, field.name, at);
            auto const there = at + pointer_step(field.name);
            if (property) std::visit([&](auto const& kind) { read(kind, *property, there, record); }, field.kind);
        }
        refuse_others(*object, names, at);
    }

    void fault(std::string where, std::string what, std::string_view reason) {
        if (faults_.size() >= most_faults) return;
        if (what.size() > longest_sentence) what = std::string{truncate_utf8(what, longest_sentence)} + "…";
        faults_.push_back({std::move(where), std::move(what), std::string{reason}});
    }

    std::vector<Fault> take_faults() { return std::move(faults_); }

private:
    void unexpected(json::value const& value, std::string const& at, std::string_view expected) {
        fault(
            at,
            (at.empty() ? "The answer" : at) + " is " + std::string{kind_of(value)} + ", where " + std::string{expected} + " is expected.",
            shape);
    }

    json::object const* expect_object(json::value const& value, std::string const& at) {
        auto const* object = value.if_object();
        if (!object) unexpected(value, at, "an object");
        return object;
    }

    json::value const* expect_property(json::object const& object, std::string_view name, std::string const& at) {
        auto const* property = object.if_contains(name);
        if (!property) fault(at + pointer_step(name), at + pointer_step(name) + " is missing.", shape);
        return property;
    }

    void refuse_others(json::object const& object, std::vector<std::string_view> const& names, std::string const& at) {
        for (auto const& property : object) {
            std::string_view const name{property.key().data(), property.key().size()};
            if (std::find(names.begin(), names.end(), name) != names.end()) continue;
            std::string sentence = (at.empty() ? "The answer" : at) + " has a property that was not asked for, which is none of: ";
            for (auto const one : names) sentence.append(one).append(", ");
            sentence.replace(sentence.size() - 2, 2, ".");
            fault(at + pointer_step(one_line(name, 100)), std::move(sentence), shape);
        }
    }

    // JSON can say NUL; PostgreSQL cannot store it, and no honest answer has it.
    std::optional<std::string_view> text(json::value const& value, std::string const& at, std::string_view expected) {
        auto const* string = value.if_string();
        if (!string) unexpected(value, at, expected);
        else if (string->find('\0') != json::string::npos) fault(at, at + " has a NUL character in it.", shape);
        else return std::string_view{string->data(), string->size()};
        return std::nullopt;
    }

    template <class Record>
    void read(Text<Record> const& kind, json::value const& value, std::string const& at, Record& record) {
        if (auto const raw = text(value, at, "a string")) record.*kind.to = fitted(*raw, kind.longest, kind.paragraphs);
    }

    template <class Record>
    void read(OptionalText<Record> const& kind, json::value const& value, std::string const& at, Record& record) {
        if (value.is_null()) return;
        auto const raw = text(value, at, "a string or null");
        if (!raw) return;
        auto fit = fitted(*raw, kind.longest, kind.paragraphs);
        if (!fit.empty()) record.*kind.to = std::move(fit);
    }

    template <class Record>
    void read(Texts<Record> const& kind, json::value const& value, std::string const& at, Record& record) {
        auto const* list = value.if_array();
        if (!list) return unexpected(value, at, "a list of strings");
        auto& texts = record.*kind.to;
        for (std::size_t i = 0; i < list->size(); ++i) {
            auto const raw = text((*list)[i], at + "/" + std::to_string(i), "a string");
            auto fit = raw ? fitted(*raw, kind.longest, false) : std::string{};
            if (!fit.empty() && texts.size() < kind.most) texts.push_back(std::move(fit));
        }
    }

    template <class Record>
    void read(Choice<Record> const& kind, json::value const& value, std::string const& at, Record& record) {
        if (auto const raw = one_of(kind.among, value, at, shape)) record.*kind.to = std::string{*raw};
    }

    template <class Record>
    void read(Verdict<Record> const& kind, json::value const& value, std::string const& at, Record& record) {
        std::vector<std::string_view> names;
        for (auto const one : actionabilities) names.push_back(name(one));
        auto const raw = one_of(names, value, at, shape);
        for (auto const one : actionabilities)
            if (raw == name(one)) record.*kind.to = one;
    }

    template <class Record>
    void read(Confidence<Record> const& kind, json::value const& value, std::string const& at, Record& record) {
        if (!value.is_number()) return unexpected(value, at, "a number");
        auto const number = value.to_number<double>();
        // Put so that it would refuse NaN as well.
        if (number >= 0 && number <= 1) record.*kind.to = number;
        else fault(at, at + " is not from 0 to 1.", shape);
    }

    template <class Record>
    void read(Label<Record> const& kind, json::value const& value, std::string const& at, Record& record) {
        if (value.is_null()) return;
        std::vector<std::string_view> labels;
        for (auto const& [name, meaning] : family_->values) labels.push_back(name);
        if (auto const raw = one_of(labels, value, at, label, true)) record.*kind.to = std::string{*raw};
    }

    template <class Record>
    void read(Candidate<Record> const& kind, json::value const& value, std::string const& at, Record& record) {
        if (!value.is_null()) record.*kind.to = offered(value, at, "a number or null");
    }

    template <class Record>
    void read(Candidates<Record> const& kind, json::value const& value, std::string const& at, Record& record) {
        auto const* list = value.if_array();
        if (!list) return unexpected(value, at, "a list of numbers");
        auto& numbers = record.*kind.to;
        for (std::size_t i = 0; i < list->size(); ++i) {
            auto const number = offered((*list)[i], at + "/" + std::to_string(i), "a number");
            if (!number || numbers.size() >= kind.most) continue;
            if (std::find(numbers.begin(), numbers.end(), *number) == numbers.end()) numbers.push_back(*number);
        }
    }

    template <class Record>
    void read(Families<Record> const& kind, json::value const& value, std::string const& at, Record& record) {
        auto const* object = expect_object(value, at);
        if (!object) return;
        std::vector<std::string_view> names;
        for (auto const& family : asked_.families) {
            names.push_back(family.name);
            family_ = &family;
            FamilyAnswer answer;
            answer.family = family.name;
            if (auto const* property = expect_property(*object, family.name, at))
                this->object(std::span<Field<FamilyAnswer> const>{decision_fields}, *property, at + pointer_step(family.name), answer);
            (record.*kind.to).push_back(std::move(answer));
        }
        refuse_others(*object, names, at);
    }

    template <class Record>
    void read(Group<Record> const& kind, json::value const& value, std::string const& at, Record& record) {
        object(kind.fields, value, at, record);
    }

    template <class Names>
    std::optional<std::string_view> one_of(Names const& names, json::value const& value, std::string const& at, std::string_view reason,
                                           bool nullable = false) {
        auto const raw = text(value, at, nullable ? "a string or null" : "a string");
        if (!raw || std::find(names.begin(), names.end(), *raw) != names.end()) return raw;
        std::string sentence = at + " is none of: ";
        for (auto const one : names) sentence += quoted(one) + ", ";
        if (nullable) sentence += "null, ";
        sentence.replace(sentence.size() - 2, 2, ".");
        fault(at, std::move(sentence), reason);
        return std::nullopt;
    }

    std::optional<std::int64_t> offered(json::value const& value, std::string const& at, std::string_view expected) {
        if (!value.is_number()) return unexpected(value, at, expected), std::nullopt;
        auto const number = whole_number(value);
        auto const& known = asked_.candidates;
        if (number && std::find(known.begin(), known.end(), *number) != known.end()) return number;
        fault(at, at + " is none of the issues that were offered" + offers(), candidate);
        return std::nullopt;
    }

    [[nodiscard]] std::string offers() const {
        if (asked_.candidates.empty()) return ": there are none.";
        std::string out;
        for (auto const number : asked_.candidates) out += (out.empty() ? ": " : ", ") + std::to_string(number);
        return out + ".";
    }

    Asked const& asked_;
    AskedFamily const* family_ = nullptr;
    std::vector<Fault> faults_;
};

// The JSON value, or why there is none.
std::optional<json::value> parse_json(std::string_view text, Asked const& asked, Reader& reader) {
    if (text.size() > longest_answer)
        return reader.fault(
                   {}, "The answer has " + std::to_string(text.size()) + " bytes; at most " + std::to_string(longest_answer) + " are read.",
                   "too_long"),
               std::nullopt;
    if (!is_utf8(text)) return reader.fault({}, "The answer is not valid UTF-8.", "not_json"), std::nullopt;
    json::parse_options options;
    options.max_depth = deepest;
    json::error_code error;
    auto value = json::parse(text, error, {}, options);
    if (error) return reader.fault({}, "The answer is not one JSON object: " + error.message() + ".", "not_json"), std::nullopt;
    for (auto const& key : repeated_keys(text, deepest, most_faults)) {
        auto const where = one_line(key, 200);
        reader.fault(where, (is_ours(key, asked) ? where : std::string{"A property"}) + " stands there more than once.", shape);
    }
    return value;
}

}  // namespace

Parsed parse_answer(std::string_view text, Asked const& asked) {
    Reader reader{asked};
    Answer answer;
    auto const value = parse_json(text, asked, reader);
    if (value) reader.object(std::span<Field<Answer> const>{answer_fields}, *value, {}, answer);
    auto faults = reader.take_faults();
    if (faults.empty()) faults = contradictions(answer);
    if (!faults.empty()) return {std::nullopt, std::move(faults)};
    if (answer.duplicate_of) std::erase(answer.related, *answer.duplicate_of);
    return {std::move(answer), {}};
}

}  // namespace groomer::model
