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
    return json::serialize(out);
}

std::optional<Judgement> parse_judgement(std::string_view text) {
    try {
        auto const parsed = json::parse(text);
        auto const& object = parsed.as_object();
        Judgement judgement;
        for (auto const& element : object.at("decisions").as_array()) judgement.decisions.push_back(to_decision(element.as_object()));
        for (auto const& gap : object.at("gaps").as_array()) judgement.gaps.push_back(json::value_to<std::string>(gap));
        return judgement;
    } catch (std::exception const&) {
        return std::nullopt;
    }
}

}  // namespace groomer::model
