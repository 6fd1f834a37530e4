// The fake as one value, and a request's way through it: key, shape, faults, mind.
#pragma once

#include "fake_model/answer.hpp"
#include "fake_model/faults.hpp"
#include "fake_model/log.hpp"
#include "fake_model/mind.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <cstddef>
#include <set>
#include <string>

namespace groomer::fake_model {

struct State {
    std::set<std::string> keys;          // any of them is right, for both services
    bool asks_key = true;                // a model of one's own may ask for none
    std::set<std::string> models;        // empty: every name is known
    std::chrono::milliseconds delay{0};  // of every answer
    Mind mind = honest_mind();
    Faults faults;
    Log log;
    boost::json::object last_schema;            // for those who ask without one
    std::size_t at_once = 0, most_at_once = 0;  // requests that wait for their answer
};

struct Outcome {
    Response response;
    Fault fault;  // as far as the connection has to do with it
    std::chrono::milliseconds delay{0};
};

// Also writes it into the log: what a client has been answered, the log knows.
Outcome outcome_of(State& state, Request const& request, Time now, std::string const& id);

}  // namespace groomer::fake_model
