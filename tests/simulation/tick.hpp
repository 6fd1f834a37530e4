// What a simulated replica does while it holds the lock: in outline what groom/groomer.cpp does. It claims issues, and for
// each stores a decision, stores the steps, writes to a tracker and records the result. All writes to the database are
// fenced; writes to a tracker begin as groom/apply.cpp has it.
#pragma once

#include "reconcile/tick.hpp"
#include "simulation/mutation.hpp"
#include "simulation/process.hpp"

namespace groomer::simulation {

// How the ticks of a world are.
struct Habits {
    Duration longest_thought = 1200ms;  // of a model, over an issue
    double throws = 0;                  // how likely a tick fails, and hangs where nothing can cancel it
    double hangs = 0;
    double unreachable = 0;  // a tracker as a whole, for one issue
    double full = 0.1;       // stops at its batch limit
    Seams seams;
};

Task<reconcile::TickResult> tick(Process& process, tracker::Tracker& remote, tracker::Tracker& files, std::shared_ptr<lock::Hold> hold);

}  // namespace groomer::simulation
