// What a tick that was asked for has done, as `POST /api/groomer/run` and `once` tell it in JSON. Pure.
#pragma once

#include "groom/groomer.hpp"

#include <boost/json/array.hpp>

#include <string>

namespace groomer::api {

// One object an issue: repo, issue, outcome, reason, added, removed.
boost::json::array results_of(groom::TickReport const& report);

// The answer to a run that was not refused.
std::string run_answer(groom::TickReport const& report, bool dry_run);

}  // namespace groomer::api
