// The file tracker's log of effects: what other writers, crashes, people and full disks do to it.
#include "base/error.hpp"
#include "conformance/file_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <set>

namespace groomer::tracker::file::test {
namespace {

std::string error_of_write(Tracker& tracker, std::string label) {
    try {
        run_task(add_label(tracker, ref(1), std::move(label), guard_of(7)));
    } catch (Error const& error) {
        return error.what();
    }
    return "";
}

TEST(FileTrackerEffects, an_older_term_than_one_seen_is_fenced_whoever_wrote_it) {
    FileStore store{{{.number = 1}}};
    auto const tracker = store.open();
    store.another_holder_writes({ref(1), "b", true}, 9);
    EXPECT_EQ(add(*tracker, 1, "a", 8), WriteOutcome::fenced);
    EXPECT_EQ(run_task(tracker->finish_pass(guard_of(8))).outcome, WriteOutcome::fenced);
    EXPECT_FALSE(std::filesystem::exists(store.copy_path));
    EXPECT_EQ(add(*tracker, 1, "a", 9), WriteOutcome::done);
    EXPECT_EQ(add(*tracker, 1, "c", 10), WriteOutcome::done);
    EXPECT_EQ(add(*tracker, 1, "d", 9), WriteOutcome::fenced);
    EXPECT_EQ(labels_of(*tracker, ref(1)), (Labels{"b", "a", "c"}));
}

TEST(FileTrackerEffects, one_batch_never_mixes_an_older_term_in_after_a_newer_one) {
    FileStore store{{{.number = 1}}};
    auto const tracker = store.open();
    std::vector<Task<WriteResult>> writes;
    for (int i = 0; i < 40; ++i) writes.push_back(add_label(*tracker, ref(1), "l" + std::to_string(i), guard_of(i % 2 ? 7 : 8)));
    run_tasks(std::move(writes));
    std::int64_t newest = 0;
    std::istringstream log{read_file(store.log_path)};
    for (std::string line; std::getline(log, line);) {
        auto const term = boost::json::parse(line).at("term").as_int64();
        EXPECT_GE(term, newest);
        newest = term;
    }
    EXPECT_EQ(newest, 8);
}

TEST(FileTrackerEffects, several_labels_of_an_issue_are_made_durable_together) {
    FileStore store{{{.number = 1}}};
    auto const tracker = store.open();
    auto const results = run_task(tracker->add_labels(ref(1), {"a", "b", "c"}, guard_of(7)));
    EXPECT_EQ(results.size(), 3U);
    EXPECT_EQ(store.stats->syncs, 1U);
    EXPECT_EQ(store.stats->effects, 3U);
    // The guard is asked for each; one that says no in the middle leaves the others as they are.
    int asked = 0;
    WriteGuard const once_no{7, [&] { return ++asked != 2; }};
    auto const mixed = run_task(tracker->add_labels(ref(1), {"d", "e", "f"}, once_no));
    EXPECT_EQ(mixed.at(1).outcome, WriteOutcome::withheld);
    EXPECT_EQ(mixed.at(0).outcome, WriteOutcome::done);
    EXPECT_EQ(mixed.at(2).outcome, WriteOutcome::done);
    EXPECT_EQ(labels_of(*tracker, ref(1)), (Labels{"a", "b", "c", "d", "f"}));
}

TEST(FileTrackerEffects, a_log_line_has_the_public_form) {
    FileStore store{{{.number = 1}}};
    auto const tracker = store.open();
    EXPECT_EQ(add(*tracker, 1, "type/\"bug\"", 7), WriteOutcome::done);
    auto const line = read_file(store.log_path);
    EXPECT_TRUE(line.starts_with(R"({"repo":"demo/backlog","issue":1,"op":"label.add","label":"type/\"bug\"","term":7,"at":"20)")) << line;
    EXPECT_TRUE(line.ends_with("Z\"}\n")) << line;
}

TEST(FileTrackerEffects, a_torn_last_line_is_ignored_by_readers_and_cut_by_the_next_writer) {
    FileStore store{{{.number = 1}}};
    store.another_holder_writes({ref(1), "whole", true}, 7);
    write_file(store.log_path, R"({"repo":"demo/backlog","issue":1,"op":"label.add","label":"to)", std::ios::app);
    auto const tracker = store.open();
    EXPECT_EQ(labels_of(*tracker, ref(1)), (Labels{"whole"}));
    EXPECT_EQ(add(*tracker, 1, "next"), WriteOutcome::done);
    EXPECT_EQ(store.effects(), (std::vector<LoggedEffect>{{ref(1), "whole", true}, {ref(1), "next", true}}));
    EXPECT_EQ(store.stats->bad_lines, 0U);
}

TEST(FileTrackerEffects, a_log_that_is_one_torn_line_starts_anew) {
    FileStore store{{{.number = 1}}};
    write_file(store.log_path, R"({"repo":"demo)");
    auto const tracker = store.open();
    EXPECT_EQ(add(*tracker, 1, "a"), WriteOutcome::done);
    EXPECT_EQ(store.effects().size(), 1U);
}

TEST(FileTrackerEffects, bad_lines_are_counted_once_and_stay_where_they_are) {
    FileStore store{{{.number = 1}}};
    auto const bad = std::string{"hello\n{}\n[1,2]\n\n{\"repo\":\"demo/backlog\",\"issue\":1,\"op\":\"label.add\",\"label\":\"x\"}\n"} +
                     std::string(300'000, 'y') + "\n" + "{\"repo\":\"a/b\",\"issue\":1,\"op\":\"nuke\",\"label\":\"x\",\"term\":1}\n";
    write_file(store.log_path, bad);
    store.another_holder_writes({ref(1), "good", true}, 7);
    auto const tracker = store.open();
    EXPECT_EQ(labels_of(*tracker, ref(1)), (Labels{"good"}));
    EXPECT_EQ(add(*tracker, 1, "a"), WriteOutcome::done);
    EXPECT_EQ(store.stats->bad_lines, 7U);
    EXPECT_TRUE(read_file(store.log_path).starts_with(bad));
}

TEST(FileTrackerEffects, a_log_that_vanishes_shrinks_or_is_rewritten_is_read_anew) {
    FileStore store{{{.number = 1}}};
    auto const tracker = store.open();
    EXPECT_EQ(add(*tracker, 1, "a"), WriteOutcome::done);
    auto const with_a = read_file(store.log_path);
    EXPECT_EQ(add(*tracker, 1, "b"), WriteOutcome::done);
    std::filesystem::remove(store.log_path);
    EXPECT_EQ(labels_of(*tracker, ref(1)), Labels{});
    EXPECT_EQ(add(*tracker, 1, "b"), WriteOutcome::done);
    EXPECT_EQ(add(*tracker, 1, "c"), WriteOutcome::done);
    write_file(store.log_path, with_a);  // shorter, in place
    EXPECT_EQ(labels_of(*tracker, ref(1)), (Labels{"a"}));
    auto longer = with_a;
    longer.replace(longer.find("\"a\""), 3, "\"z\"");
    write_file(store.log_path, longer + longer);  // longer, in place
    EXPECT_EQ(labels_of(*tracker, ref(1)), (Labels{"z"}));
}

TEST(FileTrackerEffects, fifty_concurrent_effects_share_a_few_syncs) {
    std::vector<SeedIssue> seeds;
    for (int number = 1; number <= 50; ++number) seeds.push_back({.number = number});
    FileStore store{seeds};
    auto const tracker = store.open();
    // While another process has the lock, all of them queue up behind the first flush.
    int const fd = ::open(store.log_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    ASSERT_EQ(::flock(fd, LOCK_EX), 0);
    std::atomic<int> asked{0};
    auto const release_when_all_asked = [&] {
        if (++asked == 50) ::close(fd);
    };
    std::vector<Task<WriteResult>> writes;
    auto const write = [&](int number) -> Task<WriteResult> {
        auto read = tracker->read(ref(number));
        co_await std::move(read);
        release_when_all_asked();
        auto added = add_label(*tracker, ref(number), "a", guard_of(7));
        co_return co_await std::move(added);
    };
    for (int number = 1; number <= 50; ++number) writes.push_back(write(number));
    for (auto const& result : run_tasks(std::move(writes))) EXPECT_EQ(result.outcome, WriteOutcome::done) << result.detail;
    EXPECT_EQ(store.stats->effects, 50U);
    EXPECT_LE(store.stats->syncs, 20U);
    EXPECT_EQ(store.effects().size(), 50U);
}

TEST(FileTrackerEffects, a_lock_that_another_process_keeps_fails_the_write_in_bounded_time) {
    FileStore store{{{.number = 1}}};
    auto const tracker = store.open(std::chrono::milliseconds{20});
    int const fd = ::open(store.log_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    ASSERT_EQ(::flock(fd, LOCK_EX), 0);
    EXPECT_EQ(error_of_write(*tracker, "a"), store.log_path + ": is locked by another process");
    ::close(fd);
    EXPECT_EQ(add(*tracker, 1, "a"), WriteOutcome::done);
}

TEST(FileTrackerEffects, the_guard_is_asked_under_the_lock_just_before_the_write) {
    FileStore store{{{.number = 1}}};
    auto const tracker = store.open();
    bool locked = false;
    WriteGuard const guard{7, [&] {
                               int const fd = ::open(store.log_path.c_str(), O_RDWR | O_CLOEXEC);
                               locked = ::flock(fd, LOCK_EX | LOCK_NB) != 0;
                               ::close(fd);
                               return true;
                           }};
    EXPECT_EQ(run_task(add_label(*tracker, ref(1), "a", guard)).outcome, WriteOutcome::done);
    EXPECT_TRUE(locked);
}

TEST(FileTrackerEffects, one_refused_request_of_a_batch_does_not_answer_for_the_others) {
    FileStore store{{{.number = 1}}};
    auto const tracker = store.open();
    for (int round = 0; round < 20; ++round) {
        auto const label = "l" + std::to_string(round);
        std::vector<Task<WriteResult>> writes;
        writes.push_back(add_label(*tracker, ref(1), label, guard_that_says_no(7)));
        writes.push_back(add_label(*tracker, ref(1), label, guard_of(7)));
        auto const results = run_tasks(std::move(writes));
        EXPECT_EQ(results[1].outcome, WriteOutcome::done);
        EXPECT_NE(results[0].outcome, WriteOutcome::done);
    }
    EXPECT_EQ(store.effects().size(), 20U);
}

TEST(FileTrackerEffects, a_write_cut_short_by_a_full_disk_is_undone_and_reported) {
    FileStore store{{{.number = 1}}};
    auto const tracker = store.open();
    EXPECT_EQ(add(*tracker, 1, "a"), WriteOutcome::done);
    auto const before = read_file(store.log_path);
    std::string error;
    with_file_size_limit(before.size() + 20, [&] { error = error_of_write(*tracker, "b"); });
    EXPECT_EQ(error, store.log_path + ": cannot be written: File too large");
    EXPECT_EQ(read_file(store.log_path), before);
    EXPECT_EQ(labels_of(*tracker, ref(1)), (Labels{"a"}));
    EXPECT_EQ(add(*tracker, 1, "b"), WriteOutcome::done);
}

TEST(FileTrackerEffects, a_log_that_cannot_be_opened_fails_the_write_and_nothing_else) {
    FileStore store{{{.number = 1}}};
    std::filesystem::create_directory(store.log_path);
    EXPECT_EQ(error_of_write(*store.open(), "a"), store.log_path + ": cannot be opened: Is a directory");
}

TEST(FileTrackerEffects, a_label_that_a_person_set_in_a_newer_export_is_theirs_whatever_we_did_before) {
    FileStore store{{{.number = 1}}};
    auto const tracker = store.open();
    EXPECT_EQ(add(*tracker, 1, "p3"), WriteOutcome::done);
    EXPECT_EQ(run_task(tracker->remove_label(ref(1), "p3", guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_EQ(add(*tracker, 1, "p1"), WriteOutcome::done);
    write_file(store.path, export_json(FileStore::repo(), {{.number = 1, .labels = {"p3", "p1"}}}));
    auto const issue = run_task(tracker->read(ref(1)));
    ASSERT_TRUE(issue);
    EXPECT_EQ(issue->labels, (Labels{"p3", "p1"})) << "one that we had removed, and one that we had set";
    for (auto const& label : issue->labels) {
        auto const last = std::find_if(issue->events.rbegin(), issue->events.rend(), [&](auto const& e) { return e.label == label; });
        ASSERT_NE(last, issue->events.rend());
        EXPECT_TRUE(last->added && last->actor == Actor::person) << label;
    }
    auto const synced = sync(*tracker, "", 10);
    EXPECT_EQ(synced.issues.at(0).labels, (Labels{"p3", "p1"}));
    EXPECT_TRUE(synced.issues.at(0).own.empty());
    EXPECT_EQ(run_task(tracker->finish_pass(guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_EQ(read_file(store.copy_path), read_file(store.path)) << "the copy has the labels of the export";
}

TEST(FileTrackerEffects, a_writer_killed_at_any_moment_leaves_a_log_that_the_next_one_goes_on_with) {
    FileStore store{{{.number = 1}}};
    std::set<std::string> acknowledged;
    for (int round = 0; round < 5; ++round) {
        int acknowledge[2];
        ASSERT_EQ(::pipe(acknowledge), 0);
        auto const child = ::fork();
        if (child == 0) {
            asio::thread_pool pool{2};
            auto const tracker = make_file_tracker({FileStore::repo(), store.path, pool});
            for (int i = 0;; ++i) {
                auto const label = std::to_string(round) + "-" + std::to_string(i) + ";";
                if (run_task(add_label(*tracker, ref(1), label, guard_of(7 + round))).outcome != WriteOutcome::done) ::_exit(1);
                if (::write(acknowledge[1], label.data(), label.size()) < 0) ::_exit(1);
            }
        }
        ::close(acknowledge[1]);
        std::string said;
        char buffer[4096];
        for (ssize_t n = 0; said.size() < 200 && (n = ::read(acknowledge[0], buffer, sizeof buffer)) > 0;)
            said.append(buffer, static_cast<std::size_t>(n));
        ::kill(child, SIGKILL);
        for (ssize_t n = 0; (n = ::read(acknowledge[0], buffer, sizeof buffer)) > 0;) said.append(buffer, static_cast<std::size_t>(n));
        ::close(acknowledge[0]);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFSIGNALED(status));
        EXPECT_FALSE(said.empty());
        std::istringstream in{said};
        for (std::string label; std::getline(in, label, ';');) acknowledged.insert(label + ";");
    }
    auto const tracker = store.open();
    EXPECT_EQ(add(*tracker, 1, "last", 100), WriteOutcome::done);
    auto const labels = labels_of(*tracker, ref(1));
    std::set<std::string> const there{labels.begin(), labels.end()};
    for (auto const& label : acknowledged) EXPECT_TRUE(there.contains(label)) << label;
    EXPECT_EQ(store.stats->bad_lines, 0U);
    EXPECT_EQ(store.effects().size(), labels.size());
}

}  // namespace
}  // namespace groomer::tracker::file::test
