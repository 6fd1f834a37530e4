#include "simulation/mutants.hpp"

namespace groomer::simulation {
namespace {

Mutant without(std::string_view name, Family family, bool Rules::*rule) {
    Mutant mutant{name, family, {}};
    mutant.mutation.rules.*rule = false;
    return mutant;
}

Mutant without(std::string_view name, Family family, bool Seams::*rule) {
    Mutant mutant{name, family, {}};
    mutant.mutation.seams.*rule = false;
    return mutant;
}

Mutant without(std::string_view name, Family family, std::vector<bool Rules::*> const& rules) {
    Mutant mutant{name, family, {}};
    for (auto rule : rules) mutant.mutation.rules.*rule = false;
    return mutant;
}

Mutant without_both(std::string_view name, Family family, bool Rules::*rule, bool Seams::*seam) {
    auto mutant = without(name, family, rule);
    mutant.mutation.seams.*seam = false;
    return mutant;
}

}  // namespace

std::vector<Mutant> const& mutants() {
    static std::vector<Mutant> const all{
        without("no-compare", Family::network, std::vector{&Rules::compares_row, &Rules::compares_term, &Rules::judges_age}),
        without("no-row-compare", Family::strangers, &Rules::compares_row),
        without("no-term-compare", Family::network, &Rules::compares_term),
        without("no-cluster-compare", Family::all, &Rules::compares_cluster),
        without("due-not-judged-again", Family::network, std::vector{&Rules::judges_due, &Rules::compares_term}),
        without("old-looks-are-good", Family::all, &Rules::look_must_be_fresh),
        without("terms-may-fall", Family::clocks, &Rules::terms_rise),
        without("no-room-for-lost-terms", Family::failover, &Rules::leaves_room),
        without("no-timeline", Family::failover, &Rules::keeps_timeline),
        without("no-care", Family::failover, &Seams::sees_clusters),
        without("no-step-detection", Family::clocks, &Seams::sees_steps),
        without("no-quarantine", Family::crashes, &Rules::quarantines),
        without("quarantine-not-waited-for", Family::crashes, &Seams::waits_quarantine),
        without_both("quarantine-not-carried", Family::crashes, &Rules::carries_quarantine, &Seams::awaits_own_quarantine),
        without("quarantine-forgotten-by-a-step", Family::clocks, &Seams::awaits_own_quarantine),
        without("time-cleans-by-any-clock", Family::clocks, &Rules::cleaning_needs_contact),
        without("quarantine-without-contact-is-short", Family::strangers, &Rules::doubts_contact),
        without("no-quarantine-after-failover", Family::failover, &Rules::waits_after_failover),
        without("acquire-leaves-clean", Family::strangers, &Rules::marks_unclean),
        without("release-is-always-clean", Family::all, &Rules::believes_clean),
        without("unanswered-writes-are-clean", Family::all, &Seams::tells_unclean),
        without("renewal-revives", Family::clocks, &Rules::renews_only_alive),
        without("release-of-any-row", Family::network, &Rules::releases_only_own),
        without("release-leaves-due", Family::network, &Rules::moves_due),
        without("requests-are-never-done", Family::network, &Rules::serves_requests),
        without("no-fence", Family::pauses, &Rules::fences),
        without("fence-without-locks", Family::all, &Rules::fence_locks),
        without("fence-extends-the-deadline", Family::network, &Seams::only_renewals_extend),
        without("tracker-write-without-proof", Family::strangers, &Seams::proves),
        without("tracker-write-near-the-deadline", Family::network, &Seams::keeps_deadline),
    };
    return all;
}

}  // namespace groomer::simulation
