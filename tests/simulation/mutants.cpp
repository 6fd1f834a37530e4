#include "simulation/mutants.hpp"

namespace groomer::simulation {
namespace {

Mutant without(std::string_view name, Family family, std::uint64_t first, bool Rules::*rule) {
    Mutant mutant{name, family, first, {}};
    mutant.mutation.rules.*rule = false;
    return mutant;
}

Mutant without(std::string_view name, Family family, std::uint64_t first, bool Seams::*rule) {
    Mutant mutant{name, family, first, {}};
    mutant.mutation.seams.*rule = false;
    return mutant;
}

Mutant without(std::string_view name, Family family, std::uint64_t first, std::vector<bool Rules::*> const& rules) {
    Mutant mutant{name, family, first, {}};
    for (auto rule : rules) mutant.mutation.rules.*rule = false;
    return mutant;
}

Mutant without_both(std::string_view name, Family family, std::uint64_t first, bool Rules::*rule, bool Seams::*seam) {
    auto mutant = without(name, family, first, rule);
    mutant.mutation.seams.*seam = false;
    return mutant;
}

}  // namespace

std::vector<Mutant> const& mutants() {
    static std::vector<Mutant> const all{
        without("no-compare", Family::network, 1, std::vector{&Rules::compares_row, &Rules::compares_term, &Rules::judges_age}),
        without("no-row-compare", Family::strangers, 1105, &Rules::compares_row),
        without("no-cluster-compare", Family::failover, 251, &Rules::compares_cluster),
        without("due-not-judged-again", Family::network, 1, std::vector{&Rules::judges_due, &Rules::compares_term}),
        without("terms-may-fall", Family::clocks, 1, &Rules::terms_rise),
        without("no-room-for-lost-terms", Family::all, 1, &Rules::leaves_room),
        without("room-above-the-clock-alone", Family::all, 1, &Rules::room_above_terms),
        without("no-timeline", Family::failover, 1, &Rules::keeps_timeline),
        without("no-care", Family::failover, 1, &Seams::sees_clusters),
        without("reclaim-across-clusters", Family::all, 2435, &Seams::reclaims_in_cluster),
        without("future-stamps-unwatched", Family::clocks, 1, &Seams::watches_future),
        without("deadline-from-the-reply", Family::network, 1, &Seams::deadline_from_sending),
        without("no-step-detection", Family::clocks, 1, &Seams::sees_steps),
        without("no-quarantine", Family::crashes, 1, &Rules::quarantines),
        without("quarantine-not-waited-for", Family::crashes, 1, &Seams::waits_quarantine),
        without_both("quarantine-not-carried", Family::crashes, 1, &Rules::carries_quarantine, &Seams::awaits_own_quarantine),
        without("quarantine-forgotten-by-a-step", Family::clocks, 257, &Seams::awaits_own_quarantine),
        without("time-cleans-by-any-clock", Family::clocks, 1, &Rules::cleaning_needs_contact),
        without("quarantine-without-contact-is-short", Family::strangers, 933, &Rules::doubts_contact),
        without("no-quarantine-after-failover", Family::failover, 1248, &Rules::waits_after_failover),
        without("acquire-leaves-clean", Family::strangers, 1, &Rules::marks_unclean),
        without("release-is-always-clean", Family::all, 1, &Rules::believes_clean),
        without("unanswered-writes-are-clean", Family::all, 1, &Seams::tells_unclean),
        without("renewal-revives", Family::clocks, 1, &Rules::renews_only_alive),
        without("release-of-any-row", Family::network, 1, &Rules::releases_only_own),
        without("release-leaves-due", Family::network, 1, &Rules::moves_due),
        without("requests-are-never-done", Family::network, 1, &Rules::serves_requests),
        without("no-fence", Family::pauses, 1, &Rules::fences),
        without("fence-without-locks", Family::all, 1, &Rules::fence_locks),
        without("fence-extends-the-deadline", Family::network, 1, &Seams::only_renewals_extend),
        without("tracker-write-without-proof", Family::strangers, 1, &Seams::proves),
        without("tracker-write-near-the-deadline", Family::network, 1, &Seams::keeps_deadline),
    };
    return all;
}

}  // namespace groomer::simulation
