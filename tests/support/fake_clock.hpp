// Virtual time: nothing moves until a test calls advance(), and then everything happens in order and at once.
#pragma once

#include "base/async.hpp"

#include <boost/asio/io_context.hpp>

#include <map>
#include <memory>

namespace groomer::test {

class FakeClock final : public Clock {
public:
    explicit FakeClock(asio::io_context& context) : context_{context} {}

    [[nodiscard]] BootTime::time_point now() const override { return now_; }
    Task<> sleep_until(BootTime::time_point until) override;

    // Runs what is ready, then wakes sleepers one after another up to now + duration.
    void advance(BootTime::duration duration);
    [[nodiscard]] std::size_t sleepers() const { return sleepers_.size(); }

private:
    struct Sleeper {
        asio::steady_timer timer;
        bool woken = false;
    };
    void settle();

    asio::io_context& context_;
    BootTime::time_point now_{std::chrono::hours{1}};
    std::multimap<BootTime::time_point, std::shared_ptr<Sleeper>> sleepers_;
};

}  // namespace groomer::test
