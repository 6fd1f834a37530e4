// What of the acts of some runs can be taken back: the smallest change of labels that does so, and that undoes nobody else: pure.
#pragma once

#include "config/config.hpp"
#include "groom/apply.hpp"
#include "groom/plan.hpp"
#include "store/work.hpp"
#include "tracker/tracker.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace groomer::groom {

// Why nothing is taken back from the issue as it is now, in one sentence.
std::optional<std::string> left_by_undo(tracker::Issue const& issue, std::vector<store::Act> const& acts, config::Policy const& policy);

struct Undo {
    Plan plan;
    std::vector<std::int64_t> runs;  // that it takes back
    std::string reason;              // which these are, and what stays and why
};

// acts: those of the issue that were not taken back yet, the oldest first. A label that a selected run has set goes, if it is there by
// our hand still and no later run that is not selected had to do with it; one that a selected run took away comes back, if nobody has
// had to do with it since and no label of its family stands in its place. The title, our section and that it was closed are taken back
// while they are as groomer left them; comments stay. own_labels: those that groomer set, as last recorded.
Undo undo(tracker::Issue const& issue, std::vector<store::Act> const& acts, config::Policy const& policy,
          std::vector<std::string> const& own_labels);

// What becomes of the issue then, when the plan was carried out (or there was nothing to write): it is not groomed again before
// something changes. Where nothing came of it, it stays as it was left when that began.
void settle_undo(store::Record& record, Undo const& undo);

}  // namespace groomer::groom
