#include "lock/hold.hpp"

namespace groomer::lock {
namespace {

void raise(std::atomic<BootTime::rep>& value, BootTime::time_point to) {
    auto const wanted = to.time_since_epoch().count();
    auto now = value.load();
    while (now < wanted && !value.compare_exchange_weak(now, wanted)) {
    }
}

}  // namespace

Hold::Hold(Clock const& clock, Terms terms, BootTime::time_point sent, BootTime::time_point received)
    : clock_{clock},
      terms_{std::move(terms)},
      quarantine_until_{received + terms_.quarantine},
      deadline_{(sent + terms_.ttl - margin(terms_.ttl)).time_since_epoch().count()},
      proved_{sent.time_since_epoch().count()} {}

void Hold::proved(BootTime::time_point sent) { raise(proved_, sent); }

void Hold::renewed(BootTime::time_point sent) {
    raise(deadline_, sent + terms_.ttl - margin(terms_.ttl));
    raise(proved_, sent);
}

bool Hold::lose(Loss cause) {
    auto none = Loss::none;
    return loss_.compare_exchange_strong(none, cause);
}

bool Hold::proof_is_fresh() const {
    constexpr std::chrono::seconds longest{1};
    return clock_.now() - BootTime::time_point{BootTime::duration{proved_.load()}} <= longest;
}

bool Hold::may_write(std::chrono::milliseconds limit) const {
    return loss_ == Loss::none && proof_is_fresh() && clock_.now() + limit <= deadline();
}

}  // namespace groomer::lock
