// A tick that grooms nothing and takes back what earlier ones did.
#include "groom/batch.hpp"
#include "groom/undo.hpp"

#include "groom/outcome.hpp"
#include "groom/revision.hpp"

namespace groomer::groom {

// Recorded is what changes something; what only was looked at is told, and stays as it was.
Task<> Groomer::take_back(std::shared_ptr<Batch> batch, store::Claimed claimed) {
    auto const entry = batch->entries.find(claimed.source);
    if (entry == batch->entries.end()) co_return;
    auto const started = parts_.clock.now();
    auto treating = treat_back(batch, entry->second, claimed);
    auto record = co_await std::move(treating);
    if (record.outcome.empty()) co_return;  // the hold was over before anything was settled
    bool const changes = !batch->target.dry_run && record.outcome != "skipped" && record.outcome != "stale" && !record.unread;
    if (!changes) {
        batch->waiting.push_back(claimed.id);
        tell(*batch, claimed, record, 0);
        co_return;
    }
    record.issue = claimed.id;
    record.pod = parts_.pod;
    record.mode = "undo";
    record.claimed_due = claimed.due;
    record.duration = std::chrono::duration_cast<std::chrono::milliseconds>(parts_.clock.now() - started);
    auto const run = co_await store::record(parts_.store, *batch->hold, record);
    tell(*batch, claimed, record, run);
}

Task<store::Record> Groomer::treat_back(std::shared_ptr<Batch> batch, Entry const& entry, store::Claimed const& claimed) {
    auto const& policy = entry.settings.policy;
    store::Record record;
    auto reading = read_or_leave(entry, claimed, record);
    auto const issue = co_await std::move(reading);
    if (!issue) co_return record;
    if (auto const why = left_by_undo(*issue, claimed.acts, policy)) {
        leave_alone(record, *why, std::nullopt);
        co_return record;
    }
    record.revision = revision(*issue);
    record.labels_before = sorted(issue->labels);
    record.labels_after = record.labels_before;
    record.own_labels = standing_of_ours(*issue);
    auto const wanted = undo(*issue, claimed.acts, policy, claimed.own_labels);
    record.reason = wanted.reason;
    record.added = wanted.plan.add;
    record.removed = wanted.plan.remove;
    record.outcome = wanted.plan.empty() ? "noop" : batch->target.dry_run ? "planned" : "undone";
    if (batch->target.dry_run) co_return record;
    // As it is left: that we have opened it is no change of a person's.
    auto left = *issue;
    left.open = left.open || wanted.plan.reopen;
    auto const left_at = revision(left);
    if (!wanted.plan.empty()) co_await store::begin_undo(parts_.store, *batch->hold, claimed, left_at);
    co_await carry_out(batch, entry, claimed, *issue, wanted.plan, record);
    settle_undo(record, wanted);
    record.undone = left_at;
    co_return record;
}

}  // namespace groomer::groom
