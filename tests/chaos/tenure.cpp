#include "chaos/tenure.hpp"

#include "chaos/protocol.hpp"

#include <algorithm>

namespace groomer::chaos {
namespace {

using namespace std::chrono_literals;

// A renewal's stamp may be this late, where nobody has stolen: its statement_timeout.
constexpr auto late_renewal = protocol::statement_limit;

// What a machine that is short of time adds before a statement is ended.
constexpr auto overdue = 100ms;

std::string shortly(std::string const& token) { return token.substr(0, token.rfind('|')); }

}  // namespace

class Tenures::Builder {
public:
    Builder(Tenures& tenures, History const& history, Accuse const& accuse) : out_{tenures}, history_{history}, accuse_{accuse} {
        for (auto const& instance : history.instances)
            if (instance.died) died_[instance.pod] = *instance.died;
    }

    void segment(std::size_t number) {
        segment_ = number;
        open_.clear();
        seen_.clear();
        for (auto const& event : history_.segments[number].locks) {
            if (seen_.insert(event.lock).second) carry_over(event);
            if (event.op == "DELETE") end(event);
            else if (event.old_token == event.new_token && event.op == "UPDATE") renew(event);
            else begin(event);
        }
        for (auto const& tenure : out_.all_) {
            auto& last = last_stamp_[tenure.lock];
            last = std::max(last, tenure.last_stamp);
        }
        highest_segment_stamp_ = last_stamp_;
    }

private:
    // The row that a promoted standby had from the timeline before, if any.
    void carry_over(LockEvent const& first) {
        if (segment_ == 0 || !first.old_token) return;
        auto const* before = out_.find(segment_ - 1, *first.old_token);
        for (std::size_t back = segment_ - 1; before == nullptr && back > 0; --back) before = out_.find(back - 1, *first.old_token);
        if (before == nullptr) return accuse_("one holder", first.at, "a row from nowhere: " + *first.old_token);
        Tenure kept = *before;
        kept.segment = segment_;
        kept.how = Taken::kept;
        kept.to.reset();
        kept.released = kept.deleted = false;
        kept.last_stamp = *first.old_stamp;
        add(std::move(kept));
    }

    void add(Tenure tenure) {
        open_[tenure.lock] = out_.all_.size();
        out_.by_token_[{segment_, tenure.text}] = out_.all_.size();
        auto& span =
            out_.by_term_.try_emplace(std::pair{tenure.lock, tenure.token.term}, Span{tenure.from, {}, tenure.pod, false}).first->second;
        span.to.reset();
        out_.all_.push_back(std::move(tenure));
    }

    // The stamp that a row gets is of this moment, or as old as its statement may be, unless the server itself was stopped in it.
    void judge_stamp(LockEvent const& event) {
        auto const age = event.at - *event.new_stamp;
        auto const overlaps = [&](Pause const& pause) { return pause.from < event.at && pause.to > *event.new_stamp; };
        bool const stopped = std::any_of(history_.server_pauses.begin(), history_.server_pauses.end(), overlaps);
        if (age < 0ms || (age > protocol::statement_limit + overdue && !stopped))
            accuse_("one holder", event.at, shortly(*event.new_token) + " got a stamp that is " + std::to_string(seconds(age)) + " s old");
    }

    Tenure* current(std::string const& lock) {
        auto const found = open_.find(lock);
        return found == open_.end() ? nullptr : &out_.all_[found->second];
    }

    void close(Tenure& tenure, Moment at) {
        tenure.to = at;
        out_.by_term_.at({tenure.lock, tenure.token.term}).to = at;
        open_.erase(tenure.lock);
    }

    void begin(LockEvent const& event) {
        auto const token = lock::parse_token(event.new_token.value_or(""));
        if (!token) return accuse_("one holder", event.at, "a foreign token: " + event.new_token.value_or("null"));
        Tenure tenure;
        tenure.lock = event.lock;
        tenure.text = *event.new_token;
        tenure.token = *token;
        tenure.pod = event.pod;
        tenure.segment = segment_;
        tenure.from = event.at;
        tenure.last_stamp = *event.new_stamp;
        judge_stamp(event);
        if (auto* before = current(event.lock)) take_from(*before, tenure, event);
        else if (event.op == "UPDATE") accuse_("one holder", event.at, "a row was taken that nobody had: " + *event.new_token);
        auto& highest = highest_term_[event.lock];
        if (token->term <= highest) accuse_("rising terms", event.at, shortly(tenure.text) + " follows term " + std::to_string(highest));
        highest = std::max(highest, token->term);
        await_old_timeline(tenure);
        add(std::move(tenure));
    }

    // Only from one that is dead: by its ttl, or because its process is; or from oneself.
    void take_from(Tenure& before, Tenure& tenure, LockEvent const& event) {
        tenure.before = *event.old_stamp;
        tenure.before_text = before.text;
        auto const dead = died_.find(before.pod);
        bool const same_slot = !tenure.token.slot.empty() && tenure.token.slot == before.token.slot;
        if (tenure.token.incarnation == before.token.incarnation) tenure.how = Taken::own;
        else if (event.at >= *event.old_stamp + before.token.ttl) tenure.how = Taken::expired;
        else if (same_slot && dead != died_.end() && dead->second <= event.at) tenure.how = Taken::reclaimed;
        else
            accuse_("one holder", event.at,
                    shortly(tenure.text) + " of " + tenure.pod + " was taken from " + shortly(before.text) + " of " + before.pod +
                        ", whose stamp was " + std::to_string(seconds(event.at - *event.old_stamp)) + " s old");
        close(before, event.at);
    }

    // A promoted standby may lack the last acquire: on its timeline nothing is taken within a ttl of what there was.
    void await_old_timeline(Tenure const& tenure) {
        if (segment_ == 0) return;
        auto const last = highest_segment_stamp_.find(tenure.lock);
        if (last != highest_segment_stamp_.end() && tenure.from < last->second + history_.timing.ttl)
            accuse_("care after a promotion", tenure.from,
                    shortly(tenure.text) + " was taken " + std::to_string(seconds(tenure.from - last->second)) +
                        " s after the last stamp of the timeline before");
        for (auto& [key, span] : out_.by_term_)
            if (key.first == tenure.lock && !span.to && key.second != tenure.token.term) span.to = tenure.from;
    }

    void renew(LockEvent const& event) {
        auto* tenure = current(event.lock);
        if (tenure == nullptr || tenure->text != event.new_token)
            return accuse_("one holder", event.at, "a renewal of what nobody holds: " + event.new_token.value_or("null"));
        if (tenure->pod != event.pod)
            accuse_("one holder", event.at, event.pod + " renewed " + shortly(tenure->text) + " of " + tenure->pod);
        judge_stamp(event);
        if (*event.new_stamp > *event.old_stamp + tenure->token.ttl + late_renewal)
            accuse_("one holder", event.at, shortly(tenure->text) + " was renewed after its end");
        tenure->last_stamp = *event.new_stamp;
    }

    void end(LockEvent const& event) {
        auto* tenure = current(event.lock);
        if (tenure == nullptr || tenure->text != event.old_token)
            return accuse_("one holder", event.at, "a release of what nobody holds: " + event.old_token.value_or("null"));
        bool const by_driver = event.pod == "driver";  // in the place of a person, or of a foreign program
        if (tenure->pod != event.pod && !by_driver)
            accuse_("one holder", event.at, event.pod + " released " + shortly(tenure->text) + " of " + tenure->pod);
        tenure->released = !by_driver;
        tenure->deleted = by_driver;
        out_.by_term_.at({tenure->lock, tenure->token.term}).deleted = by_driver;
        close(*tenure, event.at);
    }

    Tenures& out_;
    History const& history_;
    Accuse const& accuse_;
    std::size_t segment_ = 0;
    std::map<std::string, Moment> died_;
    std::map<std::string, std::size_t> open_;  // by lock
    std::set<std::string> seen_;
    std::map<std::string, std::int64_t> highest_term_;
    std::map<std::string, Moment> last_stamp_, highest_segment_stamp_;
};

Tenures::Tenures(History const& history, Accuse const& accuse) {
    Builder builder{*this, history, accuse};
    for (std::size_t number = 0; number < history.segments.size(); ++number) builder.segment(number);
}

Tenure const* Tenures::find(std::size_t segment, std::string const& token) const {
    auto const found = by_token_.find({segment, token});
    return found == by_token_.end() ? nullptr : &all_[found->second];
}

Tenures::Span const* Tenures::of_term(std::string const& lock, std::int64_t term) const {
    auto const found = by_term_.find({lock, term});
    return found == by_term_.end() ? nullptr : &found->second;
}

}  // namespace groomer::chaos
