// A hold of the loop, from its begin to its release: the tick beside its renewals, and what is made of how it ended.
#include "base/error.hpp"
#include "reconcile/loop.hpp"
#include "reconcile/renewal.hpp"

#include <algorithm>
#include <utility>

namespace groomer::reconcile {
namespace {

using namespace std::chrono_literals;

// After a full batch the row stays free for this long, so that foreign programs have their turn.
constexpr milliseconds gap_after_full_batch{250};

// A tick has ended by max_tick and what run_tick waits for one that it has cancelled. Where the thread of the loop hangs, and nothing ends
// (a log that nobody reads), the row is not kept for longer than this beyond max_tick.
constexpr milliseconds longest_end{10'000};

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

}  // namespace

Task<TickResult> Loop::run_hold(lock::Grant grant, lock::Hold::Terms terms, BootTime::time_point sent, Tick const& tick, bool whole) {
    auto const started = parts_.clock.now();
    auto const hold = std::make_shared<lock::Hold>(parts_.clock, terms, sent, started);
    hold_ = hold;
    asked_wakeup_.notify();  // who asks meanwhile need not wait for its end
    if (stopping_) hold->wind_down();
    parts_.metrics.set_lock_held_probe(terms.lock, [hold] { return hold->may_act(); });
    parts_.log.debug("holding the lock", {{"component", "lock"}, {"lock", terms.lock}, {"term", terms.term}, {"how", grant.how}});
    Renewal::Parts const renewal_parts{parts_.clock, parts_.log, parts_.metrics, parts_.store, parts_.renewals, parts_.executor};
    auto const renewal = std::make_shared<Renewal>(renewal_parts, hold, settings_.renew_every, changed_);
    renewal->start(sent, started + settings_.max_tick + longest_end);
    std::exception_ptr failure;
    TickResult result{TickOutcome::aborted, false, false, ""};
    bool in_time = false;
    try {
        TickWatch const watch{parts_.clock, parts_.executor, *changed_, settings_.max_tick, stop_at_};
        auto const course = co_await run_tick(watch, tick, hold);
        in_time = hold->may_act();
        if (!in_time) hold->lose(lock::Loss::expired);  // nobody may have looked since its deadline
        result = judge(*hold, course);
    } catch (...) {
        failure = std::current_exception();
    }
    auto const took = parts_.clock.now() - started;
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    renewal->stop();
    if (!failure && in_time) co_await release(*hold, result, whole);
    count_end(*hold, result, took, parts_.clock.now() - started);
    hold_.reset();
    co_await renewal->join();  // its statement may hang for longer than others are to wait for the release
    if (failure) std::rethrow_exception(failure);
    co_return result;
}

// took: the tick; held: the row.
void Loop::count_end(lock::Hold const& hold, TickResult const& result, BootTime::duration took, BootTime::duration held) {
    auto& metrics = parts_.metrics;
    metrics.ticks_total(settings_.job, name(result.outcome)).increment();
    metrics.tick_duration_seconds(settings_.job).observe(took);
    bool const good = result.outcome == TickOutcome::done || result.outcome == TickOutcome::nothing_to_do;
    if (good) metrics.tick_last_success_timestamp_seconds(settings_.job).set(std::chrono::system_clock::now());
    metrics.lock_hold_seconds(hold.terms().lock).observe(held);
    metrics.set_lock_held_probe(hold.terms().lock, {});
    losses_ = hold.loss() == lock::Loss::none ? 0 : losses_ + 1;
}

void Loop::tell_loss(lock::Hold const& hold) {
    auto const& terms = hold.terms();
    parts_.metrics.lock_lost_total(terms.lock, name(hold.loss())).increment();
    parts_.log.warning("the hold was lost",
                       {{"component", "lock"}, {"lock", terms.lock}, {"term", terms.term}, {"cause", name(hold.loss())}});
}

TickResult Loop::judge(lock::Hold const& hold, Course const& course) {
    auto result = course.result.value_or(TickResult{TickOutcome::aborted, false, false, ""});
    auto const& terms = hold.terms();
    if (course.overran)
        parts_.log.error("the tick outlasted schedule.max_tick and was cut short",
                         {{"component", settings_.job}, {"lock", terms.lock}, {"term", terms.term}});
    if (hold.loss() != lock::Loss::none) {
        result.outcome = TickOutcome::aborted;
        tell_loss(hold);
    } else if (course.error && !is_cancelled(course.error)) {
        result.outcome = TickOutcome::error;
        result.clean = false;
        parts_.log.error("the tick failed",
                         {{"component", settings_.job}, {"lock", terms.lock}, {"term", terms.term}, {"error", describe(course.error)}});
    } else if (course.overran) {
        result.outcome = TickOutcome::error;
    }
    return result;
}

Task<> Loop::release(lock::Hold& hold, TickResult& result, bool whole) {
    auto const& terms = hold.terms();
    // A quarantine that is not over is a moment of the database's clock, which a step would forget: the next holder waits anew.
    bool const clean = result.clean && parts_.clock.now() >= hold.quarantine_until();
    lock::Release request{terms.lock,     terms.token, clean, lock::Ended::kept, result.more ? gap_after_full_batch : settings_.every,
                          settings_.every};
    if (whole && result.outcome == TickOutcome::error) request.ended = lock::Ended::failed;
    else if (whole && result.outcome != TickOutcome::aborted) request.ended = lock::Ended::finished;
    // As long as the row can still be ours; after that its ttl covers it, and the next look that finds it repeats this. The
    // tick ended in time: a renewal that came too late since, or a reply that does, takes nothing of that back.
    auto pause = 200ms;
    for (int attempt = 0; hold.loss() == lock::Loss::none || hold.loss() == lock::Loss::expired; ++attempt) {
        std::exception_ptr failure;
        bool released = false;
        try {
            released = co_await parts_.store.release(request);
        } catch (...) {
            failure = std::current_exception();
        }
        if (!failure) {
            // A repeated release finds nothing where the reply to an earlier one was lost.
            if (released || attempt > 0) {
                last_release_ = std::move(request);
                co_return;
            }
            hold.lose(lock::Loss::replaced);
            break;
        }
        parts_.metrics.lock_errors_total(terms.lock, "release").increment();
        parts_.log.warning("a release failed, trying again",
                           {{"component", "lock"}, {"lock", terms.lock}, {"term", terms.term}, {"error", describe(failure)}});
        auto const next = parts_.clock.now() + pause;
        if (next >= std::min(hold.deadline(), stop_at_)) {
            last_release_ = std::move(request);
            co_return;
        }
        co_await parts_.clock.sleep_until(next);
        pause = std::min(pause * 2, 2000ms);
    }
    tell_loss(hold);
    result.outcome = TickOutcome::aborted;
}

}  // namespace groomer::reconcile
