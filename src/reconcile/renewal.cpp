#include "reconcile/renewal.hpp"

#include "base/error.hpp"

#include <boost/asio/co_spawn.hpp>

#include <utility>

namespace groomer::reconcile {

using namespace std::chrono_literals;

Renewal::Renewal(Parts parts, std::shared_ptr<lock::Hold> hold, std::chrono::milliseconds every, std::shared_ptr<Wakeup> changed)
    : parts_{parts}, hold_{std::move(hold)}, every_{every}, changed_{std::move(changed)}, stopped_{parts.renewals}, ended_{parts.owner} {}

void Renewal::start(BootTime::time_point sent, BootTime::time_point until) {
    auto self = shared_from_this();
    auto body = [self, next = sent + every_, until] { return self->run(next, until); };
    auto done = [self](std::exception_ptr) {
        asio::post(self->parts_.owner, [self] {
            self->has_ended_ = true;
            self->ended_.notify();
        });
    };
    asio::co_spawn(parts_.renewals, std::move(body), std::move(done));
}

void Renewal::stop() {
    stopping_ = true;
    asio::post(parts_.renewals, [self = shared_from_this()] { self->stopped_.notify(); });
}

Task<> Renewal::join() {
    auto const self = shared_from_this();
    while (!has_ended_) co_await ended_.wait_until(parts_.clock, BootTime::time_point::max());
}

void Renewal::tell_owner() {
    asio::post(parts_.owner, [changed = changed_] { changed->notify(); });
}

// Tried again every 100 ms: one line for each thing that goes wrong, not one for each try.
void Renewal::failed(std::exception_ptr const& failure) {
    auto const& terms = hold_->terms();
    parts_.metrics.lock_renewals_total(terms.lock, "error").increment();
    parts_.metrics.lock_errors_total(terms.lock, "renew").increment();
    auto const error = describe(failure);
    if (std::exchange(told_, error) == error) return;
    parts_.log.warning("a renewal failed, trying again until the deadline",
                       {{"component", "lock"}, {"lock", terms.lock}, {"term", terms.term}, {"error", error}});
}

Task<> Renewal::run(BootTime::time_point next, BootTime::time_point until) {
    for (;;) {
        bool const woken = co_await stopped_.wait_until(parts_.clock, next);
        if (woken || stopping_) break;
        if (!hold_->may_act() || parts_.clock.now() >= until) break;  // the owner watches the deadline
        auto const sent = parts_.clock.now();
        std::exception_ptr failure;
        bool alive = true;
        try {
            alive = co_await renew();
        } catch (...) {
            failure = std::current_exception();
        }
        if (!alive || stopping_) break;
        if (failure) failed(failure);  // no loss
        next = failure ? parts_.clock.now() + 100ms : sent + every_;
    }
    tell_owner();
}

Task<bool> Renewal::renew() {
    auto const& terms = hold_->terms();
    auto const sent = parts_.clock.now();
    bool const still_ours = co_await parts_.store.renew(terms.lock, terms.token, terms.ttl);
    auto const received = parts_.clock.now();
    parts_.metrics.lock_renew_duration_seconds(terms.lock).observe(received - sent);
    bool const late = received >= hold_->deadline();
    if (stopping_ && (!still_ours || late)) co_return false;  // the release says what became of the hold
    if (!still_ours) {                                        // another token, or a stamp that is too old: this clock tells which
        parts_.metrics.lock_renewals_total(terms.lock, "rejected").increment();
        hold_->lose(late ? lock::Loss::expired : lock::Loss::replaced);
        co_return false;
    }
    if (late) {  // too late: who has passed the deadline stays out, whatever the row says
        hold_->lose(lock::Loss::expired);
        co_return false;
    }
    parts_.metrics.lock_renewals_total(terms.lock, "ok").increment();
    parts_.metrics.lock_lease_margin_seconds(terms.lock).observe(hold_->deadline() - received);
    hold_->renewed(sent);
    told_.clear();
    co_return true;
}

}  // namespace groomer::reconcile
