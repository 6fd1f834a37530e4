#include "simulation/database.hpp"

#include <algorithm>

namespace groomer::simulation {
namespace {

using namespace std::chrono_literals;
using lock::Ground;

constexpr Stamp second = 1'000'000;
constexpr Stamp last_write = 4500 * 1000;  // interval '4.5 s'

double epoch(Stamp microseconds_passed) { return static_cast<double>(microseconds_passed) / 1e6; }

// settle + interval '4.5 s' and the like
Stamp interval(std::chrono::milliseconds duration) { return microseconds(duration); }

std::string right(std::string const& text, std::size_t count) { return text.size() <= count ? text : text.substr(text.size() - count); }

// concat_ws('|', 'g1', p_ttl_ms, v_term, p_slot, p_incarnation, right(p_cluster, 8), p_uuid)
std::string make_token(AcquireCall const& call, std::int64_t term) {
    auto const& me = call.identity;
    std::string token = "g1|";
    token.append(std::to_string(call.bid.ttl.count())).append("|").append(std::to_string(term)).append("|").append(me.slot).append("|");
    return token.append(me.incarnation).append("|").append(right(call.bid.seen.cluster, 8)).append("|").append(call.uuid);
}

std::optional<Stamp> stamp_of(lock::Look const& look) {
    if (!look.row || look.stamp.empty()) return std::nullopt;
    return std::stoll(look.stamp);
}

// The WHERE of the upsert: may this row be replaced?
bool may_swap(SyncRow const& row, AcquireCall const& call, Stamp now, Rules const& rules) {
    auto const& bid = call.bid;
    // l."syncRunId" IS NOT DISTINCT FROM p_seen_token AND l."acquiredAt" IS NOT DISTINCT FROM p_seen_stamp
    // AND (p_seen_version IS NULL OR p_ground NOT IN ('expired', 'future') OR l.xmin::text = p_seen_version)
    bool const by_time = bid.ground == Ground::expired || bid.ground == Ground::future;
    bool const is_version = !rules.compares_version || !bid.seen.row || !by_time || std::to_string(row.version) == bid.seen.version;
    bool const as_seen = row.token == bid.seen.token && row.stamp == stamp_of(bid.seen) && is_version;
    if (!as_seen && rules.compares_row) return false;
    if (!row.token) return true;
    switch (bid.ground) {
        case Ground::reclaimed:
        case Ground::own: return true;
        case Ground::expired: return !rules.judges_age || (row.stamp && *row.stamp <= now - interval(bid.age_needed));
        case Ground::future: return !row.stamp || *row.stamp > now;
        case Ground::free: break;
    }
    return false;
}

// How long a write of an earlier holder may still take effect on a tracker: the CASE of `ruling.wait`, with p_settle and
// interval '4.5 s'.
Stamp wait_needed(StateRow const& state, AcquireCall const& call, bool free, Stamp now, Rules const& rules) {
    auto const settle = interval(call.bid.settle), longest = settle + last_write;
    bool const same_cluster = state.cluster == call.bid.seen.cluster;
    if (!rules.quarantines) return 0;
    if (free && state.clean && same_cluster) return 0;
    // Time has made it clean, if the bidder vouches for the clock of that time.
    bool const vouched = call.bid.contact || !rules.cleaning_needs_contact;
    if (free && !state.token && same_cluster && vouched && state.released_at <= now - longest) return 0;
    if (free && state.clean) return rules.waits_after_failover ? settle : 0;
    if (!free && call.bid.ground == Ground::expired && call.bid.contact) return settle;
    return rules.doubts_contact ? longest : settle;
}

// ('x' || right(cluster, 8))::bit(32)::int
std::int64_t timeline_number(std::string const& cluster) { return static_cast<std::int32_t>(std::stoul(right(cluster, 8), nullptr, 16)); }

// greatest(term + 1, microseconds now). Another cluster may lack terms that were given out, by a clock that was ahead: an hour is
// left for them on top, for each timeline since.
std::int64_t next_term(StateRow const& state, AcquireCall const& call, Stamp now, Rules const& rules) {
    auto const next = rules.terms_rise ? std::max(state.term + 1, now) : now;
    if (state.cluster == call.bid.seen.cluster || !rules.leaves_room) return next;
    auto const since = state.cluster ? timeline_number(*state.cluster) : 0;
    auto const room = 3600 * second * std::max<std::int64_t>(1, timeline_number(call.bid.seen.cluster) - since);
    return rules.room_above_terms ? next + room : std::max(next, now + room);
}

std::string how_taken(StateRow const& state, AcquireCall const& call, bool free) {
    if (free) return "free";
    if (call.bid.ground == Ground::reclaimed || call.bid.ground == Ground::own) return "reclaimed";
    return call.bid.seen.token == state.token ? "expired" : "foreign";
}

// v_since, and from it the hand-over: from free or dead to held.
std::optional<double> handover(StateRow const& state, AcquireCall const& call, bool free, Stamp now) {
    if (call.bid.forced) return std::nullopt;
    auto const since = free ? std::optional{std::max(state.released_at, state.due_at)} : stamp_of(call.bid.seen);
    if (!since || !isfinite(*since)) return std::nullopt;
    return std::max(epoch(now - *since), 0.0);
}

void end_hold(std::vector<HoldRow>& holds, std::int64_t term, std::string const& how, Stamp now) {
    for (auto hold = holds.rbegin(); hold != holds.rend() && hold->term >= term; ++hold) {
        if (hold->term != term) continue;
        hold->ended_at = now;
        hold->ended = how;
    }
}

bool is_open(std::vector<HoldRow> const& holds, std::int64_t term) {
    return std::any_of(holds.begin(), holds.end(), [&](auto const& hold) { return hold.term == term && !hold.ended_at; });
}

}  // namespace

void put_row(Tables& tables, std::string const& lock, std::optional<std::string> token, std::optional<Stamp> stamp) {
    tables.sync_lock[lock] = {std::move(token), stamp, ++tables.last_version};
}

// greatest(s.acquired_at, s.released_at) > clock_timestamp() + interval '1 s'
bool clock_went_back(StateRow const& state, Stamp now) { return std::max(state.acquired_at, state.released_at) > now + second; }

// max(r.id)
std::int64_t last_request(Tables const& tables, std::string const& lock) {
    auto const found = tables.last_request.find(lock);
    return found == tables.last_request.end() ? 0 : found->second;
}

// r.id > s.requests_served
bool is_requested(Tables const& tables, std::string const& lock) {
    return last_request(tables, lock) > tables.lock_state.at(lock).requests_served;
}

// NOT paused AND (due_at <= clock_timestamp() OR clock_went_back OR is_requested)
bool is_due(Tables const& tables, std::string const& lock, Stamp now) {
    auto const found = tables.lock_state.find(lock);
    if (found == tables.lock_state.end()) return true;
    auto const& state = found->second;
    return !tables.paused && (state.due_at <= now || clock_went_back(state, now) || is_requested(tables, lock));
}

std::optional<lock::Look> look(Tables const& tables, std::string const& lock, Instance const& instance, Stamp now) {
    auto const found = tables.lock_state.find(lock);
    if (found == tables.lock_state.end()) return std::nullopt;
    auto const& state = found->second;
    lock::Look look;
    look.age = -1e12;  // of no stamp, too
    if (auto const row = tables.sync_lock.find(lock); row != tables.sync_lock.end()) {
        look.row = true;
        look.token = row->second.token;
        look.version = std::to_string(row->second.version);
        if (auto const stamp = row->second.stamp) {
            look.stamp = std::to_string(*stamp);
            // isfinite(…) or else as old, or as far ahead, as a number can say
            look.age = isfinite(*stamp) ? epoch(now - *stamp) : *stamp < now ? 1e12 : -1e12;
        }
    }
    look.term = state.term;
    look.state_token = state.token;
    look.state_cluster = state.cluster;
    look.cluster = instance.cluster;
    look.started = instance.started;
    look.clean = state.clean;
    look.due_in = clock_went_back(state, now) ? 0 : epoch(state.due_at - now);
    look.requested = is_requested(tables, lock);
    look.paused = tables.paused;
    look.database_time = epoch(now);
    return look;
}

// INSERT INTO groomer.lock_state (lock) … ON CONFLICT DO NOTHING: not clean, of no cluster, due.
void ensure(Tables& tables, std::string const& lock, Stamp now) {
    StateRow state;
    state.due_at = state.acquired_at = state.released_at = now;
    tables.lock_state.try_emplace(lock, state);
}

bool may_acquire(Tables const& tables, AcquireCall const& call, Instance const& instance, Stamp now, Rules const& rules) {
    auto const& bid = call.bid;
    auto const found = tables.lock_state.find(bid.lock);
    if (found == tables.lock_state.end()) return false;
    auto const& state = found->second;
    if (state.term != bid.seen.term && rules.compares_term) return false;
    if (!bid.forced && rules.judges_due && !is_due(tables, bid.lock, now)) return false;
    // pg_postmaster_start_time() = p_started AND the timeline is that of p_cluster
    bool const same_server = instance.started == bid.seen.started && right(instance.cluster, 8) == right(bid.seen.cluster, 8);
    if (!same_server && rules.compares_cluster) return false;
    // A look that is long past proves nothing.
    return std::abs(epoch(now) - bid.seen.database_time) <= 2;
}

std::optional<lock::Grant> acquire(Tables& tables, AcquireCall const& call, Stamp now, Rules const& rules) {
    auto const& bid = call.bid;
    auto& state = tables.lock_state.at(bid.lock);
    bool const back = clock_went_back(state, now);
    auto const term = next_term(state, call, now, rules);
    auto const token = make_token(call, term);
    // INSERT … ON CONFLICT (id) DO UPDATE … WHERE …
    auto const row = tables.sync_lock.find(bid.lock);
    bool const absent = row == tables.sync_lock.end();
    if (!absent && !may_swap(row->second, call, now, rules)) return std::nullopt;
    bool const free = absent || !bid.seen.token;  // xmax = 0 OR p_seen_token IS NULL
    put_row(tables, bid.lock, token, now);
    auto const wait = wait_needed(state, call, free, now, rules);
    lock::Grant grant{token, term, {}, handover(state, call, free, now), how_taken(state, call, free)};
    auto& holds = tables.hold[bid.lock];
    if (state.token && is_open(holds, state.term)) end_hold(holds, state.term, "lost", now);
    holds.push_back({term, token, call.identity.pod, grant.how, now, {}, "", 0});
    state.token = token;
    state.term = term;
    state.cluster = bid.seen.cluster;
    if (rules.marks_unclean) state.clean = false;
    if (rules.notes_acquire) state.acquired_at = now;
    if (back) state.quarantine_until = now + interval(bid.settle) + last_write;
    else state.quarantine_until = rules.carries_quarantine ? std::max(state.quarantine_until, now + wait) : now + wait;
    if (back) state.due_at = now;
    if (rules.notes_requests) state.requests_seen = std::max(state.requests_served, last_request(tables, bid.lock));
    // extract(epoch FROM quarantine) * 1000, cut to whole milliseconds and one more, in PgLockStore::acquire
    auto const left = std::max(state.quarantine_until, now) - now;
    if (left > 0 && rules.quarantines) grant.quarantine = std::chrono::milliseconds{left / 1000 + 1};
    return grant;
}

// UPDATE sync_lock … WHERE id AND token AND stamp > clock_timestamp() - ttl, and the count in groomer.hold
bool renew(Tables& tables, std::string const& lock, std::string const& token, std::chrono::milliseconds ttl, Stamp now,
           Rules const& rules) {
    auto const row = tables.sync_lock.find(lock);
    if (row == tables.sync_lock.end() || row->second.token != token) return false;
    bool const alive = row->second.stamp && *row->second.stamp > now - interval(ttl);
    if (!alive && rules.renews_only_alive) return false;
    put_row(tables, lock, token, now);
    for (auto& hold : tables.hold[lock])
        if (hold.token == token) ++hold.renewals;
    return true;
}

bool release(Tables& tables, lock::Release const& release, Stamp now, Rules const& rules) {
    auto const found = tables.lock_state.find(release.lock);
    if (found == tables.lock_state.end()) return false;
    auto& state = found->second;
    auto const row = tables.sync_lock.find(release.lock);
    bool const there = row != tables.sync_lock.end();
    if (rules.releases_only_own && (state.token != release.token || !there || row->second.token != release.token)) return false;
    if (there) tables.sync_lock.erase(row);
    bool const back = state.acquired_at > now + second;  // v_back: it began before the clock went back
    bool const whole = release.ended != lock::Ended::kept;
    // A failed tick has seen them too.
    if (whole && rules.serves_requests)
        state.requests_served = rules.keeps_later_requests ? state.requests_seen : last_request(tables, release.lock);
    if (back) state.quarantine_until = now + (state.quarantine_until - state.acquired_at);
    state.token.reset();
    state.clean = release.clean || !rules.believes_clean;
    state.released_at = now;
    state.acquired_at = std::min(state.acquired_at, now);
    if (rules.moves_due && release.ended == lock::Ended::finished)
        state.due_at = now + interval(release.next) * (rules.moves_due_as_told ? 1 : 8);
    if (rules.moves_due && release.ended == lock::Ended::failed)
        state.due_at = now + std::min(second << std::min(state.failures, 16), interval(release.longest_wait));
    // It was due when it was taken, whatever a clock said that has gone back since.
    if (!whole && back) state.due_at = std::min(state.due_at, now);
    if (whole) state.failures = release.ended == lock::Ended::failed ? state.failures + 1 : 0;
    char const* const ended = release.ended == lock::Ended::finished ? "finished" : whole ? "failed" : "kept";
    end_hold(tables.hold[release.lock], state.term, ended, now);
    return true;
}

bool release_by_hand(Tables& tables, std::string const& lock, std::optional<std::int64_t> term, std::optional<std::string> const& token,
                     Stamp now) {
    auto const found = tables.lock_state.find(lock);
    bool const known = found != tables.lock_state.end();
    if (term && (!known || found->second.term != *term || !found->second.token)) return false;
    auto const named = token ? token : known ? found->second.token : std::nullopt;
    auto const row = tables.sync_lock.find(lock);
    if (!named || row == tables.sync_lock.end() || row->second.token != named) return false;
    tables.sync_lock.erase(row);
    if (!known) return true;
    auto& state = found->second;
    bool const own = named == state.token;
    state.token.reset();
    state.clean = false;
    state.released_at = now;
    auto& holds = tables.hold[lock];
    if (is_open(holds, state.term)) end_hold(holds, state.term, own ? "by hand" : "lost", now);
    return true;
}

// GROOMER_FENCED: the state row and the sync_lock row both carry this token.
bool fence(Tables const& tables, std::string const& lock, std::string const& token, Rules const& rules) {
    auto const state = tables.lock_state.find(lock);
    auto const row = tables.sync_lock.find(lock);
    if (state == tables.lock_state.end() || state->second.token != token) return false;
    return !rules.fence_asks_row || (row != tables.sync_lock.end() && row->second.token == token);
}

}  // namespace groomer::simulation
