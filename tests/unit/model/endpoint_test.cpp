#include "model/endpoint.hpp"
#include "support/fake_http_client.hpp"
#include "support/jump_clock.hpp"
#include "support/run_task.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace groomer::model {
namespace {

using namespace std::chrono_literals;
using groomer::test::FakeHttpClient;
using groomer::test::JumpClock;
using groomer::test::reply;
using groomer::test::run_task;
using Stage = net::HttpError::Stage;

class Wallet : public Payer {
public:
    Task<std::optional<std::string>> before() override {
        if (clock) co_await clock->sleep_for(wait);
        if (empty) co_return "the wallet is empty";
        ++begun;
        co_return std::nullopt;
    }
    Task<> after(Worked how, std::optional<Usage>) override {
        ended.push_back(how);
        co_return;
    }
    bool may_send() const override { return true; }

    bool empty = false;
    Clock* clock = nullptr;  // of `wait`
    BootTime::duration wait{0};
    int begun = 0;
    std::vector<Worked> ended;
};

class EndpointTest : public ::testing::Test {
protected:
    JumpClock clock_;
    FakeHttpClient client_;
    std::ostringstream out_;
    Log log_{out_, LogLevel::debug, Log::Format::json};
    std::vector<int> seen_;
    Wallet wallet_;
    Endpoint endpoint_{{client_, clock_, log_, [this] { return clock_.wall(); }, [this](Exchange const& e) { seen_.push_back(e.status); }},
                       {.provider = "openai", .base_url = "https://m.example/v1", .model = "m-1", .key = "secret-key"}};

    Outcome ask() {
        auto asking = endpoint_.ask({"s", {{true, "q"}}, "{}", 100}, wallet_);
        return run_task(std::move(asking));
    }
    void expect(int status, std::string body = "{}", std::vector<net::Header> headers = {}) {
        client_.expect(line_, reply(status, std::move(body), std::move(headers)));
    }
    void expect_answer() { expect(200, answer_); }
    void expect_error(Stage stage, bool arrived) { client_.expect(line_, net::HttpError{stage, arrived, "the connection broke"}); }
    std::chrono::milliseconds elapsed() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now().time_since_epoch());
    }

    std::string const line_ = "POST https://m.example/v1/chat/completions";
    std::string const answer_ = R"({"choices":[{"message":{"content":"{}"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}})";
};

TEST_F(EndpointTest, one_question_is_one_request) {
    expect_answer();
    auto const outcome = ask();
    ASSERT_TRUE(outcome.reply);
    EXPECT_EQ(outcome.reply->text, "{}");
    EXPECT_EQ(wallet_.ended, std::vector{Payer::Worked::yes});
    EXPECT_EQ(groomer::test::sent_header(client_.requests().at(0), "Authorization"), "Bearer secret-key");
    EXPECT_EQ(seen_, std::vector{200});
}

TEST_F(EndpointTest, nothing_goes_that_is_not_paid_for) {
    wallet_.empty = true;
    auto const outcome = ask();
    EXPECT_FALSE(outcome.reply);
    EXPECT_EQ(outcome.why, "the wallet is empty");
    EXPECT_TRUE(client_.requests().empty());
}

TEST_F(EndpointTest, what_failed_is_tried_three_times_within_the_deadline) {
    for (int i = 0; i < 3; ++i) expect(i == 1 ? 529 : 500, R"({"error":{"message":"overloaded"}})");
    auto const outcome = ask();
    EXPECT_FALSE(outcome.reply);
    EXPECT_EQ(outcome.why, "it answered 500: overloaded");
    EXPECT_EQ(wallet_.begun, 3);
    EXPECT_EQ(wallet_.ended, (std::vector{Payer::Worked::perhaps, Payer::Worked::no, Payer::Worked::perhaps})) << "529: nobody took it up";
    EXPECT_EQ(elapsed(), 2500ms);
    EXPECT_EQ(client_.left(), 0U);
}

TEST_F(EndpointTest, what_broke_off_may_have_been_paid_for) {
    expect_error(Stage::receive, true);
    expect_error(Stage::connect, false);
    expect_answer();
    EXPECT_TRUE(ask().reply);
    EXPECT_EQ(wallet_.ended, (std::vector{Payer::Worked::perhaps, Payer::Worked::no, Payer::Worked::yes}));
}

TEST_F(EndpointTest, a_limit_is_waited_for_as_it_says_and_is_no_failure) {
    for (int i = 0; i < 5; ++i)
        expect(429, R"({"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}})", {{"Retry-After", "3"}});
    expect_answer();
    EXPECT_TRUE(ask().reply);
    EXPECT_EQ(elapsed(), 15s);
}

TEST_F(EndpointTest, a_limit_beyond_the_deadline_is_not_waited_for) {
    expect(429, "{}", {{"retry-after", "120"}});
    auto const outcome = ask();
    EXPECT_FALSE(outcome.reply);
    EXPECT_EQ(elapsed(), 0s);
    EXPECT_EQ(ask().why, "its limit lets nothing go for 2m") << "and is known to the next question";
    EXPECT_EQ(client_.left(), 0U);
}

TEST_F(EndpointTest, where_only_people_can_help_nothing_more_is_asked_for_five_minutes) {
    std::pair<int, std::string> const refusals[] = {
        {401, "{}"},
        {403, "{}"},
        {404, "{}"},
        {410, "{}"},
        {429, R"({"error":{"code":"insufficient_quota","message":"You exceeded your current quota"}})"},
        {400, R"({"error":{"message":"Your credit balance is too low"}})"}};
    for (auto const& [status, body] : refusals) {
        auto const before = client_.requests().size();
        expect(status, body);
        EXPECT_FALSE(ask().reply) << status;
        EXPECT_FALSE(ask().reply) << status;
        EXPECT_EQ(client_.requests().size(), before + 1) << status;
        EXPECT_FALSE(endpoint_.may_be_asked());
        run_task([](Clock& clock) -> Task<bool> {
            co_await clock.sleep_for(300s);
            co_return true;
        }(clock_));
    }
    EXPECT_EQ(out_.str().find("secret-key"), std::string::npos);
}

TEST_F(EndpointTest, the_ladder_goes_down_once_for_all_questions) {
    expect(400, R"({"error":{"message":"response_format json_schema is not supported"}})");
    expect(400, R"({"error":{"message":"response_format json_object is not supported"}})");
    expect_answer();
    EXPECT_TRUE(ask().reply);
    expect_answer();
    EXPECT_TRUE(ask().reply);
    EXPECT_EQ(client_.left(), 0U);
    EXPECT_EQ(client_.requests().at(3).body.find("response_format"), std::string::npos);
}

TEST_F(EndpointTest, a_question_that_is_refused_opens_no_breaker) {
    for (int i = 0; i < 10; ++i) {
        expect(400, R"({"error":{"message":"maximum context length is 8192 tokens"}})");
        EXPECT_EQ(ask().why, "it answered 400: maximum context length is 8192 tokens");
    }
    EXPECT_TRUE(endpoint_.may_be_asked());
}

TEST_F(EndpointTest, a_shape_that_one_question_was_refused_in_is_kept_for_the_others_until_another_was_answered) {
    expect(400, R"({"error":{"message":"json_schema: too many enum values"}})");
    expect(400, R"({"error":{"message":"json_object is not supported"}})");
    expect(400, R"({"error":{"message":"no"}})");
    EXPECT_FALSE(ask().reply);
    expect_answer();
    EXPECT_TRUE(ask().reply);
    EXPECT_NE(client_.requests().back().body.find("json_schema"), std::string::npos);
}

TEST_F(EndpointTest, a_server_that_asks_for_no_pause_gets_one) {
    for (int i = 0; i < 4; ++i) expect(429, "{}", {{"retry-after", "0"}});
    expect_answer();
    EXPECT_TRUE(ask().reply);
    EXPECT_EQ(elapsed(), 250ms + 500ms + 1s + 2s);
}

TEST_F(EndpointTest, an_ordinary_limit_that_speaks_of_billing_is_a_limit) {
    expect(429, R"({"error":{"code":"rate_limit_exceeded","message":"Rate limit reached. Add a payment method at /account/billing."}})",
           {{"retry-after", "1"}});
    expect_answer();
    EXPECT_TRUE(ask().reply);
}

TEST_F(EndpointTest, a_key_that_the_server_repeats_is_not_told) {
    for (auto const& body :
         {std::string{R"({"error":{"message":"Received API Key = secret-key"}})"}, std::string(295, 'x') + "secret-key"}) {
        expect(401, body);
        auto const outcome = ask();
        EXPECT_EQ((outcome.why + out_.str()).find("secret"), std::string::npos) << outcome.why;
        run_task([](Clock& clock) -> Task<bool> {
            co_await clock.sleep_for(300s);
            co_return true;
        }(clock_));
    }
    client_.expect("GET https://m.example/v1/models", reply(401, R"({"error":{"message":"secret-key is wrong"}})"));
    EXPECT_EQ(run_task(endpoint_.examine()).problem.value_or(Problem{}).why, "it answered 401: (the key) is wrong");
}

TEST_F(EndpointTest, nor_is_one_that_comes_escaped) {
    Endpoint endpoint{{client_, clock_, log_, [this] { return clock_.wall(); }, {}},
                      {.provider = "openai", .base_url = "https://m.example/v1", .model = "m-1", .key = "se/cret+key="}};
    expect(401, R"({"error":{"message":"se\/cret\u002bkey= is wrong"}})");
    auto asking = endpoint.ask({"s", {{true, "q"}}, "{}", 100}, wallet_);
    EXPECT_EQ(run_task(std::move(asking)).why, "it answered 401: (the key) is wrong");
}

TEST_F(EndpointTest, what_waited_too_long_for_its_budget_is_not_sent_and_opens_no_breaker) {
    for (int i = 0; i < 10; ++i) {
        wallet_.clock = &clock_;
        wallet_.wait = 61s;
        EXPECT_EQ(ask().why, "no time was left for it");
    }
    EXPECT_TRUE(client_.requests().empty());
    EXPECT_EQ(wallet_.ended.size(), 10U);
    EXPECT_TRUE(endpoint_.may_be_asked());
}

TEST_F(EndpointTest, a_trial_that_was_not_made_leaves_the_next_one_to_go) {
    for (int i = 0; i < 2; ++i) {
        for (int tries = 0; tries < 3; ++tries)
            if (i * 3 + tries < 5) expect(500);
        ask();
    }
    EXPECT_FALSE(endpoint_.may_be_asked());
    run_task([](Clock& clock) -> Task<bool> {
        co_await clock.sleep_for(30s);
        co_return true;
    }(clock_));
    wallet_.empty = true;
    EXPECT_FALSE(ask().reply);
    wallet_.empty = false;
    expect_answer();
    EXPECT_TRUE(ask().reply);
}

TEST_F(EndpointTest, an_answer_too_large_is_of_no_use_and_may_have_cost_something) {
    expect_error(Stage::too_large, true);
    auto const outcome = ask();
    ASSERT_TRUE(outcome.reply);
    EXPECT_EQ(outcome.reply->flaw, Flaw::too_long);
    EXPECT_EQ(wallet_.ended, std::vector{Payer::Worked::yes});
}

TEST_F(EndpointTest, examining_asks_for_the_list_of_models) {
    client_.expect("GET https://m.example/v1/models", reply(200, "{}"));
    EXPECT_FALSE(run_task(endpoint_.examine()).problem);
    client_.expect("GET https://m.example/v1/models", reply(401, R"({"error":{"message":"Incorrect API key"}})"));
    auto const problem = run_task(endpoint_.examine()).problem;
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->why, "it answered 401: Incorrect API key");
    EXPECT_TRUE(problem->refused);
    client_.expect("GET https://m.example/v1/models", reply(404, "no such page"));
    auto const examined = run_task(endpoint_.examine());
    EXPECT_FALSE(examined.problem) << "not every server has one";
    EXPECT_FALSE(examined.told) << "which says nothing of the key";
}

TEST(Refusal, a_spent_limit_of_anthropics_is_for_people_to_raise) {
    auto const body =
        R"({"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits."}})";
    EXPECT_EQ(judge(reply(400, body), {}).kind, Judged::Kind::endpoint);
}

TEST(Refusal, a_date_is_a_wait_and_never_too_long_a_one) {
    auto const now = WallTime{std::chrono::seconds{1'709'208'000}};  // Thu, 29 Feb 2024 12:00:00 GMT
    std::pair<std::string, std::chrono::milliseconds> const waits[] = {{"Thu, 29 Feb 2024 12:00:07 GMT", 7s},
                                                                       {"Thu, 29 Feb 2024 11:00:00 GMT", 1s},
                                                                       {"Thu, 28 Feb 2199 11:00:00 GMT", 1h},
                                                                       {"1e308", 1h},
                                                                       {"0.25", 250ms}};
    for (auto const& [value, wait] : waits) EXPECT_EQ(judge(reply(429, "{}", {{"retry-after", value}}), now).after, wait) << value;
    for (auto const* value : {"", "soon", "-3", "nan"})
        EXPECT_EQ(judge(reply(429, "{}", {{"retry-after", value}}), now).after, std::nullopt);
}

}  // namespace
}  // namespace groomer::model
