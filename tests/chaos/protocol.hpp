// The numbers of src/lock/README.md, spelt out once more: a judge that took them from the code it judges would follow it into every
// mistake.
#pragma once

#include "chaos/moment.hpp"

#include <algorithm>

namespace groomer::chaos::protocol {

// Kept off every deadline.
constexpr milliseconds margin(milliseconds ttl) { return milliseconds{500} + ttl / 100; }

// The longest that one write to a tracker may take.
constexpr milliseconds write_limit(milliseconds ttl, milliseconds renew_every) {
    return std::min(milliseconds{3000}, ttl - margin(ttl) - renew_every);
}

// What a holder that may still be alive may have under way, beyond what the tracker's settle covers.
inline constexpr milliseconds under_way{4500};

// A statement of the lock's is ended after this: no stamp is older when it is written.
inline constexpr milliseconds statement_limit{800};

// After a full batch a tick is due so soon, whatever its interval.
inline constexpr milliseconds gap_after_full_batch{250};

// How long after it is due, or asked for, a tick may begin where nothing is in its way but a holder that has died: beyond the ttl.
inline constexpr milliseconds longest_look{1000};

}  // namespace groomer::chaos::protocol
