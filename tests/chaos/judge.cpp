#include "chaos/judge.hpp"

#include <algorithm>

namespace groomer::chaos {
namespace {

constexpr char const *lost_acquires = "acquires that a promotion lost", *lost_releases = "releases that a promotion lost";

using namespace std::chrono_literals;

// What the next holder waits for at most, beyond the ttl.
constexpr auto takeover_slack = 200ms;

std::string text(double value) { return std::to_string(value).substr(0, std::to_string(value).find('.') + 4); }

// What the lock writes of itself is not part of a hold.
bool of_the_lock(std::string const& table) { return table == "lock_state" || table == "hold"; }

}  // namespace

// Guarantee 2: no write to groomer's own tables by a holder whose term is over, ever. A write belongs to its commit.
void judge_rows(History const& history, Tenures const& tenures, Verdict& verdict, Accuse const& accuse) {
    for (std::size_t number = 0; number < history.segments.size(); ++number) {
        for (auto const& write : history.segments[number].writes) {
            auto const what = write.op + " of " + std::to_string(write.rows) + " rows of " + write.table + " by " + write.pod + " under " +
                              write.token.substr(0, 40);
            ++verdict.counts["statements that wrote"];
            if (!write.fenced) {
                if (!of_the_lock(write.table) && write.pod != "driver") accuse("fenced writes", write.at, "without a fence: " + what);
                continue;
            }
            ++verdict.counts["fenced writes"];
            auto const* tenure = tenures.find(number, write.token);
            if (tenure == nullptr) accuse("fenced writes", write.at, "under a token that never was here: " + what);
            else if (tenure->pod != write.pod) accuse("fenced writes", write.at, "under the token of " + tenure->pod + ": " + what);
            else if (!write.current || (tenure->to && write.committed > *tenure->to))
                accuse("fenced writes", write.at,
                       text(tenure->to ? seconds(write.committed - *tenure->to) : 0.0) + " s after the end of its term: " + what);
        }
    }
}

void judge_model(History const& history, Tenures const& tenures, Verdict& verdict, Accuse const& accuse) {
    std::map<std::string, std::vector<Tenure const*>> by_pod;
    for (auto const& tenure : tenures.all())
        if (tenure.lock == "groomer") by_pod[tenure.pod].push_back(&tenure);
    std::map<std::string, std::vector<Pause const*>> pauses;
    for (auto const& pause : history.pauses) pauses[pause.pod].push_back(&pause);
    for (auto const& request : history.model) {
        ++verdict.counts["model requests"];
        auto const& own = by_pod[request.pod];
        auto const after = std::find_if(own.begin(), own.end(), [&](auto const* tenure) { return tenure->from > request.received; });
        if (after == own.begin()) {
            accuse("model within a hold", request.received, request.pod + " asked before it held anything");
            continue;
        }
        auto const& span = *tenures.of_term("groomer", (*std::prev(after))->token.term);
        auto const finished = request.cut ? request.cut : request.answered;
        if (request.cut) ++verdict.counts["model requests cut"];
        if (!span.to || !finished) continue;
        constexpr auto transit = 100ms;
        auto const known = *span.to + (span.deleted ? history.timing.renew_every : 0ms);
        // What a paused process was about to ask it asks as it wakes, and cuts at once. On a machine that is short of time it takes a
        // while to wake: then it is what it cuts at once that is excused.
        constexpr auto waking = 1s;
        bool const at_once = request.cut && *request.cut - request.received < transit;
        auto const paused = [&](Pause const* pause) {
            return pause->from < *finished + transit && pause->to + (at_once ? waking : transit) > request.received;
        };
        bool const excused = std::any_of(pauses[request.pod].begin(), pauses[request.pod].end(), paused);
        if (*finished > known + transit && !excused)
            accuse("model within a hold", *finished,
                   request.pod + " waited for the model " + text(seconds(*finished - *span.to)) + " s past the end of its term");
    }
}

// Guarantees 4 and 5: nothing stays stuck, and a dead holder is replaced in time.
void judge_rounds(History const& history, Tenures const& tenures, Verdict& verdict, Accuse const& accuse) {
    for (auto const& tenure : tenures.all()) {
        if (tenure.how == Taken::kept) continue;
        ++verdict.counts["holds"];
        if (!tenure.before) continue;
        ++verdict.counts[tenure.how == Taken::own         ? "taken back (own)"
                         : tenure.how == Taken::reclaimed ? "reclaimed"
                                                          : "taken over (expired)"];
        if (tenure.how == Taken::expired)
            verdict.figures["expiry to the next hold"].push_back(seconds(tenure.from - *tenure.before - history.timing.ttl));
    }
    for (auto const& segment : history.segments) {
        if (!segment.kept) continue;
        ++verdict.counts["promotions"];
        for (auto const& event : segment.locks) {
            if (event.seq <= *segment.kept) continue;
            if (event.op == "DELETE") ++verdict.counts[lost_releases];
            else if (event.old_token != event.new_token) ++verdict.counts[lost_acquires];
        }
    }
    std::map<std::string, Moment> started;
    for (auto const& instance : history.instances) {
        started[instance.pod] = instance.started;
        if (instance.died && !instance.killed && instance.status != 0)
            accuse("no crash", *instance.died, instance.pod + " ended by itself with status " + std::to_string(instance.status));
    }
    std::map<std::string, std::pair<int, int>> struck;  // by fault: rounds, and those in which it found nothing to strike
    for (auto const& round : history.rounds) {
        ++verdict.counts["rounds"];
        auto& [tried, missed] = struck[round.fault];
        missed += round.missed ? 1 : 0;
        if (++tried >= 4 && 2 * missed > tried) accuse("faults that strike", round.recovered, round.fault + " finds nothing to strike");
        verdict.figures["fault over to work again"].push_back(seconds(round.recovered - round.cleared));
        if (round.stuck) accuse("never stuck", round.recovered, "no hold finished after " + round.fault + " " + round.detail);
        if (!round.killed) continue;
        auto const next = std::find_if(tenures.all().begin(), tenures.all().end(),
                                       [&](auto const& tenure) { return tenure.before && tenure.before_text == *round.killed_token; });
        if (next == tenures.all().end()) continue;  // it had just released
        if (round.restarted_in_slot && next->how != Taken::reclaimed)
            accuse("taken over in time", next->from, next->pod + " took over from a holder whose container came back at once in its slot");
        if (next->how == Taken::reclaimed) {
            verdict.figures["container started to the reclaim"].push_back(seconds(next->from - started[next->pod]));
            continue;
        }
        verdict.figures["SIGKILL to the next hold"].push_back(seconds(next->from - *round.killed));
        auto const limit = history.timing.ttl + takeover_slack;
        if (next->from > *next->before + limit + round.stall)
            accuse("taken over in time", next->from,
                   text(seconds(next->from - *next->before)) + " s after the last stamp of a killed holder (this thread was held up for " +
                       text(seconds(round.stall)) + " s)");
    }
    for (auto const& issue : history.issues)
        for (auto const& fault : faults_of(issue)) accuse("nothing lost", history.rounds.back().recovered, fault);
}

std::vector<std::string> faults_of(FinalIssue const& issue) {
    std::vector<std::string> faults;
    auto const revision = " at revision " + std::to_string(issue.revision);
    for (auto const& label : issue.wanted)
        if (!issue.labels.contains(label)) faults.push_back("issue " + std::to_string(issue.number) + " lacks " + label + revision);
    for (auto const& label : issue.labels)
        if ((label.starts_with("type/") || label.starts_with("priority/")) && !issue.wanted.contains(label))
            faults.push_back("issue " + std::to_string(issue.number) + " still has " + label + revision);
    return faults;
}

bool loses_both(std::map<std::string, std::int64_t> const& counts) {
    return counts.contains(lost_acquires) && counts.contains(lost_releases);
}

std::vector<std::string> never_struck(std::vector<History const*> const& histories) {
    struct Kind {
        int came = 0;
        bool struck = false;
    };
    std::map<std::string, Kind> kinds;
    for (auto const* history : histories)
        for (auto const& round : history->rounds) {
            auto& kind = kinds[round.fault];
            ++kind.came;
            kind.struck = kind.struck || round.struck || round.fault == "start" || round.fault == "end";
        }
    std::vector<std::string> never;
    for (auto const& [fault, kind] : kinds) {
        // Whether a promotion, which may come through the pooler, too, lacks a write is a matter of milliseconds.
        bool const by_chance = fault == "promote" || fault == "pgbouncer";
        if (!kind.struck && kind.came >= (by_chance ? 4 : 1)) never.push_back(fault);
    }
    return never;
}

Verdict judge(History const& history) {
    Verdict verdict;
    Accuse const accuse = [&](std::string rule, Moment at, std::string sentence) {
        verdict.violations.push_back({std::move(rule), at, std::move(sentence)});
    };
    Tenures const tenures{history, accuse};
    judge_rows(history, tenures, verdict, accuse);
    judge_ticks(history, tenures, verdict, accuse);
    judge_tracker(history, tenures, verdict, accuse);
    judge_model(history, tenures, verdict, accuse);
    judge_rounds(history, tenures, verdict, accuse);
    std::stable_sort(verdict.violations.begin(), verdict.violations.end(), [](auto const& a, auto const& b) { return a.at < b.at; });
    return verdict;
}

}  // namespace groomer::chaos
