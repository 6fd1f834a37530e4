// The labelled copy that the file tracker writes at the end of a pass.
#include "conformance/file_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace groomer::tracker::file::test {
namespace {

TEST(FileTrackerCopy, is_byte_for_byte_the_export_where_nothing_changed) {
    FileStore store{" [ {\"title\" : \"t\",\n\t\"number\":1 , \"labels\":[ ] } ]\n\n[7]\n"};
    auto const before = read_file(store.path);
    auto const tracker = store.open();
    EXPECT_EQ(run_task(tracker->finish_pass(guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_EQ(read_file(store.copy_path), before);
    EXPECT_EQ(read_file(store.path), before);
    EXPECT_EQ(run_task(tracker->finish_pass(guard_of(7))).outcome, WriteOutcome::already);
    EXPECT_EQ(files_in(store.folder), 3U);
}

TEST(FileTrackerCopy, differs_from_the_export_in_labels_only) {
    FileStore store{R"([{"number":1,"title":"t","labels":[{"id":5,"name":"keep"},{"id":6,"name":"drop"}],"x":"é\u00e9 1.50"},
{"number":2,"title":"untouched","labels":["drop"]}])"};
    auto const tracker = store.open();
    EXPECT_EQ(run_task(tracker->remove_label(ref(1), "drop", guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_EQ(add(*tracker, 1, "type/bug"), WriteOutcome::done);
    EXPECT_EQ(run_task(tracker->finish_pass(guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_EQ(read_file(store.copy_path),
              R"([{"number":1,"title":"t","labels":[{"id":5,"name":"keep"},{"name":"type/bug"}],"x":"é\u00e9 1.50"},
{"number":2,"title":"untouched","labels":["drop"]}])");
}

TEST(FileTrackerCopy, follows_new_effects_a_new_export_and_its_own_loss) {
    FileStore store{{{.number = 1}}};
    auto const tracker = store.open();
    auto const finish = [&] { return run_task(tracker->finish_pass(guard_of(7))).outcome; };
    EXPECT_EQ(finish(), WriteOutcome::done);
    EXPECT_EQ(add(*tracker, 1, "a"), WriteOutcome::done);
    EXPECT_EQ(finish(), WriteOutcome::done);
    EXPECT_NE(read_file(store.copy_path).find("\"a\""), std::string::npos);
    write_file(store.path, export_json(FileStore::repo(), {{.number = 1, .title = "renamed"}}));
    EXPECT_EQ(finish(), WriteOutcome::done);
    EXPECT_NE(read_file(store.copy_path).find("renamed"), std::string::npos);
    std::filesystem::remove(store.copy_path);
    EXPECT_EQ(finish(), WriteOutcome::done);
    EXPECT_EQ(finish(), WriteOutcome::already);
}

TEST(FileTrackerCopy, a_refused_copy_leaves_no_file_behind) {
    FileStore store{{{.number = 1}}};
    auto const tracker = store.open();
    EXPECT_EQ(run_task(tracker->finish_pass(guard_that_says_no(7))).outcome, WriteOutcome::withheld);
    EXPECT_FALSE(std::filesystem::exists(store.copy_path));
    WriteResult result;
    with_file_size_limit(10, [&] { result = run_task(tracker->finish_pass(guard_of(7))); });
    EXPECT_EQ(result.outcome, WriteOutcome::failed);
    EXPECT_EQ(files_in(store.folder), 2U);  // the export and its empty log
}

TEST(FileTrackerCopy, removes_what_a_crashed_writer_left_and_nothing_of_a_living_one) {
    FileStore store{{{.number = 1}}};
    auto const dead = store.folder / ".backlog.labelled.json.dead.tmp", alive = store.folder / ".backlog.labelled.json.alive.tmp";
    write_file(dead, "half");
    write_file(alive, "half");
    int const fd = ::open(alive.c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_EQ(::flock(fd, LOCK_EX), 0);
    EXPECT_EQ(run_task(store.open()->finish_pass(guard_of(7))).outcome, WriteOutcome::done);
    ::close(fd);
    EXPECT_FALSE(std::filesystem::exists(dead));
    EXPECT_TRUE(std::filesystem::exists(alive));
}

TEST(FileTrackerCopy, is_as_private_as_the_export) {
    FileStore store{{{.number = 1}}};
    std::filesystem::permissions(store.path, std::filesystem::perms::owner_read);
    EXPECT_EQ(run_task(store.open()->finish_pass(guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_EQ(std::filesystem::status(store.copy_path).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(FileTrackerPaths, stand_beside_the_export) {
    EXPECT_EQ(effects_path("a/backlog.json"), "a/backlog.json.groomer.jsonl");
    EXPECT_EQ(labelled_path("a/backlog.json"), "a/backlog.labelled.json");
    EXPECT_EQ(labelled_path("a/backlog"), "a/backlog.labelled.json");
}

}  // namespace
}  // namespace groomer::tracker::file::test
