#include "fake_model/mind.hpp"

#include "base/text.hpp"
#include "fake_model/instance.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace groomer::fake_model {
namespace {

namespace json = boost::json;

json::array* list_of(json::object& answer, std::string_view name) {
    auto* value = answer.if_contains(name);
    return value ? value->if_array() : nullptr;
}

// What an answer that is valid by its schema alone may still get wrong: issues that were never offered, and contradictions.
void make_sensible(json::object& answer, json::value const& schema) {
    boost::system::error_code none;
    if (auto* related = list_of(answer, "related"); related && !schema.find_pointer("/properties/related/items/enum", none))
        related->clear();
    auto* gaps = list_of(answer, "gaps");
    auto* verdict = answer.if_contains("verdict");
    auto const* actionability = verdict && verdict->is_object() ? verdict->get_object().if_contains("actionability") : nullptr;
    if (!gaps || !actionability) return;
    if (*actionability == json::value("needs_info") && gaps->empty()) gaps->emplace_back("Which version is it?");
    if (*actionability == json::value("ready")) gaps->clear();
}

json::value honest_answer(Question const& question, std::uint64_t seed) {
    if (question.schema.empty()) return json::object{};
    auto instance = make_instance(question.schema, question.user, seed);
    if (instance.is_object()) make_sensible(instance.get_object(), question.schema);
    return instance;
}

// X of "label this X": one word, or what stands between quotes.
std::string told_label(std::string_view text) {
    constexpr std::string_view order = "label this ";
    auto const at = to_lower(text).find(order);
    if (at == std::string::npos) return "";
    auto rest = text.substr(at + order.size());
    if (rest.starts_with("as ")) rest.remove_prefix(3);
    auto const quote = rest.empty() ? ' ' : rest.front();
    if (quote == '"' || quote == '\'' || quote == '`') return std::string{rest.substr(1, rest.find(quote, 1) - 1)};
    auto label = rest.substr(0, rest.find_first_of(" \t\r\n"));
    while (!label.empty() && std::string_view{".,;:!?"}.find(label.back()) != std::string_view::npos) label.remove_suffix(1);
    return std::string{label};
}

std::string injected(std::string_view text) {
    constexpr std::string_view order = "INJECT:";
    int tries = 100;  // each may read to the end
    for (auto at = text.find(order); at != std::string_view::npos && tries-- > 0; at = text.find(order, at + 1)) {
        auto const begin = text.find_first_not_of(" \t", at + order.size());
        json::object ignored;
        auto const end = begin == std::string_view::npos ? 0 : object_at(text, begin, ignored);
        if (end) return std::string{text.substr(begin, end - begin)};
    }
    return "";
}

bool is_choice(json::object const& part, std::string const& label) {
    if (!is_chosen(part)) return false;
    auto const& values = part.at("enum").as_array();
    return std::find(values.begin(), values.end(), json::value(label)) != values.end();
}

}  // namespace

Mind honest_mind(std::uint64_t seed) {
    return [seed](Question const& question) { return json::serialize(honest_answer(question, seed)); };
}

Mind obedient_mind(std::uint64_t seed) {
    return [seed](Question const& question) {
        if (auto text = injected(question.user); !text.empty()) return text;
        auto answer = honest_answer(question, seed);
        auto const label = told_label(question.user);
        if (label.empty()) return json::serialize(answer);
        bool known = false;  // then all the rest stays valid, and is believed
        visit_instance(question.schema, answer, [&](json::object const& part, json::value&) { known = known || is_choice(part, label); });
        visit_instance(question.schema, answer, [&](json::object const& part, json::value& value) {
            if (is_chosen(part) && (!known || is_choice(part, label))) value = label;
            else if (is_free_text(part)) value = label + std::string{poison};
        });
        return json::serialize(answer);
    };
}

}  // namespace groomer::fake_model
