// All chance in a simulated world comes from one of these, and so from its seed: the same numbers on every machine, which
// the distributions of the standard library do not promise.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace groomer::simulation {

class Random {
public:
    explicit Random(std::uint64_t seed) : state_{seed} {}

    std::uint64_t next() {  // splitmix64
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }
    std::uint64_t below(std::uint64_t count) { return next() % count; }
    bool chance(double probability) { return static_cast<double>(next() >> 11U) < probability * 9007199254740992.0; }
    double fraction() { return static_cast<double>(next() >> 11U) / 9007199254740992.0; }
    std::chrono::nanoseconds between(std::chrono::nanoseconds least, std::chrono::nanoseconds most) {
        if (most <= least) return least;
        return least + std::chrono::nanoseconds{static_cast<std::int64_t>(below(static_cast<std::uint64_t>((most - least).count()) + 1))};
    }
    template <class T>
    T const& pick(std::vector<T> const& values) {
        return values[below(values.size())];
    }

private:
    std::uint64_t state_;
};

}  // namespace groomer::simulation
