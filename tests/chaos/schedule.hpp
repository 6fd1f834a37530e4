// Which fault comes next, for all worlds together: each once in random order, then by weight, until rounds or time are up
// (the time only once each has come).
#pragma once

#include "chaos/options.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace groomer::chaos {

// A signal has ended the run.
struct Interrupted : std::runtime_error {
    Interrupted() : std::runtime_error{"interrupted"} {}
};

class Schedule {
public:
    struct Kind {
        std::string name;
        int weight = 1;
    };
    Schedule(Options const& options, std::vector<Kind> kinds);

    // Nothing: the run is over. Throws Interrupted.
    std::optional<std::string> next();
    void interrupt() { interrupted_ = true; }
    void throw_if_interrupted() const {
        if (interrupted_) throw Interrupted{};
    }

private:
    std::atomic<bool> interrupted_ = false;
    std::mutex mutex_;  // protects all below
    std::vector<Kind> kinds_;
    std::vector<std::string> first_;
    std::mt19937_64 random_;
    int left_;
    std::chrono::steady_clock::time_point end_;
};

}  // namespace groomer::chaos
