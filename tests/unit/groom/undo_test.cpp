#include "groom/undo.hpp"

#include "groom/apply.hpp"

#include <gtest/gtest.h>

namespace groomer::groom {
namespace {

using tracker::Actor;
using Labels = std::vector<std::string>;

config::Family make_family(std::string name, Labels const& labels, Labels never_set = {}) {
    config::Family family;
    family.name = std::move(name);
    for (auto const& label : labels) family.values.push_back({label, "", ""});
    family.never_set = std::move(never_set);
    return family;
}

struct UndoTest : ::testing::Test {
    UndoTest() {
        policy.labels = {make_family("type", {"bug", "feature"}), make_family("priority", {"p0", "p1"}, {"p0"}),
                         make_family("status", {"ready", "backlog"})};
        policy.abstain_label = "needs-triage";
        policy.in_flight = {"status/in-progress"};
        policy.exempt = {"hands-off"};
    }
    // An act of a run that took effect, and that is asked for where `selected`.
    void did(std::int64_t run, std::string const& change, bool selected = true) {
        bool const added = change[0] == '+';
        auto const label = change.substr(1);
        acts.push_back({run, added ? "label.add" : "label.remove", label, selected});
        event(label, added, Actor::self);
    }
    void person(std::string const& change) { event(change.substr(1), change[0] == '+', Actor::person); }
    void event(std::string const& label, bool added, Actor actor) {
        std::erase(issue.labels, label);
        if (added) issue.labels.push_back(label);
        issue.events.push_back({label, added, actor});
    }
    [[nodiscard]] Undo make() const { return undo(issue, acts, policy, own); }
    void expect(Labels const& add, Labels const& remove) const {
        auto const made = make();
        EXPECT_EQ(made.plan.add, add);
        EXPECT_EQ(made.plan.remove, remove);
    }

    tracker::Issue issue;
    config::Policy policy;
    std::vector<store::Act> acts;
    Labels own;  // as recorded
};

TEST_F(UndoTest, WhatARunHasSetGoesAndTheRestStays) {
    person("+area/ui");
    did(1, "+bug");
    did(1, "+p1");
    auto const made = make();
    EXPECT_EQ(made.plan.remove, (Labels{"bug", "p1"}));
    EXPECT_EQ(made.plan.add, Labels{});
    EXPECT_EQ(made.plan.after, Labels{"area/ui"});
    EXPECT_EQ(made.plan.own_after, Labels{});
    EXPECT_EQ(made.runs, std::vector<std::int64_t>{1});
    EXPECT_EQ(made.reason, "run 1");
}

TEST_F(UndoTest, WhatARunHasTakenAwayComesBackAndIsOurs) {
    did(1, "+bug", false);
    did(2, "-bug");
    did(2, "+feature");
    auto const made = make();
    EXPECT_EQ(made.plan.add, Labels{"bug"});
    EXPECT_EQ(made.plan.remove, Labels{"feature"});
    EXPECT_EQ(made.plan.own_after, Labels{"bug"});
}

TEST_F(UndoTest, OfSeveralRunsTheStateBeforeTheFirstComesBack) {
    did(1, "+bug");
    did(2, "-bug");
    did(2, "+feature");
    did(3, "-feature");
    did(3, "+bug");
    expect({}, {"bug"});
    EXPECT_EQ(make().reason, "runs 1, 2, 3");
}

TEST_F(UndoTest, ALabelThatAPersonSetSinceStays) {
    did(1, "+bug");
    person("-bug");
    person("+bug");
    did(1, "+p1");
    expect({}, {"p1"});
    EXPECT_EQ(make().reason, "run 1; bug stays, since somebody else has set it");
}

TEST_F(UndoTest, ALabelWithoutAnEventIsAPersons) {
    acts.push_back({1, "label.add", "bug", true});
    issue.labels = {"bug"};
    expect({}, {});
}

TEST_F(UndoTest, ALabelThatABotSetSinceStays) {
    did(1, "+bug");
    event("bug", true, Actor::bot);
    expect({}, {});
}

TEST_F(UndoTest, ALabelThatAPersonTookAwayIsNothingToTakeBack) {
    did(1, "+bug");
    person("-bug");
    expect({}, {});
    EXPECT_EQ(make().reason, "run 1");
}

TEST_F(UndoTest, ALabelThatAPersonTookAwayAfterUsDoesNotComeBack) {
    did(1, "+bug", false);
    did(2, "-bug");
    person("+bug");
    person("-bug");
    expect({}, {});
    EXPECT_EQ(make().reason, "run 2; bug does not come back, since somebody else has taken it away");
}

// Of a tracker without a history: the syncs saw a person's go, and ours stood below it.
TEST_F(UndoTest, ALabelThatStandsByOurEffectAloneGoes) {
    did(1, "+bug");
    issue.events.push_back({"bug", false, Actor::person});
    expect({}, {});
    own = {"bug"};
    expect({}, {"bug"});
}

TEST_F(UndoTest, WhatALaterRunHasDoneAgainStays) {
    did(1, "+bug");
    did(2, "-bug", false);
    did(3, "+bug", false);
    did(1, "+p1");
    expect({}, {"p1"});
}

TEST_F(UndoTest, LabelsAreComparedWithoutCase) {
    acts.push_back({1, "label.add", "Bug", true});
    event("bug", true, Actor::self);
    expect({}, {"bug"});
}

TEST_F(UndoTest, ALabelDoesNotComeBackBesideAnotherOfItsFamily) {
    did(1, "+bug", false);
    did(2, "-bug");
    did(2, "+feature");
    person("-feature");
    person("+feature");
    expect({}, {});
    auto const reason = make().reason;
    EXPECT_NE(reason.find("bug does not come back, since feature is there"), std::string::npos) << reason;
}

TEST_F(UndoTest, TheAbstainLabelComesBackWhereNoStatusIsLeft) {
    did(1, "+needs-triage", false);
    did(2, "-needs-triage");
    did(2, "+ready");
    expect({"needs-triage"}, {"ready"});
    person("+backlog");
    expect({}, {"ready"});
}

TEST_F(UndoTest, ALabelThatOnlyPeopleSetDoesNotComeBack) {
    did(1, "+p0", false);
    did(2, "-p0");
    expect({}, {});
}

TEST_F(UndoTest, ATextIsToldToStay) {
    did(1, "+bug");
    acts.push_back({1, "comment.set", "note", true});
    acts.push_back({2, "title.set", "", false});
    auto const made = make();
    EXPECT_EQ(made.plan.remove, Labels{"bug"});
    EXPECT_TRUE(made.plan.comments.empty());
    EXPECT_EQ(made.reason, "run 1; the comment stays");
}

TEST_F(UndoTest, WhatAHolderDidThatDiedIsTakenBackWithoutARun) {
    did(1, "+bug");
    acts.back().run.reset();
    auto const made = make();
    EXPECT_EQ(made.plan.remove, Labels{"bug"});
    EXPECT_TRUE(made.runs.empty());
    EXPECT_EQ(made.reason, "what a run did that was never recorded");
}

TEST_F(UndoTest, ManyRunsAreCounted) {
    for (int run = 1; run <= 7; ++run) did(run, run % 2 == 1 ? "+bug" : "-bug");
    EXPECT_EQ(make().reason, "runs 1, 2, 3, 4, 5 and 2 more");
}

TEST_F(UndoTest, ItsStepsHaveKeysOfTheirOwn) {
    did(1, "+bug");
    EXPECT_TRUE(make().plan.takes_back);
    EXPECT_EQ(steps_of(make().plan).size(), 1U);
}

TEST_F(UndoTest, ClosedIssuesAndThoseThatSomebodyWorksOnAreLeft) {
    EXPECT_FALSE(left_by_undo(issue, acts, policy));
    person("+hands-off");
    EXPECT_FALSE(left_by_undo(issue, acts, policy)) << "who keeps groomer away may well want its labels gone";
    person("+Status/In-Progress");
    EXPECT_NE(left_by_undo(issue, acts, policy).value_or("").find("somebody works on it: it carries Status/In-Progress"),
              std::string::npos);
    issue.open = false;
    EXPECT_NE(left_by_undo(issue, acts, policy).value_or("").find("it is closed"), std::string::npos);
}

TEST_F(UndoTest, ATitleOfOursGoesWhileItIsOurs) {
    acts = {{1, "title.set", "", true, "ours"}};
    issue.title = "ours";
    issue.renames = {{"theirs", "ours", Actor::self}};
    EXPECT_EQ(make().plan.title, "theirs");
    issue.title = "another";
    issue.renames.push_back({"ours", "another", Actor::person});
    EXPECT_EQ(make().plan.title, std::nullopt);
    EXPECT_EQ(make().reason, "run 1; the title stays, since somebody else has set it");
}

TEST_F(UndoTest, ASectionOfOursGoesWhileItReadsAsItDid) {
    acts = {{1, "section.set", "summary", true, "first"}, {2, "section.set", "summary", true, "ours\n"}};
    issue.sections = {{"summary", "ours"}};
    ASSERT_EQ(make().plan.sections.size(), 1U);
    EXPECT_EQ(make().plan.sections[0].text, "");
    acts[0].selected = false;
    EXPECT_EQ(make().plan.sections.at(0).text, "first") << "what an earlier run has left";
    acts[0].selected = true;
    acts[1].selected = false;
    EXPECT_TRUE(make().plan.sections.empty()) << "a later run has made it anew";
    acts[1].selected = true;
    issue.sections[0].text = "edited";
    EXPECT_TRUE(make().plan.sections.empty());
    EXPECT_NE(make().reason.find("somebody has edited it"), std::string::npos);
    issue.sections.clear();
    EXPECT_TRUE(make().plan.empty());
}

TEST_F(UndoTest, WhatWeHaveClosedIsReopened) {
    did(1, "+bug");
    acts.push_back({2, "issue.close", "completed", true});
    issue.open = false;
    issue.closed_by = Actor::self;
    EXPECT_FALSE(left_by_undo(issue, acts, policy));
    EXPECT_TRUE(make().plan.reopen);
    EXPECT_EQ(make().plan.remove, Labels{"bug"});
    EXPECT_EQ(steps_of(make().plan).back().op, "issue.reopen");
    issue.closed_by = Actor::person;
    EXPECT_TRUE(left_by_undo(issue, acts, policy)) << "a person has closed it since";
    issue.closed_by = Actor::self;
    acts.back().selected = false;
    EXPECT_TRUE(left_by_undo(issue, acts, policy)) << "that is not to be taken back";
}

struct SettleUndo : UndoTest {
    SettleUndo() {
        person("+area/ui");
        did(1, "+bug");
        did(1, "+p1");
        record.revision = "as it is";
        record.labels_before = record.labels_after = {"area/ui", "bug", "p1"};
        record.own_labels = {"bug", "p1"};
        record.due_in = std::chrono::hours{1};
        record.failures = 2;
    }
    store::Record record;
};

TEST_F(SettleUndo, AWholeOneMarksItsRunsAndParksTheIssue) {
    for (auto const* outcome : {"undone", "noop"}) {
        record.outcome = outcome;
        settle_undo(record, make());
        EXPECT_EQ(record.undoes, std::vector<std::int64_t>{1});
        EXPECT_FALSE(record.due_in);
        EXPECT_FALSE(record.keep_schedule);
        EXPECT_EQ(record.undone, "as it is");
        EXPECT_EQ(record.failures, 0);
        EXPECT_EQ(record.own_labels, Labels{});
    }
}

TEST_F(SettleUndo, APartOfItParksTheIssueAndLeavesTheRunsToBeTakenBack) {
    record.outcome = "partial";
    record.reason = "503";
    record.removed = {"bug"};
    settle_undo(record, make());
    EXPECT_TRUE(record.undoes.empty());
    EXPECT_FALSE(record.keep_schedule);
    EXPECT_FALSE(record.due_in);
    EXPECT_EQ(record.labels_after, (Labels{"area/ui", "p1"}));
    EXPECT_EQ(record.own_labels, Labels{"p1"});
    EXPECT_EQ(record.reason, "run 1; not all of it: 503");
}

TEST_F(SettleUndo, WithoutAnyEffectTheIssueStaysAsDueAsItWas) {
    for (auto const* outcome : {"failed", "stale"}) {
        record.outcome = outcome;
        settle_undo(record, make());
        EXPECT_TRUE(record.undoes.empty());
        EXPECT_TRUE(record.keep_schedule);
    }
    EXPECT_EQ(record.reason, "it changed while it was looked at");
}

}  // namespace
}  // namespace groomer::groom
