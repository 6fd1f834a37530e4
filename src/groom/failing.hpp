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

    // One that failed now: true where it has failed for that long, again and again, without having succeeded.
    bool lasts(std::int64_t issue, BootTime::time_point now) {
        constexpr std::size_t most = 10'000;
        constexpr std::chrono::minutes forgotten_after{15};  // it may have succeeded elsewhere
        if (known_.size() >= most) known_.clear();
        auto& known = known_.try_emplace(issue, Known{now, now}).first->second;
        if (now - known.last >= forgotten_after) known.first = now;
        known.last = now;
        return now - known.first >= long_enough;
    }
    void succeeded(std::int64_t issue) { known_.erase(issue); }

private:
    struct Known {
        BootTime::time_point first, last;  // failure
    };
    std::map<std::int64_t, Known> known_;
};

}  // namespace groomer::groom
