// Which comments of groomer's an issue is to have, which of them are written now, and when one has announced for long enough that the issue
// is closed: pure.
#pragma once

#include "config/config.hpp"
#include "groom/plan.hpp"
#include "model/judgement.hpp"
#include "store/said.hpp"
#include "tracker/tracker.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace groomer::groom {

// Nobody has taken it on or opened it again, its reporter can answer, and all of its history is known.
bool may_be_closed(tracker::Issue const& issue);

struct Wish {
    NamedText comment;
    bool only_in_place = false;                          // of one that is there already
    std::optional<tracker::CloseReason> announces = {};  // that the issue is closed after the grace
};

// From the comment that announces it. Whoever moves the issue within it stops it.
inline constexpr std::chrono::hours grace{14 * 24};

// plan: of the labels, and the title. In suggestions what it comes to; in mode apply, where policy.comments is enabled, what the reporter has to
// add, or, where policy.close is too, that the issue is done. Closing is announced of an issue that was never reopened, and that
// carries the status for it by our hand.
std::vector<Wish> wishes(tracker::Issue const& issue, model::Judgement const& judgement, config::Policy const& policy, Plan const& plan);

struct Remarks {
    std::vector<NamedText> now;
    std::optional<std::chrono::milliseconds> later;  // until one may be edited that may not be now, or the grace is over
    std::optional<tracker::CloseReason> close;       // now
};

// Leaves out what reads so already, and what a person has deleted; what was written less than `cooldown` ago is not edited yet. The issue is
// closed if the comment that announces it stands as it was made (an edit tells nobody), and nobody has moved the issue from the revision
// that it was made at.
Remarks remarks(std::vector<Wish> wishes, tracker::Issue const& issue, std::vector<store::Said> const& said,
                std::chrono::milliseconds cooldown, std::string const& revision);

}  // namespace groomer::groom
