// Judges what others wrote down: pure. It knows what the README promises and nothing of how that is kept.
#pragma once

#include "github_faults/history.hpp"

#include <map>
#include <string>
#include <vector>

namespace groomer::github_faults {

struct Rule {
    char const* name;
    char const* sentence;
};
std::vector<Rule> const& rules();

struct Verdict {
    std::vector<Violation> violations;
    std::map<std::string, std::int64_t> counts;
};
Verdict judge(History const& history);

// Who acted last on each label of each issue.
using LastActs = std::map<std::pair<std::string, std::int64_t>, std::map<std::string, Effect const*>>;
LastActs last_acts(std::vector<Effect> const& effects);

// Why a round is not over: what of the issue is not as it was decided, one sentence each. Empty where it is at rest.
std::vector<std::string> unsettled(std::vector<Family> const& families, LastActs const& acts, IssueNow const& issue);
// The same of what a writer was told.
std::vector<std::string> unsettled(Wanted const& wanted, IssueNow const& issue);

}  // namespace groomer::github_faults
