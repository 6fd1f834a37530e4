// Issues judged by a language model: the product as it is wired, a real PostgreSQL, and a model's server of the tests' own.
#include "integration/model/asking.hpp"
#include "model/context.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>

namespace groomer {
namespace {

using namespace std::chrono_literals;
using test::answer;
using test::Asking;
using test::ready;

using Labels = std::vector<std::string>;

TEST_F(Asking, WhatTheModelSaysIsSetAndStored) {
    auto const bug = issue("It panics", "On start.");
    ask();
    EXPECT_EQ(groom_all(), 1U);
    EXPECT_EQ(labels_set_on(bug), (Labels{"+priority/p2", "+status/ready", "+type/bug"})) << lines.str();
    auto const said = judgement(bug);
    EXPECT_EQ(said.by, "openai/m-1");
    EXPECT_EQ(said.context.size(), 64U);
    EXPECT_GT(said.size.bytes, 1000U) << "and how much that was";
    EXPECT_EQ(said.size.tokens, model::count_tokens(said.size.bytes));
    EXPECT_FALSE(said.size.cut);
    EXPECT_EQ(said.summary, "It breaks.");
    for (auto const& decision : said.decisions) EXPECT_EQ(decision.source, model::Source::model) << decision.family;
    EXPECT_EQ(metric("groomer_model_requests_total{code=\"2xx\",model=\"m-1\",provider=\"openai\"}"), "1");
    EXPECT_EQ(metric("groomer_decisions_total{family=\"type\",outcome=\"set\",source=\"model\"}"), "1");
}

TEST_F(Asking, AnthropicIsAskedInItsOwnWay) {
    auto const bug = issue("It panics", "On start.");
    ask("", "anthropic");
    groom_all();
    EXPECT_EQ(labels_set_on(bug), (Labels{"+priority/p2", "+status/ready", "+type/bug"})) << lines.str();
    EXPECT_EQ(asked().at(0).rung, "tool");
}

TEST_F(Asking, TheSameIssueIsNeverPaidForTwice) {
    auto const bug = issue("It panics", "On start.");
    ask();
    groom_all();
    make_due(bug);
    EXPECT_EQ(groom_all(), 1U);
    EXPECT_EQ(asked().size(), 1U) << "the stored decision was used";
    ask();  // another replica
    make_due(bug);
    EXPECT_EQ(groom_all(), 1U);
    EXPECT_EQ(asked().size(), 1U);
    groom::Target target;
    target.only = tracker::IssueRef{"o/r", bug};
    target.force = true;
    service->aim(target);
    tick();
    EXPECT_EQ(asked().size(), 2U) << "who forces it pays again";
}

TEST_F(Asking, ADryRunIsRememberedAndItsDecisionsAreApplied) {
    auto const bug = issue("It panics", "On start.");
    ask("", "openai", "mode: dry-run");
    groom_all();
    EXPECT_TRUE(effects().empty());
    EXPECT_EQ(outcome(bug), "planned");
    ask();
    groom_all();
    EXPECT_EQ(labels_set_on(bug).size(), 3U);
    EXPECT_EQ(asked().size(), 1U);
}

TEST_F(Asking, WhatItIsNotCertainOfIsLeftAlone) {
    auto const bug = issue("It panics", "On start.");
    mind([](auto const&) { return answer("type/bug", "priority/p2", 0.5); });
    ask();
    groom_all();
    EXPECT_EQ(labels_set_on(bug), (Labels{"+status/ready"}));
    EXPECT_EQ(judgement(bug).find("type")->reason, "not certain enough of type/bug (50 %)");
}

TEST_F(Asking, ALabelThatPeopleAloneSetIsToldToThemAndNotSet) {
    auto const bug = issue("It panics", "On start.");
    mind([](auto const&) { return answer("type/bug", "priority/p0", 0.95); });
    ask();
    groom_all();
    EXPECT_EQ(labels_set_on(bug), (Labels{"+status/ready", "+type/bug"}));
    EXPECT_EQ(metric("groomer_decisions_total{family=\"priority\",outcome=\"escalated\",source=\"model\"}"), "1");
    EXPECT_NE(lines.str().find("an issue may need a label that people alone set"), std::string::npos);
    EXPECT_EQ(value("SELECT reason LIKE '%priority/p0 is set by people only: It says so.%' FROM groomer.issue"), "t");
}

TEST_F(Asking, AFamilyIsPromotedByItself) {
    auto const bug = issue("It panics", "On start.");
    ask("", "openai", "mode: apply, labels: {priority: {promoted: false}}");
    groom_all();
    EXPECT_EQ(labels_set_on(bug), (Labels{"+status/ready", "+type/bug"}));
    EXPECT_EQ(value("SELECT reason LIKE '%would be priority/p2, and is not promoted%' FROM groomer.issue"), "t");
    ask();
    groom_all();
    EXPECT_EQ(labels_set_on(bug), (Labels{"+priority/p2", "+status/ready", "+type/bug"}));
    EXPECT_EQ(asked().size(), 1U) << "and nothing is paid for twice";
}

TEST_F(Asking, AnAnswerThatCannotBeUsedIsRepairedOnce) {
    auto const bug = issue("It panics", "On start.");
    mind([count = 0](auto const&) mutable {
        return ++count == 1 ? answer("type/bugs", "priority/p2", 0.95) : answer("type/bug", "priority/p2", 0.95);
    });
    ask();
    groom_all();
    EXPECT_EQ(asked().size(), 2U);
    EXPECT_EQ(labels_set_on(bug), (Labels{"+priority/p2", "+status/ready", "+type/bug"}));
    EXPECT_NE(asked().at(1).user.find("/decisions/type/value is none of: \"type/bug\""), std::string::npos)
        << "it was told what was wrong: " << asked().at(1).user;
    EXPECT_EQ(asked().at(1).user.find("type/bugs"), std::string::npos) << "in our words alone: its own may be a stranger's";
    EXPECT_EQ(metric("groomer_model_invalid_responses_total{model=\"m-1\",provider=\"openai\",reason=\"label\"}"), "1");
    EXPECT_EQ(value("SELECT flaw FROM groomer.model_call WHERE answer LIKE '%type/bugs%'"), "label") << "kept for inspection";
}

TEST_F(Asking, WhereNoAnswerComesTheLocalModelJudgesAndItIsAskedAgainAfterTheCooldown) {
    auto const bug = issue("It panics", "On start.");
    fault("unavailable:times=3");
    ask();
    groom_all();
    EXPECT_EQ(asked().size(), 3U);
    EXPECT_EQ(judgement(bug).by, "");
    EXPECT_TRUE(judgement(bug).fallback.starts_with("it answered 503")) << judgement(bug).fallback;
    EXPECT_EQ(
        value(
            "SELECT due_at BETWEEN clock_timestamp() + interval '23 hours' AND clock_timestamp() + interval '25 hours' FROM groomer.issue"),
        "t");
    make_due(bug);
    groom_all();
    EXPECT_EQ(judgement(bug).by, "openai/m-1");
}

TEST_F(Asking, WhatWasOfNoUseTwiceIsNotPaidForAgain) {
    auto const bug = issue("It panics", "On start.");
    mind([](auto const&) { return "no idea"; });
    ask();
    groom_all();
    EXPECT_EQ(asked().size(), 2U);
    EXPECT_NE(judgement(bug).fallback, "");
    make_due(bug);
    groom_all();
    EXPECT_EQ(asked().size(), 2U);
    EXPECT_NE(judgement(bug).fallback, "") << "and it still says why";
}

TEST_F(Asking, AnAnswerLargerThanIsReadSaysSoInItsRow) {
    auto const bug = issue("It panics", "On start.");
    fault("huge:times=1");
    ask();
    groom_all();
    EXPECT_EQ(judgement(bug).by, "openai/m-1") << "it was asked for once more";
    EXPECT_EQ(value("SELECT flaw || ' ' || settled FROM groomer.model_call ORDER BY id LIMIT 1"), "too_long true");
    EXPECT_EQ(value("SELECT output_tokens FROM groomer.model_call ORDER BY id LIMIT 1"), "2048") << "and counts as the most it can be";
    EXPECT_EQ(metric("groomer_model_invalid_responses_total{model=\"m-1\",provider=\"openai\",reason=\"too_long\"}"), "1");
}

TEST_F(Asking, WhatAReplicaThatDiedHadAskedIsNotAskedAgain) {
    auto const bug = issue("It panics", "On start.");
    ask();
    groom_all();
    database->query("UPDATE groomer.model_call SET settled = false");
    database->query("DELETE FROM groomer.decision");
    make_due(bug);
    groom_all();
    EXPECT_EQ(asked().size(), 1U);
    EXPECT_NE(judgement(bug).fallback.find("had asked already"), std::string::npos) << judgement(bug).fallback;
}

TEST_F(Asking, WhatItSaidOutlivesAnotherPrecision) {
    auto const bug = issue("It panics", "On start.");
    mind([](auto const&) { return answer("type/bug", "priority/p2", 0.8); });
    ask();
    groom_all();
    EXPECT_EQ(labels_set_on(bug), (Labels{"+status/ready"}));
    ask("", "openai",
        "mode: apply, labels: {type: {values: [type/bug, type/feature, type/question], min_precision: 0.7}, "
        "priority: {values: [priority/p0, priority/p1, priority/p2, priority/p3], never_set: [priority/p0]}}");
    groom_all();
    EXPECT_EQ(labels_set_on(bug), (Labels{"+status/ready", "+type/bug"}));
    EXPECT_EQ(asked().size(), 1U);
}

TEST_F(Asking, ARefusedKeyOpensTheBreakerAndIsNeverLogged) {
    for (int i = 0; i < 20; ++i) issue("It panics " + std::to_string(i), "On start.");
    environment["GROOMER_MODEL_API_KEY"] = "sk-wrong-secret";
    ask(", concurrency: 1");
    EXPECT_EQ(groom_all(), 20U);
    EXPECT_EQ(asked().size(), 1U);
    EXPECT_NE(lines.str().find("the model cannot be used"), std::string::npos);
    EXPECT_EQ(lines.str().find("sk-wrong-secret"), std::string::npos);
}

TEST_F(Asking, CandidatesAndExamplesOfTheRepositoryAreShown) {
    issue("Crash when the disk is full", "The program aborts when there is no space left on the device.", {"type/bug"});
    issue("Dark mode", "Please add a dark mode.", {"type/feature"});
    auto const again = issue("Abort when no space is left on the disk", "It crashes when the disk is full, no space left on device.");
    mind([&](fake_model::Question const& question) {
        bool const offered = question.user.find("Candidate 1 (open): Crash when the disk is full") != std::string::npos;
        return answer("type/bug", "priority/p2", 0.95, ready, "[]", offered ? "1" : "null");
    });
    ask();
    groom_all();
    EXPECT_EQ(judgement(again).duplicate_of, 1) << asked().at(0).user;
    auto const all = asked();
    auto const of_it =
        std::find_if(all.begin(), all.end(), [](auto const& entry) { return entry.user.find("# Issue 3 of") != std::string::npos; });
    ASSERT_NE(of_it, all.end());
    EXPECT_NE(of_it->user.find("Labelled type/bug: Crash when the disk is full"), std::string::npos) << of_it->user;
}

TEST_F(Asking, TheBudgetOfADayHoldsToOneCall) {
    for (int i = 0; i < 40; ++i) issue("It panics " + std::to_string(i), "On start.");
    ask(", concurrency: 8, budget: {usd_per_day: 0.02}, prices: {input_usd_per_mtok: 1, output_usd_per_mtok: 1}");
    EXPECT_EQ(groom_all(), 40U);
    double spent = 0, dearest = 0;  // the most that a call can cost: a token a byte, and what is added to that
    for (auto const& entry : asked()) {
        spent += static_cast<double>(entry.prompt_tokens + entry.completion_tokens) / 1e6;
        dearest = std::max(dearest, static_cast<double>(entry.bytes + 1024 + 2048) / 1e6);
    }
    EXPECT_LE(spent, 0.02);
    EXPECT_GT(spent, 0.02 - dearest) << "not one call more has room";
    EXPECT_LT(asked().size(), 40U);
    EXPECT_NE(lines.str().find("the budget of $0.02 a day is used up"), std::string::npos) << lines.str();
    auto const told = std::stod(value("SELECT sum(usd) FROM groomer.model_call"));
    EXPECT_NEAR(told, spent, 1e-9);
    EXPECT_EQ(value("SELECT count(*) FROM groomer.model_call WHERE NOT settled"), "0");
    auto const before = asked().size();
    ask(", concurrency: 8, budget: {usd_per_day: 0.02}, prices: {input_usd_per_mtok: 1, output_usd_per_mtok: 1}");
    database->query("UPDATE groomer.issue SET due_at = clock_timestamp()");
    groom_all();
    EXPECT_EQ(asked().size(), before) << "another replica knows of it";
}

// A proxy may tell a usage of zeros: that is not known, and counts as the most that it can be.
TEST_F(Asking, ABudgetHoldsWhereTheUsageIsToldAsNothing) {
    for (auto const* provider : {"openai", "anthropic"}) {
        SCOPED_TRACE(provider);
        issues.clear();
        database = std::make_unique<test::TestDatabase>();
        std::filesystem::remove(path.string() + ".groomer.jsonl");
        model_server.with_state([](test::State& state) { state.log.clear(); });
        for (int i = 0; i < 20; ++i) issue("It panics " + std::to_string(i), "On start.");
        fault("zero_usage");
        ask(", concurrency: 1, budget: {usd_per_day: 0.02}, prices: {input_usd_per_mtok: 1, output_usd_per_mtok: 1}", provider);
        EXPECT_EQ(groom_all(), 20U);
        EXPECT_GT(asked().size(), 0U);
        EXPECT_LT(asked().size(), 10U);
        EXPECT_GT(std::stod(value("SELECT sum(usd) FROM groomer.model_call")), 0.01);
    }
}

TEST_F(Asking, WhatIsShownAsLeftOfADayDoesNotOutlastIt) {
    for (int i = 0; i < 10; ++i) issue("It panics " + std::to_string(i), "On start.");
    ask(", budget: {usd_per_day: 0.02, usd_per_tick: 0.02}, prices: {input_usd_per_mtok: 1, output_usd_per_mtok: 1}");
    EXPECT_EQ(groom_all(), 10U);  // the last of these ticks was idle
    EXPECT_LT(std::stod(metric("groomer_model_budget_remaining_ratio{window=\"day\"}")), 0.9);
    EXPECT_EQ(metric("groomer_model_budget_remaining_ratio{window=\"tick\"}"), "1");
    database->query("UPDATE groomer.model_call SET at = at - interval '1 day'");
    tick();
    EXPECT_EQ(metric("groomer_model_budget_remaining_ratio{window=\"day\"}"), "1");
}

TEST_F(Asking, AnIssuesLifeHasABudget) {
    auto const bug = issue("It panics", "On start.");
    ask(", budget: {usd_per_issue: 0.015}, prices: {input_usd_per_mtok: 1, output_usd_per_mtok: 1}");
    groom::Target target;
    target.only = tracker::IssueRef{"o/r", bug};
    target.force = true;
    service->aim(target);
    for (int i = 0; i < 30; ++i) tick();
    EXPECT_LT(asked().size(), 30U);
    EXPECT_GT(asked().size(), 1U);
    auto const spent = std::stod(value("SELECT sum(usd) FROM groomer.model_call"));
    EXPECT_LE(spent, 0.015);
    EXPECT_NE(judgement(bug).fallback.find("an issue is used up"), std::string::npos);
}

TEST_F(Asking, TheBudgetOfTokensHoldsAndTheDayAfterHasItsOwn) {
    for (int i = 0; i < 40; ++i) issue("It panics " + std::to_string(i), "On start.");
    ask(", concurrency: 1, budget: {tokens_per_day: 20000}");
    groom_all();
    auto const first = asked().size();
    EXPECT_GT(first, 0U);
    EXPECT_LT(first, 40U);
    EXPECT_LE(std::stol(value("SELECT sum(input_tokens + output_tokens) FROM groomer.model_call")), 20000);
    EXPECT_NE(lines.str().find("tokens a day is used up"), std::string::npos) << lines.str();
    database->query("UPDATE groomer.model_call SET at = at - interval '1 day'");
    database->query("UPDATE groomer.issue SET due_at = clock_timestamp()");
    groom_all();
    EXPECT_GT(asked().size(), first);
}

TEST_F(Asking, TheBudgetOfATickHoldsAndTheNextHasItsOwn) {
    for (int i = 0; i < 40; ++i) issue("It panics " + std::to_string(i), "On start.");
    ask(", concurrency: 1, budget: {usd_per_tick: 0.015}, prices: {input_usd_per_mtok: 1, output_usd_per_mtok: 1}");
    tick();
    auto const first = asked().size();
    EXPECT_GT(first, 0U);
    EXPECT_LT(first, 40U);
    EXPECT_LE(std::stod(value("SELECT sum(usd) FROM groomer.model_call")), 0.015);
    EXPECT_NE(lines.str().find("a tick is used up"), std::string::npos) << lines.str();
    database->query("UPDATE groomer.issue SET due_at = clock_timestamp()");
    tick();
    EXPECT_GT(asked().size(), first);
}

TEST_F(Asking, AKeptAnswerThatCannotBeReadIsAskedForAnew) {
    auto const bug = issue("It panics", "On start.");
    ask();
    groom_all();
    database->query("UPDATE groomer.decision SET judgement = '{\"answer\": 7}'");
    make_due(bug);
    groom_all();
    EXPECT_EQ(asked().size(), 2U);
    make_due(bug);
    groom_all();
    EXPECT_EQ(asked().size(), 2U) << "and is kept in its place";
}

// The answer that is under way is awaited; what waits for its turn is judged by the model later, and not by less now.
TEST_F(Asking, AtAStopWhatWasNotAskedIsLeftForTheNextHolder) {
    for (int i = 0; i < 3; ++i) issue("It panics " + std::to_string(i), "On start.");
    mind([this](auto const&) {
        asio::post(*context, [this] { service->groom_loop().stop(); });
        return answer("type/bug", "priority/p2", 0.95);
    });
    ask(", concurrency: 1");
    auto const report = tick();
    EXPECT_TRUE(report.cut_short);
    EXPECT_EQ(asked().size(), 1U);
    EXPECT_EQ(value("SELECT count(*) FROM groomer.run"), "1") << lines.str();
    EXPECT_EQ(value("SELECT count(*) FROM groomer.lease"), "0");
    mind([](auto const&) { return answer("type/bug", "priority/p2", 0.95); });
    ask(", concurrency: 1");
    EXPECT_EQ(groom_all(), 2U);
    EXPECT_EQ(asked().size(), 3U) << lines.str();
}

// There is room for one request at a time: the others wait for it, and find that the tick ends.
TEST_F(Asking, AtAStopWhatWaitsForTheBudgetIsNotAsked) {
    for (int i = 0; i < 3; ++i) issue("It panics " + std::to_string(i), "On start.");
    mind([this](auto const&) {
        asio::post(*context, [this] { service->groom_loop().stop(); });
        return answer("type/bug", "priority/p2", 0.95);
    });
    ask(", concurrency: 8, budget: {usd_per_day: 0.003}, prices: {input_usd_per_mtok: 0, output_usd_per_mtok: 1}");
    tick();
    EXPECT_EQ(asked().size(), 1U);
    EXPECT_EQ(value("SELECT count(*) FROM groomer.run"), "1") << lines.str();
    EXPECT_EQ(value("SELECT count(*) FROM groomer.model_call"), "1") << "and what it had room for is free again";
}

}  // namespace
}  // namespace groomer
