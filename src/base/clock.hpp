// Time. Durations that guard the lock are counted on CLOCK_BOOTTIME, which goes on while a machine is suspended
// (std::chrono::steady_clock does not). Everything that waits or asks for the time goes through Clock.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>

namespace groomer {

struct BootTime {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BootTime>;
    static constexpr bool is_steady = true;
    static time_point now() noexcept;
};

using WallTime = std::chrono::system_clock::time_point;

class Clock {
public:
    virtual ~Clock() = default;
    // Callable from any thread.
    [[nodiscard]] virtual BootTime::time_point now() const = 0;
    // Ends at or after `until`, on the caller's executor; throws operation_aborted when cancelled.
    virtual boost::asio::awaitable<void> sleep_until(BootTime::time_point until) = 0;
    boost::asio::awaitable<void> sleep_for(BootTime::duration duration) { return sleep_until(now() + duration); }
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] BootTime::time_point now() const override { return BootTime::now(); }
    boost::asio::awaitable<void> sleep_until(BootTime::time_point until) override;
};

}  // namespace groomer
