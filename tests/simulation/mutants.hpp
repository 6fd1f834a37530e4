// Products that lack one rule each. Every one must be found by a judge, or the judges prove nothing.
#pragma once

#include "simulation/scene.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace groomer::simulation {

struct Mutant {
    std::string_view name;
    std::string_view judge;  // that has to object
    Family family;           // of the worlds in which it is looked for,
    std::uint64_t first;     // from this seed on: where it was found last
    Mutation mutation;
};

std::vector<Mutant> const& mutants();

}  // namespace groomer::simulation
