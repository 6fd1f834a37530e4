#include "groom/guard.hpp"

#include <gtest/gtest.h>

namespace groomer::groom {
namespace {

struct GuardTest : ::testing::Test {
    GuardTest() {
        policy.exempt = {"hands-off"};
        issue.title = "It does not start";
        issue.body = "It does not start.";
        issue.author = "alice";
        issue.labels = {"type/bug", "area/ui"};
    }
    [[nodiscard]] bool free() const { return !guard(issue, policy); }
    [[nodiscard]] std::string why() const { return guard(issue, policy).value_or("nothing"); }

    tracker::Issue issue;
    config::Policy policy;
};

TEST_F(GuardTest, LetsAnOrdinaryIssueThrough) { EXPECT_TRUE(free()) << why(); }

TEST_F(GuardTest, KeepsOffClosedIssues) {
    issue.open = false;
    EXPECT_EQ(why(), "it is closed");
}

TEST_F(GuardTest, KeepsOffExemptIssuesAndNamesTheLabel) {
    issue.labels.push_back("hands-off");
    EXPECT_EQ(why(), "it carries the exempt label hands-off");
}

TEST_F(GuardTest, KeepsOffWhatSomebodyWorksOn) {
    for (std::string label : {"status/in-progress", "status/in-review"}) {
        issue.labels = {"type/bug", label};
        EXPECT_EQ(why(), "somebody works on it: it carries " + label);
    }
    policy.in_flight = {"doing"};
    EXPECT_TRUE(free());
    issue.labels = {"doing"};
    EXPECT_FALSE(free());
}

TEST_F(GuardTest, KeepsOffWhatABotMade) {
    issue.author_is_bot = true;
    EXPECT_EQ(why(), "a bot made it");
}

TEST_F(GuardTest, KnowsABotsIssueByItsTitle) {
    for (std::string title : {"Dependency Dashboard", "renovate dashboard", "Update dependency left-pad to v2"}) {
        issue.title = title;
        EXPECT_EQ(why(), "a bot made it") << title;
    }
    issue.title = "Show the dependency dashboard in the menu";
    EXPECT_TRUE(free());
}

TEST_F(GuardTest, KnowsABotsIssueByItsLabel) {
    for (std::string label : {"Renovate", "dependencies"}) {
        issue.labels = {label};
        EXPECT_EQ(why(), "a bot made it") << label;
    }
}

TEST_F(GuardTest, KnowsAnUmbrellaByItsTitle) {
    for (std::string title : {"[Umbrella] Windows", "Umbrella: Windows", "[Tracking] 2.0", "Tracking: 2.0", "Tracking issue for 2.0",
                              "[EPIC] sync", "Epic: sync", "[meta] docs"}) {
        issue.title = title;
        EXPECT_EQ(why(), "it is an umbrella issue") << title;
    }
}

TEST_F(GuardTest, KnowsAnUmbrellaByItsLabel) {
    for (std::string label : {"Epic", "umbrella", "tracking", "meta"}) {
        issue.labels = {"type/feature", label};
        EXPECT_EQ(why(), "it is an umbrella issue") << label;
    }
    issue.labels = {"area/metadata", "epic-fail"};
    EXPECT_TRUE(free()) << "only the whole label says so";
}

TEST_F(GuardTest, TakesAListOfLinksForNoUmbrella) {
    issue.body = "It is like these:\n- [ ] #12\n- [x] o/r#13\n- [X] https://git.example/o/r/issues/14\n";
    EXPECT_TRUE(free()) << why();
}

TEST_F(GuardTest, TakesTheBoxesOfAReportForNoUmbrella) {
    issue.body = "- [x] I have read the manual\n- [x] I have searched the issues\n- [ ] I can mend it\n- [x] I use the latest version\n- [";
    EXPECT_TRUE(free()) << why();
}

}  // namespace
}  // namespace groomer::groom
