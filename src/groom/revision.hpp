// The revision of an issue: what people have made of it. Our own writes, and those of other bots, do not change it.
#pragma once

#include "tracker/tracker.hpp"

#include <string>

namespace groomer::groom {

// SHA-256 of title, body, state, and the comments and label acts of people, in order.
std::string revision(tracker::Issue const& issue);

}  // namespace groomer::groom
