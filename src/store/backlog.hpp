// The backlog as a whole, beside the issues that a tick treats (work.hpp): what there is to learn from and to compare with, how much is due,
// what is left for whoever works next, and what is forgotten. Every write is fenced.
#pragma once

#include "store/store.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace groomer::store {

// An issue that carries one of the labels asked for, which a person set.
struct Labelled {
    std::string repo, label, title, body;
};
// At most `limit`, the newest; the body cut to `body_limit` characters.
Task<std::vector<Labelled>> labelled(Store& store, std::vector<std::string> labels, std::int64_t limit, std::int64_t body_limit);

// An issue as its neighbours are compared with it, and shown.
struct Neighbour {
    std::string repo;
    std::int64_t number = 0;
    bool open = true;
    std::string title, body;
    std::vector<std::string> labels;  // that people set
};
// Of these sources the newest of each repository, about `limit` in all; bodies cut to `body_limit` characters.
Task<std::vector<Neighbour>> neighbours(Store& store, std::vector<std::string> sources, std::int64_t limit, std::int64_t body_limit);
// Those of one repository by their numbers.
Task<std::vector<Neighbour>> neighbours_by_number(Store& store, std::string repo, std::vector<std::int64_t> numbers,
                                                  std::int64_t body_limit);

// A number that differs after each sync that changed an issue of these sources.
Task<std::int64_t> changes(Store& store, std::vector<std::string> sources);

// Makes the issues of a source due that were groomed under another policy, and not taken back since; nothing if its digest is unchanged.
Task<> apply_policy(Store& store, lock::Hold& hold, std::string source, std::string digest);

struct Backlog {
    std::string repo;
    std::int64_t due = 0;
    double oldest = 0;  // seconds since the epoch; 0 where nothing is due
};
Task<std::vector<Backlog>> backlog(Store& store);

// What a holder has learned of a tracker's limits, and the pace it has kept, for whoever works next.
struct TrackerLimits {
    std::map<std::string, std::string> known;  // by the lock under which it was left
    std::vector<std::chrono::milliseconds>
        comments;  // how long ago each was begun or made, by the steps of the last hour; the oldest first
};
// sources: those that share the tracker.
Task<TrackerLimits> tracker_limits(Store& store, std::string tracker, std::vector<std::string> sources);
// Under the hold's lock: who works under another one at the same time leaves its own.
Task<> save_tracker_limits(Store& store, lock::Hold& hold, std::string tracker, std::string limits);

// Deletes runs, holds, steps, decisions and requests that are older than `keep`, at most `limit` of each.
Task<> forget_old(Store& store, lock::Hold& hold, std::chrono::milliseconds keep, std::int64_t limit);

}  // namespace groomer::store
