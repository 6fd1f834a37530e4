// The schema that is sent and the parser agree: what the one refuses, so does the other.
#include "model/answer.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

namespace groomer::model {
namespace {

namespace json = boost::json;

bool is_of_type(json::value const& value, std::string_view type) {
    if (type == "null") return value.is_null();
    if (type == "string") return value.is_string();
    if (type == "number") return value.is_number();
    if (type == "integer") return value.is_number() && std::floor(value.to_number<double>()) == value.to_number<double>();
    if (type == "array") return value.is_array();
    if (type == "object") return value.is_object();
    ADD_FAILURE() << "the schema has a type " << type;
    return false;
}

// As JSON Schema defines the few keywords that the schema may use.
bool fits(json::value const& value, json::object const& schema) {
    auto const& type = schema.at("type");
    auto const is_type = [&](json::value const& one) { return is_of_type(value, one.as_string()); };
    if (type.is_array() ? std::none_of(type.get_array().begin(), type.get_array().end(), is_type) : !is_type(type)) return false;
    if (auto const* among = schema.if_contains("enum")) {
        auto const& list = among->as_array();
        if (std::find(list.begin(), list.end(), value) == list.end()) return false;
    }
    if (auto const* list = value.if_array())
        for (auto const& element : *list)
            if (!fits(element, schema.at("items").as_object())) return false;
    if (auto const* object = value.if_object()) {
        auto const& properties = schema.at("properties").as_object();
        for (auto const& name : schema.at("required").as_array())
            if (!object->contains(name.as_string())) return false;
        for (auto const& [name, property] : *object)
            if (!properties.contains(name) || !fits(property, properties.at(name).as_object())) return false;
    }
    return true;
}

// Calls `visit` with the schema and everything below it.
void for_each_schema(json::object const& schema, std::function<void(json::object const&)> const& visit) {
    visit(schema);
    if (auto const* items = schema.if_contains("items")) for_each_schema(items->as_object(), visit);
    if (auto const* properties = schema.if_contains("properties"))
        for (auto const& property : properties->as_object()) for_each_schema(property.value().as_object(), visit);
}

Asked made_up_question(std::mt19937_64& random) {
    auto const up_to = [&](std::uint64_t most) { return random() % (most + 1); };
    Asked asked;
    for (std::uint64_t family = up_to(3); family > 0; --family) {
        AskedFamily one{"family-" + std::to_string(family), {}};
        for (auto value = up_to(3); value > 0; --value)
            one.values.emplace_back("l/" + std::to_string(family) + "é\"" + std::to_string(value), "m");
        asked.families.push_back(std::move(one));
    }
    for (auto candidate = up_to(4); candidate > 0; --candidate) asked.candidates.push_back(static_cast<std::int64_t>(1 + up_to(5)));
    asked.comment = up_to(1) == 1;
    asked.title = up_to(1) == 1;
    asked.section = up_to(1) == 1;
    return asked;
}

// A value that fits the schema and keeps to the limits of its description; found by the schema alone.
json::value made_up_value(json::object const& schema, std::mt19937_64& random) {
    if (auto const* among = schema.if_contains("enum")) return among->as_array()[random() % among->as_array().size()];
    auto const& types = schema.at("type");
    auto const type = types.is_array() ? types.get_array()[random() % types.get_array().size()].as_string() : types.as_string();
    if (type == "null") return nullptr;
    if (type == "string") return json::value("text \"é\" " + std::to_string(random()));
    if (type == "number") return static_cast<double>(random() % 101) / 100;
    if (type == "array") {
        json::array list;
        auto const& items = schema.at("items").as_object();
        // Integers to choose from, or none at all.
        if (items.at("type") == "integer" && !items.contains("enum")) return list;
        for (auto left = random() % 4; left > 0; --left) list.push_back(made_up_value(items, random));
        return list;
    }
    json::object object;
    for (auto const& property : schema.at("properties").as_object())
        object.emplace(property.key(), made_up_value(property.value().as_object(), random));
    return object;
}

// One that contradicts itself is put right.
json::object made_up_answer(json::object const& schema, std::mt19937_64& random) {
    auto answer = made_up_value(schema, random).as_object();
    auto const verdict = answer["verdict"].as_object()["actionability"].as_string();
    if (verdict == "ready") answer["gaps"] = json::array{};
    if (verdict == "needs_info") answer["gaps"].as_array().emplace_back("the version");
    return answer;
}

// What the parser refuses although it fits: limits and contradictions, which a schema cannot, or must not, say.
bool is_beyond_schema(Fault const& fault) {
    return fault.reason == "contradiction" || fault.what.ends_with("is not from 0 to 1.") || fault.what.ends_with(": there are none.") ||
           fault.what.ends_with("has a NUL character in it.");
}

void expect_agreement(json::value const& answer, json::object const& schema, Asked const& asked) {
    auto const parsed = parse_answer(json::serialize(answer), asked);
    if (!fits(answer, schema)) {
        EXPECT_FALSE(parsed.answer) << json::serialize(answer);
        return;
    }
    for (auto const& fault : parsed.faults) EXPECT_TRUE(is_beyond_schema(fault)) << fault.what << '\n' << json::serialize(answer);
}

// Calls `visit` with `whole` after each of many changes of one value in `place`, which is part of it, and puts it right again.
void for_each_mutation(json::value& place, std::function<void()> const& visit) {
    static json::array const others{nullptr,
                                    true,
                                    0,
                                    1,
                                    2,
                                    12,
                                    -1,
                                    1.5,
                                    1e300,
                                    "",
                                    "zzz",
                                    "1",
                                    "null",
                                    "ready",
                                    json::array{},
                                    json::array{1},
                                    json::array{"a"},
                                    json::array{nullptr},
                                    json::object{},
                                    json::object{{"a", 1}}};
    auto const was = place;
    for (auto const& other : others) {
        place = other;
        visit();
    }
    place = was;
    if (auto* object = place.if_object()) {
        for (auto const& property : was.get_object()) {
            object->erase(property.key());
            visit();
            *object = was.get_object();
        }
        for (auto const* name : {"", "x", "summary", "reason", "comment"}) {
            if (object->contains(name)) continue;
            object->emplace(name, "more");
            visit();
            *object = was.get_object();
        }
        for (auto& property : *object) for_each_mutation(property.value(), visit);
    }
    if (auto* list = place.if_array())
        for (auto& element : *list) for_each_mutation(element, visit);
}

TEST(AnswerSchema, AndParserAgreeOnEveryChangeOfOneValue) {
    std::mt19937_64 random{7};
    std::size_t refused = 0, taken = 0;
    for (int round = 0; round < 40; ++round) {
        auto const asked = made_up_question(random);
        auto const schema = json::parse(answer_schema(asked)).as_object();
        json::value answer = made_up_answer(schema, random);
        for_each_mutation(answer, [&] {
            expect_agreement(answer, schema, asked);
            ++(fits(answer, schema) ? taken : refused);
        });
    }
    EXPECT_GT(refused, 10'000U);
    EXPECT_GT(taken, 500U);
}

json::value or_null(std::optional<std::string> const& text) { return text ? json::value(*text) : json::value(nullptr); }

json::value given(json::value const& answer, std::string_view name) {
    auto const* value = answer.as_object().if_contains(name);
    return value ? *value : json::value(nullptr);
}

// All that was said has arrived; what is related is told once, and not if it is the duplicate.
void expect_same(Answer const& answer, json::value const& said) {
    auto const& verdict = said.at("verdict");
    EXPECT_EQ(name(answer.actionability), verdict.at("actionability").as_string());
    EXPECT_EQ(answer.confidence, verdict.at("confidence").to_number<double>());
    EXPECT_EQ(answer.work_type, verdict.at("work_type").as_string());
    EXPECT_EQ(answer.summary, said.at("summary").as_string());
    EXPECT_EQ(answer.rationale, said.at("rationale").as_string());
    EXPECT_EQ(json::array(answer.gaps.begin(), answer.gaps.end()), said.at("gaps").as_array());
    EXPECT_EQ(answer.duplicate_of ? json::value(*answer.duplicate_of) : json::value(nullptr), said.at("duplicate_of"));
    for (auto const& [text, key] : {std::pair{answer.comment, "comment"}, {answer.title, "title"}, {answer.section, "section"}})
        EXPECT_EQ(or_null(text), given(said, key));
    std::vector<json::value> related;
    for (auto const& number : said.at("related").as_array())
        if (number != said.at("duplicate_of") && std::find(related.begin(), related.end(), number) == related.end())
            related.push_back(number);
    EXPECT_EQ(std::vector<json::value>(answer.related.begin(), answer.related.end()), related);
    EXPECT_EQ(answer.decisions.size(), said.at("decisions").as_object().size());
    for (auto const& decision : answer.decisions) {
        auto const& one = said.at("decisions").at(decision.family);
        EXPECT_EQ(or_null(decision.value), one.at("value"));
        EXPECT_EQ(decision.confidence, one.at("confidence").to_number<double>());
        EXPECT_EQ(decision.reason, one.at("reason").as_string());
    }
}

TEST(AnswerSchema, IsMetByAnswersThatTheParserTakes) {
    std::mt19937_64 random{8};
    for (int round = 0; round < 500; ++round) {
        auto const asked = made_up_question(random);
        auto const schema = json::parse(answer_schema(asked)).as_object();
        auto const answer = made_up_answer(schema, random);
        ASSERT_TRUE(fits(answer, schema)) << json::serialize(answer);
        auto const parsed = parse_answer(json::serialize(answer), asked);
        ASSERT_TRUE(parsed.answer) << parsed.faults.at(0).what << '\n' << json::serialize(answer);
        expect_same(*parsed.answer, answer);
    }
}

TEST(AnswerSchema, KeepsToWhatProvidersTake) {
    std::mt19937_64 random{9};
    for (int round = 0; round < 50; ++round) {
        auto const asked = made_up_question(random);
        for_each_schema(json::parse(answer_schema(asked)).as_object(), [](json::object const& schema) {
            for (auto const& [keyword, value] : schema)
                EXPECT_TRUE(keyword == "type" || keyword == "description" || keyword == "enum" || keyword == "items" ||
                            keyword == "properties" || keyword == "required" || keyword == "additionalProperties")
                    << keyword;
            if (auto const* among = schema.if_contains("enum")) {
                auto const& list = among->as_array();
                EXPECT_FALSE(list.empty());
                for (auto const& one : list) EXPECT_EQ(std::count(list.begin(), list.end(), one), 1);
            }
            if (schema.at("type") != "object") return;
            EXPECT_EQ(schema.at("additionalProperties"), false);
            EXPECT_EQ(schema.at("required").as_array().size(), schema.at("properties").as_object().size());
        });
    }
}

TEST(AnswerSchema, TellsLabelsMeaningsAndLimits) {
    Asked asked;
    asked.families = {{"type", {{"type/bug", "something is broken"}, {"type/feature", ""}}}};
    asked.candidates = {12, 34, 12};
    asked.title = true;
    auto const schema = json::parse(answer_schema(asked));
    auto const& properties = schema.at("properties");
    auto const& value = properties.at("decisions").at("properties").at("type").at("properties").at("value");
    EXPECT_EQ(value.at("type"), (json::array{"string", "null"}));
    EXPECT_EQ(value.at("enum"), (json::array{"type/bug", "type/feature", nullptr}));
    EXPECT_EQ(value.at("description"), R"(The label, or null where the issue does not tell. "type/bug": something is broken.)");
    EXPECT_EQ(properties.at("duplicate_of").at("enum"), (json::array{12, 34, nullptr}));
    EXPECT_EQ(properties.at("related").at("items").at("enum"), (json::array{12, 34}));
    EXPECT_TRUE(properties.at("summary").at("description").as_string().ends_with("At most 400 bytes."));
    EXPECT_TRUE(properties.as_object().contains("title"));
    EXPECT_FALSE(properties.as_object().contains("comment"));
    EXPECT_EQ(json::parse(answer_schema({})).at("properties").at("duplicate_of").at("type"), "null");
}

}  // namespace
}  // namespace groomer::model
