#include "reconcile/loop.hpp"

#include "base/error.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_lock_store.hpp"

#include <boost/asio/co_spawn.hpp>

#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace groomer::reconcile {
namespace {

using namespace std::chrono_literals;
using test::FakeClock;
using test::FakeLockDatabase;
using test::FakeLockStore;
using test::Fault;

// One replica on virtual time, with a tick that the test shapes.
struct Replica {
    // main: of the loop, where that is to have a thread of its own.
    Replica(asio::io_context& context, FakeClock& time, FakeLockDatabase& database, std::string const& name,
            asio::io_context* main = nullptr)
        : store{database, {name, "slot-" + name, name}}, clock{time} {
        LoopSettings settings;
        settings.lock = "groomer";
        settings.job = "groom";
        settings.every = 60s;
        settings.max_tick = 10min;
        settings.grace = 20s;
        auto& mine = main ? *main : context;
        LoopParts parts{clock, log, metrics, store, {name, "slot-" + name, name}, mine.get_executor(), context.get_executor(), 1};
        parts.overtaken = [this] { ++overtaken; };
        loop = std::make_unique<Loop>(parts, settings, [this](auto hold) { return tick(std::move(hold)); });
        asio::co_spawn(mine, loop->run(), [this](std::exception_ptr error) {
            ended = true;
            failure = error;
        });
    }

    Task<TickResult> tick(std::shared_ptr<lock::Hold> hold) {
        ++ticks;
        ++*at_work;
        EXPECT_LE(*at_work, 1) << "two at work";
        last = hold;
        struct Leave {
            int& count;
            ~Leave() { --count; }
        } leave{*at_work};
        if (hangs > 0s) {  // in work that nothing interrupts
            co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
            co_await clock.sleep_for(hangs);
        }
        auto const until = clock.now() + takes;
        while (clock.now() < until && !hold->winding_down()) {
            auto const step = std::min<BootTime::duration>(100ms, until - clock.now());
            co_await clock.sleep_for(step);
        }
        if (throws) throw std::runtime_error{"as the test asked"};
        result.outcome = hold->winding_down() ? TickOutcome::aborted : TickOutcome::done;
        ++finished;
        co_return result;
    }

    std::ostringstream lines;
    Log log{lines, LogLevel::debug, Log::Format::json};
    metrics::Metrics metrics{{"0", "0", "0", "0", {"groomer", "global"}, {}, {}, {}}};
    FakeLockStore store;
    FakeClock& clock;
    std::unique_ptr<Loop> loop;
    std::shared_ptr<lock::Hold> last;
    std::shared_ptr<int> at_work = std::make_shared<int>(0);
    BootTime::duration takes = 1s, hangs = 0s;
    int overtaken = 0;
    TickResult result{TickOutcome::done, false, true, ""};
    bool throws = false, ended = false;
    int ticks = 0, finished = 0;
    std::exception_ptr failure;
};

class ReconcileLoop : public testing::Test {
protected:
    ReconcileLoop() {
        auto& state = database.states["groomer"];
        state.cluster = database.cluster;
        state.due_at = clock.now();
    }
    ~ReconcileLoop() override {
        for (auto& replica : replicas) replica->loop->stop();
        clock.advance(5min);
        for (auto& replica : replicas) {
            EXPECT_TRUE(replica->ended);
            EXPECT_FALSE(replica->failure);
        }
    }
    Replica& start(std::string const& name) {
        replicas.push_back(std::make_unique<Replica>(context, clock, database, name));
        replicas.back()->at_work = replicas.front()->at_work;
        return *replicas.back();
    }
    bool held() { return database.rows.contains("groomer"); }
    static int times(std::string const& lines, std::string const& part) {
        int count = 0;
        for (auto at = lines.find(part); at != std::string::npos; at = lines.find(part, at + 1)) ++count;
        return count;
    }

    asio::io_context context{1};
    FakeClock clock{context};
    FakeLockDatabase database{clock};
    std::vector<std::unique_ptr<Replica>> replicas;
};

TEST_F(ReconcileLoop, RunsATickWhenDueAndReleasesTheRow) {
    auto& a = start("a");
    clock.advance(500ms);
    EXPECT_EQ(a.ticks, 1);
    EXPECT_TRUE(held());
    clock.advance(2s);
    EXPECT_EQ(a.finished, 1);
    EXPECT_FALSE(held());
    EXPECT_EQ(database.holds.back().ended, "finished");
}

TEST_F(ReconcileLoop, TicksOnceForEachDueTimeHoweverManyReplicas) {
    for (auto const* name : {"a", "b", "c", "d"}) start(name);
    clock.advance(10min);
    int ticks = 0;
    for (auto& replica : replicas) ticks += replica->ticks;
    EXPECT_EQ(ticks, static_cast<int>(database.holds.size()));
    EXPECT_GE(ticks, 9);
    EXPECT_LE(ticks, 10);
    for (auto const& hold : database.holds) EXPECT_EQ(hold.how, "free");
}

TEST_F(ReconcileLoop, AFullBatchMakesTheNextTickDueAfterAQuarterOfASecond) {
    auto& a = start("a");
    a.result.more = true;
    a.takes = 1s;
    clock.advance(10s);
    EXPECT_GE(a.ticks, 7);
    EXPECT_LE(a.ticks, 8);
}

TEST_F(ReconcileLoop, RenewsAHoldThatIsLongerThanItsTtl) {
    auto& a = start("a");
    auto& b = start("b");
    a.takes = b.takes = 1min;
    clock.advance(62s);
    EXPECT_EQ(database.holds.size(), 1U);
    EXPECT_EQ(a.finished + b.finished, 1);
}

TEST_F(ReconcileLoop, AnIdleReplicaLooksSeldom) {
    start("a");
    clock.advance(30s);
    int const before = database.looks;
    clock.advance(10min);
    EXPECT_LE(database.looks - before, 10 * 60 / 4);  // 0.25 a second
}

TEST_F(ReconcileLoop, AHoldThatAnotherReplacedEndsAtTheNextRenewal) {
    auto& a = start("a");
    a.takes = 1min;
    clock.advance(100ms);
    database.rows["groomer"].token = "somebody else";
    clock.advance(1600ms);
    EXPECT_EQ(a.last->loss(), lock::Loss::replaced);
    EXPECT_FALSE(a.last->may_act());
    EXPECT_EQ(a.finished, 0);
    EXPECT_EQ(*a.at_work, 0);
    EXPECT_TRUE(held()) << "what is not ours is not released";
    database.rows.erase("groomer");
}

TEST_F(ReconcileLoop, AHolderThatCannotRenewStopsAtItsDeadlineBeforeTheRowExpires) {
    auto& a = start("a");
    a.takes = 1min;
    clock.advance(100ms);
    a.store.unreachable = true;
    clock.advance(4300ms);  // 4.4 s of 4.45
    EXPECT_TRUE(a.last->may_act());
    clock.advance(100ms);
    EXPECT_FALSE(a.last->may_act());
    EXPECT_EQ(a.last->loss(), lock::Loss::expired);
    EXPECT_EQ(*a.at_work, 0);
    a.store.unreachable = false;
}

TEST_F(ReconcileLoop, AHungRenewalDoesNotHoldUpTheDeadline) {
    auto& a = start("a");
    a.takes = 1min;
    a.store.renewals = {Fault::hangs};
    clock.advance(4500ms);
    EXPECT_EQ(*a.at_work, 0);
    EXPECT_EQ(a.last->loss(), lock::Loss::expired);
}

TEST_F(ReconcileLoop, ARenewalsErrorIsToldOnceAndAgainAfterAGoodOne) {
    auto& a = start("a");
    a.takes = 1min;
    a.store.renewals = {Fault::refused, Fault::refused, Fault::refused, Fault::none, Fault::refused, Fault::refused};
    clock.advance(8s);
    EXPECT_TRUE(a.store.renewals.empty());
    EXPECT_EQ(times(a.lines.str(), "a renewal failed"), 2) << a.lines.str();
    EXPECT_TRUE(a.last->may_act());
}

TEST_F(ReconcileLoop, ADeadHolderIsReplacedWhenItsTtlHasPassed) {
    auto& a = start("a");
    a.takes = 10min;
    clock.advance(100ms);
    a.store.unreachable = true;
    auto& b = start("b");
    b.takes = 100ms;
    clock.advance(4800ms);
    EXPECT_EQ(b.ticks, 0);
    clock.advance(200ms);
    EXPECT_EQ(b.ticks, 1);
    EXPECT_EQ(database.holds.back().how, "expired");
    a.store.unreachable = false;
}

TEST_F(ReconcileLoop, ALostAcquireReplyIsTakenBackAtOnceWithANewTerm) {
    auto& a = start("a");
    a.store.acquires = {Fault::reply_lost};
    clock.advance(3s);
    ASSERT_EQ(database.holds.size(), 2U);
    EXPECT_EQ(database.holds[1].how, "reclaimed");
    EXPECT_GT(database.holds[1].term, database.holds[0].term);
    EXPECT_EQ(a.finished, 1);
}

TEST_F(ReconcileLoop, AFailedReleaseIsTriedAgain) {
    auto& a = start("a");
    a.store.releases = {Fault::refused, Fault::refused};
    clock.advance(3s);
    EXPECT_EQ(a.finished, 1);
    EXPECT_FALSE(held());
}

TEST_F(ReconcileLoop, ALostReleaseReplyIsNoLostHold) {
    auto& a = start("a");
    a.store.releases = {Fault::reply_lost};
    clock.advance(3s);
    EXPECT_EQ(a.finished, 1);
    EXPECT_FALSE(held());
    EXPECT_EQ(a.lines.str().find("was lost"), std::string::npos) << a.lines.str();
}

TEST_F(ReconcileLoop, AReleaseThatNoReplyConfirmsIsRepeatedWhenTheRowIsSeenAgain) {
    auto& a = start("a");
    clock.advance(500ms);
    a.store.unreachable = true;  // from the middle of the tick until past the deadline
    clock.advance(5s);
    a.store.unreachable = false;
    EXPECT_EQ(a.finished, 1);
    clock.advance(31s);
    EXPECT_EQ(a.ticks, 1) << "the tick had ended: it is not run again for the same due time";
    EXPECT_FALSE(held());
    EXPECT_EQ(database.holds.size(), 1U);
    EXPECT_EQ(database.holds.back().ended, "finished");
    clock.advance(60s);
    EXPECT_EQ(a.ticks, 2);
}

TEST_F(ReconcileLoop, AReleaseThatAFailoverForgotIsRepeated) {
    auto& a = start("a");
    clock.advance(800ms);
    auto const rows = database.rows;
    auto const states = database.states;
    clock.advance(5s);
    ASSERT_EQ(a.finished, 1);
    ASSERT_FALSE(held());
    database.rows = rows;  // a standby that lacks the release is promoted
    database.states = states;
    database.cluster = "771144863259457681000000002";
    a.loop->wake();
    clock.advance(1s);
    EXPECT_FALSE(held());
    EXPECT_EQ(a.ticks, 1) << "what ended is not run again";
    clock.advance(70s);
    EXPECT_EQ(a.ticks, 2);
}

TEST_F(ReconcileLoop, AReleaseIsTriedAsLongAsTheHoldLasts) {
    auto& a = start("a");
    a.store.releases = {Fault::refused, Fault::refused, Fault::refused};
    clock.advance(3s);  // 1, 1.2, 1.6, 2.4
    EXPECT_FALSE(held());
    EXPECT_EQ(a.ticks, 1);
}

TEST_F(ReconcileLoop, ARenewalThatHangsAtTheEndOfATickDoesNotHoldUpTheRelease) {
    auto& a = start("a");
    a.takes = 4s;
    a.store.renewals = {Fault::none, Fault::hangs};  // the second is sent at 3 s, and answers long after the deadline
    clock.advance(4100ms);
    EXPECT_EQ(a.finished, 1);
    EXPECT_FALSE(held());
    ASSERT_EQ(database.holds.size(), 1U);
    EXPECT_EQ(database.holds.front().ended, "finished");
    clock.advance(90s);
    EXPECT_EQ(a.finished, 2) << "once more, when it was due";
    EXPECT_EQ(a.lines.str().find("was lost"), std::string::npos) << a.lines.str();
    EXPECT_EQ(times(a.lines.str(), "a renewal failed"), 0) << "its error matters to nobody";
}

TEST_F(ReconcileLoop, AReleaseIsGivenUpWhenAStopHasNoTimeLeft) {
    auto& a = start("a");
    clock.advance(500ms);
    a.store.unreachable = true;
    a.loop->stop();  // its grace is 20 s, the lease ends sooner
    clock.advance(6s);
    EXPECT_TRUE(a.ended);
    a.store.unreachable = false;
}

TEST_F(ReconcileLoop, AHoldFoundLostAtItsReleaseIsNoGoodTick) {
    auto& a = start("a");
    clock.advance(500ms);
    database.rows["groomer"].token = "somebody else";
    clock.advance(700ms);
    EXPECT_EQ(a.finished, 1);
    auto const shown = a.metrics.expose();
    EXPECT_NE(shown.find("groomer_ticks_total{job=\"groom\",outcome=\"aborted\"} 1"), std::string::npos) << shown;
    EXPECT_NE(shown.find("groomer_lock_lost_total{cause=\"replaced\",lock=\"groomer\"} 1"), std::string::npos) << shown;
    database.rows.erase("groomer");
}

TEST_F(ReconcileLoop, ARenewalThatComesAfterTheReleaseIsNoLoss) {
    auto& a = start("a");
    a.takes = 4s;
    a.store.renewals = {Fault::none, Fault::late};  // the second is sent at 3 s, and finds no row at 5 s
    clock.advance(4100ms);
    EXPECT_FALSE(held());
    EXPECT_NE(a.metrics.expose().find("groomer_lock_held{lock=\"groomer\"} 0"), std::string::npos) << a.metrics.expose();
    clock.advance(20s);
    EXPECT_EQ(a.last->loss(), lock::Loss::none);
    EXPECT_EQ(a.lines.str().find("was lost"), std::string::npos) << a.lines.str();
}

// A log that nobody reads any more stops the thread of the loop, and nothing is left that would end the tick.
TEST_F(ReconcileLoop, AThreadThatHangsDoesNotKeepTheRowForEver) {
    asio::io_context main{1};
    Replica a{context, clock, database, "a", &main};
    auto const run_for = [&](BootTime::duration time) {
        for (auto const end = clock.now() + time; clock.now() < end;) {
            clock.advance(100ms);
            main.restart();
            main.poll();
        }
    };
    a.takes = 20min;
    run_for(3s);
    ASSERT_TRUE(held());
    clock.advance(10min + 5s);  // max_tick has passed, and it hangs
    EXPECT_TRUE(a.last->may_act());
    clock.advance(10s);
    EXPECT_FALSE(a.last->may_act());
    auto& b = start("b");
    clock.advance(5s);
    EXPECT_EQ(b.ticks, 1);
    a.loop->stop();
    run_for(10s);
    EXPECT_TRUE(a.ended);
    EXPECT_NE(a.metrics.expose().find("groomer_lock_lost_total{cause=\"expired\",lock=\"groomer\"} 1"), std::string::npos)
        << a.metrics.expose();
}

// The tick's last step hangs past the deadline, and then ends as if nothing had been.
TEST_F(ReconcileLoop, ATickThatEndsAfterItsDeadlineUnnoticedIsLost) {
    asio::io_context main{1};
    Replica a{context, clock, database, "a", &main};
    a.store.renewals.assign(1000, Fault::refused);
    auto const poll = [&] {
        main.restart();
        main.poll();
    };
    poll();
    clock.advance(100ms);
    poll();
    ASSERT_TRUE(held());
    auto const hold = a.last;
    clock.advance(10s);
    poll();
    EXPECT_EQ(hold->loss(), lock::Loss::expired);
    EXPECT_NE(a.metrics.expose().find("groomer_ticks_total{job=\"groom\",outcome=\"aborted\"} 1"), std::string::npos) << a.metrics.expose();
    a.loop->stop();
    for (int i = 0; i < 100 && !a.ended; ++i) {
        clock.advance(100ms);
        poll();
    }
    EXPECT_TRUE(a.ended);
}

TEST_F(ReconcileLoop, ALockWhoseStateIsNotKeptIsToldOf) {
    database.keeps_states = false;
    database.states.clear();
    auto& a = start("a");
    clock.advance(3s);
    EXPECT_NE(a.lines.str().find("groomer.lock_state has no row of the lock, though one was made"), std::string::npos) << a.lines.str();
    EXPECT_LT(database.looks, 10);
    database.keeps_states = true;
    clock.advance(1min);
    EXPECT_EQ(a.finished, 1);
}

TEST_F(ReconcileLoop, WorkThatNothingInterruptsDoesNotKeepTheRow) {
    auto& a = start("a");
    a.hangs = 1h;
    clock.advance(1s);
    ASSERT_EQ(a.ticks, 1);
    *a.at_work = 0;  // what hangs does nothing
    auto& b = start("b");
    clock.advance(10min + 12s);  // max_tick, the patience, then the ttl
    EXPECT_EQ(b.ticks, 1);
    EXPECT_EQ(database.holds.back().how, "expired");
    EXPECT_EQ(a.last->loss(), lock::Loss::expired);
    a.hangs = 0s;
    clock.advance(1h);
}

TEST_F(ReconcileLoop, ARefusedSwapIsNotTriedInASpin) {
    auto& a = start("a");
    a.store.acquires.assign(1000, Fault::swap_refused);
    clock.advance(1min);
    EXPECT_LE(1000 - a.store.acquires.size(), 25U);
    EXPECT_EQ(a.ticks, 0);
    a.store.acquires.clear();
    clock.advance(6s);
    EXPECT_EQ(a.ticks, 1);
}

TEST_F(ReconcileLoop, BidsThatAreRefusedForNoReasonAreToldOnce) {
    auto& a = start("a");
    a.store.acquires.assign(15, Fault::swap_refused);
    clock.advance(2min);
    auto const lines = a.lines.str();
    auto const told = lines.find("suppresses the write");
    EXPECT_NE(told, std::string::npos);
    EXPECT_EQ(lines.find("suppresses the write", told + 1), std::string::npos);
}

constexpr auto suppressed = "suppresses the write", row_locked = "another session keeps the row", over = "has moved on";

TEST_F(ReconcileLoop, ALockThatIsTakenOverIsNotCalledFreeWhenEveryBidIsRefused) {
    database.rows["groomer"] = {"theirs", clock.now() - 3h, 1};
    auto& a = start("a");
    a.store.acquires.assign(1000, Fault::swap_refused);
    clock.advance(1min);
    auto const lines = a.lines.str();
    EXPECT_EQ(times(lines, suppressed), 1) << lines;
    EXPECT_EQ(lines.find("free"), std::string::npos) << lines;
    a.store.acquires.clear();
    clock.advance(6s);
    EXPECT_EQ(a.ticks, 1);
    EXPECT_EQ(times(a.lines.str(), over), 1) << a.lines.str();
}

TEST_F(ReconcileLoop, BidsThatWaitInVainAreToldOnceForWhatTheyAreWhateverTheToken) {
    for (auto const& token : {std::optional<std::string>{}, std::optional<std::string>{"theirs"}}) {
        SCOPED_TRACE(token.value_or("null"));
        database.rows["groomer"] = {token, clock.now() - 3h, 1};
        database.states["groomer"].due_at = clock.now();
        auto& a = start("a" + token.value_or(""));
        a.store.acquires.assign(1000, Fault::row_locked);
        clock.advance(4s);
        EXPECT_EQ(times(a.lines.str(), row_locked), 0) << "others may just be quicker";
        clock.advance(1min);
        EXPECT_EQ(times(a.lines.str(), row_locked), 1) << a.lines.str();
        EXPECT_EQ(times(a.lines.str(), suppressed), 0) << a.lines.str();
        EXPECT_EQ(times(a.lines.str(), over), 0) << a.lines.str();
        a.store.acquires.clear();
        clock.advance(7s);
        EXPECT_EQ(a.ticks, 1);
        EXPECT_EQ(times(a.lines.str(), over), 1) << a.lines.str();
        a.loop->stop();
    }
}

TEST_F(ReconcileLoop, WhatRefusesEveryBidIsToldAgainWhenItIsAnother) {
    auto& a = start("a");
    a.store.acquires.assign(12, Fault::swap_refused);
    a.store.acquires.insert(a.store.acquires.end(), 8, Fault::row_locked);
    a.store.acquires.insert(a.store.acquires.end(), 12, Fault::swap_refused);
    clock.advance(5min);
    EXPECT_EQ(times(a.lines.str(), suppressed), 2) << a.lines.str();
    EXPECT_EQ(times(a.lines.str(), row_locked), 1) << a.lines.str();
    EXPECT_GE(a.ticks, 1);
}

TEST_F(ReconcileLoop, AnAttemptThatFailsIsRepeatedEverMoreSeldom) {
    auto& a = start("a");
    a.store.acquires.assign(1000, Fault::refused);
    clock.advance(10min);
    EXPECT_LE(1000 - a.store.acquires.size(), 25U);
    EXPECT_GE(1000 - a.store.acquires.size(), 15U);
    a.store.acquires.clear();
    clock.advance(31s);
    EXPECT_EQ(a.ticks, 1);
}

TEST_F(ReconcileLoop, HoldsThatAreLostOneAfterAnotherAreBegunEverMoreSeldom) {
    auto& a = start("a");
    a.takes = 0s;
    a.store.releases.assign(1000, Fault::swap_refused);
    clock.advance(1min);
    EXPECT_LE(a.ticks, 25);
    EXPECT_GE(a.ticks, 15);
}

TEST_F(ReconcileLoop, AHoldThatEndsBeforeItsQuarantineIsNotClean) {
    database.quarantine = 16s;
    auto& a = start("a");
    clock.advance(2s);
    ASSERT_EQ(database.holds.back().ended, "finished");
    EXPECT_FALSE(database.states["groomer"].clean) << "the next holder is to wait anew";
    a.takes = 20s;
    clock.advance(2min);
    EXPECT_TRUE(database.states["groomer"].clean);
}

TEST_F(ReconcileLoop, TellsThatAnotherReplicaHasHeldTheLockSince) {
    auto& a = start("a");
    clock.advance(2s);
    ASSERT_EQ(a.ticks, 1);
    database.states["groomer"].term += 5;  // another's hold came and went
    clock.advance(31s);
    EXPECT_EQ(a.overtaken, 1);
    clock.advance(20s);
    EXPECT_EQ(a.overtaken, 1) << "once";
    clock.advance(60s);
    EXPECT_EQ(a.ticks, 2);
    EXPECT_EQ(a.overtaken, 1) << "its own hold is none of another";
}

TEST_F(ReconcileLoop, AFailedTickIsDueAgainAfterABackOffThatDoubles) {
    auto& a = start("a");
    a.throws = true;
    a.takes = 100ms;
    clock.advance(16s);  // 0, +1, +2, +4, +8 s
    EXPECT_EQ(a.ticks, 5);
    EXPECT_EQ(database.holds.back().ended, "failed");
}

TEST_F(ReconcileLoop, ATickThatOutlastsMaxTickIsCutShort) {
    auto& a = start("a");
    a.takes = 1h;
    clock.advance(10min + 1s);
    EXPECT_EQ(*a.at_work, 0);
    EXPECT_EQ(database.holds.back().ended, "failed");
}

TEST_F(ReconcileLoop, AStopWindsTheTickDownReleasesLastAndLeavesTheDueTime) {
    auto& a = start("a");
    auto& b = start("b");
    a.takes = b.takes = 1min;
    clock.advance(1s);
    auto& holder = a.ticks == 1 ? a : b;
    auto& other = a.ticks == 1 ? b : a;
    holder.loop->stop();
    clock.advance(150ms);
    EXPECT_TRUE(holder.ended);
    EXPECT_EQ(database.holds[0].ended, "kept");
    other.loop->wake();
    clock.advance(100ms);
    EXPECT_EQ(other.ticks, 1) << "the tick that was cut short is due for the other at once";
}

TEST_F(ReconcileLoop, WaitsOutALostDatabaseWithBackOff) {
    auto& a = start("a");
    a.store.unreachable = true;
    clock.advance(5min);
    EXPECT_EQ(a.ticks, 0);
    a.store.unreachable = false;
    clock.advance(31s);
    EXPECT_EQ(a.ticks, 1);
}

TEST_F(ReconcileLoop, ALockWithoutStateGetsOneAndIsTakenAfterATtlOfCare) {
    database.states.clear();
    auto& a = start("a");
    clock.advance(4900ms);
    EXPECT_EQ(a.ticks, 0);
    clock.advance(200ms);
    EXPECT_EQ(a.ticks, 1);
}

TEST_F(ReconcileLoop, CountsAWinAndTheContention) {
    auto& a = start("a");
    auto& b = start("b");
    a.takes = b.takes = 20s;
    clock.advance(15s);
    auto& loser = a.ticks == 1 ? b : a;
    auto& winner = a.ticks == 1 ? a : b;
    EXPECT_NE(winner.metrics.expose().find("groomer_lock_acquisitions_total{how=\"free\",lock=\"groomer\"} 1"), std::string::npos);
    EXPECT_NE(loser.metrics.expose().find("groomer_lock_contention_total{lock=\"groomer\"} 1"), std::string::npos)
        << loser.metrics.expose();
    EXPECT_NE(winner.metrics.expose().find("groomer_lock_held{lock=\"groomer\"} 1"), std::string::npos);
    EXPECT_NE(loser.metrics.expose().find("groomer_lock_held{lock=\"groomer\"} 0"), std::string::npos);
}

TEST_F(ReconcileLoop, AForcedRunDoesNotWaitForAValidHolder) {
    auto& a = start("a");
    a.takes = 1min;
    clock.advance(1s);
    auto& b = start("b");
    std::optional<Loop::Once> once;
    asio::co_spawn(context, b.loop->once(5s), [&](std::exception_ptr, Loop::Once result) { once = result; });
    clock.advance(10ms);
    ASSERT_TRUE(once);
    EXPECT_FALSE(once->tick);
    EXPECT_TRUE(once->holder->row);
}

TEST_F(ReconcileLoop, AForcedRunThatIsRefusedForNoReasonEndsWithASentence) {
    auto& a = start("a");
    clock.advance(3s);
    a.store.acquires.assign(100, Fault::swap_refused);
    std::exception_ptr failure;
    bool ended = false;
    asio::co_spawn(context, a.loop->once(5s), [&](std::exception_ptr error, Loop::Once) {
        failure = error;
        ended = true;
    });
    clock.advance(20s);
    ASSERT_TRUE(ended);
    ASSERT_TRUE(failure);
    EXPECT_NE(describe(failure).find("suppresses the write"), std::string::npos) << describe(failure);
    a.store.acquires.clear();
}

TEST_F(ReconcileLoop, AForcedRunBesideALockedRowEndsAfterItsPatienceWithoutAnError) {
    auto& a = start("a");
    clock.advance(3s);
    a.store.acquires.assign(100, Fault::row_locked);
    for (auto const patience : {0ms, 2000ms, 600'000ms}) {
        auto const ended = std::make_shared<std::optional<Loop::Once>>();
        asio::co_spawn(context, a.loop->once(patience), [ended](std::exception_ptr error, Loop::Once result) {
            EXPECT_FALSE(error);
            *ended = result;
        });
        clock.advance(std::min<milliseconds>(patience, 6s) + 1500ms);
        auto const& once = *ended;
        ASSERT_TRUE(once) << patience.count();
        EXPECT_TRUE(once->blocked);
        EXPECT_FALSE(once->tick || once->stopped);
    }
    EXPECT_EQ(times(a.lines.str(), "if that stays so"), 2) << "after one wait it may be another's slow commit: " << a.lines.str();
    EXPECT_EQ(times(a.lines.str(), row_locked), 2 + 1) << "and once it was long: " << a.lines.str();
    a.store.acquires.clear();
}

TEST_F(ReconcileLoop, AForcedRunEndsWithItsSentenceThoughTheLoopHasMetMoreRefusals) {
    auto& a = start("a");
    a.store.acquires.assign(100, Fault::swap_refused);
    clock.advance(1min);
    auto const failure = std::make_shared<std::exception_ptr>();
    asio::co_spawn(context, a.loop->once(5s), [failure](std::exception_ptr error, Loop::Once) { *failure = error; });
    clock.advance(10s);
    ASSERT_TRUE(*failure);
    EXPECT_NE(describe(*failure).find(suppressed), std::string::npos) << describe(*failure);
    a.store.acquires.clear();
}

TEST_F(ReconcileLoop, ANotificationCutsABackOffShortButManyDoNotMakeItNothing) {
    auto& a = start("a");
    a.store.unreachable = true;
    database.states["groomer"].due_at = clock.now() + 500ms;
    clock.advance(40s);
    auto const failed = [&] {
        auto const lines = a.lines.str();
        std::size_t count = 0;
        for (auto at = lines.find("cannot look"); at != std::string::npos; at = lines.find("cannot look", at + 1)) ++count;
        return count;
    };
    auto const before = failed();
    for (int i = 0; i < 100; ++i) {
        a.loop->wake();
        clock.advance(10ms);
    }
    EXPECT_GE(failed(), before + 3);
    EXPECT_LE(failed(), before + 6) << "five a second at most";
    a.store.unreachable = false;
    a.loop->wake();
    clock.advance(300ms);
    EXPECT_EQ(a.ticks, 1) << "the notification that came while it could not yet be heeded was not forgotten";
}

TEST_F(ReconcileLoop, WhatAnothersLookShowedNeedsNoLook) {
    auto& a = start("a");
    a.takes = 5min;
    clock.advance(1s);
    auto& b = start("b");
    clock.advance(1s);
    auto const looks = database.looks;
    for (int i = 0; i < 60; ++i) {
        clock.advance(2s);
        b.store.watchers["groomer"](*database.look("groomer"), clock.now(), clock.now());
        --database.looks;
    }
    EXPECT_EQ(database.looks, looks) << "the wait went on from each of them";
    clock.advance(10s);
    EXPECT_GT(database.looks, looks) << "until nobody tells it any more";
}

TEST_F(ReconcileLoop, AnOldLookOfAnotherIsNotBelieved) {
    auto& a = start("a");
    a.takes = 5min;
    clock.advance(1s);
    auto& b = start("b");
    clock.advance(100ms);
    auto old = *database.look("groomer");
    old.row = false;
    old.token.reset();
    old.due_in = -1;
    b.store.watchers["groomer"](old, clock.now() - 1min, clock.now());
    clock.advance(1s);
    EXPECT_EQ(b.ticks, 0);
    EXPECT_EQ(b.lines.str().find("lost the race"), std::string::npos);
    b.store.watchers["groomer"](old, clock.now(), clock.now());
    clock.advance(1s);
    EXPECT_NE(b.lines.str().find("lost the race"), std::string::npos) << "a new one is";
}

// Somebody asks a replica for a tick while its loop runs.
struct AskedTick {
    enum class Fails { no, by_throwing, by_its_word };
    AskedTick(asio::io_context& context, Replica& replica, FakeClock& clock, BootTime::duration takes = 1s, Fails fails = Fails::no) {
        Tick const tick = [this, &replica, &clock, takes, fails](std::shared_ptr<lock::Hold>) -> Task<TickResult> {
            EXPECT_EQ(++*replica.at_work, 1) << "two at work";
            ++ticks;
            co_await clock.sleep_for(takes);
            --*replica.at_work;
            if (fails == Fails::by_throwing) throw std::runtime_error{"as the test asked"};
            co_return TickResult{fails == Fails::no ? TickOutcome::done : TickOutcome::error, false, true, ""};
        };
        asio::co_spawn(context, replica.loop->once(5s, tick, false), [this](std::exception_ptr error, Loop::Once got) {
            EXPECT_FALSE(error);
            once = std::move(got);
        });
    }
    int ticks = 0;
    std::optional<Loop::Once> once;
};

TEST_F(ReconcileLoop, ATickThatIsAskedForRunsBetweenItsOwn) {
    auto& a = start("a");
    clock.advance(10s);
    ASSERT_EQ(a.finished, 1);
    AskedTick asked{context, a, clock};
    clock.advance(500ms);
    EXPECT_EQ(asked.ticks, 1);
    EXPECT_TRUE(held());
    clock.advance(10s);
    ASSERT_TRUE(asked.once && asked.once->tick);
    EXPECT_EQ(asked.once->tick->outcome, TickOutcome::done);
    EXPECT_FALSE(held());
    EXPECT_EQ(a.ticks, 1) << "it was not the loop's";
    clock.advance(50s);
    EXPECT_EQ(a.ticks, 2) << "whose own is due when it was";
}

// Whoever asks for the issue of a broken repository again and again would else put off everybody's ticks.
TEST_F(ReconcileLoop, APartThatIsAskedForAndFailsLeavesTheScheduleAlone) {
    auto& a = start("a");
    clock.advance(10s);
    ASSERT_EQ(a.finished, 1);
    auto const due = database.states["groomer"].due_at;
    for (auto const fails : {AskedTick::Fails::by_throwing, AskedTick::Fails::by_its_word}) {
        database.states["groomer"].requested = clock.now();  // somebody wants the whole of it
        database.states["groomer"].due_at = due + 1min;
        AskedTick asked{context, a, clock, 1s, fails};
        clock.advance(900ms);
        EXPECT_EQ(asked.ticks, 1);
        clock.advance(150ms);
        ASSERT_TRUE(asked.once && asked.once->tick);
        EXPECT_EQ(asked.once->tick->outcome, TickOutcome::error);
        EXPECT_EQ(database.states["groomer"].failures, 0);
        EXPECT_EQ(database.states["groomer"].due_at, due + 1min);
        clock.advance(5s);
    }
    EXPECT_GE(a.finished, 3) << "who asked for the whole was served";
}

TEST_F(ReconcileLoop, ATickThatIsAskedForDuringItsOwnIsToldThatTheLockIsHeld) {
    auto& a = start("a");
    a.takes = 20s;
    clock.advance(2s);
    ASSERT_TRUE(held());
    AskedTick asked{context, a, clock};
    clock.advance(10ms);
    ASSERT_TRUE(asked.once);
    EXPECT_FALSE(asked.once->tick || asked.once->stopped);
    clock.advance(30s);
    EXPECT_EQ(a.finished, 1) << "nothing disturbed it";
    EXPECT_EQ(asked.ticks, 0);
}

TEST_F(ReconcileLoop, ATickThatIsAskedForWhileTheLoopBidsIsNeverBesideIts) {
    for (auto delay = 0ms; delay < 40ms; delay += 1ms) {
        auto& a = replicas.empty() ? start("a") : *replicas.front();
        database.states["groomer"].due_at = clock.now();
        a.loop->wake();
        clock.advance(delay);
        AskedTick asked{context, a, clock};
        clock.advance(20s);
        ASSERT_TRUE(asked.once) << delay.count();
        EXPECT_EQ(asked.ticks, asked.once->tick ? 1 : 0);
        EXPECT_FALSE(held());
    }
    EXPECT_GT(replicas.front()->ticks, 20);
}

TEST_F(ReconcileLoop, WhatIsDueDuringATickThatIsAskedForComesAfterIt) {
    auto& a = start("a");
    clock.advance(55s);
    ASSERT_EQ(a.ticks, 1);
    AskedTick asked{context, a, clock, 30s};
    clock.advance(29s);
    EXPECT_EQ(a.ticks, 1);
    EXPECT_FALSE(asked.once);
    clock.advance(3s);
    ASSERT_TRUE(asked.once);
    EXPECT_EQ(a.ticks, 2);
}

TEST_F(ReconcileLoop, AStopEndsATickThatIsAskedForInGoodOrder) {
    auto& a = start("a");
    clock.advance(10s);
    AskedTick asked{context, a, clock, 5s};
    clock.advance(1s);
    a.loop->stop();
    clock.advance(10s);
    ASSERT_TRUE(asked.once && asked.once->tick);
    EXPECT_FALSE(held());
    EXPECT_TRUE(a.ended);
    AskedTick late{context, a, clock};
    clock.advance(1s);
    ASSERT_TRUE(late.once);
    EXPECT_TRUE(late.once->stopped);
    EXPECT_EQ(late.ticks, 0);
}

}  // namespace
}  // namespace groomer::reconcile
