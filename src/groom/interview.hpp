// Asks a language model about one issue: what it is shown, at most one repair of an answer that cannot be used, who pays, and that what
// it said is kept by the same statement that stores what it cost: so is an answer that is yet to be repaired, by whoever comes next.
#pragma once

#include "base/async.hpp"
#include "config/config.hpp"
#include "groom/budget.hpp"
#include "groom/kept_answer.hpp"
#include "lock/hold.hpp"
#include "metrics/metrics.hpp"
#include "model/context.hpp"
#include "model/endpoint.hpp"
#include "tracker/tracker.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace groomer::groom {

struct InterviewParts {
    metrics::Metrics& metrics;
    store::Store& store;
    Budget& budget;
    model::Endpoint& endpoint;
    lock::Hold& hold;
};

struct Subject {
    std::int64_t id = 0;  // of the issue, in the store
    tracker::Issue const& issue;
    std::string const& revision;
    std::string const& version;  // of the question
    bool again = false;          // whoever may have been answered already
    std::vector<model::ShownIssue> candidates = {}, examples = {};
    std::optional<KeptAnswer> begun = {};  // what is kept of an answer that is to be repaired: only that is asked
};

struct Interview {
    std::optional<KeptAnswer> said;  // kept; nothing where no answer came, or its repair could not be asked for yet
    std::string why;                 // then
};

// All arguments outlive it. Throws store::HoldLost and pg::DatabaseError.
Task<Interview> interview(InterviewParts const& parts, config::Repository const& settings, Subject const& subject);

}  // namespace groomer::groom
