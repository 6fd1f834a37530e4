// What the sync knows and writes: the configured sources, their repositories, and the issues as the tracker has them.
#pragma once

#include "store/store.hpp"
#include "tracker/tracker.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace groomer::store {

struct SourceState {
    std::string name;
    std::string cursor;
    std::int64_t pass = 0;
    bool synced = false;  // once at least
    double age = 0;       // seconds since the last complete sync
    std::vector<std::string> repositories;
};

Task<std::vector<SourceState>> sources(Store& store);

// The configured sources exist, and only they count.
Task<> register_sources(Store& store, lock::Hold& hold, std::vector<std::string> names);

// Writes a page: issues are inserted or brought up to date, those that a person changed are due now. The first page of
// a full pass begins it; the last one of a full pass declares gone what it did not name.
struct PageResult {
    std::int64_t changed = 0;  // issues that are new, other than before, or gone
    std::int64_t refused = 0;  // issues of repositories that another source serves
};
Task<PageResult> apply_page(Store& store, lock::Hold& hold, std::string source, tracker::Page page);

// Stores one issue that was read just now, as a page would, before a tick that is for it alone.
Task<> learn(Store& store, lock::Hold& hold, std::string source, tracker::Issue issue);

// Did a sync ever see this repository? Whatever its case.
Task<bool> knows_repository(Store& store, std::string repo);

// Makes a tick of `lock` due now, and wakes who waits for it. (A row of its own: only acquire and release write the state.)
Task<> request_tick(Store& store, lock::Hold& hold, std::string lock);

}  // namespace groomer::store
