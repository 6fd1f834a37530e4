// A hold: the right to act for one term, as far as this replica can know from its own clock. Shared by the loop that
// holds, the renewal on another thread, and the tick that asks before it acts.
#pragma once

#include "base/clock.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace groomer::lock {

// Kept off every deadline: transit, scheduling, and clocks that differ by 1 %.
constexpr std::chrono::milliseconds margin(std::chrono::milliseconds ttl) { return std::chrono::milliseconds{500} + ttl / 100; }

// The longest time that one write to a tracker may take.
constexpr std::chrono::milliseconds write_limit(std::chrono::milliseconds ttl, std::chrono::milliseconds renew_every) {
    return std::min(std::chrono::milliseconds{3000}, ttl - margin(ttl) - renew_every);
}

enum class Loss { none, expired, replaced, fenced };

// Callable from any thread; the identity never changes.
class Hold {
public:
    struct Terms {
        std::string lock;
        std::string token;
        std::int64_t term = 0;
        std::chrono::milliseconds ttl{0};
        std::chrono::milliseconds quarantine{0};
    };

    // sent, received: around the acquire, on the clock's time.
    Hold(Clock const& clock, Terms terms, BootTime::time_point sent, BootTime::time_point received);

    [[nodiscard]] Terms const& terms() const { return terms_; }
    [[nodiscard]] BootTime::time_point quarantine_until() const { return quarantine_until_; }

    // The token was seen current by a statement sent at `sent`.
    void proved(BootTime::time_point sent);
    // The lease was renewed by a statement sent at `sent`: the deadline moves, and never back.
    void renewed(BootTime::time_point sent);
    // The first cause stays. Returns true for the first.
    bool lose(Loss cause);
    // No new work: finish what is begun.
    void wind_down() { winding_down_ = true; }

    [[nodiscard]] Loss loss() const { return loss_; }
    [[nodiscard]] bool winding_down() const { return winding_down_; }
    [[nodiscard]] BootTime::time_point deadline() const { return BootTime::time_point{BootTime::duration{deadline_}}; }
    [[nodiscard]] bool may_act() const { return loss_ == Loss::none && clock_.now() < deadline(); }
    // May a write to a tracker that takes at most `limit` begin? It needs the time, and a proof no older than 1 s.
    [[nodiscard]] bool may_write(std::chrono::milliseconds limit) const;
    [[nodiscard]] bool proof_is_fresh() const;

private:
    Clock const& clock_;
    Terms const terms_;
    BootTime::time_point const quarantine_until_;
    std::atomic<BootTime::rep> deadline_;
    std::atomic<BootTime::rep> proved_;
    std::atomic<Loss> loss_ = Loss::none;
    std::atomic<bool> winding_down_ = false;
};

}  // namespace groomer::lock
