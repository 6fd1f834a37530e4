// groomer's binary on a GitHub of our own, whose log tells what truly happened.
#include "app/github.hpp"
#include "app/run_to_end.hpp"
#include "integration/github/on_github.hpp"

#include <signal.h>

#include <cstdlib>
#include <regex>
#include <thread>

namespace groomer::test {
namespace {

// With what credentials it is asked.
class Asked : public fake_github::Watcher {
public:
    std::optional<fake_github::Fault> arrived(fake_github::Request const& request, std::string const&, fake_github::Peer const&) override {
        std::lock_guard const lock{mutex_};
        with_.insert(std::string{request.header("authorization")});
        return std::nullopt;
    }
    void applied(std::string const&, int) override {}
    void ended(std::string const&, bool) override {}
    // And begins anew.
    std::set<std::string> with() {
        std::lock_guard const lock{mutex_};
        return std::exchange(with_, {});
    }

private:
    std::mutex mutex_;
    std::set<std::string> with_;
};

TEST_F(OnGithub, EachIssueIsGroomedOnceAndASecondRunWritesNothing) {
    for (int i = 0; i < 5 && (i == 0 || number(left()) > 0); ++i) {
        auto const ended = command({"once"});
        ASSERT_EQ(ended.status, 0) << ended.output;
    }
    auto const first = effects();
    EXPECT_GT(first.size(), 50U);
    expect_each_once();
    EXPECT_EQ(number("SELECT count(*) FROM groomer.step WHERE status NOT IN ('done', 'already')"), 0);
    EXPECT_EQ(number("SELECT count(*) FROM groomer.step"), static_cast<std::int64_t>(first.size())) << "what is stored is what happened";
    auto const again = command({"once"});
    EXPECT_EQ(again.status, 0) << again.output;
    EXPECT_EQ(effects().size(), first.size());
}

// The issue and its timeline; where labels are missing, the issue once more, and one write that adds them all.
TEST_F(OnGithub, AnIssueCostsTwoRequestsAndFourWhereLabelsAreAdded) {
    ASSERT_EQ(command({"once", "--dry-run"}).status, 0);  // has synced
    auto const issue = number(
        "SELECT i.number FROM groomer.run r JOIN groomer.issue i ON i.id = r.issue_id "
        "WHERE cardinality(r.added) >= 2 AND cardinality(r.removed) = 0 ORDER BY 1 LIMIT 1");
    auto before = requests_for_issues();
    auto ended = command({"once", "--repo", repo, "--issue", std::to_string(issue)});
    ASSERT_EQ(ended.status, 0) << ended.output;
    EXPECT_GE(effects().size(), 2U);
    EXPECT_LE(requests_for_issues() - before, 4U);
    auto const first = effects().size();
    before = requests_for_issues();
    ended = command({"once", "--repo", repo, "--issue", std::to_string(issue)});
    ASSERT_EQ(ended.status, 0) << ended.output;
    EXPECT_EQ(effects().size(), first);
    EXPECT_LE(requests_for_issues() - before, 2U);
}

TEST_F(OnGithub, AWholeBacklogCostsNoMoreAnIssue) {
    ASSERT_EQ(command({"once", "--dry-run"}).status, 0);
    auto const before = requests(), before_for_issues = requests_for_issues();
    auto const ended = command({"once"});
    ASSERT_EQ(ended.status, 0) << ended.output;
    std::set<int> written;
    std::uint64_t removed = 0;
    for (auto const& effect : effects()) {
        written.insert(effect.at("issue").to_number<int>());
        removed += effect.at("what") == "label.remove" ? 1 : 0;
    }
    auto const looked_at = static_cast<std::uint64_t>(number("SELECT count(*) FROM groomer.run WHERE mode = 'apply'"));
    EXPECT_GT(effects().size(), written.size()) << "several labels an issue";
    EXPECT_LE(requests_for_issues() - before_for_issues, 2 * looked_at + 2 * written.size() + 2 * removed);
    constexpr std::uint64_t once_a_run = 3;  // the list of issues, that of labels, and who we are
    EXPECT_LE(requests() - before, requests_for_issues() - before_for_issues + once_a_run);
}

TEST_F(OnGithub, AHolderThatIsKilledAgainAndAgainWritesNothingTwice) {
    for (int i = 0; i < 6; ++i) {
        auto const before = effects().size();
        auto const process = start({"run"});
        auto const end = std::chrono::steady_clock::now() + 10s;
        while (effects().size() < before + 3 && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(5ms);
        process->signal(SIGKILL);
        process->wait(5s);
    }
    EXPECT_GE(effects().size(), 12U);
    auto const end = std::chrono::steady_clock::now() + 30s;  // the row of the last one lives on for its ttl
    Ended ended{75, ""};
    while ((ended.status == 75 || number(left()) > 0) && std::chrono::steady_clock::now() < end) ended = command({"once"});
    EXPECT_EQ(ended.status, 0) << ended.output;
    EXPECT_EQ(number(left()), 0);
    expect_each_once();
}

TEST_F(OnGithub, ADryRunWritesNothing) {
    configure("dry-run", "0s");
    auto const ended = command({"once"});
    EXPECT_EQ(ended.status, 0) << ended.output;
    EXPECT_TRUE(effects().empty());
    EXPECT_GT(number("SELECT count(*) FROM groomer.run WHERE outcome = 'planned'"), 20);
}

TEST_F(OnGithub, PeoplesLabelsStayWhatTheyAre) {
    fake_github::By const maintainer{.login = "maintainer", .now = server.now()};
    server.with_state([&](State& state) {
        for (auto number : {3, 4, 6}) state.add_labels(state.at(repo), state.issue(repo, number), {"type/question"}, maintainer);
    });
    for (int i = 0; i < 5 && (i == 0 || number(left()) > 0); ++i) ASSERT_EQ(command({"once"}).status, 0);
    ASSERT_EQ(number("SELECT count(DISTINCT i.number) FROM groomer.run r JOIN groomer.issue i ON i.id = r.issue_id "
                     "WHERE r.mode = 'apply' AND i.number IN (3, 4, 6)"),
              3)
        << "not groomed at all";
    for (auto const& effect : effects()) {
        auto const issue = effect.at("issue").to_number<int>();
        bool const ours = effect.at("actor") == "groomer" && (issue == 3 || issue == 4 || issue == 6);
        EXPECT_FALSE(ours && effect.at("label").as_string().starts_with("type/")) << boost::json::serialize(effect);
    }
}

TEST_F(OnGithub, MissingLabelsAreToldAndMadeWhenAskedFor) {
    server.with_state([](State& state) { state.delete_label(state.at(repo), "needs-triage", {.login = "maintainer", .now = {}}); });
    auto const told = command({"labels", "--repo", repo});
    EXPECT_EQ(told.status, 1) << told.output;
    EXPECT_NE(told.output.find("1 of 13 labels are missing\n  needs-triage\n"), std::string::npos) << told.output;
    auto const made = command({"labels", "--repo", repo, "--create"});
    EXPECT_EQ(made.status, 0) << made.output;
    EXPECT_NE(made.output.find("needs-triage: made"), std::string::npos) << made.output;
    EXPECT_EQ(command({"labels", "--repo", repo}).status, 0);
}

TEST_F(OnGithub, RefusedCredentialsAreToldWithTheStatusForThem) {
    auto const ended = command({"validate", "--online"}, "wrong");
    EXPECT_EQ(ended.status, 5) << ended.output;
    EXPECT_EQ(ended.output.find("wrong"), std::string::npos) << "the token is not told: " << ended.output;
}

TEST_F(OnGithub, OnceEndsWithTheStatusForRefusedCredentialsWhicheverTickMeetsThem) {
    auto const expect_refused = [&](std::vector<std::string> words) {
        auto const ended = command(std::move(words), "ghp_refused");
        EXPECT_EQ(ended.status, 5) << ended.output;
        EXPECT_NE(ended.output.find("is what github.token_file or github.app names right"), std::string::npos) << ended.output;
        EXPECT_EQ(ended.output.find("ghp_refused"), std::string::npos) << "the token is not told: " << ended.output;
        return ended.output;
    };
    auto const told = expect_refused({"once"});
    EXPECT_NE(told.find("credentials were refused"), std::string::npos) << told;
    expect_refused({"once", "--output", "json"});
    expect_refused({"once", "--repo", repo, "--issue", "3"});
    ASSERT_EQ(command({"once"}).status, 0);
    database->query("UPDATE groomer.source SET synced_at = clock_timestamp() + interval '1 hour' RETURNING 1");  // no sync is due
    database->query("UPDATE groomer.issue SET due_at = clock_timestamp() WHERE open RETURNING 1");
    auto const met = expect_refused({"once"});
    EXPECT_NE(met.find("a tracker cannot be read or written"), std::string::npos) << met;
    EXPECT_EQ(met.find("a source could not be read"), std::string::npos) << met;
}

// As when a tick is under way while the configuration is read again.
TEST(GithubSettings, ATokenOfAnotherServerIsNotSentToTheOneBefore) {
    Asked one_asked, two_asked;
    Server one{{.watcher = &one_asked}}, two{{.watcher = &two_asked}};
    for (auto* server : {&one, &two})
        server->with_state([](State& state) {
            state.add_repository(repo);
            for (auto const* token : {"first", "renewed", "second"}) state.access.add_token(token, {.login = "groomer"});
        });
    asio::io_context context{1};
    SystemClock clock;
    std::ostringstream lines;
    Log log{lines, LogLevel::info, Log::Format::text};
    metrics::Metrics metrics{{"1", "r", "c", "l", {"groomer"}, {}, {}, {}}};
    app::GitHub github{{context.get_executor(), clock, log, metrics, {}, 2s}};
    auto const configure = [&](Server const& server, std::string const& token) {
        config::GitHub settings;
        settings.api_url = server.url();
        settings.token.value = token;
        github.configure(settings);
    };
    auto const sync = [&](tracker::Tracker& tracker) { EXPECT_TRUE(app::run_to_end(context, tracker.changes("", 500)).last); };
    using Authorizations = std::set<std::string>;
    configure(one, "first");
    auto const before = github.tracker(repo);
    sync(*before);
    EXPECT_EQ(one_asked.with(), Authorizations{"Bearer first"});
    configure(one, "renewed");
    EXPECT_EQ(github.tracker(repo), before);
    sync(*before);
    EXPECT_EQ(one_asked.with(), Authorizations{"Bearer renewed"});
    configure(two, "second");
    sync(*before);
    EXPECT_EQ(one_asked.with(), Authorizations{"Bearer renewed"});
    EXPECT_EQ(two_asked.with(), Authorizations{});
    sync(*github.tracker(repo));
    EXPECT_EQ(two_asked.with(), Authorizations{"Bearer second"});
    EXPECT_EQ(one_asked.with(), Authorizations{});
}

class SlowToWrite : public fake_github::Watcher {
public:
    std::optional<fake_github::Fault> arrived(fake_github::Request const& request, std::string const&, fake_github::Peer const&) override {
        if (request.method == "GET") return std::nullopt;
        return fake_github::Fault{.delay_before = 1s};
    }
    void applied(std::string const&, int) override {}
    void ended(std::string const&, bool) override {}
};

TEST(GithubSettings, AWriteLastsNoLongerThanTheLockLets) {
    SlowToWrite slow;
    Server server{{.watcher = &slow}};
    server.with_state([](State& state) {
        state.add_repository(repo);
        state.access.add_token("token", {.login = "groomer"});
        for (std::int64_t const number : {1, 2}) state.add_issue(state.at(repo), {.number = number});
        state.add_label(state.at(repo), {.name = "bug"});
    });
    asio::io_context context{1};
    SystemClock clock;
    std::ostringstream lines;
    Log log{lines, LogLevel::info, Log::Format::text};
    metrics::Metrics metrics{{"1", "r", "c", "l", {"groomer"}, {}, {}, {}}};
    auto const write = [&](std::int64_t issue, std::chrono::milliseconds limit) {
        app::GitHub github{{context.get_executor(), clock, log, metrics, {}, limit}};
        config::GitHub settings;
        settings.api_url = server.url();
        settings.token.value = "token";
        github.configure(settings);
        tracker::WriteGuard const guard{1, [] { return true; }};
        return app::run_to_end(context, github.tracker(repo)->add_labels({repo, issue}, {"bug"}, guard)).at(0);
    };
    auto const cut = write(1, 100ms);  // the effect comes after a second
    EXPECT_EQ(cut.outcome, tracker::WriteOutcome::failed);
    EXPECT_NE(cut.detail.find("no answer in time"), std::string::npos) << cut.detail;
    auto const whole = write(2, 60s);  // of which 2 s are left, as ever
    EXPECT_EQ(whole.outcome, tracker::WriteOutcome::done) << whole.detail;
}

// In two requests, however large the repository is.
TEST_F(OnGithub, ValidateTellsWhatStandsInTheWayWithoutReadingTheIssues) {
    auto const look = [this](std::string const& token = "secret") {
        auto const before = requests();
        auto ended = command({"validate", "--online"}, token);
        EXPECT_LE(requests() - before, 2U) << ended.output;
        return ended;
    };
    auto const says = [](Ended const& ended, std::string const& sentence) {
        EXPECT_NE(ended.output.find(sentence), std::string::npos) << "not told: " << sentence << "; but: " << ended.output;
    };
    auto good = look();
    EXPECT_EQ(good.status, 0) << good.output;
    says(good, "lanternfish/quill: it can be read, and written to");
    server.with_state([](State& state) {
        state.access.add_token("scopeless", {.login = "groomer", .scopes = {"gist"}});
        state.access.add_token("reader", {.login = "groomer", .everywhere = fake_github::Right::read});
    });
    auto ended = look("scopeless");
    EXPECT_EQ(ended.status, 5) << ended.output;
    says(ended, "needs the scope public_repo, or repo; it has the scopes gist");
    ended = look("reader");
    EXPECT_EQ(ended.status, 5) << ended.output;
    says(ended, "needs the role Triage at least");
    configure("dry-run", "0s");
    EXPECT_EQ(look("reader").status, 0) << "a dry run only reads";
    configure("apply", "0s");
    server.with_state([](State& state) { state.at(repo).archived = true; });
    ended = look();
    EXPECT_EQ(ended.status, 1) << ended.output;
    says(ended, "lanternfish/quill is archived");
    server.with_state([](State& state) { state.at(repo).archived = false, state.at(repo).hidden = true; });
    ended = look("scopeless");
    EXPECT_EQ(ended.status, 5) << ended.output;
    says(ended, "lanternfish/quill cannot be seen");
}

TEST_F(OnGithub, ValidateTellsWhatAnAppLacks) {
    auto const [private_key, public_key] = made_key();
    std::ofstream{folder / "app.pem"} << private_key;
    configure("apply", "0s", ", app: {id: 7, installation_id: 70, private_key_file: \"" + (folder / "app.pem").string() + "\"}");
    fake_github::Installation installation;
    installation.id = 70;
    installation.app = 7;
    installation.account = "lanternfish";
    auto const look = [&](int status, std::string const& sentence) {
        server.with_state([&](State& state) { state.access.add_installation(installation); });
        auto const ended = command({"validate", "--online"}, "");
        EXPECT_EQ(ended.status, status) << ended.output;
        EXPECT_NE(ended.output.find(sentence), std::string::npos) << "not told: " << sentence << "; but: " << ended.output;
    };
    server.with_state([&, key = public_key](State& state) { state.access.add_app({7, "groomer", key, ""}); });
    look(5, "the App is not installed on lanternfish/quill");
    server.with_state([&](State& state) { installation.repositories[state.at(repo).id] = fake_github::Right::write; });
    look(0, "lanternfish/quill: it can be read, and written to");
    installation.permissions["issues"] = "read";
    look(5, "installation 70 of the App needs the permission Issues: read and write, for lanternfish/quill; it has read");
}

TEST_F(OnGithub, ItsOwnWritesAreNoNewsToTheNextSync) {
    for (int i = 0; i < 5 && (i == 0 || number(left()) > 0); ++i) {
        auto const ended = command({"once"});
        ASSERT_EQ(ended.status, 0) << ended.output;
    }
    auto const own = "SELECT coalesce(sum(cardinality(own_labels)), 0) FROM groomer.issue";
    auto const owned = number(own);
    ASSERT_GT(owned, 50);
    auto const asked = requests_for_issues(), sent = requests();
    database->query("UPDATE groomer.source SET synced_at = synced_at - interval '1 day' RETURNING 1");
    auto const again = command({"once"});
    EXPECT_EQ(again.status, 0) << again.output;
    EXPECT_GT(requests(), sent) << "it did sync";
    EXPECT_EQ(requests_for_issues(), asked) << "nothing was due";
    EXPECT_EQ(number(own), owned);
    EXPECT_EQ(number("SELECT count(*) FROM groomer.issue WHERE taken_away <> '{}'"), 0);
}

// GROOMER_UPDATE_DOCS=1 writes it anew.
TEST_F(OnGithub, WhatItSendsIsInTheReadme) {
    bool const update = std::getenv("GROOMER_UPDATE_DOCS") != nullptr;
    ::unsetenv("GROOMER_UPDATE_DOCS");  // groomer would take it for a key of its own
    server.with_state([](State& state) {
        auto& repository = add_labelled(state, "octocat/hello-world");
        state.add_issue(repository, {.number = 7,
                                     .title = "It crashes on an empty file",
                                     .body = "Steps to reproduce:\n1. hello empty.txt\n\nExpected: nothing. Actual: Segmentation fault.",
                                     .labels = {"type/bug"}});
    });
    configure("apply", "0s", "", "octocat/hello-world");
    std::string record;
    auto run = [&](std::string const& remark) {
        recorder.take();
        auto const ended = command({"once"});
        EXPECT_EQ(ended.status, 0) << ended.output;
        record += "# " + remark + "\n" + recorder.take();
    };
    run("a first `groomer once`: the list, who we are, the repository's labels, and an issue that lacks two of them");
    database->query("UPDATE groomer.source SET synced_at = synced_at - interval '1 day' RETURNING 1");
    run("the next sync: its own write is no news");
    record = std::regex_replace(record, std::regex{R"(\d{4}-\d\d-\d\dT\d\d(:|%3A)\d\d(:|%3A)\d\dZ)"}, "TIME");
    std::string const begin = "<!-- what it sends: written by tests/integration/github_test.cpp -->\n```\n", end = "```\n<!-- end -->\n";
    auto const path = std::filesystem::path{GROOMER_SOURCE_DIR} / "README.md";
    auto const page = read_file(path);
    auto const from = page.find(begin), to = page.find(end);
    ASSERT_TRUE(from != std::string::npos && to > from);
    auto const whole = page.substr(0, from) + begin + record + page.substr(to);
    if (update) std::ofstream{path, std::ios::binary} << whole;
    else EXPECT_EQ(page, whole) << "run this test with GROOMER_UPDATE_DOCS=1";
}

TEST_F(OnGithub, AnIdleRepositoryCostsOneRequestASync) {
    ASSERT_EQ(command({"once"}).status, 0);
    auto sync = [&] {
        database->query("UPDATE groomer.source SET synced_at = synced_at - interval '1 day' RETURNING 1");
        database->query("UPDATE groomer.issue SET due_at = NULL RETURNING 1");
        auto const before = requests();
        EXPECT_EQ(command({"once"}).status, 0);
        return requests() - before;
    };
    // GitHub dates in seconds: what changed in the last two is asked for once more.
    auto sent = sync();
    for (int i = 0; i < 5 && sent > 1; ++i) sent = sync();
    EXPECT_EQ(sent, 1U);
    EXPECT_EQ(sync(), 1U);
}

TEST_F(OnGithub, ALimitInTheMiddleIsNoErrorAndLosesNothing) {
    server.with_state([](State& state) { state.limits.options.per_hour = 60; });
    auto const cut = command({"once"});
    EXPECT_EQ(cut.status, 0) << cut.output;
    EXPECT_NE(cut.output.find("a limit is reached, the rest of its issues wait"), std::string::npos) << cut.output;
    auto const before = effects().size();
    EXPECT_GT(before, 0U);
    EXPECT_GT(number(left()), 0);
    auto const asked = requests();
    EXPECT_EQ(command({"once"}).status, 0);
    EXPECT_EQ(requests(), asked) << "the next process knows of the limit";
    server.with_state([](State& state) { state.limits.options.per_hour = 0; });
    database->query("DELETE FROM groomer.tracker_limits");  // as if the hour had passed
    for (int i = 0; i < 5 && (i == 0 || number(left()) > 0); ++i) {
        auto const ended = command({"once"});
        ASSERT_EQ(ended.status, 0) << ended.output;
    }
    EXPECT_EQ(number(left()), 0);
    EXPECT_GT(effects().size(), before);
    expect_each_once();
}

// They may work at the same time, in two replicas.
TEST_F(OnGithub, EachLockLeavesItsLimitsAndKnowsThoseOfTheOther) {
    ASSERT_EQ(command({"once"}).status, 0);
    ASSERT_EQ(number("SELECT count(*) FROM groomer.tracker_limits"), 2);
    auto const blocked =
        "SELECT count(*) FROM groomer.tracker_limits "
        "WHERE (limits::json ->> 'blocked_until')::bigint > extract(epoch FROM clock_timestamp()) * 1000";
    ASSERT_EQ(number(blocked), 0);
    database->query(
        "UPDATE groomer.tracker_limits SET limits = jsonb_set(limits::jsonb, '{blocked_until}', "
        "to_jsonb((extract(epoch FROM clock_timestamp()) * 1000)::bigint + 3600000))::text WHERE tracker = 'github/global' RETURNING 1");
    database->query("UPDATE groomer.source SET synced_at = clock_timestamp() + interval '1 hour' RETURNING 1");  // no sync is due
    database->query("UPDATE groomer.issue SET due_at = clock_timestamp() WHERE open RETURNING 1");
    auto const asked = requests();
    auto const ended = command({"once"});
    EXPECT_EQ(ended.status, 0) << ended.output;
    EXPECT_NE(ended.output.find("a limit is reached"), std::string::npos) << ended.output;
    EXPECT_EQ(requests(), asked);
    EXPECT_EQ(number(blocked), 2);
}

// A holder that was killed has left no word of its pace, but its steps.
TEST_F(OnGithub, CommentsOfAKilledHolderCountFromTheNextTickOn) {
    ASSERT_EQ(command({"once", "--dry-run"}).status, 0);
    database->query(
        "INSERT INTO groomer.step (key, seq, issue_id, op, label, status, term, ended_at) "
        "SELECT 'a key', id, id, 'comment.set', 'note', CASE number WHEN 1 THEN 'begun' ELSE 'done' END, 1, "
        "clock_timestamp() - interval '5 min' FROM groomer.issue ORDER BY number LIMIT 3");
    database->query(
        "INSERT INTO groomer.step (key, seq, issue_id, op, label, status, term, ended_at) "
        "SELECT 'another', id, id, op, label, status, term, clock_timestamp() - interval '61 min' FROM groomer.step s "
        "JOIN groomer.issue i ON i.id = s.issue_id");
    database->query("DELETE FROM groomer.tracker_limits");
    auto const known = "SELECT json_array_length(limits::json -> 'content') FROM groomer.tracker_limits";
    for (int i = 0; i < 2; ++i) {
        ASSERT_EQ(command({"once"}).status, 0);
        EXPECT_EQ(number(known), 3);
    }
}

TEST_F(OnGithub, ThePaceIsWaitedForWithinATick) {
    server.with_state([](State& state) {
        auto& repository = add_labelled(state, "octocat/hello-world");
        for (int i = 1; i <= 8; ++i) {
            fake_github::NewIssue draft;
            draft.title = "It crashes " + std::to_string(i);
            draft.body = "Expected: nothing. Actual: Segmentation fault.";
            draft.labels = {"type/bug"};
            state.add_issue(repository, std::move(draft));
        }
    });
    configure("apply", "1s", "", "octocat/hello-world");
    auto const ended = command({"once"});
    EXPECT_EQ(ended.status, 0) << ended.output;
    std::set<std::string> writes;
    for (auto const& effect : effects()) writes.insert(std::string{effect.at("request_id").as_string()});
    EXPECT_EQ(writes.size(), 8U) << "one each, all in one tick";
    EXPECT_EQ(ended.output.find("trying again"), std::string::npos) << ended.output;
    EXPECT_EQ(number("SELECT count(*) FROM groomer.step WHERE status <> 'done'"), 0);
}

TEST_F(OnGithub, ThePaceIsKeptOverARestart) {
    configure("apply", "1h");
    ASSERT_EQ(command({"once"}).status, 0);
    auto const first = effects();
    ASSERT_FALSE(first.empty());
    for (auto const& effect : first) EXPECT_EQ(effect.at("request_id"), first.front().at("request_id")) << "one write an hour";
    EXPECT_NE(database->query("SELECT limits FROM groomer.tracker_limits").at(0).text(0), "");
    EXPECT_EQ(command({"once"}).status, 0);
    EXPECT_EQ(effects().size(), first.size());
}

}  // namespace
}  // namespace groomer::test
