#include "simulation/judge.hpp"

#include "lock/token.hpp"

#include <algorithm>
#include <utility>

namespace groomer::simulation {
namespace {

using Kind = Statement::Kind;

constexpr Duration rounding = 10us;  // PostgreSQL's microseconds

// Foreign rows are stale after that long, by the protocol.
std::chrono::milliseconds foreign_needed(Settings const& settings) { return settings.foreign_stale_after + 60s; }

Event event_of(lock::Ground ground, std::string const& how) {
    if (how == "foreign") return Event::taken_foreign;
    if (how == "free") return Event::taken_free;
    switch (ground) {
        case lock::Ground::future: return Event::taken_future;
        case lock::Ground::reclaimed: return Event::taken_reclaimed;
        case lock::Ground::own: return Event::taken_own;
        default: return Event::taken_expired;
    }
}

}  // namespace

void Judge::fail(std::string judge, std::string what) {
    if (violation_) return;
    world_.tell("JUDGE", judge + ": " + what);
    violation_ = Violation{std::move(judge), std::move(what)};
}

Process* Judge::find(int number) const {
    for (auto const& process : processes_)
        if (process->nature.number == number) return process.get();
    return nullptr;
}

std::size_t Judge::order(std::int64_t term) const {
    auto const found = order_.find(term);
    return found == order_.end() ? 0 : found->second;
}

std::string Judge::name_of(std::int64_t term) const { return "term " + std::to_string(order(term)); }

// ---------------------------------------------------------------------------------------------------------- statements

void Judge::committed(Statement const& statement, Reply const& reply, Before const& before) {
    auto& ledger = server_->ledger();
    switch (statement.kind) {
        case Kind::acquire: acquired(statement, reply, before); break;
        case Kind::renew:
            if (before.row && before.row->stamp && *before.row->stamp <= before.clock - microseconds(statement.ttl))
                fail("over is over", "a row that had expired by the database's clock was renewed");
            ledger.row_written = world_.now();
            ledger.row_born = world_.now();
            break;
        case Kind::release: released(statement, reply, before); break;
        case Kind::work: {
            auto const& tables = server_->tables();
            if (!fence(tables, statement.lock, statement.token)) fail("fenced writes", "a write of a term that is over was committed");
            break;
        }
        case Kind::look:
        case Kind::ensure: break;
    }
}

void Judge::acquired(Statement const& statement, Reply const& reply, Before const& before) {
    auto const& grant = *reply.grant;
    auto const term = grant.term;
    order_.emplace(term, order_.size() + 1);
    auto const* const taker = find(statement.client);
    if (world_.telling()) {
        world_.tell("database", name_of(term) + " is taken by " + (taker ? taker->nature.name : "?") + ", " + grant.how + ", quarantine " +
                                    seconds_text(grant.quarantine));
    }
    judge_term(grant);
    judge_alone(statement, before);
    judge_due(statement, before);
    judge_foreign(statement, before);
    if (before.state.token && releasing_.contains(before.state.term)) counts_.add(Event::rerun_after_lost_release);
    newest_ = term;
    freed_silently_ = false;
    auto& ledger = server_->ledger();
    ledger.acquired = reply.executed;
    ledger.row_written = ledger.row_born = world_.now();
    ledger.forced = statement.acquire.bid.forced;
}

// Terms strictly rise. The one exception: a standby that lacks the last acquire was promoted, and its clock is more than an hour
// behind.
void Judge::judge_term(lock::Grant const& grant) {
    bool const beyond_help = highest_is_lost_ && server_->offset() + 1h < offset_of_highest_;
    if (grant.term <= highest_ && !beyond_help) fail("terms rise", name_of(grant.term) + " comes after a higher one");
    highest_is_lost_ = false;
    highest_ = grant.term;
    offset_of_highest_ = server_->offset();
}

// Did the database's clock step forward since, in a way that the taker could not see? Then what it took looked dead.
bool Judge::unseen_step(int taker, Moment since) const {
    auto const watch = watches_.find(taker);
    auto const until = watch == watches_.end() ? world_.now() : watch->second.since;
    return std::any_of(steps_.begin(), steps_.end(),
                       [&](auto const& step) { return step.second > 0s && step.first >= since && step.first <= until; });
}

Duration Judge::stepped_since(Moment since) const {
    Duration sum{0};
    for (auto const& [moment, by] : steps_)
        if (moment >= since) sum += by;
    return sum;
}

// Whoever takes the lock finds nobody who may still act.
void Judge::judge_alone(Statement const& statement, Before const& before) {
    // Also of a holder that has not heard yet that it is one.
    if (before.state.token && unseen_step(statement.client, server_->ledger().row_written)) excused_.insert(before.state.term);
    for (auto const& other : processes_) {
        if (!other->believes() || excused_.contains(other->knowledge.term)) continue;
        fail("one holder", other->nature.name + " may still act for " + name_of(other->knowledge.term) + " for another " +
                               seconds_text(other->hold->deadline() - other->clock.now()));
    }
}

// A tick that is not forced is due: its time has come, a request is newer than the last whole tick, or the clock went back.
void Judge::judge_due(Statement const& statement, Before const& before) {
    if (statement.acquire.bid.forced) return;
    auto& ledger = server_->ledger();
    if (before.paused) fail("due once", "a tick began while ticks are paused");
    if (world_.now() + rounding >= ledger.due) return;
    if (std::any_of(ledger.requests.begin(), ledger.requests.end(), [&](Moment r) { return r > ledger.served; })) return;
    if (ledger.credits == 0)
        return fail("due once", "a tick began " + seconds_text(ledger.due - world_.now()) + " before it was due, without a request");
    --ledger.credits;
    ledger.due = world_.now();
}

// A row with a bare token is respected for as long as the protocol says.
void Judge::judge_foreign(Statement const& statement, Before const& before) {
    if (!before.row || !before.row->token || lock::parse_token(*before.row->token)) return;
    auto const& ledger = server_->ledger();
    auto const age = world_.now() - ledger.row_born;
    if (age >= foreign_needed(settings_) * 99 / 100 - 500ms || unseen_step(statement.client, ledger.row_written)) return;
    fail("foreign rows", "a foreign row was taken after " + seconds_text(age));
}

void Judge::released(Statement const& statement, Reply const& reply, Before const& before) {
    if (before.state.token != statement.token || !before.row || before.row->token != statement.token)
        fail("own release", "a release has freed what is another's");
    auto& ledger = server_->ledger();
    auto const& release = statement.release;
    ledger.row_written = world_.now();
    releasing_.erase(before.state.term);
    bool const whole = release.ended != lock::Ended::kept;
    counts_.add(!whole ? Event::released_kept : release.ended == lock::Ended::finished ? Event::released_finished : Event::released_failed);
    if (world_.telling()) {
        world_.tell("database", name_of(before.state.term) + " is released, " + (release.clean ? "clean" : "not clean") +
                                    (whole ? release.ended == lock::Ended::finished ? ", finished" : ", failed" : ", kept"));
    }
    if (!whole) return;
    ++finished_;
    ledger.served = ledger.acquired;
    std::erase_if(ledger.requests, [&](Moment made) { return made <= ledger.served; });
    if (release.ended == lock::Ended::finished) {
        ledger.failures = 0;
        ledger.due = reply.executed + release.next - stepped_since(reply.executed);
    } else {
        auto const back_off = std::chrono::seconds{1 << std::min(ledger.failures++, 16)};
        ledger.due = reply.executed + std::min<std::chrono::milliseconds>(back_off, release.longest_wait) - stepped_since(reply.executed);
    }
}

void Judge::done(Statement const& statement, Reply const& reply) {
    if (statement.kind == Kind::acquire && !reply.grant && !reply.failed) counts_.add(Event::lost_race);
    auto* const process = find(statement.client);
    if (!process || !process->alive()) return;
    if (statement.kind == Kind::acquire && reply.grant) {
        counts_.add(event_of(statement.acquire.bid.ground, reply.grant->how));
        if (statement.acquire.bid.forced) counts_.add(Event::taken_forced);
        process->struck(Point::acquire_committed);
    }
    if (statement.kind == Kind::renew && reply.truth) process->struck(Point::renew_committed);
    if (statement.kind == Kind::release && reply.truth) process->struck(Point::release_committed);
    if (statement.kind == Kind::work && reply.truth) process->struck(Point::work_committed);
}

// ------------------------------------------------------------------------------------------------------------- replicas

// A confirmation may not bring a term back whose successor is there.
void Judge::told(Process const& process) {
    auto const term = process.knowledge.term;
    if (!process.believes() || term == newest_ || excused_.contains(term)) return;
    fail("one holder", process.nature.name + " holds " + name_of(term) + " for " +
                           seconds_text(process.hold->deadline() - process.clock.now()) + " more, though " + name_of(newest_) +
                           " was taken");
}

// Nobody who knows, or could know from his own clock, that his term is over writes to a tracker: what he could know is reckoned
// here from the replies that reached him. What is left is a pause between the last check and the send.
bool Judge::sends(Process const& process, std::int64_t term, bool stopped, bool needs_proof) {
    auto const& known = process.knowledge;
    auto const now = process.clock.now();
    bool const mine = known.term == term && !known.over && !known.releasing;
    bool const in_time = now + settings_.write_limit() <= known.deadline();
    bool const proved = !needs_proof || now - known.proved <= 1s;
    if (world_.telling()) world_.tell(process.nature.name, "writes to a tracker for " + name_of(term) + (stopped ? ", after a pause" : ""));
    if (mine && in_time && proved) return false;
    if (stopped) {
        counts_.add(Event::late_send);
        return true;
    }
    std::string const why = !mine ? "its term is over" : !in_time ? "the deadline is too near" : "no proof is fresh";
    fail("tracker writes", process.nature.name + " writes for " + name_of(term) + " though " + why);
    return true;
}

// No effect of an older term lands after one of a newer term, unless its sender was stopped between check and send.
void Judge::landed(Site const& site, Site::Request const& request) {
    auto& last = landed_[&site];
    if (world_.telling()) {
        world_.tell("tracker", "an effect of " + name_of(request.term) + " lands, " + seconds_text(world_.now() - request.sent) +
                                   " after it was sent" + (request.late ? " late" : ""));
    }
    bool const overtaken = order(request.term) < order(last);
    if (overtaken && request.late) counts_.add(Event::late_effect_overtaken);
    if (overtaken && !request.late) fail("tracker order", "an effect of " + name_of(request.term) + " lands after one of " + name_of(last));
    if (overtaken && site.settle() == 0ms) fail("tracker order", "the file tracker lets an older term write");
    if (!overtaken) last = request.term;
}

void Judge::begins_tick(Process& process) {
    if (++process.at_work > 1) fail("one tick", process.nature.name + " has two ticks at work");
}

void Judge::ends_tick(Process& process) { --process.at_work; }

void Judge::releases(Process const& process) { releasing_.insert(process.knowledge.term); }

void Judge::sees_cluster(Process const& process, std::string const& cluster, Moment looked) {
    auto& watch = watches_[process.nature.number];
    if (watch.cluster != cluster) watch = {cluster, looked, looked, looked};
    watch.before = std::exchange(watch.last, looked);
}

void Judge::tell_look(Process const& process, lock::Look const& look) {
    if (!world_.telling()) return;
    auto const token = look.token ? lock::parse_token(*look.token) : std::nullopt;
    std::string const whose = !look.row     ? "no row"
                              : !look.token ? "a null token"
                              : token       ? "the row of " + name_of(token->term)
                                            : "a foreign row";
    std::string const age =
        look.row ? ", stamped " +
                       seconds_text(std::chrono::duration_cast<Duration>(std::chrono::duration<double>{std::clamp(look.age, -1e9, 1e9)})) +
                       " ago"
                 : "";
    world_.tell(process.nature.name, "sees " + whose + age + (look.due() ? ", due" : ", due in " + std::to_string(look.due_in) + " s"));
}

void Judge::count_loss(lock::Hold const& hold) {
    switch (hold.loss()) {
        case lock::Loss::expired: return counts_.add(Event::lost_expired);
        case lock::Loss::replaced: return counts_.add(Event::lost_replaced);
        case lock::Loss::fenced: return counts_.add(Event::lost_fenced);
        case lock::Loss::none: return;
    }
}

void Judge::ends(Process const& process) {
    if (process.hold) count_loss(*process.hold);
    if (process.ended() && process.failure()) fail("no exceptions", process.nature.name + " ended with an exception");
    if (process.ended() && !process.stopping() && !process.nature.forced) fail("no exceptions", process.nature.name + " ended by itself");
}

// --------------------------------------------------------------------------------------------------------------- faults

void Judge::row_touched() {
    // Also of a holder that has not heard yet that it is one.
    auto const& states = server_->tables().lock_state;
    if (auto const state = states.find(lock_name); state != states.end() && state->second.token) excused_.insert(state->second.term);
    for (auto const& process : processes_)
        if (process->believes()) excused_.insert(process->knowledge.term);
}

void Judge::row_written(std::optional<Moment> born) {
    freed_silently_ = !server_->tables().sync_lock.contains(lock_name);
    auto& ledger = server_->ledger();
    ledger.row_written = world_.now();
    ledger.row_born = born.value_or(world_.now());
}

void Judge::stepped(Duration by) {
    steps_.emplace_back(world_.now(), by);
    for (auto* ledger : server_->ledgers()) move(*ledger, by);
}

// The clock is the same for a standby.
void Judge::move(Ledger& ledger, Duration by) {
    ledger.due -= by;
    if (by > 0s) return;
    stepped_back_ = true;
    // What is dated ahead of the clock proves nothing: due at once, and requests may count once more.
    auto const recent = std::count_if(requests_.begin(), requests_.end(), [&](Moment made) { return made > world_.now() + by - 1s; });
    ledger.credits += 1 + static_cast<int>(ledger.requests.size()) + static_cast<int>(recent);
}

void Judge::promoted() {
    auto const& states = server_->tables().lock_state;
    auto const state = states.find(lock_name);
    highest_is_lost_ = state == states.end() || state->second.term < highest_;
}

void Judge::requested() {
    server_->ledger().requests.push_back(world_.now());
    requests_.push_back(world_.now());
}

// ------------------------------------------------------------------------------------------------------------- liveness

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
    auto const row = server_->tables().sync_lock.find(lock_name);
    bool const foreign = row != server_->tables().sync_lock.end() && row->second.token && !lock::parse_token(*row->second.token);
    constexpr Duration leeway = 200ms, poll = 30s;
    auto const& tables = server_->tables();
    auto needed = Duration{foreign ? foreign_needed(settings_) : settings_.ttl} * 101 / 100;
    // A stamp that was ahead of the clock is dead when it was seen unchanged for as long as a dead one is old; if the clock passes
    // it before, its age counts from there.
    if (stepped_back_) needed *= 2;
    bool const silent = foreign || freed_silently_;  // strangers tell nobody: they are looked at every 5 s
    if (silent) needed += 5s;
    // A request dated ahead of the clock, as it was before a step back, counts when its time has come: nobody is told then.
    bool const asked_alone = tables.lock_state.contains(lock_name) && tables.lock_state.at(lock_name).due_at > server_->clock();
    return (stepped_back_ && asked_alone ? std::max(needed, poll) : needed) + leeway;
}

void Judge::look_for_standstill() {
    if (violation_ || (!prompt_ && (!life_since_ || world_.now() < *life_since_))) return;
    auto const able = able_since();
    auto const& tables = server_->tables();
    bool const held = std::any_of(processes_.begin(), processes_.end(), [](auto const& process) { return process->believes(); });
    if (held || !able || !server_->up() || !is_due(tables, lock_name, server_->clock())) return standing_since_.reset();
    if (!standing_since_) standing_since_ = world_.now();
    auto const since = std::max(std::max(*standing_since_, *able), server_->ledger().row_written);
    if (world_.now() - since > longest_standstill())
        fail("never stuck", "the lock is due, nobody holds it, and nobody has taken it for " + seconds_text(world_.now() - since));
}

bool Judge::all_is_done() const {
    auto const& ledger = server_->ledger();
    return finished_ >= 2 && ledger.requests.empty();
}

}  // namespace groomer::simulation
