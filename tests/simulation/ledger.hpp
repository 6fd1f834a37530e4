// What the judges know of a lock besides what the database says, in true time. It is part of what a standby copies, so that
// after a failover it tells of the same past as the database does.
#pragma once

#include "simulation/database.hpp"
#include "simulation/world.hpp"

#include <optional>
#include <string>
#include <vector>

namespace groomer::simulation {

struct Ledger {
    struct Request {
        Moment made{};
        bool served = false;  // by a whole tick that began after it
    };

    // The hold that is current: none once it was released, or a third party has taken its row.
    struct Holder {
        std::string token, slot;
        int number = 0;  // of its process
    };

    std::optional<Holder> holder;
    Moment due{};      // before then no tick begins that is not forced
    Moment due_by{};   // and from then on one has to
    int failures = 0;  // whole ticks in a row that failed
    std::vector<Request> requests;
    bool went_back = false;  // the database's clock, since the last release: a tick may come early
    bool forced = false;     // the current hold is
    Moment acquired{};       // when the current hold began
    // By the database's clock as it was then: the last acquire, and the last release by whom ever; at first when the state was made.
    Stamp acquired_at = minus_infinity, released_at = minus_infinity;
    Moment row_written{};  // when sync_lock's row was last written
    Moment row_born{};     // … and when its stamp was made
};

}  // namespace groomer::simulation
