#include "support/fake_lock_store.hpp"

#include "lock/token.hpp"
#include "pg/session.hpp"

namespace groomer::test {
namespace {

using lock::Bid;
using lock::Grant;
using lock::Ground;
using lock::Look;

[[noreturn]] void fail() { throw pg::DatabaseError{"the database connection failed: as the test asked", "", true}; }

double seconds(BootTime::duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

std::optional<Look> FakeLockDatabase::look(std::string const& lock) {
    ++looks;
    auto const found = states.find(lock);
    if (found == states.end()) return std::nullopt;
    auto const& state = found->second;
    Look look;
    if (auto const row = rows.find(lock); row != rows.end()) {
        look.row = true;
        look.token = row->second.token;
        look.stamp = std::to_string(row->second.version);
        look.age = seconds(clock.now() - row->second.stamp);
    }
    look.term = state.term;
    look.state_token = state.token;
    look.state_cluster = state.cluster;
    look.cluster = cluster;
    look.clean = state.clean;
    look.due_in = seconds(state.due_at - clock.now());
    look.requested = state.requested && *state.requested > state.requests_done;
    look.database_time = seconds(clock.now().time_since_epoch());
    return look;
}

std::optional<Grant> FakeLockDatabase::acquire(Bid const& bid, lock::Identity const& identity) {
    auto const now = look(bid.lock);
    auto& state = states.at(bid.lock);
    if (!now || (!bid.forced && !now->due()) || now->cluster != bid.seen.cluster || state.term != bid.seen.term) return std::nullopt;
    bool const free = !now->row || !now->token;
    if (now->row) {
        bool const same = now->token == bid.seen.token && now->stamp == bid.seen.stamp;
        bool const had = free || bid.ground == Ground::reclaimed || bid.ground == Ground::own ||
                         (bid.ground == Ground::expired && now->age >= seconds(bid.age_needed)) ||
                         (bid.ground == Ground::future && now->age < 0);
        if (!same || !had) return std::nullopt;
    }
    state.term += 1;
    state.token = "g1|" + std::to_string(bid.ttl.count()) + "|" + std::to_string(state.term) + "|" + identity.slot + "|" +
                  identity.incarnation + "|" + now->timeline() + "|u";
    state.cluster = cluster;
    state.clean = false;
    state.acquired_at = clock.now();
    int const version = rows[bid.lock].version + 1;
    rows[bid.lock] = {state.token, clock.now(), version};
    std::string const how = free ? "free" : bid.ground == Ground::reclaimed || bid.ground == Ground::own ? "reclaimed" : "expired";
    holds.push_back({state.term, identity.incarnation, how, ""});
    return Grant{*state.token, state.term, quarantine, {}, how};
}

bool FakeLockDatabase::renew(std::string const& lock, std::string const& token, std::chrono::milliseconds ttl) {
    auto const row = rows.find(lock);
    if (row == rows.end() || row->second.token != token || clock.now() - row->second.stamp >= ttl) return false;
    row->second.stamp = clock.now();
    ++row->second.version;
    return true;
}

bool FakeLockDatabase::release(lock::Release const& release) {
    auto& state = states.at(release.lock);
    auto const row = rows.find(release.lock);
    if (state.token != release.token || row == rows.end() || row->second.token != release.token) return false;
    rows.erase(row);
    state.token.reset();
    state.clean = release.clean;
    state.released_at = clock.now();
    if (release.ended == lock::Ended::finished) {
        state.due_at = clock.now() + release.next;
        state.failures = 0;
    }
    if (release.ended != lock::Ended::kept) state.requests_done = state.acquired_at;
    if (release.ended == lock::Ended::failed)
        state.due_at = clock.now() + std::min<std::chrono::milliseconds>(std::chrono::seconds{1 << state.failures++}, release.longest_wait);
    holds.back().ended = release.ended == lock::Ended::finished ? "finished" : release.ended == lock::Ended::failed ? "failed" : "kept";
    return true;
}

Task<Fault> FakeLockStore::before(std::deque<Fault>& faults) {
    if (unreachable) fail();
    auto fault = Fault::none;
    if (!faults.empty()) {
        fault = faults.front();
        faults.pop_front();
    }
    if (fault == Fault::refused) fail();
    if (fault == Fault::late) co_await database_.clock.sleep_for(std::chrono::seconds{2});  // before the database has it
    if (fault == Fault::hangs) {
        co_await database_.clock.sleep_for(std::chrono::minutes{1});
        fail();
    }
    co_return fault;
}

Task<> FakeLockStore::ensure(std::string lock) {
    if (unreachable) fail();
    if (database_.keeps_states && !database_.states.contains(lock)) database_.states[lock].clean = false;
    co_return;
}

Task<std::optional<Look>> FakeLockStore::look(std::string lock) {
    auto const fault = co_await before(looks);
    auto result = database_.look(lock);
    if (fault == Fault::reply_lost) fail();
    co_return result;
}

Task<lock::Attempt> FakeLockStore::acquire(Bid bid) {
    lock::Attempt attempt;
    auto const fault = co_await before(acquires);
    if (fault == Fault::row_locked) {
        co_await database_.clock.sleep_for(std::chrono::seconds{1});
        attempt.waited = true;
    }
    if (fault == Fault::swap_refused || fault == Fault::row_locked) co_return attempt;
    attempt.grant = database_.acquire(bid, identity_);
    if (fault == Fault::reply_lost) fail();
    co_return attempt;
}

Task<bool> FakeLockStore::renew(std::string lock, std::string token, std::chrono::milliseconds ttl) {
    auto const fault = co_await before(renewals);
    bool const result = database_.renew(lock, token, ttl);
    if (fault == Fault::reply_lost) fail();
    co_return result;
}

Task<bool> FakeLockStore::release(lock::Release release) {
    auto const fault = co_await before(releases);
    if (fault == Fault::swap_refused) co_return false;
    bool const result = database_.release(release);
    if (fault == Fault::reply_lost) fail();
    co_return result;
}

}  // namespace groomer::test
