#include "simulation/mutants.hpp"

namespace groomer::simulation {
namespace {

Mutant without(std::string_view name, std::string_view judge, Family family, std::uint64_t first, bool Rules::*rule) {
    Mutant mutant{name, judge, family, first, {}};
    mutant.mutation.rules.*rule = false;
    return mutant;
}

Mutant without(std::string_view name, std::string_view judge, Family family, std::uint64_t first, bool Seams::*rule) {
    Mutant mutant{name, judge, family, first, {}};
    mutant.mutation.seams.*rule = false;
    return mutant;
}

Mutant without(std::string_view name, std::string_view judge, Family family, std::uint64_t first, std::vector<bool Rules::*> const& rules) {
    Mutant mutant{name, judge, family, first, {}};
    for (auto rule : rules) mutant.mutation.rules.*rule = false;
    return mutant;
}

Mutant without_both(std::string_view name, std::string_view judge, Family family, std::uint64_t first, bool Rules::*rule,
                    bool Seams::*seam) {
    auto mutant = without(name, judge, family, first, rule);
    mutant.mutation.seams.*seam = false;
    return mutant;
}

}  // namespace

std::vector<Mutant> const& mutants() {
    static std::vector<Mutant> const all{
        without("no-compare", "one holder", Family::network, 1,
                std::vector{&Rules::compares_row, &Rules::compares_term, &Rules::judges_age}),
        without("no-row-compare", "foreign rows", Family::strangers, 1329, &Rules::compares_row),
        without_both("no-version", "foreign rows", Family::strangers, 1, &Rules::compares_version, &Seams::sees_versions),
        without("no-cluster-compare", "one holder", Family::failover, 3413, &Rules::compares_cluster),
        without("due-not-judged-again", "due once", Family::network, 1, std::vector{&Rules::judges_due, &Rules::compares_term}),
        without("terms-may-fall", "terms rise", Family::clocks, 1, &Rules::terms_rise),
        without("no-room-for-lost-terms", "terms rise", Family::all, 1, &Rules::leaves_room),
        without("room-above-the-clock-alone", "terms rise", Family::all, 1, &Rules::room_above_terms),
        without("no-timeline", "one holder", Family::failover, 1, &Rules::keeps_timeline),
        without("no-care", "one holder", Family::failover, 1, &Seams::sees_clusters),
        without("reclaim-across-clusters", "one holder", Family::all, 4317, &Seams::reclaims_in_cluster),
        without("future-stamps-unwatched", "one holder", Family::clocks, 1, &Seams::watches_future),
        without("deadline-from-the-reply", "one holder", Family::network, 1, &Seams::deadline_from_sending),
        without("no-step-detection", "one holder", Family::clocks, 1, &Seams::sees_steps),
        without("no-quarantine", "tracker order", Family::crashes, 1, &Rules::quarantines),
        without("quarantine-not-waited-for", "tracker order", Family::crashes, 1, &Seams::waits_quarantine),
        without_both("quarantine-not-carried", "tracker order", Family::crashes, 1, &Rules::carries_quarantine,
                     &Seams::awaits_own_quarantine),
        without("quarantine-forgotten-by-a-step", "tracker order", Family::clocks, 6564, &Seams::awaits_own_quarantine),
        without("time-cleans-by-any-clock", "tracker order", Family::clocks, 6564, &Rules::cleaning_needs_contact),
        without("quarantine-without-contact-is-short", "tracker order", Family::strangers, 2024, &Rules::doubts_contact),
        without("no-quarantine-after-failover", "tracker order", Family::failover, 21585, &Rules::waits_after_failover),
        without("acquire-leaves-clean", "tracker order", Family::strangers, 197, &Rules::marks_unclean),
        without("release-is-always-clean", "tracker order", Family::all, 2193, &Rules::believes_clean),
        without("unanswered-writes-are-clean", "tracker order", Family::crashes, 29, &Seams::tells_unclean),
        without("renewal-revives", "over is over", Family::clocks, 1, &Rules::renews_only_alive),
        without("release-of-any-row", "own release", Family::network, 1, &Rules::releases_only_own),
        without("release-leaves-due", "due once", Family::network, 1, &Rules::moves_due),
        without("requests-are-never-done", "due once", Family::network, 1, &Rules::serves_requests),
        without("acquire-overlooks-requests", "due once", Family::network, 1, &Rules::notes_requests),
        without("later-requests-are-done", "never stuck", Family::network, 3169, &Rules::keeps_later_requests),
        without("acquire-leaves-acquired-at", "never stuck", Family::clocks, 1788, &Rules::notes_acquire),
        without("release-postpones-due", "never stuck", Family::crashes, 1, &Rules::moves_due_as_told),
        without("next-too-long", "due once", Family::network, 1, &Seams::next_in_time),
        without("next-too-short", "due once", Family::network, 1, &Seams::next_not_early),
        without("partial-counts-as-whole", "due once", Family::crashes, 1, &Seams::partial_is_kept),
        without("refused-renewal-is-an-error", "one holder", Family::strangers, 1, &Seams::heeds_refusals),
        without("no-reclaim", "reclaimed at once", Family::crashes, 1, &Seams::reclaims),
        without("token-of-any-ttl", "foreign rows", Family::strangers, 1, &Seams::bounds_ttls),
        without("foreign-row-too-early", "foreign rows", Family::strangers, 1, &Seams::grants_strangers_all),
        without("no-fence", "fenced writes", Family::pauses, 1, &Rules::fences),
        without("fence-without-locks", "fenced writes", Family::all, 1, &Rules::fence_locks),
        without("fence-without-row", "fenced writes", Family::strangers, 1, &Rules::fence_asks_row),
        without("fence-extends-the-deadline", "one holder", Family::network, 1, &Seams::only_renewals_extend),
        without("tracker-write-without-proof", "tracker writes", Family::strangers, 1, &Seams::proves),
        without("tracker-write-near-the-deadline", "tracker writes", Family::network, 1, &Seams::keeps_deadline),
    };
    return all;
}

}  // namespace groomer::simulation
