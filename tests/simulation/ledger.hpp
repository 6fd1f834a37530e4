// What the judges know of a lock besides what the database says, in true time. It is part of what a standby copies, so that
// after a failover it tells of the same past as the database does.
#pragma once

#include "simulation/world.hpp"

#include <vector>

namespace groomer::simulation {

struct Ledger {
    Moment due{};                   // when the next tick is due
    Moment served = Moment::min();  // when the last hold began that ended as a whole tick, good or failed
    int failures = 0;               // whole ticks in a row that failed
    std::vector<Moment> requests;   // since then
    int credits = 0;                // ticks that may come early, since the database's clock went back
    bool forced = false;            // the current hold is
    Moment acquired{};              // when the current hold began
    Moment row_written{};           // when sync_lock's row was last written
    Moment row_born{};              // … and since when its stamp claims to stand, at the soonest
};

}  // namespace groomer::simulation
