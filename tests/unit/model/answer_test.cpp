#include "model/answer.hpp"

#include "base/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <gtest/gtest.h>

namespace groomer::model {
namespace {

namespace json = boost::json;

Asked asked_for_all() {
    Asked asked;
    asked.families = {{"type", {{"type/bug", "something is broken"}, {"type/feature", ""}}},
                      {"priority", {{"p/1", "soon"}, {"p/2", "later"}}}};
    asked.candidates = {12, 34, 56};
    asked.comment = asked.title = asked.section = true;
    return asked;
}

json::object decision(json::value value) { return {{"value", std::move(value)}, {"confidence", 0.75}, {"reason", "by its words"}}; }

json::object sample() {
    return {{"verdict", {{"actionability", "needs_info"}, {"confidence", 0.5}, {"work_type", "bug"}}},
            {"decisions", {{"type", decision("type/bug")}, {"priority", decision(nullptr)}}},
            {"summary", "It crashes."},
            {"rationale", "No version.\nNo log."},
            {"gaps", {"the version", "a log"}},
            {"duplicate_of", 12},
            {"related", {34, 56}},
            {"comment", "Which version is it?"},
            {"title", nullptr},
            {"section", "It crashes at start."}};
}

Parsed parse(json::value const& value, Asked const& asked = asked_for_all()) { return parse_answer(json::serialize(value), asked); }

// Where, reason and sentence of the only fault.
std::string only_fault(Parsed const& parsed) {
    if (parsed.answer || parsed.faults.size() != 1) return std::to_string(parsed.faults.size()) + " faults";
    auto const& fault = parsed.faults.front();
    return fault.reason + " " + fault.where + ": " + fault.what;
}

json::value with(std::string_view pointer, json::value value) {
    json::value all = sample();
    json::error_code error;
    *all.find_pointer(pointer, error) = std::move(value);
    return all;
}

TEST(ParseAnswer, ReadsAllThatWasAskedFor) {
    auto const parsed = parse(sample());
    ASSERT_TRUE(parsed.answer) << only_fault(parsed);
    auto const& answer = *parsed.answer;
    EXPECT_EQ(answer.actionability, Actionability::needs_info);
    EXPECT_EQ(answer.confidence, 0.5);
    EXPECT_EQ(answer.work_type, "bug");
    ASSERT_EQ(answer.decisions.size(), 2U);
    EXPECT_EQ(answer.decisions[0].family, "type");
    EXPECT_EQ(answer.decisions[0].value, "type/bug");
    EXPECT_EQ(answer.decisions[0].confidence, 0.75);
    EXPECT_EQ(answer.decisions[0].reason, "by its words");
    EXPECT_EQ(answer.decisions[1].family, "priority");
    EXPECT_EQ(answer.decisions[1].value, std::nullopt);
    EXPECT_EQ(answer.summary, "It crashes.");
    EXPECT_EQ(answer.rationale, "No version.\nNo log.");
    EXPECT_EQ(answer.gaps, (std::vector<std::string>{"the version", "a log"}));
    EXPECT_EQ(answer.duplicate_of, 12);
    EXPECT_EQ(answer.related, (std::vector<std::int64_t>{34, 56}));
    EXPECT_EQ(answer.comment, "Which version is it?");
    EXPECT_EQ(answer.title, std::nullopt);
    EXPECT_EQ(answer.section, "It crashes at start.");
}

TEST(ParseAnswer, NeedsNoMoreThanWasAskedFor) {
    auto least = sample();
    for (auto const* name : {"comment", "title", "section"}) least.erase(name);
    least["decisions"] = json::object{};
    least["duplicate_of"] = nullptr;
    least["related"] = json::array{};
    auto const parsed = parse(least, {});
    ASSERT_TRUE(parsed.answer) << only_fault(parsed);
    EXPECT_TRUE(parsed.answer->decisions.empty());
    EXPECT_EQ(
        only_fault(parse(sample(),
                         [] {
                             auto asked = asked_for_all();
                             asked.comment = false;
                             return asked;
                         }())),
        "shape /comment: The answer has a property that was not asked for, which is none of: summary, rationale, gaps, verdict, decisions, "
        "duplicate_of, related, title, section.");
}

TEST(ParseAnswer, SaysExactlyWhatIsWrong) {
    struct Case {
        char const* pointer;
        json::value value;
        char const* fault;
    };
    for (auto const& [pointer, value, fault] : std::vector<Case>{
             {"/decisions/type/value", "type/bugs",
              R"(label /decisions/type/value: /decisions/type/value is none of: "type/bug", "type/feature", null.)"},
             {"/decisions/type/value", "TYPE/bug",
              R"(label /decisions/type/value: /decisions/type/value is none of: "type/bug", "type/feature", null.)"},
             {"/decisions/type/value", "p/1",
              R"(label /decisions/type/value: /decisions/type/value is none of: "type/bug", "type/feature", null.)"},
             {"/decisions/type", nullptr, "shape /decisions/type: /decisions/type is null, where an object is expected."},
             {"/verdict/confidence", 1.5, "shape /verdict/confidence: /verdict/confidence is not from 0 to 1."},
             {"/verdict/confidence", -1, "shape /verdict/confidence: /verdict/confidence is not from 0 to 1."},
             {"/verdict/confidence", "0.5", "shape /verdict/confidence: /verdict/confidence is a string, where a number is expected."},
             {"/verdict/work_type", "chore",
              R"(shape /verdict/work_type: /verdict/work_type is none of: "bug", "feature", "question", )"
              R"("documentation", "maintenance", "other".)"},
             {"/summary", 7, "shape /summary: /summary is a number, where a string is expected."},
             {"/summary", json::string(std::string_view{"a\0b", 3}), "shape /summary: /summary has a NUL character in it."},
             {"/gaps", "the version", "shape /gaps: /gaps is a string, where a list of strings is expected."},
             {"/gaps/1", json::object{}, "shape /gaps/1: /gaps/1 is an object, where a string is expected."},
             {"/duplicate_of", 13, "candidate /duplicate_of: /duplicate_of is none of the issues that were offered: 12, 34, 56."},
             {"/duplicate_of", 12.5, "candidate /duplicate_of: /duplicate_of is none of the issues that were offered: 12, 34, 56."},
             {"/duplicate_of", "12", "shape /duplicate_of: /duplicate_of is a string, where a number or null is expected."},
             {"/related/0", 13, "candidate /related/0: /related/0 is none of the issues that were offered: 12, 34, 56."},
             {"/related", nullptr, "shape /related: /related is null, where a list of numbers is expected."},
             {"/comment", false, "shape /comment: /comment is a boolean, where a string or null is expected."},
         })
        EXPECT_EQ(only_fault(parse(with(pointer, value))), fault);
}

TEST(ParseAnswer, SaysWhatIsMissing) {
    auto answer = sample();
    answer.erase("summary");
    EXPECT_EQ(only_fault(parse(answer)), "shape /summary: /summary is missing.");
    EXPECT_EQ(only_fault(parse(json::array{})), "shape : The answer is a list, where an object is expected.");
}

TEST(ParseAnswer, RefusesContradictions) {
    auto answer = sample();
    auto& verdict = answer["verdict"].as_object();
    answer["gaps"] = {" ", ""};
    EXPECT_EQ(parse(answer).faults.at(0).reason, "contradiction") << "gaps without a word are none";
    verdict["actionability"] = "ready";
    EXPECT_TRUE(parse(answer).answer);
    answer["gaps"] = json::array{"the version"};
    EXPECT_EQ(parse(answer).faults.at(0).reason, "contradiction");
    verdict["actionability"] = "already_done";
    EXPECT_TRUE(parse(answer).answer);
    answer["rationale"] = "\n";
    EXPECT_EQ(parse(answer).faults.at(0).where, "/rationale");
    EXPECT_EQ(parse(answer).faults.at(0).reason, "contradiction");
}

TEST(ParseAnswer, TakesOnlyOneWholeJsonObject) {
    auto const text = json::serialize(sample());
    for (auto const& other :
         std::vector<std::string>{std::string{}, std::string{"nonsense"}, text + "x", text.substr(1), text.substr(0, text.size() - 1),
                                  "```json\n" + text + "\n```", "\xEF\xBB\xBF" + text, "{\"summary\": \"\xFF\"}", "{\"summary\": NaN}",
                                  "{\"summary\": \"\\ud800\"}", std::string(10'000, '['), std::string{"\0", 1}, text + std::string(1, '\0'),
                                  "{'summary': 1}", "{\"a\":" + std::string(40, '[') + std::string(40, ']') + "}"}) {
        auto const parsed = parse_answer(other, asked_for_all());
        ASSERT_EQ(parsed.faults.size(), 1U) << other.substr(0, 80);
        EXPECT_EQ(parsed.faults[0].reason, "not_json") << other.substr(0, 80);
    }
    EXPECT_TRUE(parse_answer(" \n" + text + "\r\n", asked_for_all()).answer);
    EXPECT_EQ(parse_answer(text + std::string(longest_answer, ' '), asked_for_all()).faults.at(0).reason, "too_long");
}

TEST(ParseAnswer, RefusesNumbersThatAreNone) {
    for (std::string_view number : {"1e999", "-0.1", "1.0000001", "NaN", "Infinity", "18446744073709551615"}) {
        auto text = json::serialize(with("/verdict/confidence", "HERE"));
        text.replace(text.find("\"HERE\""), 6, number);
        EXPECT_FALSE(parse_answer(text, asked_for_all()).answer) << number;
        text = json::serialize(with("/duplicate_of", "HERE"));
        text.replace(text.find("\"HERE\""), 6, number);
        EXPECT_FALSE(parse_answer(text, asked_for_all()).answer) << number;
    }
    EXPECT_EQ(parse(with("/duplicate_of", 12.0)).answer->duplicate_of, 12) << "JSON Schema calls that an integer";
}

TEST(ParseAnswer, RefusesAKeyThatStandsTwice) {
    auto const text = json::serialize(sample());
    auto const again = text.substr(0, text.size() - 1) + R"(,"summ\u0061ry":"other"})";
    EXPECT_EQ(only_fault(parse_answer(again, asked_for_all())), "shape /summary: /summary stands there more than once.");
    auto inside = text;
    inside.replace(inside.find(R"("work_type")"), 0, R"("confidence":1,)");
    EXPECT_EQ(only_fault(parse_answer(inside, asked_for_all())),
              "shape /verdict/confidence: /verdict/confidence stands there more than once.");
}

// A model that obeys a stranger may say anything: our sentences are outside of the fence, and repeat none of it.
TEST(ParseAnswer, NoSentenceRepeatsWhatTheModelWrote) {
    std::string const words = "OBEY 987";
    std::vector<std::string> answers;
    for (auto const* pointer : {"/decisions/type/value", "/verdict/work_type", "/verdict/actionability", "/verdict/confidence",
                                "/summary/0", "/duplicate_of", "/related/0"})
        for (json::value const& value : {json::value(words), json::value(987), json::value{{words, words}}}) {
            json::value all = sample();
            json::error_code error;
            if (auto* at = all.find_pointer(pointer, error)) *at = value;
            answers.push_back(json::serialize(all));
        }
    auto const text = json::serialize(sample());
    auto const twice = "\"" + words + "\":1,\"" + words + "\":2";
    answers.push_back(text.substr(0, text.size() - 1) + "," + twice + "}");
    answers.push_back(R"({"verdict":{)" + twice + "}}");
    answers.push_back(R"({"gaps":[{)" + twice + "}]}");
    for (auto const& answer : answers)
        for (auto const& fault : parse_answer(answer, asked_for_all()).faults)
            EXPECT_TRUE(fault.what.find("OBEY") == std::string::npos && fault.what.find("987") == std::string::npos) << fault.what;
}

TEST(ParseAnswer, NamesAtMostTenFaultsOfBoundedLength) {
    json::object all = sample();
    for (int i = 0; i < 50; ++i) all["a~/" + std::string(5000, 'x') + std::to_string(i)] = 1;
    auto asked = asked_for_all();
    for (int i = 0; i < 200; ++i) asked.families[0].values.emplace_back(std::string(50, 'l') + std::to_string(i), "");
    all["decisions"].as_object()["type"].as_object()["value"] = std::string(5000, 'y');
    auto const parsed = parse(all, asked);
    ASSERT_EQ(parsed.faults.size(), 10U);
    for (auto const& fault : parsed.faults) {
        EXPECT_LE(fault.where.size() + fault.what.size(), 1500U);
        EXPECT_TRUE(is_utf8(fault.what));
    }
    EXPECT_TRUE(parsed.faults[1].where.starts_with("/a~0~1x")) << parsed.faults[1].where;
}

TEST(ParseAnswer, CutsTextsAtACharacter) {
    std::string long_text;
    for (int i = 0; i < 3000; ++i) long_text += "é€";
    auto all = sample();
    all["gaps"] = json::array(9, json::value(long_text));
    for (auto const* name : {"summary", "rationale", "comment", "title", "section"}) all[name] = long_text;
    all["decisions"].as_object()["type"].as_object()["reason"] = long_text;
    auto const answer = parse(all).answer.value();
    EXPECT_EQ(answer.gaps.size(), 5U);
    struct Case {
        std::string const& text;
        std::size_t longest;
    };
    for (auto const& [text, longest] :
         {Case{answer.gaps[4], 200}, Case{answer.summary, 400}, Case{answer.rationale, 1000}, Case{*answer.comment, 4000},
          Case{*answer.title, 200}, Case{*answer.section, 4000}, Case{answer.decisions[0].reason, 200}}) {
        EXPECT_LE(text.size(), longest);
        EXPECT_GT(text.size(), longest - 4);
        EXPECT_TRUE(is_utf8(text));
    }
}

TEST(ParseAnswer, PutsTextsOnOneLineWhereTheyBelongThere) {
    auto all = sample();
    all["summary"] = " It\ncrashes\x01. ";
    all["title"] = "Crash\r\nat start";
    all["comment"] = "\n\nFirst.\n\nSecond.\n";
    all["section"] = " \n ";
    auto const answer = parse(all).answer.value();
    EXPECT_EQ(answer.summary, "It crashes .");
    EXPECT_EQ(answer.title, "Crash  at start");
    EXPECT_EQ(answer.comment, "First.\n\nSecond.");
    EXPECT_EQ(answer.section, std::nullopt) << "a text without a word is none";
}

TEST(ParseAnswer, NamesARelatedIssueOnceAndTheDuplicateNotAtAll) {
    auto all = sample();
    all["related"] = {34, 12, 34, 56, 34, 34, 34};
    EXPECT_EQ(parse(all).answer.value().related, (std::vector<std::int64_t>{34, 56}));
}

TEST(FirstJsonObject, IsFoundInProse) {
    struct Case {
        std::string text;
        std::optional<std::string_view> object;
    };
    for (auto const& [text, object] : std::vector<Case>{
             {R"({"a":1})", R"({"a":1})"},
             {"Here:\n```json\n{\"a\": {\"b\": []}}\n```\nDone {\"c\":1}.", R"({"a": {"b": []}})"},
             {R"(x { "a": "}{\"}" } y)", R"({ "a": "}{\"}" })"},
             {R"(For {name} use {{ "a": "\\" }})", R"({ "a": "\\" })"},
             {R"({})", "{}"},
             {R"({"a": {"b": 1}, "c)", std::nullopt},
             {R"({"a": "}})", std::nullopt},
             {"no object }", std::nullopt},
             {"{", std::nullopt},
             {"", std::nullopt},
             {std::string(longest_answer, '{') + R"("a":1})", std::nullopt},
             {std::string(longest_answer - 7, ' ') + R"({"a":1})", R"({"a":1})"},
             {std::string(longest_answer - 6, ' ') + R"({"a":1})", std::nullopt},
         })
        EXPECT_EQ(first_json_object(text), object) << text.substr(0, 80);
}

}  // namespace
}  // namespace groomer::model
