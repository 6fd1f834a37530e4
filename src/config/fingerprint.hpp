// Digests that say whether two configurations mean the same. No secret goes into either.
#pragma once

#include "config/config.hpp"

#include <string>

namespace groomer::config {

// The whole effective configuration: 16 hexadecimal digits.
std::string config_hash(Config const& config);

// What changes a decision or a write, and nothing else (not batch, cooldown or retention): an issue that was groomed
// under another digest is due again. 16 hexadecimal digits.
std::string policy_digest(Policy const& policy, Model const& model);

// Of what a language model is asked: whatever it answered stays true while this does.
std::string model_digest(Policy const& policy, Model const& model);

}  // namespace groomer::config
