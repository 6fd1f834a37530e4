// The REST interface on a state: one request in, one answer out. Pure, but for the state that it changes.
#pragma once

#include "fake_github/http.hpp"
#include "fake_github/state.hpp"

#include <string>

namespace groomer::fake_github {

// Who asks, what it changes, and what comes back. Counts the request by its route, against the limits, and logs effects.
Response answer(State& state, Request const& request, Time now, std::string const& request_id);

// An answer that comes of no handler, with the headers of all: of a fault, or where no request could be read.
Response refusal(State& state, int status, std::string_view message, Time now, std::string const& request_id);

}  // namespace groomer::fake_github
