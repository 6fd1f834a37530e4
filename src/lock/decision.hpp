// Whether this replica may bid for a lock now, and if not, when to look again: pure, from what was seen and when.
#pragma once

#include "base/clock.hpp"
#include "lock/lock_store.hpp"

#include <variant>

namespace groomer::lock {

// What this replica has seen of one lock so far, dated on its own clock.
class Sight {
public:
    // `sent` and `received` enclose the look.
    void saw(Look const& look, BootTime::time_point sent, BootTime::time_point received);

    [[nodiscard]] Look const& look() const { return look_; }
    // Of the reply to the first look in this cluster.
    [[nodiscard]] BootTime::time_point cluster_since() const { return cluster_since_; }
    // Of the reply to the first look in this cluster after which no step of its clock was seen, nor could have been missed between
    // two looks at a holder of ours.
    [[nodiscard]] BootTime::time_point contact_since() const { return contact_since_; }
    // Of the reply to the first look that saw this very token, stamp and term in this cluster; and, of a stamp that is ahead of the clock, or
    // was at the look before, or may have been since a step, this very version of the row.
    [[nodiscard]] BootTime::time_point row_since() const { return row_since_; }
    [[nodiscard]] BootTime::time_point received() const { return received_; }
    // The row may carry a stamp from before a step of the database's clock: its age proves nothing.
    [[nodiscard]] bool age_is_doubtful() const { return stepped_ && stamp_since_ <= stepped_at_; }
    // By how much the row may be younger than its age says: what a step may have added that looks which took long did not show.
    [[nodiscard]] BootTime::duration unseen() const { return unseen_; }

private:
    Look look_;
    bool any_ = false;
    bool stepped_ = false;
    BootTime::duration unseen_{};
    BootTime::time_point sent_{}, received_{}, cluster_since_{}, contact_since_{}, row_since_{}, stamp_since_{}, stepped_at_{};
};

struct Claimant {
    Identity identity;
    milliseconds ttl{5000};
    milliseconds foreign_stale_after{std::chrono::minutes{30}};
    milliseconds settle{0};
    bool forced = false;
};

enum class Reason { not_due, paused, held, foreign, care };

struct Wait {
    BootTime::time_point until;  // look again then, or when woken
    Reason reason = Reason::not_due;
};

// How much longer than its settle a tracker's write may take that began before its holder's end: the write itself and the
// proof that it stood on. As groomer.acquire has it.
inline constexpr milliseconds last_write{4500};

// `now`: when the bid would be sent; not before the sight's last reply. Only called while nothing of this process holds the
// lock or is taking or freeing it: a row with its own incarnation is then one whose reply was lost.
std::variant<Bid, Wait> decide(std::string const& lock, Sight const& sight, Claimant const& claimant, BootTime::time_point now);

}  // namespace groomer::lock
