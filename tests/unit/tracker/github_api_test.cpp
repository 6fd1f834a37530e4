#include "base/time_text.hpp"
#include "support/fake_http_client.hpp"
#include "support/jump_clock.hpp"
#include "support/run_task.hpp"
#include "tracker/github/api.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <utility>

namespace groomer::tracker::github {
namespace {

using namespace std::chrono_literals;
using groomer::test::FakeHttpClient;
using groomer::test::JumpClock;
using groomer::test::reply;
using groomer::test::run_task;
using groomer::test::run_tasks;
using groomer::test::sent_header;
using Kind = Answer::Kind;
using Stage = net::HttpError::Stage;

class GithubApi : public ::testing::Test {
protected:
    JumpClock clock_;
    FakeHttpClient client_;
    std::ostringstream out_;
    Log log_{out_, LogLevel::debug, Log::Format::json};
    std::string token_ = "secret-token";
    std::vector<Observation> seen_;
    std::shared_ptr<Api> api_ = make({});

    std::shared_ptr<Api> make(ApiOptions options) {
        ApiParts parts{client_,
                       clock_,
                       log_,
                       make_token_credentials([this] { return token_; }),
                       [this] { return clock_.wall(); },
                       [this](Observation const& seen) { seen_.push_back(seen); }};
        return std::make_shared<Api>(parts, options);
    }
    Answer get() {
        Call call{Route::issues, api_->url("/x")};
        return run_task(api_->send(std::move(call)));
    }
    Answer post(std::function<bool()> may_act = [] { return true; }) {
        Call call{Route::add_labels, api_->url("/x")};
        call.body = "{}";
        call.write = Write{"o/r", {77, std::move(may_act)}, Limits::Kind::write};
        return run_task(api_->send(std::move(call)));
    }
    std::chrono::seconds elapsed() const { return std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch()); }

    std::string const get_ = "GET https://api.github.com/x", post_ = "POST https://api.github.com/x";
};

TEST_F(GithubApi, a_request_says_who_it_is_of_and_what_it_takes) {
    client_.expect(get_, reply(200, "{}"));
    EXPECT_EQ(get().kind, Kind::ok);
    auto const& request = client_.requests().at(0);
    EXPECT_EQ(sent_header(request, "Authorization"), "Bearer secret-token");
    EXPECT_EQ(sent_header(request, "Accept"), "application/vnd.github+json, application/json;q=0.9");
    EXPECT_EQ(sent_header(request, "X-GitHub-Api-Version"), "2022-11-28");
    EXPECT_EQ(sent_header(request, "User-Agent"), "groomer");
    EXPECT_EQ(sent_header(request, "X-Groomer-Term"), "");
    client_.expect(post_, reply(200, "{}"));
    EXPECT_EQ(post().kind, Kind::ok);
    EXPECT_EQ(sent_header(client_.requests().at(1), "X-Groomer-Term"), "77");
    EXPECT_EQ(sent_header(client_.requests().at(1), "Content-Type"), "application/json");
    ASSERT_EQ(seen_.size(), 2U);
    EXPECT_EQ(seen_[1].method, "POST");
    EXPECT_EQ(seen_[1].status, 200);
}

TEST_F(GithubApi, without_a_token_nothing_is_said_of_one) {
    token_ = "";
    client_.expect(get_, reply(200));
    get();
    EXPECT_EQ(sent_header(client_.requests().at(0), "Authorization"), "");
    EXPECT_EQ(run_task(api_->own_account()).login, "");
    EXPECT_EQ(client_.requests().size(), 1U);
}

TEST_F(GithubApi, what_reads_is_tried_three_times_with_growing_pauses) {
    client_.expect(get_, reply(502));
    client_.expect(get_, net::HttpError{Stage::receive, true, "connection reset"});
    client_.expect(get_, reply(200));
    EXPECT_EQ(get().kind, Kind::ok);
    EXPECT_EQ(clock_.now().time_since_epoch(), 500ms + 2s);
    for (int i = 0; i < 3; ++i) client_.expect(get_, net::HttpError{Stage::resolve, false, "no such host"});
    auto const answer = get();
    EXPECT_EQ(answer.kind, Kind::failed);
    EXPECT_EQ(answer.reason, "no such host");
    EXPECT_EQ(client_.left(), 0U);
}

TEST_F(GithubApi, a_write_that_failed_is_never_repeated_blindly) {
    client_.expect(post_, reply(500));
    auto answer = post();
    EXPECT_EQ(answer.kind, Kind::failed);
    EXPECT_TRUE(answer.may_have_arrived);
    client_.expect(post_, net::HttpError{Stage::receive, true, "cut"});
    EXPECT_TRUE(post().may_have_arrived);
    client_.expect(post_, net::HttpError{Stage::connect, false, "refused"});
    EXPECT_FALSE(post().may_have_arrived);
    EXPECT_EQ(client_.requests().size(), 3U);
}

TEST_F(GithubApi, a_guard_that_says_no_sends_nothing) {
    EXPECT_EQ(post([] { return false; }).kind, Kind::withheld);
    EXPECT_TRUE(client_.requests().empty());
    EXPECT_TRUE(seen_.empty());
}

TEST_F(GithubApi, the_guard_is_asked_after_the_pace_was_waited_for) {
    client_.expect(post_, reply(200));
    post();
    auto const before = clock_.now();
    client_.expect(post_, reply(200));
    BootTime::time_point asked{};
    post([&] {
        asked = clock_.now();
        return true;
    });
    EXPECT_EQ(asked - before, 1s);
}

TEST_F(GithubApi, the_pace_is_kept_by_those_whose_guard_was_waited_for_meanwhile) {
    ApiOptions options;
    options.pace.comments_per_minute = 1;
    options.patience = 5min;
    api_ = make(options);
    client_.answer_with([](net::ClientRequest const&) { return reply(201); });
    WriteGuard guard{77, [] { return true; },
                     [this]() -> Task<bool> {
                         co_await clock_.sleep_for(1s);
                         co_return true;
                     }};
    std::vector<Task<Answer>> tasks;
    for (std::string const repo : {"o/a", "o/b", "o/c"}) {
        Call call{Route::add_comment, api_->url("/x")};
        call.body = "{}";
        call.write = Write{repo, guard, Limits::Kind::content};
        tasks.push_back(api_->send(std::move(call)));
    }
    for (auto const& answer : run_tasks(std::move(tasks))) EXPECT_EQ(answer.kind, Kind::ok);
    EXPECT_EQ(client_.requests().size(), 3U);
    EXPECT_GE(elapsed(), 120s);
}

TEST_F(GithubApi, a_busy_server_that_says_for_how_long_is_obeyed) {
    client_.expect(get_, reply(503, "", {{"retry-after", "7"}}));
    client_.expect(get_, reply(200));
    EXPECT_EQ(get().kind, Kind::ok);
    EXPECT_EQ(elapsed(), 7s);
    client_.expect(post_, reply(503, "", {{"retry-after", "600"}}));
    auto const write = post();
    EXPECT_EQ(write.kind, Kind::failed);
    EXPECT_TRUE(write.may_have_arrived) << "it may yet have had its effect";
    for (int i = 0; i < 3; ++i) client_.expect(get_, reply(503, "", {{"retry-after", "600"}}));
    EXPECT_EQ(get().kind, Kind::failed) << "not a limit";
    EXPECT_EQ(elapsed(), 37s) << "10 s before each try";
}

TEST_F(GithubApi, a_short_limit_is_waited_for_by_reads_and_writes) {
    client_.expect(get_, reply(429, "", {{"retry-after", "5"}}));
    client_.expect(get_, reply(200));
    EXPECT_EQ(get().kind, Kind::ok);
    EXPECT_EQ(elapsed(), 5s);
    client_.expect(post_, reply(403, R"({"message":"You have exceeded a secondary rate limit"})", {{"retry-after", "7"}}));
    client_.expect(post_, reply(200));
    EXPECT_EQ(post().kind, Kind::ok);
    EXPECT_EQ(elapsed(), 12s);
}

TEST_F(GithubApi, a_long_limit_is_an_answer_and_nothing_more_is_sent_before_it_ends) {
    client_.expect(get_, reply(403, R"({"message":"API rate limit exceeded"})"));
    auto const answer = get();
    EXPECT_EQ(answer.kind, Kind::limited);
    EXPECT_EQ(answer.until, clock_.wall() + 60s);
    EXPECT_EQ(post().kind, Kind::limited);
    EXPECT_EQ(client_.requests().size(), 1U);
    clock_.advance(60s);
    client_.expect(get_, reply(200));
    EXPECT_EQ(get().kind, Kind::ok);
}

TEST_F(GithubApi, a_limit_that_never_ends_does) {
    for (int i = 0; i < 3; ++i) client_.expect(get_, reply(429, "", {{"retry-after", "1"}}));
    EXPECT_EQ(get().kind, Kind::limited);
    EXPECT_EQ(client_.left(), 0U);
}

TEST_F(GithubApi, a_refused_token_that_has_changed_meanwhile_is_tried_once_more) {
    client_.expect(get_, reply(401, R"({"message":"Bad credentials"})"));
    EXPECT_EQ(get().kind, Kind::unauthorized);
    client_.answer_with([this](net::ClientRequest const& request) {
        auto const old = sent_header(request, "Authorization") == "Bearer secret-token";
        token_ = "new-token";
        return reply(old ? 401 : 200);
    });
    EXPECT_EQ(get().kind, Kind::ok);
    EXPECT_EQ(client_.requests().size(), 3U);
}

TEST_F(GithubApi, no_more_requests_at_once_than_are_allowed) {
    ApiOptions options;
    options.at_once = 3;
    api_ = make(options);
    client_.answer_with([](net::ClientRequest const&) { return reply(200); });
    std::vector<Task<Answer>> tasks;
    for (int i = 0; i < 20; ++i) {
        Call call{Route::issues, api_->url("/x")};
        tasks.push_back(api_->send(std::move(call)));
    }
    run_tasks(std::move(tasks));
    EXPECT_EQ(client_.requests().size(), 20U);
    EXPECT_EQ(client_.most_at_once(), 3U);
}

TEST_F(GithubApi, our_account_is_asked_for_once_a_token) {
    client_.answer_with([](net::ClientRequest const& request) {
        EXPECT_EQ(request.url, "https://api.github.com/user");
        return reply(200, R"({"login":"me","id":5})");
    });
    std::vector<Task<Account>> tasks;
    for (int i = 0; i < 5; ++i) tasks.push_back(api_->own_account());
    for (auto const& account : run_tasks(std::move(tasks))) EXPECT_EQ(account.id, 5);
    EXPECT_EQ(client_.requests().size(), 1U);
    token_ = "another";
    run_task(api_->own_account());
    EXPECT_EQ(client_.requests().size(), 2U);
}

TEST_F(GithubApi, a_token_without_an_account_is_nobodys) {
    client_.expect("GET https://api.github.com/user", reply(403, R"({"message":"Resource not accessible by integration"})"));
    EXPECT_EQ(run_task(api_->own_account()).login, "");
    EXPECT_EQ(run_task(api_->own_account()).login, "");
    EXPECT_EQ(client_.requests().size(), 1U);
    EXPECT_NE(out_.str().find("another bot's"), std::string::npos);
}

TEST_F(GithubApi, no_secret_is_in_what_is_said) {
    client_.expect(get_, reply(401, R"({"message":"Bad credentials"})"));
    auto const answer = get();
    try {
        fail(answer, "x");
    } catch (Error const& e) {
        EXPECT_EQ(e.code(), ErrorCode::credentials);
        EXPECT_EQ(std::string{e.what()}.find("secret-token"), std::string::npos);
        EXPECT_NE(std::string{e.what()}.find("token_file"), std::string::npos);
    }
    EXPECT_EQ(out_.str().find("secret-token"), std::string::npos);
}

}  // namespace
}  // namespace groomer::tracker::github
