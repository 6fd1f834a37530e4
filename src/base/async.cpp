#include "base/async.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

namespace groomer {

bool is_cancelled(std::exception_ptr error) {
    if (!error) return false;
    try {
        std::rethrow_exception(error);
    } catch (boost::system::system_error const& e) {
        return e.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

TaskGroup::TaskGroup(asio::any_io_executor executor, OnError on_error)
    : executor_{executor}, on_error_{std::move(on_error)}, idle_{executor, asio::steady_timer::time_point::max()} {}

void TaskGroup::spawn(std::string name, std::function<Task<>()> body) {
    auto signal = signals_.emplace(signals_.end());
    auto ended = [this, signal, name = std::move(name)](std::exception_ptr error) {
        signals_.erase(signal);
        if (error && !is_cancelled(error)) on_error_(name, error);
        if (signals_.empty()) idle_.cancel();
    };
    asio::co_spawn(executor_, std::move(body), asio::bind_cancellation_slot(signal->slot(), std::move(ended)));
}

void TaskGroup::cancel() {
    for (auto signal = signals_.begin(); signal != signals_.end();) (signal++)->emit(asio::cancellation_type::terminal);
}

Task<> TaskGroup::join() {
    // A joiner that is cancelled hands it on and still waits: the children hold references to its frame.
    co_await asio::this_coro::throw_if_cancelled(false);
    bool cancelled = false;
    while (!signals_.empty()) {
        auto const state = co_await asio::this_coro::cancellation_state;
        if (!cancelled && state.cancelled() != asio::cancellation_type::none) {
            cancelled = true;
            co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
            cancel();
        }
        auto [error] = co_await idle_.async_wait(asio::as_tuple(asio::use_awaitable));
        (void)error;
    }
    co_await asio::this_coro::throw_if_cancelled(true);
    if (cancelled) throw boost::system::system_error{asio::error::operation_aborted};
}

Wakeup::Wakeup(asio::any_io_executor executor) : signal_{executor, asio::steady_timer::time_point::max()} {}

void Wakeup::notify() {
    pending_ = true;
    signal_.cancel();
}

Task<bool> Wakeup::wait_until(Clock& clock, BootTime::time_point until) {
    using namespace asio::experimental::awaitable_operators;
    if (!pending_) co_await (clock.sleep_until(until) || notified());
    co_return std::exchange(pending_, false);
}

Task<> Wakeup::notified() {
    if (pending_) co_return;  // since wait_until asked: this may start later, where dispatch does not run inline
    auto [error] = co_await signal_.async_wait(asio::as_tuple(asio::use_awaitable));
    (void)error;  // cancelled either by notify() or because the sleep ended first: both are an end
}

}  // namespace groomer
