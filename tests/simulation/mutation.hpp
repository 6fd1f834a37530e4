// What a mutant does otherwise than the product: each flag is one rule, switched off. --mutants shows that the judges notice.
#pragma once

#include "simulation/database.hpp"

namespace groomer::simulation {

// Rules that a replica keeps, where a seam lets the simulation break them: between the database and the loop, and in the tick.
struct Seams {
    bool sees_steps = true;             // looks tell of the clock's steps
    bool sees_clusters = true;          // looks tell that the state or the token is of another cluster
    bool reclaims_in_cluster = true;    // … those at a predecessor's row, too: it is reclaimed in its own cluster alone
    bool sees_versions = true;          // looks tell of a row that was written again as it was
    bool watches_future = true;         // a stamp in the future is taken once it was seen unchanged for a ttl, not at once
    bool deadline_from_sending = true;  // the deadline counts from the sending of what was confirmed, not from the reply
    bool proves = true;                 // a write to a tracker needs a proof no older than 1 s
    bool keeps_deadline = true;         // … and time enough before the deadline
    bool waits_quarantine = true;       // … and the end of the quarantine
    bool only_renewals_extend = true;   // a fenced write does not move the deadline
    bool awaits_own_quarantine = true;  // a release before the end of its hold's own quarantine is not clean
    bool tells_unclean = true;          // a write without an answer makes the release unclean
    bool next_in_time = true;           // a release says when the next tick is due, and not eight times as far
    bool next_not_early = true;         // … and not 250 ms, which is after a full batch
    bool partial_is_kept = true;        // a tick that was not whole leaves the due time
    bool heeds_refusals = true;         // a renewal that is refused ends the hold, and is no error to be tried again
    bool reclaims = true;               // a predecessor's row in one's own slot is had at once
    bool bounds_ttls = true;            // a token whose ttl is below 1 s or above 10 min is foreign
    bool grants_strangers_all = true;   // a foreign row is had after all of its time, and not 600 ms before
};

struct Mutation {
    Rules rules;
    Seams seams;
};

}  // namespace groomer::simulation
