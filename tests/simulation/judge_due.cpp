// The judge of what a tick makes of the time at which the next one is due.
#include "simulation/judge.hpp"

#include <algorithm>

namespace groomer::simulation {

constexpr Duration rounding = 10us;  // PostgreSQL's microseconds

// A tick whose release never came is run again by others, who cannot know. Who has seen it end repeats its release, unless another
// has taken the lock since, of which a failover may have left nothing.
void Judge::judge_rerun(Statement const& statement, Before const& before) {
    auto const ended = before.state.token ? releasing_.find(before.state.term) : releasing_.end();
    if (ended == releasing_.end()) return;
    counts_.add(Event::rerun_after_lost_release);
    bool const stands = before.row && before.row->token == before.state.token;
    bool const nobody_since = order(before.state.term) + 1 == order_.size();  // but this one
    if (stands && nobody_since && ended->second == statement.client && !statement.acquire.bid.forced)
        fail("due once", "a tick is run again by who has seen it end, in place of its release");
}

// A tick that is not forced is due: its time has come, a request was made after the last whole tick had begun, or the clock went back.
void Judge::judge_due(Statement const& statement, Moment executed, Before const& before) {
    auto& ledger = server_->ledger();
    bool const forced = statement.acquire.bid.forced;
    if (before.paused && !forced) fail("due once", "a tick began while ticks are paused");
    // When it was judged, by the clock of then and, as the ledger has it, by that of now: its commit may have been held up since.
    auto const judged = executed - stepped(executed, world_.now());
    auto const early_by = ledger.due - judged;
    auto const asked = [&](auto const& r) { return !r.served && r.made <= executed; };
    bool const due = early_by <= rounding || std::any_of(ledger.requests.begin(), ledger.requests.end(), asked);
    // What is dated ahead of the clock proves nothing: due at once.
    bool const went_back = ledger.went_back && std::max(ledger.acquired_at, ledger.released_at) > before.clock + microseconds(1s);
    if (went_back) {
        ledger.went_back = last_step_back_ > executed;  // its commit was held up
        ledger.due = std::min(ledger.due, judged);
        ledger.due_by = std::min(ledger.due_by, judged);
    }
    if (forced || due) return;
    if (went_back) return counts_.add(Event::excused_early_tick);
    fail("due once", "a tick began " + seconds_text(early_by) + " before it was due, without a request");
}

// How its hold has to be released, by the protocol. Whether it outlasted max_tick, who watches it may see a little later.
Judge::Verdict Judge::verdict_of(Process const& process, Settings const& settings) {
    using reconcile::TickOutcome;
    auto const& ran = process.ran;
    Verdict verdict;
    bool const stopped = process.stopping();
    if (process.nature.part) return verdict;  // the due time stays, however it ends
    if (!ran.result) {
        // Cancelled, though its hold goes on, and nobody stops the process: it was too long.
        verdict.ended = ran.cancelled && stopped ? lock::Ended::kept : lock::Ended::failed;
    } else {
        bool const good = ran.result->outcome == TickOutcome::done || ran.result->outcome == TickOutcome::nothing_to_do;
        if (ran.result->outcome == TickOutcome::error) verdict.ended = lock::Ended::failed;
        else if (good) verdict.ended = lock::Ended::finished;
        verdict.next = ran.result->more ? 250ms : settings.every;
    }
    verdict.may_have_overrun = ran.ended - process.knowledge.answered >= settings.max_tick;
    return verdict;
}

// A release says what its tick came to, however often it is sent, and none comes while the tick is still at work.
void Judge::releases(Process const& process, lock::Release const& release) {
    if (process.knowledge.token == release.token) {
        releasing_.emplace(process.knowledge.term, process.nature.number);
        if (process.ran.token == release.token) verdicts_.emplace(release.token, verdict_of(process, settings_));
    }
    if (process.at_work > 0) fail("one tick", process.nature.name + " releases the lock while its tick is at work");
    judge_release(process.nature.name, release);
}

void Judge::judge_release(std::string const& whose, lock::Release const& release) {
    auto const found = verdicts_.find(release.token);
    if (found == verdicts_.end()) return fail("due once", whose + " releases a hold whose tick has not ended");
    auto const& verdict = found->second;
    bool const overran = verdict.may_have_overrun && release.ended == lock::Ended::failed;
    if (release.ended != verdict.ended && !overran) return fail("due once", whose + " releases otherwise than its tick has ended");
    bool const in_time = release.ended == lock::Ended::finished ? release.next == verdict.next : release.longest_wait == settings_.every;
    if (release.ended != lock::Ended::kept && !in_time)
        fail("due once", whose + " has the next tick due in " + seconds_text(release.next) + ", and not in " + seconds_text(verdict.next));
}

void Judge::released(Statement const& statement, Reply const& reply, Before const& before) {
    if (before.state.token != statement.token || !before.row || before.row->token != statement.token)
        fail("own release", "a release has freed what is another's");
    auto& ledger = server_->ledger();
    auto const& release = statement.release;
    auto const judged = reply.executed - stepped(reply.executed, world_.now());
    ledger.row_written = world_.now();
    releasing_.erase(before.state.term);
    ledger.holder.reset();
    bool const whole = release.ended != lock::Ended::kept;
    counts_.add(!whole ? Event::released_kept : release.ended == lock::Ended::finished ? Event::released_finished : Event::released_failed);
    if (world_.telling()) {
        world_.tell("database", name_of(before.state.term) + " is released, " + (release.clean ? "clean" : "not clean") +
                                    (whole ? release.ended == lock::Ended::finished ? ", finished" : ", failed" : ", kept"));
    }
    // A hold during which the clock went back: it was due when it was taken.
    bool const went_back = ledger.acquired_at > before.clock + microseconds(1s);
    ledger.went_back = last_step_back_ > reply.executed;  // its commit was held up
    ledger.acquired_at = std::min(ledger.acquired_at, before.clock);
    ledger.released_at = before.clock;
    if (!whole) {
        if (went_back && ledger.forced && ledger.due > judged) counts_.add(Event::excused_early_tick);
        if (went_back) ledger.due = std::min(ledger.due, judged);
        if (went_back) ledger.due_by = std::min(ledger.due_by, judged);
        return;
    }
    ++finished_;
    for (auto& request : ledger.requests) request.served = request.served || request.made <= ledger.acquired;
    // `releases` has seen to it that these are what the tick came to.
    std::chrono::milliseconds wait = release.next;
    if (release.ended == lock::Ended::finished) ledger.failures = 0;
    else wait = std::min<std::chrono::milliseconds>(std::chrono::seconds{1 << std::min(ledger.failures++, 16)}, settings_.every);
    ledger.due = ledger.due_by = judged + wait;
}

}  // namespace groomer::simulation
