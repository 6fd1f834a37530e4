// What befalls a world in one round. Each leaves behind what recover() can undo: stopped replicas, closed links.
#pragma once

#include "chaos/world.hpp"

#include <string>
#include <vector>

namespace groomer::chaos {

struct Fault {
    std::string name;
    int weight = 1;
    void (*befall)(World&) = nullptr;
};

std::vector<Fault> const& all_faults();

}  // namespace groomer::chaos
