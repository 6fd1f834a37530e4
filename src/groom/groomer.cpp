#include "groom/groomer.hpp"

#include "base/error.hpp"
#include "groom/batch.hpp"
#include "groom/guard.hpp"
#include "groom/labels.hpp"
#include "groom/outcome.hpp"
#include "groom/plan.hpp"
#include "groom/remarks.hpp"
#include "groom/revision.hpp"
#include "groom/texts.hpp"
#include "store/asked.hpp"
#include "store/issues.hpp"

#include <algorithm>

namespace groomer::groom {

using namespace std::chrono_literals;

namespace {

std::string_view mode_name(config::Mode mode) {
    switch (mode) {
        case config::Mode::dry_run: return "dry-run";
        case config::Mode::suggest: return "suggest";
        case config::Mode::apply: return "apply";
    }
    return {};
}

// While as many as may wait for a language model (model/endpoint.hpp sees to that), some more read, prepare, write and record.
std::int64_t workers_for(Entry const& entry) {
    auto const at_once = entry.settings.model.concurrency;
    return entry.model ? at_once + 2 + at_once / 4 : at_once;
}

// They are none of the revision: people may have edited them.
bool our_texts_are_same(tracker::Issue const& a, tracker::Issue const& b) {
    auto const texts = [](tracker::Issue const& issue) {
        std::vector<std::string> out;
        for (auto const& section : issue.sections) out.push_back(section.name + "\n" + section.text);
        for (auto const& comment : issue.comments)
            if (comment.actor == tracker::Actor::self) out.push_back(comment.name + "\n" + comment.body);
        return out;
    };
    return texts(a) == texts(b);
}

Task<bool> is_still_same(Entry const& entry, store::Claimed const& claimed, std::string const& judged) {
    auto reading = read_now(entry, claimed, Reading::usual);
    auto const issue = co_await std::move(reading);
    co_return issue&& revision(*issue) == judged;
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

Groomer::Groomer(GroomerParts parts) : parts_{std::move(parts)} {}

Task<std::vector<Entry>> Groomer::ready(std::vector<Entry> entries, Target const& target, lock::Hold& hold) {
    auto const known = co_await store::sources(parts_.store);
    std::vector<Entry> out;
    for (auto& entry : entries) {
        auto const source = std::find_if(known.begin(), known.end(), [&](auto const& s) { return s.name == entry.settings.name; });
        if (source == known.end() || !source->synced) continue;  // half a backlog teaches the local model half
        for (auto const& repo : source->repositories) parts_.metrics.know_repository(repo);
        // Whoever takes back asks for it, whatever the policy would do by itself; and applies none.
        if (target.undo) entry.settings.policy.mode = config::Mode::apply;
        if (target.dry_run) entry.settings.policy.mode = config::Mode::dry_run;
        else if (!target.undo) co_await store::apply_policy(parts_.store, hold, entry.settings.name, entry.policy_digest);
        out.push_back(std::move(entry));
    }
    co_return out;
}

Task<TickReport> Groomer::tick(std::shared_ptr<lock::Hold> hold, std::vector<Entry> entries, Target target) {
    auto const batch = std::make_shared<Batch>();
    batch->hold = hold;
    batch->target = target;
    bool const paused = co_await is_paused(*batch);
    if (paused) {
        batch->report.cut_short = true;
        co_return std::move(batch->report);
    }
    auto const usable = co_await ready(std::move(entries), target, *hold);
    for (auto const& entry : usable) batch->entries.emplace(entry.settings.name, entry);
    if (target.unseen && batch->entries.contains(target.unseen->source))
        co_await store::learn(parts_.store, *hold, target.unseen->source, target.unseen->issue);
    if (!usable.empty()) {
        auto claiming = claim(*batch);
        auto claimed = co_await std::move(claiming);
        batch->left.assign(std::make_move_iterator(claimed.issues.begin()), std::make_move_iterator(claimed.issues.end()));
        batch->report.full = claimed.full;
    }
    batch->claimed_at = parts_.clock.now();
    auto& report = batch->report;
    report.claimed = batch->left.size();
    if (report.claimed > 0) {
        if (!target.undo) co_await prepare(usable);
        co_await work_off(batch);
        if (!target.undo) report.cost = parts_.judge.cost();
        report.cost.seconds = std::chrono::duration<double>(parts_.clock.now() - batch->claimed_at).count();
    } else {
        co_await parts_.judge.idle_tick();
    }
    if (batch->served.empty())
        for (auto const& [source, failures] : batch->in_a_row) report.unreadable.insert(source);
    report.unreadable.insert(batch->given_up.begin(), batch->given_up.end());
    report.cut_short = !batch->left.empty();
    co_await put_back(*batch);
    bool const idle = target.undo && !batch->wrote;  // then the copies of files are as they were
    if (!report.full && !report.cut_short && !target.dry_run && !idle) co_await finish(*batch, usable);
    if (!target.dry_run && hold->may_act()) co_await show_backlog(report.full || report.cut_short);
    co_return std::move(report);
}

Task<store::Claim> Groomer::claim(Batch& batch) {
    auto const& target = batch.target;
    if (target.undo) {
        store::UndoOptions options{*target.undo, {}, parts_.lease};
        for (auto const& [name, entry] : batch.entries) options.sources.push_back(name);
        return store::claim_to_undo(parts_.store, *batch.hold, std::move(options));
    }
    store::ClaimOptions options;
    options.lease = parts_.lease;
    options.only = target.only;
    options.repo = target.repo;
    options.due_or_not = target.force;
    for (auto const& [name, entry] : batch.entries) options.sources.push_back({name, entry.settings.policy.batch});
    return store::claim(parts_.store, *batch.hold, std::move(options));
}

// What judges.
Task<> Groomer::prepare(std::vector<Entry> const& entries) {
    std::vector<config::Repository> settings;
    std::vector<std::string> asking;  // a language model
    for (auto const& entry : entries) {
        settings.push_back(entry.settings);
        if (entry.model) asking.push_back(entry.settings.name);
    }
    co_await parts_.learner.refresh(settings);
    co_await parts_.judge.begin_tick(std::move(asking));
}

Task<> Groomer::work_off(std::shared_ptr<Batch> batch) {
    // A tick that was cancelled meanwhile must reach join(), which hands it on to the workers.
    co_await asio::this_coro::throw_if_cancelled(false);
    std::int64_t concurrency = 1;
    for (auto const& [name, entry] : batch->entries) concurrency = std::max(concurrency, workers_for(entry));
    concurrency = std::min(concurrency, static_cast<std::int64_t>(batch->report.claimed));
    TaskGroup workers{parts_.executor, [&](std::string const&, std::exception_ptr error) { batch->error = error; }};
    for (std::int64_t i = 0; i < concurrency; ++i) workers.spawn("worker", [this, batch] { return work(batch); });
    co_await workers.join();
    if (batch->error) std::rethrow_exception(batch->error);
}

// What is taken back is taken back all the same: people who pause groomer may well want that.
Task<bool> Groomer::is_paused(Batch& batch) {
    constexpr auto fresh = 100ms;
    auto const now = parts_.clock.now();
    if (batch.target.undo || (batch.asked_at && now - *batch.asked_at < fresh)) co_return batch.report.paused;
    batch.asked_at = now;
    bool const paused = co_await store::is_paused(parts_.store);
    if (paused) batch.report.paused = true;
    co_return batch.report.paused;
}

// Before each issue. Others may have taken the last one while the database was asked.
Task<bool> Groomer::goes_on(Batch& batch) {
    auto const may = [&batch] { return !batch.left.empty() && !batch.error && !batch.hold->winding_down() && batch.hold->may_act(); };
    if (!may()) co_return false;
    bool const paused = co_await is_paused(batch);
    co_return !paused && may();
}

Task<> Groomer::work(std::shared_ptr<Batch> batch) {
    for (;;) {
        bool const next = co_await goes_on(*batch);
        if (!next) co_return;
        auto claimed = std::move(batch->left.front());
        batch->left.pop_front();
        auto& report = batch->report;
        if (batch->given_up.contains(claimed.source) || report.limited.contains(claimed.source)) {
            batch->waiting.push_back(claimed.id);
            continue;
        }
        std::exception_ptr failure;
        bool limited = false, refused = false;
        try {
            auto treating = batch->target.undo ? take_back(batch, claimed) : groom(batch, claimed);
            co_await std::move(treating);
        } catch (pg::DatabaseError const&) {
            throw;
        } catch (tracker::LimitReached const& reached) {
            failure = std::current_exception();
            limited = true;
            report.limited_until = std::min(report.limited_until.value_or(reached.until()), reached.until());
        } catch (Error const& error) {  // its tracker fails, which is no issue's fault: the others go on
            failure = std::current_exception();
            refused = error.code() == ErrorCode::credentials;
        }
        if (!failure) {
            batch->in_a_row.erase(claimed.source);
            batch->served.insert(claimed.source);
            failing_.succeeded(claimed.id);
            continue;
        }
        batch->waiting.push_back(claimed.id);
        if (!limited) {
            note_failure(*batch, claimed, refused, describe(failure));
        } else if (report.limited.insert(claimed.source).second) {
            parts_.log.info("a tracker's limit is reached, its issues wait",
                            {{"component", "groom"}, {"source", claimed.source}, {"limit", describe(failure)}});
        }
    }
}

// One issue may fail where others do not, for ever: whatever fails comes last at the next tick. Several in a row, or refused
// credentials, are a tracker that fails as a whole.
void Groomer::note_failure(Batch& batch, store::Claimed const& claimed, bool refused, std::string const& error) {
    constexpr int most_in_a_row = 3;
    if (batch.being_written.erase(claimed.id) > 0) batch.report.clean = false;  // it may not have been answered
    batch.report.refused = batch.report.refused || refused;
    ++batch.report.failed;
    bool const lasts = failing_.lasts(claimed.id, parts_.clock.now());
    (lasts && !refused ? batch.failing : batch.failed).push_back(claimed);
    if (++batch.in_a_row[claimed.source] < most_in_a_row && !refused) {
        parts_.log.warning("an issue cannot be read or written, it waits",
                           {{"component", "groom"}, {"repo", claimed.ref.repo}, {"issue", claimed.ref.number}, {"error", error}});
    } else if (batch.given_up.insert(claimed.source).second) {
        parts_.log.error("a tracker cannot be read or written, its issues wait",
                         {{"component", "groom"}, {"source", claimed.source}, {"error", error}});
    }
}

Task<> Groomer::groom(std::shared_ptr<Batch> batch, store::Claimed claimed) {
    auto const entry = batch->entries.find(claimed.source);
    if (entry == batch->entries.end()) co_return;
    auto const started = parts_.clock.now();
    auto record = co_await treat(batch, entry->second, claimed);
    record.issue = claimed.id;
    record.pod = parts_.pod;
    record.mode = mode_name(entry->second.settings.policy.mode);
    record.keep_schedule = batch->target.dry_run;
    record.claimed_due = claimed.due;
    record.duration = std::chrono::duration_cast<std::chrono::milliseconds>(parts_.clock.now() - started);
    if (record.outcome.empty()) co_return;  // the hold was over before anything was settled
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
    record.judgement = model::to_json(judgement);
    co_await act_on(batch, entry, claimed, *issue, judgement, record);
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
    if (!now || revision(*now) != record.revision || sorted(now->labels) != record.labels_before || !our_texts_are_same(*now, seen)) {
        go_stale(record);
        co_return;
    }
    batch->being_written.insert(claimed.id);
    ApplyParts parts{parts_.clock, parts_.log, parts_.metrics, parts_.store, parts_.write_limit};
    parts.still_same = [&entry, &claimed, &record] { return is_still_same(entry, claimed, record.revision); };
    auto applying = apply(parts, batch->hold, *entry.tracker, claimed.id, claimed.ref, record.revision, wanted);
    auto applied = co_await std::move(applying);
    take_result(record, wanted, applied, claimed.failures);
    batch->wrote = batch->wrote || record.outcome != "failed";
    batch->being_written.erase(claimed.id);
    if (applied.unanswered) batch->report.clean = false;
    if (applied.withheld) record.outcome.clear();
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
