// The world that the simulated replicas, database and trackers live in: its time, its chance, what is still to happen, and
// the story of what happened.
#pragma once

#include "simulation/random.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::simulation {

using namespace std::chrono_literals;

// True time, which nobody in the world can read: replicas and databases have clocks of their own.
struct WorldTime {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<WorldTime>;
    static constexpr bool is_steady = true;
};
using Moment = WorldTime::time_point;
using Duration = WorldTime::duration;

class World {
public:
    // With `told`, what happens is told line by line.
    World(std::uint64_t seed, std::string* told) : random{seed}, told_{told} {}

    [[nodiscard]] Moment now() const { return now_; }
    void at(Moment moment, std::function<void()> happens);
    void after(Duration delay, std::function<void()> happens) { at(now_ + delay, std::move(happens)); }
    // Lets the next thing happen; false where nothing is to happen up to `until`, which it then is.
    bool step(Moment until);

    [[nodiscard]] bool telling() const { return told_ != nullptr; }
    void tell(std::string_view who, std::string_view what);

    Random random;

private:
    struct Event {
        Moment moment;
        std::uint64_t number;  // of two at one moment, the first comes first
        std::function<void()> happens;
    };
    static bool later(Event const& a, Event const& b) { return a.moment != b.moment ? a.moment > b.moment : a.number > b.number; }

    std::string* told_;
    Moment now_{};
    std::uint64_t events_ = 0;
    std::vector<Event> to_come_;  // a heap
};

// "1.250 s", for the story.
std::string seconds_text(Duration duration);

}  // namespace groomer::simulation
