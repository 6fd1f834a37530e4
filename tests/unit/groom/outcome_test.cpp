#include "groom/outcome.hpp"

#include <gtest/gtest.h>

namespace groomer::groom {
namespace {

using namespace std::chrono_literals;
using config::Mode;
using Labels = std::vector<std::string>;
using Due = std::optional<std::chrono::milliseconds>;

constexpr std::chrono::milliseconds day = 24h;

struct OutcomeTest : ::testing::Test {
    OutcomeTest() {
        config::Family priority;
        priority.name = "priority";
        priority.values = {{"p0", "", ""}, {"p1", "", ""}, {"p2", "", ""}, {"p3", "", ""}};
        policy.labels = {priority};
        policy.mode = Mode::apply;
        plan.status_decided = true;
        claimed.failures = 2;
    }
    store::Record settled() {
        store::Record record;
        record.own_labels = {"as before"};
        settle(record, plan, policy, false);
        return record;
    }
    store::Record result(Applied const& applied, int failures_before) {
        auto record = settled();
        take_result(record, plan, applied, failures_before);
        return record;
    }

    Plan plan;
    config::Policy policy;
    store::Claimed claimed;
};

Applied failed(std::vector<std::string> const& statuses) {
    Applied applied;
    applied.key = "key";
    applied.all_done = false;
    applied.failure = "the tracker said no";
    for (auto const& status : statuses) applied.steps.push_back({static_cast<int>(applied.steps.size()), "label.add", "x", status, ""});
    return applied;
}

TEST_F(OutcomeTest, LooksAgainSoonerAtWhatMattersMore) {
    struct Case {
        Labels after;
        std::chrono::milliseconds due;
    };
    for (auto const& [after, due] : std::initializer_list<Case>{{{"bug", "p0"}, 30 * day},
                                                                {{"p1"}, 30 * day},
                                                                {{"p2"}, 90 * day},
                                                                {{"p3"}, 365 * day},
                                                                {{"bug"}, 365 * day},
                                                                {{}, 365 * day}}) {
        plan.after = after;
        EXPECT_EQ(settled().due_in, Due{due}) << joined(after);
    }
}

TEST_F(OutcomeTest, SaysWhatAPlanComesTo) {
    EXPECT_EQ(settled().outcome, "noop");
    plan.add = {"bug"};
    EXPECT_EQ(settled().outcome, "applied");
    plan.add = {};
    plan.remove = {"bug"};
    EXPECT_EQ(settled().outcome, "applied");
    plan.status_decided = false;
    EXPECT_EQ(settled().outcome, "abstained");
}

TEST_F(OutcomeTest, PlansOnlyInDryRunsAndSuggestions) {
    for (auto mode : {Mode::dry_run, Mode::suggest}) {
        policy.mode = mode;
        plan.add = {"bug"};
        auto const record = settled();
        EXPECT_EQ(record.outcome, "planned");
        EXPECT_EQ(record.own_labels, Labels{"as before"}) << "nothing was set";
        EXPECT_EQ(record.due_in, Due{365 * day}) << "and it is remembered";
        plan.add = {};
        EXPECT_EQ(settled().outcome, "noop");
    }
}

TEST_F(OutcomeTest, TriesAgainAfterTheCooldownWhereNoStatusIsDecided) {
    plan.status_decided = false;
    plan.after = {"p0"};
    policy.cooldown = 48h;
    EXPECT_EQ(settled().due_in, Due{48h});
    EXPECT_EQ(settled().outcome, "abstained");
    policy.cooldown = 1s;
    EXPECT_EQ(settled().due_in, Due{1h}) << "a tiny cooldown makes no busy loop";
}

TEST_F(OutcomeTest, GivesTheReasonOfEachFamily) {
    plan.families = {{"type", "set", "by its words"}, {"priority", "kept", "a person set p1"}};
    EXPECT_EQ(settled().reason, "type: by its words; priority: a person set p1");
}

TEST_F(OutcomeTest, RemembersWhatIsOursWhereNothingIsToBeDone) {
    plan.own_after = {"bug"};
    EXPECT_EQ(settled().own_labels, Labels{"bug"});
}

TEST_F(OutcomeTest, CountsNoFailureOnceAllIsDone) {
    plan.add = {"bug"};
    plan.after = {"bug", "p1"};
    plan.own_after = {"bug"};
    Applied applied;
    applied.key = "key";
    applied.steps = {{0, "label.add", "bug", "done", ""}};
    auto const record = result(applied, 2);
    EXPECT_EQ(record.outcome, "applied");
    EXPECT_EQ(record.failures, 0);
    EXPECT_EQ(record.labels_after, (Labels{"bug", "p1"}));
    EXPECT_EQ(record.own_labels, Labels{"bug"});
    EXPECT_EQ(record.application, "key");
    EXPECT_EQ(record.due_in, Due{30 * day});
}

TEST_F(OutcomeTest, WaitsLongerAfterEachFailureAndThenForAChange) {
    plan.add = {"bug"};
    EXPECT_EQ(result(failed({"failed"}), 0).due_in, Due{30min});
    EXPECT_EQ(result(failed({"failed"}), 1).due_in, Due{1h});
    EXPECT_EQ(result(failed({"failed"}), 2).due_in, Due{});
    EXPECT_EQ(result(failed({"failed"}), 40).due_in, Due{});
    EXPECT_EQ(result(failed({"failed"}), 1).failures, 2);
}

TEST_F(OutcomeTest, TellsAPartialResultFromAFailure) {
    plan.add = {"bug", "p1"};
    EXPECT_EQ(result(failed({"failed", "planned"}), 0).outcome, "failed");
    EXPECT_EQ(result(failed({"already", "failed"}), 0).outcome, "failed") << "nothing was written";
    auto const record = result(failed({"done", "failed"}), 0);
    EXPECT_EQ(record.outcome, "partial");
    EXPECT_EQ(record.reason, "the tracker said no");
    EXPECT_EQ(record.failures, 1);
    EXPECT_EQ(record.application, "key");
}

TEST_F(OutcomeTest, CountsNoFailureWhereALimitLetsNobodyFindOutOrAStopCutTheTriesShort) {
    plan.add = {"bug"};
    for (bool const cut_short : {false, true}) {
        auto applied = failed({cut_short ? "failed" : "unknown"});
        (cut_short ? applied.cut_short : applied.unknown) = true;
        auto const record = result(applied, 2);
        EXPECT_EQ(record.failures, 2);
        EXPECT_EQ(record.due_in, Due{cut_short ? 1min : 10min});
    }
}

TEST_F(OutcomeTest, KeepsWhatIsKnownOfAnIssueThatCannotBeRead) {
    store::Record record;
    leave_unread(record, "it is larger than is read", 1);
    EXPECT_TRUE(record.unread);
    EXPECT_EQ(record.outcome, "failed");
    EXPECT_EQ(record.reason, "it is larger than is read");
    EXPECT_EQ(record.failures, 2);
    EXPECT_EQ(record.due_in, Due{1h});
}

TEST_F(OutcomeTest, LooksAgainAtAnIssueThatSeemsGone) {
    plan.add = {"bug"};
    auto applied = failed({"gone"});
    applied.gone = true;
    auto const record = result(applied, 0);
    EXPECT_EQ(record.outcome, "skipped");
    EXPECT_EQ(record.due_in, Due{1h}) << "a right may have been lost for a moment";
    EXPECT_EQ(record.failures, 0) << "it counts for no failure";
}

TEST_F(OutcomeTest, IsDueAtOnceAndWritesNothingWhereItIsStale) {
    plan.add = {"bug"};
    auto record = settled();
    record.added = {"bug"};
    record.removed = {"p1"};
    go_stale(record);
    EXPECT_EQ(record.outcome, "stale");
    EXPECT_TRUE(record.added.empty());
    EXPECT_TRUE(record.removed.empty());
    ASSERT_TRUE(record.due_in);
    EXPECT_LE(*record.due_in, 1s);
}

TEST_F(OutcomeTest, SkipsWithAReason) {
    store::Record record;
    leave_alone(record, "it is closed", 14 * day);
    EXPECT_EQ(record.outcome, "skipped");
    EXPECT_EQ(record.reason, "it is closed");
    EXPECT_EQ(record.due_in, Due{14 * day});
}

TEST_F(OutcomeTest, ParksOpenIssuesForAFortnightAndClosedOnesUntilTheyChange) {
    tracker::Issue issue;
    EXPECT_EQ(parked_for(issue), Due{14 * day});
    issue.open = false;
    EXPECT_EQ(parked_for(issue), Due{});
}

TEST(StandingOfOurs, AreTheLabelsThatWeSetLastAndThatAreThere) {
    using tracker::Actor;
    tracker::Issue issue;
    issue.labels = {"kept", "theirs", "retaken", "bots", "without event"};
    issue.events = {{"kept", true, Actor::self},      {"theirs", true, Actor::person}, {"lost", true, Actor::self},
                    {"lost", false, Actor::person},   {"retaken", true, Actor::self},  {"retaken", false, Actor::person},
                    {"retaken", true, Actor::person}, {"bots", true, Actor::bot},      {"vanished", true, Actor::self}};
    EXPECT_EQ(standing_of_ours(issue), Labels{"kept"});
}

TEST(Labels, AreSortedAndJoined) {
    EXPECT_EQ(sorted({"b", "a", "c"}), (Labels{"a", "b", "c"}));
    EXPECT_EQ(joined({"b", "a"}), "b, a");
    EXPECT_EQ(joined({}), "");
}

TEST_F(OutcomeTest, WhatIsBlockedIsLookedAtAgainAfterAFortnight) {
    policy.labels.push_back({"status", {{"ready", "ready", ""}, {"blocked", "blocked", ""}}, 0.9, {}});
    plan.after = {"p1", "Blocked"};
    EXPECT_EQ(settled().due_in, Due{14 * day});
    plan.after = {"p1", "ready"};
    EXPECT_EQ(settled().due_in, Due{30 * day});
}

TEST_F(OutcomeTest, TextsAndClosingAreToldAndStored) {
    plan.title = "Better";
    plan.sections = {{"summary", "x"}};
    plan.close = tracker::CloseReason::completed;
    EXPECT_EQ(settled().reason, "title: Better; description: a summary is added; closed: it is done, and nobody has said otherwise");
    Applied done;
    done.all_done = true;
    auto const record = result(done, 0);
    EXPECT_EQ(record.title, "Better");
    EXPECT_EQ(record.open, false);
    EXPECT_EQ(record.outcome, "applied");
    EXPECT_EQ(result(failed({"failed"}), 0).open, std::nullopt);
}

}  // namespace
}  // namespace groomer::groom
