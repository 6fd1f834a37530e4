// The tick of the `global` lock: brings what the trackers have into the store, page by page, each page fenced; a killed
// sync goes on where the last page was stored.
#pragma once

#include "base/async.hpp"
#include "base/log.hpp"
#include "lock/hold.hpp"
#include "store/issues.hpp"
#include "tracker/tracker.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace groomer::sync {

struct Source {
    std::string name;  // of the configured entry
    std::shared_ptr<tracker::Tracker> tracker;
};

struct SyncReport {
    std::int64_t changed = 0;          // issues
    std::int64_t skipped = 0;          // entries that could not be used
    std::vector<std::string> failed;   // sources that could not be read; the others went on
    std::vector<std::string> limited;  // sources that let nothing more be read for now; the next sync goes on from there
    bool cut_short = false;
    bool refused = false;  // a source did not take our credentials
};

// Throws pg::DatabaseError and store::HoldLost. wake: the lock whose tick is due when something changed.
Task<SyncReport> sync(store::Store& store, Log& log, std::shared_ptr<lock::Hold> hold, std::vector<Source> sources, std::string wake);

}  // namespace groomer::sync
