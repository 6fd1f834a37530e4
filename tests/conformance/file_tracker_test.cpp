// The file tracker: the suite of all trackers, and what only a file can suffer.
#include "base/error.hpp"
#include "conformance/file_store.hpp"
#include "tracker/file/export.hpp"

#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace groomer::tracker::test {
using groomer::tracker::file::test::FileStore;
INSTANTIATE_TYPED_TEST_SUITE_P(File, TrackerSuite, FileStore);
}  // namespace groomer::tracker::test

namespace groomer::tracker::file::test {
namespace {

std::string error_of(Tracker& tracker) {
    try {
        run_task(tracker.changes("", 10));
    } catch (Error const& e) {
        EXPECT_EQ(e.code(), ErrorCode::failure);
        return e.what();
    }
    return "no error";
}

std::string error_of(std::string const& content) {
    FileStore store{content};
    auto const error = error_of(*store.open());
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
    return error.starts_with(store.path) ? error.substr(store.path.size()) : error;
}

TEST(FileTrackerExport, reads_pages_one_after_another_and_passes_over_pull_requests) {
    FileStore store{"[" + issue_json("a/one", {.number = 1}) + "," + R"({"number":2,"title":"a change","pull_request":{"url":"x"}}])" +
                    "\n[]" + "[" + issue_json("b/two", {.number = 1}) + R"(,{"number":3,"title":"plain","pull_request":null}])" + "\n"};
    auto const tracker = store.open();
    auto const synced = sync(*tracker, "", 10);
    ASSERT_EQ(synced.issues.size(), 3U);
    EXPECT_EQ(synced.skipped, 0U);
    EXPECT_EQ(to_string(synced.issues[0].ref), "a/one#1");
    EXPECT_EQ(to_string(synced.issues[1].ref), "b/two#1");
    EXPECT_EQ(to_string(synced.issues[2].ref), "demo/backlog#3");
}

TEST(FileTrackerExport, an_empty_list_is_a_full_pass_without_issues) {
    FileStore store{"[]"};
    auto const page = run_task(store.open()->changes("", 10));
    EXPECT_TRUE(page.first_of_full_pass && page.full_pass && page.last);
    EXPECT_TRUE(page.issues.empty());
}

TEST(FileTrackerExport, skips_and_counts_what_is_no_issue_and_says_where_the_first_one_stands) {
    std::string const deep = R"({"number":8,"title":"deep","x":)" + std::string(70, '[') + std::string(70, ']') + "}";
    FileStore store{"[" + issue_json("demo/backlog", {.number = 1}) + ",\n  7,\n\"text\", " + R"({"title":"no number"},
{"number":0,"title":"zero"},{"number":2.5,"title":"half"},{"number":9007199254740993,"title":"large"},
{"number":2},{"number":3,"title":""},{"number":4,"title":"\u0000 "},{"number":5,"title":"t","labels":"bug"},
{"number":6,"title":"t","state":"merged"},{"number":7,"title":"t","repository_url":"https://x/y"},
{"number":9,"title":"lone \ud800 surrogate"},{"number":10,"title":"raw)" +
                    std::string(1, '\x01') + R"("},)" + deep + "," + issue_json("demo/backlog", {.number = 1, .title = "again"}) + "]"};
    auto const synced = sync(*store.open(), "", 1);
    ASSERT_EQ(synced.issues.size(), 1U);
    EXPECT_EQ(synced.issues[0].title, "A title");
    EXPECT_EQ(synced.skipped, 16U);
    EXPECT_EQ(run_task(store.open()->changes("", 1)).skipped_example, store.path + ":2:3: not an object");
}

TEST(FileTrackerExport, a_file_of_which_nothing_can_be_used_is_an_error_and_no_empty_backlog) {
    EXPECT_EQ(error_of(std::string{"[[{\"number\":1,\"title\":\"x\"}],\n[]]"}),
              ":1:2: not an object; no entry of the file can be used: is it what `gh api` writes for issues?");
    FileStore store{std::string{R"([7,{"number":2,"title":"a change","pull_request":{"url":"x"}}])"}};
    EXPECT_TRUE(run_task(store.open()->changes("", 10)).issues.empty()) << "pull requests are no reason to complain";
}

TEST(FileTrackerExport, a_byte_order_mark_is_passed_over) {
    FileStore store{"\xEF\xBB\xBF" + export_json(FileStore::repo(), {{.number = 1}})};
    auto const tracker = store.open();
    EXPECT_EQ(labels_of(*tracker, ref(1)), Labels{});
    EXPECT_EQ(add(*tracker, 1, "a"), WriteOutcome::done);
    EXPECT_EQ(run_task(tracker->finish_pass(guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_TRUE(read_file(store.copy_path).starts_with("\xEF\xBB\xBF["));
}

TEST(FileTrackerExport, case_tells_no_repositories_apart) {
    FileStore store{"[" + issue_json("A/one", {.number = 1}) + "," + issue_json("a/One", {.number = 2}) + "," +
                    issue_json("a/one", {.number = 1}) + "]"};
    auto const tracker = store.open();
    auto const synced = sync(*tracker, "", 10);
    ASSERT_EQ(synced.issues.size(), 2U);
    EXPECT_EQ(to_string(synced.issues[1].ref), "A/one#2") << "the first spelling";
    EXPECT_EQ(synced.skipped, 1U);
    EXPECT_EQ(run_task(add_label(*tracker, {"a/ONE", 2}, "x", guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_EQ(run_task(add_label(*tracker, {"A/one", 2}, "x", guard_of(7))).outcome, WriteOutcome::already);
}

TEST(FileTrackerExport, names_the_place_of_an_issue_that_comes_twice) {
    FileStore store{"[" + issue_json("demo/backlog", {.number = 1, .title = "first"}) + ",\n " +
                    issue_json("demo/backlog", {.number = 1, .title = "second"}) + "]"};
    auto const page = run_task(store.open()->changes("", 10));
    ASSERT_EQ(page.issues.size(), 1U);
    EXPECT_EQ(page.issues[0].title, "first");
    EXPECT_EQ(page.skipped, 1U);
    EXPECT_EQ(page.skipped_example, store.path + ":2:2: demo/backlog#1 was there before");
}

TEST(FileTrackerExport, a_broken_file_is_one_sentence_with_its_place) {
    EXPECT_EQ(error_of(std::string{}), ": is empty: a list of issues was expected");
    EXPECT_EQ(error_of(std::string{" \n"}), ": is empty: a list of issues was expected");
    EXPECT_EQ(error_of(std::string{"number,title\n"}), ":1:1: expected a list of issues, '['");
    EXPECT_EQ(error_of(std::string{"[{\"number\":1}\n {\"number\":2}]"}), ":2:2: expected ',' or ']' after an issue");
    EXPECT_EQ(error_of(std::string{"[{\"number\":1},\n]"}), ":2:1: expected an issue");
    EXPECT_EQ(error_of(std::string{"[\n{\"number\":[1}]"}), ":2:13: '}' closes a list that '[' began");
    EXPECT_EQ(error_of(std::string{"[{\"title\":\"no end"}),
              ":1:18: the file ends before its list of issues does: was it cut, or is it still being written?");
    EXPECT_EQ(error_of(std::string{"[]\nx"}), ":2:1: expected a list of issues, '['");
    EXPECT_EQ(error_of(std::string{"[{\"number\":10 \"title\":\"no comma\"}]"}), ":1:15: invalid JSON (syntax error)");
    EXPECT_EQ(error_of(std::string{"[\n {\"number\": 10,\n  \"body\": tru}]"}), ":3:11: invalid JSON (syntax error)");
    EXPECT_EQ(error_of(std::string{"[{\"n\":1.\n}]"}), ":1:9: invalid JSON (syntax error)")
        << "a line break is no control character in a text";
    EXPECT_EQ(error_of(std::string{"[1,\n\"\\u12g4\"]"}), ":2:6: invalid JSON (expected hex digit)");
}

TEST(FileTrackerExport, githubs_own_error_message_is_passed_on) {
    EXPECT_EQ(error_of(std::string{"{\"message\":\"Not\\nFound\",\"status\":\"404\"}"}),
              ":1:1: an object where a list of issues ('[') was expected (GitHub said: Not Found)");
    EXPECT_EQ(error_of(std::string{"[]\n{\"message\":\"API rate limit exceeded\"}"}),
              ":2:1: an object where a list of issues ('[') was expected (GitHub said: API rate limit exceeded)");
}

TEST(FileTrackerExport, a_file_broken_at_its_end_hands_out_no_first_page) {
    auto content = export_json(FileStore::repo(), {{.number = 1}, {.number = 2}});
    content.back() = '}';
    FileStore store{content};
    EXPECT_THROW(run_task(store.open()->changes("", 1)), Error);
}

TEST(FileTrackerExport, a_missing_file_a_folder_and_a_pipe_are_errors) {
    FileStore store{"[]"};
    std::filesystem::remove(store.path);
    auto const tracker = store.open();
    EXPECT_EQ(error_of(*tracker), store.path + ": cannot be opened: No such file or directory");
    EXPECT_THROW(run_task(tracker->read(ref(1))), Error);
    EXPECT_THROW(run_task(add_label(*tracker, ref(1), "a", guard_of(7))), Error);
    EXPECT_EQ(run_task(tracker->finish_pass(guard_of(7))).outcome, WriteOutcome::failed);
    EXPECT_EQ(files_in(store.folder), 0U);
    std::filesystem::create_directory(store.path);
    EXPECT_EQ(error_of(*tracker), store.path + ": cannot be opened: Is a directory");
    std::filesystem::remove(store.path);
    ASSERT_EQ(::mkfifo(store.path.c_str(), 0600), 0);
    EXPECT_EQ(error_of(*tracker), store.path + ": is not a regular file");
}

TEST(FileTrackerExport, an_unchanged_file_is_not_read_again) {
    FileStore store{{{.number = 1}}};
    auto const cursor = sync(*store.open(), "", 10).cursor;
    auto const before = std::filesystem::last_write_time(store.path);
    write_file(store.path, std::string(read_file(store.path).size(), 'x'));  // as long, and no JSON at all
    std::filesystem::last_write_time(store.path, before);
    auto const page = run_task(store.open()->changes(cursor, 10));
    EXPECT_TRUE(page.last && page.issues.empty() && !page.full_pass);
    EXPECT_EQ(page.cursor, cursor);
}

TEST(FileTrackerExport, a_file_that_was_only_touched_makes_no_pass) {
    FileStore store{{{.number = 1}}};
    auto const tracker = store.open();
    auto const cursor = sync(*tracker, "", 10).cursor;
    std::filesystem::last_write_time(store.path, std::filesystem::file_time_type::clock::now() + std::chrono::hours{1});
    auto const page = run_task(tracker->changes(cursor, 10));
    EXPECT_TRUE(page.last && page.issues.empty() && !page.full_pass);
    EXPECT_NE(page.cursor, cursor);
    EXPECT_EQ(run_task(tracker->changes(page.cursor, 10)).cursor, page.cursor);
}

TEST(FileTrackerExport, a_file_overwritten_in_the_middle_of_a_pass_is_passed_again_from_its_start) {
    FileStore store{{{.number = 1}, {.number = 2}, {.number = 3}}};
    auto const tracker = store.open();
    auto const first = run_task(tracker->changes("", 2));
    ASSERT_FALSE(first.last);
    write_file(store.path, export_json(FileStore::repo(), {{.number = 4}, {.number = 5}, {.number = 6}, {.number = 7}}));
    auto const again = sync(*tracker, first.cursor, 2);  // expects first_of_full_pass on its first page
    EXPECT_EQ(numbers(again.issues), (std::multiset<std::int64_t>{4, 5, 6, 7}));
    EXPECT_FALSE(run_task(tracker->read(ref(1))));
    EXPECT_TRUE(run_task(tracker->read(ref(7))));
}

TEST(FileTrackerExport, what_was_read_while_somebody_wrote_is_read_again) {
    FileStore const store{{{.number = 1}}};
    Export exported{store.path, FileStore::repo()};
    int reads = 0;
    auto const read = [&](Snapshot const& snapshot) {
        if (++reads == 1) write_file(store.path, export_json(FileStore::repo(), {{.number = 1}, {.number = 2}}));
        return snapshot.index->entries.size();
    };
    EXPECT_EQ(exported.consistent(read), 2U);
    EXPECT_EQ(reads, 2);
}

TEST(FileTrackerExport, a_file_that_never_stands_still_is_an_error_and_no_endless_loop) {
    FileStore const store{std::string{"[]"}};
    Export exported{store.path, FileStore::repo()};
    auto const read = [&](Snapshot const&) {
        write_file(store.path, " ", std::ios::app);
        return true;
    };
    EXPECT_THROW(exported.consistent(read), Error);
}

TEST(FileTrackerExport, an_index_that_nobody_used_since_the_last_rest_is_dropped) {
    FileStore const store{{{.number = 1}}};
    Export exported{store.path, FileStore::repo()};
    std::weak_ptr<Index const> const index = exported.open().index;
    exported.rest();
    EXPECT_FALSE(index.expired());
    exported.rest();
    EXPECT_TRUE(index.expired());
    EXPECT_EQ(exported.open().index->entries.size(), 1U);
}

TEST(FileTrackerExport, readers_survive_a_file_that_is_overwritten_all_the_time) {
    std::vector<SeedIssue> seeds;
    for (int number = 1; number <= 200; ++number) seeds.push_back({.number = number, .body = std::string(1000, 'b')});
    auto const small = export_json(FileStore::repo(), {seeds[0]}), large = export_json(FileStore::repo(), seeds);
    FileStore store{large};
    auto const tracker = store.open();
    std::atomic<bool> enough{false};
    std::thread writer{[&] {
        while (!enough) write_file(store.path, small), write_file(store.path, large);
    }};
    for (int i = 0; i < 300; ++i) {
        try {
            auto const issue = run_task(tracker->read(ref(1)));
            EXPECT_EQ(issue ? issue->body : "gone", seeds[0].body);
        } catch (Error const&) {
        }
    }
    enough = true;
    writer.join();
    EXPECT_EQ(labels_of(*tracker, ref(200)), Labels{});
}

TEST(FileTrackerExport, bots_ghosts_and_odd_labels_are_understood) {
    FileStore store{
        R"([{"number":1,"title":"t","user":{"login":"renovate[bot]","type":"User"},"labels":["a",{"name":"b"},5,{"x":1},{"name":""},"a"]},
{"number":2,"title":"t","user":{"login":"ci","type":"Bot"},"labels":null,"body":null,"state":"closed","created_at":"2023-02-30T00:00:00Z"},
{"number":3,"title":"t","user":null,"created_at":"2023-02-28T23:59:59.5+02:00"}])"};
    auto const tracker = store.open();
    auto const one = run_task(tracker->read(ref(1))), two = run_task(tracker->read(ref(2))), three = run_task(tracker->read(ref(3)));
    ASSERT_TRUE(one && two && three);
    EXPECT_TRUE(one->author_is_bot);
    EXPECT_EQ(one->labels, (Labels{"a", "b"}));
    EXPECT_TRUE(two->author_is_bot);
    EXPECT_FALSE(two->open);
    EXPECT_EQ(two->created_at, "");
    EXPECT_EQ(three->author, "");
    EXPECT_FALSE(three->author_is_bot);
    EXPECT_EQ(three->created_at, "2023-02-28T23:59:59.5+02:00");
}

TEST(FileTrackerExport, invalid_utf8_is_repaired) {
    FileStore store{std::string{"[{\"number\":1,\"title\":\"broken \xff\xc3 text\",\"body\":\"\\u0000end\"}]"}};
    auto const issue = run_task(store.open()->read(ref(1)));
    ASSERT_TRUE(issue);
    EXPECT_EQ(issue->title, "broken \xEF\xBF\xBD\xEF\xBF\xBD text");
    EXPECT_EQ(issue->body, " end");
}

TEST(FileTrackerExport, a_body_of_100_megabytes_is_passed_over_and_copied) {
    FileStore store{"[]"};
    std::string const block(1 << 20, 'x');
    {
        std::ofstream out{store.path, std::ios::binary};
        out << R"([{"number":1,"title":"huge","body":")";
        for (int i = 0; i < 100; ++i) out << block;
        out << "\"},\n" << issue_json("demo/backlog", {.number = 2}) << "]";
    }
    auto const tracker = store.open();
    auto const page = run_task(tracker->changes("", 10));
    ASSERT_EQ(page.issues.size(), 1U);
    EXPECT_EQ(page.issues[0].ref.number, 2);
    EXPECT_EQ(page.skipped_example, store.path + ":1:2: larger than 8 MiB");
    EXPECT_EQ(add(*tracker, 1, "a"), WriteOutcome::gone);
    EXPECT_EQ(run_task(tracker->finish_pass(guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_EQ(std::filesystem::file_size(store.copy_path), std::filesystem::file_size(store.path));
}

}  // namespace
}  // namespace groomer::tracker::file::test
