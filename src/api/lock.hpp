// Who holds a lock, as JSON: the lock of `GET /api/status`, and what `GET /api/groomer/lock` and `groomer lock status` tell beside the last
// holds.
#pragma once

#include "lock/lock_store.hpp"
#include "net/http.hpp"
#include "store/history.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace groomer::api {

struct LockView {
    std::string lock;
    std::chrono::milliseconds foreign_stale_after{0};
    std::string incarnation;  // of the process that answers: whose holds are `mine`
};

// When it was looked at, by the database's clock.
WallTime looked_at(store::LockStatus const& status);
// How long after its stamp a row is valid that nobody renews, ours or another program's.
std::chrono::milliseconds valid_for(store::LockStatus const& status, std::chrono::milliseconds foreign_stale_after);
// Until when the row is valid if nobody renews or releases it. Nothing for a free row, for a stamp that is no moment, and for one in the
// future: such a row is had by whoever has seen it unchanged for as long, and when that is depends on since when he looks.
std::optional<WallTime> held_until(store::LockStatus const& status, std::chrono::milliseconds foreign_stale_after);

boost::json::object lock_object(store::LockStatus const& status, LockView const& view);
// The newest first, and how each ended.
boost::json::array holds_array(std::vector<store::HoldLine> const& holds);

// Answers for the lock of `view`, or for the one that the query names of these two; from the database, which is asked once a second at most
// for each. `view` is asked each time: settings change while it runs. Refers to `store` and `clock`.
net::Handler lock_handler(store::Store& store, Clock& clock, std::function<LockView()> view, std::string sync_lock);

}  // namespace groomer::api
