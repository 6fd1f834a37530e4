#include "base/time_text.hpp"
#include "tracker/github/limits.hpp"

#include <gtest/gtest.h>

namespace groomer::tracker::github {
namespace {

using namespace std::chrono_literals;
using Kind = Limits::Kind;
using Headers = std::vector<net::Header>;

WallTime const noon = from_epoch_seconds(1'709'208'000);  // Thu, 29 Feb 2024 12:00:00 GMT

Headers quota(std::int64_t limit, std::int64_t remaining, std::int64_t reset) {
    return {{"X-RateLimit-Limit", std::to_string(limit)},
            {"x-ratelimit-remaining", std::to_string(remaining)},
            {"x-ratelimit-reset", std::to_string(reset)}};
}

std::chrono::seconds wait(Limits const& limits, Kind kind, WallTime now, std::string const& repo = "o/r") {
    return std::chrono::duration_cast<std::chrono::seconds>(limits.next(kind, repo, now).at - now);
}

TEST(GithubTime, both_forms_are_read_and_nothing_else) {
    EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 12:00:00 GMT"), noon);
    EXPECT_EQ(parse_time("2024-02-29T12:00:00Z"), noon);
    EXPECT_EQ(parse_time("2024-02-29T12:00:00.123Z"), noon);
    EXPECT_EQ(parse_time("2024-02-29T13:30:00+01:30"), noon);
    EXPECT_EQ(format_seconds(noon), "2024-02-29T12:00:00Z");
    for (std::string const text : {"", "Thu, 29 Feb 2023 12:00:00 GMT", "Thu, 29 Foo 2024 12:00:00 GMT", "Thu, 29 Feb 2024 25:00:00 GMT",
                                   "Thu, 29 Feb 2024 12:00:00 CET", "Thu, -9 Feb 2024 12:00:00 GMT"})
        EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
    for (std::string const text : {"", "2023-02-29T12:00:00Z", "2024-02-29 12:00:00Z", "2024-02-29T12:00:00", "2024-02-29T12:00:00.",
                                   "2024-02-29T12:00:00+1:30", "9999-01-01T00:00:00Z"})
        EXPECT_EQ(parse_time(text), std::nullopt) << text;
}

TEST(GithubLimits, nothing_holds_up_the_first_request) {
    Limits const limits{Pace{}};
    EXPECT_EQ(wait(limits, Kind::read, noon), 0s);
    EXPECT_EQ(wait(limits, Kind::content, noon), 0s);
}

TEST(GithubLimits, retry_after_is_obeyed_as_seconds_and_as_a_date) {
    Limits limits{Pace{}};
    EXPECT_EQ(limits.take(429, {{"Retry-After", "30"}}, "", noon), noon + 30s);
    EXPECT_EQ(wait(limits, Kind::read, noon), 30s);
    Limits dated{Pace{}};
    EXPECT_EQ(dated.take(403, {{"retry-after", "Thu, 29 Feb 2024 12:05:00 GMT"}}, "", noon), noon + 5min);
    EXPECT_EQ(wait(dated, Kind::read, noon), 300s);
    EXPECT_EQ(wait(dated, Kind::read, noon + 5min), 0s);
}

TEST(GithubLimits, a_date_is_by_githubs_clock_where_ours_is_wrong) {
    Limits limits{Pace{}};
    auto const until =
        limits.take(429, {{"retry-after", "Thu, 29 Feb 2024 13:05:00 GMT"}, {"date", "Thu, 29 Feb 2024 13:00:00 GMT"}}, "", noon);
    EXPECT_EQ(until, noon + 5min);
}

TEST(GithubLimits, a_busy_server_is_waited_for_a_little_and_is_no_limit) {
    Limits limits{Pace{}};
    EXPECT_EQ(limits.take(503, {{"retry-after", "600"}}, "", noon), std::nullopt);
    EXPECT_EQ(wait(limits, Kind::read, noon), 10s);
    Limits next{Pace{}};
    next.restore(limits.state(), noon);
    EXPECT_EQ(wait(next, Kind::read, noon), 10s) << "by who works next, too";
    EXPECT_EQ(limits.take(403, {}, "You have exceeded a secondary rate limit", noon), noon + 60s) << "as without it";
}

TEST(GithubLimits, no_answer_can_hold_us_up_for_longer_than_two_hours) {
    for (std::string const value : {"99999999999999999999999", "1000000000", "Thu, 28 Feb 2199 12:00:00 GMT"}) {
        Limits limits{Pace{}};
        EXPECT_EQ(limits.take(429, {{"retry-after", value}}, "", noon), noon + 2h) << value;
    }
    Limits limits{Pace{}};
    auto headers = quota(5000, 0, INT64_MAX);
    EXPECT_EQ(limits.take(403, headers, "", noon), noon + 2h);
    EXPECT_LE(wait(limits, Kind::read, noon), 2h);
}

TEST(GithubLimits, a_used_up_hour_is_waited_out) {
    Limits limits{Pace{}};
    auto const reset = epoch_seconds(noon + 20min);
    EXPECT_EQ(limits.take(403, quota(5000, 0, reset), "API rate limit exceeded for user ID 1.", noon), noon + 20min + 1s);
    EXPECT_EQ(wait(limits, Kind::read, noon), 1201s);
    EXPECT_EQ(wait(limits, Kind::read, noon + 20min + 1s), 0s);
}

TEST(GithubLimits, where_nothing_is_said_it_is_a_minute_and_doubling_and_a_success_begins_anew) {
    Limits limits{Pace{}};
    auto now = noon;
    for (auto const expected : {60s, 120s, 240s, 480s, 960s, 1920s, 3600s, 3600s}) {
        auto const until = limits.take(403, {}, "You have exceeded a secondary rate limit.", now);
        ASSERT_TRUE(until);
        EXPECT_EQ(*until - now, expected);
        now = *until;
    }
    EXPECT_EQ(limits.take(200, {}, "", now), std::nullopt);
    EXPECT_EQ(limits.take(429, {}, "", now), now + 60s);
}

TEST(GithubLimits, of_refusals_that_come_together_only_the_first_counts) {
    Limits limits{Pace{}};
    EXPECT_EQ(limits.take(429, {}, "", noon), noon + 60s);
    EXPECT_EQ(limits.take(429, {}, "", noon + 1s), noon + 60s);
    EXPECT_EQ(limits.take(429, {}, "", noon + 61s), noon + 61s + 120s);
}

TEST(GithubLimits, other_refusals_are_none) {
    Limits limits{Pace{}};
    EXPECT_EQ(limits.take(403, quota(5000, 4000, epoch_seconds(noon + 1h)), "Resource not accessible by integration", noon), std::nullopt);
    EXPECT_EQ(limits.take(404, {}, "", noon), std::nullopt);
    EXPECT_EQ(limits.take(500, {}, "rate limit", noon), std::nullopt);
    EXPECT_EQ(wait(limits, Kind::read, noon), 0s);
}

TEST(GithubLimits, a_share_is_kept_for_people) {
    Limits limits{Pace{}};
    auto const reset = epoch_seconds(noon + 30min);
    limits.take(200, quota(5000, 1001, reset), "", noon);
    EXPECT_EQ(wait(limits, Kind::read, noon), 0s);
    limits.take(200, quota(5000, 1000, reset), "", noon);
    EXPECT_EQ(wait(limits, Kind::read, noon), 30min + 1s);
    EXPECT_NE(limits.next(Kind::read, "o/r", noon).why.find("kept for people"), std::string::npos);
    EXPECT_EQ(wait(limits, Kind::read, noon + 30min), 0s);
}

TEST(GithubLimits, an_answer_that_was_overtaken_does_not_give_anything_back) {
    Limits limits{Pace{}};
    auto const reset = epoch_seconds(noon + 30min);
    limits.take(200, quota(5000, 900, reset), "", noon);
    limits.take(200, quota(5000, 4000, reset), "", noon);
    EXPECT_EQ(limits.quotas().at("core").remaining, 900);
    limits.take(200, quota(5000, 4999, reset + 3600), "", noon);
    EXPECT_EQ(wait(limits, Kind::read, noon), 0s);
}

TEST(GithubLimits, another_resource_does_not_hold_up_ours) {
    Limits limits{Pace{}};
    auto headers = quota(30, 0, epoch_seconds(noon + 30min));
    headers.push_back({"x-ratelimit-resource", "search"});
    limits.take(200, headers, "", noon);
    EXPECT_EQ(wait(limits, Kind::read, noon), 0s);
}

TEST(GithubLimits, nonsense_in_headers_is_passed_over) {
    Limits limits{Pace{}};
    for (std::string const value : {"", "-1", "x", "1e9", " 5", "99999999999999999999"}) {
        Headers const headers{
            {"x-ratelimit-limit", value}, {"x-ratelimit-remaining", value}, {"x-ratelimit-reset", value}, {"date", value}};
        EXPECT_EQ(limits.take(200, headers, "", noon), std::nullopt);
        EXPECT_EQ(wait(limits, Kind::read, noon), 0s) << value;
    }
    for (int i = 0; i < 1000; ++i) {
        auto headers = quota(1, 1, 1);
        headers.push_back({"x-ratelimit-resource", std::to_string(i)});
        limits.take(200, headers, "", noon);
    }
    EXPECT_LE(limits.quotas().size(), 32U);
}

TEST(GithubLimits, a_resource_of_other_bytes_does_not_spoil_what_is_stored) {
    Limits limits{Pace{}};
    auto headers = quota(5000, 0, 1'709'208'900);
    headers.push_back({"x-ratelimit-resource", "core\xf6\x9b"});
    limits.take(403, headers, "", noon);
    limits.take(429, {{"retry-after", "600"}}, "", noon);
    Limits next{Pace{}};
    next.restore(limits.state(), noon);
    EXPECT_EQ(wait(next, Kind::read, noon), 600s);
}

TEST(GithubLimits, writes_to_one_repository_keep_their_distance) {
    Limits limits{Pace{.between_writes = 3s}};
    limits.sent(Kind::write, "o/r", noon);
    EXPECT_EQ(wait(limits, Kind::write, noon), 3s);
    limits.answered(Kind::write, "o/r", noon + 2s);
    EXPECT_EQ(wait(limits, Kind::write, noon + 2s), 3s);
    EXPECT_EQ(wait(limits, Kind::write, noon + 2s, "o/other"), 0s);
    EXPECT_EQ(wait(limits, Kind::read, noon + 2s), 0s);
}

TEST(GithubLimits, comments_keep_the_pace_of_a_minute_and_of_an_hour) {
    Limits limits{Pace{.between_writes = 0ms, .comments_per_minute = 3, .comments_per_hour = 5}};
    for (int i = 0; i < 3; ++i) limits.sent(Kind::content, "o/" + std::to_string(i), noon + std::chrono::seconds{i});
    EXPECT_EQ(wait(limits, Kind::content, noon + 10s), 50s);
    EXPECT_EQ(wait(limits, Kind::write, noon + 10s), 0s);
    for (int i = 0; i < 2; ++i) limits.sent(Kind::content, "o/r", noon + 2min);
    EXPECT_EQ(wait(limits, Kind::content, noon + 4min), 56min);
    EXPECT_EQ(wait(limits, Kind::content, noon + 1h), 0s);
}

TEST(GithubLimits, who_works_next_keeps_the_pace) {
    Pace const pace{.between_writes = 3s, .comments_per_minute = 1, .comments_per_hour = 5};
    Limits first{pace};
    first.take(200, quota(5000, 500, epoch_seconds(noon + 10min)), "", noon);
    first.sent(Kind::content, "o/r", noon);
    Limits second{pace};
    second.restore(first.state(), noon + 1s);
    EXPECT_EQ(second.state(), first.state());
    EXPECT_EQ(wait(second, Kind::read, noon + 1s), 10min);
    EXPECT_EQ(wait(second, Kind::content, noon + 11min), 0s);
    Limits blocked{pace};
    blocked.take(429, {}, "", noon);
    Limits third{pace};
    third.restore(blocked.state(), noon);
    EXPECT_EQ(wait(third, Kind::read, noon), 60s);
    EXPECT_EQ(third.take(429, {}, "", noon + 60s), noon + 60s + 120s);  // the second in a row, whoever asks
}

TEST(GithubLimits, what_was_stored_before_takes_back_nothing_that_is_known_since) {
    Pace const pace{.between_writes = 3s, .comments_per_minute = 3, .comments_per_hour = 5};
    Limits limits{pace};
    auto const reset = epoch_seconds(noon + 20min);
    limits.take(200, quota(5000, 4000, reset), "", noon);
    limits.sent(Kind::content, "o/r", noon + 123'456us);
    auto const before = limits.state();
    limits.restore(before, noon + 1s);
    EXPECT_EQ(limits.state(), before) << "nothing counts twice";
    limits.take(429, {{"retry-after", "600"}}, "", noon + 1s);
    limits.take(200, quota(5000, 3000, reset), "", noon + 1s);
    limits.sent(Kind::content, "o/r", noon + 2s);
    auto const later = limits.state();
    limits.restore(before, noon + 2s);  // its tick was cancelled, or its hold lost: what it knew was not stored
    EXPECT_EQ(limits.state(), later);
    EXPECT_EQ(wait(limits, Kind::read, noon + 2s), 599s);
    EXPECT_EQ(limits.quotas().at("core").remaining, 3000);
}

TEST(GithubLimits, what_two_have_left_comes_to_the_same_in_either_order) {
    Pace const pace{.between_writes = 3s, .comments_per_minute = 3, .comments_per_hour = 5};
    Limits one{pace}, two{pace};
    auto const reset = epoch_seconds(noon + 20min);
    one.take(200, quota(5000, 4000, reset), "", noon);
    two.take(200, quota(5000, 3999, reset + 1), "", noon);
    two.take(429, {}, "", noon);
    one.sent(Kind::content, "o/r", noon - 3s);
    one.sent(Kind::content, "o/r", noon - 1s);
    two.sent(Kind::content, "o/r", noon - 2s);
    two.sent(Kind::write, "o/other", noon - 1s);
    auto search = quota(30, 7, reset);
    search.push_back({"x-ratelimit-resource", "search"});
    one.take(200, search, "", noon);
    Limits forth{pace}, back{pace};
    for (auto const* from : {&one, &two}) forth.restore(from->state(), noon);
    for (auto const* from : {&two, &one}) back.restore(from->state(), noon);
    EXPECT_EQ(forth.state(), back.state());
    EXPECT_EQ(forth.quotas().at("core"), (Quota{5000, 3999, reset + 1}));
    EXPECT_EQ(forth.quotas().at("search"), (Quota{30, 7, reset}));
    EXPECT_EQ(wait(forth, Kind::read, noon), 60s);
    EXPECT_EQ(wait(forth, Kind::write, noon + 60s), 0s);
    Limits third{pace};
    third.restore(forth.state(), noon);
    EXPECT_EQ(third.state(), forth.state());
    Limits open{pace};  // three comments within the minute, of which none of the two has made all
    open.restore(one.state(), noon);
    EXPECT_EQ(wait(open, Kind::content, noon), 2s) << "the pace between two writes";
    Limits unblocked{pace};
    unblocked.sent(Kind::content, "o/r", noon - 2s);
    open.restore(unblocked.state(), noon);
    EXPECT_EQ(wait(open, Kind::content, noon), 57s);
}

TEST(GithubLimits, of_two_hours_the_later_one_counts) {
    Limits limits{Pace{}}, past{Pace{}};
    past.take(200, quota(5000, 5, epoch_seconds(noon - 10min)), "", noon - 20min);
    limits.take(200, quota(5000, 4000, epoch_seconds(noon + 50min)), "", noon);
    limits.restore(past.state(), noon);
    EXPECT_EQ(limits.quotas().at("core").remaining, 4000);
    past.restore(limits.state(), noon);
    EXPECT_EQ(past.quotas().at("core").remaining, 4000);
}

// A token that GitHub refuses has nobody's limit.
TEST(GithubLimits, what_is_left_of_another_limit_is_not_taken_for_what_is_left_of_ours) {
    Limits ours{Pace{}}, nobodys{Pace{}};
    auto const reset = epoch_seconds(noon + 30min);
    ours.take(200, quota(5000, 4000, reset), "", noon);
    nobodys.take(401, quota(60, 50, reset), "", noon);
    for (auto* limits : {&ours, &nobodys}) {
        limits->restore((limits == &ours ? nobodys : ours).state(), noon);
        EXPECT_EQ(limits->quotas().at("core"), (Quota{5000, 4000, reset}));
        EXPECT_EQ(wait(*limits, Kind::read, noon), 0s);
    }
}

TEST(GithubLimits, comments_that_others_know_of_count_and_none_counts_twice) {
    Pace const pace{.between_writes = 0ms, .comments_per_minute = 3, .comments_per_hour = 5};
    Limits killed{pace};
    killed.know_content({noon - 50s, noon - 40s, noon - 30s});
    EXPECT_EQ(wait(killed, Kind::content, noon), 10s);
    EXPECT_EQ(wait(killed, Kind::write, noon), 0s);
    Limits both{pace};
    both.sent(Kind::content, "o/r", noon - 50s);
    both.sent(Kind::content, "o/r", noon - 40s);
    both.know_content({noon - 50s + 300ms, noon - 40s + 300ms});  // the same two
    EXPECT_EQ(wait(both, Kind::content, noon), 0s);
    both.know_content({noon - 50s, noon - 40s, noon - 20s});
    EXPECT_EQ(wait(both, Kind::content, noon), 10s);
    auto const state = both.state();
    both.know_content({noon - 50s + 10ms, noon - 40s + 10ms, noon - 20s + 10ms});
    EXPECT_EQ(both.state(), state) << "what is known already is nothing to store anew";
    both.know_content({});
    EXPECT_EQ(both.state(), state);
    Limits more{pace};  // tries, that are no steps of their own
    for (int i = 0; i < 5; ++i) more.sent(Kind::content, "o/r", noon - 30min);
    more.know_content({noon - 10min});
    EXPECT_EQ(wait(more, Kind::content, noon), 30min);
}

TEST(GithubLimits, a_state_that_nobody_made_does_no_harm) {
    for (std::string const text :
         {"", "{", "[]", "{\"v\":2,\"blocked_until\":99}", "{\"v\":1}", "{\"v\":1,\"blocked_until\":9223372036854775807}",
          "{\"v\":1,\"writes\":{\"o/"
          "r\":9223372036854775807},\"content\":[9223372036854775807,\"x\",null,-5],\"ahead\":9223372036854775807}",
          "{\"v\":1,\"quotas\":{\"core\":[1],\"a\":null,\"b\":[1,2,\"3\"],\"c\":[-1,-1,-1]},\"strikes\":9999999}"}) {
        Limits limits{Pace{}};
        limits.restore(text, noon);
        EXPECT_LE(wait(limits, Kind::content, noon), 2h) << text;
        limits.take(429, {}, "", noon + 3h);
        EXPECT_LE(wait(limits, Kind::content, noon + 3h), 2h) << text;
    }
}

}  // namespace
}  // namespace groomer::tracker::github
