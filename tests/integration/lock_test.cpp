// The lock's statements on a real PostgreSQL: what migration 002 promises.
#include "base/digest.hpp"
#include "lock/decision.hpp"
#include "lock/token.hpp"
#include "pg/pool.hpp"
#include "store/history.hpp"
#include "store/work.hpp"
#include "support/run_task.hpp"
#include "support/test_database.hpp"

#include <gtest/gtest.h>

#include <signal.h>
#include <sys/socket.h>

#include <atomic>
#include <future>
#include <thread>

namespace groomer {
namespace {

using namespace std::chrono_literals;
using lock::Bid;
using lock::Grant;
using lock::Ground;
using lock::Look;
using test::run_task;
using test::TestDatabase;

// A replica's view of the lock, without a loop.
struct Contender {
    Contender(TestDatabase const& database, std::string const& name)
        : pool{database.options("groomer/test/" + name), 2, {}},
          store{lock::make_lock_store(pool, pool, {name, "slot-" + name, "incarnation-" + name})} {}

    Look look(std::string const& lock = "groomer") { return run_task(store->look(lock)).value(); }
    Bid bid(Ground ground = Ground::free) {
        Bid bid;
        bid.lock = "groomer";
        bid.ground = ground;
        bid.seen = look();
        bid.age_needed = 5s;
        bid.ttl = 5s;
        bid.settle = 11500ms;
        return bid;
    }
    std::optional<Grant> acquire(Bid bid) { return run_task(store->acquire(bid)).grant; }
    std::optional<Grant> acquire(Ground ground = Ground::free) { return acquire(bid(ground)); }
    bool renew(std::string const& token) { return run_task(store->renew("groomer", token, 5s)); }
    bool release(std::string const& token, lock::Ended ended = lock::Ended::finished, std::chrono::milliseconds next = 0ms) {
        lock::Release request{"groomer", token, true, ended, next, 60s};
        return run_task(store->release(request));
    }

    pg::Pool pool;
    std::unique_ptr<lock::LockStore> store;
};

class LockStatements : public testing::Test {
protected:
    void SetUp() override {
        GROOMER_NEEDS_DATABASE();
        database = std::make_unique<TestDatabase>();
        a = std::make_unique<Contender>(*database, "a");
        b = std::make_unique<Contender>(*database, "b");
    }
    std::string value(std::string const& sql) { return database->query(sql).at(0).text(0); }
    void set_row(std::string const& token, std::string const& stamp) {
        database->query(
            "INSERT INTO sync_lock VALUES ('groomer', " + token + ", " + stamp +
            ") ON CONFLICT (id) DO UPDATE SET \"syncRunId\" = excluded.\"syncRunId\", \"acquiredAt\" = excluded.\"acquiredAt\"");
    }

    std::unique_ptr<TestDatabase> database;
    std::unique_ptr<Contender> a, b;
};

TEST_F(LockStatements, AWinWritesATokenOfTheBindingLayoutAndAHold) {
    auto const grant = a->acquire();
    ASSERT_TRUE(grant);
    auto const token = lock::parse_token(value("SELECT \"syncRunId\" FROM sync_lock WHERE id = 'groomer'"));
    ASSERT_TRUE(token);
    EXPECT_EQ(token->term, grant->term);
    EXPECT_EQ(token->slot, "slot-a");
    EXPECT_EQ(token->incarnation, "incarnation-a");
    EXPECT_EQ(token->timeline, "00000001");
    EXPECT_EQ(grant->how, "free");
    EXPECT_EQ(grant->quarantine, 0ms);
    EXPECT_EQ(value("SELECT count(*) FROM groomer.hold WHERE ended_at IS NULL"), "1");
}

TEST_F(LockStatements, ASecondBidIsALostRaceAndNoError) {
    auto const stale = b->bid();
    ASSERT_TRUE(a->acquire());
    EXPECT_FALSE(b->acquire(stale));
    EXPECT_FALSE(b->acquire(Ground::expired)) << "five seconds have not passed";
}

TEST_F(LockStatements, OneOfManyWinsEveryRace) {
    constexpr int contenders = 8, races = 40;
    std::vector<std::unique_ptr<Contender>> all;
    for (int i = 0; i < contenders; ++i) all.push_back(std::make_unique<Contender>(*database, std::to_string(i)));
    std::int64_t last_term = 0;
    for (int race = 0; race < races; ++race) {
        std::vector<std::optional<Grant>> grants(contenders);
        std::vector<std::thread> threads;
        std::atomic<int> ready = 0;
        for (int i = 0; i < contenders; ++i)
            threads.emplace_back([&, i] {
                auto const bid = all[static_cast<std::size_t>(i)]->bid();
                ++ready;
                while (ready < contenders) std::this_thread::yield();
                grants[static_cast<std::size_t>(i)] = all[static_cast<std::size_t>(i)]->acquire(bid);
            });
        for (auto& thread : threads) thread.join();
        std::vector<Grant> winners;
        for (auto const& grant : grants)
            if (grant) winners.push_back(*grant);
        ASSERT_EQ(winners.size(), 1U) << "race " << race;
        EXPECT_GT(winners[0].term, last_term);
        last_term = winners[0].term;
        ASSERT_TRUE(a->release(winners[0].token));
    }
}

TEST_F(LockStatements, OneOfManyTakesAnExpiredRow) {
    constexpr int contenders = 8, races = 20;
    std::vector<std::unique_ptr<Contender>> all;
    for (int i = 0; i < contenders; ++i) all.push_back(std::make_unique<Contender>(*database, std::to_string(i)));
    for (int race = 0; race < races; ++race) {
        set_row("'5f0c1d7e-0000-0000-0000-0000000000" + std::to_string(10 + race) + "'", "now() - interval '1 hour'");
        std::atomic<int> winners = 0, ready = 0;
        std::vector<std::thread> threads;
        for (auto& contender : all)
            threads.emplace_back([&] {
                auto const bid = contender->bid(Ground::expired);
                ++ready;
                while (ready < contenders) std::this_thread::yield();
                if (contender->acquire(bid)) ++winners;
            });
        for (auto& thread : threads) thread.join();
        ASSERT_EQ(winners, 1) << "race " << race;
    }
}

TEST_F(LockStatements, ANullTokenIsAFreeRow) {
    set_row("NULL", "now()");
    auto const grant = a->acquire();
    ASSERT_TRUE(grant);
    EXPECT_EQ(grant->how, "free");
}

TEST_F(LockStatements, NothingIsTakenBeforeItIsDueUnlessForced) {
    auto const grant = a->acquire();
    ASSERT_TRUE(a->release(grant->token, lock::Ended::finished, 60s));
    EXPECT_FALSE(b->acquire());
    auto bid = b->bid();
    bid.forced = true;
    EXPECT_TRUE(b->acquire(bid));
}

TEST_F(LockStatements, ARequestMakesDueUntilAHoldThatBeganLaterHasFinished) {
    auto grant = a->acquire();
    ASSERT_TRUE(grant);
    database->query("INSERT INTO groomer.request (lock) VALUES ('groomer')");
    ASSERT_TRUE(a->release(grant->token, lock::Ended::finished, 60s));
    EXPECT_TRUE(a->look().due()) << "it came after the acquire of the hold that finished";
    grant = a->acquire();
    ASSERT_TRUE(grant);
    ASSERT_TRUE(a->release(grant->token, lock::Ended::finished, 60s));
    EXPECT_FALSE(a->look().due());
}

// Who asks has a share of the state row until the request, and what it is for, are committed.
TEST_F(LockStatements, WhoHasWaitedForSomebodyThatAskedHasSeenTheRequest) {
    auto const bid = a->bid();
    pg::Session asking{database->options()};
    asking.run({"test", "BEGIN"}, {});
    asking.run({"test", "SELECT FROM groomer.lock_state WHERE lock = 'groomer' FOR SHARE"}, {});
    asking.run({"test", "INSERT INTO groomer.request (lock) VALUES ('groomer')"}, {});
    auto acquiring = std::async(std::launch::async, [&] { return a->acquire(bid); });
    bool waits = false;
    for (int i = 0; i < 90 && !waits; ++i) {
        waits = value("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE '%/test/a'") == "1";
        if (!waits) std::this_thread::sleep_for(10ms);
    }
    asking.run({"test", "COMMIT"}, {});
    auto const grant = acquiring.get();
    EXPECT_TRUE(waits);
    ASSERT_TRUE(grant);
    ASSERT_TRUE(a->release(grant->token, lock::Ended::finished, 60s));
    EXPECT_FALSE(a->look().due()) << "its tick began after the request, and has seen what it was for";
}

TEST_F(LockStatements, PausedIsNotDue) {
    database->query("UPDATE groomer.control SET paused = true");
    EXPECT_FALSE(a->look().due());
    EXPECT_FALSE(a->acquire());
}

TEST_F(LockStatements, ARenewalNeedsTheTokenAndALivingRow) {
    auto const grant = a->acquire();
    EXPECT_TRUE(a->renew(grant->token));
    EXPECT_FALSE(b->renew("g1|5000|1|s|i|00000001|u"));
    database->query("UPDATE sync_lock SET \"acquiredAt\" = clock_timestamp() - interval '6 s'");
    EXPECT_FALSE(a->renew(grant->token)) << "an expired row is not revived";
}

TEST_F(LockStatements, ATakeOverFromAnExpiredHolderWaitsOutWhatMayStillLand) {
    auto const first = a->acquire();
    database->query("UPDATE sync_lock SET \"acquiredAt\" = clock_timestamp() - interval '6 s'");
    auto bid = b->bid(Ground::expired);
    bid.contact = true;
    auto const second = b->acquire(bid);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->how, "expired");
    EXPECT_GT(second->term, first->term);
    EXPECT_NEAR(static_cast<double>(second->quarantine.count()), 11500, 200);
    EXPECT_FALSE(a->release(first->token)) << "it was lost";
    EXPECT_EQ(value("SELECT ended FROM groomer.hold ORDER BY term LIMIT 1"), "lost");
}

TEST_F(LockStatements, WithoutContactTheQuarantineIsLonger) {
    ASSERT_TRUE(a->acquire());
    database->query("UPDATE sync_lock SET \"acquiredAt\" = clock_timestamp() - interval '6 s'");
    auto const second = b->acquire(Ground::expired);
    ASSERT_TRUE(second);
    EXPECT_NEAR(static_cast<double>(second->quarantine.count()), 16000, 200);
}

TEST_F(LockStatements, ACleanReleaseLeavesAStoredQuarantineInPlace) {
    ASSERT_TRUE(a->acquire());
    database->query("UPDATE sync_lock SET \"acquiredAt\" = clock_timestamp() - interval '6 s'");
    auto const second = b->acquire(Ground::expired);
    ASSERT_TRUE(b->release(second->token));
    auto const third = a->acquire();
    ASSERT_TRUE(third);
    EXPECT_GT(third->quarantine, 15s);
}

TEST_F(LockStatements, ARowThatWasDeletedUnderAHoldIsFreeButNotClean) {
    ASSERT_TRUE(a->acquire());
    database->query("DELETE FROM sync_lock");
    auto const second = b->acquire();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->how, "free");
    EXPECT_NEAR(static_cast<double>(second->quarantine.count()), 16000, 200);
}

TEST_F(LockStatements, AReclaimIsCountedAsOneAndQuarantined) {
    ASSERT_TRUE(a->acquire());
    auto const second = b->acquire(Ground::reclaimed);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->how, "reclaimed");
    EXPECT_GT(second->quarantine, 15s);
}

TEST_F(LockStatements, ABidOnALookThatIsLongPastIsRefused) {
    auto bid = a->bid();
    bid.seen.database_time -= 2.5;
    EXPECT_FALSE(a->acquire(bid));
    EXPECT_EQ(value("SELECT count(*) FROM sync_lock"), "0");
}

TEST_F(LockStatements, ABidOnAnotherClusterIsRefused) {
    auto bid = a->bid();
    bid.seen.cluster = "771144863259457681000000009";
    EXPECT_FALSE(a->acquire(bid));
}

TEST_F(LockStatements, StampsAtInfinityAreTakenAndNeverAnError) {
    for (auto const* stamp : {"'infinity'", "'-infinity'"}) {
        set_row("'foreign'", stamp);
        auto const look = a->look();
        auto const ground = look.age < 0 ? Ground::future : Ground::expired;
        auto const grant = a->acquire(ground);
        ASSERT_TRUE(grant) << stamp;
        EXPECT_EQ(grant->how, "foreign");
        ASSERT_TRUE(a->release(grant->token));
    }
}

TEST_F(LockStatements, ARenewedRowIsNotTheOneThatWasSeen) {
    auto const grant = a->acquire();
    auto const bid = b->bid(Ground::reclaimed);
    ASSERT_TRUE(a->renew(grant->token));
    EXPECT_FALSE(b->acquire(bid));
}

TEST_F(LockStatements, ARowThatWasWrittenAgainAsItWasIsNotTheOneThatWasSeen) {
    set_row("'foreign'", "'infinity'");
    auto const before = a->look();
    auto const bid = a->bid(Ground::future);
    set_row("'foreign'", "'infinity'");
    auto const after = a->look();
    EXPECT_EQ(before.version, bid.seen.version);
    EXPECT_TRUE(before.says_the_same(after));
    EXPECT_NE(before.version, after.version);
    EXPECT_FALSE(a->acquire(bid));
    EXPECT_TRUE(a->acquire(Ground::future));
}

// Nor does a row that is free wait for who writes it all the time.
TEST_F(LockStatements, ANullTokenThatIsWrittenAgainAsItWasIsTaken) {
    set_row("NULL", "'2026-01-01'");
    auto const bid = a->bid(Ground::free);
    set_row("NULL", "'2026-01-01'");
    EXPECT_NE(a->look().version, bid.seen.version);
    EXPECT_TRUE(a->acquire(bid));
}

// Whoever reads the row and locks it writes nothing.
TEST_F(LockStatements, ARowThatWasLockedIsTheOneThatWasSeen) {
    set_row("'foreign'", "'infinity'");
    auto const bid = a->bid(Ground::future);
    database->query("SELECT FROM sync_lock FOR UPDATE");
    EXPECT_EQ(a->look().version, bid.seen.version);
    EXPECT_TRUE(a->acquire(bid));
}

// A replica of the version before, which stays until it is replaced: it tells nothing of the row's version.
TEST_F(LockStatements, ABidWithoutAVersionComparesTheTokenAndTheStamp) {
    auto const acquire = [&](std::string const& stamp) {
        return database
            ->query(
                "SELECT FROM groomer.acquire('groomer', true, groomer.cluster(), pg_postmaster_start_time(), (SELECT term FROM "
                "groomer.lock_state WHERE lock = 'groomer'), extract(epoch FROM clock_timestamp())::float8, 'foreign', '" +
                stamp + "', 'future', '5 s', false, '0', 5000, '', 'incarnation', 'uuid', 'pod')")
            .size();
    };
    set_row("'foreign'", "'infinity'");
    EXPECT_EQ(acquire("2100-01-01"), 0U);
    EXPECT_EQ(acquire("infinity"), 1U);
}

TEST_F(LockStatements, AFailedHoldIsDueAfterABackOffAndAKeptOneAtOnce) {
    auto grant = a->acquire();
    ASSERT_TRUE(a->release(grant->token, lock::Ended::failed));
    EXPECT_NEAR(a->look().due_in, 1, 0.5);
    database->query("UPDATE groomer.lock_state SET due_at = clock_timestamp()");
    grant = a->acquire();
    ASSERT_TRUE(a->release(grant->token, lock::Ended::failed));
    EXPECT_NEAR(a->look().due_in, 2, 0.5);
    database->query("INSERT INTO groomer.request (lock) VALUES ('groomer')");
    grant = a->acquire();
    ASSERT_TRUE(grant);
    ASSERT_TRUE(a->release(grant->token, lock::Ended::failed));
    EXPECT_FALSE(a->look().due()) << "the failed tick had seen that request: no spinning";
    database->query("UPDATE groomer.lock_state SET due_at = clock_timestamp()");
    grant = a->acquire();
    ASSERT_TRUE(a->release(grant->token, lock::Ended::kept));
    EXPECT_LE(a->look().due_in, 0);
}

TEST_F(LockStatements, ALookCostsNoWalAndNoTransactionId) {
    a->look();
    database->query("CHECKPOINT");
    auto const before = database->query("SELECT pg_current_wal_insert_lsn()::text, pg_snapshot_xmax(pg_current_snapshot())::text").at(0);
    for (int i = 0; i < 50; ++i) a->look();
    auto const after = database->query("SELECT pg_current_wal_insert_lsn()::text, pg_snapshot_xmax(pg_current_snapshot())::text").at(0);
    EXPECT_EQ(before.text(1), after.text(1));
}

TEST_F(LockStatements, TheTwoLocksDoNotTouchEachOther) {
    ASSERT_TRUE(a->acquire());
    auto bid = b->bid();
    bid.lock = "global";
    bid.seen = b->look("global");
    EXPECT_TRUE(run_task(b->store->acquire(bid)).grant);
    EXPECT_EQ(value("SELECT count(*) FROM sync_lock"), "2");
}

TEST_F(LockStatements, SettingsOfAStatementDoNotStayInTheSession) {
    pg::Session session{database->options()};
    session.run({"test", "SELECT 1", 123ms}, {});
    session.transaction([](pg::Session::Transaction& transaction) {
        EXPECT_EQ(transaction.exec("SHOW statement_timeout").at(0).text(0), "0");
        EXPECT_EQ(transaction.exec("SHOW lock_timeout").at(0).text(0), "0");
    });
}

class FencedWrites : public LockStatements {
protected:
    std::shared_ptr<lock::Hold> hold(Grant const& grant) {
        auto const now = clock.now();
        return std::make_shared<lock::Hold>(clock, lock::Hold::Terms{"groomer", grant.token, grant.term, 5s, 0ms}, now, now);
    }
    SystemClock clock;
    int refused = 0;
};

TEST_F(FencedWrites, PassForTheCurrentTermAndAreRefusedForEveryOther) {
    auto const first = a->acquire();
    auto const mine = hold(*first);
    store::Store store{a->pool, clock, [this] { ++refused; }};
    EXPECT_NO_THROW(run_task(store::prove(store, *mine)));
    database->query("UPDATE sync_lock SET \"acquiredAt\" = clock_timestamp() - interval '6 s'");
    EXPECT_NO_THROW(run_task(store::prove(store, *mine))) << "expired, but nobody else has it: the database orders both";
    ASSERT_TRUE(b->acquire(Ground::expired));
    EXPECT_THROW(run_task(store::prove(store, *mine)), store::HoldLost);
    EXPECT_EQ(mine->loss(), lock::Loss::fenced);
    EXPECT_FALSE(mine->may_act());
    EXPECT_EQ(refused, 1);
}

TEST_F(FencedWrites, AreRefusedWhenAForeignProgramDeletedTheRow) {
    auto const first = a->acquire();
    auto const mine = hold(*first);
    store::Store store{a->pool, clock, [this] { ++refused; }};
    database->query("DELETE FROM sync_lock");
    EXPECT_THROW(run_task(store::prove(store, *mine)), store::HoldLost);
}

TEST_F(FencedWrites, HoldUpATakeOverUntilTheyAreCommittedAndNoRenewal) {
    auto const first = a->acquire();
    std::atomic<bool> written = false;
    std::thread writer{[&] {
        pg::Session session{database->options("groomer/writer")};
        pg::Statement const slow{"slow", GROOMER_FENCED "SELECT (SELECT count(*) FROM fence), (SELECT pg_sleep(0.6) IS NULL FROM fence)",
                                 5s};
        session.run(slow, {"groomer", first->token});
        written = true;
    }};
    auto const give_up = clock.now() + 5s;
    while (value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'groomer/writer' AND wait_event = 'PgSleep'") == "0")
        ASSERT_LT(clock.now(), give_up);
    EXPECT_TRUE(a->renew(first->token));
    EXPECT_FALSE(written) << "the renewal did not wait for the writer";
    auto bid = b->bid(Ground::reclaimed);
    auto const second = b->acquire(bid);
    EXPECT_TRUE(written) << "the take-over did";
    EXPECT_TRUE(second);
    writer.join();
}

TEST_F(LockStatements, StatusTellsTheHolderAndAManualReleaseNeedsWhatWasSeen) {
    auto const grant = a->acquire();
    SystemClock clock;
    store::Store store{a->pool, clock, [] {}};
    auto status = run_task(store::lock_status(store, "groomer"));
    EXPECT_TRUE(status.held);
    EXPECT_EQ(status.pod, "a");
    EXPECT_EQ(status.term, grant->term);
    EXPECT_EQ(status.renewals, 0);
    ASSERT_TRUE(a->renew(grant->token) && a->renew(grant->token));
    status = run_task(store::lock_status(store, "groomer"));
    EXPECT_EQ(status.renewals, 2);
    ASSERT_EQ(run_task(store::last_holds(store, "groomer")).size(), 1U);
    EXPECT_FALSE(run_task(store::release_by_hand(store, "groomer", grant->term - 1, std::nullopt)));
    EXPECT_FALSE(run_task(store::release_by_hand(store, "groomer", std::nullopt, "something else")));
    EXPECT_TRUE(run_task(store::release_by_hand(store, "groomer", grant->term, std::nullopt)));
    status = run_task(store::lock_status(store, "groomer"));
    EXPECT_FALSE(status.held);
    EXPECT_FALSE(status.clean);
    EXPECT_EQ(run_task(store::last_holds(store, "groomer")).at(0).ended, "by hand");
}

TEST_F(LockStatements, TheLastTenHoldsAreToldTheNewestFirst) {
    SystemClock clock;
    store::Store store{a->pool, clock, [] {}};
    std::vector<std::int64_t> terms;
    for (int i = 0; i < 12; ++i) {
        auto const grant = a->acquire();
        ASSERT_TRUE(grant);
        terms.push_back(grant->term);
        for (int renewals = 0; renewals < i % 3; ++renewals) ASSERT_TRUE(a->renew(grant->token));
        ASSERT_TRUE(a->release(grant->token, i % 2 == 0 ? lock::Ended::finished : lock::Ended::kept));
    }
    auto const holds = run_task(store::last_holds(store, "groomer"));
    ASSERT_EQ(holds.size(), 10U);
    for (std::size_t i = 0; i < holds.size(); ++i) {
        auto const number = 11 - i;
        EXPECT_EQ(holds[i].term, terms[number]);
        EXPECT_EQ(holds[i].renewals, static_cast<std::int64_t>(number % 3));
        EXPECT_EQ(holds[i].ended, number % 2 == 0 ? "finished" : "kept");
    }
}

TEST_F(LockStatements, AForeignTokenIsReleasedByHandByItsText) {
    set_row("'5f0c1d7e'", "now()");
    SystemClock clock;
    store::Store store{a->pool, clock, [] {}};
    EXPECT_TRUE(run_task(store::release_by_hand(store, "groomer", std::nullopt, "5f0c1d7e")));
    EXPECT_EQ(value("SELECT count(*) FROM sync_lock"), "0");
}

TEST_F(LockStatements, AfterAClockThatWentBackTheNextTickIsDueAndQuarantined) {
    ASSERT_TRUE(a->release(a->acquire()->token));
    // What a hold leaves behind that was begun and ended by a clock a day ahead.
    database->query(
        "UPDATE groomer.lock_state SET due_at = due_at + interval '1 day', acquired_at = acquired_at + interval '1 day', released_at = "
        "released_at + interval '1 day', quarantine_until = clock_timestamp() + "
        "interval '2 days' WHERE lock = 'groomer'");
    EXPECT_TRUE(a->look().due());
    auto const grant = a->acquire();
    ASSERT_TRUE(grant);
    EXPECT_NEAR(static_cast<double>(grant->quarantine.count()), 16000, 200) << "not for two days";
    ASSERT_TRUE(a->release(grant->token, lock::Ended::kept));
    EXPECT_TRUE(a->look().due()) << "the tick was not run";
    auto const again = a->acquire();
    ASSERT_TRUE(again);
    ASSERT_TRUE(a->release(again->token, lock::Ended::finished, 60s));
    EXPECT_FALSE(a->look().due());
    EXPECT_NEAR(a->look().due_in, 60, 2);
}

TEST_F(LockStatements, AClockThatGoesBackDuringAHoldDoesNotMakeItsTickDueTwice) {
    auto const grant = a->acquire(a->bid(Ground::free));
    ASSERT_TRUE(grant);
    database->query(
        "UPDATE groomer.lock_state SET acquired_at = acquired_at + interval '1 day', quarantine_until = quarantine_until + interval '1 "
        "day 7 s' WHERE lock = 'groomer'");
    ASSERT_TRUE(a->release(grant->token, lock::Ended::finished, 60s));
    EXPECT_FALSE(a->look().due()) << "it was run";
    EXPECT_NEAR(a->look().due_in, 60, 2);
    database->query("INSERT INTO groomer.request (lock) VALUES ('groomer')");
    ASSERT_TRUE(a->look().due());
    auto const next = a->acquire();
    ASSERT_TRUE(next);
    EXPECT_NEAR(static_cast<double>(next->quarantine.count()), 7000, 500) << "what was left of it, not a day more";
}

TEST_F(LockStatements, TimeMakesAnUncleanReleaseCleanWhereTheBidderVouchesForTheClock) {
    auto const quarantine_after = [&](std::string const& released, bool contact) {
        auto const grant = a->acquire();
        lock::Release request{"groomer", grant->token, false, lock::Ended::kept, 0ms, 60s};
        EXPECT_TRUE(run_task(a->store->release(request)));
        database->query("UPDATE groomer.lock_state SET quarantine_until = '-infinity', released_at = clock_timestamp() - interval '" +
                        released + "', due_at = clock_timestamp() WHERE lock = 'groomer'");
        auto bid = b->bid(Ground::free);
        bid.contact = contact;
        auto const next = b->acquire(bid);
        EXPECT_TRUE(b->release(next->token));
        return static_cast<double>(next->quarantine.count());
    };
    EXPECT_NEAR(quarantine_after("15 s", true), 16000, 100) << "settle + 4.5 s have not passed";
    EXPECT_NEAR(quarantine_after("17 s", false), 16000, 100) << "or perhaps a step of the clock says so";
    EXPECT_EQ(quarantine_after("17 s", true), 0);
}

TEST_F(LockStatements, WhatAHolderReliesOnSurvivesACrashOfAServerThatCommitsAsynchronously) {
    database->query("ALTER DATABASE " + database->name() + " SET synchronous_commit = off");
    Contender c{*database, "c"};
    auto const grant = c.acquire();
    auto const is_durable = [&](auto const& statement) {
        database->query("CHECKPOINT");
        auto const before = value("SELECT pg_current_wal_insert_lsn()");
        EXPECT_TRUE(statement());
        return value("SELECT pg_current_wal_flush_lsn() > '" + before + "'") == "t";
    };
    EXPECT_TRUE(is_durable([&] { return c.renew(grant->token); }));
    EXPECT_TRUE(is_durable([&] { return c.release(grant->token); }));
    EXPECT_TRUE(is_durable([&] { return c.acquire().has_value(); }));
    auto const plain = [&] {
        pg::Session session{database->options()};
        session.run({"test", "UPDATE groomer.control SET changed_by = 'test'"}, {});
        return true;
    };
    bool all_durable = true;  // now and then the server happens to flush just then
    for (int i = 0; i < 10; ++i) all_durable = all_durable && is_durable(plain);
    EXPECT_FALSE(all_durable) << "or this test shows nothing";
}

TEST_F(LockStatements, AClockThatGoesBackDuringAHoldThatIsNotWholeLeavesItsTickDue) {
    auto const grant = a->acquire();
    database->query(
        "UPDATE groomer.lock_state SET acquired_at = acquired_at + interval '1 hour', due_at = due_at + interval '1 hour' WHERE lock = "
        "'groomer'");
    ASSERT_TRUE(a->release(grant->token, lock::Ended::kept));
    EXPECT_TRUE(a->look().due());
}

TEST_F(LockStatements, ALookAtOneLockShowsTheOthersThatAreWatched) {
    std::vector<std::int64_t> seen;
    auto const strange = std::string{"a \"strange\\ name', {it}"};
    run_task(a->store->ensure(strange));
    a->store->watch("global", [&](Look const& look, auto sent, auto received) {
        EXPECT_LE(sent, received);
        seen.push_back(look.term);
    });
    a->store->watch("nothing has made it", [](auto const&, auto, auto) { FAIL(); });
    auto const before = a->look("global").term;
    EXPECT_TRUE(seen.empty()) << "who asks gets the answer";
    EXPECT_FALSE(a->look(strange).clean);
    EXPECT_EQ(seen, std::vector{before});
    a->store->watch("global", {});
    a->look(strange);
    EXPECT_EQ(seen.size(), 1U);
}
TEST_F(LockStatements, TermsRiseThoughAnotherClusterLacksTheLastOfThem) {
    auto const grant = a->acquire();
    ASSERT_TRUE(a->release(grant->token));
    // Ahead of the clock, where terms rise by one, in a cluster whose standby may have been promoted without the last.
    database->query("UPDATE groomer.lock_state SET term = term + 1000000000000, cluster = '1' || cluster WHERE lock = 'groomer'");
    auto const last = std::stoll(value("SELECT term FROM groomer.lock_state WHERE lock = 'groomer'"));
    auto const next = a->acquire();
    ASSERT_TRUE(next);
    EXPECT_GE(next->term, last + 3'600'000'000);
    ASSERT_TRUE(a->release(next->token));
    EXPECT_EQ(a->acquire()->term, next->term + 1);
}
TEST_F(LockStatements, TermsThatAnotherClusterLacksMayBeThoseOfAClockThatWasAhead) {
    database->query("UPDATE groomer.lock_state SET term = 7, cluster = '1' || cluster WHERE lock = 'groomer'");
    auto const now = std::stoll(value("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"));
    EXPECT_GE(a->acquire()->term, now + 3'600'000'000);
}

TEST_F(LockStatements, ARequestCountsOnceWhateverTheClockSaidWhenItWasMade) {
    for (auto const* made : {"- interval '1 day'", "+ interval '1 day'"}) {
        ASSERT_TRUE(a->release(a->acquire()->token, lock::Ended::finished, 60s));
        ASSERT_FALSE(a->look().due());
        database->query(std::string{"INSERT INTO groomer.request (lock, at) VALUES ('groomer', clock_timestamp() "} + made + ")");
        EXPECT_TRUE(a->look().due()) << made;
        auto const grant = a->acquire();
        ASSERT_TRUE(grant) << made;
        ASSERT_TRUE(a->release(grant->token, lock::Ended::finished, 60s));
        EXPECT_FALSE(a->look().due()) << made;
        database->query("UPDATE groomer.lock_state SET due_at = clock_timestamp()");
    }
}

TEST_F(LockStatements, AStampMeansTheSameInstantWhateverTheSessionsDateStyle) {
    database->query("ALTER DATABASE " + database->name() + " SET datestyle = 'SQL, DMY'");
    database->query("ALTER DATABASE " + database->name() + " SET timezone = 'Asia/Kolkata'");
    Contender c{*database, "c"};
    EXPECT_EQ(run_task(c.pool.run({"test", "SHOW datestyle"}, {})).at(0).text(0), "SQL, DMY");
    set_row("'foreign'", "clock_timestamp() - interval '2 days'");
    auto const grant = c.acquire(Ground::expired);
    ASSERT_TRUE(grant);
    EXPECT_EQ(grant->how, "foreign");
    EXPECT_TRUE(c.renew(grant->token));
    EXPECT_TRUE(c.release(grant->token));
}

TEST_F(FencedWrites, AreEndedByTheServerWhenTheirClientIsDead) {
    ASSERT_TRUE(a->acquire());
    pg::Session session{database->options("groomer/test/dying")};
    std::thread writer{[&] {
        pg::Statement const write{"test", "SELECT 1, pg_sleep(8) FROM groomer.lock_state WHERE lock = 'groomer' FOR SHARE", 10s};
        EXPECT_THROW(session.run(write, {}), pg::DatabaseError);
    }};
    auto const asleep = [&] { return value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "1"; };
    for (int tries = 0; tries < 500 && !asleep(); ++tries) std::this_thread::sleep_for(10ms);
    ::shutdown(session.descriptor(), SHUT_RDWR);  // as a killed process does
    auto const began = std::chrono::steady_clock::now();
    database->query("UPDATE groomer.lock_state SET clean = clean WHERE lock = 'groomer'");
    EXPECT_LT(std::chrono::steady_clock::now() - began, 4s) << "the goal is 200 ms";
    writer.join();
}

TEST(Connections, ABrokenOneTakesTheIdleOnesAlong) {
    GROOMER_NEEDS_DATABASE();
    TestDatabase database{TestDatabase::Schema::none};
    std::atomic<int> lost = 0;
    pg::Observer observer;
    observer.lost = [&](auto const&) { ++lost; };
    pg::Pool pool{database.options("groomer/test/pool"), 4, observer};
    std::vector<Task<pg::Rows>> statements;
    for (int i = 0; i < 4; ++i) statements.push_back(pool.run({"test", "SELECT pg_sleep(0.2)"}, {}));
    test::run_tasks(std::move(statements));
    database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'groomer/test/pool'");
    EXPECT_THROW(run_task(pool.run({"test", "SELECT 1"}, {})), pg::DatabaseError);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(run_task(pool.run({"test", "SELECT 1"}, {})).at(0).integer(0), 1);
    EXPECT_EQ(lost, 1);
}

TEST(Connections, NewOnesUseTheOptionsThatWereSetLast) {
    GROOMER_NEEDS_DATABASE();
    TestDatabase database{TestDatabase::Schema::none};
    pg::Pool pool{{"postgresql://nobody@/nowhere?host=%2Fnonexistent", "", "groomer/test"}, 1, {}};
    EXPECT_THROW(run_task(pool.run({"test", "SELECT 1"}, {})), pg::DatabaseError);
    pool.set_options(database.options());
    EXPECT_EQ(run_task(pool.run({"test", "SELECT 1"}, {})).at(0).integer(0), 1);
}

TEST(Connections, AServerThatIsFrozenIsGivenUpAndTheNextStatementConnectsAnew) {
    GROOMER_NEEDS_DATABASE();
    TestDatabase database{TestDatabase::Schema::none};
    pg::Pool pool{database.options(), 1, {}};
    auto const backend = static_cast<int>(run_task(pool.run({"test", "SELECT pg_backend_pid()"}, {})).at(0).integer(0));
    ASSERT_EQ(::kill(backend, SIGSTOP), 0) << "a process of the test's own server";
    auto const began = std::chrono::steady_clock::now();
    bool broken = false;
    try {
        run_task(pool.run({"test", "SELECT 1", 200ms}, {}));
    } catch (pg::DatabaseError const& error) {
        broken = error.broken();
    }
    ::kill(backend, SIGCONT);
    EXPECT_TRUE(broken);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
    EXPECT_EQ(run_task(pool.run({"test", "SELECT 1"}, {})).at(0).integer(0), 1);
}

TEST(Migrations, ConcurrentOnesApplyEachOnce) {
    GROOMER_NEEDS_DATABASE();
    TestDatabase database{TestDatabase::Schema::none};
    std::vector<std::thread> threads;
    std::atomic<int> did = 0, failed = 0;
    for (int i = 0; i < 6; ++i)
        threads.emplace_back([&] {
            try {
                pg::Session session{database.options()};
                for (int tries = 0; tries < 1000; ++tries) {
                    auto const state = pg::check_schema(session, store::migrations());
                    if (state.found == state.wanted) return;
                    if (pg::try_migrate(session, store::migrations())) ++did;
                    else std::this_thread::sleep_for(10ms);
                }
                ++failed;
            } catch (std::exception const& error) {
                ++failed;
                ADD_FAILURE() << error.what();
            }
        });
    for (auto& thread : threads) thread.join();
    EXPECT_GE(did, 1);
    EXPECT_EQ(database.query("SELECT count(*) FROM groomer.schema_version").at(0).integer(0),
              static_cast<std::int64_t>(store::migrations().size()));
    EXPECT_EQ(failed, 0);
}

TEST(Migrations, RequestsThatWaitForATickStillDo) {
    GROOMER_NEEDS_DATABASE();
    TestDatabase database{TestDatabase::Schema::none};
    pg::Session session{database.options()};
    // Before requests went by their numbers.
    auto const& all = store::migrations();
    ASSERT_TRUE(pg::try_migrate(session, {all.begin(), all.begin() + 11}));
    database.query(
        "UPDATE groomer.lock_state SET requests_done = clock_timestamp() - interval '30 min', "
        "acquired_at = clock_timestamp() - interval '10 min' WHERE lock = 'groomer'");
    database.query(
        "INSERT INTO groomer.request (lock, at) SELECT 'groomer', clock_timestamp() - age * interval '1 min' FROM unnest(ARRAY[60, 20, 1]) "
        "age");
    ASSERT_TRUE(pg::try_migrate(session, all));
    auto const state = database.query("SELECT requests_served, requests_seen FROM groomer.lock_state ORDER BY lock DESC");
    EXPECT_EQ(state.at(0).integer(0), 1) << "by the last tick that ended by itself";
    EXPECT_EQ(state.at(0).integer(1), 2) << "by the last hold, which was cut short";
    EXPECT_EQ(state.at(1).integer(0), 0);
    EXPECT_EQ(state.at(1).integer(1), 0);
}

TEST(Migrations, KeepNoLocksForWhoDiesBetweenTwoOfTheirStatements) {
    GROOMER_NEEDS_DATABASE();
    TestDatabase database;
    pg::Session session{database.options()};
    auto more = store::migrations();
    more.push_back({more.back().version + 1, "seen",
                    "CREATE TABLE seen AS SELECT current_setting('idle_in_transaction_session_timeout') AS limit_of_it"});
    ASSERT_TRUE(pg::try_migrate(session, more));
    EXPECT_EQ(database.query("SELECT limit_of_it FROM seen").at(0).text(0), "5s");
}

TEST(Migrations, LeaveASyncLockTableThatIsThereAlone) {
    GROOMER_NEEDS_DATABASE();
    TestDatabase database{TestDatabase::Schema::none};
    database.query(
        "CREATE TABLE sync_lock (id TEXT PRIMARY KEY, \"syncRunId\" TEXT NULL, \"acquiredAt\" TIMESTAMPTZ(6) NOT NULL DEFAULT "
        "CURRENT_TIMESTAMP)");
    database.query("INSERT INTO sync_lock (id, \"syncRunId\") VALUES ('global', 'theirs')");
    auto const before = database.query("SELECT oid::text, relfilenode::text FROM pg_class WHERE relname = 'sync_lock'").at(0).text(0);
    pg::Session session{database.options()};
    ASSERT_TRUE(pg::try_migrate(session, store::migrations()));
    EXPECT_EQ(database.query("SELECT oid::text FROM pg_class WHERE relname = 'sync_lock'").at(0).text(0), before);
    EXPECT_EQ(database.query("SELECT \"syncRunId\" FROM sync_lock WHERE id = 'global'").at(0).text(0), "theirs");
}

TEST(Migrations, NeedNoRightToCreateASyncLockThatIsThere) {
    GROOMER_NEEDS_DATABASE();
    TestDatabase database{TestDatabase::Schema::none};
    database.query(
        "CREATE TABLE sync_lock (id TEXT PRIMARY KEY, \"syncRunId\" TEXT NULL, \"acquiredAt\" TIMESTAMPTZ(6) NOT NULL DEFAULT "
        "CURRENT_TIMESTAMP)");
    auto const role = "guest_" + sha256_hex(make_uuid()).substr(0, 12);
    database.query("CREATE ROLE " + role + " LOGIN");
    database.query("GRANT CREATE ON DATABASE " + database.name() + " TO " + role);
    database.query("GRANT SELECT, INSERT, UPDATE, DELETE ON sync_lock TO " + role);
    auto options = database.options();
    options.url.replace(options.url.find("postgres@"), 8, role);
    pg::Session session{options};
    EXPECT_TRUE(pg::try_migrate(session, store::migrations()));
    auto const state = pg::check_schema(session, store::migrations());
    EXPECT_EQ(state.found, state.wanted);
}

TEST(Migrations, RefuseASyncLockThatCannotBeShared) {
    GROOMER_NEEDS_DATABASE();
    for (std::string const table : {"(a int)", "(id TEXT, \"syncRunId\" TEXT, \"acquiredAt\" TIMESTAMPTZ)",
                                    "(id INT PRIMARY KEY, \"syncRunId\" TEXT, \"acquiredAt\" "
                                    "TIMESTAMPTZ)"}) {
        TestDatabase database{TestDatabase::Schema::none};
        database.query("CREATE TABLE sync_lock " + table);
        pg::Session session{database.options()};
        try {
            pg::try_migrate(session, store::migrations());
            ADD_FAILURE() << table << " was accepted";
        } catch (Error const& error) {
            EXPECT_NE(std::string{error.what()}.find("not one that can be shared"), std::string::npos) << error.what();
        }
    }
    TestDatabase database{TestDatabase::Schema::none};
    database.query("CREATE TABLE sync_lock (note TEXT, id TEXT UNIQUE, \"syncRunId\" TEXT, \"acquiredAt\" TIMESTAMPTZ(6) DEFAULT now())");
    pg::Session session{database.options()};
    EXPECT_TRUE(pg::try_migrate(session, store::migrations())) << "more columns are no hindrance";
}

TEST(Migrations, RefuseADatabaseThatCannotHoldEveryText) {
    GROOMER_NEEDS_DATABASE();
    TestDatabase database{TestDatabase::Schema::none, "ENCODING 'SQL_ASCII' TEMPLATE template0"};
    pg::Session session{database.options()};
    try {
        pg::check_schema(session, store::migrations());
        FAIL() << "it was accepted";
    } catch (Error const& error) {
        EXPECT_NE(std::string{error.what()}.find("SQL_ASCII"), std::string::npos) << error.what();
    }
}

TEST(Migrations, ASchemaNewerThanTheBinaryIsRefusedWithASentence) {
    GROOMER_NEEDS_DATABASE();
    TestDatabase database;
    database.query("INSERT INTO groomer.schema_version (version, name) VALUES (999, 'from the future')");
    pg::Session session{database.options()};
    try {
        pg::try_migrate(session, store::migrations());
        FAIL() << "it was accepted";
    } catch (Error const& error) {
        EXPECT_EQ(error.code(), ErrorCode::database);
        EXPECT_NE(std::string{error.what()}.find("version 999"), std::string::npos);
    }
}

}  // namespace
}  // namespace groomer
