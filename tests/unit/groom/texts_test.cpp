#include "groom/texts.hpp"

#include <gtest/gtest.h>

namespace groomer::groom {
namespace {

using tracker::Actor;

struct TextsTest : ::testing::Test {
    TextsTest() {
        policy.mode = config::Mode::apply;
        policy.titles_and_bodies_enabled = true;
        issue.title = "help!!!";
        judgement.title = "Crash when saving an empty file";
        judgement.section = "It crashes.\n";
    }
    [[nodiscard]] Plan make() const {
        Plan plan;
        add_texts(plan, issue, judgement, policy, said);
        return plan;
    }
    void wrote(std::optional<std::string> text) { said.push_back({"section.set", "summary", true, std::move(text), std::nullopt}); }

    tracker::Issue issue;
    model::Judgement judgement;
    config::Policy policy;
    std::vector<store::Said> said;
};

TEST_F(TextsTest, GivesATitleAndASummary) {
    EXPECT_EQ(make().title, "Crash when saving an empty file");
    ASSERT_EQ(make().sections.size(), 1U);
    EXPECT_EQ(make().sections[0].name, "summary");
    EXPECT_EQ(make().sections[0].text, "It crashes.\n");
    policy.titles_and_bodies_enabled = false;
    EXPECT_TRUE(make().empty());
}

TEST_F(TextsTest, ATitleIsGivenOnceToAnIssueThatNobodyHasRenamed) {
    said = {{"title.set", "", true, "Crash", std::nullopt}};
    EXPECT_EQ(make().title, std::nullopt) << "ours was there once";
    said.clear();
    issue.renames = {{"a", "help!!!", Actor::person}};
    EXPECT_EQ(make().title, std::nullopt) << "a person's title stands";
    issue.renames = {{"a", "help!!!", Actor::self}};
    EXPECT_EQ(make().title, std::nullopt);
    issue.renames.clear();
    issue.title = *judgement.title;
    EXPECT_EQ(make().title, std::nullopt) << "it has it already";
    judgement.title = "";
    EXPECT_EQ(make().title, std::nullopt);
}

TEST_F(TextsTest, ASectionIsWrittenAgainOnlyWhileItReadsAsWeLeftIt) {
    issue.sections = {{"summary", "Old."}};
    EXPECT_TRUE(make().sections.empty()) << "a person has made one";
    wrote("Old.");
    EXPECT_EQ(make().sections.size(), 1U);
    issue.sections[0].text = "edited";
    EXPECT_TRUE(make().sections.empty()) << "a person has edited it";
    issue.sections.clear();
    EXPECT_TRUE(make().sections.empty()) << "a person has taken it out";
    issue.sections = {{"summary", "It crashes."}};
    said[0].text = "It crashes.";
    EXPECT_TRUE(make().sections.empty()) << "it reads so already";
    said[0].text = std::nullopt;
    judgement.section = "New.";
    EXPECT_TRUE(make().sections.empty()) << "nobody knows whose it is";
}

TEST_F(TextsTest, ASuggestionHasATitleAlone) {
    policy.mode = config::Mode::suggest;
    EXPECT_TRUE(make().sections.empty());
    EXPECT_TRUE(make().title);
}

TEST_F(TextsTest, NoTitleIsGivenByWhichTheIssueWouldBeLeftAlone) {
    judgement.title = "[Tracking] everything";
    EXPECT_EQ(make().title, std::nullopt);
    judgement.title = "Fine";
    issue.history_cut = true;
    EXPECT_EQ(make().title, std::nullopt) << "somebody may have renamed it";
}

TEST_F(TextsTest, NoSectionIsWrittenWhereItCouldNotBeTold) {
    for (std::string const mark : {"<!-- groomer:summary -->", "<!-- /groomer:other -->"}) {
        issue.body = "text " + mark;
        EXPECT_TRUE(make().sections.empty()) << mark;
    }
    issue.body = std::string(60'000, 'x');
    EXPECT_TRUE(make().sections.empty());
}

}  // namespace
}  // namespace groomer::groom
