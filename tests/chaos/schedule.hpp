// Which fault comes next, for all worlds together: each once in random order, and again where it found nothing to disturb, then by
// weight, until rounds or time are up (the time only once each has come, and has disturbed something or was tried often enough).
#pragma once

#include "chaos/options.hpp"

#include <atomic>
#include <chrono>
#include <map>
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
    // What `next` said has come to its end. One that has never disturbed anything comes again, until it was tried often enough.
    void ended(std::string const& name, bool struck);
    void interrupt() { interrupted_ = true; }
    void throw_if_interrupted() const {
        if (interrupted_) throw Interrupted{};
    }

private:
    std::optional<std::string> by_weight();

    std::atomic<bool> interrupted_ = false;
    std::mutex mutex_;  // protects all below
    std::vector<Kind> kinds_;
    std::vector<std::string> first_;
    struct Tries {
        int count = 0;
        bool struck = false;
    };
    std::map<std::string, Tries> tries_;
    std::mt19937_64 random_;
    int left_;
    std::chrono::steady_clock::time_point end_;
};

}  // namespace groomer::chaos
