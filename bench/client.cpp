#include "client.hpp"

#include "base/digest.hpp"

#include <stdexcept>

namespace groomer::bench {

double ms(BootTime::duration duration) { return std::chrono::duration<double, std::milli>{duration}.count(); }

Client::Client(std::string const& url, std::string const& name, std::string lock, std::size_t connections)
    : lock_{std::move(lock)},
      locks_{{url, "", "groomer/bench/" + name}, connections, {}},
      renewals_{{url, "", "groomer/bench/" + name}, connections, {}} {
    claimant_.identity = {name, "", make_uuid()};
    store_ = lock::make_lock_store(locks_, renewals_, claimant_.identity);
}

Task<std::variant<lock::Bid, lock::Wait>> Client::look() {
    auto const sent = clock_.now();
    auto const look = co_await store_->look(lock_);
    if (!look) throw std::runtime_error{"the lock " + lock_ + " has no state row"};
    sight_.saw(*look, sent, clock_.now());
    co_return lock::decide(lock_, sight_, claimant_, clock_.now());
}

Task<lock::Bid> Client::bid() {
    auto next = co_await look();
    if (!std::holds_alternative<lock::Bid>(next))
        throw std::runtime_error{"the lock " + lock_ + " may not be had, but it is to be free here"};
    co_return std::get<lock::Bid>(std::move(next));
}

Task<std::optional<lock::Grant>> Client::acquire(lock::Bid bid) {
    auto attempt = co_await store_->acquire(std::move(bid));
    co_return std::move(attempt.grant);
}

Task<lock::Grant> Client::take() {
    auto ground = co_await bid();
    auto grant = co_await acquire(std::move(ground));
    if (!grant) throw std::runtime_error{"the free lock " + lock_ + " was not had"};
    co_return *grant;
}

Task<bool> Client::release(std::string token, milliseconds next) {
    lock::Release request{lock_, std::move(token), true, lock::Ended::finished, next, milliseconds{60'000}};
    return store_->release(std::move(request));
}

Task<bool> Client::renew(std::string token) { return store_->renew(lock_, std::move(token), claimant_.ttl); }

}  // namespace groomer::bench
