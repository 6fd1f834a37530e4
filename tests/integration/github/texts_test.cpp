// Titles, summaries and closing on GitHub: done once, never over people, and taken back.
#include "integration/github/saying.hpp"

#include <signal.h>

#include <thread>

namespace groomer::test {
namespace {

using fake_github::Pull;

class Texts : public Asking {
protected:
    void SetUp() override {
        Asking::SetUp();
        if (!database) return;
        ask("apply, titles_and_bodies: {enabled: true}");
        mind([](auto const&) {
            return answer("ready", "[]", "", R"(,"title":"Segmentation fault on an empty file","section":"It ends with a fault.")");
        });
    }
    std::string title(std::int64_t issue) {
        return server.with_state([&](State& state) { return state.issue(of_octocat, issue).title; });
    }
    std::string body(std::int64_t issue) {
        return server.with_state([&](State& state) { return state.issue(of_octocat, issue).body; });
    }
    std::int64_t revisions() {
        return number("SELECT count(DISTINCT r.revision) FROM groomer.run r JOIN groomer.issue i ON i.id = r.issue_id WHERE i.number = 1");
    }
    Acts const labelled{"label.add priority/p2", "label.add status/ready", "issue.body", "issue.title"};
};

TEST_F(Texts, AnIssueGetsItsTitleAndSummaryOnceAndIsNotJudgedAnewForThem) {
    auto const before = body(1);
    for (int i = 0; i < 3; ++i) look();
    EXPECT_EQ(acts(1), labelled);
    EXPECT_EQ(title(1), "Segmentation fault on an empty file");
    EXPECT_EQ(body(1), before + "\n\n<!-- groomer:summary -->\nIt ends with a fault.\n<!-- /groomer:summary -->");
    EXPECT_EQ(asked(), 3U) << "once an issue";
    EXPECT_EQ(revisions(), 1);
    EXPECT_EQ(last_run(1, "outcome"), "noop");
}

TEST_F(Texts, WhatPeopleMakeOfThemStays) {
    look();
    retitle(1, "Mine");
    person([](State& state, auto& repository, auto const& by) {
        state.edit_issue(repository, state.issue(of_octocat, 1), {.title = {}, .body = crash, .open = {}}, by);
        auto& second = state.issue(of_octocat, 2);
        auto edited = second.body;
        edited.replace(edited.find("It ends with"), 12, "It began with");
        state.edit_issue(repository, second, {.title = {}, .body = edited, .open = {}}, by);
    });
    mind([](auto const&) { return answer("ready", "[]", "", R"(,"title":"Another","section":"Another.")"); });
    for (int i = 0; i < 2; ++i) look();
    EXPECT_EQ(acts(1), labelled);
    EXPECT_EQ(title(1), "Mine");
    EXPECT_EQ(body(1), crash) << "the summary that was taken out does not come back";
    EXPECT_NE(body(2).find("It began with"), std::string::npos);
}

// In the moments before a new summary is written over the one that is there.
TEST_F(Texts, NorIsASummaryWrittenOverThatAPersonChangesMeanwhile) {
    look();
    mind([](auto const&) { return answer("ready", "[]", "", R"(,"title":null,"section":"Another.")"); });
    for (std::int64_t const issue : {1, 2}) reporter_says(issue, "Once more.");
    auto const edit = [this] {
        person([](State& state, auto& repository, auto const& by) {
            auto& issue = state.issue(of_octocat, 1);
            auto edited = issue.body;
            edited.replace(edited.find("It ends with"), 12, "It began with");
            state.edit_issue(repository, issue, {.title = {}, .body = edited, .open = {}}, by);
        });
    };
    int asked = 0;
    recorder.on_arrival = [&](fake_github::Request const& request) {
        bool const of_it = request.method == "GET" && request.target.ends_with("/issues/1");
        if (of_it && ++asked == 3) edit();  // judged, looked at again, and then
    };
    look();
    recorder.on_arrival = nullptr;
    EXPECT_GE(asked, 3) << "or nothing is shown";
    EXPECT_NE(body(1).find("It began with"), std::string::npos) << body(1);
    EXPECT_NE(body(2).find("Another."), std::string::npos) << body(2);
}

// A write that nobody sent leaves what stands there ours.
TEST_F(Texts, ASummaryThatHadToWaitForAnotherJudgementIsWrittenThen) {
    look();
    mind([](auto const&) { return answer("ready", "[]", "", R"(,"title":null,"section":"Another.")"); });
    reporter_says(1, "Once more.");
    int asked = 0;
    recorder.on_arrival = [&](fake_github::Request const& request) {
        bool const of_it = request.method == "GET" && request.target.ends_with("/issues/1");
        if (of_it && ++asked == 3) reporter_says(1, "And another thing.");
    };
    look();
    recorder.on_arrival = nullptr;
    EXPECT_EQ(number("SELECT count(*) FROM groomer.step WHERE op = 'section.set' AND status = 'stale'"), 1) << "or nothing is shown";
    look();
    EXPECT_NE(body(1).find("Another."), std::string::npos) << body(1);
    EXPECT_EQ(command({"undo", "--issue", std::string{of_octocat} + "#1"}).status, 0);
    EXPECT_EQ(body(1), crash);
}

TEST_F(Texts, TheyAreTakenBackWhileTheyAreOurs) {
    auto const was = title(1), before = body(1);
    look();
    ASSERT_NE(title(1), was);
    auto const ended = command({"undo", "--issue", std::string{of_octocat} + "#1"});
    EXPECT_EQ(ended.status, 0) << ended.output;
    EXPECT_EQ(title(1), was);
    EXPECT_EQ(body(1), before);
    for (int i = 0; i < 2; ++i) look();
    EXPECT_EQ(title(1), was) << "and not done again";
}

TEST_F(Texts, TheyAreTakenBackAlsoWhereALaterOneWasPlannedAndNeverBegun) {
    auto const before = body(1);
    look();
    ASSERT_NE(body(1), before);
    database->query(
        "INSERT INTO groomer.step (key, seq, issue_id, op, label, term, text) SELECT 'later', 0, t.issue_id, t.op, t.label, t.term, "
        "'Never sent.' FROM groomer.step t JOIN groomer.issue i ON i.id = t.issue_id WHERE i.number = 1 AND t.op = 'section.set' RETURNING "
        "1");
    EXPECT_EQ(command({"undo", "--issue", std::string{of_octocat} + "#1"}).status, 0);
    EXPECT_EQ(body(1), before);
}

TEST_F(Texts, ATrialAndASuggestionWriteNone) {
    EXPECT_NE(command({"once", "--dry-run"}).output.find("title: Segmentation fault on an empty file"), std::string::npos);
    EXPECT_TRUE(effects().empty());
    ask("suggest, titles_and_bodies: {enabled: true}");
    look();
    EXPECT_EQ(acts(1), Acts{"comment.add"});
    EXPECT_NE(comment(1).find("\ngh issue edit 1 --repo octocat/hello-world --title \"Segmentation fault on an empty file\"\n"),
              std::string::npos)
        << comment(1);
}

class Closing : public Asking {
protected:
    void SetUp() override {
        Asking::SetUp();
        if (database) ask("apply, comments: {enabled: true, cooldown: 0s}, close: {enabled: true}");
    }
    void a_fortnight_passes() {
        database->query(
            "UPDATE groomer.step SET ended_at = ended_at - interval '14 days', planned_at = planned_at - interval '14 days' RETURNING 1");
    }
    bool is_open(std::int64_t issue) {
        return server.with_state([&](State& state) { return state.issue(of_octocat, issue).open; });
    }
    void merge(Pull const& pull) {
        person([&](State& state, auto&, auto const& by) { state.refer(state.issue(of_octocat, 1), pull, by); });
    }
    void reopen(std::int64_t issue) {
        person([&](State& state, auto& repository, auto const& by) {
            state.edit_issue(repository, state.issue(of_octocat, issue), {.title = {}, .body = {}, .open = true}, by);
        });
    }
};

TEST_F(Closing, WhoeverWasAskedAndIsSilentForAFortnightFindsItClosed) {
    look();
    EXPECT_NE(comment(1).find("within 14 days, it is closed"), std::string::npos) << comment(1);
    EXPECT_EQ(text("SELECT due_at BETWEEN clock_timestamp() + interval '13 days' AND clock_timestamp() + interval '14 days' "
                   "FROM groomer.issue WHERE number = 1"),
              "t");
    look();
    EXPECT_TRUE(is_open(1));
    a_fortnight_passes();
    reporter_says(2, "It is version 2.");
    mind([](fake_model::Question const& question) {
        bool const told = question.user.find("It is version 2.") != std::string::npos;
        return answer("needs_info", told ? R"(["A file."])" : R"(["The version that you use."])");
    });
    look();
    auto expected = labelled_and_asked;
    expected.emplace_back("issue.close");
    EXPECT_EQ(acts(1), expected);
    EXPECT_EQ(server.with_state([](State& state) { return state.issue(of_octocat, 1).reason; }), fake_github::Reason::not_planned);
    EXPECT_TRUE(is_open(2)) << "somebody answered";
    EXPECT_TRUE(last_run(1, "reason").ends_with("closed: nobody has answered")) << last_run(1, "reason");
    EXPECT_EQ(number("SELECT count(*) FROM groomer.issue WHERE number = 1 AND NOT open AND due_at IS NULL"), 1);
    a_fortnight_passes();
    look();
    EXPECT_TRUE(is_open(2)) << "an edit has told nobody";
    EXPECT_EQ(asked(), 4U);
}

TEST_F(Closing, NeverAfterAReopening) {
    look();
    a_fortnight_passes();
    look();
    ASSERT_FALSE(is_open(1));
    reopen(1);
    for (int i = 0; i < 2; ++i) {
        look();
        a_fortnight_passes();
    }
    look();
    EXPECT_TRUE(is_open(1));
}

TEST_F(Closing, WhatAMergedPullRequestClosesIsClosedAndUndoOpensItAgain) {
    mind([](auto const&) { return answer("already_done", "[]"); });
    merge({"mallory/hello-world", 3, "Fix", "fixes octocat/hello-world#1", true});
    merge({of_octocat, 4, "Fix", "fixes #1", false});
    look();
    EXPECT_EQ(comment(1), "none") << "one of another repository, and one that is not merged";
    merge({of_octocat, 12, "Do not crash", "Fixes #1", true});
    reporter_says(1, "Any news?");
    look();
    EXPECT_NE(comment(1).find("Pull request 12, which says that it closes this issue, is merged."), std::string::npos) << comment(1);
    EXPECT_NE(text("SELECT labels::text FROM groomer.issue WHERE number = 1").find("status/done"), std::string::npos);
    a_fortnight_passes();
    look();
    EXPECT_FALSE(is_open(1));
    EXPECT_EQ(server.with_state([](State& state) { return state.issue(of_octocat, 1).reason; }), fake_github::Reason::completed);
    auto const ended = command({"undo", "--issue", std::string{of_octocat} + "#1"});
    EXPECT_EQ(ended.status, 0) << ended.output;
    EXPECT_TRUE(is_open(1));
    auto const labels = text("SELECT labels::text FROM groomer.issue WHERE number = 1");
    EXPECT_EQ(labels.find("status/done"), std::string::npos);
    for (int i = 0; i < 2; ++i) {
        a_fortnight_passes();
        sync();
    }
    EXPECT_TRUE(is_open(1));
    EXPECT_EQ(text("SELECT labels::text FROM groomer.issue WHERE number = 1"), labels) << "nor is it labelled again";
}

TEST_F(Closing, AnObjectionWhileTheAnswerToTheNoticeWasLostCounts) {
    mind([](auto const&) { return answer("already_done", "[]"); });
    merge({of_octocat, 12, "Do not crash", "Fixes #1", true});
    look();
    ASSERT_NE(comment(1).find("Pull request 12"), std::string::npos);
    database->query("UPDATE groomer.step SET status = 'unknown' WHERE op = 'comment.set' RETURNING 1");
    reporter_says(1, "It is not fixed.");
    look();
    EXPECT_EQ(number("SELECT count(*) FROM groomer.step WHERE op = 'comment.set' AND status = 'already'"), 1) << "it was found there";
    a_fortnight_passes();
    look();
    EXPECT_TRUE(is_open(1));
}

TEST_F(Closing, APersonsAnswerInsideTheNoticeCounts) {
    look();
    person([](State& state, auto& repository, auto const& by) {
        auto const& comments = state.issue(of_octocat, 1).history->comments;
        state.edit_comment(repository, comments.front().id, "It is version 3.\n\n<!-- groomer:notice -->", by);
    });
    a_fortnight_passes();
    look();
    EXPECT_TRUE(is_open(1));
    EXPECT_TRUE(comment(1).starts_with("It is version 3."));
    EXPECT_FALSE(is_open(2));
}

TEST_F(Closing, AHolderThatIsKilledBetweenTitleAndClosingDoesNeitherTwice) {
    look();
    a_fortnight_passes();
    ask("apply, comments: {enabled: true, cooldown: 0s}, close: {enabled: true}, titles_and_bodies: {enabled: true}");
    mind([](auto const&) {
        return answer("needs_info", R"(["The version that you use."])", "null",
                      R"(,"title":"Segmentation fault on an empty file","section":null)");
    });
    server.with_state([](State& state) {
        state.faults.add({.method = "PATCH", .path = "*/issues/1", .times = fake_github::Matcher::always}, {.delay_after = 300ms});
    });
    database->query("UPDATE groomer.issue SET due_at = clock_timestamp() WHERE open RETURNING 1");
    auto const has = [&](std::string const& act) {
        auto const all = acts(1);
        return std::count(all.begin(), all.end(), act);
    };
    {
        auto const process = start({"run"});
        auto const end = std::chrono::steady_clock::now() + 20s;
        while (has("issue.title") == 0 && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
        process->signal(SIGKILL);  // the answer is still on its way
        process->wait(5s);
        ASSERT_EQ(has("issue.title"), 1) << process->output();
    }
    EXPECT_EQ(has("issue.close"), 0) << "killed too late to prove anything";
    server.with_state([](State& state) { state.faults.clear(); });
    auto const end = std::chrono::steady_clock::now() + 30s;
    Ended ended{75, ""};
    while ((ended.status == 75 || number(left()) > 0) && std::chrono::steady_clock::now() < end) ended = command({"once"});
    look();
    EXPECT_EQ(has("issue.title"), 1);
    EXPECT_EQ(has("issue.close"), 1) << last_run(1, "reason");
    EXPECT_EQ(has("comment.add") + has("comment.edit"), 1);
}

// Nor over what a person makes of our own words meanwhile, which the issue's revision does not have.
TEST_F(Closing, NotWhereSomebodyEditsTheNoticeMeanwhile) {
    look();
    a_fortnight_passes();
    recorder.on_arrival = [this, asked = 0](fake_github::Request const& request) mutable {
        bool const of_it = request.method == "GET" && request.target.ends_with("/issues/1");
        if (!of_it || ++asked != 3) return;
        person([](State& state, auto& repository, auto const& by) {
            auto const& comments = state.issue(of_octocat, 1).history->comments;
            state.edit_comment(repository, comments.front().id, comments.front().body + "\n\nStill so.", by);
        });
    };
    look();
    EXPECT_TRUE(is_open(1));
    EXPECT_FALSE(is_open(2));
}

// In the moment before it is closed.
TEST_F(Closing, NotWhereSomebodyLocksItMeanwhile) {
    look();
    a_fortnight_passes();
    recorder.on_arrival = [this, asked = 0](fake_github::Request const& request) mutable {
        bool const of_it = request.method == "GET" && request.target.find("/issues/1/timeline") != std::string::npos;
        if (!of_it || ++asked != 2) return;
        server.with_state(
            [](State& state) { state.lock(state.at(of_octocat), state.issue(of_octocat, 1), true, {.login = "maintainer", .now = {}}); });
    };
    look();
    EXPECT_TRUE(is_open(1));
    EXPECT_FALSE(is_open(2));
}

TEST_F(Closing, ATrialTellsWhatWouldBeSaid) {
    ask("dry-run, comments: {enabled: true, cooldown: 0s}, close: {enabled: true}");
    look();
    EXPECT_TRUE(effects().empty());
    EXPECT_NE(last_run(1, "reason").find("a comment is written"), std::string::npos) << last_run(1, "reason");
}

TEST_F(Closing, NothingIsClosedThatIsNotSwitchedOnAndNoneWithoutItsNotice) {
    ask("apply, comments: {enabled: true, cooldown: 0s}");
    look();
    a_fortnight_passes();
    look();
    EXPECT_TRUE(is_open(1));
    std::ofstream{folder / "c.yaml"} << "database: {url: \"" << database->url() << "\"}\npolicy: {close: {enabled: true}}\n"
                                     << "repositories: [{name: a/b, tracker: github}]\ngithub: {token_file: /dev/null}\n";
    auto const ended = command({"validate"});
    EXPECT_EQ(ended.status, 3) << ended.output;
    EXPECT_NE(ended.output.find("announces in a comment what it closes, which needs policy.comments.enabled"), std::string::npos)
        << ended.output;
}

}  // namespace
}  // namespace groomer::test
