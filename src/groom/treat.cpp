// The way of one issue through a tick: read, guarded, judged, planned, written, recorded.
#include "groom/apply.hpp"
#include "groom/batch.hpp"
#include "groom/guard.hpp"
#include "groom/labels.hpp"
#include "groom/outcome.hpp"
#include "groom/plan.hpp"
#include "groom/remarks.hpp"
#include "groom/revision.hpp"
#include "groom/texts.hpp"

#include <algorithm>

namespace groomer::groom {
namespace {

// But for those that the plan writes.
std::vector<std::string> our_comments(tracker::Issue const& issue, Plan const& plan) {
    std::vector<std::string> out;
    for (auto const& comment : issue.comments)
        if (comment.actor == tracker::Actor::self &&
            std::none_of(plan.comments.begin(), plan.comments.end(), [&](auto const& one) { return one.name == comment.name; }))
            out.push_back(comment.name + "\n" + comment.body);
    return out;
}

// They are none of the revision: people may have edited them.
bool our_texts_are_same(tracker::Issue const& a, tracker::Issue const& b) {
    auto const texts = [](tracker::Issue const& issue) {
        std::vector<std::string> out;
        for (auto const& section : issue.sections) out.push_back(section.name + "\n" + section.text);
        return out;
    };
    return texts(a) == texts(b) && our_comments(a, {}) == our_comments(b, {});
}

// Also in sections, which are none of the revision, but for those that the plan writes: they read as they did, or as it wants them.
bool sections_are_same(tracker::Issue const& now, tracker::Issue const& seen, Plan const& plan) {
    // "" is none, as in set_section().
    auto const text = [](auto const& texts, std::string_view name) -> std::optional<std::string> {
        auto const found = std::find_if(texts.begin(), texts.end(), [&](auto const& one) { return one.name == name; });
        return found == texts.end() ? std::nullopt : std::optional{normalised(found->text)};
    };
    auto const same = [&](auto const& one) {
        auto const there = text(now.sections, one.name).value_or("");
        return there == text(seen.sections, one.name).value_or("") || there == text(plan.sections, one.name);
    };
    return std::all_of(now.sections.begin(), now.sections.end(), same) && std::all_of(seen.sections.begin(), seen.sections.end(), same);
}

// Closing cannot be called back, and what forbids it is none of the revision: to edit or delete a comment of ours is an answer, too.
Task<bool> is_still_same(Entry const& entry, store::Claimed const& claimed, tracker::Issue const& seen, Plan const& plan) {
    auto reading = read_now(entry, claimed, plan.close ? Reading::anew : Reading::usual);
    auto const now = co_await std::move(reading);
    co_return now&& revision(*now) == revision(seen) && sections_are_same(*now, seen, plan) &&
        (!plan.close || (may_be_closed(*now) && our_comments(*now, plan) == our_comments(seen, plan)));
}

// A plan that writes comments, and leaves the labels as they are.
Plan suggesting(store::Record const& record, std::vector<NamedText> comments) {
    Plan out;
    out.after = record.labels_before;
    out.own_after = record.own_labels;
    out.comments = std::move(comments);
    return out;
}

}  // namespace

Task<std::optional<tracker::Issue>> read_now(Entry const& entry, store::Claimed const& claimed, Reading how) {
    auto reading = how == Reading::anew ? entry.tracker->read_anew(claimed.ref) : entry.tracker->read(claimed.ref);
    auto issue = co_await std::move(reading);
    if (!issue) co_return issue;
    for (auto const& label : claimed.taken_away) issue->events.push_back({label, false, tracker::Actor::person});
    co_return issue;
}

Task<std::optional<tracker::Issue>> read_or_leave(Entry const& entry, store::Claimed const& claimed, store::Record& record) {
    std::optional<tracker::Issue> issue;
    std::optional<std::string> unreadable;
    try {
        auto reading = read_now(entry, claimed, Reading::usual);
        issue = co_await std::move(reading);
    } catch (tracker::IssueUnreadable const& error) {
        unreadable = error.what();
    }
    if (unreadable) leave_unread(record, *unreadable, claimed.failures);
    else if (!issue) leave_to_return(record);
    co_return issue;
}

Task<> Groomer::groom(std::shared_ptr<Batch> batch, store::Claimed claimed) {
    auto const entry = batch->entries.find(claimed.source);
    if (entry == batch->entries.end()) co_return;
    auto const started = parts_.clock.now();
    auto record = co_await treat(batch, entry->second, claimed);
    record.issue = claimed.id;
    record.pod = parts_.pod;
    record.mode = config::name_of(entry->second.settings.policy.mode);
    record.keep_schedule = batch->target.dry_run;
    record.claimed_due = claimed.due;
    record.duration = std::chrono::duration_cast<std::chrono::milliseconds>(parts_.clock.now() - started);
    if (record.outcome.empty()) {  // the hold was over, or about to be, before anything was settled
        if (batch->hold->winding_down()) batch->left.push_back(std::move(claimed));
        co_return;
    }
    auto const run = co_await store::record(parts_.store, *batch->hold, record);
    tell(*batch, claimed, record, run);
}

void Groomer::tell(Batch& batch, store::Claimed const& claimed, store::Record const& record, std::int64_t run) {
    parts_.metrics.issue_duration_seconds().observe(parts_.clock.now() - batch.claimed_at);
    count(claimed, record);
    parts_.log.info(batch.target.undo ? "taken back" : "groomed", {{"component", "groom"},
                                                                   {"term", batch.hold->terms().term},
                                                                   {"repo", claimed.ref.repo},
                                                                   {"issue", claimed.ref.number},
                                                                   {"run", run},
                                                                   {"outcome", record.outcome},
                                                                   {"reason", record.reason},
                                                                   {"added", joined(record.added)},
                                                                   {"removed", joined(record.removed)}});
    batch.report.issues.push_back({claimed.ref, record.outcome, record.reason, record.added, record.removed});
}

Task<store::Record> Groomer::treat(std::shared_ptr<Batch> batch, Entry const& entry, store::Claimed const& claimed) {
    auto const& policy = entry.settings.policy;
    store::Record record;
    auto reading = read_or_leave(entry, claimed, record);
    auto const issue = co_await std::move(reading);
    if (!issue) co_return record;
    record.revision = revision(*issue);
    record.labels_before = sorted(issue->labels);
    record.labels_after = record.labels_before;
    record.own_labels = standing_of_ours(*issue);
    if (auto const why = guard(*issue, policy)) {
        leave_alone(record, *why, parked_for(*issue));
        record.undone = claimed.undone;
        co_return record;
    }
    if (claimed.undone == record.revision && !batch->target.force) {
        leave_undone(record);
        co_return record;
    }
    Case one{*batch->hold, entry, claimed.id, *issue, record.revision, batch->target.force};
    auto judging = parts_.judge.judge(one);
    auto const judgement = co_await std::move(judging);
    if (!judgement) co_return record;
    record.judgement = model::to_json(*judgement);
    co_await act_on(batch, entry, claimed, *issue, *judgement, record);
    co_return record;
}

Task<> Groomer::act_on(std::shared_ptr<Batch> batch, Entry const& entry, store::Claimed const& claimed, tracker::Issue const& issue,
                       model::Judgement const& judgement, store::Record& record) {
    auto const& policy = entry.settings.policy;
    auto wanted = plan(issue, judgement, policy, claimed.own_labels);
    note_decisions(claimed, judgement, wanted);
    record.added = wanted.add;
    record.removed = wanted.remove;
    record.overridden = wanted.overridden;
    auto choosing = texts_on(claimed.id, issue, judgement, policy, record.revision, wanted);
    auto said = co_await std::move(choosing);
    if (policy.mode != config::Mode::suggest) {
        wanted.comments = said.now;
        wanted.close = said.close;
    }
    settle(record, wanted, policy, !judgement.fallback.empty());
    if (said.later && record.due_in) record.due_in = std::min(*record.due_in, *said.later);
    if (policy.mode == config::Mode::apply) co_await carry_out(batch, entry, claimed, issue, wanted, record);
    if (policy.mode == config::Mode::suggest) {
        auto const suggested = suggesting(record, std::move(said.now));
        co_await carry_out(batch, entry, claimed, issue, suggested, record);
    }
}

void Groomer::note_decisions(store::Claimed const& claimed, model::Judgement const& judgement, Plan const& wanted) {
    for (auto const& family : wanted.families) {
        if (auto const* decision = judgement.find(family.family))
            parts_.metrics.decisions_total(family.family, model::name(decision->source), family.outcome).increment();
        if (family.outcome == "escalated")
            parts_.log.warning("an issue may need a label that people alone set", {{"component", "groom"},
                                                                                   {"repo", claimed.ref.repo},
                                                                                   {"issue", claimed.ref.number},
                                                                                   {"family", family.family},
                                                                                   {"why", family.reason}});
    }
    for (auto const& family : wanted.overridden) parts_.metrics.human_overrides_total(family).increment();
}

// Adds title and section to the plan, and returns the rest.
Task<Remarks> Groomer::texts_on(std::int64_t id, tracker::Issue const& issue, model::Judgement const& judgement,
                                config::Policy const& policy, std::string const& revision, Plan& wanted) {
    Remarks out;
    if (!has_texts(judgement, policy) && wishes(issue, judgement, policy, wanted).empty()) co_return out;
    auto asking = store::said(parts_.store, id);
    auto const known = co_await std::move(asking);
    add_texts(wanted, issue, judgement, policy, known);
    out = remarks(wishes(issue, judgement, policy, wanted), issue, known, policy.comments_cooldown, revision);
    co_return out;
}

Task<> Groomer::carry_out(std::shared_ptr<Batch> batch, Entry const& entry, store::Claimed const& claimed, tracker::Issue const& seen,
                          Plan const& wanted, store::Record& record) {
    if (wanted.empty()) co_return;
    // Read again: what changed since the decision makes the plan stale, and nothing is written.
    auto reading = read_now(entry, claimed, wanted.close ? Reading::anew : Reading::usual);
    auto const now = co_await std::move(reading);
    bool const same =
        now && revision(*now) == record.revision && sorted(now->labels) == record.labels_before && our_texts_are_same(*now, seen);
    if (!same || (wanted.close && !may_be_closed(*now))) {
        go_stale(record);
        co_return;
    }
    batch->being_written.insert(claimed.id);
    ApplyParts parts{parts_.clock, parts_.log, parts_.metrics, parts_.store, parts_.write_limit};
    parts.still_same = [&entry, &claimed, &seen, &wanted] { return is_still_same(entry, claimed, seen, wanted); };
    auto applying = apply(parts, batch->hold, *entry.tracker, claimed.id, claimed.ref, record.revision, wanted);
    auto applied = co_await std::move(applying);
    take_result(record, wanted, applied, claimed.failures);
    batch->wrote = batch->wrote || record.outcome != "failed";
    batch->being_written.erase(claimed.id);
    if (applied.unanswered) batch->report.clean = false;
    if (applied.withheld && !applied.changed) record.outcome.clear();
    if (applied.fenced) {
        if (batch->hold->may_act())  // the database says that the term is ours
            throw Error{ErrorCode::failure, "the tracker of " + entry.settings.name + " refuses term " +
                                                std::to_string(batch->hold->terms().term) +
                                                ": it has seen a later one, from another database or a clock that was ahead"};
        record.outcome.clear();
    }
    record.steps = std::move(applied.steps);
}

void Groomer::count(store::Claimed const& claimed, store::Record const& record) {
    auto const shown = record.outcome == "skipped" ? std::string{"noop"} : record.outcome == "undone" ? "applied" : record.outcome;
    parts_.metrics.issues_groomed_total(claimed.ref.repo, shown).increment();
}

}  // namespace groomer::groom
