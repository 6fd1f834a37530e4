#include "base/clock.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <ctime>

namespace groomer {

namespace asio = boost::asio;

BootTime::time_point BootTime::now() noexcept {
    timespec ts{};
    ::clock_gettime(CLOCK_BOOTTIME, &ts);
    return time_point{std::chrono::seconds{ts.tv_sec} + std::chrono::nanoseconds{ts.tv_nsec}};
}

asio::awaitable<void> SystemClock::sleep_until(BootTime::time_point until) {
    // The timer stops while the machine is suspended, so a long sleep is taken in slices and judged by BootTime.
    constexpr BootTime::duration slice = std::chrono::seconds{30};
    asio::steady_timer timer{co_await asio::this_coro::executor};
    for (auto left = until - now(); left > BootTime::duration::zero(); left = until - now()) {
        timer.expires_after(std::min(left, slice));
        co_await timer.async_wait(asio::use_awaitable);
    }
}

}  // namespace groomer
