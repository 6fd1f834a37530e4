#include "model/judgement.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

namespace groomer::model {
namespace {

namespace json = boost::json;

std::optional<Source> parse_source(std::string_view text) {
    for (Source source : {Source::model, Source::local, Source::rule})
        if (name(source) == text) return source;
    return std::nullopt;
}

Decision to_decision(json::object const& object) {
    Decision decision;
    decision.family = json::value_to<std::string>(object.at("family"));
    if (auto const& value = object.at("value"); !value.is_null()) decision.value = json::value_to<std::string>(value);
    decision.confidence = object.at("confidence").to_number<double>();
    decision.source = parse_source(object.at("source").as_string()).value();
    decision.reason = json::value_to<std::string>(object.at("reason"));
    return decision;
}

std::string text_of(json::object const& object, std::string_view key) {
    auto const* value = object.if_contains(key);
    auto const* text = value ? value->if_string() : nullptr;
    return text ? std::string{text->data(), text->size()} : std::string{};
}

std::optional<std::string> maybe(json::object const& object, std::string_view key) {
    return object.contains(key) ? std::optional{text_of(object, key)} : std::nullopt;
}

// What only a language model says: absent where it said nothing.
void add_texts(json::object& out, Judgement const& judgement) {
    for (auto const& [key, text] : {std::pair{"summary", &judgement.summary},
                                    {"rationale", &judgement.rationale},
                                    {"by", &judgement.by},
                                    {"context", &judgement.context},
                                    {"fallback", &judgement.fallback}})
        if (!text->empty()) out[key] = *text;
    for (auto const& [key, text] : {std::pair{"comment", &judgement.comment}, {"title", &judgement.title}, {"section", &judgement.section}})
        if (*text) out[key] = **text;
    if (judgement.size.bytes > 0) {
        out["context_bytes"] = judgement.size.bytes;
        out["context_tokens"] = judgement.size.tokens;
        out["context_cut"] = judgement.size.cut;
    }
    if (judgement.duplicate_of) out["duplicate_of"] = *judgement.duplicate_of;
    if (!judgement.related.empty()) out["related"] = json::array(judgement.related.begin(), judgement.related.end());
}

void take_texts(json::object const& object, Judgement& judgement) {
    judgement.summary = text_of(object, "summary");
    judgement.rationale = text_of(object, "rationale");
    judgement.by = text_of(object, "by");
    judgement.context = text_of(object, "context");
    if (object.contains("context_bytes"))
        judgement.size = {object.at("context_bytes").to_number<std::size_t>(), object.at("context_tokens").to_number<std::size_t>(),
                          object.at("context_cut").as_bool()};
    judgement.fallback = text_of(object, "fallback");
    judgement.comment = maybe(object, "comment");
    judgement.title = maybe(object, "title");
    judgement.section = maybe(object, "section");
    if (auto const* number = object.if_contains("duplicate_of")) judgement.duplicate_of = number->to_number<std::int64_t>();
    if (auto const* related = object.if_contains("related"))
        for (auto const& number : related->as_array()) judgement.related.push_back(number.to_number<std::int64_t>());
}

}  // namespace

std::string_view name(Source source) {
    switch (source) {
        case Source::model: return "model";
        case Source::local: return "local";
        case Source::rule: return "rule";
    }
    return {};
}

Decision const* Judgement::find(std::string_view family) const {
    for (Decision const& decision : decisions)
        if (decision.family == family) return &decision;
    return nullptr;
}

std::string to_json(Judgement const& judgement) {
    json::array decisions;
    for (Decision const& decision : judgement.decisions) {
        json::object object{{"family", decision.family},
                            {"value", nullptr},
                            {"confidence", decision.confidence},
                            {"source", name(decision.source)},
                            {"reason", decision.reason}};
        if (decision.value) object["value"] = *decision.value;
        decisions.emplace_back(std::move(object));
    }
    json::object out;
    out["decisions"] = std::move(decisions);
    out["gaps"] = json::array(judgement.gaps.begin(), judgement.gaps.end());
    add_texts(out, judgement);
    return json::serialize(out);
}

std::optional<Judgement> parse_judgement(std::string_view text) {
    try {
        auto const parsed = json::parse(text);
        auto const& object = parsed.as_object();
        Judgement judgement;
        for (auto const& element : object.at("decisions").as_array()) judgement.decisions.push_back(to_decision(element.as_object()));
        for (auto const& gap : object.at("gaps").as_array()) judgement.gaps.push_back(json::value_to<std::string>(gap));
        take_texts(object, judgement);
        return judgement;
    } catch (std::exception const&) {
        return std::nullopt;
    }
}

}  // namespace groomer::model
