#include "chaos/judge.hpp"
#include "chaos/protocol.hpp"

#include <algorithm>

namespace groomer::chaos {
namespace {

using namespace std::chrono_literals;

// Of moments that two processes read from one clock, by way of another.
constexpr auto reading = 2ms;

// The lock whose holders write to the tracker: the other one's terms may be the same numbers.
constexpr char const* writer = "groomer";

// How old a proof may be that a write to the tracker stands on.
constexpr std::chrono::milliseconds longest_proof{1000};

std::string about(TrackerWrite const& write) {
    return write.op + " " + write.label + " on issue " + std::to_string(write.issue) + " revision " + std::to_string(write.revision) +
           " by " + write.pod + ", term " + std::to_string(write.term);
}

// The one pause that nothing can check away: between the guard's yes and the send. What the guard promised (W before the
// deadline, and the margin after it) and what settle holds beyond the tracker's own are used up after this.
bool paused_inside_send(TrackerWrite const& write, History const& history) {
    auto const& timing = history.timing;
    if (write.received - write.checked <= protocol::margin(timing.ttl) + timing.settle - timing.server_settle) return false;
    return std::any_of(history.pauses.begin(), history.pauses.end(), [&](Pause const& pause) {
        return pause.pod == write.pod && pause.from < write.received && pause.to > write.checked;
    });
}

std::map<std::int64_t, Moment> quarantine_ends(History const& history, Tenures const& tenures) {
    std::map<std::int64_t, Moment> out;
    for (std::size_t number = 0; number < history.segments.size(); ++number)
        for (auto const& event : history.segments[number].states) {
            if (!event.new_token || event.new_token == event.old_token) continue;
            auto const* tenure = tenures.find(number, *event.new_token);
            if (tenure != nullptr && tenure->lock == writer) out[tenure->token.term] = event.quarantine_until;
        }
    return out;
}

// From when on a new holder may write, by what the audit tells of how it came to the row. A row that its holder left by itself, of the
// same timeline, needs no wait; where the bidder vouches for an expired one, settle is enough, and so it is for the first hold after a
// promotion. An older holder's quarantine is never cut short by a newer one's.
std::map<std::int64_t, Moment> least_quarantines(History const& history, Tenures const& tenures) {
    auto const settle = history.timing.settle;
    std::map<std::int64_t, Moment> out;
    Tenure const* last = nullptr;
    Moment carried;
    for (auto const& tenure : tenures.all()) {
        if (tenure.lock != writer) continue;
        bool const new_timeline = last == nullptr || last->segment != tenure.segment;
        if (new_timeline) carried = {};
        auto wait = tenure.before || (tenure.segment > 0 && new_timeline) ? settle : 0ms;
        if (tenure.how == Taken::own || tenure.how == Taken::reclaimed) wait = settle + protocol::under_way;
        // By now it is so long ago that it needs none.
        bool const just_deleted = !new_timeline && last->deleted && tenure.from < *last->to + settle + protocol::under_way;
        if (just_deleted) wait = settle + protocol::under_way;
        last = &tenure;
        if (tenure.how == Taken::kept) continue;  // judged on the timeline where it began
        carried = std::max(carried, wait > 0ms ? tenure.from + wait : Moment{});
        out[tenure.token.term] = carried;
    }
    return out;
}

// When each term was taken and renewed, on whichever timeline.
std::map<std::int64_t, std::vector<Moment>> signs_of_life(History const& history, Tenures const& tenures) {
    std::map<std::int64_t, std::vector<Moment>> out;
    for (std::size_t number = 0; number < history.segments.size(); ++number)
        for (auto const& event : history.segments[number].locks) {
            auto const* tenure = event.lock == writer && event.new_token ? tenures.find(number, *event.new_token) : nullptr;
            if (tenure != nullptr) out[tenure->token.term].push_back(event.at);
        }
    return out;
}

// What the guard may say by the last renewal that its replica can know of: it ends in time for the whole write. No pause excuses
// this: the guard's yes is read before one inside the send.
bool had_time_left(TrackerWrite const& write, std::vector<Moment> const& signs, Timing const& timing) {
    std::optional<Moment> last;
    for (auto const& at : signs)
        if (at <= write.checked + reading) last = at;
    auto const limit = protocol::write_limit(timing.ttl, timing.renew_every);
    return last && write.checked + limit <= *last + timing.ttl - protocol::margin(timing.ttl) + reading;
}

}  // namespace

// Guarantee 3, with what it excuses, and that no effect happens twice.
void judge_tracker(History const& history, Tenures const& tenures, Verdict& verdict, Accuse const& accuse) {
    auto const quarantines = quarantine_ends(history, tenures);
    auto const least = least_quarantines(history, tenures);
    auto const signs = signs_of_life(history, tenures);
    std::vector<TrackerWrite const*> effects;
    for (auto const& write : history.tracker) {
        ++verdict.counts["tracker writes"];
        verdict.counts["tracker writes cut"] += write.cut && !write.answered ? 1 : 0;
        if (paused_inside_send(write, history)) ++verdict.counts["sends with a pause inside"];
        auto const* span = tenures.of_term(writer, write.term);
        if (span == nullptr || span->pod != write.pod) {
            accuse("tracker writes in time", write.received, "nobody had that term: " + about(write));
            continue;
        }
        // Where its row was deleted by others, it learns so by its next renewal or proof.
        if (span->to && write.checked > *span->to + reading + (span->deleted ? longest_proof : 0ms))
            accuse("tracker writes in time", write.received,
                   "begun " + std::to_string(seconds(write.checked - *span->to)) + " s after the end of its term: " + about(write));
        auto const known = signs.find(write.term);
        if (known == signs.end() || !had_time_left(write, known->second, history.timing))
            accuse("tracker writes in time", write.received, "begun with less than its time left before the deadline: " + about(write));
        auto const needed = least.find(write.term);
        if (needed != least.end() && write.checked + reading < needed->second)
            accuse("tracker writes in time", write.received,
                   "begun " + std::to_string(seconds(needed->second - write.checked)) +
                       " s before its quarantine can be over: " + about(write));
        auto const quarantine = quarantines.find(write.term);
        if (quarantine != quarantines.end() && write.checked + reading < quarantine->second)
            accuse("tracker writes in time", write.received, "begun in quarantine: " + about(write));
        if (write.effect) effects.push_back(&write);
        if (write.effect && span->to && *write.effect > *span->to) ++verdict.counts["effects after the end of their term"];
    }
    std::sort(effects.begin(), effects.end(), [](auto const* a, auto const* b) { return a->place < b->place; });
    std::int64_t newest = 0;
    std::set<std::string> seen, disturbed;       // issue, revision, label; the former with the operation
    std::map<std::string, Moment> disturbed_at;  // issue, label, whatever the revision
    for (auto const* write : effects) {
        ++verdict.counts["effects"];
        auto const target = std::to_string(write->issue) + "@" + std::to_string(write->revision) + " " + write->label;
        auto const place = std::to_string(write->issue) + " " + write->label;
        auto const& end = tenures.of_term(writer, write->term)->to;
        bool const too_late = write->term < newest || (end && *write->effect > *end);
        if (too_late && paused_inside_send(*write, history)) {
            ++verdict.counts["effects excused: a pause inside their send"];
            disturbed.insert(target);
            disturbed_at[place] = *write->effect;
            continue;
        }
        if (write->term < newest)
            accuse("tracker order", *write->effect, "after an effect of term " + std::to_string(newest) + ": " + about(*write));
        newest = std::max(newest, write->term);
        bool const again = !seen.insert(target + " " + write->op).second;
        if (disturbed.contains(target)) continue;
        // Its sender could not see such an effect, which came after his last look.
        auto const disturbance = disturbed_at.find(place);
        bool const unseen = disturbance != disturbed_at.end() && write->checked < disturbance->second;
        if (!write->changed && unseen) continue;
        if (!write->changed) accuse("no duplicates", *write->effect, "it was so already: " + about(*write));
        else if (again) accuse("no duplicates", *write->effect, "a second time: " + about(*write));
    }
}

}  // namespace groomer::chaos
