// The revision of an issue: what people have made of it. Our own writes, and those of other bots, do not change it.
#pragma once

#include "tracker/tracker.hpp"

#include <string>

namespace groomer::groom {

// The title that people last gave it, where the one that it has is ours.
std::string title_of_people(tracker::Issue const& issue);

// SHA-256 of that title, body (sections of ours are none of it), state, the comments and label acts of people, in order, and merged pull requests that
// say they close it.
std::string revision(tracker::Issue const& issue);

}  // namespace groomer::groom
