// What people ask for: who holds a lock, what was decided of an issue and why.
#pragma once

#include "store/store.hpp"
#include "tracker/tracker.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace groomer::store {

struct LockStatus {
    bool known = false;  // there is a state row
    bool held = false;
    std::optional<std::string> token;
    std::string pod;               // of the holder, where it is a groomer
    std::int64_t term = 0;         // last
    std::string since;             // of the current hold
    std::string renewed_at;        // stamp of the row
    std::optional<double> age;     // seconds since then; none where the stamp is infinite
    bool ahead = false;            // held, and the stamp is more than 1 s in the future, or none: no age will ever tell that it is dead
    std::int64_t renewals = 0;     // of the current hold
    double database_time = 0;      // seconds since the epoch
    std::optional<double> due_in;  // seconds; none where it is never due
    bool paused = false;
    bool clean = true;
};
Task<LockStatus> lock_status(Store& store, std::string lock);

struct HoldLine {
    std::int64_t term = 0;
    std::string pod, how, acquired_at, ended_at, ended;  // times as RFC 3339, "" where infinite; ended "" while held
    std::optional<double> seconds;                       // so far, while held
    std::int64_t renewals = 0;
};
// Newest first, at most ten. One whose token is not in the row any more, and which nobody has closed yet, is lost: since when, nobody knows.
Task<std::vector<HoldLine>> last_holds(Store& store, std::string lock);

// Frees the row if `term` (of ours) or `token` (anybody's) is what holds it; false if not.
Task<bool> release_by_hand(Store& store, std::string lock, std::optional<std::int64_t> term, std::optional<std::string> token);

struct RunLine {
    std::int64_t id = 0;
    std::string at, mode, outcome, reason, judgement, pod;  // judgement: JSON
    std::vector<std::string> added, removed;
    std::optional<std::int64_t> undone_by;  // the run that took it back
};

struct IssueStory {
    std::string title, outcome, reason, groomed_at, due_at;  // due_at "" where nothing but a change makes it due
    bool open = true, gone = false, synced = true, leased = false;
    int rank = 0, failures = 0;
    double due_in = 0;  // seconds
    std::vector<std::string> labels, own_labels;
    std::vector<RunLine> runs;  // newest first, at most five
};
// Nothing where the issue is not known.
Task<std::optional<IssueStory>> story(Store& store, tracker::IssueRef ref);

}  // namespace groomer::store
