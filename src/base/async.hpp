// The few coroutine tools that everything here is written with: a short name for awaitables, blocking work on a pool,
// a group of tasks that is cancelled and joined, and a wake-up that coalesces. No other folder uses raw operator||.
#pragma once

#include "base/clock.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace groomer {

namespace asio = boost::asio;

template <class T = void>
using Task = asio::awaitable<T>;

// Runs blocking work on a pool thread and resumes on the caller's executor. The work is not interruptible: bound it at
// its source (statement_timeout and the like). Exceptions arrive at the co_await.
template <class F>
Task<std::invoke_result_t<F>> on_pool(asio::thread_pool& pool, F work) {
    using T = std::invoke_result_t<F>;
    static_assert(!std::is_void_v<T>, "return something, if only true: one signature serves all");
    // async_initiate, not co_spawn(pool, …): cancelling the latter terminates the process in Boost 1.81 and 1.83.
    auto initiate = [&pool](auto handler, F job) {
        asio::post(pool, [handler = std::move(handler), job = std::move(job)]() mutable {
            std::exception_ptr error;
            std::optional<T> value;
            try {
                value.emplace(job());
            } catch (...) {
                error = std::current_exception();
            }
            auto executor = asio::get_associated_executor(handler);
            // All is moved: nothing of the result is left for this thread to let go of while the other reads it.
            asio::dispatch(executor, [handler = std::move(handler), error = std::move(error), value = std::move(value)]() mutable {
                std::move(handler)(std::move(error), std::move(value));
            });
        });
    };
    auto result = co_await asio::async_initiate<decltype(asio::use_awaitable), void(std::exception_ptr, std::optional<T>)>(
        initiate, asio::use_awaitable, std::move(work));
    co_return std::move(*result);
}

// True for the error that a cancelled wait ends with: a normal end, never logged as an error.
bool is_cancelled(std::exception_ptr error);

// Children that are cancelled together and joined. Use it from one executor only, and join it before it is destroyed.
class TaskGroup {
public:
    using OnError = std::function<void(std::string const& name, std::exception_ptr)>;

    // on_error gets what a child threw, cancellation apart.
    TaskGroup(asio::any_io_executor executor, OnError on_error);
    TaskGroup(TaskGroup const&) = delete;
    TaskGroup& operator=(TaskGroup const&) = delete;

    // The body is called later, on the executor; it lives until its coroutine ends.
    void spawn(std::string name, std::function<Task<>()> body);
    void cancel();
    // Waits for all children. Cancelled, it cancels them, waits all the same, and then throws operation_aborted.
    Task<> join();
    [[nodiscard]] std::size_t size() const { return signals_.size(); }

private:
    asio::any_io_executor executor_;
    OnError on_error_;
    asio::steady_timer idle_;
    std::list<asio::cancellation_signal> signals_;
};

// A wake-up: any number of notify() before the next wait count as one. One waiter at a time, one executor.
class Wakeup {
public:
    explicit Wakeup(asio::any_io_executor executor);

    void notify();
    // Returns true when notified, false when `until` (on the clock given) came first.
    Task<bool> wait_until(Clock& clock, BootTime::time_point until);

private:
    Task<> notified();

    asio::steady_timer signal_;
    bool pending_ = false;
};

}  // namespace groomer
