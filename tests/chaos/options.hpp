// What a run of the fault runs is told to do.
#pragma once

#include "chaos/programs.hpp"

#include <cstdint>
#include <set>
#include <string>

namespace groomer::chaos {

struct Options {
    int rounds = 0;                // 0: as many as the time allows
    int seconds = 60;              // no new round after that; 0: no limit
    std::uint64_t seed = 1;        // "date": of this day and second, so that each run is a fresh trial
    std::set<std::string> faults;  // empty: all
    std::string replica;           // the program
    int worlds = 4;
    std::string expected;    // the rule that must be broken; empty: none may be
    bool quarantine = true;  // false: the replicas are told that the tracker needs no settle
    std::string folder;      // all files of the run; empty: a temporary one
    bool keep = false;
    bool verbose = false;
    Programs programs;
};

}  // namespace groomer::chaos
