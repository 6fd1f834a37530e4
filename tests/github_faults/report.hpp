#pragma once

#include "github_faults/judge.hpp"

#include <string>
#include <vector>

namespace groomer::github_faults {

struct Judged {
    int world = 0;
    History history;
    Verdict verdict;
};

// Prints each rule, the faults and the figures; returns how much is wrong. kinds: those that must have struck, where the run is
// long enough to prove something by that.
std::size_t report(std::vector<Judged> const& worlds, std::vector<std::string> const& kinds);
// All requests and effects of a world in their order, with the violations.
void write_course(Judged const& world, std::string const& path);

}  // namespace groomer::github_faults
