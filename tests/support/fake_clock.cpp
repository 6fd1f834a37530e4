#include "support/fake_clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace groomer::test {

Task<> FakeClock::sleep_until(BootTime::time_point until) {
    if (until <= now_) co_return;
    auto const sleeper = std::make_shared<Sleeper>(Sleeper{asio::steady_timer{context_, asio::steady_timer::time_point::max()}});
    auto const place = sleepers_.emplace(until, sleeper);
    auto [error] = co_await sleeper->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    (void)error;
    if (sleeper->woken) co_return;
    sleepers_.erase(place);
    throw boost::system::system_error{asio::error::operation_aborted};
}

void FakeClock::settle() {
    context_.restart();
    while (context_.poll() > 0) context_.restart();
}

void FakeClock::advance(BootTime::duration duration) {
    auto const end = now_ + duration;
    settle();
    while (!sleepers_.empty() && sleepers_.begin()->first <= end) {
        auto const [at, sleeper] = *sleepers_.begin();
        sleepers_.erase(sleepers_.begin());
        now_ = std::max(now_, at);
        sleeper->woken = true;
        sleeper->timer.cancel();
        settle();
    }
    now_ = end;
    settle();
}

}  // namespace groomer::test
