#include "groom/groomer.hpp"

#include "base/error.hpp"
#include "groom/batch.hpp"
#include "store/asked.hpp"
#include "store/backlog.hpp"
#include "store/issues.hpp"

#include <algorithm>

namespace groomer::groom {

using namespace std::chrono_literals;

namespace {

// While as many as may wait for a language model (model/endpoint.hpp sees to that), as many more read, prepare, write and record: answers
// that come all at once, as questions were asked, find the next ones ready.
std::int64_t workers_for(Entry const& entry) {
    auto const at_once = entry.settings.model.concurrency;
    return entry.model ? at_once * 2 + 2 : at_once;
}

}  // namespace

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

}  // namespace groomer::groom
