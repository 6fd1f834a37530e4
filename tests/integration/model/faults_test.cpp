// Whatever a provider does: each issue ends decided by the model, by the local one, or abstained; none twice, none lost, and no budget
// is passed by more than a call. Judged by the fake's log, the effects and the database.
#include "integration/model/asking.hpp"

#include <map>
#include <set>

namespace groomer {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;
using fake_model::State;
using test::answer;
using test::Asking;

// Together about every third request. A limit makes all of them wait: it is rarer.
constexpr char const* faults[]{"rate_limit:p=0.004,retry_after=1s",
                               "rate_limit_bare:p=0.003",
                               "server_error:p=0.02",
                               "bad_gateway:p=0.02",
                               "unavailable:p=0.02",
                               "gateway_timeout:p=0.02",
                               "close_before:p=0.02",
                               "close_in_body:p=0.02",
                               "garbage:p=0.01",
                               "garbage_body:p=0.01",
                               "refusal:p=0.01",
                               "length:p=0.02",
                               "empty:p=0.02",
                               "null_content:p=0.02",
                               "content_filter:p=0.01",
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
                               "no_usage:p=0.02",
                               "absurd_usage:p=0.01",
                               "negative_usage:p=0.01",
                               "no_choices:p=0.01",
                               "context_length:p=0.01",
                               "too_large:p=0.005",
                               "huge:nth=200,times=1"};
// These keep everything away for minutes.
constexpr char const* refusals[]{"quota", "spend_limit", "unauthorized", "forbidden", "model_not_found", "gone"};

class Failing : public Asking {
protected:
    static constexpr int count = 2000;

    void SetUp() override {
        Asking::SetUp();
        if (IsSkipped()) return;
        model_server.with_state([](State& state) {
            state.log.keep_text = false;
            state.mind = fake_model::honest_mind(7);
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
};

TEST_F(Failing, EachIssueIsDecidedOnceAndTheBudgetHolds) {
    add_issues(count);
    for (auto const* rule : faults) fault(rule);
    constexpr double budget = 3, most_of_a_call = 0.006;
    ask(", concurrency: 32, timeout: 20s, budget: {usd_per_day: " + std::to_string(budget) +
            "}, prices: {input_usd_per_mtok: 1, output_usd_per_mtok: 1}",
        "openai", "mode: apply, batch: 500");
    EXPECT_EQ(groom_all(), static_cast<std::size_t>(count)) << "each once, none left";
    EXPECT_EQ(number("SELECT count(*) FROM groomer.run"), count);
    EXPECT_EQ(number("SELECT count(DISTINCT issue_id) FROM groomer.run"), count);
    EXPECT_EQ(number("SELECT count(*) FROM groomer.run WHERE outcome NOT IN ('applied', 'noop', 'abstained')"), 0);
    auto const by_model = number("SELECT count(*) FROM groomer.run WHERE judgement ->> 'by' = 'openai/m-1'"),
               fallback = number("SELECT count(*) FROM groomer.run WHERE judgement ->> 'fallback' <> ''");
    EXPECT_EQ(by_model + fallback, count) << "the others say why";
    EXPECT_GT(by_model, 200);
    EXPECT_GT(fallback, 50);
    std::set<std::string> seen;
    for (auto const& effect : effects())
        EXPECT_TRUE(seen.insert(std::to_string(effect.at("issue").as_int64()) + " " + std::string{effect.at("label").as_string()}).second)
            << json::serialize(effect);
    EXPECT_EQ(number("SELECT count(*) FROM groomer.model_call WHERE NOT settled"), 0);
    EXPECT_LE(spent(), budget + most_of_a_call);
    std::map<std::string, int> sprung;
    for (auto const& entry : asked()) ++sprung[entry.fault];
    for (auto const* rule : faults) {
        std::string const kind{rule, std::string_view{rule}.find(':')};
        EXPECT_GT(sprung[kind], 0) << kind << " never happened";
    }
}

TEST_F(Failing, WhereTheProviderRefusesUsTheLocalModelJudgesTheRest) {
    add_issues(20);
    for (auto const* kind : refusals) {
        model_server.with_state([](State& state) {
            state.faults = {};
            state.log.clear();
        });
        database = std::make_unique<test::TestDatabase>();
        std::filesystem::remove(path.string() + ".groomer.jsonl");
        fault(std::string{kind} + ":nth=3");
        ask(", concurrency: 1");
        EXPECT_EQ(groom_all(), 20U) << kind;
        EXPECT_EQ(asked().size(), 3U) << kind;
        EXPECT_EQ(number("SELECT count(*) FROM groomer.run WHERE judgement ->> 'by' = 'openai/m-1'"), 2) << kind;
        EXPECT_EQ(number("SELECT count(*) FROM groomer.run WHERE judgement ->> 'fallback' <> ''"), 18) << kind;
    }
}

}  // namespace
}  // namespace groomer
