// Keeps a hold alive from a thread of its own, until it is stopped or the hold is lost.
#pragma once

#include "base/async.hpp"
#include "base/log.hpp"
#include "lock/hold.hpp"
#include "lock/lock_store.hpp"
#include "metrics/metrics.hpp"

#include <atomic>
#include <exception>
#include <memory>
#include <string>

namespace groomer::reconcile {

class Renewal : public std::enable_shared_from_this<Renewal> {
public:
    struct Parts {
        Clock& clock;
        Log& log;
        metrics::Metrics& metrics;
        lock::LockStore& store;
        asio::any_io_executor renewals;  // where it runs
        asio::any_io_executor owner;     // where `changed` is notified
    };

    // changed: notified on the owner's executor when the hold is lost and when the renewal has ended.
    Renewal(Parts parts, std::shared_ptr<lock::Hold> hold, std::chrono::milliseconds every, std::shared_ptr<Wakeup> changed);

    // sent: of the acquire; until: no renewal begins later than this, whether stopped or not.
    void start(BootTime::time_point sent, BootTime::time_point until);
    // No renewal begins any more, and one that is under way says nothing of what it meets: the release may have come first.
    void stop();
    // On the owner's executor: until a statement that was under way has ended.
    Task<> join();

private:
    Task<> run(BootTime::time_point next, BootTime::time_point until);
    Task<bool> renew();  // false: the hold is over
    void failed(std::exception_ptr const& failure);
    void tell_owner();

    Parts parts_;
    std::shared_ptr<lock::Hold> hold_;
    std::chrono::milliseconds every_;
    std::shared_ptr<Wakeup> changed_;  // owner's executor
    Wakeup stopped_;                   // renewals executor
    Wakeup ended_;                     // owner's executor
    bool has_ended_ = false;           // owner's executor
    std::atomic<bool> stopping_ = false;
    std::string told_;  // what failed last; renewals executor
};

}  // namespace groomer::reconcile
