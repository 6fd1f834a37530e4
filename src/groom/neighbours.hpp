// The issues that a language model is shown beside the one that it judges: likely duplicates, and similar ones that people labelled.
#pragma once

#include "base/async.hpp"
#include "model/context.hpp"
#include "store/backlog.hpp"
#include "tracker/tracker.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace groomer::model::local {
class Similar;
}

namespace groomer::groom {

class Neighbours {
public:
    struct Found {
        std::vector<model::ShownIssue> candidates, examples;
    };

    // cpu: where issues are compared.
    Neighbours(store::Store& store, asio::thread_pool& cpu, Clock& clock);
    ~Neighbours();

    // Reads the issues of these sources, where they have changed since and the last time is not too recent.
    Task<> refresh(std::vector<std::string> sources);
    // Of the same repository. Both are empty where that was not read.
    Task<Found> of(tracker::Issue const& issue);
    // Frees the memory.
    void forget();

private:
    store::Store& store_;
    asio::thread_pool& cpu_;
    Clock& clock_;
    std::map<std::string, std::shared_ptr<model::local::Similar const>> similar_;  // by repository, in lower case
    std::vector<std::string> sources_;                                             // that were read
    std::int64_t read_changes_ = -1;
    BootTime::time_point read_at_{};
};

}  // namespace groomer::groom
