#include "groom/remarks.hpp"

#include "groom/suggestion.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace groomer::groom {
namespace {

using namespace std::chrono_literals;
using config::Mode;
using tracker::Actor;
using Due = std::optional<std::chrono::milliseconds>;

struct WishesTest : ::testing::Test {
    WishesTest() {
        policy.labels = {{"type", {{"bug", "", ""}}, 0.9, {}},
                         {"status", {{"ready", "ready", ""}, {"Needs-Info", "needs_info", ""}}, 0.9, {}}};
        policy.mode = Mode::apply;
        policy.comments_enabled = true;
        judgement.decisions = {{"status", "Needs-Info", 0.9, model::Source::model, ""}};
        judgement.gaps = {"The version."};
        plan.after = {"needs-info"};
    }
    [[nodiscard]] std::vector<Wish> make() const { return wishes(issue, judgement, policy, plan); }

    tracker::Issue issue;
    model::Judgement judgement;
    config::Policy policy;
    Plan plan;
};

TEST_F(WishesTest, AsksForWhatIsMissing) {
    auto const made = make();
    ASSERT_EQ(made.size(), 1U);
    EXPECT_EQ(made[0].comment.name, "notice");
    EXPECT_NE(made[0].comment.text.find("- The version."), std::string::npos);
    EXPECT_FALSE(made[0].only_in_place);
}

TEST_F(WishesTest, AsksNobodyWhereItIsOff) {
    policy.comments_enabled = false;
    EXPECT_TRUE(make().empty());
}

TEST_F(WishesTest, AsksNobodyWithoutGapsOrForAnotherStatus) {
    judgement.gaps.clear();
    EXPECT_TRUE(make().empty());
    judgement.gaps = {"The version."};
    judgement.decisions[0].value = "ready";
    EXPECT_TRUE(make().empty()) << "another status was decided";
    judgement.decisions[0].value = std::nullopt;
    EXPECT_TRUE(make().empty()) << "none was decided";
    judgement.decisions.clear();
    EXPECT_TRUE(make().empty());
}

TEST_F(WishesTest, AsksNobodyWhereAPersonHasSetAnotherStatus) {
    plan.after = {"ready"};
    EXPECT_TRUE(make().empty());
}

TEST_F(WishesTest, SuggestsWhatIsPlannedAndSettlesWhatStandsThere) {
    policy.mode = Mode::suggest;
    auto made = make();
    ASSERT_EQ(made.size(), 1U);
    EXPECT_EQ(made[0].comment.name, "suggestion");
    EXPECT_EQ(made[0].comment.text, settled_suggestion());
    EXPECT_TRUE(made[0].only_in_place);
    plan.add = {"bug"};
    made = make();
    ASSERT_EQ(made.size(), 1U) << "and nothing else is asked for";
    EXPECT_EQ(made[0].comment.name, "suggestion");
    EXPECT_NE(made[0].comment.text.find("`bug`"), std::string::npos);
    EXPECT_FALSE(made[0].only_in_place);
}

// One comment an issue, whatever the mode was when it was made.
TEST_F(WishesTest, TheModeOfTodaySpeaksInTheCommentThatIsThere) {
    auto const there = [&](std::string const& name) {
        issue.comments = {{"us", Actor::self, "text\n\n<!-- groomer:" + name + " -->", name}};
    };
    there("suggestion");
    auto made = make();
    ASSERT_EQ(made.size(), 1U);
    EXPECT_EQ(made[0].comment.name, "suggestion");
    EXPECT_NE(made[0].comment.text.find("- The version."), std::string::npos);
    judgement.gaps.clear();
    made = make();
    ASSERT_EQ(made.size(), 1U);
    EXPECT_EQ(made[0].comment.text, settled_suggestion());
    EXPECT_TRUE(made[0].only_in_place);
    policy.mode = Mode::suggest;
    plan.add = {"bug"};
    there("notice");
    made = make();
    ASSERT_EQ(made.size(), 1U);
    EXPECT_EQ(made[0].comment.name, "notice");
    EXPECT_NE(made[0].comment.text.find("`bug`"), std::string::npos);
}

struct RemarksTest : ::testing::Test {
    void is_there(std::string name = "notice", Actor actor = Actor::self, std::string body = "text") {
        issue.comments.push_back({"us", actor, std::move(body), std::move(name)});
    }
    [[nodiscard]] Remarks make(bool only_in_place = false) const {
        return remarks({{{"notice", "text"}, only_in_place}}, issue, said, 1h, "r1");
    }
    [[nodiscard]] bool writes(bool only_in_place = false) const {
        auto const made = make(only_in_place);
        EXPECT_FALSE(made.later);
        return !made.now.empty();
    }

    tracker::Issue issue;
    std::vector<store::Said> said;
};

TEST_F(RemarksTest, MakesOneWhereThereIsNone) {
    auto const made = make();
    ASSERT_EQ(made.now.size(), 1U);
    EXPECT_EQ(made.now[0].name, "notice");
    EXPECT_EQ(made.now[0].text, "text");
    EXPECT_FALSE(writes(true)) << "what is only said in place of another";
    is_there("suggestion");
    is_there("notice", Actor::person);
    is_there("notice", Actor::bot);
    EXPECT_FALSE(writes(true)) << "none of these is it";
}

TEST_F(RemarksTest, EditsTheOneThatIsThere) {
    is_there();
    EXPECT_TRUE(writes());
    EXPECT_TRUE(writes(true));
    issue.comments[0].body = "another text";
    said = {{"comment.set", "suggestion", true, "text", 1ms}, {"comment.set", "notice", true, "another text", 2h}};
    EXPECT_TRUE(writes());
}

TEST_F(RemarksTest, LeavesOneThatAPersonHasEdited) {
    is_there("notice", Actor::self, "mine");
    said = {{"comment.set", "notice", true, "another text", 2h}};
    EXPECT_FALSE(writes());
}

TEST_F(RemarksTest, LeavesOneThatAPersonHasEditedBehindItsMark) {
    said = {{"comment.set", "notice", true, "another text", 2h}};
    is_there("notice", Actor::self, "another text\n\n<!-- groomer:notice -->\n ");
    EXPECT_TRUE(writes());
    issue.comments[0].body += "Not so.";
    EXPECT_FALSE(writes());
}

TEST_F(RemarksTest, LeavesOneThatAPersonHasEditedAlsoWhereTheLastWriteWasNotAnswered) {
    is_there("notice", Actor::self, "mine");
    said = {{"comment.set", "notice", true, std::nullopt, 2h, 2, "r1", {"text A", "text"}}};
    EXPECT_FALSE(writes());
    issue.comments[0].body = "text A";
    EXPECT_TRUE(writes()) << "it had no effect";
    EXPECT_EQ(make().now.at(0).earlier, said[0].texts) << "the tracker looks again";
}

TEST_F(RemarksTest, LeavesOneThatReadsSoAlready) {
    is_there();
    said = {{"comment.set", "notice", true, "text", 2h}};
    EXPECT_FALSE(writes());
    said[0].written_ago = 1ms;
    EXPECT_FALSE(writes());
    said[0].text = std::nullopt;
    said[0].written_ago = 2h;
    EXPECT_TRUE(writes()) << "nobody knows what it reads: the tracker finds out";
}

TEST_F(RemarksTest, WaitsUntilTheCooldownIsOver) {
    is_there("notice", Actor::self, "another text");
    said = {{"comment.set", "notice", true, "another text", 20min}};
    EXPECT_TRUE(make().now.empty());
    EXPECT_EQ(make().later, Due{40min});
    said[0].written_ago = 1h;
    EXPECT_TRUE(writes());
    said[0].written_ago = std::nullopt;
    EXPECT_TRUE(writes()) << "no write of ours is known";
}

TEST_F(RemarksTest, DoesNotRepeatWhatAPersonDeleted) {
    said = {{"comment.set", "notice", true, "another text", 2h}};
    EXPECT_FALSE(writes());
    said = {{"comment.set", "suggestion", true, "another text", 2h}};
    EXPECT_FALSE(writes()) << "nor under another name: there is one comment an issue";
    said = {{"comment.set", "notice", false, std::nullopt, 1ms}};
    EXPECT_TRUE(writes()) << "it was begun, and never made: no cooldown of an edit";
}

struct ClosingTest : WishesTest {
    ClosingTest() {
        policy.labels[1].values.push_back({"done", "already_done", ""});
        policy.close_enabled = true;
        plan.own_after = plan.after;
        issue.comments.push_back({"us", Actor::self, "", "notice"});
    }
    void is_done() {
        judgement.decisions[0].value = "done";
        judgement.gaps.clear();
        plan.after = plan.own_after = {"done"};
        issue.merged = {{12, "mend it"}};
        for (auto& comment : issue.comments) comment.body.clear();
    }
    // What is said where there is no comment yet.
    [[nodiscard]] std::string first_text() {
        auto const there = std::exchange(issue.comments, {});
        auto const first = make();
        issue.comments = there;
        return first.empty() ? "what was called for once" : first.front().comment.text;
    }
    // As it stands so long after the notice was made.
    [[nodiscard]] Remarks after(std::chrono::milliseconds ago) {
        if (!issue.comments.empty() && issue.comments[0].body.empty())
            issue.comments[0].body = first_text() + "\r\n\r\n<!-- groomer:notice -->";
        auto const wanted = make();
        said = {{"comment.set", "notice", true, wanted.at(0).comment.text, ago, versions, made_at, {}}};
        return remarks(wanted, issue, said, 1h, "r1");
    }
    std::vector<store::Said> said;
    int versions = 1;
    std::string made_at = "r1";
};

TEST_F(ClosingTest, AnnouncesItAndClosesAfterTheGrace) {
    EXPECT_NE(first_text().find("within 14 days, it is closed"), std::string::npos);
    EXPECT_EQ(after(1h).close, std::nullopt);
    EXPECT_EQ(after(1h).later, Due{grace - 1h}) << "it is looked at again then";
    EXPECT_EQ(after(grace).close, tracker::CloseReason::not_planned);
    is_done();
    EXPECT_EQ(after(grace).close, tracker::CloseReason::completed);
    EXPECT_NE(make().at(0).comment.text.find("Pull request 12"), std::string::npos);
    issue.comments.clear();
    EXPECT_EQ(remarks(make(), issue, {}, 1h, "r1").later, Due{grace}) << "from when it is made";
}

TEST_F(ClosingTest, NeverWhereItIsNotSwitchedOn) {
    policy.close_enabled = false;
    EXPECT_EQ(after(10 * grace).close, std::nullopt);
    EXPECT_EQ(make().at(0).comment.text.find("closed"), std::string::npos) << "nor does it threaten to";
}

TEST_F(ClosingTest, NeverAfterAReopening) {
    issue.was_reopened = true;
    EXPECT_EQ(after(10 * grace).close, std::nullopt);
    is_done();
    EXPECT_EQ(after(10 * grace).close, std::nullopt);
    EXPECT_TRUE(make().at(0).only_in_place);
}

TEST_F(ClosingTest, NeverOnAPersonsStatus) {
    plan.own_after.clear();
    EXPECT_EQ(after(10 * grace).close, std::nullopt);
}

TEST_F(ClosingTest, NeverWithoutTheMergedPullRequest) {
    is_done();
    issue.merged.clear();
    EXPECT_EQ(after(10 * grace).close, std::nullopt);
}

TEST_F(ClosingTest, NeverWhereAnybodyHasMovedTheIssueSinceOrTheNoticeIsGone) {
    made_at = "another revision";
    EXPECT_EQ(after(10 * grace).close, std::nullopt);
    made_at = "";
    EXPECT_EQ(after(10 * grace).close, std::nullopt) << "nobody knows at which one it was made";
    made_at = "r1";
    issue.comments.clear();
    EXPECT_EQ(after(10 * grace).close, std::nullopt) << "a person has deleted the notice";
}

TEST_F(ClosingTest, NeverAfterAnEditWhichTellsNobody) {
    versions = 2;
    EXPECT_EQ(after(10 * grace).close, std::nullopt);
    issue.comments[0].body = "Thank you.\n\n<!-- groomer:notice -->";
    auto const edit = make().at(0);
    EXPECT_EQ(edit.announces, std::nullopt);
    EXPECT_EQ(edit.comment.text.find("closed"), std::string::npos) << "nor does an edit say that it will be";
    is_done();
    issue.comments[0].body = "Thank you.\n\n<!-- groomer:notice -->";
    EXPECT_EQ(make().at(0).comment.text, "Pull request 12, which says that it closes this issue, is merged.");
}

TEST_F(ClosingTest, ANoticeThatHoldsNoMoreIsReplaced) {
    judgement.gaps.clear();
    auto const wanted = make();
    ASSERT_EQ(wanted.size(), 1U);
    EXPECT_EQ(wanted[0].comment.text, settled_notice());
    EXPECT_TRUE(wanted[0].only_in_place);
}

TEST_F(ClosingTest, NeverWhereTheReporterCannotAnswerOrSomebodyHasTakenItOn) {
    issue.locked = true;
    EXPECT_EQ(after(10 * grace).close, std::nullopt);
    issue.locked = false;
    issue.assigned = true;
    EXPECT_EQ(after(10 * grace).close, std::nullopt);
    issue.assigned = false;
    issue.history_cut = true;
    EXPECT_EQ(after(10 * grace).close, std::nullopt) << "it may have been reopened in the part that is not read";
}

TEST_F(ClosingTest, NeverOverAnAnswerInOurOwnTexts) {
    issue.comments[0].body = "It is still so.\n\n<!-- groomer:notice -->";
    auto made = after(10 * grace);
    EXPECT_EQ(made.close, std::nullopt);
    EXPECT_TRUE(made.now.empty()) << "and what a person has written there stays";
    issue.comments[0].body.clear();
    EXPECT_NE(after(10 * grace).close, std::nullopt);
    issue.comments[0].body += "\n\nIt is still so.";
    made = after(10 * grace);
    EXPECT_EQ(made.close, std::nullopt);
    EXPECT_TRUE(made.now.empty());
    issue.comments[0].body.clear();
    issue.sections = {{"summary", "It is still so."}};
    EXPECT_EQ(after(10 * grace).close, std::nullopt);
}

}  // namespace
}  // namespace groomer::groom
