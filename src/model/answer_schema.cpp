#include "model/answer_fields.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace groomer::model {
namespace {

namespace json = boost::json;

std::string at_most(std::size_t bytes) { return " At most " + std::to_string(bytes) + " bytes."; }

// Makes the schema of each kind of property; what the table says of it comes first.
class SchemaWriter {
public:
    explicit SchemaWriter(Asked const& asked) : asked_{asked} {}

    // Strict structured outputs demand that every property is required and that no other is allowed.
    template <class Record>
    json::object object(std::span<Field<Record> const> fields, std::string_view description) {
        json::object properties;
        for (auto const& field : fields) {
            if (!is_asked(field, asked_)) continue;
            description_ = field.description;
            auto property = std::visit([&](auto const& kind) { return of(kind); }, field.kind);
            properties.emplace(field.name, std::move(property));
        }
        return closed(std::move(properties), description);
    }

private:
    static json::object closed(json::object properties, std::string_view description) {
        json::object out{{"type", "object"}};
        if (!description.empty()) out["description"] = description;
        json::array required;
        for (auto const& property : properties) required.emplace_back(property.key());
        out["properties"] = std::move(properties);
        out["required"] = std::move(required);
        out["additionalProperties"] = false;
        return out;
    }

    [[nodiscard]] json::object typed(json::value type, std::string_view limits = {}) const {
        return {{"type", std::move(type)}, {"description", description_ + std::string{limits}}};
    }

    // Where there is nothing to choose from, null is all there is: an enum must not be empty.
    [[nodiscard]] json::object nullable_choice(std::string_view type, json::array choices) const {
        if (choices.empty()) return typed("null");
        auto out = typed(json::array{type, "null"});
        choices.emplace_back(nullptr);
        out["enum"] = std::move(choices);
        return out;
    }

    template <class Names>
    [[nodiscard]] json::object choice(Names const& names) const {
        auto out = typed("string");
        out["enum"] = json::array(names.begin(), names.end());
        return out;
    }

    [[nodiscard]] json::array candidates() const {
        json::array numbers;
        for (auto const number : asked_.candidates)
            if (std::find(numbers.begin(), numbers.end(), json::value(number)) == numbers.end()) numbers.emplace_back(number);
        return numbers;
    }

    template <class Record>
    json::object of(Text<Record> const& text) const {
        return typed("string", at_most(text.longest));
    }

    template <class Record>
    json::object of(OptionalText<Record> const& text) const {
        return typed(json::array{"string", "null"}, at_most(text.longest));
    }

    template <class Record>
    json::object of(Texts<Record> const& texts) const {
        auto out =
            typed("array", " At most " + std::to_string(texts.most) + ", each of at most " + std::to_string(texts.longest) + " bytes.");
        out["items"] = json::object{{"type", "string"}};
        return out;
    }

    template <class Record>
    json::object of(Choice<Record> const& one) const {
        return choice(one.among);
    }

    template <class Record>
    json::object of(Verdict<Record> const&) const {
        std::array<std::string_view, actionabilities.size()> names;
        std::transform(actionabilities.begin(), actionabilities.end(), names.begin(), [](auto one) { return name(one); });
        return choice(names);
    }

    template <class Record>
    json::object of(Confidence<Record> const&) const {
        return typed("number", " From 0 to 1.");
    }

    template <class Record>
    json::object of(Label<Record> const&) {
        json::array labels;
        for (auto const& [label, meaning] : family_->values) {
            labels.emplace_back(label);
            if (!meaning.empty()) description_ += " \"" + label + "\": " + meaning + (meaning.ends_with('.') ? "" : ".");
        }
        return nullable_choice("string", std::move(labels));
    }

    template <class Record>
    json::object of(Candidate<Record> const&) const {
        return nullable_choice("integer", candidates());
    }

    template <class Record>
    json::object of(Candidates<Record> const& several) const {
        auto numbers = candidates();
        auto out = numbers.empty() ? typed("array", " None was offered: it is empty.")
                                   : typed("array", " At most " + std::to_string(several.most) + ".");
        json::object items{{"type", "integer"}};
        if (!numbers.empty()) items["enum"] = std::move(numbers);
        out["items"] = std::move(items);
        return out;
    }

    template <class Record>
    json::object of(Families<Record> const&) {
        std::string const description = std::move(description_);
        json::object properties;
        for (auto const& family : asked_.families) {
            family_ = &family;
            properties.emplace(family.name, object(std::span<Field<FamilyAnswer> const>{decision_fields}, {}));
        }
        return closed(std::move(properties), description);
    }

    template <class Record>
    json::object of(Group<Record> const& group) {
        std::string const description = std::move(description_);
        return object(group.fields, description);
    }

    Asked const& asked_;
    AskedFamily const* family_ = nullptr;
    std::string description_;
};

}  // namespace

std::string answer_schema(Asked const& asked) {
    return json::serialize(SchemaWriter{asked}.object(std::span<Field<Answer> const>{answer_fields}, {}));
}

}  // namespace groomer::model
