// Judges a history: pure. It knows the guarantees of src/lock/README.md and nothing of how they are kept.
#pragma once

#include "chaos/history.hpp"
#include "chaos/tenure.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace groomer::chaos {

struct Verdict {
    std::vector<Violation> violations;
    std::map<std::string, std::int64_t> counts;
    std::map<std::string, std::vector<double>> figures;  // in seconds
};

Verdict judge(History const& history);

// What is wrong with it, if nothing more is to come; a sentence each.
std::vector<std::string> faults_of(FinalIssue const& issue);

// The faults that were tried, and have disturbed nothing in any world: such a run proves nothing of them.
std::vector<std::string> never_struck(std::vector<History const*> const& histories);

// Whether promotions have lost acquires, and releases, by a verdict's counts: else they have put nothing to the test.
bool loses_both(std::map<std::string, std::int64_t> const& counts);

// The rules, one after another; each accuses, counts and measures.
void judge_rows(History const& history, Tenures const& tenures, Verdict& verdict, Accuse const& accuse);
void judge_ticks(History const& history, Tenures const& tenures, Verdict& verdict, Accuse const& accuse);
void judge_tracker(History const& history, Tenures const& tenures, Verdict& verdict, Accuse const& accuse);
void judge_model(History const& history, Tenures const& tenures, Verdict& verdict, Accuse const& accuse);
void judge_rounds(History const& history, Tenures const& tenures, Verdict& verdict, Accuse const& accuse);

}  // namespace groomer::chaos
