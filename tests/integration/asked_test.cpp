// What people and webhooks ask of the database, whoever holds the lock: pausing, and issues that are due now.
#include "store/asked.hpp"
#include "integration/grooming.hpp"
#include "support/acquire_sql.hpp"

#include <future>
#include <thread>

namespace groomer::test {
namespace {

class AskedFor : public Grooming {
protected:
    void SetUp() override {
        Grooming::SetUp();
        if (IsSkipped()) return;
        write();
    }
    // Synced and groomed: nothing is due.
    void begin(std::string const& policy = "mode: apply", std::string const& more = "") {
        start(policy, more);
        sync();
        groom_all();
    }
    store::MadeDue make_due(std::vector<tracker::IssueRef> asked) {
        return run_to_end(*context, store::make_due(service->store(), "groomer", std::move(asked)));
    }
    void pause(bool paused) { run_to_end(*context, ended(store::set_paused(service->store(), paused, "test"))); }
    static Task<bool> ended(Task<> task) {
        co_await std::move(task);
        co_return true;
    }
    std::string due() {
        return value("SELECT string_agg(number::text, ',' ORDER BY number) FROM groomer.issue WHERE due_at <= clock_timestamp()");
    }
    std::string requests() {
        return value(
            "SELECT count(*) FROM groomer.request r JOIN groomer.lock_state s ON s.lock = r.lock WHERE r.lock = 'groomer' AND r.id > "
            "s.requests_served");
    }
    void groomed_long_ago() { database->query("UPDATE groomer.issue SET groomed_at = groomed_at - interval '1 hour'"); }
};

TEST_F(AskedFor, APauseStopsATickBeforeItsNextIssueAndWhatIsLeftStaysDue) {
    int judged = 0;
    model = [&](tracker::Issue, config::Policy) -> Task<std::vector<model::Decision>> {
        if (++judged == 3) {
            co_await store::set_paused(service->store(), true, "test");
            co_await service->clock().sleep_for(110ms);  // so long is an answer of the database good for
        }
        co_return std::vector<model::Decision>{};
    };
    start("mode: apply", "model: {concurrency: 1}\n");
    sync();
    auto const report = tick();
    EXPECT_EQ(judged, 3);
    EXPECT_EQ(report.issues.size(), 3U);
    EXPECT_TRUE(report.paused && report.cut_short);
    EXPECT_EQ(value("SELECT count(*) FROM groomer.lease"), "0");
    EXPECT_EQ(value("SELECT count(*) FROM groomer.issue WHERE due_at <= clock_timestamp()"), std::to_string(issues.size() - 3));
    EXPECT_EQ(value("SELECT ended FROM groomer.hold WHERE lock = 'groomer' ORDER BY term DESC LIMIT 1"), "kept");
    auto const again = tick();
    EXPECT_TRUE(again.paused && again.issues.empty());
    EXPECT_EQ(judged, 3) << "nothing is begun while it is paused, asked for or not";
    pause(false);
    EXPECT_EQ(groom_all(), issues.size() - 3);
}

TEST_F(AskedFor, APauseIsKeptWithWhoAndSinceWhenAndMayBeAskedForTwice) {
    begin();
    pause(true);
    auto const since = value("SELECT changed_at FROM groomer.control WHERE paused AND changed_by = 'test'");
    EXPECT_NE(since, "");
    pause(true);
    EXPECT_EQ(value("SELECT changed_at FROM groomer.control"), since);
    pause(false);
    EXPECT_EQ(value("SELECT paused FROM groomer.control"), "f");
}

TEST_F(AskedFor, APauseWakesBothLoopsOfAllReplicas) {
    begin();
    pg::Session listener{database->options()};
    listener.listen("groomer_lock");
    pause(true);
    listener.run({"test", "SELECT 1"}, {});
    auto woken = listener.notifications();
    std::sort(woken.begin(), woken.end());
    EXPECT_EQ(woken, (std::vector<std::string>{"global", "groomer"}));
}

TEST_F(AskedFor, AnIssueIsDueNowAndATickIsAskedForOnce) {
    begin();
    groomed_long_ago();
    ASSERT_EQ(due(), "");
    pg::Session listener{database->options()};
    listener.listen("groomer_lock");
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(make_due({{"O/R", 7}, {"o/r", 9}}).unknown.empty());
    EXPECT_EQ(due(), "7,9");
    EXPECT_EQ(requests(), "1") << "one tick serves for all";
    EXPECT_EQ(value("SELECT rank FROM groomer.issue WHERE number = 7"), "1");
    listener.run({"test", "SELECT 1"}, {});
    EXPECT_EQ(listener.notifications(), std::vector<std::string>{"groomer"});
    auto const report = tick();
    EXPECT_EQ(report.issues.size(), 2U);
    EXPECT_EQ(requests(), "0");
}

TEST_F(AskedFor, WhatIsDueAlreadyKeepsItsPlaceAndIsHastened) {
    begin();
    groomed_long_ago();
    database->query("UPDATE groomer.issue SET due_at = clock_timestamp() - interval '1 minute' WHERE number = 7");
    auto const before = value("SELECT due_at FROM groomer.issue WHERE number = 7");
    make_due({{"o/r", 7}});
    EXPECT_EQ(value("SELECT due_at FROM groomer.issue WHERE number = 7"), before);
    EXPECT_EQ(requests(), "1");
}

TEST_F(AskedFor, OnlyOpenIssuesThatAreKnownAreMadeDue) {
    auto const closed = issue("it was mended", "");
    at(closed)["state"] = "closed";
    write();
    begin();
    auto const made = make_due({{"o/r", closed}, {"o/r", 9999}, {"no/where", 1}, {"o/r\\\"'", 1}});
    EXPECT_EQ(made.unknown.size(), 4U);
    EXPECT_TRUE(made.busy.empty());
    EXPECT_EQ(due(), "");
    EXPECT_EQ(requests(), "0");
}

TEST_F(AskedFor, AnIssueThatWasGroomedJustNowIsDueAfterTenSeconds) {
    begin();
    EXPECT_TRUE(make_due({{"o/r", 7}}).busy.empty());
    EXPECT_EQ(due(), "");
    EXPECT_EQ(requests(), "0");
    EXPECT_EQ(value("SELECT due_at = groomed_at + interval '10 s' FROM groomer.issue WHERE number = 7"), "t");
}

TEST_F(AskedFor, AnIssueThatIsBeingGroomedIsDueAgain) {
    bool asked = false;
    model = [&](tracker::Issue issue, config::Policy) -> Task<std::vector<model::Decision>> {
        if (issue.ref.number == 7 && !std::exchange(asked, true)) {
            std::vector<tracker::IssueRef> const one{issue.ref};
            co_await store::make_due(service->store(), "groomer", one);
        }
        co_return std::vector<model::Decision>{};
    };
    start();
    sync();
    EXPECT_EQ(groom_all(), issues.size() + 1);
    EXPECT_EQ(value("SELECT count(*) FROM groomer.run r JOIN groomer.issue i ON i.id = r.issue_id WHERE i.number = 7"), "2");
}

TEST_F(AskedFor, ARowThatSomebodyWritesToIsLeftForTheNextAttempt) {
    begin();
    groomed_long_ago();
    pg::Session other{database->options()};
    other.transaction([&](pg::Session::Transaction& transaction) {
        transaction.exec("UPDATE groomer.issue SET title = title WHERE number = 7");
        auto const made = make_due({{"o/r", 7}, {"o/r", 9}});
        ASSERT_EQ(made.busy.size(), 1U);
        EXPECT_EQ(made.busy[0].number, 7);
        EXPECT_TRUE(made.unknown.empty());
    });
    EXPECT_EQ(due(), "9");
    EXPECT_TRUE(make_due({{"o/r", 7}}).busy.empty());
    EXPECT_EQ(due(), "7,9");
}

// A hold that began while somebody finds out whether his request is still to be served would serve it, or not, as chance has it.
TEST_F(AskedFor, NoHoldBeginsBetweenTheAnswerAndTheRequest) {
    begin();
    groomed_long_ago();
    database->query("CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END'");
    database->query("CREATE TRIGGER waits BEFORE INSERT ON groomer.request FOR EACH ROW EXECUTE FUNCTION wait()");
    auto const acquire = [&] { return database->query(acquire_sql("pod")).size(); };
    std::future<void> asking;
    pg::Session other{database->options()};
    other.transaction([&](pg::Session::Transaction& transaction) {
        transaction.exec("SELECT pg_advisory_xact_lock(7)");
        asking = std::async(std::launch::async, [&] { make_due({{"o/r", 7}}); });
        auto const waits = [&] {
            return value(
                       "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE d.datname = "
                       "current_database() "
                       "AND l.locktype = 'advisory' AND NOT l.granted)") == "t";
        };
        for (int i = 0; i < 200 && !waits(); ++i) std::this_thread::sleep_for(20ms);
        EXPECT_TRUE(waits());
        EXPECT_THROW(acquire(), pg::DatabaseError) << "it waits for the row of the state, for as long as it may";
    });
    asking.get();
    EXPECT_EQ(acquire(), 1U);
    EXPECT_EQ(value("SELECT requests_seen = (SELECT max(id) FROM groomer.request) FROM groomer.lock_state WHERE lock = 'groomer'"), "t");
}

// Its request is older than the hold that is under way, which has passed the issue already.
TEST_F(AskedFor, WhatIsAskedForDuringATickIsServedByTheNext) {
    begin();
    groomed_long_ago();
    make_due({{"o/r", 7}});
    bool asked = false;
    model = {};
    auto const tick = [&](std::shared_ptr<lock::Hold>) -> Task<reconcile::TickResult> {
        std::vector<tracker::IssueRef> const one{{"o/r", 9}};
        co_await store::make_due(service->store(), "groomer", one);
        asked = true;
        co_return reconcile::TickResult{};
    };
    EXPECT_TRUE(run_to_end(*context, service->groom_loop().once(1s, tick)).tick);
    EXPECT_TRUE(asked);
    EXPECT_EQ(requests(), "1") << "the first is served by this tick, the second is not";
}

TEST_F(AskedFor, ASyncIsAskedForOnce) {
    begin();
    for (int i = 0; i < 3; ++i) run_to_end(*context, ended(store::ask_for_tick(service->store(), "global")));
    EXPECT_EQ(
        value("SELECT count(*) FROM groomer.request r JOIN groomer.lock_state s ON s.lock = r.lock WHERE r.lock = 'global' AND r.id > "
              "s.requests_served"),
        "1");
}

TEST_F(AskedFor, AnIssueIsLookedForWhereItWouldBe) {
    begin();
    auto const find = [&](tracker::IssueRef const& ref) { return run_to_end(*context, store::find(service->store(), ref)); };
    auto const known = find({"O/R", 7});
    ASSERT_TRUE(known);
    EXPECT_EQ(known->source, "local/backlog");
    EXPECT_TRUE(known->has_issue);
    EXPECT_FALSE(find({"o/r", 9999})->has_issue);
    EXPECT_FALSE(find({"no/where", 7}));
    database->query("UPDATE groomer.issue SET gone = true WHERE number = 7");
    EXPECT_FALSE(find({"o/r", 7})->has_issue);
    database->query("UPDATE groomer.source SET configured = false");
    EXPECT_FALSE(find({"o/r", 7}));
}

TEST_F(AskedFor, AnIssueThatNoSyncHasSeenIsLearntByTheTickThatIsForIt) {
    begin();
    auto const number = issue(clear_bug, body_of(clear_bug));
    write();
    auto const& entry = service->entries().front();
    auto const read = run_to_end(*context, entry.tracker->read({"o/r", number}));
    ASSERT_TRUE(read);
    groom::Target target;
    target.only = tracker::IssueRef{"o/r", number};
    target.unseen = groom::Unseen{entry.settings.name, *read};
    auto const asked = run_to_end(*context, service->groom_once(target));
    ASSERT_TRUE(asked.once.tick);
    ASSERT_EQ(asked.report.issues.size(), 1U);
    EXPECT_EQ(asked.report.issues[0].ref.number, number);
    EXPECT_EQ(outcome(number), "applied");
    auto const cursor = value("SELECT cursor FROM groomer.source");
    sync();
    EXPECT_EQ(value("SELECT count(*) FROM groomer.issue WHERE number = " + std::to_string(number)), "1");
    EXPECT_NE(cursor, "") << "the sync goes on from where it was";
}

}  // namespace
}  // namespace groomer::test
