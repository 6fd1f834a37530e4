#include "reconcile/loop.hpp"

#include "base/error.hpp"
#include "pg/session.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace groomer::reconcile {
namespace {

using namespace std::chrono_literals;

// 1 s doubling to 30 s.
milliseconds back_off(int failures) { return std::min(milliseconds{1000} * (1 << std::min(failures, 5)), milliseconds{30'000}); }

// 20 ms doubling to 5 s, from the first trouble on.
milliseconds brief_back_off(int troubles) {
    if (troubles <= 0) return 0ms;
    return std::min<milliseconds>(20ms * (1 << std::min(troubles - 1, 8)), 5s);
}

// A lock whose every bid is refused while it looks the same: nothing of groomer's does that. After about 5 s either way.
constexpr int suspicious_refusals = 9;
constexpr int suspicious_waits = 5;
constexpr std::string_view refused_for_ever =
    "the lock is there to be taken, yet every attempt at it is refused: look for a trigger on sync_lock that suppresses the write, "
    "a program that writes the row all the time, or a database that answers later than 2 s";
constexpr std::string_view state_is_not_kept =
    "groomer.lock_state has no row of the lock, though one was made: look for a trigger on it that suppresses the write, or for row-level "
    "security";

}  // namespace

Loop::Loop(LoopParts parts, LoopSettings settings, Tick tick)
    : parts_{std::move(parts)},
      settings_{std::move(settings)},
      tick_{std::move(tick)},
      wakeup_{parts_.executor},
      asked_wakeup_{parts_.executor},
      random_{parts_.seed},
      changed_{std::make_shared<Wakeup>(parts_.executor)} {
    parts_.store.watch(settings_.lock, [this](lock::Look const& look, auto sent, auto received) { be_told(look, sent, received); });
}

// run() and once() share what is seen of the lock, and a row of this process's own that neither holds is taken for one whose reply
// was lost (lock/decision.hpp): so one of them looks, bids and holds at a time. This is run()'s part.
class Loop::Attending {
public:
    explicit Attending(Loop& loop) : loop_{loop} { loop_.attending_ = true; }
    ~Attending() {
        loop_.attending_ = false;
        loop_.asked_wakeup_.notify();
    }
    Attending(Attending const&) = delete;
    Attending& operator=(Attending const&) = delete;

private:
    Loop& loop_;
};

// And this once()'s: run() looks anew when it has ended.
class Loop::Asked {
public:
    explicit Asked(Loop& loop) : loop_{loop} {
        loop_.asked_ = true;
        loop_.waiting_ = loop_.told_ = false;
    }
    ~Asked() {
        loop_.asked_ = false;
        loop_.wakeup_.notify();
    }
    Asked(Asked const&) = delete;
    Asked& operator=(Asked const&) = delete;

private:
    Loop& loop_;
};

Loop::~Loop() { parts_.store.watch(settings_.lock, {}); }

void Loop::wake() {
    waiting_ = told_ = false;
    wakeup_.notify();
    asked_wakeup_.notify();
}

void Loop::stop() {
    stopping_ = true;
    stop_at_ = parts_.clock.now() + settings_.grace;
    if (hold_) hold_->wind_down();
    wakeup_.notify();
    asked_wakeup_.notify();
    changed_->notify();
}

void Loop::take_in(lock::Look const& look, BootTime::time_point sent, BootTime::time_point received) {
    if (!sight_.look().says_the_same(look)) end_refusals();
    sight_.saw(look, sent, received);
    if (own_term_ != 0 && look.term > own_term_) {
        own_term_ = 0;
        parts_.overtaken();
    }
    parts_.metrics.lock_term(settings_.lock).set(static_cast<double>(look.term));
    parts_.metrics.paused().set(look.paused ? 1 : 0);
}

void Loop::be_told(lock::Look const& look, BootTime::time_point sent, BootTime::time_point received) {
    if (!waiting_ || sent < sight_.received()) return;
    if (is_ended_hold(look)) return wake();  // what is to be done then, a look of its own does
    waiting_ = false;
    told_ = true;
    take_in(look, sent, received);
    wakeup_.notify();
}

Task<> Loop::observe(bool made) {
    auto const sent = parts_.clock.now();
    auto look = co_await parts_.store.look(settings_.lock);
    auto const received = parts_.clock.now();
    if (!look) {
        if (made) throw pg::DatabaseError{std::string{state_is_not_kept}, "", false};
        co_await parts_.store.ensure(settings_.lock);
        co_return co_await observe(true);
    }
    take_in(*look, sent, received);
    // The row still is that of our ended hold, or is it again after a failover that lost its release: what ended must not be
    // done again.
    if (is_ended_hold(*look)) {
        bool const freed = co_await parts_.store.release(*last_release_);
        if (!freed) last_release_.reset();
        co_return co_await observe();
    }
}

// A notification, perhaps that the database is back, cuts this short; many of them must not make it nothing.
Task<> Loop::back_off_for(milliseconds time) {
    auto const start = parts_.clock.now();
    constexpr milliseconds least{200};
    bool woken = false;
    while (!stopping_ && parts_.clock.now() < start + least) {
        bool const now = co_await wakeup_.wait_until(parts_.clock, start + least);
        woken = woken || now;
    }
    if (!stopping_ && !woken) co_await wakeup_.wait_until(parts_.clock, start + time);
}

Task<bool> Loop::try_observe() {
    std::exception_ptr failure;
    try {
        Attending const attending{*this};
        co_await observe();
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) {
        if (failures_ > 0) parts_.log.info("the database answers again", {{"component", "lock"}, {"lock", settings_.lock}});
        failures_ = 0;
        co_return true;
    }
    if (is_cancelled(failure)) std::rethrow_exception(failure);
    parts_.metrics.lock_errors_total(settings_.lock, "look").increment();
    auto const wait = back_off(failures_++);
    parts_.log.warning("cannot look at the lock, waiting",
                       {{"component", "lock"}, {"lock", settings_.lock}, {"error", describe(failure)}, {"wait", wait.count()}});
    co_await back_off_for(wait);
    co_return false;
}

lock::Claimant Loop::claimant(bool forced) const {
    return {parts_.identity, settings_.ttl, settings_.foreign_stale_after, settings_.settle, forced};
}

void Loop::count_contention() {
    auto const& token = sight_.look().token;
    if (!sight_.look().row || !token || contended_ == token) return;
    contended_ = token;
    if (std::exchange(lost_swap_, false)) return;  // counted when it was lost
    parts_.metrics.lock_contention_total(settings_.lock).increment();
    parts_.log.debug("the lock is held by another", {{"component", "lock"}, {"lock", settings_.lock}});
}

Task<> Loop::run() {
    while (!stopping_) {
        if (asked_) {
            co_await wakeup_.wait_until(parts_.clock, BootTime::time_point::max());
            continue;
        }
        bool const seen = std::exchange(told_, false) || co_await try_observe();
        if (!seen || stopping_ || asked_) continue;
        auto next = lock::decide(settings_.lock, sight_, claimant(false), parts_.clock.now());
        if (auto const* wait = std::get_if<lock::Wait>(&next)) {
            if (wait->reason == lock::Reason::held || wait->reason == lock::Reason::foreign) count_contention();
            // Contenders that wake at one due time would all pay for a lost swap: they spread a little.
            milliseconds const jitter{static_cast<std::int64_t>(random_() % 11)};
            waiting_ = true;
            co_await wakeup_.wait_until(parts_.clock, wait->until + jitter);
            waiting_ = false;
            continue;
        }
        std::exception_ptr failure;
        try {
            Attending const attending{*this};
            co_await place(std::get<lock::Bid>(next), tick_, true);
        } catch (...) {
            failure = std::current_exception();
        }
        if (!failure) {
            failed_bids_ = 0;
            // Whoever won is seen at the next look; a swap that is refused for another reason is tried ever more seldom, and
            // so is a lock whose holds are lost one after another.
            auto const pause = brief_back_off(lost_swap_ ? refusals_ : losses_ - 1);
            if (pause > 0ms) co_await wakeup_.wait_until(parts_.clock, parts_.clock.now() + pause);
            continue;
        }
        if (is_cancelled(failure)) std::rethrow_exception(failure);
        parts_.metrics.lock_errors_total(settings_.lock, "acquire").increment();
        parts_.log.warning("an attempt at the lock failed",
                           {{"component", "lock"}, {"lock", settings_.lock}, {"error", describe(failure)}});
        co_await back_off_for(back_off(failed_bids_++));
    }
}

Task<Loop::Once> Loop::once(milliseconds patience, Tick tick, bool whole) {
    Asked const asked{*this};
    while (attending_ && !hold_ && !stopping_) co_await asked_wakeup_.wait_until(parts_.clock, BootTime::time_point::max());
    if (stopping_) co_return Once{{}, sight_.look(), true};
    if (hold_) co_return Once{{}, sight_.look(), false};
    auto attempting = attempt(patience, tick ? tick : tick_, whole);
    co_return co_await std::move(attempting);
}

Task<Loop::Once> Loop::attempt(milliseconds patience, Tick const& tick, bool whole) {
    co_await observe();
    auto const until = parts_.clock.now() + patience + 100ms;  // care counts from the reply, too
    for (;; co_await observe()) {
        auto const now = parts_.clock.now();
        auto next = lock::decide(settings_.lock, sight_, claimant(true), now);
        if (auto* bid = std::get_if<lock::Bid>(&next)) {
            auto result = co_await place(*bid, tick, whole);
            if (result) co_return Once{std::move(result), sight_.look(), false};
            if (stopping_) co_return Once{{}, sight_.look(), true};
            if (waited_ && (alike_ >= suspicious_waits || parts_.clock.now() >= until)) {
                if (obstacle_.empty()) tell_of_wait();
                co_return Once{{}, sight_.look(), false, true};
            }
            if (!waited_ && alike_ >= suspicious_refusals) throw pg::DatabaseError{std::string{refused_for_ever}, "", false};
            auto const pause = brief_back_off(refusals_);
            co_await parts_.clock.sleep_for(pause);
            continue;
        }
        // A holder that lives has renewed lately; one that missed its renewal by as long as one may take is probably dead.
        constexpr auto late = 800ms;
        auto const& wait = std::get<lock::Wait>(next);
        bool const renewed = wait.until - now > std::min(settings_.ttl / 2, settings_.ttl - settings_.renew_every - late);
        bool const lives = wait.reason == lock::Reason::foreign || (wait.reason == lock::Reason::held && renewed);
        if (lives || now >= until || stopping_) {
            if (!stopping_) count_contention();
            co_return Once{{}, sight_.look(), stopping_};
        }
        co_await asked_wakeup_.wait_until(parts_.clock, std::min(wait.until, until));
    }
}

void Loop::count_refusal(bool waited) {
    ++refusals_;
    alike_ = std::exchange(waited_, waited) == waited ? alike_ + 1 : 1;
    if (!std::exchange(lost_swap_, true)) parts_.metrics.lock_contention_total(settings_.lock).increment();
    parts_.log.debug("lost the race for the lock", {{"component", "lock"}, {"lock", settings_.lock}, {"waited", waited}});
    if (alike_ >= (waited ? suspicious_waits : suspicious_refusals)) tell_obstacle();
}

void Loop::tell_obstacle() {
    auto const what = waited_ ? lock::row_is_kept : refused_for_ever;
    if (std::exchange(obstacle_, what) != what) parts_.log.warning(what, {{"component", "lock"}, {"lock", settings_.lock}});
}

// Once may be another's slow commit.
void Loop::tell_of_wait() {
    parts_.log.info("the row of the lock was locked for as long as was waited; if that stays so, " + std::string{lock::row_is_kept},
                    {{"component", "lock"}, {"lock", settings_.lock}});
}

void Loop::end_refusals() {
    refusals_ = alike_ = 0;
    if (std::exchange(obstacle_, {}).empty()) return;
    parts_.log.info("the lock has moved on since every attempt at it was refused", {{"component", "lock"}, {"lock", settings_.lock}});
}

void Loop::count_win(lock::Grant const& grant, lock::Bid const& bid, BootTime::duration since_look) {
    auto& metrics = parts_.metrics;
    metrics.lock_acquisitions_total(settings_.lock, grant.how).increment();
    metrics.lock_term(settings_.lock).set(static_cast<double>(grant.term));
    std::chrono::duration<double> const waited = std::chrono::duration<double>{-bid.seen.due_in} + since_look;
    if (!bid.forced) metrics.lock_wait_seconds(settings_.lock).observe(waited);
    std::string_view const kind = grant.how == "free" ? "released" : grant.how == "foreign" ? "expired" : std::string_view{grant.how};
    if (grant.handover) metrics.lock_handover_seconds(settings_.lock, kind).observe(std::chrono::duration<double>{*grant.handover});
}

Task<std::optional<TickResult>> Loop::place(lock::Bid bid, Tick const& tick, bool whole) {
    auto const sent = parts_.clock.now();
    auto attempt = co_await parts_.store.acquire(bid);
    parts_.metrics.lock_acquire_duration_seconds(settings_.lock).observe(parts_.clock.now() - sent);
    auto const& grant = attempt.grant;
    if (!grant) {
        count_refusal(attempt.waited);
        co_return std::nullopt;
    }
    lost_swap_ = false;
    end_refusals();
    own_term_ = grant->term;
    count_win(*grant, bid, sent - sight_.received());
    lock::Hold::Terms const terms{settings_.lock, grant->token, grant->term, bid.ttl, grant->quarantine};
    co_return co_await run_hold(*grant, terms, sent, tick, whole);
}

}  // namespace groomer::reconcile
