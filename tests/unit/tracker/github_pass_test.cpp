#include "base/error.hpp"
#include "base/time_text.hpp"
#include "tracker/github/pass.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace groomer::tracker::github {
namespace {

using namespace std::chrono_literals;

std::string const source = "https://api.github.com/repos/o/r";
std::string const list = source + "/issues";
WallTime const noon = from_epoch_seconds(1'709'208'000);

// What GitHub would answer: the issues in the order of their last change, in numbered pages, from `since` on.
class Listing {
public:
    std::map<std::int64_t, std::int64_t> changed;  // number → seconds after noon
    std::size_t requests = 0;

    std::pair<IssuePage, Links> get(std::string const& url, std::size_t per_page) {
        ++requests;
        std::int64_t since = INT64_MIN;
        if (auto const at = url.find("&since="); at != std::string::npos) since = (*parse_time(url.substr(at + 7, 20)) - noon) / 1s;
        std::vector<std::pair<std::int64_t, std::int64_t>> all;
        for (auto const& [number, at] : changed)
            if (at >= since) all.emplace_back(at, number);
        std::sort(all.begin(), all.end());
        auto const page = static_cast<std::size_t>(github::page_of(url).value_or(1));
        std::pair<IssuePage, Links> out;
        for (std::size_t i = (page - 1) * per_page; i < std::min(all.size(), page * per_page); ++i) {
            Issue issue;
            issue.ref = {"o/r", all[i].second};
            issue.updated_at = format_seconds(noon + std::chrono::seconds{all[i].first});
            out.first.last_updated = issue.updated_at;
            out.first.issues.push_back({std::move(issue), 0});
            ++out.first.entries;
        }
        if (page * per_page < all.size()) {
            auto const base = url.substr(0, url.find("&page="));
            out.second.next = base + "&page=" + std::to_string(page + 1);
        }
        return out;
    }
};

struct Synced {
    std::multiset<std::int64_t> numbers;
    std::string cursor;
    bool full = false;
};

// Each page with a cursor that went through its text, as when another replica goes on.
Synced sync(Listing& listing, std::string text, std::size_t per_page, WallTime now, std::function<void(std::size_t)> between = {},
            std::chrono::seconds a_page = 0s) {
    Synced out;
    PassOptions const options;
    for (std::size_t pages = 1;; ++pages) {
        auto cursor = parse_cursor(text, source).value_or(Cursor{});
        cursor.source = source;
        begin_pass(cursor, now, options);
        out.full = cursor.full;
        auto [page, links] = listing.get(page_url(cursor, list, per_page), per_page);
        auto const step = advance(cursor, std::move(page), links, now, options);
        for (auto const& issue : step.news) out.numbers.insert(issue.ref.number);
        text = to_string(cursor);
        if (between) between(pages);
        now += a_page;
        if (step.last || pages > 5000) break;
    }
    out.cursor = text;
    return out;
}

std::multiset<std::int64_t> all_of(Listing const& listing) {
    std::multiset<std::int64_t> numbers;
    for (auto const& [number, at] : listing.changed) numbers.insert(number);
    return numbers;
}

TEST(GithubPass, a_full_pass_names_each_issue_once_however_close_their_changes_are) {
    for (std::int64_t const apart : {0, 1, 2, 60})
        for (std::size_t const per_page : {1U, 2U, 5U, 12U, 13U, 14U, 100U}) {
            Listing listing;
            for (std::int64_t number = 1; number <= 13; ++number) listing.changed[number] = number * apart;
            auto const synced = sync(listing, "", per_page, noon + 1h);
            EXPECT_TRUE(synced.full);
            EXPECT_EQ(synced.numbers, all_of(listing)) << apart << " s apart, " << per_page << " a page";
        }
}

TEST(GithubPass, an_idle_repository_costs_one_request_and_its_cursor_comes_to_rest) {
    Listing listing;
    for (std::int64_t number = 1; number <= 500; ++number) listing.changed[number] = number;
    auto text = sync(listing, "", 100, noon + 510s).cursor;
    // Within the overlap what was seen comes again, and is no news.
    auto const again = sync(listing, text, 100, noon + 520s);
    EXPECT_TRUE(again.numbers.empty());
    EXPECT_FALSE(again.full);
    text = sync(listing, again.cursor, 100, noon + 1h).cursor;
    for (int hours = 2; hours < 20; ++hours) {
        listing.requests = 0;
        auto const idle = sync(listing, text, 100, noon + std::chrono::hours{hours});
        EXPECT_TRUE(idle.numbers.empty());
        EXPECT_EQ(listing.requests, 1U);
        EXPECT_EQ(idle.cursor, text);
    }
}

TEST(GithubPass, what_changed_since_is_found_also_where_it_shows_late) {
    Listing listing;
    for (std::int64_t number = 1; number <= 10; ++number) listing.changed[number] = number;
    auto const first = sync(listing, "", 100, noon + 12s);
    listing.changed[3] = 30;
    listing.changed[11] = 8;  // dated before what was seen, shown after
    auto const second = sync(listing, first.cursor, 100, noon + 32s);
    EXPECT_EQ(second.numbers, (std::multiset<std::int64_t>{3, 11}));
    EXPECT_TRUE(sync(listing, second.cursor, 100, noon + 33s).numbers.empty());
}

TEST(GithubPass, what_changes_again_in_the_second_in_which_it_was_read_is_read_again) {
    Listing listing;
    listing.changed = {{1, 0}, {2, 100}};
    auto synced = sync(listing, "", 100, noon + 100s);
    EXPECT_EQ(synced.numbers, (std::multiset<std::int64_t>{1, 2}));
    synced = sync(listing, synced.cursor, 100, noon + 101s);  // the same time, and perhaps another state
    EXPECT_EQ(synced.numbers, (std::multiset<std::int64_t>{2}));
    synced = sync(listing, synced.cursor, 100, noon + 102s);
    EXPECT_EQ(synced.numbers, (std::multiset<std::int64_t>{2}));
    synced = sync(listing, synced.cursor, 100, noon + 103s);
    EXPECT_TRUE(synced.numbers.empty());
}

TEST(GithubPass, an_issue_that_changes_while_pages_are_read_pushes_none_out) {
    for (std::int64_t const apart : {0, 1, 60})
        for (std::size_t const at : {1U, 2U, 3U, 5U}) {
            Listing listing;
            for (std::int64_t number = 1; number <= 40; ++number) listing.changed[number] = number * apart;
            auto const everything = all_of(listing);
            auto const synced = sync(listing, "", 5, noon + 2h, [&](std::size_t page) {
                if (page == at)
                    for (std::int64_t number = 1; number <= 4; ++number) listing.changed[number] = 5000 + number;
            });
            EXPECT_TRUE(std::includes(synced.numbers.begin(), synced.numbers.end(), everything.begin(), everything.end()))
                << apart << " s apart, after page " << at;
        }
}

TEST(GithubPass, an_empty_repository_is_one_request_and_the_next_begins_where_it_should) {
    Listing listing;
    auto const first = sync(listing, "", 100, noon);
    EXPECT_TRUE(first.full);
    EXPECT_EQ(listing.requests, 1U);
    listing.changed[1] = 5;
    auto const second = sync(listing, first.cursor, 100, noon + 10s);
    EXPECT_FALSE(second.full);
    EXPECT_EQ(second.numbers, (std::multiset<std::int64_t>{1}));
}

TEST(GithubPass, all_are_named_again_after_a_week) {
    Listing listing;
    for (std::int64_t number = 1; number <= 3; ++number) listing.changed[number] = number;
    auto const first = sync(listing, "", 100, noon + 1h);
    EXPECT_FALSE(sync(listing, first.cursor, 100, noon + 24h * 6).full);
    listing.changed.erase(2);
    auto const later = sync(listing, first.cursor, 100, noon + 24h * 8);
    EXPECT_TRUE(later.full);
    EXPECT_EQ(later.numbers, (std::multiset<std::int64_t>{1, 3}));
    EXPECT_FALSE(sync(listing, later.cursor, 100, noon + 24h * 8 + 1h).full);
}

TEST(GithubPass, thousands_that_changed_in_one_second_end_and_are_all_named) {
    Listing listing;
    for (std::int64_t number = 1; number <= 5000; ++number) listing.changed[number] = 0;
    listing.changed[6000] = 100;
    auto const synced = sync(listing, "", 100, noon + 1h);
    auto const wanted = all_of(listing);
    EXPECT_TRUE(std::includes(synced.numbers.begin(), synced.numbers.end(), wanted.begin(), wanted.end()));
    EXPECT_LT(listing.requests, 300U);
    EXPECT_LT(synced.cursor.size(), 100'000U);
}

TEST(GithubPass, an_entry_that_is_dated_a_day_ahead_hides_nothing) {
    for (std::size_t const per_page : {1U, 2U, 3U, 100U}) {
        Listing listing;
        for (std::int64_t number = 1; number <= 5; ++number) listing.changed[number] = number;
        listing.changed[3] = 86'400;
        auto synced = sync(listing, "", per_page, noon + 1h);
        EXPECT_EQ(std::set<std::int64_t>(synced.numbers.begin(), synced.numbers.end()), (std::set<std::int64_t>{1, 2, 3, 4, 5}));
        for (std::int64_t at = 3700; at < 20'000; at += 1000) {
            listing.changed[2] = at;
            synced = sync(listing, synced.cursor, per_page, noon + std::chrono::seconds{at + 10});
            EXPECT_EQ(synced.numbers.count(2), 1U) << "changed " << at << " s after noon, " << per_page << " a page";
            EXPECT_FALSE(synced.full);
        }
        // Once its day has come it is an entry like any other.
        synced = sync(listing, synced.cursor, per_page, noon + 25h);
        EXPECT_EQ(sync(listing, synced.cursor, per_page, noon + 26h).numbers.size(), 0U);
    }
}

TEST(GithubPass, a_cursor_that_was_led_ahead_comes_back) {
    Cursor cursor;
    cursor.source = source;
    cursor.full = false;
    cursor.full_began = epoch_seconds(noon);
    cursor.since = format_seconds(noon + 24h);
    cursor.newest = cursor.since;
    Listing listing;
    listing.changed = {{1, 86'400}};
    auto const synced = sync(listing, to_string(cursor), 100, noon + 1h);
    listing.changed[2] = 3700;
    EXPECT_EQ(sync(listing, synced.cursor, 100, noon + 3710s).numbers.count(2), 1U);
}

TEST(GithubPass, pages_of_entries_that_are_dated_ahead_come_to_an_end) {
    Listing listing;
    for (std::int64_t number = 1; number <= 40; ++number) listing.changed[number] = 86'400 + number;
    for (std::int64_t number = 41; number <= 50; ++number) listing.changed[number] = number;
    auto const synced = sync(listing, "", 5, noon + 1h, {}, 3s);
    auto const wanted = all_of(listing);
    EXPECT_TRUE(std::includes(synced.numbers.begin(), synced.numbers.end(), wanted.begin(), wanted.end()));
    EXPECT_LT(listing.requests, 60U);
}

TEST(GithubPass, entries_without_a_time_do_not_stop_it) {
    Cursor cursor;
    cursor.source = source;
    begin_pass(cursor, noon, {});
    IssuePage page;
    page.issues.resize(2);
    page.issues[0].issue.ref = {"o/r", 1};
    page.issues[1].issue.ref = {"o/r", 2};
    auto step = advance(cursor, page, {list + "?page=2", "", false}, noon, {});
    EXPECT_EQ(step.news.size(), 2U);
    EXPECT_FALSE(step.last);
    EXPECT_EQ(page_url(cursor, list, 100), list + "?page=2");
    EXPECT_THROW(advance(cursor, {}, {list + "?page=2", "", false}, noon, {}), Error);  // a circle
    EXPECT_THROW(advance(cursor, {}, {"", "", true}, noon, {}), Error);                 // another origin
}

TEST(GithubCursor, comes_back_as_it_was_written) {
    Cursor cursor;
    cursor.source = source;
    cursor.full = false;
    cursor.begun = true;
    cursor.since = "2024-02-29T12:00:00Z";
    cursor.next = list + "?page=2";
    cursor.found_on_walk = true;
    cursor.repeats = 2;
    cursor.seen = {{1, 2}, {3, 4}};
    cursor.newest = "2024-02-29T13:00:00Z";
    cursor.full_began = 77;
    EXPECT_EQ(parse_cursor(to_string(cursor), source), cursor);
    EXPECT_EQ(parse_cursor(to_string(cursor), "https://api.github.com/repos/o/other"), std::nullopt);
}

TEST(GithubCursor, of_anything_else_a_full_pass_is_made) {
    Cursor cursor;
    cursor.source = source;
    cursor.next = "https://evil.example/";
    EXPECT_EQ(parse_cursor(to_string(cursor), source), std::nullopt);
    for (std::string const text : {"", "file1 1 2 3", "{}", "[]", "null", "{\"v\":2,\"seen\":[]}", "{\"v\":1}", "{\"v\":1,\"seen\":[[1]]}",
                                   "{\"v\":1,\"seen\":[[\"a\",1]]}", "{\"v\":1,\"seen\":[],\"source\":7}",
                                   "{\"v\":1,\"seen\":[],\"since\":\"&x=1\",\"source\":\"https://api.github.com/repos/o/r\"}"})
        EXPECT_EQ(parse_cursor(text, source), std::nullopt) << text;
    EXPECT_EQ(parse_cursor(std::string(1'000'000, '['), source), std::nullopt);
}

}  // namespace
}  // namespace groomer::tracker::github
