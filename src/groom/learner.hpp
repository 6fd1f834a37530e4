// The built-in local model, one classifier a label family, trained on the labels that people set in this installation.
#pragma once

#include "base/async.hpp"
#include "base/log.hpp"
#include "config/config.hpp"
#include "model/judgement.hpp"
#include "store/backlog.hpp"
#include "tracker/tracker.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace groomer::model::local {
class Classifier;
}

namespace groomer::groom {

class Learner {
public:
    // cpu: where training and prediction run.
    Learner(store::Store& store, asio::thread_pool& cpu, Clock& clock, Log& log);
    ~Learner();

    // Trains what these policies need, where the issues have changed since and the last training is not too recent.
    Task<> refresh(std::vector<config::Repository> const& entries);

    // The local model's decision on a family; without a value where it abstains or has not learned enough.
    Task<model::Decision> decide(tracker::Issue const& issue, config::Family const& family);

    // Differs where another training might judge otherwise: part of the key of stored decisions.
    [[nodiscard]] std::string version(config::Family const& family) const;

    // Frees the memory; the next refresh() trains anew.
    void forget();

private:
    Task<> train(std::string key, config::Family family);

    store::Store& store_;
    asio::thread_pool& cpu_;
    Clock& clock_;
    Log& log_;
    std::map<std::string, std::shared_ptr<model::local::Classifier const>> classifiers_;  // by the family's definition
    std::int64_t trained_changes_ = -1;
    BootTime::time_point trained_at_{};
};

}  // namespace groomer::groom
