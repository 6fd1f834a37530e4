// What people read of a run: the rules, the figures, the violations, and the course of a world line by line.
#pragma once

#include "chaos/history.hpp"
#include "chaos/judge.hpp"

#include <string>
#include <vector>

namespace groomer::chaos {

struct Judged {
    int world = 0;
    History history;
    Verdict verdict;
};

// "ok - …" or "not ok - …" for each rule; then tables. Returns the number of violations.
std::size_t report(std::vector<Judged> const& worlds, bool verbose);

// All that was written down, in the order of time.
void write_course(History const& history, Verdict const& verdict, std::string const& path);

}  // namespace groomer::chaos
