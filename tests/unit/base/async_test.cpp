#include "base/async.hpp"

#include "base/error.hpp"
#include "support/fake_clock.hpp"
#include "support/run_task.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>

namespace groomer {
namespace {

using namespace std::chrono_literals;
using test::FakeClock;
using test::run_task;
using test::run_tasks;

// A coroutine under way, that can be cancelled.
struct Started {
    bool ended = false;
    std::exception_ptr error;
    asio::cancellation_signal signal;
    void cancel() { signal.emit(asio::cancellation_type::terminal); }
};

struct AsyncTest : ::testing::Test {
    void start(Started& run, std::function<Task<>()> body) {
        auto ended = [&run](std::exception_ptr error) {
            run.ended = true;
            run.error = error;
        };
        asio::co_spawn(io, std::move(body), asio::bind_cancellation_slot(run.signal.slot(), std::move(ended)));
        clock.advance(0s);
    }

    asio::io_context io{1};
    FakeClock clock{io};
};

struct TaskGroupTest : AsyncTest {
    // Those that still run would outlive the group.
    ~TaskGroupTest() override {
        group.cancel();
        clock.advance(1h);
    }
    Task<> sleep(BootTime::duration duration) {
        co_await clock.sleep_for(duration);
        ++slept;
    }
    Task<> fail(std::string text) {
        co_await clock.sleep_for(1s);
        throw std::runtime_error{text};
    }
    // Cancellation does not hurry it.
    Task<> sleep_deaf(BootTime::duration duration) {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        co_await clock.sleep_for(duration);
        ++slept;
    }

    std::vector<std::string> errors;
    TaskGroup group{io.get_executor(),
                    [this](std::string const& name, std::exception_ptr error) { errors.push_back(name + ": " + describe(error)); }};
    int slept = 0;
    Started joiner;
};

TEST_F(TaskGroupTest, JoinsAtOnceWhereNothingRuns) {
    start(joiner, [&] { return group.join(); });
    EXPECT_TRUE(joiner.ended);
}

TEST_F(TaskGroupTest, JoinsWhenTheLastChildHasEnded) {
    group.spawn("short", [&] { return sleep(1s); });
    group.spawn("long", [&] { return sleep(5s); });
    EXPECT_EQ(group.size(), 2U);
    start(joiner, [&] { return group.join(); });
    clock.advance(1s);
    EXPECT_EQ(group.size(), 1U);
    EXPECT_FALSE(joiner.ended);
    clock.advance(4s);
    EXPECT_TRUE(joiner.ended);
    EXPECT_EQ(slept, 2);
    EXPECT_TRUE(errors.empty());
}

TEST_F(TaskGroupTest, CallsTheBodyLaterAndKeepsItWhileItRuns) {
    auto const kept = std::make_shared<int>(0);
    group.spawn("child", [this, kept] {
        ++*kept;
        return sleep(1s);
    });
    EXPECT_EQ(*kept, 0);
    clock.advance(0s);
    EXPECT_EQ(*kept, 1);
    EXPECT_EQ(kept.use_count(), 2);
    clock.advance(1s);
    EXPECT_EQ(kept.use_count(), 1);
}

TEST_F(TaskGroupTest, CancelsAllItsChildrenAndTakesThatForNoError) {
    for (int i = 0; i < 3; ++i) group.spawn("child", [&] { return sleep(1h); });
    start(joiner, [&] { return group.join(); });
    group.cancel();
    clock.advance(0s);
    EXPECT_TRUE(joiner.ended);
    EXPECT_FALSE(joiner.error);
    EXPECT_EQ(slept, 0);
    EXPECT_EQ(clock.sleepers(), 0U);
    EXPECT_TRUE(errors.empty());
}

TEST_F(TaskGroupTest, CancelsAChildThatHasNotBegun) {
    group.spawn("child", [&] { return sleep(1h); });
    group.cancel();
    start(joiner, [&] { return group.join(); });
    EXPECT_TRUE(joiner.ended);
    EXPECT_EQ(slept, 0);
}

TEST_F(TaskGroupTest, CancelsAChildThatHasNotBegunAndWouldNotHaveWaited) {
    group.spawn("child", []() -> Task<> { co_return; });
    group.cancel();
    start(joiner, [&] { return group.join(); });
    EXPECT_TRUE(joiner.ended);
    EXPECT_TRUE(errors.empty());
}

TEST_F(TaskGroupTest, WaitsForAChildThatTakesItsTimeToStop) {
    group.spawn("slow", [&] { return sleep_deaf(3s); });
    start(joiner, [&] { return group.join(); });
    group.cancel();
    clock.advance(2s);
    EXPECT_FALSE(joiner.ended);
    clock.advance(1s);
    EXPECT_TRUE(joiner.ended);
    EXPECT_EQ(slept, 1);
}

TEST_F(TaskGroupTest, ReportsWhatAChildThrewByNameAndLetsTheOthersRun) {
    group.spawn("bad", [&] { return fail("no luck"); });
    group.spawn("worse", []() -> Task<> { throw std::runtime_error{"before it began"}; });
    group.spawn("good", [&] { return sleep(5s); });
    start(joiner, [&] { return group.join(); });
    clock.advance(5s);
    EXPECT_TRUE(joiner.ended);
    EXPECT_FALSE(joiner.error);
    EXPECT_EQ(slept, 1);
    EXPECT_EQ(errors, (std::vector<std::string>{"worse: before it began", "bad: no luck"}));
}

TEST_F(TaskGroupTest, JoinsWhatAChildSpawnedToo) {
    group.spawn("parent", [this]() -> Task<> {
        co_await clock.sleep_for(1s);
        group.spawn("child", [this] { return sleep(1s); });
    });
    start(joiner, [&] { return group.join(); });
    clock.advance(1s);
    EXPECT_FALSE(joiner.ended);
    clock.advance(1s);
    EXPECT_TRUE(joiner.ended);
}

TEST_F(TaskGroupTest, HandsTheCancellationOfItsJoinerOnToTheChildren) {
    group.spawn("child", [&] { return sleep(5s); });
    start(joiner, [&] { return group.join(); });
    joiner.cancel();
    clock.advance(1ms);
    EXPECT_TRUE(joiner.ended);
    EXPECT_EQ(group.size(), 0U);
    EXPECT_EQ(slept, 0);
}

// Cancelled before, its caller must not throw at the join itself and leave the group to be destroyed under its children.
TEST_F(TaskGroupTest, HandsOnACancellationFromBeforeTheJoin) {
    auto body = [this]() -> Task<> {
        co_await clock.sleep_for(1s);
        joiner.cancel();
        co_await asio::this_coro::throw_if_cancelled(false);
        group.spawn("child", [this] { return sleep(5s); });
        co_await group.join();
    };
    start(joiner, body);
    clock.advance(1s);
    EXPECT_TRUE(joiner.ended);
    EXPECT_EQ(group.size(), 0U);
    EXPECT_EQ(slept, 0);
}

TEST_F(TaskGroupTest, IsJoinedToTheEndByAJoinerThatShieldsItself) {
    auto body = [this]() -> Task<> {
        co_await clock.sleep_for(1s);
        joiner.cancel();  // as while blocking work was waited for, which ends as ever
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        group.spawn("child", [this] { return sleep(5s); });
        co_await group.join();
    };
    start(joiner, body);
    clock.advance(1s);
    EXPECT_FALSE(joiner.ended);
    clock.advance(5s);
    EXPECT_TRUE(joiner.ended);
    EXPECT_EQ(slept, 1);
}

TEST(OnPool, HandsOverTheValueOnTheCallersThread) {
    asio::thread_pool pool{2};
    auto const here = std::this_thread::get_id();
    auto body = [&]() -> Task<bool> {
        auto const there = co_await on_pool(pool, [] { return std::this_thread::get_id(); });
        EXPECT_NE(there, here);
        EXPECT_EQ(std::this_thread::get_id(), here);
        co_return true;
    };
    EXPECT_TRUE(run_task(body()));
}

TEST(OnPool, MovesWhatCannotBeCopied) {
    asio::thread_pool pool{1};
    auto job = std::make_unique<int>(41);
    auto const value = run_task(on_pool(pool, [job = std::move(job)] { return std::make_unique<int>(*job + 1); }));
    EXPECT_EQ(*value, 42);
}

TEST(OnPool, ThrowsToTheCallerWhatTheWorkThrew) {
    asio::thread_pool pool{1};
    auto work = []() -> int { throw Error{ErrorCode::database, "gone"}; };
    try {
        run_task(on_pool(pool, work));
        ADD_FAILURE() << "nothing was thrown";
    } catch (Error const& e) {
        EXPECT_EQ(e.code(), ErrorCode::database);
        EXPECT_STREQ(e.what(), "gone");
    }
    EXPECT_EQ(run_task(on_pool(pool, [] { return 7; })), 7) << "the pool goes on";
}

TEST(OnPool, ServesManyAtOnce) {
    asio::thread_pool pool{4};
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 500; ++i) tasks.push_back(on_pool(pool, [i] { return i; }));
    auto const values = run_tasks(std::move(tasks));
    for (int i = 0; i < 500; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], i);
}

TEST(OnPool, WaitsForTheWorkEvenWhenItIsCancelled) {
    asio::thread_pool pool{1};
    auto& io = test::task_context();
    std::promise<void> may_end;
    std::atomic<bool> worked = false;
    auto work = [&] {
        may_end.get_future().wait();
        worked = true;
        return 7;
    };
    bool worked_before_end = false;
    asio::cancellation_signal signal;
    auto ended = [&](std::exception_ptr, int) { worked_before_end = worked; };
    asio::co_spawn(io, on_pool(pool, work), asio::bind_cancellation_slot(signal.slot(), ended));
    io.poll();
    signal.emit(asio::cancellation_type::terminal);
    io.poll();
    EXPECT_FALSE(worked);
    may_end.set_value();
    io.run();
    EXPECT_TRUE(worked_before_end);
}

TEST(IsCancelled, TellsCancellationFromErrors) {
    using boost::system::system_error;
    EXPECT_TRUE(is_cancelled(std::make_exception_ptr(system_error{asio::error::operation_aborted})));
    EXPECT_FALSE(is_cancelled(std::make_exception_ptr(system_error{asio::error::connection_reset})));
    EXPECT_FALSE(is_cancelled(std::make_exception_ptr(std::runtime_error{"no"})));
    EXPECT_FALSE(is_cancelled(std::make_exception_ptr(7)));
    EXPECT_FALSE(is_cancelled(nullptr));
}

struct WakeupTest : AsyncTest {
    void wait(Started& run, BootTime::time_point until) {
        start(run, [this, until]() -> Task<> { notified = co_await wakeup.wait_until(clock, until); });
    }
    Wakeup wakeup{io.get_executor()};
    std::optional<bool> notified;
    Started first, second;
};

TEST_F(WakeupTest, EndsTheWaitAtOnce) {
    wait(first, clock.now() + 1h);
    EXPECT_FALSE(first.ended);
    wakeup.notify();
    clock.advance(0s);
    EXPECT_TRUE(first.ended);
    EXPECT_EQ(notified, true);
    EXPECT_EQ(clock.sleepers(), 0U) << "the sleep was not let go of";
}

TEST_F(WakeupTest, IsNotLostWhereNobodyWaitsYet) {
    wakeup.notify();
    wait(first, clock.now() + 1h);
    EXPECT_TRUE(first.ended);
    EXPECT_EQ(notified, true);
}

TEST_F(WakeupTest, CountsAsOneHoweverOftenItIsGiven) {
    for (int i = 0; i < 3; ++i) wakeup.notify();
    wait(first, clock.now() + 1h);
    EXPECT_EQ(notified, true);
    wait(second, clock.now() + 1s);
    EXPECT_FALSE(second.ended);
    clock.advance(1s);
    EXPECT_EQ(notified, false);
}

TEST_F(WakeupTest, GivenTwiceToAWaiterCountsAsOne) {
    wait(first, clock.now() + 1h);
    wakeup.notify();
    wakeup.notify();
    clock.advance(0s);
    EXPECT_EQ(notified, true);
    wait(second, clock.now() + 1s);
    EXPECT_FALSE(second.ended);
    clock.advance(1s);
}

TEST_F(WakeupTest, IsWaitedForUntilTheTimeGivenAndNoLonger) {
    wait(first, clock.now() + 10s);
    clock.advance(9s);
    EXPECT_FALSE(first.ended);
    clock.advance(1s);
    EXPECT_TRUE(first.ended);
    EXPECT_EQ(notified, false);
}

TEST_F(WakeupTest, IsNotWaitedForWhereTheTimeIsOver) {
    wait(first, clock.now() - 1s);
    EXPECT_TRUE(first.ended);
    EXPECT_EQ(notified, false);
}

TEST_F(WakeupTest, ThatComesWithTheEndOfTheWaitIsNotLost) {
    wait(first, clock.now() + 1s);
    Started notifier;
    start(notifier, [this]() -> Task<> {
        co_await clock.sleep_for(1s);
        wakeup.notify();
    });
    clock.advance(1s);
    ASSERT_TRUE(first.ended);
    if (notified == true) return;
    wait(second, clock.now() + 1h);
    EXPECT_TRUE(second.ended);
    EXPECT_EQ(notified, true);
}

TEST_F(WakeupTest, IsNoLongerWaitedForByWhoIsCancelled) {
    wait(first, clock.now() + 1h);
    first.cancel();
    clock.advance(0s);
    EXPECT_TRUE(first.ended);
    EXPECT_NE(notified, true);
    EXPECT_EQ(clock.sleepers(), 0U);
    wakeup.notify();
    wait(second, clock.now() + 1h);
    EXPECT_EQ(notified, true) << "the next one waits as ever";
}

}  // namespace
}  // namespace groomer
