// Plans with texts, carried out on a GitHub of our own, by processes that are killed: its log tells what truly happened.
#include "groom/apply.hpp"
#include "app/run_to_end.hpp"
#include "fake_github/server.hpp"
#include "lock/lock_store.hpp"
#include "net/http_client.hpp"
#include "store/backlog.hpp"
#include "store/issues.hpp"
#include "support/test_database.hpp"
#include "tracker/github/github_tracker.hpp"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <sstream>
#include <thread>

namespace groomer::test {
namespace {

using namespace std::chrono_literals;
using app::run_to_end;
using fake_github::FaultKind;
using fake_github::Server;
using fake_github::State;
namespace github = tracker::github;

constexpr char const* repo = "octo/quill";

// One term of one process, with a tracker that knows nothing of what others have done.
class Life {
public:
    Life(TestDatabase& database, Server& server, github::Pace pace) : pool_{database.options(), 2, {}} {
        lock::Bid bid;
        bid.lock = "groomer";
        bid.forced = true;
        bid.ttl = ttl;
        auto const locks = lock::make_lock_store(pool_, pool_, {"a-pod", "", "a-pod"});
        bid.seen = run_to_end(context_, locks->look("groomer")).value();
        auto const grant = run_to_end(context_, locks->acquire(bid)).grant.value();
        lock::Hold::Terms terms{"groomer", grant.token, grant.term, ttl, 0ms};
        hold_ = std::make_shared<lock::Hold>(clock_, terms, clock_.now(), clock_.now());
        github::ApiOptions options;
        options.api_url = server.url();
        options.pace = pace;
        github::ApiParts parts{*client_, clock_, log_, github::make_token_credentials([] { return std::string{"secret"}; }),
                               [] { return std::chrono::system_clock::now(); }};
        api_ = std::make_shared<github::Api>(std::move(parts), std::move(options));
        github::Options of_tracker;
        of_tracker.repo = repo;
        tracker_ = github::make_github_tracker({api_}, of_tracker);
    }

    std::function<Task<bool>()> still_same;
    void wind_down() { hold_->wind_down(); }

    groom::Applied apply(std::int64_t issue_id, std::int64_t number, groom::Plan plan) {
        groom::ApplyParts parts{clock_, log_, metrics_, store_, 3s};
        parts.still_same = still_same;
        return run_to_end(context_, groom::apply(parts, hold_, *tracker_, issue_id, {repo, number}, "a revision", std::move(plan)));
    }
    store::PageResult take(tracker::Page page) { return run_to_end(context_, store::apply_page(store_, *hold_, repo, std::move(page))); }
    store::TrackerLimits limits() { return run_to_end(context_, store::tracker_limits(store_, "github", {repo})); }
    github::Limits& pace() { return api_->limits(); }
    [[nodiscard]] std::string logged() const { return lines_.str(); }

private:
    static constexpr std::chrono::milliseconds ttl = 60s;

    asio::io_context context_{1};
    SystemClock clock_;
    std::ostringstream lines_;
    Log log_{lines_, LogLevel::info, Log::Format::text};
    metrics::Metrics metrics_{{"1", "r", "c", "l", {"groomer"}, {}, {}, {}}};
    pg::Pool pool_;
    store::Store store_{pool_, clock_, [] {}};
    std::unique_ptr<net::HttpClient> client_ = net::make_http_client(context_.get_executor(), {});
    std::shared_ptr<github::Api> api_;
    std::shared_ptr<tracker::Tracker> tracker_;
    std::shared_ptr<lock::Hold> hold_;
};

class Applying : public testing::Test {
protected:
    void SetUp() override {
        GROOMER_NEEDS_DATABASE();
        database = std::make_unique<TestDatabase>();
        database->query("INSERT INTO groomer.source (name, synced_at) VALUES ('octo/quill', now())");
        database->query("INSERT INTO groomer.repository (name, source) VALUES ('octo/quill', 'octo/quill')");
        server.with_state([](State& state) {
            auto& repository = state.add_repository(repo);
            state.access.add_token("secret", {.login = "groomer"});
            state.limits.options = {.per_hour = 0, .points_per_minute = 0, .at_once = 0, .content_per_minute = 0, .content_per_hour = 0};
            for (auto const* label : {"a", "b", "old"}) state.add_label(repository, {.name = label});
        });
    }

    // A new issue; its number.
    std::int64_t issue() {
        auto const number = ++issues;
        server.with_state([&](State& state) {
            state.add_issue(state.at(repo), {.number = number, .title = "It panics", .body = "theirs", .labels = {"old"}});
        });
        database->query(
            "INSERT INTO groomer.issue (repo_id, number, title, body, open, author, author_is_bot, labels, seen_pass) "
            "SELECT id, " +
            std::to_string(number) + ", 'It panics', 'theirs', true, 'x', false, '{}', 1 FROM groomer.repository");
        return number;
    }
    static groom::Plan plan() {
        groom::Plan plan;
        plan.add = {"a", "b"};
        plan.remove = {"old"};
        plan.target = "a\nb\n";
        plan.sections = {{"triage", "What is known"}};
        plan.title = "It panics at start";
        plan.comments = {{"note", "Thank you"}};
        plan.close = tracker::CloseReason::not_planned;
        return plan;
    }
    static groom::Plan comment() {
        groom::Plan plan;
        plan.comments = {{"note", "Thank you"}};
        return plan;
    }
    std::vector<std::string> const whole{"label.add a",       "label.add b",           "label.remove old", "comment.add",
                                         "issue.body theirs", "issue.title It panics", "issue.close open"};

    // Whoever held the lock before is dead.
    std::unique_ptr<Life> begin_life() {
        database->query("DELETE FROM sync_lock");
        return std::make_unique<Life>(*database, server, pace);
    }
    std::int64_t id_of(std::int64_t number) {
        return database->query("SELECT id FROM groomer.issue WHERE number = " + std::to_string(number)).at(0).integer(0);
    }
    groom::Applied apply(std::int64_t number, groom::Plan plan) { return begin_life()->apply(id_of(number), number, std::move(plan)); }

    int live_and_apply(std::vector<std::int64_t> const& ids, std::vector<std::int64_t> const& numbers, groom::Plan const& plan) {
        try {
            Life life{*database, server, pace};
            for (std::size_t i = 0; i < ids.size(); ++i)
                if (!life.apply(ids[i], numbers[i], plan).all_done) return 1;
            return 0;
        } catch (std::exception const&) {
            return 2;
        }
    }
    // In a process of its own, which is killed once `enough` is true; false where it ended by itself before.
    bool apply_and_kill(std::vector<std::int64_t> const& numbers, groom::Plan const& plan, std::function<bool()> const& enough) {
        database->query("DELETE FROM sync_lock");
        std::vector<std::int64_t> ids;
        for (auto const number : numbers) ids.push_back(id_of(number));
        auto const child = ::fork();
        if (child == 0) ::_exit(live_and_apply(ids, numbers, plan));
        auto const end = std::chrono::steady_clock::now() + 20s;
        int status = 0;
        bool ended = false;
        while (!ended && !enough() && std::chrono::steady_clock::now() < end) {
            ended = ::waitpid(child, &status, WNOHANG) == child;
            std::this_thread::sleep_for(100us);
        }
        EXPECT_FALSE(ended && status != 0) << "it failed before it was killed";
        if (ended) return false;
        ::kill(child, SIGKILL);
        ::waitpid(child, &status, 0);
        return true;
    }

    std::vector<std::string> effects(std::int64_t number) {
        std::vector<std::string> out;
        for (auto const& line : server.with_state([](State& state) { return state.effects.parsed(); })) {
            if (line.at("issue").to_number<std::int64_t>() != number) continue;
            EXPECT_EQ(line.at("actor"), "groomer");
            std::string what{line.at("what").as_string()};
            if (line.contains("label")) what.append(" ").append(line.at("label").as_string());
            else if (line.at("before").is_string()) what.append(" ").append(line.at("before").as_string());
            out.push_back(std::move(what));
        }
        return out;
    }
    std::uint64_t requests() {
        return server.with_state([](State& state) { return state.effects.requests(); });
    }
    std::string value(std::string const& sql) { return database->query(sql).at(0).text(0); }

    std::unique_ptr<TestDatabase> database;
    Server server;
    github::Pace pace{0ms, 1000, 1000, 0};
    std::int64_t issues = 0;
};

TEST_F(Applying, APlanIsCarriedOutInItsOrderAndOnce) {
    auto const number = issue();
    auto const first = apply(number, plan());
    EXPECT_TRUE(first.all_done) << first.failure;
    EXPECT_EQ(effects(number), whole);
    for (auto const& step : first.steps) EXPECT_EQ(step.status, "done") << step.op;
    EXPECT_EQ(value("SELECT string_agg(op || ' ' || label || ' ' || text, '; ' ORDER BY seq) FROM groomer.step WHERE seq > 2"),
              "comment.set note Thank you; section.set triage What is known; title.set  It panics at start; issue.close not_planned ");
    // Texts are marked at once, labels with the record of the whole.
    EXPECT_EQ(value("SELECT string_agg(status, ' ' ORDER BY seq) FROM groomer.step"), "planned planned planned done done done done");
    auto const again = apply(number, plan());
    EXPECT_TRUE(again.all_done) << again.failure;
    EXPECT_EQ(again.key, first.key);
    for (auto const& step : again.steps) EXPECT_EQ(step.status, "already") << step.op;
    EXPECT_EQ(effects(number), whole);
    auto other = plan();
    other.comments[0].text = "Many thanks";
    EXPECT_NE(apply(number, other).key, first.key);
    EXPECT_EQ(effects(number).back(), "comment.edit Thank you\n\n<!-- groomer:note -->");
}

TEST_F(Applying, AnAnswerThatIsLostAfterItsEffectIsFoundOutAndNotRepeated) {
    for (auto const& [method, nth] : std::vector<std::pair<std::string, std::uint64_t>>{
             {"POST", 1}, {"DELETE", 1}, {"PATCH", 1}, {"PATCH", 2}, {"POST", 2}, {"PATCH", 3}}) {
        auto const number = issue();
        server.with_state([&, method = method, nth = nth](State& state) {
            state.faults.clear();
            state.faults.add({.method = method, .nth = nth}, {.kind = FaultKind::close_after});
        });
        auto const before = server.with_state([](State& state) { return state.faults.sprung(); });
        auto const applied = apply(number, plan());
        EXPECT_TRUE(applied.all_done) << method << " " << nth << ": " << applied.failure;
        EXPECT_EQ(effects(number), whole) << method << " " << nth;
        EXPECT_EQ(server.with_state([](State& state) { return state.faults.sprung(); }), before + 1);
    }
}

TEST_F(Applying, ALimitAfterALostAnswerDoesNotMakeItKnownToHaveHadNoEffect) {
    for (auto const& wish : {comment(), plan()}) {
        auto const number = issue();
        auto const sprung = [&] { return server.with_state([](State& state) { return state.faults.sprung(); }); };
        auto const before = sprung();
        server.with_state([&](State& state) {
            state.faults.clear();
            state.faults.add({.method = "POST"}, {.kind = FaultKind::close_before});
        });
        // What is asked after that meets a limit that lasts.
        auto life = begin_life();
        std::thread limiting{[&] {
            auto const end = std::chrono::steady_clock::now() + 20s;
            while (sprung() == before && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(100us);
            server.with_state([](State& state) {
                state.faults.add({.method = "GET", .times = 99},
                                 {.kind = FaultKind::status, .status = 429, .headers = {{"Retry-After", "3600"}}});
            });
        }};
        groom::Applied applied;
        EXPECT_NO_THROW(applied = life->apply(id_of(number), number, wish));
        limiting.join();
        EXPECT_FALSE(applied.all_done);
        EXPECT_TRUE(applied.unanswered) << applied.failure;
        EXPECT_FALSE(applied.withheld) << applied.failure;
        EXPECT_GT(sprung(), before + 1) << "the limit was met";
    }
}

Task<bool> say(bool answer) { co_return answer; }

TEST_F(Applying, ALabelIsTriedAgainOnlyOnAnIssueThatNobodyHasChanged) {
    for (bool const same : {false, true}) {
        auto const number = issue();
        server.with_state([&](State& state) {
            state.faults.clear();
            state.faults.add({.method = "POST", .times = 1}, {.kind = FaultKind::close_before});
        });
        auto life = begin_life();
        int asked = 0;
        life->still_same = [&] {
            ++asked;
            return say(same);
        };
        auto const labels = [&] { return server.with_state([&](State& state) { return state.issue(repo, number).labels.size(); }); };
        auto const before = labels();
        groom::Plan wish;
        wish.add = {"a"};
        wish.target = "a\n";
        auto const applied = life->apply(id_of(number), number, wish);
        EXPECT_EQ(asked, 1);
        EXPECT_EQ(applied.all_done, same) << applied.failure;
        EXPECT_EQ(applied.changed, !same);
        EXPECT_EQ(labels() - before, same ? 1U : 0U);
    }
}

TEST_F(Applying, WhatWouldBeWrittenOverIsAskedAboutBeforeItsFirstTry) {
    auto const whole_plan = plan();
    for (auto const part : {0, 1, 2}) {
        auto const number = issue();
        groom::Plan wish;
        if (part == 0) wish.sections = whole_plan.sections;
        if (part == 1) wish.title = whole_plan.title;
        if (part == 2) wish.close = whole_plan.close;
        auto life = begin_life();
        int asked = 0;
        life->still_same = [&] {
            ++asked;
            return say(false);
        };
        auto const applied = life->apply(id_of(number), number, wish);
        EXPECT_EQ(asked, 1) << part;
        EXPECT_TRUE(applied.changed) << part;
        EXPECT_EQ(effects(number), std::vector<std::string>{}) << part;
    }
}

TEST_F(Applying, WhereTheQuestionCannotBeAnsweredNothingWasSent) {
    auto const number = issue();
    groom::Plan wish;
    wish.sections = plan().sections;
    auto life = begin_life();
    life->still_same = []() -> Task<bool> {
        throw tracker::IssueUnreadable{"it is too long"};
        co_return true;
    };
    EXPECT_THROW(life->apply(id_of(number), number, wish), tracker::IssueUnreadable);
    EXPECT_EQ(effects(number), std::vector<std::string>{});
    EXPECT_EQ(value("SELECT string_agg(status, ' ') FROM groomer.step WHERE issue_id = " + std::to_string(id_of(number))), "stale");
}

TEST_F(Applying, AStopLeavesWhatIsWorthAnotherTryToOthers) {
    for (bool const stopping : {true, false}) {
        auto const number = issue();
        server.with_state([](State& state) {
            state.faults.clear();
            state.faults.add({.method = "POST", .times = 1}, {.kind = FaultKind::status, .status = 502});
        });
        auto life = begin_life();
        if (stopping) life->wind_down();
        groom::Plan wish;
        wish.add = {"a"};
        wish.target = "a\n";
        auto const applied = life->apply(id_of(number), number, wish);
        EXPECT_EQ(applied.cut_short, stopping);
        EXPECT_EQ(applied.all_done, !stopping) << applied.failure;
    }
}

TEST_F(Applying, OfAnIssueThatIsTwiceInAPageTheLaterCounts) {
    auto life = begin_life();
    auto const version = [](std::string name, std::string title) {
        tracker::Issue out;
        out.ref = {std::move(name), 7};
        out.title = std::move(title);
        return out;
    };
    tracker::Page page;
    page.issues = {version("octo/quill", "as it was"), version("Octo/Quill", "as it is")};
    EXPECT_EQ(life->take(page).changed, 1);
    EXPECT_EQ(value("SELECT string_agg(title, ', ') FROM groomer.issue WHERE number = 7"), "as it is");
}

TEST_F(Applying, AProcessThatIsKilledBetweenAnyTwoRequestsLeavesNothingToBeDoneTwice) {
    int killed = 0;
    for (std::uint64_t after = 0;; ++after) {
        ASSERT_LT(after, 100U);
        auto const number = issue();
        auto const before = requests();
        bool const cut = apply_and_kill({number}, plan(), [&] { return requests() >= before + after; });
        auto const by_then = effects(number);
        auto const applied = apply(number, plan());
        EXPECT_TRUE(applied.all_done) << "after " << after << " requests: " << applied.failure;
        EXPECT_EQ(effects(number), whole) << "after " << after << " requests and " << by_then.size() << " effects";
        killed += cut && !by_then.empty() && by_then.size() < whole.size() ? 1 : 0;
        if (!cut) break;
    }
    EXPECT_GE(killed, 5) << "in the middle";
}

TEST_F(Applying, AProcessThatIsKilledJustAfterAnEffectLeavesNothingToBeDoneTwice) {
    for (std::size_t after = 1; after <= whole.size(); ++after) {
        auto const number = issue();
        // The answer is held back, so that nobody but the tracker knows.
        server.with_state([&](State& state) {
            state.faults.clear();
            for (auto const* method : {"POST", "PATCH", "DELETE"}) state.faults.add({.method = method, .times = 99}, {.delay_after = 50ms});
        });
        EXPECT_TRUE(apply_and_kill({number}, plan(), [&] { return effects(number).size() >= after; }));
        server.with_state([](State& state) { state.faults.clear(); });
        EXPECT_TRUE(apply(number, plan()).all_done);
        EXPECT_EQ(effects(number), whole) << "after " << after << " effects";
    }
}

TEST_F(Applying, TheCommentsOfAKilledProcessCountForThePace) {
    std::vector<std::int64_t> const numbers{issue(), issue(), issue()};
    server.with_state([](State& state) { state.faults.add({.method = "POST", .nth = 3}, {.delay_after = 5s}); });
    auto const three = [&] { return effects(numbers[2]).size() == 1; };
    ASSERT_TRUE(apply_and_kill(numbers, comment(), three));
    EXPECT_EQ(value("SELECT string_agg(status, ' ' ORDER BY issue_id) FROM groomer.step"), "done done begun");
    EXPECT_EQ(value("SELECT count(*) FROM groomer.tracker_limits"), "0") << "nobody has left them";
    pace = {0ms, 3, 1000, 0};
    auto const life = begin_life();
    auto const found = life->limits();
    ASSERT_EQ(found.comments.size(), 3U);
    std::vector<WallTime> times;
    auto const now = std::chrono::system_clock::now();
    for (auto const age : found.comments) times.push_back(now - age);
    EXPECT_EQ(life->pace().next(github::Limits::Kind::content, repo, now).at, now) << "as long as it does not know of them";
    life->pace().know_content(times);
    EXPECT_GT(life->pace().next(github::Limits::Kind::content, repo, now).at, now + 30s);
    EXPECT_EQ(life->pace().next(github::Limits::Kind::write, repo, now).at, now);
}

TEST_F(Applying, WhatWasDoneBeforeALimitIsStored) {
    auto const number = issue();
    server.with_state([](State& state) {
        state.faults.add({.method = "DELETE"}, {.kind = FaultKind::status, .status = 429, .headers = {{"Retry-After", "600"}}});
    });
    EXPECT_THROW(apply(number, plan()), tracker::LimitReached);
    EXPECT_EQ(effects(number), (std::vector<std::string>{"label.add a", "label.add b"}));
    EXPECT_EQ(value("SELECT string_agg(label || ' ' || status, ', ' ORDER BY seq) FROM groomer.step WHERE op LIKE 'label.%'"),
              "a done, b done, old withheld");
}

TEST_F(Applying, ACommentThatALimitHeldBackIsToldAsSuchAndDoesNotCount) {
    pace.comments_per_hour = 1;
    auto const one = issue(), two = issue();
    auto const life = begin_life();
    EXPECT_TRUE(life->apply(id_of(one), one, comment()).all_done);
    EXPECT_THROW(life->apply(id_of(two), two, plan()), tracker::LimitReached);
    EXPECT_EQ(effects(two), (std::vector<std::string>{"label.add a", "label.add b", "label.remove old"}));
    EXPECT_EQ(value("SELECT status FROM groomer.step WHERE op = 'comment.set' ORDER BY issue_id DESC LIMIT 1"), "withheld");
    EXPECT_EQ(life->limits().comments.size(), 1U);
    pace.comments_per_hour = 1000;  // an hour later
    EXPECT_TRUE(apply(two, plan()).all_done);
    EXPECT_EQ(effects(two), whole);
}

TEST_F(Applying, AnIssueThatIsNotThereAnyMoreEndsTheRest) {
    auto const number = issue();
    server.with_state([&](State& state) {
        state.add_repository("octo/other");
        state.transfer_issue(state.at(repo), number, state.at("octo/other"), {.login = "groomer", .now = {}});
    });
    auto const applied = apply(number, plan());
    EXPECT_TRUE(applied.gone);
    EXPECT_FALSE(applied.all_done);
    EXPECT_EQ(applied.steps.back().status, "planned");
    EXPECT_EQ(effects(number), std::vector<std::string>{"issue.transfer"});
}

}  // namespace
}  // namespace groomer::test
