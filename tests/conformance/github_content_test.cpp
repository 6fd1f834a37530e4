// Comments, sections, titles and closing, over real sockets: what truly happened is told by the fake's own log.
#include "conformance/github_replica.hpp"
#include "conformance/tracker_suite.hpp"

#include <boost/json/serialize.hpp>

#include <functional>
#include <thread>
#include <utility>

namespace groomer::tracker::test {
namespace {

using namespace std::chrono_literals;
using fake_github::FaultKind;
using fake_github::Server;
using fake_github::State;

constexpr auto began = fake_github::Time{1'704'067'200s};
constexpr char const* quill = "octo/quill";

class GithubContent : public testing::Test {
protected:
    GithubContent() {
        server_.with_state([](State& state) {
            auto& repository = state.add_repository(quill);
            state.access.add_token("secret", {.login = "groomer"});
            state.limits.options = {.per_hour = 0, .points_per_minute = 0, .at_once = 0, .content_per_minute = 0, .content_per_hour = 0};
            state.add_label(repository, {.name = "a"});
            state.add_issue(repository, {.number = 1, .title = "It panics", .body = "theirs\r\nsecond line", .labels = {}});
        });
    }
    std::unique_ptr<Tracker> open(ReplicaOptions options = {}) { return std::make_unique<Replica>(server_, quill, options); }
    // All four writes, as tests of each need them.
    using Write = std::function<Task<WriteResult>(Tracker&, WriteGuard)>;
    static std::vector<std::pair<std::string, Write>> writes() {
        IssueRef const ref{quill, 1};
        return {{"comment.add", [=](Tracker& t, WriteGuard g) { return t.set_comment(ref, "note", "hello", {}, std::move(g)); }},
                {"issue.body", [=](Tracker& t, WriteGuard g) { return t.set_section(ref, "triage", "ours", std::move(g)); }},
                {"issue.title", [=](Tracker& t, WriteGuard g) { return t.set_title(ref, "It panics at start", std::move(g)); }},
                {"issue.close", [=](Tracker& t, WriteGuard g) { return t.close(ref, CloseReason::not_planned, std::move(g)); }}};
    }
    // A guard whose last question, just before the write is sent, comes after `act`.
    static WriteGuard guard_after(std::function<void()> act) {
        return {7, [act = std::move(act), asked = std::make_shared<int>(0)] {
                    if (++*asked == 2) act();
                    return true;
                }};
    }
    std::vector<std::string> effects() {
        std::vector<std::string> out;
        for (auto const& line : server_.with_state([](State& state) { return state.effects.parsed(); }))
            out.emplace_back(line.at("what").as_string());
        return out;
    }
    void fault(std::string method, FaultKind kind, std::uint64_t nth = 1) {
        server_.with_state([&](State& state) { state.faults.add({.method = std::move(method), .nth = nth}, {.kind = kind}); });
    }
    static fake_github::By person() { return {.login = "maintainer", .now = began}; }

    Server server_{{.start = began}};
};

TEST_F(GithubContent, each_happens_once_however_often_it_is_asked_for) {
    auto const tracker = open();
    for (auto const& [what, write] : writes()) {
        EXPECT_EQ(run_task(write(*tracker, guard_that_says_no(7))).outcome, WriteOutcome::withheld) << what;
        auto const first = run_task(write(*tracker, guard_of(7)));
        EXPECT_EQ(first.outcome, WriteOutcome::done) << what << ": " << first.detail;
        EXPECT_EQ(run_task(write(*tracker, guard_of(7))).outcome, WriteOutcome::already) << what;
        EXPECT_EQ(run_task(write(*open(), guard_of(8))).outcome, WriteOutcome::already) << what << " by another replica";
    }
    EXPECT_EQ(effects(), (std::vector<std::string>{"comment.add", "issue.body", "issue.title", "issue.close"}));
    server_.with_state([](State& state) {
        auto const& issue = state.issue(quill, 1);
        EXPECT_EQ(issue.body, "theirs\r\nsecond line\n\n<!-- groomer:triage -->\nours\n<!-- /groomer:triage -->");
        EXPECT_EQ(issue.title, "It panics at start");
        EXPECT_EQ(issue.reason, fake_github::Reason::not_planned);
    });
}

TEST_F(GithubContent, a_comment_is_edited_where_it_reads_otherwise_and_nobody_elses_is_touched) {
    server_.with_state(
        [](State& state) { state.add_comment(state.at(quill), state.issue(quill, 1), "a copy\n\n<!-- groomer:note -->", person()); });
    auto const tracker = open();
    auto const say = [&](std::string text) { return run_task(tracker->set_comment({quill, 1}, "note", std::move(text), {}, guard_of(7))); };
    EXPECT_EQ(say("hello").outcome, WriteOutcome::done);
    EXPECT_EQ(say("changed").outcome, WriteOutcome::done);
    EXPECT_EQ(effects(), (std::vector<std::string>{"comment.add", "comment.add", "comment.edit"}));
    auto const comments = run_task(tracker->read({quill, 1}))->comments;
    ASSERT_EQ(comments.size(), 2U);
    EXPECT_EQ(comments[0].actor, Actor::person);
    EXPECT_EQ(comments[1].actor, Actor::self);
    EXPECT_EQ(comments[0].name, "");
    EXPECT_EQ(comments[1].name, "note");
    EXPECT_NE(comments[1].body.find("changed"), std::string::npos);
}

TEST_F(GithubContent, an_answer_that_is_lost_is_found_out_about_and_nothing_is_repeated) {
    auto const tracker = open();
    std::vector<std::string> expected;
    for (auto const& [what, write] : writes()) {
        fault(what == "comment.add" ? "POST" : "PATCH", expected.size() % 2 == 0 ? FaultKind::close_after : FaultKind::truncated);
        expected.push_back(what);
        auto const lost = run_task(write(*tracker, guard_of(7)));
        EXPECT_EQ(lost.outcome, WriteOutcome::done) << what << ": " << lost.detail;
        EXPECT_EQ(run_task(write(*tracker, guard_of(7))).outcome, WriteOutcome::already) << what;
        EXPECT_EQ(effects(), expected);
    }
    server_.with_state([&](State& state) { EXPECT_EQ(state.faults.sprung(), expected.size()); });
}

// It comes after nobody waited for it any more: until it can come no more, it is not sent again.
TEST_F(GithubContent, a_comment_that_comes_late_is_not_made_twice) {
    auto const tracker = open({.write_timeout = 100ms, .settle = 600ms});
    server_.with_state([](State& state) { state.faults.add({.method = "POST"}, {.delay_before = 400ms}); });
    auto const say = [&] { return run_task(tracker->set_comment({quill, 1}, "note", "hello", {}, guard_of(7))); };
    auto result = say();
    EXPECT_EQ(result.outcome, WriteOutcome::failed);
    auto const end = std::chrono::steady_clock::now() + 10s;
    while (result.outcome == WriteOutcome::failed && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(result.retry_after);
        result = say();
    }
    EXPECT_TRUE(result.outcome == WriteOutcome::already || result.outcome == WriteOutcome::done);
    EXPECT_EQ(effects(), std::vector<std::string>{"comment.add"});
}

TEST_F(GithubContent, what_did_not_take_effect_is_told_and_done_by_the_next_try) {
    auto const tracker = open({.settle = 0ms});
    for (auto const& [what, write] : writes()) {
        fault(what == "comment.add" ? "POST" : "PATCH", FaultKind::close_before);
        EXPECT_EQ(run_task(write(*tracker, guard_of(7))).outcome, WriteOutcome::failed) << what;
        EXPECT_EQ(run_task(write(*tracker, guard_of(7))).outcome, WriteOutcome::done) << what;
    }
    EXPECT_EQ(effects().size(), 4U);
}

TEST_F(GithubContent, writes_follow_a_repository_that_is_renamed) {
    auto const rename = [&](std::string const& to) {
        server_.with_state([&](State& state) { state.rename_repository(state.at(quill), to, person()); });
    };
    for (auto const& [what, write] : writes()) {
        auto const tracker = open();
        // In the moment between the look and the write.
        auto const result = run_task(write(*tracker, guard_after([&] { rename("octo/feather"); })));
        EXPECT_EQ(result.outcome, WriteOutcome::done) << what << ": " << result.detail;
        EXPECT_EQ(run_task(write(*tracker, guard_of(7))).outcome, WriteOutcome::already) << what;
        rename(quill);
    }
    // Long before; and an edit goes to the comment's own address.
    rename("octo/feather");
    auto const tracker = open();
    auto const edited = run_task(tracker->set_comment({quill, 1}, "note", "changed", {}, guard_of(7)));
    EXPECT_EQ(edited.outcome, WriteOutcome::done) << edited.detail;
    EXPECT_EQ(run_task(add_label(*tracker, {quill, 1}, "a", guard_of(7))).outcome, WriteOutcome::done);
    auto happened = effects();
    std::erase(happened, "repository.rename");
    EXPECT_EQ(happened, (std::vector<std::string>{"comment.add", "issue.body", "issue.title", "issue.close", "comment.edit", "label.add"}));
}

TEST_F(GithubContent, what_was_transferred_or_deleted_is_gone_and_not_written_to_elsewhere) {
    server_.with_state([](State& state) { state.add_repository("octo/other"); });
    auto all = writes();
    all.emplace_back("label.add", [](Tracker& t, WriteGuard g) { return add_label(t, {quill, 1}, "a", std::move(g)); });
    for (bool const transferred : {true, false})
        for (auto const& [what, write] : all) {
            auto const leave = [&] {
                server_.with_state([&](State& state) {
                    auto& repository = state.at(quill);
                    if (transferred) state.transfer_issue(repository, 1, state.at("octo/other"), person());
                    else state.delete_issue(repository, 1, person());
                });
            };
            auto const tracker = open();
            EXPECT_EQ(run_task(write(*tracker, guard_after(leave))).outcome, WriteOutcome::gone) << what;
            EXPECT_EQ(run_task(write(*tracker, guard_of(7))).outcome, WriteOutcome::gone) << what;
            server_.with_state([](State& state) {
                auto& repository = state.at(quill);
                repository.transfers.clear();
                repository.deleted.clear();
                state.add_issue(repository, {.number = 1, .title = "It panics", .body = "theirs"});
            });
        }
    for (auto const& what : effects()) EXPECT_TRUE(what == "issue.transfer" || what == "issue.delete") << what;
}

TEST_F(GithubContent, a_lost_answer_on_the_new_address_is_found_out_about_too) {
    auto const tracker = open();
    auto const rename = [&] {
        server_.with_state([](State& state) {
            state.rename_repository(state.at(quill), "octo/feather", person());
            // The first POST is sent on, the second takes effect.
            state.faults.add({.method = "POST", .path = "/repositories/*"}, {.kind = FaultKind::close_after});
        });
    };
    auto const result = run_task(tracker->set_comment({quill, 1}, "note", "hello", {}, guard_after(rename)));
    EXPECT_EQ(result.outcome, WriteOutcome::done) << result.detail;
    EXPECT_EQ(effects(), (std::vector<std::string>{"repository.rename", "comment.add"}));
    server_.with_state([](State& state) { EXPECT_EQ(state.faults.sprung(), 1U); });
}

TEST_F(GithubContent, a_comment_of_ours_that_a_person_has_edited_stays) {
    auto const tracker = open();
    auto const say = [&](std::string text, std::vector<std::string> earlier) {
        return run_task(tracker->set_comment({quill, 1}, "note", std::move(text), std::move(earlier), guard_of(7)));
    };
    EXPECT_EQ(say("one", {}).outcome, WriteOutcome::done);
    EXPECT_EQ(say("two", {"one"}).outcome, WriteOutcome::done);
    server_.with_state([](State& state) {
        auto const id = state.issue(quill, 1).history->comments.at(0).id;
        state.edit_comment(state.at(quill), id, "theirs\n\n<!-- groomer:note -->", person());
    });
    auto const refused = say("three", {"one", "two"});
    EXPECT_EQ(refused.outcome, WriteOutcome::failed);
    EXPECT_NE(refused.detail.find("a person has edited"), std::string::npos) << refused.detail;
    auto const body = server_.with_state([](State& state) { return state.issue(quill, 1).history->comments.at(0).body; });
    EXPECT_TRUE(body.starts_with("theirs")) << body;
}

// What stands there is written over: it is looked at when the write may go, not when it begins to wait.
TEST_F(GithubContent, what_a_person_writes_while_a_write_waits_for_its_pace_stays) {
    int waits = 0;
    auto const edit = [&] {
        ++waits;
        server_.advance(1s);
        server_.with_state([](State& state) {
            state.edit_issue(state.at(quill), state.issue(quill, 1), {.title = {}, .body = "theirs, and more", .open = {}}, person());
        });
    };
    auto const tracker = open({.between_writes = 50ms, .on_wait = edit});
    EXPECT_EQ(run_task(add_label(*tracker, {quill, 1}, "a", guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_EQ(waits, 0);
    EXPECT_EQ(run_task(tracker->set_section({quill, 1}, "triage", "ours", guard_of(7))).outcome, WriteOutcome::done);
    EXPECT_GT(waits, 0) << "or nothing is shown";
    auto const body = server_.with_state([](State& state) { return state.issue(quill, 1).body; });
    EXPECT_TRUE(body.starts_with("theirs, and more")) << body;
}

// What the caller has to ask about is asked after the wait, too; of a comment, whose text is looked at, nothing is.
TEST_F(GithubContent, whether_the_issue_is_still_the_same_is_asked_when_the_write_may_go) {
    int waits = 0, asked = 0;
    auto const wait = [&] {
        ++waits;
        server_.advance(1s);
    };
    auto const tracker = open({.between_writes = 50ms, .on_wait = wait});
    EXPECT_EQ(run_task(add_label(*tracker, {quill, 1}, "a", guard_of(7))).outcome, WriteOutcome::done);
    auto guard = guard_of(7);
    guard.still_same = [&]() -> Task<bool> {
        ++asked;
        co_return waits == 0;
    };
    EXPECT_EQ(run_task(tracker->set_section({quill, 1}, "triage", "ours", guard)).outcome, WriteOutcome::withheld);
    EXPECT_GT(waits, 0) << "or nothing is shown";
    EXPECT_EQ(run_task(tracker->set_title({quill, 1}, "Ours", guard)).outcome, WriteOutcome::withheld);
    EXPECT_EQ(run_task(tracker->close({quill, 1}, CloseReason::completed, guard)).outcome, WriteOutcome::withheld);
    EXPECT_EQ(asked, 3);
    EXPECT_EQ(run_task(tracker->set_comment({quill, 1}, "note", "ours", {}, guard)).outcome, WriteOutcome::done);
    EXPECT_EQ(asked, 3);
    server_.with_state([](State& state) {
        auto const& issue = state.issue(quill, 1);
        EXPECT_TRUE(issue.open);
        EXPECT_NE(issue.title, "Ours");
        EXPECT_EQ(issue.body.find("ours"), std::string::npos);
    });
}

// So it is after a limit of a few seconds: what was to be sent is of before.
TEST_F(GithubContent, after_a_limit_the_issue_is_looked_at_anew) {
    server_.with_state([](State& state) {
        state.faults.add({.method = "PATCH", .times = 1}, {.kind = FaultKind::status, .status = 429, .headers = {{"Retry-After", "2"}}});
    });
    auto const edit = [&] {
        server_.advance(2s);
        server_.with_state([](State& state) {
            state.edit_issue(state.at(quill), state.issue(quill, 1), {.title = {}, .body = "theirs, and more", .open = {}}, person());
        });
    };
    auto const tracker = open({.on_wait = edit});
    EXPECT_EQ(run_task(tracker->set_section({quill, 1}, "triage", "ours", guard_of(7))).outcome, WriteOutcome::done);
    auto const body = server_.with_state([](State& state) { return state.issue(quill, 1).body; });
    EXPECT_TRUE(body.starts_with("theirs, and more")) << body;
}

// An edited comment and a merged pull request move neither the issue's ETag nor its time.
TEST_F(GithubContent, a_history_is_read_again_after_ten_minutes_and_where_it_is_wanted_anew) {
    Replica tracker{server_, quill};
    server_.with_state([](State& state) { state.add_comment(state.at(quill), state.issue(quill, 1), "Me too.", person()); });
    server_.advance(1min);
    auto const merged = [&](bool anew) { return run_task(anew ? tracker.read_anew({quill, 1}) : tracker.read({quill, 1}))->merged.size(); };
    auto const merge = [&](std::int64_t number) {
        server_.with_state([&](State& state) { state.refer(state.issue(quill, 1), {quill, number, "Fix", "fixes #1", true}, person()); });
    };
    merge(2);
    EXPECT_EQ(merged(false), 1U);
    merge(3);
    EXPECT_EQ(merged(false), 1U) << "nothing tells of it, or the fake shows what GitHub does not";
    EXPECT_EQ(merged(true), 2U);
    merge(4);
    EXPECT_EQ(merged(false), 2U);
    tracker.later(9min);
    EXPECT_EQ(merged(false), 2U);
    tracker.later(2min);
    EXPECT_EQ(merged(false), 3U);
}

TEST_F(GithubContent, a_history_that_is_too_long_to_be_read_whole_is_told_as_cut) {
    auto const tracker = open();
    auto const say = [&](int times) {
        server_.with_state([&](State& state) {
            for (int i = 0; i < times; ++i) state.add_comment(state.at(quill), state.issue(quill, 1), "more", person());
        });
    };
    say(1100);
    EXPECT_FALSE(run_task(tracker->read({quill, 1}))->history_cut);
    say(1);
    EXPECT_TRUE(run_task(tracker->read({quill, 1}))->history_cut);
}

TEST_F(GithubContent, a_conversation_that_is_locked_is_told) {
    auto const tracker = open();
    EXPECT_FALSE(run_task(tracker->read({quill, 1}))->locked);
    server_.with_state([](State& state) { state.lock(state.at(quill), state.issue(quill, 1), true, person()); });
    EXPECT_TRUE(run_task(tracker->read({quill, 1}))->locked);
}

}  // namespace
}  // namespace groomer::tracker::test
