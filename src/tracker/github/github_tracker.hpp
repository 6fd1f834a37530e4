// A tracker over one repository on github.com or a GitHub Enterprise Server. An exception (groomer::Error; LimitReached where a limit
// is) means that the repository as a whole cannot be read or written for now: no issue's fault.
#pragma once

#include "tracker/github/api.hpp"
#include "tracker/github/pass.hpp"
#include "tracker/tracker.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace groomer::tracker::github {

struct Parts {
    std::shared_ptr<Api> api;  // shared by all repositories of the same credentials
};

struct Options {
    std::string repo;  // "owner/name"
    std::chrono::milliseconds settle{11'500};
    PassOptions pass;
};

std::shared_ptr<Tracker> make_github_tracker(Parts parts, Options options);

}  // namespace groomer::tracker::github
