// Issues that cannot be read or written while nobody can tell yet whose fault that is. Pure; kept for as long as the process lives.
#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>

namespace groomer::groom {

class Failing {
public:
    // A tracker that fails as a whole seldom does for longer; an issue may do so for ever.
    static constexpr std::chrono::minutes long_enough{2};

    // One that failed now: true where it has failed for that long without having succeeded.
    bool lasts(std::int64_t issue, BootTime::time_point now) {
        constexpr std::size_t most = 10'000;
        if (since_.size() >= most) since_.clear();
        return now - since_.try_emplace(issue, now).first->second >= long_enough;
    }
    void succeeded(std::int64_t issue) { since_.erase(issue); }

private:
    std::map<std::int64_t, BootTime::time_point> since_;
};

}  // namespace groomer::groom
