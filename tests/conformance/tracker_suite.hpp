// What every tracker has to do, whatever stands behind it. An implementation is bound to it by a harness:
//
//   struct Harness {
//       static std::string repo();                                // the repository that the seeded issues belong to
//       explicit Harness(std::vector<SeedIssue> const& issues);   // a store that holds just these
//       std::unique_ptr<Tracker> open();                          // a replica's tracker on that store; any number
//       std::vector<LoggedEffect> effects();                      // what truly happened there, in order, by its own log
//       void another_holder_writes(LoggedEffect const&, std::int64_t term);
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Name, TrackerSuite, Harness);
#pragma once

#include "support/run_task.hpp"
#include "tracker/tracker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace groomer::tracker::test {

using groomer::test::run_task;
using groomer::test::run_tasks;

struct SeedIssue {
    std::int64_t number = 0;
    std::string title = "A title";
    std::string body = {};
    std::vector<std::string> labels = {};
    bool open = true;
};

struct LoggedEffect {
    IssueRef ref;
    std::string label;
    bool added = true;
    friend bool operator==(LoggedEffect const&, LoggedEffect const&) = default;
};

inline WriteGuard guard_of(std::int64_t term) {
    return {term, [] { return true; }};
}
inline WriteGuard guard_that_says_no(std::int64_t term) {
    return {term, [] { return false; }};
}

using Labels = std::vector<std::string>;

// One alone.
inline Task<WriteResult> add_label(Tracker& tracker, IssueRef ref, std::string label, WriteGuard guard) {
    Labels labels{std::move(label)};
    auto adding = tracker.add_labels(std::move(ref), std::move(labels), std::move(guard));
    auto results = co_await std::move(adding);
    co_return std::move(results.at(0));
}

inline Labels labels_of(Tracker& tracker, IssueRef const& ref) {
    auto const issue = run_task(tracker.read(ref));
    return issue ? issue->labels : Labels{"no such issue"};
}

struct Synced {
    std::vector<Issue> issues;
    std::size_t skipped = 0;
    std::size_t pages = 0;
    std::string cursor;
};

// Pages from `cursor` to the last one; gives up after 10,000.
inline Synced sync(Tracker& tracker, std::string cursor, std::size_t limit) {
    Synced synced;
    for (bool last = false; !last && synced.pages < 10'000; ++synced.pages) {
        auto page = run_task(tracker.changes(std::move(cursor), limit));
        EXPECT_LE(page.issues.size(), limit);
        EXPECT_EQ(page.first_of_full_pass, page.full_pass && synced.pages == 0);
        for (auto& issue : page.issues) synced.issues.push_back(std::move(issue));
        synced.skipped += page.skipped;
        cursor = page.cursor;
        last = page.last;
    }
    synced.cursor = std::move(cursor);
    return synced;
}

inline std::multiset<std::int64_t> numbers(std::vector<Issue> const& issues) {
    std::multiset<std::int64_t> out;
    for (auto const& issue : issues) out.insert(issue.ref.number);
    return out;
}

template <class Harness>
class TrackerSuite : public testing::Test {
protected:
    static IssueRef ref(std::int64_t number) { return {Harness::repo(), number}; }
};

TYPED_TEST_SUITE_P(TrackerSuite);

TYPED_TEST_P(TrackerSuite, an_added_label_is_read_back_as_our_own_and_happened_once) {
    TypeParam store{{{.number = 1, .labels = {"theirs"}}}};
    auto const tracker = store.open();
    EXPECT_EQ(run_task(add_label(*tracker, this->ref(1), "type/bug", guard_of(7))).outcome, WriteOutcome::done);
    auto const issue = run_task(tracker->read(this->ref(1)));
    ASSERT_TRUE(issue);
    EXPECT_EQ(issue->labels, (Labels{"theirs", "type/bug"}));
    auto const last =
        std::find_if(issue->events.rbegin(), issue->events.rend(), [](auto const& event) { return event.label == "type/bug"; });
    ASSERT_NE(last, issue->events.rend());
    EXPECT_TRUE(last->added);
    EXPECT_EQ(last->actor, Actor::self);
    EXPECT_TRUE(std::none_of(issue->events.begin(), issue->events.end(),
                             [](auto const& event) { return event.label == "theirs" && event.actor == Actor::self; }));
    EXPECT_EQ(store.effects(), (std::vector<LoggedEffect>{{this->ref(1), "type/bug", true}}));
}

TYPED_TEST_P(TrackerSuite, adding_a_label_that_is_there_writes_nothing) {
    TypeParam store{{{.number = 1, .labels = {"theirs"}}}};
    auto const tracker = store.open();
    EXPECT_EQ(run_task(add_label(*tracker, this->ref(1), "theirs", guard_of(7))).outcome, WriteOutcome::already);
    EXPECT_TRUE(store.effects().empty());
    EXPECT_EQ(run_task(add_label(*tracker, this->ref(1), "ours", guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_EQ(run_task(add_label(*tracker, this->ref(1), "ours", guard_of(7))).outcome, WriteOutcome::already);
    EXPECT_EQ(store.effects().size(), 1U);
}

inline std::vector<WriteOutcome> outcomes(std::vector<WriteResult> const& results) {
    std::vector<WriteOutcome> out;
    for (auto const& result : results) out.push_back(result.outcome);
    return out;
}

TYPED_TEST_P(TrackerSuite, several_labels_are_added_each_with_its_result) {
    using enum WriteOutcome;
    using Outcomes = std::vector<WriteOutcome>;
    TypeParam store{{{.number = 1, .labels = {"theirs", "b"}}}};
    auto const tracker = store.open();
    auto const add = [&](std::int64_t number, Labels labels, WriteGuard guard) {
        return outcomes(run_task(tracker->add_labels(this->ref(number), std::move(labels), std::move(guard))));
    };
    EXPECT_EQ(add(1, {"a", "c"}, guard_that_says_no(7)), (Outcomes{withheld, withheld}));
    EXPECT_EQ(add(2, {"a", "b"}, guard_of(7)), (Outcomes{gone, gone}));
    EXPECT_EQ(add(1, {}, guard_of(7)), Outcomes{});
    EXPECT_TRUE(store.effects().empty());
    EXPECT_EQ(add(1, {"a", "b", "c"}, guard_of(7)), (Outcomes{done, already, done}));
    EXPECT_EQ(labels_of(*tracker, this->ref(1)), (Labels{"theirs", "b", "a", "c"}));
    EXPECT_EQ(add(1, {"c", "b", "a"}, guard_of(7)), (Outcomes{already, already, already}));
    EXPECT_EQ(store.effects(), (std::vector<LoggedEffect>{{this->ref(1), "a", true}, {this->ref(1), "c", true}}));
}

TYPED_TEST_P(TrackerSuite, a_removed_label_is_gone_and_the_others_stay) {
    TypeParam store{{{.number = 1, .labels = {"a", "b", "c"}}}};
    auto const tracker = store.open();
    EXPECT_EQ(run_task(tracker->remove_label(this->ref(1), "b", guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_EQ(labels_of(*tracker, this->ref(1)), (Labels{"a", "c"}));
    EXPECT_EQ(store.effects(), (std::vector<LoggedEffect>{{this->ref(1), "b", false}}));
}

TYPED_TEST_P(TrackerSuite, removing_a_label_that_is_not_there_writes_nothing) {
    TypeParam store{{{.number = 1, .labels = {"a"}}}};
    auto const tracker = store.open();
    EXPECT_EQ(run_task(tracker->remove_label(this->ref(1), "b", guard_of(7))).outcome, WriteOutcome::already);
    EXPECT_EQ(run_task(tracker->remove_label(this->ref(1), "a", guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_EQ(run_task(tracker->remove_label(this->ref(1), "a", guard_of(7))).outcome, WriteOutcome::already);
    EXPECT_EQ(store.effects().size(), 1U);
}

TYPED_TEST_P(TrackerSuite, a_label_may_be_removed_and_added_again) {
    TypeParam store{{{.number = 1, .labels = {"a"}}}};
    auto const tracker = store.open();
    EXPECT_EQ(run_task(tracker->remove_label(this->ref(1), "a", guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_EQ(run_task(add_label(*tracker, this->ref(1), "a", guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_EQ(labels_of(*tracker, this->ref(1)), (Labels{"a"}));
    EXPECT_EQ(store.effects(), (std::vector<LoggedEffect>{{this->ref(1), "a", false}, {this->ref(1), "a", true}}));
}

TYPED_TEST_P(TrackerSuite, a_guard_that_says_no_withholds_the_write) {
    TypeParam store{{{.number = 1, .labels = {"a"}}}};
    auto const tracker = store.open();
    EXPECT_EQ(run_task(add_label(*tracker, this->ref(1), "b", guard_that_says_no(7))).outcome, WriteOutcome::withheld);
    EXPECT_EQ(run_task(tracker->remove_label(this->ref(1), "a", guard_that_says_no(7))).outcome, WriteOutcome::withheld);
    EXPECT_EQ(labels_of(*tracker, this->ref(1)), (Labels{"a"}));
    EXPECT_TRUE(store.effects().empty());
}

TYPED_TEST_P(TrackerSuite, an_unknown_issue_reads_as_nothing_and_its_write_as_gone) {
    TypeParam store{{{.number = 1}}};
    auto const tracker = store.open();
    EXPECT_FALSE(run_task(tracker->read(this->ref(2))));
    EXPECT_EQ(run_task(add_label(*tracker, this->ref(2), "a", guard_of(7))).outcome, WriteOutcome::gone);
    EXPECT_EQ(run_task(tracker->remove_label(this->ref(2), "a", guard_of(7))).outcome, WriteOutcome::gone);
    EXPECT_TRUE(store.effects().empty());
}

TYPED_TEST_P(TrackerSuite, fifty_concurrent_writes_all_land_exactly_once) {
    std::vector<SeedIssue> seeds;
    for (int number = 1; number <= 10; ++number) seeds.push_back({.number = number});
    TypeParam store{seeds};
    auto const tracker = store.open();
    std::vector<Task<WriteResult>> writes;
    for (int i = 0; i < 50; ++i)
        writes.push_back(add_label(*tracker, this->ref(i % 10 + 1), "label-" + std::to_string(i / 10), guard_of(7)));
    for (auto const& result : run_tasks(std::move(writes))) EXPECT_EQ(result.outcome, WriteOutcome::done) << result.detail;
    EXPECT_EQ(store.effects().size(), 50U);
    for (int number = 1; number <= 10; ++number) {
        auto labels = labels_of(*tracker, this->ref(number));
        std::sort(labels.begin(), labels.end());
        EXPECT_EQ(labels, (Labels{"label-0", "label-1", "label-2", "label-3", "label-4"}));
    }
}

TYPED_TEST_P(TrackerSuite, the_same_write_asked_for_many_times_at_once_happens_once) {
    TypeParam store{{{.number = 1}}};
    auto const tracker = store.open();
    std::vector<Task<WriteResult>> writes;
    for (int i = 0; i < 20; ++i) writes.push_back(add_label(*tracker, this->ref(1), "a", guard_of(7)));
    auto const results = run_tasks(std::move(writes));
    auto const with = [&](WriteOutcome outcome) {
        return std::count_if(results.begin(), results.end(), [&](auto const& result) { return result.outcome == outcome; });
    };
    EXPECT_EQ(with(WriteOutcome::done), 1);
    EXPECT_EQ(with(WriteOutcome::already), 19);
    EXPECT_EQ(store.effects().size(), 1U);
}

TYPED_TEST_P(TrackerSuite, replicas_see_what_the_others_wrote) {
    TypeParam store{{{.number = 1}}};
    auto const one = store.open();
    auto const two = store.open();
    EXPECT_EQ(run_task(add_label(*one, this->ref(1), "a", guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_EQ(labels_of(*two, this->ref(1)), (Labels{"a"}));
    EXPECT_EQ(run_task(add_label(*two, this->ref(1), "a", guard_of(8))).outcome, WriteOutcome::already);
    EXPECT_EQ(run_task(two->remove_label(this->ref(1), "a", guard_of(8))).outcome, WriteOutcome::done);
    EXPECT_EQ(labels_of(*one, this->ref(1)), Labels{});
    store.another_holder_writes({this->ref(1), "b", true}, 9);
    EXPECT_EQ(labels_of(*one, this->ref(1)), (Labels{"b"}));
    EXPECT_EQ(run_task(add_label(*two, this->ref(1), "b", guard_of(10))).outcome, WriteOutcome::already);
    EXPECT_EQ(store.effects().size(), 3U);
}

TYPED_TEST_P(TrackerSuite, a_full_pass_names_every_issue_once_whatever_the_page_size) {
    std::vector<SeedIssue> seeds;
    for (int number = 1; number <= 13; ++number) seeds.push_back({.number = number, .open = number % 3 != 0});
    TypeParam store{seeds};
    auto const tracker = store.open();
    for (std::size_t limit : {1U, 2U, 5U, 12U, 13U, 14U, 100U}) {
        auto const synced = sync(*tracker, "", limit);
        std::multiset<std::int64_t> expected;
        for (auto const& seed : seeds) expected.insert(seed.number);
        EXPECT_EQ(numbers(synced.issues), expected) << "limit " << limit;
        EXPECT_EQ(synced.skipped, 0U);
        for (auto const& issue : synced.issues) EXPECT_EQ(issue.open, issue.ref.number % 3 != 0);
    }
}

TYPED_TEST_P(TrackerSuite, a_second_sync_finds_nothing_new_and_its_cursor_stands_still) {
    TypeParam store{{{.number = 1}, {.number = 2}, {.number = 3}}};
    auto const tracker = store.open();
    auto const first = sync(*tracker, "", 2);
    auto const second = sync(*tracker, first.cursor, 2);
    EXPECT_TRUE(second.issues.empty());
    EXPECT_EQ(second.pages, 1U);
    auto const other_replica = store.open();
    auto const third = sync(*other_replica, second.cursor, 2);
    EXPECT_TRUE(third.issues.empty());
    EXPECT_EQ(third.cursor, second.cursor);
}

TYPED_TEST_P(TrackerSuite, a_pass_can_be_finished_by_another_replica) {
    TypeParam store{{{.number = 1}, {.number = 2}, {.number = 3}}};
    auto const one = store.open();
    auto const first = run_task(one->changes("", 2));
    ASSERT_FALSE(first.last);
    auto const two = store.open();
    auto all = first.issues;
    auto page = first;
    for (int pages = 1; !page.last && pages < 10; ++pages) {
        page = run_task(two->changes(page.cursor, 2));
        EXPECT_TRUE(page.full_pass);
        EXPECT_FALSE(page.first_of_full_pass);
        all.insert(all.end(), page.issues.begin(), page.issues.end());
    }
    EXPECT_TRUE(page.last);
    EXPECT_EQ(numbers(all), (std::multiset<std::int64_t>{1, 2, 3}));
}

TYPED_TEST_P(TrackerSuite, a_full_pass_carries_the_labels_as_they_are_now) {
    TypeParam store{{{.number = 1, .labels = {"a", "b"}}}};
    auto const tracker = store.open();
    EXPECT_EQ(run_task(tracker->remove_label(this->ref(1), "a", guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_EQ(run_task(add_label(*tracker, this->ref(1), "c", guard_of(7))).outcome, WriteOutcome::done);
    auto const synced = sync(*tracker, "", 10);
    ASSERT_EQ(synced.issues.size(), 1U);
    EXPECT_EQ(synced.issues[0].labels, (Labels{"b", "c"}));
}

TYPED_TEST_P(TrackerSuite, text_comes_without_control_characters_and_lines_stay) {
    TypeParam store{{{.number = 1, .title = "bell\x07 rings", .body = "one\ntwo\x1b[31m \u00e4\u20ac"}}};
    auto const tracker = store.open();
    auto const issue = run_task(tracker->read(this->ref(1)));
    ASSERT_TRUE(issue);
    EXPECT_EQ(issue->title, "bell  rings");
    EXPECT_EQ(issue->body, "one\ntwo [31m \u00e4\u20ac");
}

TYPED_TEST_P(TrackerSuite, a_label_that_comes_twice_counts_once) {
    TypeParam store{{{.number = 1, .labels = {"a", "b", "a"}}}};
    auto const tracker = store.open();
    EXPECT_EQ(labels_of(*tracker, this->ref(1)), (Labels{"a", "b"}));
    EXPECT_EQ(run_task(tracker->remove_label(this->ref(1), "a", guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_EQ(labels_of(*tracker, this->ref(1)), (Labels{"b"}));
}

TYPED_TEST_P(TrackerSuite, finishing_a_pass_may_be_repeated_and_changes_no_label) {
    TypeParam store{{{.number = 1, .labels = {"a"}}}};
    auto const tracker = store.open();
    EXPECT_EQ(run_task(add_label(*tracker, this->ref(1), "b", guard_of(7))).outcome, WriteOutcome::done);
    for (int i = 0; i < 2; ++i) {
        auto const outcome = run_task(tracker->finish_pass(guard_of(7))).outcome;
        EXPECT_TRUE(outcome == WriteOutcome::done || outcome == WriteOutcome::already);
    }
    EXPECT_EQ(labels_of(*tracker, this->ref(1)), (Labels{"a", "b"}));
    EXPECT_EQ(store.effects().size(), 1U);
}

REGISTER_TYPED_TEST_SUITE_P(TrackerSuite, an_added_label_is_read_back_as_our_own_and_happened_once,
                            adding_a_label_that_is_there_writes_nothing, several_labels_are_added_each_with_its_result,
                            a_removed_label_is_gone_and_the_others_stay, removing_a_label_that_is_not_there_writes_nothing,
                            a_label_may_be_removed_and_added_again, a_guard_that_says_no_withholds_the_write,
                            an_unknown_issue_reads_as_nothing_and_its_write_as_gone, fifty_concurrent_writes_all_land_exactly_once,
                            the_same_write_asked_for_many_times_at_once_happens_once, replicas_see_what_the_others_wrote,
                            a_full_pass_names_every_issue_once_whatever_the_page_size,
                            a_second_sync_finds_nothing_new_and_its_cursor_stands_still, a_pass_can_be_finished_by_another_replica,
                            a_full_pass_carries_the_labels_as_they_are_now, text_comes_without_control_characters_and_lines_stay,
                            a_label_that_comes_twice_counts_once, finishing_a_pass_may_be_repeated_and_changes_no_label);

}  // namespace groomer::tracker::test
