// A replica's view of one lock without its loop: the real store over the real pools, as app/service.cpp wires them, and the
// real decision.
#pragma once

#include "lock/decision.hpp"
#include "lock/lock_store.hpp"
#include "pg/pool.hpp"
#include "report.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace groomer::bench {

using std::chrono::milliseconds;

double ms(BootTime::duration duration);

// Used by one thread.
class Client {
public:
    Client(std::string const& url, std::string const& name, std::string lock = "groomer", std::size_t connections = 2);

    // Runs a coroutine to its end on this thread.
    template <class T>
    T run(Task<T> task) {
        std::optional<T> value;
        std::exception_ptr failure;
        asio::co_spawn(context_, std::move(task), [&](std::exception_ptr error, T result) {
            failure = error;
            value.emplace(std::move(result));
        });
        context_.restart();
        context_.run();
        if (failure) std::rethrow_exception(failure);
        return std::move(*value);
    }

    // Looks, and says whether and how to bid.
    Task<std::variant<lock::Bid, lock::Wait>> look();
    // The same where nothing may stand in the way; throws otherwise.
    Task<lock::Bid> bid();
    Task<std::optional<lock::Grant>> acquire(lock::Bid bid);
    // Looks and acquires; throws where the lock is not had.
    Task<lock::Grant> take();
    // After `next` the lock is due again.
    Task<bool> release(std::string token, milliseconds next);
    Task<bool> renew(std::string token);

    // As if it had just started: it has seen nothing yet.
    void forget() { sight_ = {}; }

    [[nodiscard]] lock::LockStore& store() { return *store_; }
    [[nodiscard]] milliseconds ttl() const { return claimant_.ttl; }

private:
    SystemClock clock_;
    std::string lock_;
    lock::Claimant claimant_;
    asio::io_context context_{1};
    pg::Pool locks_, renewals_;
    std::unique_ptr<lock::LockStore> store_;
    lock::Sight sight_;
};

}  // namespace groomer::bench
