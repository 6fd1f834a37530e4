#include "simulation/judge.hpp"

#include "lock/token.hpp"

#include <algorithm>
#include <utility>

namespace groomer::simulation {
namespace {

using Kind = Statement::Kind;

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
            ledger.row_born = reply.executed;
            break;
        case Kind::release: released(statement, reply, before); break;
        case Kind::work:
            if (!ledger.holder || ledger.holder->token != statement.token)
                fail("fenced writes", "a write of a term that is over was committed");
            break;
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
    judge_term(statement, grant, before);
    judge_alone(statement, reply.executed, before);
    judge_due(statement, reply.executed, before);
    judge_foreign(statement, reply.executed, before);
    judge_rerun(statement, before);
    newest_ = term;
    granted_.insert(grant.token);
    freed_silently_ = false;
    auto& ledger = server_->ledger();
    ledger.holder = Ledger::Holder{grant.token, statement.acquire.identity.slot, statement.client};
    ledger.acquired = ledger.row_born = reply.executed;
    ledger.row_written = world_.now();
    ledger.acquired_at = before.clock;
    ledger.forced = statement.acquire.bid.forced;
}

// Terms strictly rise. The one exception: a standby that lacks the last acquire was promoted, and the term that it lacks is ahead by
// more than an hour, for each timeline since, of the clock and of the last term that the standby has.
void Judge::judge_term(Statement const& statement, lock::Grant const& grant, Before const& before) {
    auto const timeline = [](std::string const& cluster) { return std::stoll(cluster.substr(cluster.size() - 8), nullptr, 16); };
    auto const& now = statement.acquire.bid.seen.cluster;
    auto const since = before.state.cluster ? timeline(now) - timeline(*before.state.cluster) : 1;
    auto const room = microseconds(1h) * std::max<std::int64_t>(since, 1);
    bool const beyond_help = highest_is_lost_ && std::max(before.state.term, before.clock) + room < highest_;
    if (grant.term <= highest_ && !beyond_help) fail("terms rise", name_of(grant.term) + " comes after a higher one");
    if (grant.term <= highest_ && beyond_help) counts_.add(Event::excused_lost_term);
    highest_is_lost_ = false;
    highest_ = grant.term;
}

// By how much the database's clock has stepped.
Duration Judge::stepped(Moment since, Moment until) const {
    Duration sum{0};
    for (auto const& [moment, by] : steps_)
        if (moment > since && moment <= until) sum += by;
    return sum;
}

// Did the row look dead to its taker only because the clock had stepped forward since its stamp was made, and before the taker
// first saw it, in a way that no look could tell?
bool Judge::seemed_dead(Statement const& statement, Moment executed, Duration needed) const {
    auto const found = watches_.find(statement.client);
    if (statement.acquire.bid.ground != lock::Ground::expired || found == watches_.end() || !found->second.step_hidden) return false;
    auto const born = server_->ledger().row_born;
    auto const hidden = stepped(born, found->second.row_seen);
    return hidden > 0s && executed - born + hidden >= needed * 99 / 100 - 500ms;
}

bool Judge::is_excused(std::int64_t term) {
    auto const found = excused_.find(term);
    if (found == excused_.end()) return false;
    counts_.add(found->second);
    return true;
}

// Whoever takes the lock finds nobody who may still act.
void Judge::judge_alone(Statement const& statement, Moment executed, Before const& before) {
    // Also of a holder that has not heard yet that it is one.
    bool const stands = before.state.token && before.row && before.row->token == before.state.token;
    if (stands && seemed_dead(statement, executed, settings_.ttl)) excuse(before.state.term, Event::excused_hidden_step);
    for (auto const& other : processes_) {
        if (!other->believes() || is_excused(other->knowledge.term)) continue;
        fail("one holder", other->nature.name + " may still act for " + name_of(other->knowledge.term) + " for another " +
                               seconds_text(other->hold->deadline() - other->clock.now()));
    }
}

// By how much a foreign row may have been had too early. A stamp ahead of the clock was watched by a clock that may be 1 % fast; so
// was any row during whose age the database's clock took a step that can be seen. Smaller ones nobody sees.
Duration Judge::slack_of(lock::Ground ground, Moment born, Moment executed) const {
    constexpr Duration step_allowed = 250ms;
    Duration unseen{0};
    bool watched = ground == lock::Ground::future;
    for (auto const& [moment, by] : steps_) {
        if (moment <= born || moment > executed) continue;
        if (by > step_allowed || by < -step_allowed) watched = true;
        else unseen += std::max<Duration>(by, 0s);
    }
    return unseen + (watched ? Duration{settings_.foreign_needed()} / 100 : Duration{0});
}

// A row of which nobody's token is known is respected for as long as the protocol says.
void Judge::judge_foreign(Statement const& statement, Moment executed, Before const& before) {
    if (!before.row || !is_foreign(before.row->token)) return;
    Duration const needed = settings_.foreign_needed();
    auto const ground = statement.acquire.bid.ground;
    bool const old = before.row->stamp && *before.row->stamp <= before.clock - microseconds(needed);
    if (ground == lock::Ground::expired && !old) fail("foreign rows", "a foreign row was taken whose stamp was not old enough");
    auto const born = server_->ledger().row_born;
    auto const age = executed - born;
    if (age >= needed - slack_of(ground, born, executed)) return;
    if (seemed_dead(statement, executed, needed)) return counts_.add(Event::excused_hidden_step);
    fail("foreign rows", "a foreign row was taken after " + seconds_text(age));
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
    if (!process.believes() || term == newest_ || is_excused(term)) return;
    fail("one holder", process.nature.name + " holds " + name_of(term) + " for " +
                           seconds_text(process.hold->deadline() - process.clock.now()) + " more, though " + name_of(newest_) +
                           " was taken");
}

// Whoever was told that its hold is over, and had the time to act on it, may not act; whoever ended it.
void Judge::heeds(Process const& process) {
    if (!process.believes()) return;
    fail("one holder", process.nature.name + " may act for " + name_of(process.knowledge.term) + ", and was told that it is over");
}

// Nobody who knows, or could know from his own clock, that his term is over writes to a tracker: what he could know is reckoned
// here from the replies that reached him. What is left is a pause between the last check and the send.
bool Judge::sends(Process const& process, std::int64_t term, bool stopped, bool needs_proof) {
    auto const& known = process.knowledge;
    auto const now = process.clock.now();
    bool const mine = known.term == term && !known.over && !known.releasing;
    bool const in_time = now + settings_.longest_write() <= known.deadline();
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

void Judge::looked(Process const& process, lock::Look const& look, Moment sent, Moment executed, Moment received) {
    tell(process, look);
    auto& watch = watches_[process.nature.number];
    auto const row = look.token.value_or("") + " " + look.stamp;
    bool const first = watch.cluster != look.cluster;
    if (first || watch.row != row) {
        // A clock that stepped and was set right meanwhile. A row of groomer's tells of it where its stamp is from before the last
        // look, by the clock.
        bool const ours = look.token && !is_foreign(look.token);
        auto const born = server_->ledger().row_born;
        bool const before = (born - watch.executed) + stepped(watch.executed, born) < -250ms;
        // As that process sees it, whose own clock runs apart.
        auto const net = stepped(watch.executed, executed) - (executed - watch.executed) * process.nature.clock_drift / 1'000'000;
        auto const span = (received - sent) + (watch.received - watch.sent) + 250ms;
        watch.step_hidden = first || (!(ours && before) && net > -span && net < span);
        watch.row_seen = executed;
    }
    watch.cluster = look.cluster;
    watch.row = row;
    watch.sent = sent;
    watch.executed = executed;
    watch.received = received;
}

void Judge::tell(Process const& process, lock::Look const& look) {
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
    auto const& rows = server_->tables().sync_lock;
    auto const state = states.find(lock_name);
    auto const row = rows.find(lock_name);
    if (state == states.end() || !state->second.token || row == rows.end() || row->second.token != state->second.token) return;
    excuse(state->second.term, Event::excused_third_party);
}

void Judge::row_written(std::optional<Moment> born) {
    auto const& rows = server_->tables().sync_lock;
    auto const row = rows.find(lock_name);
    freed_silently_ = row == rows.end();
    auto& ledger = server_->ledger();
    if (ledger.holder && (row == rows.end() || row->second.token != ledger.holder->token)) ledger.holder.reset();
    ledger.row_written = world_.now();
    ledger.row_born = born.value_or(world_.now());
}

void Judge::released_by_hand() {
    row_written(std::nullopt);
    server_->ledger().released_at = server_->clock();
}

void Judge::stepped(Duration by) {
    steps_.emplace_back(world_.now(), by);
    for (auto* ledger : server_->ledgers()) move(*ledger, by);
}

// The clock is the same for a standby.
void Judge::move(Ledger& ledger, Duration by) {
    ledger.due -= by;
    ledger.due_by -= by;
    if (by > 0s) return;
    last_step_back_ = world_.now();
    ledger.went_back = true;
}

void Judge::promoted() {
    auto const& states = server_->tables().lock_state;
    auto const state = states.find(lock_name);
    highest_is_lost_ = state == states.end() || state->second.term < highest_;
}

void Judge::requested() { server_->ledger().requests.push_back({world_.now()}); }

}  // namespace groomer::simulation
