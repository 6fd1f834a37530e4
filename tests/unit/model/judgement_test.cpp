#include "model/judgement.hpp"

#include <gtest/gtest.h>

#include <tuple>

namespace groomer::model {
namespace {

Judgement sample() {
    Judgement judgement;
    judgement.decisions = {{"type", "type/bug", 0.1 + 0.2, Source::local, "by its words"},
                           {"priority", std::nullopt, 0, Source::rule, "its type is not known"},
                           {"status", "ready \"\\\n\xF0\x9F\x90\x9B", 1, Source::model, ""}};
    judgement.gaps = {"the version", "a log"};
    judgement.summary = "It \"breaks\".";
    judgement.rationale = "The log says so.";
    judgement.duplicate_of = 7;
    judgement.related = {3, 9};
    judgement.comment = "";
    judgement.section = "Steps";
    judgement.by = "openai/m-1";
    judgement.context = "digest";
    judgement.size = {3000, 1000, true};
    judgement.fallback = "it answered 500";
    return judgement;
}

TEST(Judgement, ComesBackFromJsonAsItWas) {
    auto const before = sample();
    auto const after = parse_judgement(to_json(before));
    ASSERT_TRUE(after);
    ASSERT_EQ(after->decisions.size(), before.decisions.size());
    for (std::size_t i = 0; i < before.decisions.size(); ++i) {
        auto const &one = before.decisions[i], &other = after->decisions[i];
        EXPECT_EQ(one.family, other.family);
        EXPECT_EQ(one.value, other.value);
        EXPECT_EQ(one.confidence, other.confidence);
        EXPECT_EQ(one.source, other.source);
        EXPECT_EQ(one.reason, other.reason);
    }
    EXPECT_EQ(after->gaps, before.gaps);
    EXPECT_EQ(
        std::tie(after->summary, after->rationale, after->duplicate_of, after->related, after->comment, after->title, after->section),
        std::tie(before.summary, before.rationale, before.duplicate_of, before.related, before.comment, before.title, before.section));
    EXPECT_EQ(std::tie(after->by, after->context, after->fallback), std::tie(before.by, before.context, before.fallback));
    EXPECT_EQ(after->size, before.size);
    EXPECT_EQ(to_json(*after), to_json(before));
}

TEST(Judgement, MayBeEmpty) {
    auto const after = parse_judgement(to_json({}));
    ASSERT_TRUE(after);
    EXPECT_TRUE(after->decisions.empty());
    EXPECT_TRUE(after->gaps.empty());
}

TEST(Judgement, FindsTheDecisionOnAFamily) {
    auto const judgement = sample();
    ASSERT_NE(judgement.find("priority"), nullptr);
    EXPECT_EQ(judgement.find("priority")->reason, "its type is not known");
    EXPECT_EQ(judgement.find("prio"), nullptr);
    EXPECT_EQ(Judgement{}.find("type"), nullptr);
}

TEST(Judgement, NamesEachSourceOnce) {
    EXPECT_EQ(name(Source::model), "model");
    EXPECT_EQ(name(Source::local), "local");
    EXPECT_EQ(name(Source::rule), "rule");
}

std::string decision(std::string const& fields) { return R"({"decisions":[{)" + fields + R"(}],"gaps":[]})"; }

TEST(ParseJudgement, TakesAWholeNumberForAConfidence) {
    auto const judgement = parse_judgement(decision(R"("family":"type","value":null,"confidence":1,"source":"rule","reason":"r")"));
    ASSERT_TRUE(judgement);
    EXPECT_EQ(judgement->decisions.at(0).confidence, 1.0);
    EXPECT_EQ(judgement->decisions.at(0).value, std::nullopt);
}

TEST(ParseJudgement, RefusesWhatIsNoJson) {
    for (std::string const& text :
         {std::string{}, std::string{"{"}, std::string{"nonsense"}, to_json(sample()) + "x", to_json(sample()).substr(1),
          std::string{"{\"decisions\":[],\"gaps\":[\"\xFF\"]}"}, std::string(10'000, '['), std::string{"\0", 1}})
        EXPECT_FALSE(parse_judgement(text)) << text.substr(0, 80);
}

TEST(ParseJudgement, RefusesJsonOfAnotherShape) {
    for (std::string_view text : {"null", "7", "[]", "{}", R"({"decisions":[]})", R"({"gaps":[]})", R"({"decisions":{},"gaps":[]})",
                                  R"({"decisions":[],"gaps":"all"})", R"({"decisions":[],"gaps":[7]})", R"({"decisions":[],"gaps":[null]})",
                                  R"({"decisions":[7],"gaps":[]})", R"({"decisions":[{}],"gaps":[]})"})
        EXPECT_FALSE(parse_judgement(text)) << text.substr(0, 80);
}

TEST(ParseJudgement, RefusesADecisionWithAFieldMissingOrOfAnotherType) {
    for (std::string const fields : {
             R"("value":"v","confidence":0.5,"source":"rule","reason":"r")",
             R"("family":"f","confidence":0.5,"source":"rule","reason":"r")",
             R"("family":"f","value":"v","source":"rule","reason":"r")",
             R"("family":"f","value":"v","confidence":0.5,"reason":"r")",
             R"("family":"f","value":"v","confidence":0.5,"source":"rule")",
             R"("family":7,"value":"v","confidence":0.5,"source":"rule","reason":"r")",
             R"("family":"f","value":7,"confidence":0.5,"source":"rule","reason":"r")",
             R"("family":"f","value":["v"],"confidence":0.5,"source":"rule","reason":"r")",
             R"("family":"f","value":"v","confidence":"0.5","source":"rule","reason":"r")",
             R"("family":"f","value":"v","confidence":null,"source":"rule","reason":"r")",
             R"("family":"f","value":"v","confidence":0.5,"source":"oracle","reason":"r")",
             R"("family":"f","value":"v","confidence":0.5,"source":7,"reason":"r")",
             R"("family":"f","value":"v","confidence":0.5,"source":"rule","reason":null)",
         })
        EXPECT_FALSE(parse_judgement(decision(fields))) << fields;
}

}  // namespace
}  // namespace groomer::model
