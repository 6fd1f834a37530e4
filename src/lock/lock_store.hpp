// What the lock asks of the database, as one statement each. The words are those of README.md beside this file.
// Every call throws pg::DatabaseError when the database fails; a lost race is a value.
#pragma once

#include "base/async.hpp"
#include "base/clock.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::pg {
class Pool;
}

namespace groomer::lock {

using std::chrono::milliseconds;

// One observation of a lock: its row in sync_lock, its state row, and what the database says of itself.
struct Look {
    bool row = false;                  // a row with this id is in sync_lock
    std::optional<std::string> token;  // of the row; null tokens are free rows
    std::string stamp;                 // of the row, as the database wrote it ("" for none): compared, never computed with
    std::string version;               // of the row ("" for none): another one whenever it is written, be it with the same token and stamp
    double age = 0;                    // seconds since the stamp, by the database; negative: in the future
    std::int64_t term = 0;             // from the state row: the last term of this lock
    std::optional<std::string> state_token;
    std::optional<std::string> state_cluster;  // of the last acquire; null counts as another cluster
    std::string cluster;                       // system identifier + timeline, now
    std::string started;                       // when the server was started, as it wrote it
    bool clean = false;
    double due_in = 0;  // seconds; not positive: due
    bool requested = false;
    bool paused = false;
    double database_time = 0;  // seconds since the epoch by clock_timestamp()

    [[nodiscard]] bool due() const { return !paused && (requested || due_in <= 0); }
    // The row says the same in both, though it may have been written again as it was, and the term is the same.
    [[nodiscard]] bool says_the_same(Look const& other) const {
        return row == other.row && token == other.token && stamp == other.stamp && term == other.term;
    }
    [[nodiscard]] std::string timeline() const { return cluster.size() < 8 ? cluster : cluster.substr(cluster.size() - 8); }
};

// Why the row may be taken.
enum class Ground { free, expired, future, reclaimed, own };

struct Identity {
    std::string pod;
    std::string slot;         // "" unless this process holds the slot's file lock
    std::string incarnation;  // random, one a process
};

struct Bid {
    std::string lock;
    Ground ground = Ground::free;
    Look seen;                   // the bid is refused where the row is not what was seen
    milliseconds age_needed{0};  // for expired
    bool contact = false;        // step-free contact with this cluster for as long as the ground needs (see decide)
    bool forced = false;         // due or not
    milliseconds settle{0};      // largest among the trackers
    milliseconds ttl{5000};
};

struct Grant {
    std::string token;
    std::int64_t term = 0;
    milliseconds quarantine{0};      // left, from the reply
    std::optional<double> handover;  // seconds from free or dead to held; none for a forced hold
    std::string how;                 // free | expired | reclaimed | foreign
};

// What came of a bid.
struct Attempt {
    std::optional<Grant> grant;  // none: a lost race, or a swap that was refused
    bool waited = false;         // none, since another session kept a row locked for longer than a bid waits
};

// What there is to do where one keeps it for good.
inline constexpr std::string_view row_is_kept =
    "another session keeps the row of the lock locked, in sync_lock or groomer.lock_state: look for it in pg_stat_activity, where it is "
    "often \"idle in transaction\", and by pg_blocking_pids, and end it; where there is none, a trigger on sync_lock "
    "takes that long, or the role's statement_timeout is shorter";

// How a hold ended, which decides the next due time.
enum class Ended {
    finished,  // a whole tick: next due after `next`
    kept,      // a part that was asked for, a shutdown: due_at stays
    failed,    // a whole tick with an error, or beyond max_tick: now + back-off
};

struct Release {
    std::string lock;
    std::string token;
    bool clean = false;
    Ended ended = Ended::kept;
    milliseconds next{0};          // for finished
    milliseconds longest_wait{0};  // for failed: the back-off doubles up to this
};

class LockStore {
public:
    // A look, and when it was sent and answered.
    using Watcher = std::function<void(Look const&, BootTime::time_point sent, BootTime::time_point received)>;

    virtual ~LockStore() = default;
    // From now on looks at other locks bring this one, too, and tell the watcher: on the executor of who looks, which must be that
    // of all watchers. An empty one ends it. A store may do without, at the price of more looks.
    virtual void watch(std::string const& /*lock*/, Watcher /*watcher*/) {}
    // Makes the state row of a lock that has none (not clean, of no cluster).
    virtual Task<> ensure(std::string lock) = 0;
    // Nothing where the lock has no state row.
    virtual Task<std::optional<Look>> look(std::string lock) = 0;
    virtual Task<Attempt> acquire(Bid bid) = 0;
    // True only if the row was still ours and alive, and is stamped anew.
    virtual Task<bool> renew(std::string lock, std::string token, milliseconds ttl) = 0;
    // False: the hold was lost before, nothing was written.
    virtual Task<bool> release(Release release) = 0;
};

// The pools outlive the store. `renewals` has a connection for each lock, so that no other statement delays a renewal.
std::unique_ptr<LockStore> make_lock_store(pg::Pool& pool, pg::Pool& renewals, Identity identity);

}  // namespace groomer::lock
