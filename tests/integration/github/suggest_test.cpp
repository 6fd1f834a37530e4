// What groomer says on GitHub: suggestions, and what reporters have to add; and that it says it once.
#include "integration/github/saying.hpp"

#include <boost/json/parse.hpp>

#include <signal.h>

#include <thread>

namespace groomer::test {
namespace {

TEST_F(Saying, OneSuggestionIsMadeAnIssueAndNoLabelSet) {
    for (int i = 0; i < 3; ++i) look();
    for (int issue = 1; issue <= 3; ++issue) {
        EXPECT_EQ(acts(issue), Acts{"comment.add"});
        EXPECT_EQ(last_run(issue, "outcome"), "planned");
    }
    EXPECT_NE(comment(1).find("- **priority**: add `priority/p1` (80 %, rule): a bug that stops people"), std::string::npos) << comment(1);
    EXPECT_NE(comment(1).find("\ngh issue edit 1 --repo octocat/hello-world --add-label \"status/ready\"\n"), std::string::npos);
    EXPECT_EQ(number("SELECT count(*) FROM groomer.step WHERE op = 'comment.set' AND label = 'suggestion' AND status = 'done'"), 3);
    EXPECT_EQ(number("SELECT count(*) FROM groomer.step"), 3) << "what reads so already is not even looked for";
    EXPECT_EQ(number("SELECT count(DISTINCT (issue_id, revision)) FROM groomer.run"), 3) << "what we say is no news";
    expect_no_label();
}

TEST_F(Saying, ATrialSaysNothing) {
    auto const trial = command({"once", "--dry-run", "--output", "json"});
    EXPECT_EQ(trial.status, 0) << trial.output;
    EXPECT_NE(trial.output.find("\"dryRun\":true"), std::string::npos) << trial.output;
    EXPECT_TRUE(effects().empty());
    auto const ended = command({"once", "--output", "json"});
    EXPECT_NE(ended.output.find("\"dryRun\":false"), std::string::npos) << ended.output;
    EXPECT_EQ(effects().size(), 3U);
}

TEST_F(Saying, AHolderThatIsKilledMakesNoSecondOne) {
    server.with_state([](State& state) {
        state.faults.add({.method = "POST", .path = "*/comments", .times = fake_github::Matcher::always}, {.delay_after = 300ms});
    });
    for (std::size_t said = 1; said <= 3; ++said) {
        auto const process = start({"run"});
        auto const end = std::chrono::steady_clock::now() + 20s;  // the row of the last one lives on for its ttl
        while (effects().size() < said && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
        process->signal(SIGKILL);  // the answer is still on its way
        process->wait(5s);
        EXPECT_GE(effects().size(), said) << process->output();
    }
    server.with_state([](State& state) { state.faults.clear(); });
    EXPECT_GT(number("SELECT count(*) FROM groomer.step WHERE status = 'begun'"), 0) << "killed too late to prove anything";
    auto const end = std::chrono::steady_clock::now() + 30s;
    Ended ended{75, ""};
    while ((ended.status == 75 || number(left()) > 0) && std::chrono::steady_clock::now() < end) ended = command({"once"});
    EXPECT_EQ(ended.status, 0) << ended.output;
    for (int issue = 1; issue <= 3; ++issue) EXPECT_EQ(acts(issue), Acts{"comment.add"});
}

TEST_F(Saying, ASuggestionThatChangesIsEdited) {
    look();
    retitle(1, "A typo in the help");
    sync();
    EXPECT_EQ(acts(1), (Acts{"comment.add", "comment.edit"}));
    EXPECT_NE(comment(1).find("`priority/p3`"), std::string::npos) << comment(1);
    EXPECT_EQ(acts(2), Acts{"comment.add"});
}

TEST_F(Saying, ASuggestionThatIsFulfilledSaysSoInOneLine) {
    label(3, {"priority/p2", "status/backlog"});
    look();
    EXPECT_EQ(acts(3), Acts{}) << "there is nothing to suggest, nor to take back";
    label(1, {"priority/p1"});
    sync();
    EXPECT_EQ(acts(1), (Acts{"comment.add", "comment.edit"})) << "the other one is still suggested";
    EXPECT_EQ(comment(1).find("priority/p1"), std::string::npos) << comment(1);
    label(1, {"status/ready"});
    sync();
    for (int i = 0; i < 2; ++i) look();
    EXPECT_EQ(acts(1), (Acts{"comment.add", "comment.edit", "comment.edit"}));
    EXPECT_EQ(comment(1), "The labels that were suggested here are set, or no longer called for.\n\n<!-- groomer:suggestion -->");
    EXPECT_EQ(last_run(1, "outcome"), "noop");
    expect_no_label();
}

TEST_F(Saying, ItIsEditedAtMostOnceACooldown) {
    say("suggest, comments: {cooldown: 1h}");
    look();
    retitle(1, "A typo in the help");
    sync();
    look();
    EXPECT_EQ(acts(1), Acts{"comment.add"});
    EXPECT_EQ(text("SELECT due_at BETWEEN clock_timestamp() + interval '50 minutes' AND clock_timestamp() + interval '1 hour' "
                   "FROM groomer.issue WHERE number = 1"),
              "t");
    EXPECT_EQ(text("SELECT due_at > clock_timestamp() + interval '2 days' FROM groomer.issue WHERE number = 2"), "t")
        << "nothing waits there";
    database->query("UPDATE groomer.step SET ended_at = ended_at - interval '1 hour' RETURNING 1");
    look();
    EXPECT_EQ(acts(1), (Acts{"comment.add", "comment.edit"}));
    EXPECT_EQ(acts(2), Acts{"comment.add"});
}

TEST_F(Saying, WhatAPersonDeletesIsNotSaidAgain) {
    look();
    person([](State& state, auto& repository, auto const& by) {
        auto const& comments = state.issue(of_octocat, 1).history->comments;
        ASSERT_EQ(comments.size(), 1U);
        state.delete_comment(repository, comments.front().id, by);
    });
    retitle(1, "A typo in the help");
    for (int i = 0; i < 2; ++i) look();
    EXPECT_EQ(acts(1), Acts{"comment.add"});
}

TEST_F(Saying, NorOnceItIsOlderThanWhatIsKept) {
    say("suggest, retention: 1h, comments: {cooldown: 0s}");
    look();
    person([](State& state, auto& repository, auto const& by) {
        state.delete_comment(repository, state.issue(of_octocat, 1).history->comments.at(0).id, by);
    });
    database->query(
        "UPDATE groomer.step SET planned_at = planned_at - interval '1 day', ended_at = ended_at - interval '1 day' RETURNING 1");
    database->query("UPDATE groomer.run SET at = at - interval '1 day' RETURNING 1");
    look();
    EXPECT_EQ(number("SELECT count(*) FROM groomer.run WHERE at < clock_timestamp() - interval '2 hours'"), 0) << "old runs were dropped";
    retitle(1, "A typo in the help");
    look();
    EXPECT_EQ(acts(1), Acts{"comment.add"});
}

TEST_F(Saying, NorUnderAnotherModeAndWhatAPersonEditsStays) {
    look();
    person([](State& state, auto& repository, auto const& by) {
        state.delete_comment(repository, state.issue(of_octocat, 1).history->comments.at(0).id, by);
        state.edit_comment(repository, state.issue(of_octocat, 2).history->comments.at(0).id, "Mine.\n\n<!-- groomer:suggestion -->", by);
    });
    database->query(
        "UPDATE groomer.step t SET status = 'failed' FROM groomer.issue i WHERE i.id = t.issue_id AND i.number IN (2, 3) RETURNING 1");
    say("apply, comments: {enabled: true, cooldown: 0s}");
    for (int i = 0; i < 2; ++i) look();
    auto const count = [&](std::int64_t issue, std::string const& act) {
        auto const all = acts(issue);
        return std::count(all.begin(), all.end(), act);
    };
    EXPECT_EQ(count(1, "comment.add"), 1);
    EXPECT_EQ(comment(2), "Mine.\n\n<!-- groomer:suggestion -->");
    EXPECT_EQ(count(3, "comment.edit"), 1);
}

TEST_F(Saying, WhatWasOnlySuggestedIsNotTakenBackAndIsSetOnceTheModeSaysSo) {
    look();
    auto const undone = command({"undo", "--since", "1h"});
    EXPECT_EQ(undone.status, 0) << undone.output;
    EXPECT_NE(undone.output.find("nothing to do"), std::string::npos) << undone.output;
    EXPECT_EQ(number("SELECT count(*) FROM groomer.issue WHERE undone IS NOT NULL OR due_at IS NULL"), 0);
    say("apply, comments: {cooldown: 0s}");
    look();
    auto const done = acts(1);
    EXPECT_NE(std::find(done.begin(), done.end(), "label.add priority/p1"), done.end());
    EXPECT_NE(comment(1).find("set, or no longer called for"), std::string::npos) << comment(1);
    EXPECT_EQ(std::count(done.begin(), done.end(), "comment.add"), 1);
}

TEST_F(Saying, ACommentThatFailsBacksOffAndIsMadeLater) {
    server.with_state(
        [](State& state) { state.lock(state.at(of_octocat), state.issue(of_octocat, 1), true, {.login = "maintainer", .now = {}}); });
    auto const ended = command({"once"});
    EXPECT_EQ(ended.status, 1) << ended.output;
    EXPECT_EQ(last_run(1, "outcome"), "failed");
    EXPECT_EQ(number("SELECT failures FROM groomer.issue WHERE number = 1"), 1);
    EXPECT_EQ(text("SELECT due_at BETWEEN clock_timestamp() + interval '25 minutes' AND clock_timestamp() + interval '30 minutes' "
                   "FROM groomer.issue WHERE number = 1"),
              "t");
    EXPECT_EQ(acts(2), Acts{"comment.add"});
    server.with_state(
        [](State& state) { state.lock(state.at(of_octocat), state.issue(of_octocat, 1), false, {.login = "maintainer", .now = {}}); });
    look();
    EXPECT_EQ(acts(1), Acts{"comment.add"});
}

TEST_F(Saying, AnAppFindsItsOwnWordsAgain) {
    auto const [private_key, public_key] = made_key();
    std::ofstream{folder / "app.pem"} << private_key;
    configure("suggest, comments: {cooldown: 0s}", "0s",
              ", app: {id: 7, installation_id: 70, private_key_file: \"" + (folder / "app.pem").string() + "\"}", of_octocat);
    server.with_state([&, key = public_key](State& state) {
        state.access.add_app({7, "groomer", key, ""});
        fake_github::Installation installation{.id = 70, .app = 7, .account = "octocat"};
        installation.repositories[state.at(of_octocat).id] = fake_github::Right::write;
        state.access.add_installation(installation);
    });
    auto const app_looks = [this] {
        database->query("UPDATE groomer.source SET synced_at = synced_at - interval '1 day' RETURNING 1");
        database->query("UPDATE groomer.issue SET due_at = clock_timestamp() WHERE open RETURNING 1");
        auto const ended = command({"once"}, "");
        EXPECT_EQ(ended.status, 0) << ended.output;
    };
    ASSERT_EQ(command({"once"}, "").status, 0);
    app_looks();
    retitle(1, "A typo in the help");
    app_looks();
    EXPECT_EQ(acts(1), (Acts{"comment.add", "comment.edit"}));
    EXPECT_EQ(acts(2), Acts{"comment.add"});
    EXPECT_EQ(number("SELECT count(DISTINCT r.revision) FROM groomer.run r JOIN groomer.issue i ON i.id = r.issue_id WHERE number = 2"), 1);
}

TEST_F(Saying, WhatATrackerCannotSayIsRefused) {
    for (std::string const policy : {"mode: suggest", "comments: {enabled: true}"}) {
        std::ofstream{folder / "c.yaml"} << "database: {url: \"" << database->url() << "\"}\npolicy: {" << policy
                                         << "}\nrepositories: [{name: a/b, tracker: file, path: b.json}]\n";
        auto const ended = command({"validate"});
        EXPECT_EQ(ended.status, 3) << ended.output;
        EXPECT_NE(ended.output.find("needs comments, which the tracker file does not have"), std::string::npos) << ended.output;
    }
}

TEST_F(Asking, TheReporterIsAskedOnceForWhatIsMissing) {
    for (int i = 0; i < 3; ++i) look();
    EXPECT_EQ(acts(1), labelled_and_asked);
    EXPECT_EQ(comment(1),
              "Thank you for the report.\n\nTo go on, this is missing:\n\n- The version that you use.\n\nPlease add it to the "
              "description or in a comment; the issue is then looked at again.\n\n<!-- groomer:notice -->");
    EXPECT_EQ(last_run(1, "outcome"), "noop");
    EXPECT_EQ(asked(), 3U) << "once an issue";
    EXPECT_EQ(number("SELECT count(*) FROM groomer.step WHERE status <> 'done'"), 0);
}

TEST_F(Asking, AnAnswerIsJudgedAnewByTheNextSync) {
    look();
    sync();
    reporter_says(1, "It is version 2.");
    mind([](fake_model::Question const& question) {
        bool const told = question.user.find("It is version 2.") != std::string::npos;
        return told ? answer("ready", "[]") : answer("needs_info", R"(["Another thing."])");
    });
    sync();
    EXPECT_EQ(asked(), 4U) << "of the one that was answered";
    auto expected = labelled_and_asked;
    expected.insert(expected.end(), {"label.add status/ready", "label.remove status/needs-info", "comment.edit"});
    EXPECT_EQ(acts(1), expected);
    EXPECT_TRUE(comment(1).starts_with("What stood here is settled")) << comment(1);
    sync();
    EXPECT_EQ(asked(), 4U);
    EXPECT_EQ(acts(2), labelled_and_asked);
}

// Wherever it was asked for, and where it was not said: the label says so.
TEST_F(Asking, AnAnswerIsSeenWithoutANoticeAndInTheCommentOfAnotherMode) {
    for (bool const of_another_mode : {false, true}) {
        std::int64_t const issue = of_another_mode ? 2 : 1;
        mind([=](auto const&) { return answer("needs_info", R"(["The version that you use."])", of_another_mode ? "null" : ""); });
        ask(of_another_mode ? "suggest, comments: {enabled: true, cooldown: 0s}" : "apply");
        look();
        if (of_another_mode) ask("apply, comments: {enabled: true, cooldown: 0s}");
        if (of_another_mode) look();
        sync();
        auto const before = asked();
        reporter_says(issue, "It is version 2.");
        sync();
        EXPECT_EQ(asked(), before + 1) << issue;
        sync();
        EXPECT_EQ(asked(), before + 1) << issue;
    }
}

TEST_F(Asking, WhatFailedThriceIsTriedAgainWhenAnybodyComments) {
    look();
    sync();
    database->query("UPDATE groomer.issue SET failures = 3, due_at = NULL WHERE number = 2 RETURNING 1");
    database->query("DELETE FROM groomer.step RETURNING 1");
    database->query("UPDATE groomer.run SET judgement = '{}' RETURNING 1");
    auto const due = [&](std::int64_t issue) {
        return number("SELECT count(*) FROM groomer.run r JOIN groomer.issue i ON i.id = r.issue_id WHERE i.number = " +
                      std::to_string(issue));
    };
    auto const before = due(2), of_another = due(3);
    for (int const issue : {2, 3}) reporter_says(issue, "And now?");
    sync();
    EXPECT_EQ(due(2), before + 1);
    EXPECT_EQ(due(3), of_another) << "a comment is none of what is synced";
}

TEST_F(Saying, ALabelOfOursThatAPersonTakesAwayIsCountedOnceAndStaysAway) {
    say("apply");
    look();
    auto const overridden = [&] {
        return text(
            "SELECT coalesce(string_agg(array_to_string(overridden, ','), ';' ORDER BY id), '') FROM groomer.run WHERE overridden <> '{}'");
    };
    ASSERT_EQ(overridden(), "");
    auto const ours = acts(1);
    ASSERT_FALSE(ours.empty());
    auto const label = ours.front().substr(ours.front().find(' ') + 1);
    person([&](State& state, auto& repository, auto const& by) { state.remove_label(repository, state.issue(of_octocat, 1), label, by); });
    sync();
    EXPECT_EQ(overridden(), label.substr(0, label.find('/')));
    look();
    EXPECT_EQ(overridden(), label.substr(0, label.find('/'))) << "once";
    auto const after = acts(1);
    EXPECT_EQ(std::count(after.begin(), after.end(), "label.add " + label), 1);
}

TEST_F(Asking, GapsThatChangeAreEditedIntoTheSameComment) {
    mind([](auto const&) { return answer("needs_info", R"(["The version that you use."])", R"("Thanks, @everyone.")"); });
    look();
    EXPECT_TRUE(comment(1).starts_with("Thanks, everyone.\n\nTo go on, this is missing:\n\n- The version")) << comment(1);
    mind([](auto const&) { return answer("needs_info", R"(["A file that shows it."])"); });
    reporter_says(1, "It is version 2.");
    sync();
    auto expected = labelled_and_asked;
    expected.emplace_back("comment.edit");
    EXPECT_EQ(acts(1), expected);
    EXPECT_NE(comment(1).find("- A file that shows it."), std::string::npos) << comment(1);
    EXPECT_EQ(acts(2), labelled_and_asked);
}

TEST_F(Asking, OneCommentAnIssueWhateverTheModeWasBefore) {
    ask("suggest, comments: {enabled: true, cooldown: 0s}");
    look();
    EXPECT_EQ(acts(1), Acts{"comment.add"});
    ask("apply, comments: {enabled: true, cooldown: 0s}");
    for (int i = 0; i < 2; ++i) look();
    EXPECT_NE(comment(1).find("To go on, this is missing:\n\n- The version"), std::string::npos) << comment(1);
    ask("suggest, comments: {enabled: true, cooldown: 0s}");
    label(1, {"type/question"});
    for (int i = 0; i < 2; ++i) look();
    auto const done = acts(1);
    EXPECT_EQ(std::count(done.begin(), done.end(), "comment.add"), 1);
    EXPECT_EQ(comment(1).find("To go on, this is missing"), std::string::npos) << comment(1);
}

TEST_F(Asking, NothingIsSaidWhereItIsOffOrNoModelJudges) {
    ask("apply");
    mind([](auto const&) { return answer("needs_info", R"(["The version that you use."])", ""); });
    auto const ended = look();
    EXPECT_EQ(acts(1), (Acts{"label.add priority/p2", "label.add status/needs-info"})) << ended.output;
    say("apply, comments: {enabled: true, cooldown: 0s}");
    server.with_state([this](State& state) {
        state.edit_issue(state.at(of_octocat), state.issue(of_octocat, 2), {.title = "It is slow", .body = "So slow.", .open = {}},
                         {.login = "reporter", .now = server.now()});
    });
    look();
    for (int issue = 1; issue <= 3; ++issue) EXPECT_EQ(comment(issue), "none") << "a rule finds no gaps";
    EXPECT_NE(text("SELECT labels::text FROM groomer.issue WHERE number = 2").find("status/needs-info"), std::string::npos);
}

TEST_F(Asking, APaidModelIsForecastExplainedAndChecked) {
    say("dry-run, batch: 1");
    std::ofstream{folder / "c.yaml", std::ios::app} << "model: {provider: openai, name: m-1, base_url: \"" << model_server.url()
                                                    << "/v1\", prices: {input_usd_per_mtok: 1, output_usd_per_mtok: 1}}\n";
    mind([](auto const&) { return answer("ready", "[]", ""); });
    auto const trial = command({"once", "--dry-run"});
    EXPECT_EQ(trial.status, 0) << trial.output;
    EXPECT_NE(trial.output.find("Judging 1 issue took "), std::string::npos) << trial.output;
    EXPECT_NE(trial.output.find(" The 2 issues that are left would take about "), std::string::npos) << trial.output;
    EXPECT_EQ(asked(), 1U);
    auto const explained = command({"explain", std::string{of_octocat} + "#1", "--output", "json"});
    ASSERT_EQ(explained.status, 0) << explained.output;
    auto const run = boost::json::parse(explained.output).at("runs").at(0);
    EXPECT_EQ(run.at("judgement").at("by"), "openai/m-1");
    EXPECT_EQ(run.at("outcome"), "planned");
    EXPECT_EQ(command({"validate", "--online"}).status, 0);
    environment["GROOMER_MODEL_API_KEY"] = "sk-another-one";
    auto const refused = command({"validate", "--online"});
    EXPECT_EQ(refused.status, 5) << refused.output;
    EXPECT_NE(refused.output.find("openai/m-1 cannot be used"), std::string::npos) << refused.output;
    EXPECT_EQ(refused.output.find("sk-another-one"), std::string::npos);
}

}  // namespace
}  // namespace groomer::test
