// `POST /api/groomer/run`, /pause and /resume: each line of their contract, on real replicas.
#include "integration/served.hpp"
#include "support/acquire_sql.hpp"

#include <boost/json/serialize.hpp>

namespace groomer::test {
namespace {

class RunOverHttp : public Served {
protected:
    // Whatever reads issue 3 from GitHub waits for so long.
    void slow_issue(std::chrono::milliseconds delay) {
        server.with_state([&](State& state) {
            state.faults.add({.method = "GET", .path = "*/issues/3", .times = fake_github::Matcher::always}, {.delay_before = delay});
        });
    }
    // An issue that waits.
    bool is_being_read() {
        return server.with_state([](State& state) { return state.faults.sprung() > 0; });
    }
    bool is_held() { return text("SELECT EXISTS (SELECT FROM sync_lock WHERE id = 'groomer')") == "t"; }
    void take_lock_as_another() { ASSERT_EQ(database->query(acquire_sql("another-pod")).size(), 1U); }
    static constexpr char const* let_go =
        "SELECT groomer.release('groomer', (SELECT token FROM groomer.lock_state WHERE lock = 'groomer'), true, 'kept', '1 min', '1 h')";
    // A statement of this kind waits for a table.
    bool waits(std::string const& of) {
        return until(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND query "
            "LIKE '%" +
                of + "%' AND pid <> pg_backend_pid())",
            10s);
    }
    static boost::json::object ran(HttpAnswer const& answer) { return object(answer, "RunAnswer"); }
    static bool is_of(boost::json::object const& answer, int issue) {
        auto const& results = answer.at("results").as_array();
        return results.size() == 1 && results[0].at("repo") == repo && results[0].at("issue").to_number<int>() == issue;
    }
};

TEST_F(RunOverHttp, AnyReplicaGroomsTheIssueThatItIsAskedFor) {
    std::vector<unsigned short> ports;
    for (auto const* pod : {"one", "two", "three"}) ports.push_back(start_replica(pod));
    ASSERT_TRUE(is_settled());
    int issue = 3;
    for (auto const port : ports) {
        auto const before = runs(issue);
        auto const answer = http_call(port, to(run_path, of_issue(issue)));
        ASSERT_EQ(answer.status, 200) << answer.body;
        auto const told = ran(answer);
        EXPECT_EQ(told.at("outcome"), "groomed");
        EXPECT_FALSE(told.at("dryRun").as_bool());
        EXPECT_TRUE(is_of(told, issue)) << answer.body;
        EXPECT_EQ(runs(issue), before + 1);
        EXPECT_FALSE(is_held()) << "the lock is free again";
        ++issue;
    }
    EXPECT_EQ(text("SELECT string_agg(DISTINCT pod, ',' ORDER BY pod) FROM groomer.run WHERE id IN (SELECT id FROM groomer.run ORDER BY id "
                   "DESC LIMIT 3)"),
              "one,three,two");
}

TEST_F(RunOverHttp, WithoutAnIssueItTakesOneBatch) {
    serve("apply", "");
    std::ofstream{folder / "c.yaml", std::ios::app} << "model: {concurrency: 4}\n";
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    EXPECT_EQ(ran(http_call(port, to(run_path, "{}"))).at("outcome"), "nothing_to_do");
    EXPECT_EQ(ran(http_call(port, to(run_path))).at("outcome"), "nothing_to_do") << "no body is an empty one";
    database->query("UPDATE groomer.issue SET due_at = clock_timestamp() WHERE number IN (3, 4) RETURNING 1");
    auto const two = ran(http_call(port, to(run_path, "{}")));
    EXPECT_EQ(two.at("outcome"), "groomed");
    EXPECT_EQ(two.at("results").as_array().size(), 2U);
    auto const all = ran(http_call(port, to(run_path, R"({"force":true,"repoFullName":"LANTERNFISH/quill"})")));
    EXPECT_EQ(all.at("results").as_array().size(), 50U) << "force takes what is not due, and a batch of it";
}

TEST_F(RunOverHttp, ADryRunWritesNothingAndLeavesTheScheduleAsItIs) {
    server.with_state([](State& state) { state.add_issue(state.at(repo), {.title = "It crashes", .body = "Segmentation fault"}); });
    serve("dry-run");
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    EXPECT_TRUE(ran(http_call(port, to(run_path, "{}"))).at("dryRun").as_bool()) << "by its policy";
    EXPECT_TRUE(effects().empty());
    replicas.clear();
    serve("apply", "");
    database->query("UPDATE groomer.control SET paused = true RETURNING 1");  // or it would write at its start
    auto const other = start_replica("two");
    database->query("UPDATE groomer.lock_state SET due_at = clock_timestamp() + interval '1 hour' RETURNING 1");
    ASSERT_EQ(http_call(other, to("/api/groomer/resume")).status, 200);
    auto const due = number(left());
    auto const told = ran(http_call(other, to(run_path, R"({"dryRun":true,"force":true})")));
    EXPECT_EQ(told.at("outcome"), "groomed");
    EXPECT_TRUE(told.at("dryRun").as_bool());
    EXPECT_TRUE(effects().empty());
    EXPECT_EQ(number(left()), due);
}

TEST_F(RunOverHttp, AnIssueThatNoSyncHasSeenIsLookedUp) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    auto const issue = server.with_state([](State& state) {
        return static_cast<int>(state.add_issue(state.at(repo), {.title = "It crashes", .body = "Segmentation fault"}).number);
    });
    auto const answer = http_call(port, to(run_path, of_issue(issue)));
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_TRUE(is_of(ran(answer), issue)) << answer.body;
    EXPECT_EQ(runs(issue), 1);
}

TEST_F(RunOverHttp, WhatIsWrongIsToldBeforeTheLockIsAskedFor) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    auto const holds = number("SELECT count(*) FROM groomer.hold");
    for (auto const& body : std::vector<std::string>{"{", "[]", "nonsense", R"({"dry_run":true})", R"({"dryRun":"yes"})",
                                                     R"({"issueNumber":7})", R"({"repoFullName":7})", "\xff",
                                                     R"({"dryRun":true,"dryRun":false})", R"({"force":)" + std::string(50'000, '[')})
        EXPECT_EQ(refusal(http_call(port, to(run_path, body))), "400 bad_request") << body;
    for (auto const& [name, value] : {std::pair{"Content-Type", "application/x-www-form-urlencoded"}, {"Content-Encoding", "gzip"}}) {
        auto call = to(run_path, "{}");
        call.headers.emplace_back(name, value);
        EXPECT_EQ(refusal(http_call(port, call)), "415 unsupported_media_type") << name;
    }
    EXPECT_EQ(refusal(http_call(port, to(run_path, "{}", ""))), "401 unauthorized");
    EXPECT_EQ(refusal(http_call(port, to(run_path, "{}", "admin-2"))), "401 unauthorized");
    EXPECT_EQ(refusal(http_call(port, to(run_path, "{", "admin-2"))), "401 unauthorized") << "before anything is read";
    EXPECT_EQ(refusal(http_call(port, to(run_path, R"({"repoFullName":"no/where"})"))), "404 not_found");
    EXPECT_EQ(refusal(http_call(port, to(run_path, R"({"repoFullName":"no/where","issueNumber":1})"))), "404 not_found");
    EXPECT_EQ(refusal(http_call(port, to(run_path, of_issue(987654)))), "404 not_found");
    EXPECT_EQ(refusal(http_call(port, to(run_path, "{\"repoFullName\":\"" + std::string(200'000, 'x') + "\"}"))), "413 too_large");
    EXPECT_EQ(number("SELECT count(*) FROM groomer.hold"), holds);
}

TEST_F(RunOverHttp, ALockThatAnotherHoldsIsToldWithWhoAndUntilWhen) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    take_lock_as_another();
    auto const answer = http_call(port, to(run_path, "{}"));
    EXPECT_EQ(refusal(answer), "409 lock_held");
    auto const told = object(answer);
    EXPECT_EQ(told.at("holder"), "another-pod");
    EXPECT_GT(told.at("until").as_string(), told.at("since").as_string());
}

TEST_F(RunOverHttp, ALockThatAnotherProgramHoldsIsToldWithoutANameThatNobodyKnows) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    database->query("INSERT INTO sync_lock (id, \"syncRunId\") VALUES ('groomer', 'theirs') RETURNING 1");
    auto const told = object(http_call(port, to(run_path, "{}")), "LockHeld");
    EXPECT_TRUE(told.at("holder").is_null() && told.at("since").is_null());
    EXPECT_TRUE(told.at("until").is_string());
}

TEST_F(RunOverHttp, TheLockByItselfIsThatOfTheStatusAndAsItIsConfiguredNow) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    database->query("INSERT INTO sync_lock (id, \"syncRunId\") VALUES ('groomer', 'theirs') RETURNING 1");
    boost::json::object lock;
    auto const are_same = [&] {
        auto const status = object(http_call(port, {"GET", "/api/status", "", {{"Authorization", std::string{"Bearer "} + token}}}));
        lock = object(http_call(port, {"GET", "/api/groomer/lock"}));
        EXPECT_EQ(lock.at("last_holds").as_array().empty(), false);
        for (auto const* beside : {"renewals", "last_holds"}) lock.erase(beside);
        return lock.at("foreign").as_bool() && status.at("lock") == boost::json::value(lock);
    };
    EXPECT_TRUE(until(are_same)) << boost::json::serialize(lock);
    auto const before = std::string{lock.at("until").as_string()};
    auto config = read_file(folder / "c.yaml");
    config.insert(config.find("ttl: 2s"), "foreign_stale_after: 2h, ");
    std::ofstream{folder / "c.yaml"} << config;
    EXPECT_TRUE(until([&] { return are_same() && lock.at("until").as_string() > before; })) << boost::json::serialize(lock);
}

// Its statement has begun when the test commits: what it reads it reads afterwards.
TEST_F(RunOverHttp, ALockThatIsFreedWhileItIsLookedWhoHoldsItIsTriedOnceMore) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    take_lock_as_another();
    std::optional<HttpCaller> caller;
    pg::Session other{database->options()};
    other.transaction([&](pg::Session::Transaction& transaction) {
        transaction.exec("LOCK TABLE groomer.hold IN ACCESS EXCLUSIVE MODE");
        caller.emplace(port, to(run_path, of_issue(3)));
        ASSERT_TRUE(waits("h.pod"));
        transaction.exec(let_go);
    });
    auto const answer = caller->answer();
    EXPECT_EQ(answer.status, 200) << answer.body;
}

TEST_F(RunOverHttp, ALockWhoseRowIsKeptLockedIsNotSaidToBeAtWork) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    pg::Session other{database->options()};
    other.transaction([&](pg::Session::Transaction& transaction) {
        transaction.exec("SELECT FROM groomer.lock_state WHERE lock = 'groomer' FOR UPDATE");
        auto const answer = http_call(port, to(run_path, of_issue(3)));
        EXPECT_EQ(refusal(answer), "409 lock_held");
        EXPECT_NE(answer.body.find("kept locked by another session"), std::string::npos) << answer.body;
    });
}

TEST_F(RunOverHttp, ARunThatHasNoLockYetIsAConflictWithoutHolder) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    std::optional<HttpCaller> first;
    pg::Session other{database->options()};
    other.transaction([&](pg::Session::Transaction& transaction) {
        transaction.exec("LOCK TABLE sync_lock IN SHARE MODE");  // it can be read, and not taken
        first.emplace(port, to(run_path, of_issue(3)));
        ASSERT_TRUE(waits("groomer.acquire"));
        auto const answer = http_call(port, to(run_path, of_issue(4)));
        EXPECT_EQ(refusal(answer), "409 lock_held");
        for (auto const* unknown : {"holder", "since", "until"}) EXPECT_TRUE(object(answer).at(unknown).is_null()) << unknown;
    });
    first->answer();
}

TEST_F(RunOverHttp, ATickOfItsOwnIsNotDisturbedAndNoSecondOneRunsBesideIt) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    slow_issue(3s);
    database->query("UPDATE groomer.issue SET due_at = clock_timestamp() WHERE number = 3 RETURNING 1");
    database->query("INSERT INTO groomer.request (lock) VALUES ('groomer') RETURNING pg_notify('groomer_lock', 'groomer')::text");
    ASSERT_TRUE(until([this] { return is_held(); }));
    auto const answer = http_call(port, to(run_path, of_issue(4)));
    EXPECT_EQ(refusal(answer), "409 lock_held");
    EXPECT_EQ(object(answer).at("holder"), "one");
    EXPECT_TRUE(is_settled());
    EXPECT_EQ(http_call(port, to(run_path, of_issue(4))).status, 200);
    EXPECT_EQ(number("SELECT count(*) FROM groomer.hold WHERE ended = 'lost'"), 0);
}

TEST_F(RunOverHttp, TwoThatAreAskedForAtOnceAreOneAndAConflict) {
    std::vector<unsigned short> const ports{start_replica("one"), start_replica("two")};
    ASSERT_TRUE(is_settled());
    slow_issue(1s);
    for (auto const second : ports) {
        HttpCaller first{ports[0], to(run_path, of_issue(3))};
        ASSERT_TRUE(until([this] { return is_held(); }));
        EXPECT_EQ(refusal(http_call(second, to(run_path, of_issue(3)))), "409 lock_held");
        EXPECT_EQ(first.answer().status, 200);
    }
}

TEST_F(RunOverHttp, AClientThatLeavesLosesNothingButItsAnswer) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    slow_issue(1s);
    auto const before = runs(3);
    HttpCaller caller{port, to(run_path, of_issue(3))};
    ASSERT_TRUE(until([this] { return is_held(); }));
    caller.leave();
    EXPECT_TRUE(until([&] { return runs(3) == before + 1; }));
    EXPECT_TRUE(is_settled());
    EXPECT_EQ(text("SELECT ended FROM groomer.hold WHERE lock = 'groomer' ORDER BY term DESC LIMIT 1"), "kept");
    EXPECT_TRUE(replicas[0]->says(R"("outcome":"done","status":200)", 5s)) << "the audit tells what became of it";
    server.with_state([](State& state) { state.faults.clear(); });
    EXPECT_EQ(http_call(port, to(run_path, of_issue(3))).status, 200);
}

TEST_F(RunOverHttp, APauseIsOfAllReplicasAndRefusesRuns) {
    std::vector<unsigned short> const ports{start_replica("one"), start_replica("two")};
    ASSERT_TRUE(is_settled());
    EXPECT_EQ(refusal(http_call(ports[0], to("/api/groomer/pause", "", ""))), "401 unauthorized");
    for (int i = 0; i < 2; ++i) {
        auto const answer = http_call(ports[0], to("/api/groomer/pause"));
        EXPECT_EQ(answer.status, 200);
        EXPECT_TRUE(object(answer, "Paused").at("paused").as_bool());
    }
    for (auto const& replica : replicas) {
        auto const metrics = port(*replica, "metrics_port");
        EXPECT_TRUE(until(
            [&] {
                std::string shown;
                http_get(metrics, "/metrics", &shown);
                return shown.find("\ngroomer_paused 1\n") != std::string::npos;
            },
            5s))
            << "each is told";
    }
    EXPECT_EQ(refusal(http_call(ports[1], to(run_path, of_issue(3)))), "409 paused");
    EXPECT_EQ(refusal(http_call(ports[1], to(run_path, of_issue(987654)))), "404 not_found") << "what is wrong goes first";
    auto const once = command({"once"});
    EXPECT_EQ(once.status, 0);
    EXPECT_NE(once.output.find("groomer is paused: nothing was done"), std::string::npos) << once.output;
    EXPECT_FALSE(object(http_call(ports[1], to("/api/groomer/resume")), "Paused").at("paused").as_bool());
    EXPECT_EQ(http_call(ports[0], to(run_path, of_issue(3))).status, 200);
}

TEST_F(RunOverHttp, APauseIsKeptWithWhoAskedForItAndWhy) {
    environment["GROOMER_HTTP_ADMIN_TOKEN"] = std::string{"admin-0\n"} + token;
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    EXPECT_EQ(http_call(port, to("/api/groomer/pause", R"({"reason":"a night\noff"})")).status, 200);
    EXPECT_EQ(text("SELECT changed_by FROM groomer.control"), "API of one, token 2: a night off");
    EXPECT_EQ(http_call(port, to("/api/groomer/resume", "", "admin-0")).status, 200);
    EXPECT_EQ(text("SELECT changed_by FROM groomer.control"), "API of one, token 1");
    for (auto const& body : std::vector<std::string>{"nonsense", "[]", R"({"paused":true})", R"({"reason":7})",
                                                     "{\"reason\":\"" + std::string(201, 'x') + "\"}"})
        EXPECT_EQ(refusal(http_call(port, to("/api/groomer/pause", body))), "400 bad_request") << body;
    EXPECT_EQ(refusal(http_call(port, to("/api/groomer/pause", std::string(5000, ' ')))), "413 too_large");
    EXPECT_EQ(text("SELECT paused FROM groomer.control"), "f");
    EXPECT_FALSE(replicas[0]->says("nonsense", 0s)) << "what is not understood is not written down";
}

TEST_F(RunOverHttp, APauseEndsATickOfAnotherReplicaBeforeItsNextIssue) {
    std::vector<unsigned short> const ports{start_replica("one"), start_replica("two")};
    ASSERT_TRUE(is_settled());
    server.with_state([](State& state) {
        state.faults.add({.method = "GET", .path = "*/timeline", .times = fake_github::Matcher::always}, {.delay_before = 500ms});
    });
    HttpCaller running{ports[0], to(run_path, R"({"force":true})")};  // 50 issues, 16 at once
    ASSERT_TRUE(until([this] { return is_being_read(); }));
    EXPECT_EQ(http_call(ports[1], to("/api/groomer/pause")).status, 200);
    auto const answer = running.answer();
    EXPECT_EQ(answer.status, 200) << answer.body;
    auto const done = ran(answer).at("results").as_array().size();
    EXPECT_GT(done, 0U);
    EXPECT_LT(done, 50U) << "what was under way was finished, and no more begun";
    EXPECT_FALSE(is_held());
}

TEST_F(RunOverHttp, MoreThanThirtyAMinuteAreToldToWait) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    for (int i = 0; i < 30; ++i) ASSERT_EQ(http_call(port, to(run_path, "{}")).status, 200) << i;
    auto const answer = http_call(port, to(run_path, "{}"));
    EXPECT_EQ(refusal(answer), "429 too_many");
    auto const wait = std::stoi("0" + answer.header("Retry-After"));
    EXPECT_GE(wait, 1);
    EXPECT_LE(wait, 60);
}

TEST_F(RunOverHttp, ALookUpCountsAsARunDoesAndARefusalDoesNot) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    take_lock_as_another();
    for (int i = 0; i < 40; ++i) ASSERT_EQ(refusal(http_call(port, to(run_path, of_issue(3)))), "409 lock_held") << i;
    database->query(let_go);
    EXPECT_EQ(http_call(port, to(run_path, of_issue(3))).status, 200);
    for (int i = 0; i < 29; ++i) ASSERT_EQ(refusal(http_call(port, to(run_path, of_issue(987654)))), "404 not_found") << i;
    EXPECT_EQ(refusal(http_call(port, to(run_path, of_issue(987654)))), "429 too_many");
    EXPECT_EQ(refusal(http_call(port, to(run_path, of_issue(3)))), "429 too_many");
}

TEST_F(RunOverHttp, ATrackerThatFailsIsUnavailable) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    server.with_state([](State& state) {
        state.faults.add({.method = "GET", .times = fake_github::Matcher::always}, {.kind = fake_github::FaultKind::status, .status = 401});
    });
    EXPECT_EQ(refusal(http_call(port, to(run_path, of_issue(987654)))), "503 tracker_failed") << "while it is looked up";
    EXPECT_EQ(refusal(http_call(port, to(run_path, of_issue(3)))), "503 failed") << "in the tick";
}

TEST_F(RunOverHttp, ALimitOfGithubsIsToldWithWhenToComeAgain) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    server.with_state([this](State& state) {
        state.limits.options.per_hour = 100;
        state.limits.use_up("groomer", 100, server.now());
    });
    EXPECT_EQ(refusal(http_call(port, to(run_path, of_issue(987654)))), "429 limited") << "while it is looked up";
    auto const answer = http_call(port, to(run_path, of_issue(3)));
    EXPECT_EQ(refusal(answer), "429 limited") << "in the tick";
    EXPECT_GE(std::stoi("0" + answer.header("Retry-After")), 60);
}

TEST_F(RunOverHttp, WithoutADatabaseItIsUnavailable) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    let_connect(false);
    EXPECT_EQ(refusal(http_call(port, to(run_path, "{}"))), "503 no_database");
    EXPECT_EQ(refusal(http_call(port, to("/api/groomer/pause"))), "503 no_database");
    let_connect(true);
    EXPECT_TRUE(until([&] { return http_call(port, to(run_path, "{}")).status == 200; }, 10s));
}

TEST_F(RunOverHttp, AReplicaThatStopsFinishesWhatWasAskedForAndTakesNoMore) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    slow_issue(2s);
    HttpCaller running{port, to(run_path, of_issue(3))};
    ASSERT_TRUE(until([this] { return is_being_read(); }));
    replicas[0]->signal(SIGTERM);
    ASSERT_TRUE(replicas[0]->says("\"stopping", 5s));
    EXPECT_EQ(refusal(http_call(port, to(run_path, of_issue(4)))), "503 shutting_down");
    auto const answer = running.answer();
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(replicas[0]->wait(10s), 0);
    EXPECT_FALSE(is_held());
}

}  // namespace
}  // namespace groomer::test
