// Who holds a lock, as JSON: what `GET /api/groomer/lock` answers, and `groomer lock status --output json` prints.
#pragma once

#include "lock/lock_store.hpp"
#include "net/http.hpp"
#include "store/history.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace groomer::api {

struct LockView {
    std::string lock;
    std::chrono::milliseconds foreign_stale_after{0};
    std::string incarnation;  // of the process that answers: whose holds are `mine`
};

// Until when the row is valid if nobody renews or releases it. Nothing for a free row, and for a stamp that is no moment.
std::optional<WallTime> held_until(store::LockStatus const& status, std::chrono::milliseconds foreign_stale_after);

boost::json::object lock_object(store::LockStatus const& status, LockView const& view);

// Answers from the database, once a second at most. Refers to `store` and `clock`.
net::Handler lock_handler(store::Store& store, Clock& clock, LockView view);

}  // namespace groomer::api
