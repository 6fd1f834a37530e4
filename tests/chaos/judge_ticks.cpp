// Guarantee 6: a tick is never run to its end twice for one due time, and never skipped.
#include "chaos/judge.hpp"
#include "chaos/protocol.hpp"

#include <algorithm>
#include <array>

namespace groomer::chaos {
namespace {

using namespace std::chrono_literals;

constexpr auto rounding = 1ms;
constexpr auto never = Moment::max();

std::string text(double value) { return std::to_string(value).substr(0, std::to_string(value).find('.') + 4); }

milliseconds interval_of(std::string const& lock, Timing const& timing) {
    return lock == "groomer" ? timing.groom_every : timing.sync_every;
}

bool begins(StateEvent const& event) { return event.new_token && event.new_token != event.old_token; }

class Ticks {
public:
    Ticks(History const& history, Tenures const& tenures, Verdict& verdict, Accuse const& accuse)
        : history_{history}, tenures_{tenures}, verdict_{verdict}, accuse_{accuse} {}

    void segment(std::size_t number) {
        begun_.clear();
        finished_.clear();
        for (auto const& event : history_.segments[number].states) {
            auto const* tenure = tenures_.find(number, begins(event) ? *event.new_token : event.old_token.value_or(""));
            bool const released = event.old_token && !event.new_token;
            if ((begins(event) || released) && event.pod != "driver" && (tenure == nullptr || tenure->pod != event.pod))
                accuse_("one holder", event.at, event.pod + " wrote the state of " + event.lock + " without having its row");
            if (begins(event)) begin(event);
            bool const ended = released && (event.ended == "finished" || event.ended == "failed");
            if (event.old_due != event.new_due && !ended && event.pod != "driver")
                accuse_("due once", event.at, "a due time of " + event.lock + " moved without a tick");
            if (event.served && !ended) accuse_("due once", event.at, "requests of " + event.lock + " count as served without a tick");
            if (!ended) continue;
            if (tenure != nullptr && tenure->released) judge_next(event, *tenure);
            judge_requests(event);
            if (event.ended == "finished") finish(event);
        }
        finished_before_.merge(finished_);
    }

private:
    void begin(StateEvent const& event) {
        begun_[*event.new_token] = {event.old_due, event.at, event.requested};
        if (event.old_due > event.at && !event.requested)
            accuse_("due once", event.at, event.lock + " was taken " + text(seconds(event.old_due - event.at)) + " s before it was due");
    }

    void finish(StateEvent const& event) {
        ++verdict_.counts["ticks finished"];
        auto const began = begun_.find(*event.old_token);
        if (began == begun_.end()) return;  // it was acquired on the timeline before
        std::pair<std::string, Moment> const key{event.lock, began->second.due};
        if (!finished_.insert(key).second) accuse_("due once", event.at, event.lock + " finished twice for one due time");
        if (finished_before_.contains(key)) ++verdict_.counts["ticks repeated since a promotion lost their end"];
    }

    // The interval, or the gap after a full batch, was added at a moment between two that the audit knows: that of the row's
    // deletion and that of this change. However slow the machine is, it cannot have been another. A back-off is the interval here,
    // which is shorter than the least of them.
    void judge_next(StateEvent const& event, Tenure const& tenure) {
        std::array const allowed{interval_of(event.lock, history_.timing),
                                 event.failures == 0 ? protocol::gap_after_full_batch : interval_of(event.lock, history_.timing)};
        bool const right = std::any_of(allowed.begin(), allowed.end(), [&](milliseconds gap) {
            return event.new_due >= *tenure.to + gap - rounding && event.new_due <= event.at + gap + rounding;
        });
        if (!right)
            accuse_("due once", event.at,
                    event.lock + " is due " + text(seconds(event.new_due - event.at)) +
                        " s after the end of its tick, which is no interval of it");
    }

    // Who asked before a tick began has been served by it, and who asked after that has not.
    void judge_requests(StateEvent const& event) {
        auto const began = begun_.find(*event.old_token);
        if (began == begun_.end()) return;
        if (began->second.requested && !event.served)
            accuse_("due once", event.at, event.lock + " leaves requests waiting that came before its tick had begun");
        if (event.newest_served > began->second.at)
            accuse_("due once", event.at, event.lock + " counts requests as served that came after its tick had begun");
    }

    struct Begun {
        Moment due, at;
        bool requested = false;
    };
    History const& history_;
    Tenures const& tenures_;
    Verdict& verdict_;
    Accuse const& accuse_;
    std::map<std::string, Begun> begun_;                                   // by token
    std::set<std::pair<std::string, Moment>> finished_, finished_before_;  // by lock and due time; on earlier timelines
};

// Where nothing is in the way of a tick, it begins within a ttl and a look of its due time, or of who asks for it: in a round that
// leaves the world in peace, as the driver saw that all replicas looked.
class Punctuality {
public:
    Punctuality(History const& history, Verdict& verdict, Accuse const& accuse) : history_{history}, verdict_{verdict}, accuse_{accuse} {}

    void round(Round const& round) {
        for (auto const* lock : {"groomer", "global"}) follow(round, lock);
    }

private:
    void follow(Round const& round, std::string const& lock) {
        auto const from = *round.quiet_from;
        auto const longest = history_.timing.ttl + protocol::longest_look + round.stall;
        bool const is_asked = round.requested && round.requested->lock == lock;
        auto asked = is_asked ? round.requested->at : never;
        auto due = never;  // of the next tick; while one is held, none
        for (auto const& segment : history_.segments)
            for (auto const& event : segment.states) {
                if (event.lock != lock || event.at > round.cleared) continue;
                due = event.new_token ? never : event.new_due;
                if (!begins(event) || event.at < from) continue;
                bool const serves = event.at >= asked;
                auto const wanted = std::max(from, serves ? std::min(asked, event.old_due) : event.old_due);
                if (serves) asked = never;
                ++verdict_.counts["ticks begun in peace"];
                if (event.at > wanted + longest) late(lock, event.at, event.at - wanted);
            }
        if (due == never) return;
        due = std::max(from, std::min(due, asked));
        if (due + longest < round.cleared) late(lock, round.cleared, round.cleared - due);
    }

    void late(std::string const& lock, Moment at, microseconds by) {
        accuse_("due once", at, "no tick of " + lock + " had begun " + text(seconds(by)) + " s after it was due, or asked for");
    }

    History const& history_;
    Verdict& verdict_;
    Accuse const& accuse_;
};

}  // namespace

void judge_ticks(History const& history, Tenures const& tenures, Verdict& verdict, Accuse const& accuse) {
    Ticks ticks{history, tenures, verdict, accuse};
    for (std::size_t number = 0; number < history.segments.size(); ++number) ticks.segment(number);
    Punctuality punctuality{history, verdict, accuse};
    for (auto const& round : history.rounds)
        if (round.quiet_from) punctuality.round(round);
}

}  // namespace groomer::chaos
