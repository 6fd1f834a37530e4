#include "chaos/faults.hpp"

#include "chaos/fault_kinds.hpp"

namespace groomer::chaos {

std::vector<Fault> const& all_faults() {
    static std::vector<Fault> const faults{{"kill", 6, fault::kill},
                                           {"pause", 5, fault::pause},
                                           {"pause-in-send", 2, fault::pause_in_send},
                                           {"paused-through", 4, fault::paused_through},
                                           {"stop", 1, fault::stop},
                                           {"terminate", 3, fault::terminate},
                                           {"drop", 2, fault::drop},
                                           {"lost-reply", 4, fault::lose_reply},
                                           {"late-reply", 3, fault::late_reply},
                                           {"delay", 2, fault::delay},
                                           {"half-close", 2, fault::half_close},
                                           {"black-hole", 3, fault::black_hole},
                                           {"held", 4, fault::held},
                                           {"held-of-lock", 2, fault::held_of_lock},
                                           {"row-deleted", 2, fault::row_deleted},
                                           {"restart-fast", 1, fault::restart_fast},
                                           {"restart-immediate", 2, fault::restart_immediate},
                                           {"read-only", 2, fault::read_only},
                                           {"freeze", 3, fault::freeze},
                                           {"promote", 4, fault::promote},
                                           {"pgbouncer", 3, fault::through_bouncer},
                                           {"faketime", 3, fault::false_clock},
                                           {"tracker", 4, fault::bad_tracker},
                                           {"asked", 2, fault::asked}};
    return faults;
}

}  // namespace groomer::chaos
