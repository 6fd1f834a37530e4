// `POST /api/groomer/run` in JSON: what may be asked, and what a tick that was asked for has done. Pure.
#pragma once

#include "groom/groomer.hpp"

#include <boost/json/array.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace groomer::api {

struct RunRequest {
    std::optional<std::string> repo;
    std::optional<std::int64_t> issue;  // of it
    bool dry_run = false;
    bool force = false;
};
// Or what is wrong with it, in a sentence. No body at all asks for one batch.
std::variant<RunRequest, std::string> parse_run_request(std::string_view body);

// One object an issue: repo, issue, outcome, reason, added, removed.
boost::json::array results_of(groom::TickReport const& report);

// The answer to a run that was not refused.
std::string run_answer(groom::TickReport const& report, bool dry_run);

}  // namespace groomer::api
