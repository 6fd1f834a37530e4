#include "base/digest.hpp"
#include "lock/lock_store.hpp"
#include "lock/token.hpp"
#include "pg/pool.hpp"

#include <map>

namespace groomer::lock {
namespace {

// One statement for all locks: an idle replica's cost is what it asks, not what is answered.
constexpr pg::Statement look_statement{"lock.look", "SELECT w.lock, k.* FROM unnest($1::text[]) w(lock), LATERAL groomer.look(w.lock) k",
                                       pg::bounds_itself, true};

constexpr pg::Statement ensure_statement{"lock.ensure", "INSERT INTO groomer.lock_state (lock) VALUES ($1) ON CONFLICT DO NOTHING",
                                         milliseconds{2000}};

constexpr pg::Statement acquire_statement{"lock.acquire",
                                          "SELECT token, term, extract(epoch FROM quarantine) * 1000, handover, how FROM groomer.acquire("
                                          "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
                                          pg::bounds_itself, true};

// The stamp is made after the row lock was waited for: clock_timestamp(), never now(). Others see what is in the row, whatever was
// written: a trigger may have changed it. The count is for people, and waits for nobody. A renewal that a crash of the server forgets
// would let another in while this holder relies on it.
constexpr pg::Statement renew_statement{"lock.renew", R"sql(
WITH renewed AS (
    UPDATE sync_lock SET "acquiredAt" = clock_timestamp()
    WHERE id = $1 AND "syncRunId" = $2 AND "acquiredAt" > clock_timestamp() - $3::interval
    RETURNING "syncRunId" = $2 AND "acquiredAt" BETWEEN clock_timestamp() - interval '1 s' AND clock_timestamp() + interval '1 s' AS kept
), counted AS (UPDATE groomer.hold h SET renewals = h.renewals + 1 FROM renewed, (
    SELECT lock, term FROM groomer.hold WHERE lock = $1 AND term = split_part($2, '|', 3)::bigint AND token = $2 FOR UPDATE SKIP LOCKED) mine
    WHERE h.lock = mine.lock AND h.term = mine.term)
SELECT coalesce(kept, false), set_config('synchronous_commit', 'on', true) FROM renewed)sql",
                                        milliseconds{800}, true};

constexpr pg::Statement release_statement{"lock.release", "SELECT groomer.release($1, $2, $3, $4, $5, $6)", pg::bounds_itself, true};

std::string not_kept(std::string const& lock) {
    return "a trigger on sync_lock changes the token or the stamp that groomer writes: drop it, or exempt the row " + lock;
}

// Further ahead than any rule puts it: somebody has written it by hand.
constexpr std::chrono::hours longest_quarantine{24};

std::string ground_name(Ground ground) {
    switch (ground) {
        case Ground::free: return "free";
        case Ground::expired: return "expired";
        case Ground::future: return "future";
        case Ground::reclaimed: return "reclaimed";
        case Ground::own: return "own";
    }
    return {};
}

Look to_look(pg::Row const& row) {
    Look look;
    look.row = row.truth(1);
    look.token = row.maybe(2);
    look.stamp = row.text(3);
    look.age = row.number(4);
    look.term = row.integer(5);
    look.state_token = row.maybe(6);
    look.state_cluster = row.maybe(7);
    look.cluster = row.text(8);
    look.clean = row.truth(9);
    look.due_in = row.number(10);
    look.requested = row.truth(11);
    look.paused = row.truth(12);
    look.database_time = row.number(13);
    look.started = row.text(14);
    look.version = row.text(15);
    return look;
}

std::string to_array(std::vector<std::string> const& texts) {
    std::string out = "{";
    for (auto const& text : texts) {
        out += out.size() > 1 ? ",\"" : "\"";
        for (char const c : text) {
            if (c == '"' || c == '\\') out += '\\';
            out += c;
        }
        out += '"';
    }
    return out + "}";
}

class PgLockStore final : public LockStore {
public:
    PgLockStore(pg::Pool& pool, pg::Pool& renewals, Identity identity) : pool_{pool}, renewals_{renewals}, identity_{std::move(identity)} {}

    Task<> ensure(std::string lock) override {
        pg::Values values{lock};
        co_await pool_.run(ensure_statement, values);
    }

    void watch(std::string const& lock, Watcher watcher) override {
        if (watcher) watchers_[lock] = std::move(watcher);
        else watchers_.erase(lock);
    }

    Task<std::optional<Look>> look(std::string lock) override {
        std::vector<std::string> locks{lock};
        for (auto const& [other, watcher] : watchers_)
            if (other != lock) locks.push_back(other);
        pg::Values values{to_array(locks)};
        auto const sent = BootTime::now();
        auto const rows = co_await pool_.run(look_statement, values);
        auto const received = BootTime::now();
        if (rows.size() > locks.size())
            throw pg::DatabaseError{"sync_lock has two rows of one id, so that neither says who holds the lock", "", false};
        std::optional<Look> result;
        for (auto const& row : rows) {
            if (row.text(0) == lock) {
                result = to_look(row);
                continue;
            }
            auto const watcher = watchers_.find(row.text(0));
            if (watcher != watchers_.end()) watcher->second(to_look(row), sent, received);
        }
        co_return result;
    }

    Task<Attempt> acquire(Bid bid) override {
        std::optional<std::string> stamp, version;
        if (bid.seen.row && !bid.seen.stamp.empty()) stamp = bid.seen.stamp;
        if (bid.seen.row) version = bid.seen.version;
        pg::Values values{bid.lock,        bid.forced,     bid.seen.cluster,        bid.seen.started, bid.seen.term, bid.seen.database_time,
                          bid.seen.token,  stamp,          ground_name(bid.ground), bid.age_needed,   bid.contact,   bid.settle,
                          bid.ttl.count(), identity_.slot, identity_.incarnation,   make_uuid(),      identity_.pod, version};
        Attempt attempt;
        pg::Rows rows;
        try {
            rows = co_await pool_.run(acquire_statement, values);
        } catch (pg::DatabaseError const& error) {
            if (!error.lost_race()) throw;
            attempt.waited = true;
        }
        if (rows.empty()) co_return attempt;
        auto const& row = rows.front();
        Grant grant{row.text(0), row.integer(1), milliseconds{0}, {}, row.text(4)};
        double const quarantine = std::min<double>(row.number(2), milliseconds{longest_quarantine}.count());
        if (quarantine > 0) grant.quarantine = milliseconds{static_cast<std::int64_t>(quarantine) + 1};
        if (!row.null(3)) grant.handover = row.number(3);
        attempt.grant = std::move(grant);
        co_return attempt;
    }

    Task<bool> renew(std::string lock, std::string token, milliseconds ttl) override {
        pg::Values values{lock, token, ttl};
        auto rows = co_await renewals_.run(renew_statement, values);
        if (!rows.empty() && !rows.front().truth(0)) throw pg::DatabaseError{not_kept(lock), "", false};
        co_return !rows.empty();
    }

    Task<bool> release(Release release) override {
        char const* ended = release.ended == Ended::finished ? "finished" : release.ended == Ended::failed ? "failed" : "kept";
        pg::Values values{release.lock, release.token, release.clean, ended, release.next, release.longest_wait};
        auto rows = co_await pool_.run(release_statement, values);
        co_return !rows.empty() && rows.front().truth(0);
    }

private:
    pg::Pool& pool_;
    pg::Pool& renewals_;
    Identity identity_;
    std::map<std::string, Watcher> watchers_;
};

}  // namespace

std::unique_ptr<LockStore> make_lock_store(pg::Pool& pool, pg::Pool& renewals, Identity identity) {
    return std::make_unique<PgLockStore>(pool, renewals, std::move(identity));
}

}  // namespace groomer::lock
