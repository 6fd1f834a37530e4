// What a tick does when its issues are done with.
#include "groom/batch.hpp"
#include "store/backlog.hpp"
#include "store/issues.hpp"

#include <algorithm>

namespace groomer::groom {

using namespace std::chrono_literals;

// What was claimed and not groomed is the next tick's.
Task<> Groomer::put_back(Batch& batch) {
    constexpr auto pause = 10min;
    auto ids = batch.waiting;
    for (auto const& claimed : batch.left) ids.push_back(claimed.id);
    if (ids.empty() || !batch.hold->may_act()) co_return;
    co_await store::unclaim(parts_.store, *batch.hold, ids);
    if (batch.target.dry_run || batch.target.undo) co_return;
    if (!batch.failed.empty()) co_await store::put_last(parts_.store, *batch.hold, batch.failed, 0ms);
    if (!batch.failing.empty()) co_await store::put_last(parts_.store, *batch.hold, batch.failing, pause);
}

Task<> Groomer::finish(Batch& batch, std::vector<Entry> const& entries) {
    auto const hold = batch.hold;
    // Making the copy may take longer than a proof is fresh; the tracker itself refuses a term that is over.
    auto const may_act = [hold, &clock = parts_.clock, limit = parts_.write_limit] {
        return hold->may_act() && clock.now() + limit <= hold->deadline();
    };
    tracker::WriteGuard const guard{hold->terms().term, may_act};
    for (auto const& entry : entries) {
        if (entry.settings.policy.mode != config::Mode::apply) continue;
        auto const result = co_await entry.tracker->finish_pass(guard);
        if (result.outcome == tracker::WriteOutcome::done && !result.detail.empty())
            parts_.log.warning("the labelled copy is written",
                               {{"component", "groom"}, {"repo", entry.settings.name}, {"note", result.detail}});
        if (result.outcome == tracker::WriteOutcome::done || result.outcome == tracker::WriteOutcome::already) continue;
        batch.report.unreadable.insert(entry.settings.name);
        parts_.log.error("the labelled copy could not be written",
                         {{"component", "groom"}, {"repo", entry.settings.name}, {"error", result.detail}});
    }
    co_await forget(hold, entries);
}

// Counting costs as much as is due: while ticks follow one another, only now and then. In between the last count is shown: other replicas
// that ticked since have had it dropped here, and with many that race, nobody would show any.
Task<> Groomer::show_backlog(bool more_to_come) {
    constexpr auto now_and_then = 10s;
    if (more_to_come && backlog_at_ && parts_.clock.now() - *backlog_at_ < now_and_then) {
        parts_.metrics.set_backlog(backlog_);
        co_return;
    }
    backlog_at_ = parts_.clock.now();
    auto const backlog = co_await store::backlog(parts_.store);
    backlog_.clear();
    for (auto const& repo : backlog) {
        metrics::Backlog line{repo.repo, static_cast<std::size_t>(repo.due), {}};
        if (repo.due > 0)
            line.oldest = WallTime{std::chrono::duration_cast<WallTime::duration>(std::chrono::duration<double>{repo.oldest})};
        backlog_.push_back(std::move(line));
    }
    parts_.metrics.set_backlog(backlog_);
}

// Now and then, a bounded number of rows: what is older than the longest retention.
Task<> Groomer::forget(std::shared_ptr<lock::Hold> hold, std::vector<Entry> const& entries) {
    constexpr auto every = 10min;
    constexpr std::int64_t most_rows = 5000;
    if (entries.empty() || (forgot_at_ && parts_.clock.now() - *forgot_at_ < every)) co_return;
    forgot_at_ = parts_.clock.now();
    std::chrono::milliseconds keep{0};
    for (auto const& entry : entries) keep = std::max(keep, entry.settings.policy.retention);
    co_await store::forget_old(parts_.store, *hold, keep, most_rows);
}

}  // namespace groomer::groom
