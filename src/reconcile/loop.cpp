#include "reconcile/loop.hpp"

#include "base/error.hpp"
#include "reconcile/renewal.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace groomer::reconcile {
namespace {

using namespace std::chrono_literals;

// After a full batch the row stays free for this long, so that foreign programs have their turn.
constexpr milliseconds gap_after_full_batch{250};

std::string_view name(TickOutcome outcome) {
    switch (outcome) {
        case TickOutcome::done: return "done";
        case TickOutcome::nothing_to_do: return "nothing_to_do";
        case TickOutcome::aborted: return "aborted";
        case TickOutcome::error: return "error";
    }
    return {};
}

std::string_view name(lock::Loss loss) {
    switch (loss) {
        case lock::Loss::expired: return "expired";
        case lock::Loss::replaced: return "replaced";
        case lock::Loss::fenced: return "fenced";
        case lock::Loss::none: break;
    }
    return "none";
}

// 1 s doubling to 30 s.
milliseconds back_off(int failures) { return std::min(milliseconds{1000} * (1 << std::min(failures, 5)), milliseconds{30'000}); }

}  // namespace

Loop::Loop(LoopParts parts, LoopSettings settings, Tick tick)
    : parts_{std::move(parts)},
      settings_{std::move(settings)},
      tick_{std::move(tick)},
      wakeup_{parts_.executor},
      random_{parts_.seed},
      changed_{std::make_shared<Wakeup>(parts_.executor)} {}

Loop::~Loop() = default;

void Loop::wake() { wakeup_.notify(); }

void Loop::stop() {
    stopping_ = true;
    stop_at_ = parts_.clock.now() + settings_.grace;
    if (hold_) hold_->wind_down();
    wakeup_.notify();
    changed_->notify();
}

Task<> Loop::observe() {
    auto const sent = parts_.clock.now();
    auto look = co_await parts_.store.look(settings_.lock);
    auto const received = parts_.clock.now();
    if (!look) {
        co_await parts_.store.ensure(settings_.lock);
        co_return co_await observe();
    }
    sight_.saw(*look, sent, received);
    parts_.metrics.lock_term(settings_.lock).set(static_cast<double>(look->term));
    parts_.metrics.paused().set(look->paused ? 1 : 0);
}

Task<bool> Loop::try_observe() {
    std::exception_ptr failure;
    try {
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
    co_await wakeup_.wait_until(parts_.clock, parts_.clock.now() + wait);
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
        bool const seen = co_await try_observe();
        if (!seen || stopping_) continue;
        auto next = lock::decide(settings_.lock, sight_, claimant(false), parts_.clock.now());
        if (auto const* wait = std::get_if<lock::Wait>(&next)) {
            if (wait->reason == lock::Reason::held || wait->reason == lock::Reason::foreign) count_contention();
            // Contenders that wake at one due time would all pay for a lost swap: they spread a little.
            milliseconds const jitter{static_cast<std::int64_t>(random_() % 21)};
            co_await wakeup_.wait_until(parts_.clock, wait->until + jitter);
            continue;
        }
        std::exception_ptr failure;
        try {
            co_await place(std::get<lock::Bid>(next));
        } catch (...) {
            failure = std::current_exception();
        }
        if (!failure) {
            // Whoever won is seen at the next look; a swap that is refused for another reason is not tried in a spin.
            if (lost_swap_) co_await wakeup_.wait_until(parts_.clock, parts_.clock.now() + 20ms);
            continue;
        }
        if (is_cancelled(failure)) std::rethrow_exception(failure);
        parts_.metrics.lock_errors_total(settings_.lock, "acquire").increment();
        parts_.log.warning("an attempt at the lock failed",
                           {{"component", "lock"}, {"lock", settings_.lock}, {"error", describe(failure)}});
        co_await wakeup_.wait_until(parts_.clock, parts_.clock.now() + 1s);
    }
}

Task<Loop::Once> Loop::once(milliseconds patience) {
    co_await observe();
    auto const until = parts_.clock.now() + patience + 100ms;  // care counts from the reply, too
    for (;; co_await observe()) {
        auto const now = parts_.clock.now();
        auto next = lock::decide(settings_.lock, sight_, claimant(true), now);
        if (auto* bid = std::get_if<lock::Bid>(&next)) {
            auto result = co_await place(*bid);
            if (!result) co_await observe();
            co_return Once{std::move(result), sight_.look()};
        }
        // A holder that lives has renewed lately; one that has not for half its ttl is probably dead.
        auto const& wait = std::get<lock::Wait>(next);
        bool const lives =
            wait.reason == lock::Reason::foreign || (wait.reason == lock::Reason::held && wait.until - now > settings_.ttl / 2);
        if (lives || now >= until || stopping_) co_return Once{{}, sight_.look()};
        co_await wakeup_.wait_until(parts_.clock, std::min(wait.until, until));
    }
}

void Loop::count_win(lock::Grant const& grant, lock::Bid const& bid) {
    auto& metrics = parts_.metrics;
    metrics.lock_acquisitions_total(settings_.lock, grant.how).increment();
    metrics.lock_term(settings_.lock).set(static_cast<double>(grant.term));
    metrics.lock_wait_seconds(settings_.lock).observe(std::chrono::duration<double>{std::max(-bid.seen.due_in, 0.0)});
    std::string_view const kind = grant.how == "free" ? "released" : grant.how == "foreign" ? "expired" : std::string_view{grant.how};
    if (grant.handover) metrics.lock_handover_seconds(settings_.lock, kind).observe(std::chrono::duration<double>{*grant.handover});
}

Task<std::optional<TickResult>> Loop::place(lock::Bid bid) {
    auto const sent = parts_.clock.now();
    auto grant = co_await parts_.store.acquire(bid);
    parts_.metrics.lock_acquire_duration_seconds(settings_.lock).observe(parts_.clock.now() - sent);
    if (!grant) {
        if (!std::exchange(lost_swap_, true)) parts_.metrics.lock_contention_total(settings_.lock).increment();
        parts_.log.debug("lost the race for the lock", {{"component", "lock"}, {"lock", settings_.lock}});
        co_return std::nullopt;
    }
    lost_swap_ = false;
    count_win(*grant, bid);
    lock::Hold::Terms const terms{settings_.lock, grant->token, grant->term, bid.ttl, grant->quarantine};
    co_return co_await run_hold(*grant, terms, sent);
}

Task<TickResult> Loop::run_hold(lock::Grant grant, lock::Hold::Terms terms, BootTime::time_point sent) {
    auto const started = parts_.clock.now();
    auto const hold = std::make_shared<lock::Hold>(parts_.clock, terms, sent, started);
    hold_ = hold;
    if (stopping_) hold->wind_down();
    parts_.metrics.set_lock_held_probe(terms.lock, [hold] { return hold->may_act(); });
    parts_.log.debug("holding the lock", {{"component", "lock"}, {"lock", terms.lock}, {"term", terms.term}, {"how", grant.how}});
    Renewal::Parts const renewal_parts{parts_.clock, parts_.log, parts_.metrics, parts_.store, parts_.renewals, parts_.executor};
    auto const renewal = std::make_shared<Renewal>(renewal_parts, hold, settings_.renew_every, changed_);
    renewal->start(sent);
    auto const course = co_await run_tick(hold);
    auto result = judge(*hold, course);
    auto const took = parts_.clock.now() - started;
    parts_.metrics.ticks_total(settings_.job, name(result.outcome)).increment();
    parts_.metrics.tick_duration_seconds(settings_.job).observe(took);
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await release(*hold, result);
    co_await renewal->stop();
    parts_.metrics.lock_hold_seconds(terms.lock).observe(parts_.clock.now() - started);
    parts_.metrics.set_lock_held_probe(terms.lock, {});
    hold_.reset();
    co_return result;
}

BootTime::time_point Loop::attention(lock::Hold const& hold, BootTime::time_point started) const {
    return std::min({hold.deadline(), started + settings_.max_tick, stop_at_});
}

Task<Loop::Course> Loop::run_tick(std::shared_ptr<lock::Hold> hold) {
    Course course;
    bool ended = false;
    TaskGroup group{parts_.executor, [&](std::string const&, std::exception_ptr error) { course.error = error; }};
    auto body = [&]() -> Task<> { course.result = co_await tick_(hold); };
    auto watched = [&, body]() -> Task<> {
        std::exception_ptr error;
        try {
            co_await body();
        } catch (...) {
            error = std::current_exception();
        }
        ended = true;
        changed_->notify();
        if (error) std::rethrow_exception(error);
    };
    group.spawn("tick", watched);
    auto const started = parts_.clock.now();
    while (!ended) {
        co_await changed_->wait_until(parts_.clock, attention(*hold, started));
        if (ended) break;
        auto const now = parts_.clock.now();
        if (now >= hold->deadline()) hold->lose(lock::Loss::expired);
        course.overran = now >= started + settings_.max_tick;
        if (hold->loss() != lock::Loss::none || course.overran || now >= stop_at_) break;
    }
    if (!ended) {
        hold->wind_down();
        group.cancel();
    }
    co_await group.join();
    co_return course;
}

TickResult Loop::judge(lock::Hold const& hold, Course const& course) {
    auto result = course.result.value_or(TickResult{TickOutcome::aborted, false, false, false, ""});
    auto const& terms = hold.terms();
    if (hold.loss() != lock::Loss::none) {
        result.outcome = TickOutcome::aborted;
        parts_.metrics.lock_lost_total(terms.lock, name(hold.loss())).increment();
        parts_.log.warning("the hold was lost",
                           {{"component", "lock"}, {"lock", terms.lock}, {"term", terms.term}, {"cause", name(hold.loss())}});
    } else if (course.error && !is_cancelled(course.error)) {
        result.outcome = TickOutcome::error;
        result.clean = false;
        parts_.log.error("the tick failed",
                         {{"component", settings_.job}, {"lock", terms.lock}, {"term", terms.term}, {"error", describe(course.error)}});
    } else if (course.overran) {
        result.outcome = TickOutcome::error;
        parts_.log.error("the tick outlasted schedule.max_tick and was cut short",
                         {{"component", settings_.job}, {"lock", terms.lock}, {"term", terms.term}});
    }
    bool const good = result.outcome == TickOutcome::done || result.outcome == TickOutcome::nothing_to_do;
    if (good) parts_.metrics.tick_last_success_timestamp_seconds(settings_.job).set(std::chrono::system_clock::now());
    return result;
}

Task<> Loop::release(lock::Hold& hold, TickResult const& result) {
    auto const& terms = hold.terms();
    lock::Release request{
        terms.lock, terms.token, result.clean, lock::Ended::kept, result.more ? gap_after_full_batch : settings_.every, settings_.every};
    if (result.outcome == TickOutcome::error) request.ended = lock::Ended::failed;
    else if (result.outcome != TickOutcome::aborted && result.whole) request.ended = lock::Ended::finished;
    // Three tries, while the row can still be ours; after that its ttl covers it.
    for (int attempt = 0; attempt < 3 && hold.may_act(); ++attempt) {
        std::exception_ptr failure;
        bool released = false;
        try {
            released = co_await parts_.store.release(request);
        } catch (...) {
            failure = std::current_exception();
        }
        if (!failure) {
            if (!released && attempt == 0)
                parts_.log.warning("the hold was lost before its release",
                                   {{"component", "lock"}, {"lock", terms.lock}, {"term", terms.term}});
            co_return;
        }
        parts_.metrics.lock_errors_total(terms.lock, "release").increment();
        parts_.log.warning("a release failed",
                           {{"component", "lock"}, {"lock", terms.lock}, {"term", terms.term}, {"error", describe(failure)}});
        co_await parts_.clock.sleep_for(200ms);
    }
}

}  // namespace groomer::reconcile
