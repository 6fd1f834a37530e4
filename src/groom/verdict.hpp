// From a language model's answer to a judgement: what it may decide, how certain it has to be, and its texts made harmless. Pure.
#pragma once

#include "config/config.hpp"
#include "model/answer.hpp"
#include "model/judgement.hpp"
#include "tracker/tracker.hpp"

#include <cstdint>
#include <vector>

namespace groomer::groom {

// What is asked of an issue: all families but status, which is derived. A label that people alone set may be chosen, and is then
// told to them (plan.hpp).
model::Asked asked_of(config::Policy const& policy, std::vector<std::int64_t> candidates);

// An answer for what asked_of() made. A decision below its family's min_precision is none.
model::Judgement verdict(model::Answer const& answer, tracker::Issue const& issue, config::Policy const& policy);

}  // namespace groomer::groom
