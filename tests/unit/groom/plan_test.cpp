#include "groom/plan.hpp"

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

struct PlanTest : ::testing::Test {
    PlanTest() {
        policy.labels = {make_family("type", {"bug", "feature", "question"}), make_family("priority", {"p0", "p1", "p2"}, {"p0"}),
                         make_family("status", {"ready", "needs-info", "backlog"})};
        policy.abstain_label = "needs-triage";
    }
    void has(std::string const& label, Actor actor) {
        issue.labels.push_back(label);
        issue.events.push_back({label, true, actor});
    }
    void took_away(std::string const& label, Actor actor) {
        std::erase(issue.labels, label);
        issue.events.push_back({label, false, actor});
    }
    void decide(std::string family, std::optional<std::string> value, std::string reason = "by its words") {
        judgement.decisions.push_back({std::move(family), std::move(value), 0.9, model::Source::local, std::move(reason)});
    }
    // A decision that lets no abstain label come into play.
    void decide_status() { decide("status", "ready"); }

    [[nodiscard]] Plan make(Labels const& own = {}) const { return plan(issue, judgement, policy, own); }
    [[nodiscard]] FamilyPlan of(std::string const& family) const {
        for (auto const& one : make().families)
            if (one.family == family) return one;
        return {"", "missing", ""};
    }

    tracker::Issue issue;
    model::Judgement judgement;
    config::Policy policy;
};

// What the tracker has once the plan is carried out.
tracker::Issue carried_out(tracker::Issue issue, Plan const& plan) {
    for (auto const& label : plan.add) {
        issue.labels.push_back(label);
        issue.events.push_back({label, true, Actor::self});
    }
    for (auto const& label : plan.remove) {
        std::erase(issue.labels, label);
        issue.events.push_back({label, false, Actor::self});
    }
    return issue;
}

TEST_F(PlanTest, SetsWhatWasDecided) {
    has("area/ui", Actor::person);
    decide("type", "bug");
    decide("priority", "p1");
    decide("status", "ready");
    auto const made = make();
    EXPECT_EQ(made.add, (Labels{"bug", "p1", "ready"}));
    EXPECT_EQ(made.remove, Labels{});
    EXPECT_EQ(made.after, (Labels{"area/ui", "bug", "p1", "ready"}));
    EXPECT_EQ(made.own_after, (Labels{"bug", "p1", "ready"}));
    EXPECT_TRUE(made.status_decided);
    EXPECT_EQ(of("type").outcome, "set");
    EXPECT_EQ(of("type").reason, "by its words");
}

TEST_F(PlanTest, IsEmptyWhereAllIsSaidAlready) {
    has("bug", Actor::person);
    has("p1", Actor::self);
    has("ready", Actor::self);
    decide("type", "bug");
    decide("priority", "p1");
    decide("status", "ready");
    auto const made = make({"p1", "ready"});
    EXPECT_TRUE(made.empty());
    EXPECT_EQ(made.after, (Labels{"bug", "p1", "ready"}));
    EXPECT_EQ(made.own_after, (Labels{"p1", "ready"}));
    EXPECT_EQ(of("priority").outcome, "kept");
    EXPECT_TRUE(made.overridden.empty());
}

TEST_F(PlanTest, HasNothingMoreToDoOnceItIsCarriedOut) {
    has("bug", Actor::self);
    has("needs-triage", Actor::self);
    decide("type", "feature");
    decide("priority", "p2");
    decide("status", "backlog");
    auto const made = make();
    EXPECT_EQ(made.add, (Labels{"backlog", "feature", "p2"}));
    EXPECT_EQ(made.remove, (Labels{"bug", "needs-triage"}));
    auto const next = plan(carried_out(issue, made), judgement, policy, made.own_after);
    EXPECT_TRUE(next.empty());
    EXPECT_EQ(next.own_after, made.own_after);
    EXPECT_TRUE(next.overridden.empty());
}

TEST_F(PlanTest, HasTheSameTargetHalfWay) {
    has("bug", Actor::self);
    decide("type", "feature");
    decide_status();
    auto const made = make();
    auto half = made;
    half.add = {"feature"};
    half.remove = {};
    EXPECT_EQ(plan(carried_out(issue, half), judgement, policy, {}).target, made.target);
    judgement.decisions[0].value = "question";
    EXPECT_NE(make().target, made.target);
}

TEST_F(PlanTest, ReplacesOurOwnEarlierLabelAndNoOther) {
    has("bug", Actor::self);
    has("area/ui", Actor::person);
    has("p1", Actor::self);
    decide("type", "question");
    decide("priority", "p1");
    decide_status();
    auto const made = make();
    EXPECT_EQ(made.add, (Labels{"question", "ready"}));
    EXPECT_EQ(made.remove, Labels{"bug"});
}

TEST_F(PlanTest, LeavesOneLabelOfAFamilyWhereTwoOfOursStand) {
    has("bug", Actor::self);
    has("feature", Actor::self);
    decide("type", "feature");
    decide_status();
    auto const made = make();
    EXPECT_EQ(made.add, Labels{"ready"});
    EXPECT_EQ(made.remove, Labels{"bug"});
    EXPECT_EQ(of("type").outcome, "kept");
}

TEST_F(PlanTest, TakesAPersonsWord) {
    has("question", Actor::person);
    decide("type", "bug");
    decide_status();
    auto const made = make();
    EXPECT_EQ(made.add, Labels{"ready"});
    EXPECT_EQ(made.remove, Labels{});
    EXPECT_EQ(of("type").outcome, "kept");
    EXPECT_NE(of("type").reason.find("question"), std::string::npos);
}

TEST_F(PlanTest, TakesOurLabelAwayBesideAPersons) {
    has("bug", Actor::self);
    has("feature", Actor::person);
    decide("type", "bug");
    decide_status();
    auto const made = make();
    EXPECT_EQ(made.remove, Labels{"bug"});
    EXPECT_EQ(made.add, Labels{"ready"});
    EXPECT_EQ(made.own_after, Labels{"ready"});
}

TEST_F(PlanTest, SuggestsNoAbstainLabelAndTakesOursAway) {
    decide("type", "bug");
    EXPECT_EQ(make().add, (Labels{"bug", "needs-triage"}));
    policy.mode = config::Mode::suggest;
    EXPECT_EQ(make().add, Labels{"bug"});
    has("needs-triage", Actor::self);
    decide_status();
    EXPECT_EQ(make().remove, Labels{"needs-triage"});
}

TEST_F(PlanTest, NeverTouchesTwoLabelsThatPeopleSet) {
    has("bug", Actor::person);
    has("feature", Actor::person);
    decide("type", "bug");
    decide_status();
    EXPECT_EQ(make().remove, Labels{});
    EXPECT_EQ(make().add, Labels{"ready"});
}

TEST_F(PlanTest, RespectsTheLabelsOfBotsLikeThoseOfPeople) {
    has("feature", Actor::bot);
    has("p1", Actor::self);
    took_away("p1", Actor::bot);
    decide("type", "bug");
    decide("priority", "p1");
    decide_status();
    auto const made = make();
    EXPECT_EQ(made.add, Labels{"ready"});
    EXPECT_EQ(made.remove, Labels{});
}

TEST_F(PlanTest, TakesALabelWithoutAnEventForAPersons) {
    issue.labels = {"bug"};
    decide("type", "feature");
    decide_status();
    EXPECT_EQ(make().remove, Labels{});
    EXPECT_EQ(make().add, Labels{"ready"});
}

TEST_F(PlanTest, TakesALabelForAPersonsOnceAPersonSetItAgain) {
    has("bug", Actor::self);
    took_away("bug", Actor::person);
    has("bug", Actor::person);
    decide("type", "feature");
    decide_status();
    EXPECT_EQ(make().remove, Labels{});
    EXPECT_EQ(make().add, Labels{"ready"});
}

TEST_F(PlanTest, NeverSetsAgainWhatAPersonRemoved) {
    has("bug", Actor::self);
    took_away("bug", Actor::person);
    decide("type", "bug");
    decide_status();
    EXPECT_EQ(make().add, Labels{"ready"});
    EXPECT_EQ(of("type").outcome, "abstained");
    judgement.decisions[0].value = "feature";
    EXPECT_EQ(make().add, (Labels{"feature", "ready"})) << "another label of the family may be set";
}

TEST_F(PlanTest, MaySetAgainWhatItRemovedItself) {
    has("bug", Actor::self);
    took_away("bug", Actor::self);
    decide("type", "bug");
    decide_status();
    EXPECT_EQ(make().add, (Labels{"bug", "ready"}));
}

TEST_F(PlanTest, NeverSetsALabelThatIsForPeople) {
    decide("priority", "p0");
    decide_status();
    EXPECT_EQ(make().add, Labels{"ready"});
    EXPECT_EQ(of("priority").outcome, "escalated");
}

TEST_F(PlanTest, NeverSetsALabelOfNoFamilyOrOfAnother) {
    for (std::string label : {"made-up", "ready", "", "BUG"}) {
        judgement.decisions.clear();
        decide("type", label);
        decide_status();
        EXPECT_EQ(make().add, Labels{"ready"}) << label;
        EXPECT_EQ(of("type").outcome, "abstained");
    }
}

TEST_F(PlanTest, IgnoresADecisionOnAFamilyThatIsNotConfigured) {
    decide("severity", "bug");
    decide_status();
    EXPECT_EQ(make().add, Labels{"ready"});
    EXPECT_EQ(make().families.size(), 3U);
}

TEST_F(PlanTest, KeepsOurEarlierLabelWhereItAbstainsNow) {
    has("bug", Actor::self);
    has("ready", Actor::self);
    decide("type", std::nullopt, "too close to call");
    auto const made = make();
    EXPECT_TRUE(made.empty());
    EXPECT_EQ(of("type").outcome, "abstained");
    EXPECT_EQ(of("type").reason, "too close to call");
    EXPECT_TRUE(made.status_decided);
}

TEST_F(PlanTest, CarriesTheAbstainLabelWhileNoStatusIsDecided) {
    decide("type", "bug");
    auto const made = make();
    EXPECT_EQ(made.add, (Labels{"bug", "needs-triage"}));
    EXPECT_FALSE(made.status_decided);
    auto const later = carried_out(issue, made);
    EXPECT_TRUE(plan(later, judgement, policy, made.own_after).empty());
    decide_status();
    auto const decided = plan(later, judgement, policy, made.own_after);
    EXPECT_EQ(decided.add, Labels{"ready"});
    EXPECT_EQ(decided.remove, Labels{"needs-triage"});
}

TEST_F(PlanTest, TakesTheAbstainLabelAwayWhereAPersonSetTheStatus) {
    has("needs-triage", Actor::self);
    has("backlog", Actor::person);
    auto const made = make();
    EXPECT_EQ(made.add, Labels{});
    EXPECT_EQ(made.remove, Labels{"needs-triage"});
    EXPECT_TRUE(made.status_decided);
}

TEST_F(PlanTest, LeavesAPersonsAbstainLabelWhereItIs) {
    has("needs-triage", Actor::person);
    decide_status();
    EXPECT_EQ(make().remove, Labels{});
    EXPECT_EQ(make().own_after, Labels{"ready"});
}

TEST_F(PlanTest, NeverSetsAgainAnAbstainLabelThatAPersonRemoved) {
    has("needs-triage", Actor::self);
    took_away("needs-triage", Actor::person);
    EXPECT_TRUE(make().empty());
}

TEST_F(PlanTest, HasNoAbstainLabelWhereNoneIsConfigured) {
    policy.abstain_label = "";
    EXPECT_TRUE(make().empty());
}

TEST_F(PlanTest, AbstainsFromAStatusThatMayNotBeSet) {
    decide("status", "made-up");
    auto const made = make();
    EXPECT_EQ(made.add, Labels{"needs-triage"});
    EXPECT_FALSE(made.status_decided);
}

TEST_F(PlanTest, ReportsTheFamiliesInWhichAPersonRemovedOurLabel) {
    has("bug", Actor::self);
    has("p1", Actor::self);
    has("needs-triage", Actor::self);
    took_away("p1", Actor::person);
    took_away("needs-triage", Actor::person);
    EXPECT_EQ(make({"bug", "p1", "needs-triage"}).overridden, (Labels{"priority", "other"}));
    EXPECT_TRUE(make({"bug"}).overridden.empty()) << "once reported, it is not ours any more";
}

TEST_F(PlanTest, ReportsNoOverrideWhereWeRemovedItOurselves) {
    has("p1", Actor::self);
    took_away("p1", Actor::self);
    EXPECT_TRUE(make({"p1"}).overridden.empty());
}

TEST_F(PlanTest, TakesALabelThatIsNamedTwiceForOne) {
    issue.labels = {"area/ui", "area/ui", "bug", "bug"};
    decide_status();
    auto const made = make();
    EXPECT_EQ(made.after, (Labels{"area/ui", "bug", "ready"}));
    EXPECT_EQ(made.remove, Labels{});
}

TEST_F(PlanTest, ALabelThatPeopleAloneSetIsToldToThem) {
    decide_status();
    decide("priority", "p0", "data loss");
    EXPECT_EQ(of("priority").outcome, "escalated");
    EXPECT_EQ(of("priority").reason, "p0 is set by people only: data loss");
    EXPECT_EQ(make().add, Labels{"ready"});
}

TEST_F(PlanTest, AFamilyThatIsNotPromotedIsToldAndNotWritten) {
    policy.labels[0].promoted = policy.labels[2].promoted = false;
    has("bug", Actor::self);
    decide("type", "feature");
    decide("priority", "p1");
    EXPECT_EQ(make().add, Labels{"p1"});
    EXPECT_TRUE(make().remove.empty());
    EXPECT_EQ(of("type").outcome, "planned");
    EXPECT_EQ(of("type").reason, "would be feature, and is not promoted: by its words");
    EXPECT_FALSE(make().status_decided) << "and no abstain label either";
    decide_status();
    EXPECT_EQ(of("status").outcome, "planned");
    EXPECT_EQ(make().add, Labels{"p1"});
    EXPECT_TRUE(make().status_decided);
}

}  // namespace
}  // namespace groomer::groom
