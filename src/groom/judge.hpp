// What is decided of an issue, and by whom: a stored decision, the language model, the local model, rules. Whatever is decided is stored
// before it is used, so that nothing is paid for twice.
#pragma once

#include "base/async.hpp"
#include "base/log.hpp"
#include "config/config.hpp"
#include "groom/budget.hpp"
#include "groom/forecast.hpp"
#include "groom/interview.hpp"
#include "groom/learner.hpp"
#include "groom/neighbours.hpp"
#include "lock/hold.hpp"
#include "metrics/metrics.hpp"
#include "model/endpoint.hpp"
#include "store/work.hpp"
#include "tracker/tracker.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace groomer::groom {

// A configured entry with what serves it. Lives for the process.
struct Entry {
    config::Repository settings;
    std::string policy_digest;  // of all that changes a decision or a write
    std::string judge_digest;   // of what changes a decision: the same for a dry run
    std::string model_digest;   // of what changes the question to a language model
    std::shared_ptr<tracker::Tracker> tracker;
    std::shared_ptr<model::Endpoint> model;  // nothing: the local one
};

// A model outside of this process: its decisions on the families of labels that it judges. Throws what ends the tick.
using Model = std::function<Task<std::vector<model::Decision>>(tracker::Issue issue, config::Policy policy)>;

struct JudgeParts {
    Log& log;
    metrics::Metrics& metrics;
    store::Store& store;
    Learner& learner;
    Neighbours& neighbours;
    Model model;  // asked first, where there is one; the local model judges the rest
    asio::any_io_executor executor;
};

// All outlives the judgement.
struct Case {
    lock::Hold& hold;
    Entry const& entry;
    std::int64_t id = 0;  // of the issue, in the store
    tracker::Issue const& issue;
    std::string const& revision;
    bool force = false;  // stored decisions are made anew
};

class Judge {
public:
    explicit Judge(JudgeParts parts);

    // sources: those that are configured with a language model. Throws pg::DatabaseError.
    Task<> begin_tick(std::vector<std::string> sources);
    // Instead of it, where nothing is to be judged. Throws pg::DatabaseError.
    Task<> idle_tick() { return budget_.idle_tick(); }
    // Nothing: the tick winds down, and the language model was not heard; whoever works next asks it. Throws store::HoldLost and
    // pg::DatabaseError.
    Task<std::optional<model::Judgement>> judge(Case one);

    // What this tick has paid for; the time is the caller's to know.
    [[nodiscard]] Cost cost() const { return {judged_, budget_.spent_in_tick(), 0}; }

private:
    Task<std::optional<model::Judgement>> ask(Case const& one, std::string& why);
    Task<Interview> ask_anew(Case const& one, std::string const& version, bool replaces, std::optional<KeptAnswer> begun);
    Task<model::Judgement> judge_without(Case const& one);
    Task<model::Judgement> judge_here(tracker::Issue const& issue, config::Policy const& policy);
    void tell(std::string const& why);

    JudgeParts const parts_;
    Budget budget_;
    std::int64_t judged_ = 0;     // by a language model, in this tick
    std::set<std::string> told_;  // why the model was not asked, in this tick
};

}  // namespace groomer::groom
