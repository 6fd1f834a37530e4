// The issues that groomer keeps its hands off, whoever asks: pure.
#pragma once

#include "config/config.hpp"
#include "tracker/tracker.hpp"

#include <optional>
#include <string>

namespace groomer::groom {

// Why this issue is left alone, as one sentence; nothing if it may be groomed.
std::optional<std::string> guard(tracker::Issue const& issue, config::Policy const& policy);

}  // namespace groomer::groom
