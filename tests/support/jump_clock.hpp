// Virtual time for tests that only ask how long somebody would have waited: every sleep ends at once, at its end.
#pragma once

#include "base/async.hpp"

#include <algorithm>

namespace groomer::test {

class JumpClock final : public Clock {
public:
    [[nodiscard]] BootTime::time_point now() const override { return now_; }
    Task<> sleep_until(BootTime::time_point until) override {
        advance(until - now_);
        auto const executor = co_await asio::this_coro::executor;
        co_await asio::post(executor, asio::use_awaitable);
    }
    void advance(BootTime::duration duration) { now_ = std::max(now_, now_ + duration); }
    // The same moment by a wall clock, which began in 2024.
    [[nodiscard]] WallTime wall() const {
        return WallTime{std::chrono::seconds{1'709'200'000}} + std::chrono::duration_cast<WallTime::duration>(now_.time_since_epoch());
    }

private:
    BootTime::time_point now_{};
};

}  // namespace groomer::test
