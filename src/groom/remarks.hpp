// Which comments of groomer's an issue is to have, and which of them are written now: pure.
#pragma once

#include "config/config.hpp"
#include "groom/plan.hpp"
#include "model/judgement.hpp"
#include "store/said.hpp"
#include "tracker/tracker.hpp"

#include <chrono>
#include <optional>
#include <vector>

namespace groomer::groom {

struct Wish {
    NamedText comment;
    bool only_in_place = false;  // of one that is there already
};

// plan: of the labels. In suggestions what it comes to; in mode apply what the reporter has to add, where policy.comments is enabled.
std::vector<Wish> wishes(tracker::Issue const& issue, model::Judgement const& judgement, config::Policy const& policy, Plan const& plan);

struct Remarks {
    std::vector<NamedText> now;
    std::optional<std::chrono::milliseconds> later;  // until one may be edited that may not be now
};

// Leaves out what reads so already, and what a person has deleted; what was written less than `cooldown` ago is not edited yet.
Remarks remarks(std::vector<Wish> wishes, tracker::Issue const& issue, std::vector<store::Said> const& said,
                std::chrono::milliseconds cooldown);

}  // namespace groomer::groom
