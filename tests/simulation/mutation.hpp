// What a mutant does otherwise than the product: each flag is one rule, switched off. --mutants shows that the judges notice.
#pragma once

#include "simulation/database.hpp"

namespace groomer::simulation {

// Rules that a replica keeps, where a seam lets the simulation break them: between the database and the loop, and in the tick.
struct Seams {
    bool sees_steps = true;             // looks tell of the clock's steps
    bool sees_clusters = true;          // looks tell that the state or the token is of another cluster
    bool reclaims_in_cluster = true;    // … those at a predecessor's row, too: it is reclaimed in its own cluster alone
    bool watches_future = true;         // a stamp in the future is taken once it was seen unchanged for a ttl, not at once
    bool deadline_from_sending = true;  // the deadline counts from the sending of what was confirmed, not from the reply
    bool proves = true;                 // a write to a tracker needs a proof no older than 1 s
    bool keeps_deadline = true;         // … and time enough before the deadline
    bool waits_quarantine = true;       // … and the end of the quarantine
    bool only_renewals_extend = true;   // a fenced write does not move the deadline
    bool awaits_own_quarantine = true;  // a release before the end of its hold's own quarantine is not clean
    bool tells_unclean = true;          // a write without an answer makes the release unclean
};

struct Mutation {
    Rules rules;
    Seams seams;
};

}  // namespace groomer::simulation
