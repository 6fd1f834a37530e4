// Whatever a provider does: each issue ends decided by the model, by the local one, or abstained; none twice, none lost, and no budget
// is passed by more than a call. Judged by the fake's log, the effects and the database.
#include "integration/model/asking.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace groomer {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;
using fake_model::State;
using test::answer;
using test::Asking;

using Rules = std::vector<std::string>;

// Together about every third request. A limit makes all of them wait: it is rarer. Five failures in a row would open the breaker for as
// long as the run takes.
Rules const faults{"rate_limit:nth=150,every=600,retry_after=1s",
                   "rate_limit_date:nth=250,every=600",
                   "rate_limit_bare:nth=350,every=600",
                   "server_error:p=0.01",
                   "bad_gateway:p=0.01",
                   "unavailable:p=0.01",
                   "gateway_timeout:p=0.01",
                   "close_before:p=0.01",
                   "close_in_body:p=0.01",
                   "silent:p=0.01",
                   "garbage:p=0.01",
                   "garbage_body:p=0.01",
                   "refusal:p=0.01",
                   "length:p=0.02",
                   "empty:p=0.02",
                   "null_content:p=0.02",
                   "not_json:p=0.02",
                   "other_shape:p=0.02",
                   "fenced:p=0.02",
                   "nul_bytes:p=0.01",
                   "nul_escapes:p=0.01",
                   "unknown_label:p=0.02",
                   "contradiction:p=0.02",
                   "duplicate_keys:p=0.01",
                   "wrong_duplicate:p=0.02",
                   "numbers_as_strings:p=0.01",
                   "no_usage:p=0.01",
                   "absurd_usage:p=0.01",
                   "negative_usage:p=0.01",
                   "zero_usage:p=0.01",
                   "no_choices:p=0.01",
                   "context_length:p=0.01",
                   "too_large:p=0.01",
                   "huge:nth=200,times=1"};
// Once a server has refused a shape, it is asked in the next one: late, so that both are seen.
Rules const of_openai{"content_filter:p=0.01", "no_json_schema:nth=400,p=0.05", "no_json_object:p=0.5"};
Rules const of_anthropic{"overloaded:p=0.01", "text_for_tool:p=0.02", "several_blocks:p=0.02"};
// These keep everything away for minutes.
Rules const refusals{"quota", "spend_limit", "unauthorized", "forbidden", "model_not_found", "gone"};

// Where no schema is enforced, the model is told it.
json::object told_schema(std::string const& system) {
    constexpr std::string_view before = "follows this schema:\n";
    auto const at = system.find(before);
    return at == std::string::npos ? json::object{} : json::parse(system.substr(at + before.size())).as_object();
}

class Failing : public Asking {
protected:
    void SetUp() override {
        Asking::SetUp();
        if (IsSkipped()) return;
        model_server.with_state([](State& state) {
            state.log.keep_text = false;
            state.mind = [honest = fake_model::honest_mind(7)](fake_model::Question question) {
                if (question.schema.empty()) question.schema = told_schema(question.system);
                return honest(question);
            };
        });
    }
    void add_issues(int number) {
        for (int i = 0; i < number; ++i)
            issue("It stops at step " + std::to_string(i), "Start it and look at step " + std::to_string(i) + ".");
    }
    // By the fake's log: what was worked on, whether or not its answer arrived. No service says more than it was asked for, as the
    // fake does when it is huge.
    double spent() {
        constexpr std::size_t asked_for = 2048;
        double out = 0;
        for (auto const& entry : asked())
            if (entry.status == 200 || entry.status == 0)
                out += static_cast<double>(entry.prompt_tokens + std::min(entry.completion_tokens, asked_for)) / 1e6;
        return out;
    }
    std::int64_t number(std::string const& sql) { return database->query(sql).at(0).integer(0); }

    void survive(std::string const& provider, Rules rules) {
        constexpr int count = 1000;
        constexpr double budget = 2, most_of_a_call = 0.006;
        add_issues(count);
        rules.insert(rules.end(), faults.begin(), faults.end());
        for (auto const& rule : rules) fault(rule);
        ask(", concurrency: 32, timeout: 4s, budget: {usd_per_day: " + std::to_string(budget) +
                "}, prices: {input_usd_per_mtok: 1, output_usd_per_mtok: 1}",
            provider, "mode: apply, batch: 500");
        EXPECT_EQ(groom_all(), static_cast<std::size_t>(count)) << "each once, none left";
        EXPECT_EQ(number("SELECT count(*) FROM groomer.run"), count);
        EXPECT_EQ(number("SELECT count(DISTINCT issue_id) FROM groomer.run"), count);
        EXPECT_EQ(number("SELECT count(*) FROM groomer.run WHERE outcome NOT IN ('applied', 'noop', 'abstained')"), 0);
        auto const by_model = number("SELECT count(*) FROM groomer.run WHERE judgement ->> 'by' = '" + provider + "/m-1'"),
                   fallback = number("SELECT count(*) FROM groomer.run WHERE judgement ->> 'fallback' <> ''");
        EXPECT_EQ(by_model + fallback, count) << "the others say why";
        EXPECT_GT(by_model, 200);
        EXPECT_GT(fallback, 50);
        std::set<std::string> seen;
        for (auto const& effect : effects())
            EXPECT_TRUE(
                seen.insert(std::to_string(effect.at("issue").as_int64()) + " " + std::string{effect.at("label").as_string()}).second)
                << json::serialize(effect);
        EXPECT_EQ(number("SELECT count(*) FROM groomer.model_call WHERE NOT settled"), 0);
        EXPECT_LE(spent(), budget + most_of_a_call);
        std::map<std::string, int> sprung;
        for (auto const& entry : asked()) ++sprung[entry.fault];
        for (auto const& rule : rules) EXPECT_GT(sprung[rule.substr(0, rule.find(':'))], 0) << rule << " never happened";
    }
    // A replica for each kind: a breaker lasts as long as it does. What was said is forgotten.
    void be_refused(std::string const& provider, Rules const& kinds) {
        constexpr int count = 8;
        add_issues(count);
        for (auto const& kind : kinds) {
            SCOPED_TRACE(kind);
            model_server.with_state([](State& state) {
                state.faults = {};
                state.log.clear();
            });
            fault(kind + ":nth=3");
            ask(", concurrency: 1", provider);
            auto const last = value("SELECT coalesce(max(id), 0) FROM groomer.run");
            for (auto const* sql :
                 {"DELETE FROM groomer.decision", "DELETE FROM groomer.model_call", "UPDATE groomer.issue SET due_at = clock_timestamp()"})
                database->query(sql);
            EXPECT_EQ(groom_all(), static_cast<std::size_t>(count));
            EXPECT_EQ(asked().size(), 3U);
            auto const runs = "SELECT count(*) FROM groomer.run WHERE id > " + last;
            EXPECT_EQ(number(runs + " AND judgement ->> 'by' = '" + provider + "/m-1'"), 2);
            EXPECT_EQ(number(runs + " AND judgement ->> 'fallback' <> ''"), count - 2);
        }
    }
};

TEST_F(Failing, EachIssueIsDecidedOnceAndTheBudgetHolds) { survive("openai", of_openai); }

TEST_F(Failing, EachIssueIsDecidedOnceAndTheBudgetHoldsAtAnthropic) { survive("anthropic", of_anthropic); }

TEST_F(Failing, WhereTheProviderRefusesUsTheLocalModelJudgesTheRest) { be_refused("openai", refusals); }

TEST_F(Failing, WhereAnthropicRefusesUsTheLocalModelJudgesTheRest) {
    auto kinds = refusals;
    kinds.emplace_back("credit");
    be_refused("anthropic", kinds);
}

}  // namespace
}  // namespace groomer
