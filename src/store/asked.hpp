// What people and webhooks ask for, whoever holds the lock: no write here belongs to a hold, and none touches what a hold has written
// but the schedule.
#pragma once

#include "store/store.hpp"
#include "tracker/tracker.hpp"

#include <optional>
#include <string>
#include <vector>

namespace groomer::store {

// No tick begins and no issue is begun while the installation is paused; due times stay.
Task<bool> is_paused(Store& store);
// Wakes all replicas. `by` is kept with the time; asking for what is so already changes nothing.
Task<> set_paused(Store& store, bool paused, std::string by);

// Where an issue is looked for.
struct Place {
    std::string source;      // the configured entry that serves the repository
    bool has_issue = false;  // and it was not gone when it was last seen
};
// Nothing where no sync has seen the repository, whatever its case, or its entry is not configured any more.
Task<std::optional<Place>> find(Store& store, tracker::IssueRef ref);

struct MadeDue {
    std::vector<tracker::IssueRef> unknown;  // or closed when they were last seen: a sync tells more
    std::vector<tracker::IssueRef> busy;     // somebody writes to them just now: to be asked for again
};
// Makes known open issues due now, and a tick of `lock` for them, which whoever can takes at once. One that was groomed within the last
// 10 s is due when these are over, with the next tick that there is: so often at most is an issue groomed for events. Any number of
// calls make one tick.
Task<MadeDue> make_due(Store& store, std::string lock, std::vector<tracker::IssueRef> issues);

// Makes a tick of `lock` due now, unless one that is yet to begin is asked for already.
Task<> ask_for_tick(Store& store, std::string lock);

}  // namespace groomer::store
