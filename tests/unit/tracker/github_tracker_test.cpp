#include "tracker/github/github_tracker.hpp"

#include "base/time_text.hpp"
#include "support/fake_http_client.hpp"
#include "support/jump_clock.hpp"
#include "support/run_task.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <sstream>
#include <stdexcept>
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
using Stage = net::HttpError::Stage;
using Labels = std::vector<std::string>;

std::string const base = "https://api.github.com/repos/o/r";
std::string const list = base + "/issues?state=all&sort=updated&direction=asc&per_page=100";

class GithubTracker : public ::testing::Test {
protected:
    JumpClock clock_;
    FakeHttpClient client_;
    std::ostringstream out_;
    Log log_{out_, LogLevel::debug, Log::Format::json};
    std::shared_ptr<Tracker> tracker_ = make();
    int asked_ = 0;

    std::shared_ptr<Tracker> make() {
        ApiParts parts{client_, clock_, log_, make_token_credentials([] { return "t"; }), [this] { return clock_.wall(); }};
        Options options;
        options.repo = "o/r";
        return make_github_tracker({std::make_shared<Api>(parts, ApiOptions{})}, options);
    }
    WriteGuard guard() {
        return {77, [this] {
                    ++asked_;
                    return true;
                }};
    }
    std::string ago(std::chrono::seconds age) const { return format_seconds(clock_.wall() - age); }
    std::vector<net::Header> dated(std::vector<net::Header> more = {}) const {
        more.push_back({"Date", http_date()});
        return more;
    }
    // The wall clock of JumpClock, without its fractions.
    std::string http_date() const {
        auto const time = std::chrono::system_clock::to_time_t(clock_.wall());
        char text[40];
        std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", std::gmtime(&time));
        return text;
    }
    std::string issue(int number, Labels const& labels, std::string updated, std::string repo = "o/r") const {
        std::string names;
        for (auto const& label : labels) names += (names.empty() ? "" : ",") + ("{\"name\":\"" + label + "\"}");
        return R"({"number":)" + std::to_string(number) + R"(,"title":"T","state":"open","comments":0,"labels":[)" + names +
               R"(],"created_at":"2020-01-01T00:00:00Z","updated_at":")" + updated +
               R"(","repository_url":"https://api.github.com/repos/)" + repo + "\"}";
    }
    void expect_issue(int number, Labels const& labels) {
        client_.expect("GET " + base + "/issues/" + std::to_string(number), reply(200, issue(number, labels, ago(1h)), dated()));
    }
    void expect_timeline(int number, std::string const& body = "[]") {
        client_.expect("GET " + base + "/issues/" + std::to_string(number) + "/timeline?per_page=100&page=1", reply(200, body, dated()));
    }
    void expect_me() { client_.expect("GET https://api.github.com/user", reply(200, R"({"login":"me","id":5})")); }
    void expect_labels(std::string const& body) { client_.expect("GET " + base + "/labels?per_page=100", reply(200, body)); }
    std::vector<WriteResult> add_all(int number, Labels const& labels) {
        return run_task(tracker_->add_labels({"o/r", number}, labels, guard()));
    }
    WriteResult add(int number, std::string const& label) { return add_all(number, {label}).at(0); }
    WriteResult remove(int number, std::string const& label) { return run_task(tracker_->remove_label({"o/r", number}, label, guard())); }
    std::string thrown(std::function<void()> const& action, ErrorCode code) {
        try {
            action();
        } catch (Error const& e) {
            EXPECT_EQ(e.code(), code) << e.what();
            return e.what();
        }
        ADD_FAILURE() << "nothing was thrown";
        return {};
    }
    void TearDown() override { EXPECT_EQ(client_.left(), 0U); }
};

TEST_F(GithubTracker, an_issue_is_read_with_its_comments_and_label_events_in_two_requests) {
    expect_issue(1, {"bug"});
    expect_me();
    expect_timeline(1, R"([{"event":"labeled","label":{"name":"bug"},"actor":{"login":"me","id":5}},
                           {"event":"commented","body":"hi","user":{"login":"bob"}}])");
    auto const read = run_task(tracker_->read({"O/R", 1}));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->ref, (IssueRef{"o/r", 1}));
    EXPECT_EQ(read->labels, (Labels{"bug"}));
    ASSERT_EQ(read->events.size(), 1U);
    EXPECT_EQ(read->events[0].actor, Actor::self);
    ASSERT_EQ(read->comments.size(), 1U);
    EXPECT_EQ(read->comments[0].author, "bob");
    expect_issue(2, {});
    expect_timeline(2);
    EXPECT_TRUE(run_task(tracker_->read({"o/r", 2})));
}

TEST_F(GithubTracker, reading_deciding_reading_again_and_adding_is_four_requests) {
    client_.expect("GET " + base + "/issues/1", reply(200, issue(1, {"x"}, ago(1h)), dated({{"ETag", "W/\"1\""}})));
    expect_me();
    expect_timeline(1, R"([{"event":"labeled","label":{"name":"x"},"actor":{"login":"bob"}}])");
    auto const first = run_task(tracker_->read({"o/r", 1}));
    client_.expect("GET " + base + "/issues/1", reply(304, "", dated()));
    auto const second = run_task(tracker_->read({"o/r", 1}));
    ASSERT_TRUE(second);
    EXPECT_EQ(second->events.size(), 1U);
    EXPECT_EQ(sent_header(client_.requests().back(), "If-None-Match"), "W/\"1\"");
    expect_labels(R"([{"name":"type/bug"}])");
    client_.expect("POST " + base + "/issues/1/labels", reply(200, R"([{"name":"x"},{"name":"type/bug"}])"));
    EXPECT_EQ(add(1, "type/bug").outcome, WriteOutcome::done);
    EXPECT_EQ(client_.requests().size(), 4U + 2U);  // the two are for all issues
    EXPECT_EQ(client_.requests().back().body, R"({"labels":["type/bug"]})");
    EXPECT_EQ(sent_header(client_.requests().back(), "X-Groomer-Term"), "77");
}

TEST_F(GithubTracker, what_changed_between_two_reads_is_read_anew) {
    expect_issue(1, {});
    expect_me();
    expect_timeline(1);
    run_task(tracker_->read({"o/r", 1}));
    clock_.advance(10min);
    client_.expect("GET " + base + "/issues/1", reply(200, issue(1, {"bug"}, ago(5min)), dated()));
    expect_timeline(1, R"([{"event":"labeled","label":{"name":"bug"},"actor":{"login":"bob"}}])");
    EXPECT_EQ(run_task(tracker_->read({"o/r", 1}))->events.size(), 1U);
}

TEST_F(GithubTracker, an_issue_of_this_very_second_is_not_taken_for_unchanged) {
    auto const now = ago(0s);
    client_.expect("GET " + base + "/issues/1", reply(200, issue(1, {}, now), dated()));
    expect_me();
    expect_timeline(1);
    run_task(tracker_->read({"o/r", 1}));
    clock_.advance(5s);
    client_.expect("GET " + base + "/issues/1", reply(200, issue(1, {}, now), dated()));
    expect_timeline(1, R"([{"event":"commented","body":"in the same second","user":{"login":"bob"}}])");
    EXPECT_EQ(run_task(tracker_->read({"o/r", 1}))->comments.size(), 1U);
    client_.expect("GET " + base + "/issues/1", reply(200, issue(1, {}, now), dated()));  // from now on it is
    EXPECT_EQ(run_task(tracker_->read({"o/r", 1}))->comments.size(), 1U);
}

TEST_F(GithubTracker, a_very_long_history_is_read_at_both_ends) {
    expect_issue(1, {});
    expect_me();
    auto const timeline = base + "/issues/1/timeline?per_page=100&page=";
    auto const link = [&](int page) {
        return std::vector<net::Header>{
            {"Link", "<" + timeline + std::to_string(page + 1) + ">; rel=\"next\", <" + timeline + "500>; rel=\"last\""}};
    };
    client_.expect("GET " + timeline + "1", reply(200, "[]", link(1)));
    for (int page = 491; page < 500; ++page) client_.expect("GET " + timeline + std::to_string(page), reply(200, "[]", link(page)));
    client_.expect("GET " + timeline + "500", reply(200, R"([{"event":"commented","body":"last","user":{"login":"bob"}}])"));
    EXPECT_EQ(run_task(tracker_->read({"o/r", 1}))->comments.size(), 1U);
}

TEST_F(GithubTracker, what_is_gone_a_pull_request_or_anothers_reads_as_nothing) {
    client_.expect("GET " + base + "/issues/1", reply(404, R"({"message":"Not Found"})"));
    EXPECT_FALSE(run_task(tracker_->read({"o/r", 1})));
    client_.expect("GET " + base + "/issues/1", reply(410, R"({"message":"This issue was deleted"})"));
    EXPECT_FALSE(run_task(tracker_->read({"o/r", 1})));
    client_.expect("GET " + base + "/issues/1", reply(200, R"({"number":1,"title":"x","pull_request":{}})"));
    EXPECT_FALSE(run_task(tracker_->read({"o/r", 1})));
    client_.expect("GET " + base + "/issues/1", reply(200, issue(9, {}, ago(1h), "o/other")));  // transferred
    EXPECT_FALSE(run_task(tracker_->read({"o/r", 1})));
    client_.expect("GET " + base + "/issues/1", reply(200, issue(1, {}, ago(1h), "o/other")));  // by chance with its number
    client_.expect("GET " + base, reply(200, R"({"full_name":"o/r"})"));
    EXPECT_FALSE(run_task(tracker_->read({"o/r", 1})));
    EXPECT_FALSE(run_task(tracker_->read({"o/elsewhere", 1})));
}

TEST_F(GithubTracker, a_renamed_repository_is_still_ours) {
    client_.expect("GET " + base + "/issues/1", reply(200, issue(1, {"a"}, ago(1h), "new/name"), dated()));
    client_.expect("GET " + base, reply(200, R"({"full_name":"New/Name"})"));
    expect_me();
    expect_timeline(1);
    auto const read = run_task(tracker_->read({"o/r", 1}));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->ref.repo, "o/r");
}

TEST_F(GithubTracker, what_cannot_be_read_as_a_whole_is_an_error) {
    client_.expect("GET " + base + "/issues/1", reply(401, R"({"message":"Bad credentials"})"));
    thrown([&] { run_task(tracker_->read({"o/r", 1})); }, ErrorCode::credentials);
    client_.expect("GET " + base + "/issues/1", reply(403, R"({"message":"Repository access blocked"})"));
    thrown([&] { run_task(tracker_->read({"o/r", 1})); }, ErrorCode::credentials);
    client_.expect("GET " + base + "/issues/1", reply(451, R"({"message":"Repository access blocked"})"));
    EXPECT_NE(thrown([&] { run_task(tracker_->read({"o/r", 1})); }, ErrorCode::failure).find("legal"), std::string::npos);
    client_.expect("GET " + base + "/issues/1", reply(200, R"({"number":1,"tit)"));
    thrown([&] { run_task(tracker_->read({"o/r", 1})); }, ErrorCode::failure);
    client_.expect("GET " + base + "/issues/1", reply(429));
    EXPECT_THROW(run_task(tracker_->read({"o/r", 1})), LimitReached);
}

TEST_F(GithubTracker, a_label_that_is_there_is_not_added_and_one_that_is_not_is_not_removed) {
    expect_issue(1, {"Bug"});
    EXPECT_EQ(add(1, "bug").outcome, WriteOutcome::already);
    EXPECT_EQ(remove(1, "other").outcome, WriteOutcome::already);
    EXPECT_EQ(client_.requests().size(), 1U);
}

TEST_F(GithubTracker, a_label_is_removed_by_its_own_spelling_percent_encoded) {
    for (auto const& [name, path] : std::vector<std::pair<std::string, std::string>>{{"type/bug", "type%2Fbug"},
                                                                                     {"100%", "100%25"},
                                                                                     {"a b?c#d", "a%20b%3Fc%23d"},
                                                                                     {"\xF0\x9F\x9A\x80", "%F0%9F%9A%80"},
                                                                                     {"A+B", "A%2BB"}}) {
        expect_issue(1, {name, "z"});
        client_.expect("DELETE " + base + "/issues/1/labels/" + path, reply(200, R"([{"name":"z"}])"));
        EXPECT_EQ(remove(1, name).outcome, WriteOutcome::done) << name;
    }
    expect_issue(1, {"Type/Bug"});
    client_.expect("DELETE " + base + "/issues/1/labels/Type%2FBug", reply(200, "[]"));
    EXPECT_EQ(remove(1, "type/bug").outcome, WriteOutcome::done);
}

TEST_F(GithubTracker, a_label_that_is_gone_when_it_is_removed_is_so_already) {
    expect_issue(1, {"a"});
    client_.expect("DELETE " + base + "/issues/1/labels/a", reply(404, R"({"message":"Label does not exist"})"));
    EXPECT_EQ(remove(1, "a").outcome, WriteOutcome::already);
}

TEST_F(GithubTracker, a_label_that_the_repository_has_not_is_never_created) {
    expect_issue(1, {});
    expect_labels(R"([{"name":"other"}])");
    auto const result = add(1, "type/bug");
    EXPECT_EQ(result.outcome, WriteOutcome::failed);
    EXPECT_NE(result.detail.find("no label type/bug"), std::string::npos);
    EXPECT_GT(result.retry_after, 10s);  // nobody waits for it
    EXPECT_EQ(asked_, 1);
    // Once somebody made it, it is found; and it is sent as the repository spells it.
    clock_.advance(1min);
    expect_issue(1, {});
    expect_labels(R"([{"name":"Type/Bug"}])");
    client_.expect("POST " + base + "/issues/1/labels", reply(200, R"([{"name":"Type/Bug"}])"));
    EXPECT_EQ(add(1, "type/bug").outcome, WriteOutcome::done);
    EXPECT_EQ(client_.requests().back().body, R"({"labels":["Type/Bug"]})");
}

TEST_F(GithubTracker, the_list_of_labels_is_read_over_all_its_pages_and_once) {
    expect_issue(1, {});
    client_.expect("GET " + base + "/labels?per_page=100",
                   reply(200, R"([{"name":"a"}])", {{"Link", "<" + base + "/labels?per_page=100&page=2>; rel=\"next\""}}));
    client_.expect("GET " + base + "/labels?per_page=100&page=2", reply(200, R"([{"name":"b"}])"));
    client_.expect("POST " + base + "/issues/1/labels", reply(200, R"([{"name":"b"}])"));
    EXPECT_EQ(add(1, "b").outcome, WriteOutcome::done);
    expect_issue(2, {});
    client_.expect("POST " + base + "/issues/2/labels", reply(200, R"([{"name":"a"}])"));
    EXPECT_EQ(add(2, "a").outcome, WriteOutcome::done);
}

TEST_F(GithubTracker, all_labels_that_an_issue_lacks_are_added_by_one_request) {
    expect_issue(1, {"Type/Bug"});
    expect_labels(R"([{"name":"type/bug"},{"name":"Area/UI"},{"name":"p1"}])");
    client_.expect("POST " + base + "/issues/1/labels", reply(200, R"([{"name":"Type/Bug"},{"name":"Area/UI"},{"name":"p1"}])"));
    auto const results = add_all(1, {"type/bug", "area/ui", "nobody's", "p1"});
    EXPECT_EQ(client_.requests().back().body, R"({"labels":["Area/UI","p1"]})");
    EXPECT_EQ(asked_, 3) << "before the look, after the pace, and just before the first byte";
    ASSERT_EQ(results.size(), 4U);
    EXPECT_EQ(results[0].outcome, WriteOutcome::already);
    EXPECT_EQ(results[1].outcome, WriteOutcome::done);
    EXPECT_EQ(results[2].outcome, WriteOutcome::failed);
    EXPECT_NE(results[2].detail.find("no label nobody's"), std::string::npos);
    EXPECT_EQ(results[3].outcome, WriteOutcome::done);
    EXPECT_TRUE(add_all(1, {}).empty());
}

TEST_F(GithubTracker, of_several_labels_whose_answer_was_lost_each_is_found_out_about) {
    expect_issue(1, {});
    expect_labels(R"([{"name":"a"},{"name":"b"}])");
    client_.expect("POST " + base + "/issues/1/labels", reply(502));
    expect_issue(1, {"a"});
    auto const results = add_all(1, {"a", "b"});
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(results[0].outcome, WriteOutcome::done);
    EXPECT_EQ(results[1].outcome, WriteOutcome::failed);
    EXPECT_LE(results[1].retry_after, 10s);
    expect_issue(1, {"a"});
    client_.expect("POST " + base + "/issues/1/labels", reply(200, R"([{"name":"a"},{"name":"b"}])"));
    EXPECT_EQ(add_all(1, {"a", "b"})[1].outcome, WriteOutcome::done);
    EXPECT_EQ(client_.requests().back().body, R"({"labels":["b"]})");
}

TEST_F(GithubTracker, an_issue_gets_no_more_labels_than_github_takes) {
    Labels many;
    for (int i = 0; i < 99; ++i) many.push_back("l" + std::to_string(i));
    expect_issue(1, many);
    expect_labels(R"([{"name":"a"},{"name":"b"}])");
    client_.expect("POST " + base + "/issues/1/labels", reply(200, R"([{"name":"a"}])"));
    auto const results = add_all(1, {"a", "b"});
    EXPECT_EQ(client_.requests().back().body, R"({"labels":["a"]})");
    EXPECT_EQ(results.at(0).outcome, WriteOutcome::done);
    EXPECT_EQ(results.at(1).outcome, WriteOutcome::failed);
    EXPECT_GT(results.at(1).retry_after, 10s);
}

TEST_F(GithubTracker, a_guard_that_says_no_withholds_the_write) {
    WriteGuard const no{7, [] { return false; }};
    EXPECT_EQ(run_task(tracker_->add_labels({"o/r", 1}, {"a"}, no)).at(0).outcome, WriteOutcome::withheld);
    EXPECT_TRUE(client_.requests().empty());
    int asked = 0;
    WriteGuard const late{7, [&] { return ++asked == 1; }};  // the hold ends between the look and the write
    expect_issue(1, {"a"});
    EXPECT_EQ(run_task(tracker_->remove_label({"o/r", 1}, "a", late)).outcome, WriteOutcome::withheld);
    EXPECT_EQ(asked, 2);
}

TEST_F(GithubTracker, an_answer_that_was_lost_is_found_out_about_and_not_repeated) {
    expect_issue(1, {});
    expect_labels(R"([{"name":"a"}])");
    client_.expect("POST " + base + "/issues/1/labels", net::HttpError{Stage::receive, true, "connection reset"});
    expect_issue(1, {"a"});
    EXPECT_EQ(add(1, "a").outcome, WriteOutcome::done);
    client_.expect("DELETE " + base + "/issues/1/labels/a", reply(502));
    expect_issue(1, {"a"});
    auto const result = remove(1, "a");
    EXPECT_EQ(result.outcome, WriteOutcome::failed);
    EXPECT_GT(result.retry_after, 0s);
    EXPECT_LE(result.retry_after, 10s);
    // What came late is seen by whoever tries again.
    expect_issue(1, {});
    EXPECT_EQ(remove(1, "a").outcome, WriteOutcome::already);
}

TEST_F(GithubTracker, a_garbled_success_is_found_out_about_too) {
    expect_issue(1, {});
    expect_labels(R"([{"name":"a"}])");
    client_.expect("POST " + base + "/issues/1/labels", reply(200, R"([{"name":"a)"));
    expect_issue(1, {"a"});
    EXPECT_EQ(add(1, "a").outcome, WriteOutcome::done);
}

TEST_F(GithubTracker, what_could_not_be_sent_and_what_keeps_failing_is_no_fault_of_the_issue) {
    expect_issue(1, {"a"});
    client_.expect("DELETE " + base + "/issues/1/labels/a", net::HttpError{Stage::resolve, false, "no such host"});
    EXPECT_NE(thrown([&] { remove(1, "a"); }, ErrorCode::failure).find("no such host"), std::string::npos);
    for (int i = 0; i < 2; ++i) {
        expect_issue(1, {"a"});
        client_.expect("DELETE " + base + "/issues/1/labels/a", reply(500));
        if (i == 1) break;
        expect_issue(1, {"a"});
        EXPECT_EQ(remove(1, "a").outcome, WriteOutcome::failed);
        clock_.advance(1min);
    }
    thrown([&] { remove(1, "a"); }, ErrorCode::failure);
}

TEST_F(GithubTracker, a_refused_write_says_why) {
    expect_issue(1, {"a"});
    client_.expect("DELETE " + base + "/issues/1/labels/a", reply(422, R"({"message":"Validation Failed"})"));
    auto const result = remove(1, "a");
    EXPECT_EQ(result.outcome, WriteOutcome::failed);
    EXPECT_NE(result.detail.find("Validation Failed"), std::string::npos);
    expect_issue(1, {"a"});
    client_.expect("DELETE " + base + "/issues/1/labels/a",
                   reply(403, R"({"message":"Resource not accessible by personal access token"})"));
    EXPECT_NE(thrown([&] { remove(1, "a"); }, ErrorCode::credentials).find("not accessible"), std::string::npos);
    expect_issue(1, {"a"});
    client_.expect("DELETE " + base + "/issues/1/labels/a", reply(404, R"({"message":"Not Found"})"));
    expect_issue(1, {"a"});
    EXPECT_NE(thrown([&] { remove(1, "a"); }, ErrorCode::credentials).find("can be read, but not written to"), std::string::npos);
    client_.expect("DELETE " + base + "/issues/1/labels/a", reply(404, R"({"message":"Not Found"})"));
    client_.expect("GET " + base + "/issues/1", reply(404));
    EXPECT_EQ(remove(1, "a").outcome, WriteOutcome::gone);
}

TEST_F(GithubTracker, a_limit_in_the_middle_of_a_write_loses_nothing) {
    expect_issue(1, {"a"});
    client_.expect("DELETE " + base + "/issues/1/labels/a", reply(429, "", {{"retry-after", "600"}}));
    EXPECT_THROW(remove(1, "a"), LimitReached);
    clock_.advance(10min);
    expect_issue(1, {"a"});
    client_.expect("DELETE " + base + "/issues/1/labels/a", reply(200, "[]"));
    EXPECT_EQ(remove(1, "a").outcome, WriteOutcome::done);
}

TEST_F(GithubTracker, a_write_to_a_renamed_repository_is_repeated_once_where_it_is_now) {
    expect_issue(1, {"a"});
    client_.expect("DELETE " + base + "/issues/1/labels/a",
                   reply(307, "", {{"Location", "https://api.github.com/repositories/9/issues/1/labels/a"}}));
    expect_issue(1, {"a"});
    client_.expect("DELETE https://api.github.com/repositories/9/issues/1/labels/a", reply(200, "[]"));
    EXPECT_EQ(remove(1, "a").outcome, WriteOutcome::done);
    // Somebody else has done it meanwhile.
    expect_issue(1, {"a"});
    client_.expect("DELETE " + base + "/issues/1/labels/a", reply(301, "", {{"Location", "/repositories/9/issues/1/labels/a"}}));
    expect_issue(1, {});
    EXPECT_EQ(remove(1, "a").outcome, WriteOutcome::already);
    clock_.advance(1min);
    expect_issue(1, {"a"});
    client_.expect("DELETE " + base + "/issues/1/labels/a", reply(301, "", {{"Location", "https://evil.example/x"}}));
    EXPECT_EQ(remove(1, "a").outcome, WriteOutcome::failed);
    // A transferred issue is another repository's.
    expect_issue(1, {"a"});
    client_.expect("DELETE " + base + "/issues/1/labels/a", reply(301, "", {{"Location", "/repositories/10/issues/5/labels/a"}}));
    client_.expect("GET " + base + "/issues/1", reply(200, issue(5, {"a"}, ago(1h), "o/other")));
    EXPECT_EQ(remove(1, "a").outcome, WriteOutcome::gone);
}

TEST_F(GithubTracker, the_same_write_asked_for_many_times_at_once_happens_once_and_at_the_pace) {
    Labels labels;
    std::size_t posts = 0;
    client_.answer_with([&](net::ClientRequest const& request) {
        if (request.url.ends_with("/labels?per_page=100")) return reply(200, R"([{"name":"a"},{"name":"b"}])");
        if (request.method == "POST") {
            ++posts;
            labels.push_back(request.body.find("\"a\"") != std::string::npos ? "a" : "b");
            std::string all;
            for (auto const& label : labels) all += (all.empty() ? "" : ",") + ("\"" + label + "\"");
            return reply(200, "[" + all + "]");
        }
        return reply(200, issue(1, labels, ago(0s)), dated());
    });
    std::vector<Task<std::vector<WriteResult>>> writes;
    for (int i = 0; i < 20; ++i) writes.push_back(tracker_->add_labels({"o/r", 1}, {i % 2 == 0 ? "a" : "b"}, guard()));
    int done = 0;
    for (auto const& results : run_tasks(std::move(writes))) {
        auto const& result = results.at(0);
        EXPECT_TRUE(result.outcome == WriteOutcome::done || result.outcome == WriteOutcome::already) << result.detail;
        done += result.outcome == WriteOutcome::done ? 1 : 0;
    }
    EXPECT_EQ(done, 2);
    EXPECT_EQ(posts, 2U);
    EXPECT_EQ(clock_.now().time_since_epoch(), 1s);
}

TEST_F(GithubTracker, a_history_that_is_too_large_is_read_in_smaller_pages_and_given_up_at_last) {
    net::HttpError const too_large{Stage::too_large, true, "the answer is larger than is read"};
    auto const page = [](int size) { return "GET " + base + "/issues/1/timeline?per_page=" + std::to_string(size) + "&page=1"; };
    expect_issue(1, {"a"});
    expect_me();
    client_.expect(page(100), too_large);
    client_.expect(page(25), reply(200, R"([{"event":"labeled","label":{"name":"a"},"actor":{"login":"me","id":5}}])"));
    auto const issue = run_task(tracker_->read({"o/r", 1}));
    ASSERT_TRUE(issue);
    EXPECT_EQ(issue->events.size(), 1U);
    expect_issue(2, {});
    for (int const size : {100, 25})
        client_.expect("GET " + base + "/issues/2/timeline?per_page=" + std::to_string(size) + "&page=1", too_large);
    EXPECT_THROW(run_task(tracker_->read({"o/r", 2})), IssueUnreadable);
    client_.expect("GET " + base + "/issues/3", too_large);
    EXPECT_THROW(run_task(tracker_->read({"o/r", 3})), IssueUnreadable);
}

TEST_F(GithubTracker, a_sync_goes_on_where_the_last_ended_and_an_idle_one_is_one_request) {
    auto const old = issue(1, {}, ago(3h)), newer = issue(2, {"a"}, ago(2h));
    client_.expect("GET " + list, reply(200, "[" + old + "," + newer + "]", dated()));
    auto const first = run_task(tracker_->changes("", 500));
    EXPECT_TRUE(first.full_pass);
    EXPECT_TRUE(first.first_of_full_pass);
    EXPECT_TRUE(first.last);
    EXPECT_EQ(first.issues.size(), 2U);
    EXPECT_FALSE(first.tells_own) << "a list names labels, not who set them";
    auto const since = list + "&since=" + ago(2h + 1s);
    client_.expect("GET " + since, reply(200, "[" + newer + "]", dated({{"ETag", "\"e\""}})));
    auto const second = run_task(tracker_->changes(first.cursor, 500));
    EXPECT_FALSE(second.full_pass);
    EXPECT_TRUE(second.last);
    EXPECT_TRUE(second.issues.empty());
    EXPECT_EQ(second.cursor, first.cursor);
    client_.expect("GET " + since, reply(304, "", dated()));
    auto const third = run_task(tracker_->changes(second.cursor, 500));
    EXPECT_EQ(sent_header(client_.requests().back(), "If-None-Match"), "\"e\"");
    EXPECT_TRUE(third.issues.empty());
    EXPECT_TRUE(third.last);
    EXPECT_EQ(third.cursor, first.cursor);
    auto const other_replica = make();
    client_.expect("GET " + since, reply(200, "[" + newer + "," + issue(3, {}, ago(1h)) + "]", dated()));
    auto const fourth = run_task(other_replica->changes(third.cursor, 500));
    ASSERT_EQ(fourth.issues.size(), 1U);
    EXPECT_EQ(fourth.issues[0].ref.number, 3);
}

// The fault rounds found it: the next issue is on a second page, which leaves the first, and its ETag, as it was.
TEST_F(GithubTracker, a_page_that_is_full_is_asked_for_without_its_etag) {
    std::string entries;
    for (int number = 1; number <= 100; ++number) entries += (number > 1 ? "," : "") + issue(number, {}, ago(3min));
    client_.answer_with([&](net::ClientRequest const& request) {
        EXPECT_EQ(sent_header(request, "If-None-Match"), "");
        return reply(200, "[" + entries + "]", dated({{"ETag", "\"e\""}}));
    });
    std::string cursor;
    for (int sync = 0; sync < 3; ++sync) cursor = run_task(tracker_->changes(cursor, 500)).cursor;
    EXPECT_EQ(client_.requests().size(), 3U);
}

TEST_F(GithubTracker, a_sync_that_was_cut_keeps_the_pages_that_it_had) {
    std::vector<net::Header> const more = dated({{"Link", "<" + list + "&page=2>; rel=\"next\""}});
    client_.expect("GET " + list, reply(200, "[" + issue(1, {}, ago(3h)) + "]", more));
    client_.expect("GET " + list + "&since=" + ago(3h + 1s), reply(429));
    auto const first = run_task(tracker_->changes("", 500));
    EXPECT_EQ(first.issues.size(), 1U);
    EXPECT_FALSE(first.last);
    EXPECT_THROW(run_task(tracker_->changes(first.cursor, 500)), LimitReached);
    EXPECT_EQ(client_.requests().size(), 2U);
    auto const since = ago(3h + 1s);
    clock_.advance(61s);
    client_.expect("GET " + list + "&since=" + since, reply(200, "[" + issue(2, {}, ago(2h)) + "]", dated()));
    auto const second = run_task(make()->changes(first.cursor, 500));
    EXPECT_TRUE(second.full_pass);
    EXPECT_FALSE(second.first_of_full_pass);
    EXPECT_TRUE(second.last);
    EXPECT_EQ(second.issues.size(), 1U);
}

TEST_F(GithubTracker, a_page_that_is_too_large_is_asked_for_in_smaller_ones) {
    client_.expect("GET " + list, net::HttpError{Stage::too_large, true, "the answer is larger than is read"});
    auto smaller = list;
    smaller.replace(smaller.find("per_page=100"), 12, "per_page=25");
    client_.expect("GET " + smaller, reply(200, "[" + issue(1, {}, ago(3h)) + "]", dated()));
    EXPECT_EQ(run_task(tracker_->changes("", 100)).issues.size(), 1U);
}

TEST_F(GithubTracker, an_entry_that_is_larger_than_any_answer_is_passed_over_and_the_rest_goes_on) {
    auto const third = issue(3, {}, ago(3h)), fourth = issue(4, {}, ago(2h));
    auto const more = dated({{"Link", "<" + list + "&page=4>; rel=\"next\""}});
    auto const since = "&since=" + ago(3h + 1s);
    client_.answer_with([&](net::ClientRequest const& request) {
        if (request.url.ends_with("per_page=100" + since)) return reply(200, "[" + third + "," + fourth + "]", dated());
        if (request.url.ends_with("per_page=1&page=3")) return reply(200, "[" + third + "]", more);
        throw net::HttpError{Stage::too_large, true, "the answer is larger than is read"};
    });
    auto const page = run_task(tracker_->changes("", 500));
    EXPECT_TRUE(page.last);
    EXPECT_EQ(page.issues.size(), 2U);
    EXPECT_GE(page.skipped, 2U);
    EXPECT_EQ(page.skipped_example, "o/r: an entry is larger than is read");
    EXPECT_LE(client_.requests().size(), 15U);
}

// A list as GitHub gives it, by `since`, `per_page` and `page`, of issues of which some are more than any answer holds.
class ListServer {
public:
    struct Entry {
        int number;
        std::chrono::seconds age;
        bool huge;
    };
    explicit ListServer(std::vector<Entry> entries) : entries_{std::move(entries)} {
        std::stable_sort(entries_.begin(), entries_.end(), [](auto const& one, auto const& two) { return one.age > two.age; });
    }
    // show: an entry as JSON; when: the time of its age.
    template <class Show, class When>
    net::ClientResponse answer(std::string const& url, Show const& show, When const& when) const {
        auto const value = [&](std::string const& key) {
            auto const at = url.find("&" + key + "=");
            return at == std::string::npos ? std::string{} : url.substr(at + key.size() + 2, url.find('&', at + 1) - at - key.size() - 2);
        };
        auto const since = value("since");
        auto const size = std::stoul(value("per_page")), page = std::stoul("0" + value("page"));
        std::vector<Entry> all;
        for (auto const& entry : entries_)
            if (since.empty() || when(entry.age) >= since) all.push_back(entry);
        auto const begin = (std::max<std::size_t>(page, 1) - 1) * size, end = std::min(begin + size, all.size());
        std::string body;
        for (auto i = begin; i < end; ++i) {
            if (all[i].huge) throw net::HttpError{Stage::too_large, true, "the answer is larger than is read"};
            body += (body.empty() ? "" : ",") + show(all[i]);
        }
        auto next = url.substr(0, url.find("&page=")) + "&page=" + std::to_string(std::max<std::size_t>(page, 1) + 1);
        std::vector<net::Header> headers;
        if (end < all.size()) headers.push_back({"Link", "<" + next + ">; rel=\"next\""});
        return reply(200, "[" + body + "]", headers);
    }

private:
    std::vector<Entry> entries_;
};

TEST_F(GithubTracker, wherever_entries_are_that_are_larger_than_any_answer_all_others_are_synced) {
    std::mt19937 chance{2026};
    auto const at_most = [&](int most) { return std::uniform_int_distribution<int>{0, most}(chance); };
    for (int round = 0; round < 100; ++round) {
        std::vector<ListServer::Entry> entries;
        std::set<std::int64_t> wanted, got;
        auto const count = 1 + at_most(round % 3 == 0 ? 250 : 20), seconds = at_most(count) + 1, huge = at_most(3);
        for (int number = 1; number <= count; ++number) entries.push_back({number, 1h + std::chrono::seconds{at_most(seconds)}, false});
        for (int i = 0; i < huge; ++i) entries[static_cast<std::size_t>(at_most(count - 1))].huge = true;
        for (auto const& entry : entries)
            if (!entry.huge) wanted.insert(entry.number);
        ListServer const server{entries};
        std::size_t asked = 0;
        client_.answer_with([&](net::ClientRequest const& request) {
            if (++asked > 5000) throw std::runtime_error{"it does not end"};
            auto answer = server.answer(
                request.url, [this](auto const& entry) { return issue(entry.number, {}, ago(entry.age)); },
                [this](auto age) { return ago(age); });
            answer.headers.push_back({"Date", http_date()});
            return answer;
        });
        auto const tracker = make();
        std::string cursor;
        for (bool last = false; !last;) {
            auto const page = run_task(tracker->changes(cursor, 500));
            for (auto const& one : page.issues) got.insert(one.ref.number);
            cursor = page.cursor;
            last = page.last;
        }
        EXPECT_EQ(got, wanted) << "round " << round;
    }
}

TEST_F(GithubTracker, a_next_page_that_is_never_there_ends_the_sync) {
    client_.answer_with([&](net::ClientRequest const& request) {
        if (request.url.find("&page=2") != std::string::npos) return reply(404);
        return reply(200, "[" + issue(1, {}, ago(3h)) + "]", dated({{"Link", "<" + list + "&page=2>; rel=\"next\""}}));
    });
    auto const first = run_task(tracker_->changes("", 500));
    EXPECT_EQ(first.issues.size(), 1U);
    EXPECT_FALSE(first.last);
    thrown([&] { run_task(tracker_->changes(first.cursor, 500)); }, ErrorCode::credentials);
    EXPECT_LE(client_.requests().size(), 20U);
}

TEST_F(GithubTracker, answers_that_are_all_too_large_end_the_sync) {
    client_.answer_with([](net::ClientRequest const&) -> net::ClientResponse {
        throw net::HttpError{Stage::too_large, true, "the answer is larger than is read"};
    });
    EXPECT_NE(thrown([&] { run_task(tracker_->changes("", 500)); }, ErrorCode::failure).find("larger than is read"), std::string::npos);
    EXPECT_LE(client_.requests().size(), 110U);
}

TEST_F(GithubTracker, large_issues_are_handed_on_before_they_are_many) {
    int pages = 0;
    std::string const text(65'536, 'b');
    client_.answer_with([&](net::ClientRequest const&) {
        std::string entries;
        for (int i = 1; i <= 100; ++i) {
            auto entry = issue(pages * 100 + i, {}, ago(100h - 1h * pages));
            entry.insert(1, R"("body":")" + text + "\",");
            entries += (i > 1 ? "," : "") + entry;
        }
        ++pages;
        return reply(200, "[" + entries + "]", dated({{"Link", "<" + list + "&page=2>; rel=\"next\""}}));
    });
    auto const page = run_task(tracker_->changes("", 500));
    EXPECT_EQ(page.issues.size(), 100U);
    EXPECT_FALSE(page.last);
    EXPECT_EQ(pages, 1);
}

TEST_F(GithubTracker, a_renamed_repository_is_asked_directly_from_then_on) {
    auto moved = reply(200, "[" + issue(1, {}, ago(3h), "new/name") + "]", dated());
    moved.url = "https://api.github.com/repositories/9/issues?state=all";
    client_.expect("GET " + list, moved);
    auto const first = run_task(tracker_->changes("", 100));
    ASSERT_EQ(first.issues.size(), 1U);
    EXPECT_EQ(first.issues[0].ref.repo, "o/r");
    client_.expect(
        "GET https://api.github.com/repositories/9/issues?state=all&sort=updated&direction=asc&per_page=100&since=" + ago(3h + 1s),
        reply(200, "[]", dated()));
    EXPECT_FALSE(run_task(tracker_->changes(first.cursor, 100)).full_pass);
}

TEST_F(GithubTracker, where_the_renamed_repository_is_gone_the_name_is_asked_again) {
    auto moved = reply(200, "[" + issue(1, {}, ago(3h)) + "]", dated());
    moved.url = "https://api.github.com/repositories/9/issues?state=all";
    client_.expect("GET " + list, moved);
    auto const first = run_task(tracker_->changes("", 100));
    auto const query = "/issues?state=all&sort=updated&direction=asc&per_page=100&since=" + ago(3h + 1s);
    client_.expect("GET https://api.github.com/repositories/9" + query, reply(404));
    client_.expect("GET " + base + query, reply(200, "[" + issue(2, {}, ago(2h)) + "]", dated()));
    EXPECT_EQ(run_task(tracker_->changes(first.cursor, 100)).issues.size(), 1U);
    client_.expect("GET " + base + query, reply(404));
    thrown([&] { run_task(tracker_->changes(first.cursor, 100)); }, ErrorCode::credentials);
}

TEST_F(GithubTracker, what_cannot_be_used_is_counted) {
    client_.expect("GET " + list, reply(200, "[{\"number\":1}," + issue(2, {}, ago(3h)) + "]", dated()));
    auto const page = run_task(tracker_->changes("", 100));
    EXPECT_EQ(page.issues.size(), 1U);
    EXPECT_EQ(page.skipped, 1U);
    EXPECT_EQ(page.skipped_example, "o/r, entry 1 of a page: no title");
}

TEST_F(GithubTracker, a_repository_that_is_not_there_says_so) {
    client_.expect("GET " + list, reply(404, R"({"message":"Not Found"})"));
    auto const said = thrown([&] { run_task(tracker_->changes("", 100)); }, ErrorCode::credentials);
    EXPECT_NE(said.find("o/r"), std::string::npos);
    EXPECT_NE(said.find("is the name right"), std::string::npos);
    client_.expect("GET " + list, reply(410, R"({"message":"Issues has been disabled in this repository."})"));
    thrown([&] { run_task(tracker_->changes("", 100)); }, ErrorCode::failure);
    client_.expect("GET " + list, reply(200, "<html>"));
    thrown([&] { run_task(tracker_->changes("", 100)); }, ErrorCode::failure);
}

TEST_F(GithubTracker, finishing_a_pass_asks_for_nothing) {
    EXPECT_EQ(run_task(tracker_->finish_pass(guard())).outcome, WriteOutcome::already);
    EXPECT_EQ(tracker_->settle(), 11'500ms);
}

TEST_F(GithubTracker, who_has_taken_an_issue_on_is_told_and_that_it_is_locked) {
    bool first = true;
    auto const read = [&](std::string const& more) {
        auto one = issue(1, {}, ago(1h));
        one.insert(one.rfind('}'), "," + more);
        client_.expect("GET " + base + "/issues/1", reply(200, one, dated()));
        if (first) expect_me();
        if (first) expect_timeline(1);
        first = false;
        return *run_task(tracker_->read({"o/r", 1}));
    };
    auto const nobody = R"("assignees":[],"milestone":null,"locked":false)";
    EXPECT_FALSE(read(nobody).assigned);
    EXPECT_FALSE(read(nobody).locked);
    EXPECT_TRUE(read(R"("assignees":[{"login":"ann"}],"milestone":null)").assigned);
    EXPECT_TRUE(read(R"("assignees":[],"milestone":{"title":"2.0"})").assigned);
    EXPECT_TRUE(read(R"("locked":true)").locked);
}

}  // namespace
}  // namespace groomer::tracker::github
