// Runs of many seeds, of one, and of the mutants; what they print is what tests/run counts.
#pragma once

#include "simulation/scene.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace groomer::simulation {

struct Options {
    std::optional<std::uint64_t> seeds;  // 10,000 worlds, or 20 sequences of the mirror
    std::uint64_t first = 1;
    unsigned jobs = 1;
    std::optional<std::uint64_t> seed;
    std::optional<Family> family;
    std::string mutant;
    bool mutants = false;
    bool mirror = false;
};

// True where all is well.
bool run_seeds(Options const& options);
bool run_one(Options const& options);
bool run_mutants(Options const& options);
bool run_mirror(Options const& options);

}  // namespace groomer::simulation
