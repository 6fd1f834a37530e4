#include "groom/rules.hpp"

#include <gtest/gtest.h>

namespace groomer::groom {
namespace {

config::Family priorities() {
    config::Family family;
    family.name = "priority";
    family.values = {{"p0", "", ""}, {"p1", "", ""}, {"p2", "", ""}, {"p3", "", ""}};
    family.never_set = {"p0"};
    return family;
}

config::Family statuses() {
    config::Family family;
    family.name = "status";
    family.values = {{"S-ready", "ready", ""}, {"S-info", "needs_info", ""}, {"S-backlog", "backlog", ""}, {"S-blocked", "blocked", ""}};
    return family;
}

tracker::Issue issue(std::string title, std::string body = "") {
    tracker::Issue out;
    out.title = std::move(title);
    out.body = std::move(body);
    return out;
}

TEST(KindOf, ReadsTheWordsOfATypeLabel) {
    struct Case {
        std::string_view label;
        Kind kind;
    };
    for (auto const& [label, kind] : std::initializer_list<Case>{
             {"type/bug", Kind::bug},
             {"Bug", Kind::bug},
             {"kind: regression", Kind::bug},
             {"defect", Kind::bug},
             {"crash", Kind::bug},
             {"type/feature", Kind::feature},
             {"ENHANCEMENT", Kind::feature},
             {"kind: proposal", Kind::feature},
             {"improvement", Kind::feature},
             {"type/question", Kind::question},
             {"support", Kind::question},
             {"help wanted", Kind::question},
             {"discussion", Kind::question},
             {"documentation", Kind::unknown},
             {"", Kind::unknown},
         })
        EXPECT_EQ(kind_of(label), kind) << label;
}

TEST(PriorityByRule, FollowsTypeAndTitle) {
    struct Case {
        Kind kind;
        std::string title;
        std::optional<std::string> value;
    };
    for (auto const& [kind, title, value] : std::initializer_list<Case>{
             {Kind::bug, "Crash on start", "p1"},  // p0 is for people
             {Kind::bug, "SEGFAULT when saving", "p1"},
             {Kind::bug, "Data loss after upgrade", "p1"},
             {Kind::bug, "Typo in the manual", "p3"},
             {Kind::bug, "Crash caused by a typo", "p1"},
             {Kind::bug, "The wrong colour is shown", "p2"},
             {Kind::feature, "Crash reports should be uploaded", "p3"},
             {Kind::question, "How do I start it?", "p3"},
             {Kind::unknown, "Crash on start", std::nullopt},
         }) {
        auto const decision = priority_by_rule(issue(title), kind, priorities());
        EXPECT_EQ(decision.value, value) << title;
        EXPECT_EQ(decision.family, "priority");
        EXPECT_EQ(decision.source, model::Source::rule);
        EXPECT_FALSE(decision.reason.empty());
    }
}

TEST(PriorityByRule, LooksAtTheTitleAlone) {
    EXPECT_EQ(priority_by_rule(issue("Colour", "it may crash"), Kind::bug, priorities()).value, "p2");
}

TEST(PriorityByRule, NeverNamesALabelThatIsForPeople) {
    auto family = priorities();
    family.never_set = {"p0", "p1", "p2", "p3"};
    for (auto kind : {Kind::bug, Kind::feature, Kind::question, Kind::unknown})
        EXPECT_EQ(priority_by_rule(issue("crash"), kind, family).value, std::nullopt);
    family.never_set = {"p0", "p1", "p3"};
    for (auto kind : {Kind::bug, Kind::feature, Kind::question}) EXPECT_EQ(priority_by_rule(issue("crash"), kind, family).value, "p2");
    family.values.clear();
    EXPECT_EQ(priority_by_rule(issue("crash"), Kind::bug, family).value, std::nullopt);
}

std::string const long_text(200, 'x');

TEST(StatusByRule, FollowsTypeAndBody) {
    struct Case {
        std::string why;
        Kind kind;
        std::string body;
        std::optional<std::string> value;
    };
    std::string const small(60, 'x');
    for (auto const& [why, kind, body, value] : std::initializer_list<Case>{
             {"reproducible", Kind::bug, "Steps to Reproduce\n" + long_text, "S-ready"},
             {"with a listing", Kind::bug, long_text + "\n```\nboom\n```", "S-ready"},
             {"no way to reproduce it", Kind::bug, long_text, "S-info"},
             {"too short", Kind::bug, "```boom```", "S-info"},
             {"empty", Kind::bug, "", "S-info"},
             {"a wish", Kind::feature, small, "S-backlog"},
             {"an empty wish", Kind::feature, "", "S-info"},
             {"a question", Kind::question, small, "S-ready"},
             {"an empty question", Kind::question, "??", "S-info"},
             {"blocked", Kind::feature, "This is Blocked by #12", "S-blocked"},
             {"blocked bug", Kind::bug, "depends on #12\n" + long_text, "S-blocked"},
             {"blocked by no issue", Kind::feature, "I am blocked by my firewall " + small, "S-backlog"},
             {"unknown", Kind::unknown, "blocked by #12", std::nullopt},
         }) {
        auto const decision = status_by_rule(issue("t", body), kind, statuses());
        EXPECT_EQ(decision.value, value) << why;
        EXPECT_EQ(decision.family, "status");
        EXPECT_FALSE(decision.reason.empty());
    }
}

TEST(StatusByRule, DoesNotTakeAnEmptyFormForADescription) {
    std::string body;
    for (int i = 0; i < 20; ++i)
        body += "### Steps to reproduce\r\n\r\n_No response_\r\n<!-- tell us what happened -->\r\n  > quoted text\r\n          \r\n";
    EXPECT_EQ(status_by_rule(issue("t", body), Kind::bug, statuses()).value, "S-info");
    EXPECT_EQ(status_by_rule(issue("t", body), Kind::feature, statuses()).value, "S-info");
    EXPECT_EQ(status_by_rule(issue("t", body + long_text), Kind::bug, statuses()).value, "S-ready");
}

TEST(StatusByRule, AbstainsWhereTheRoleHasNoLabel) {
    auto family = statuses();
    family.values.erase(family.values.begin() + 2);
    auto const decision = status_by_rule(issue("t", long_text), Kind::feature, family);
    EXPECT_EQ(decision.value, std::nullopt);
    EXPECT_NE(decision.reason.find("backlog"), std::string::npos);
}

}  // namespace
}  // namespace groomer::groom
