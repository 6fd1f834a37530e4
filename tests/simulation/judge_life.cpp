// The judge of liveness: the lock never stands still.
#include "simulation/judge.hpp"

#include <algorithm>

namespace groomer::simulation {

void Judge::expect_life(Moment since) {
    life_since_ = since;
    standing_since_.reset();
    finished_ = 0;
}

// Since when one process at least could have taken the lock, all the time: running, not stopping, its tick not at work.
std::optional<Moment> Judge::able_since() {
    std::optional<Moment> first;
    for (auto const& process : processes_) {
        bool const able =
            process->runs() && !process->stopping() && !process->nature.forced && !process->stalled() && process->at_work == 0;
        if (!able) {
            able_since_.erase(process->nature.number);
            continue;
        }
        auto const since = able_since_.try_emplace(process->nature.number, world_.now()).first->second;
        if (!first || since < *first) first = since;
    }
    return first;
}

// What the protocol demands before the lock may be had.
Duration Judge::longest_standstill() const {
    auto const& rows = server_->tables().sync_lock;
    auto const row = rows.find(lock_name);
    bool const foreign = row != rows.end() && is_foreign(row->second.token);
    constexpr Duration leeway = 200ms, foreign_poll = 5s;
    auto needed = Duration{foreign ? settings_.foreign_needed() : settings_.ttl} * 101 / 100;
    // A stamp that a step back has put ahead of the clock is dead when it was seen unchanged for as long as a dead one is old; if
    // the clock passes it before, its age counts from there.
    if (row != rows.end() && server_->ledger().row_born <= last_step_back_) needed *= 2;
    // Strangers tell nobody: they are looked at from time to time.
    if (foreign || freed_silently_) needed += foreign_poll;
    return needed + leeway;
}

// By the judge's own reckoning: its time has come, or a request was not served.
bool Judge::has_to_be_due() const {
    auto const& ledger = server_->ledger();
    if (server_->tables().paused) return false;
    if (ledger.due_by <= world_.now()) return true;
    return std::any_of(ledger.requests.begin(), ledger.requests.end(), [](auto const& r) { return !r.served; });
}

void Judge::judge_standstill(Moment able, bool due) {
    if (!due) return standing_since_.reset();
    if (!standing_since_) standing_since_ = world_.now();
    auto const stands = world_.now() - std::max(std::max(*standing_since_, able), server_->ledger().row_written);
    if (stands > longest_standstill())
        fail("never stuck", "the lock is due, nobody holds it, and nobody has taken it for " + seconds_text(stands));
}

void Judge::look_for_standstill() {
    if (violation_ || (!prompt_ && (!life_since_ || world_.now() < *life_since_))) return;
    auto const able = able_since();
    bool const held = std::any_of(processes_.begin(), processes_.end(), [](auto const& process) { return process->believes(); });
    bool const due = !held && able && server_->up() && (is_due(server_->tables(), lock_name, server_->clock()) || has_to_be_due());
    judge_standstill(able.value_or(Moment{}), due);
    if (prompt_ && standing_since_) judge_reclaim();
}

// Where nothing but crashes goes wrong: who has started in the slot of a dead holder has its row at once.
void Judge::judge_reclaim() {
    auto const& ledger = server_->ledger();
    auto const& holder = ledger.holder;
    if (!holder || holder->slot.empty()) return;
    constexpr Duration at_once = 200ms;
    for (auto const& process : processes_) {
        if (process->nature.identity.slot != holder->slot || process->nature.number == holder->number) continue;
        auto const able = able_since_.find(process->nature.number);
        if (able == able_since_.end()) continue;
        auto const stands = world_.now() - std::max(std::max(*standing_since_, able->second), ledger.row_written);
        if (stands > at_once) fail("reclaimed at once", process->nature.name + " has not taken back its predecessor's row");
    }
}

bool Judge::all_is_done() const {
    auto const& ledger = server_->ledger();
    return finished_ >= 2 && std::all_of(ledger.requests.begin(), ledger.requests.end(), [](auto const& r) { return r.served; });
}

}  // namespace groomer::simulation
