// The lock's part of PostgreSQL in memory: the tables of migrations 002 and 003, and their functions rule by rule. Each
// function here is named as the SQL function is, and a comment names the rule, so that the two can be read side by side;
// --mirror runs both on the same operations and compares their answers.
//
// Pure: the time is a parameter, nothing waits. What happens between statements is server.hpp.
#pragma once

#include "lock/lock_store.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace groomer::simulation {

// timestamptz: microseconds since the epoch. Its two ends are the infinities.
using Stamp = std::int64_t;
inline constexpr Stamp infinity = INT64_MAX;
inline constexpr Stamp minus_infinity = INT64_MIN;
inline bool isfinite(Stamp stamp) { return stamp != infinity && stamp != minus_infinity; }
inline Stamp microseconds(std::chrono::nanoseconds duration) { return duration.count() / 1000; }

// groomer.lock_state
struct StateRow {
    std::optional<std::string> token;
    std::int64_t term = 0;
    std::optional<std::string> cluster;
    bool clean = false;
    Stamp quarantine_until = minus_infinity;
    Stamp due_at = 0;
    int failures = 0;
    Stamp acquired_at = 0;
    Stamp released_at = 0;
    std::int64_t requests_seen = 0;
    std::int64_t requests_served = 0;
};

// sync_lock, which is shared with other programs
struct SyncRow {
    std::optional<std::string> token;
    std::optional<Stamp> stamp;  // other programs may have made the column nullable
    std::int64_t version = 0;    // xmin
};

// groomer.hold
struct HoldRow {
    std::int64_t term = 0;
    std::string token, pod, how;
    Stamp acquired_at = 0;
    std::optional<Stamp> ended_at;
    std::string ended;
    int renewals = 0;
};

struct Tables {
    std::map<std::string, StateRow> lock_state;
    std::map<std::string, SyncRow> sync_lock;
    std::map<std::string, std::vector<HoldRow>> hold;  // in order of terms
    std::map<std::string, std::int64_t> last_request;  // its number; absent: none
    std::int64_t last_version = 0;
    bool paused = false;              // groomer.control
    std::set<std::int64_t> recorded;  // the issues whose work is recorded: what fenced writes write
    std::int64_t first_due = 0;       // all issues below it are recorded
};

// The rules that a mutant may lack; all true is the product.
struct Rules {
    bool compares_row = true;            // acquire: token, stamp and version are those seen
    bool compares_version = true;        // acquire: … the version, too
    bool compares_term = true;           // acquire: the term is the one seen
    bool compares_cluster = true;        // acquire: the server and its timeline are those seen
    bool judges_age = true;              // acquire: an expired row is judged by the clock again
    bool judges_due = true;              // acquire: due is judged again under the lock
    bool terms_rise = true;              // acquire: greatest(term + 1, …)
    bool leaves_room = true;             // acquire: … and more in another cluster
    bool room_above_terms = true;        // acquire: … on top of the last term, and not of the clock alone
    bool quarantines = true;             // acquire: any wait at all
    bool carries_quarantine = true;      // acquire: greatest(stored, …)
    bool marks_unclean = true;           // acquire: clean = false
    bool notes_acquire = true;           // acquire: acquired_at = now
    bool doubts_contact = true;          // acquire: 4.5 s more where there was no ttl of contact
    bool waits_after_failover = true;    // acquire: settle for a free, clean row of another cluster
    bool cleaning_needs_contact = true;  // acquire: time makes a free row clean only for who vouches for the clock
    bool renews_only_alive = true;       // renew: the stamp is not older than the ttl
    bool releases_only_own = true;       // release: where both tokens are ours
    bool believes_clean = true;          // release: clean as told, and not in any case
    bool moves_due = true;               // release: the next due time
    bool moves_due_as_told = true;       // release: … which is `next` from now, and not eight times as far
    bool notes_requests = true;          // acquire: which of them had been made
    bool serves_requests = true;         // release: requests that were made before the acquire are served
    bool keeps_later_requests = true;    // release: … and none that was made since
    bool fences = true;                  // fence: at all
    bool fence_asks_row = true;          // fence: the sync_lock row's token, too, and not the state's alone
    bool fence_locks = true;             // fence: FOR SHARE OF s FOR KEY SHARE OF l, until the write commits
    bool keeps_timeline = true;          // cluster(): another one after a promotion
};

// The server that answers: its system identifier and timeline, and when it was started.
struct Instance {
    std::string cluster, started;
};

struct AcquireCall {
    lock::Bid bid;
    lock::Identity identity;
    std::string uuid;
};

// Writes the row of a lock, whoever does, and makes it where there is none: another version of it, even where it says the same.
void put_row(Tables& tables, std::string const& lock, std::optional<std::string> token, std::optional<Stamp> stamp);

bool clock_went_back(StateRow const& state, Stamp now);
bool is_requested(Tables const& tables, std::string const& lock);
bool is_due(Tables const& tables, std::string const& lock, Stamp now);  // or has no state row yet
std::optional<lock::Look> look(Tables const& tables, std::string const& lock, Instance const& instance, Stamp now);
void ensure(Tables& tables, std::string const& lock, Stamp now);
// groomer.acquire in its two steps: what it judges once it has the state row's lock, and what it does once it has the
// sync_lock row's.
bool may_acquire(Tables const& tables, AcquireCall const& call, Instance const& instance, Stamp now, Rules const& rules);
std::optional<lock::Grant> acquire(Tables& tables, AcquireCall const& call, Stamp now, Rules const& rules);
bool renew(Tables& tables, std::string const& lock, std::string const& token, std::chrono::milliseconds ttl, Stamp now, Rules const& rules);
bool release(Tables& tables, lock::Release const& release, Stamp now, Rules const& rules);
bool release_by_hand(Tables& tables, std::string const& lock, std::optional<std::int64_t> term, std::optional<std::string> const& token,
                     Stamp now);
bool fence(Tables const& tables, std::string const& lock, std::string const& token, Rules const& rules);

}  // namespace groomer::simulation
