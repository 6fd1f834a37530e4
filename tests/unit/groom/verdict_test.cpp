#include "groom/verdict.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace groomer::groom {
namespace {

using model::Actionability;

class VerdictTest : public ::testing::Test {
protected:
    VerdictTest() {
        config::Family type{"type", {{"type/bug", "", "it is broken"}, {"type/feature", "", ""}}, 0.9, {}};
        config::Family priority{"priority", {{"p0", "", ""}, {"p1", "", ""}}, 0.9, {"P0"}};
        config::Family status{"status",
                              {{"status/ready", "ready", ""}, {"status/needs-info", "needs_info", ""}, {"status/done", "already_done", ""}},
                              0.9,
                              {}};
        policy.labels = {type, priority, status};
        issue.title = "It panics";
        issue.body = "See https://crash.example/log";
        answer.actionability = Actionability::ready;
        answer.confidence = 0.95;
        answer.rationale = "Clear.";
        answer.decisions = {{"type", "type/bug", 0.95, "It says so."}, {"priority", std::nullopt, 0.2, "Unclear."}};
    }
    model::Decision decision(std::string const& family) const {
        auto const judgement = verdict(answer, issue, policy);
        auto const* found = judgement.find(family);
        return found ? *found : model::Decision{family, "missing", 0, model::Source::rule, ""};
    }

    config::Policy policy;
    tracker::Issue issue;
    model::Answer answer;
};

TEST_F(VerdictTest, status_is_not_asked_for_and_labels_that_people_alone_set_are) {
    auto const asked = asked_of(policy, {3});
    ASSERT_EQ(asked.families.size(), 2U);
    EXPECT_EQ(asked.families[0].values[0], (std::pair<std::string, std::string>{"type/bug", "it is broken"}));
    EXPECT_EQ(asked.families[1].values.size(), 2U) << "it is told to people where one would be right";
    EXPECT_EQ(asked.candidates, std::vector<std::int64_t>{3});
    EXPECT_FALSE(asked.comment || asked.title || asked.section);
}

TEST_F(VerdictTest, a_decision_counts_where_it_is_certain_enough) {
    EXPECT_EQ(decision("type").value, "type/bug");
    EXPECT_EQ(decision("type").source, model::Source::model);
    EXPECT_EQ(decision("priority").value, std::nullopt);
    policy.labels[0].min_precision = 0.96;
    EXPECT_EQ(decision("type").value, std::nullopt);
    EXPECT_EQ(decision("type").reason, "not certain enough of type/bug (95 %)");
}

TEST_F(VerdictTest, status_is_the_label_of_the_verdicts_role) {
    EXPECT_EQ(decision("status").value, "status/ready");
    answer.actionability = Actionability::needs_info;
    EXPECT_EQ(decision("status").value, "status/needs-info");
    answer.confidence = 0.5;
    EXPECT_EQ(decision("status").value, std::nullopt);
    answer.actionability = Actionability::blocked;
    EXPECT_EQ(decision("status").reason, "no label is configured for blocked");
}

TEST_F(VerdictTest, that_it_is_done_already_is_not_the_models_to_say) {
    answer.actionability = Actionability::already_done;
    EXPECT_EQ(decision("status").value, std::nullopt);
    issue.merged = {{12, "mend it"}};
    EXPECT_EQ(decision("status").value, "status/done");
    EXPECT_EQ(decision("status").reason, "pull request 12, which says that it closes this, is merged");
    answer.confidence = 0.5;
    EXPECT_EQ(decision("status").value, std::nullopt);
}

TEST_F(VerdictTest, texts_are_made_harmless_and_keep_the_links_of_the_issue) {
    answer.rationale = "@ann: https://evil.example/ and https://crash.example/log <!-- x --> #99 #7";
    answer.duplicate_of = 7;
    answer.gaps = {"ask @bob"};
    answer.comment = "hello @everyone";
    auto const judgement = verdict(answer, issue, policy);
    EXPECT_EQ(judgement.rationale.find("evil.example/"), std::string::npos) << judgement.rationale;
    EXPECT_NE(judgement.rationale.find("https://crash.example/log"), std::string::npos) << judgement.rationale;
    EXPECT_NE(judgement.rationale.find("#7"), std::string::npos) << judgement.rationale;
    for (auto const& text : {judgement.rationale, judgement.gaps.at(0), *judgement.comment, decision("status").reason})
        EXPECT_EQ(text.find('@'), std::string::npos) << text;
    EXPECT_EQ(judgement.rationale.find("#99"), std::string::npos) << judgement.rationale;
}

}  // namespace
}  // namespace groomer::groom
