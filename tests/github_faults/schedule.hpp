// Which faults come in which round, for all worlds together: each kind once in random order, then by weight.
#pragma once

#include "github_faults/director.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace groomer::github_faults {

struct Interrupted : std::runtime_error {
    Interrupted() : std::runtime_error{"interrupted"} {}
};

struct RoundPlan {
    int number = 0;
    std::uint64_t seed = 0;  // of what else is drawn in it
    std::vector<std::pair<Kind const*, Point>> faults;
};

class Schedule {
public:
    // only: names; empty is all.
    Schedule(int groomers_rounds, int writers_rounds, std::uint64_t seed, std::set<std::string> const& only);

    // Nothing: no more rounds of this sort. Throws Interrupted.
    std::optional<RoundPlan> next(bool writers);
    [[nodiscard]] std::vector<std::string> kinds() const;
    void interrupt() { interrupted_ = true; }
    void throw_if_interrupted() const {
        if (interrupted_) throw Interrupted{};
    }

private:
    struct Sort {
        std::vector<Kind const*> kinds, first;
        int left = 0;
    };
    Kind const* draw(Sort& sort);

    std::atomic<bool> interrupted_ = false;
    std::mutex mutex_;  // protects all below
    std::mt19937_64 random_;
    Sort groomers_, writers_;
    int number_ = 0;
};

}  // namespace groomer::github_faults
