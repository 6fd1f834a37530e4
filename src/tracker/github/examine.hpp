// What stands between the credentials and a repository, told before anything starts: two requests, however many issues there are.
#pragma once

#include "tracker/github/repository.hpp"
#include "tracker/tracker.hpp"

namespace groomer::tracker::github {

// Throws what fail() does, and Error where the credentials are none.
Task<Findings> examine(Repository& repository, bool writes);

}  // namespace groomer::tracker::github
