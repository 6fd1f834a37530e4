#include "github_faults/judge.hpp"

#include "base/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace groomer::github_faults {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

using Place = std::pair<std::string, std::int64_t>;  // an issue
using Carried = std::tuple<std::string, std::int64_t, std::string>;

std::string shown(std::string const& repository, std::int64_t issue) { return repository + "#" + std::to_string(issue); }

// What is known of a request when its effect is judged.
struct Sent {
    Request const* request = nullptr;
    std::size_t looked = 0;  // effects that were there as its sender last looked at the issue
};

class Judge {
public:
    explicit Judge(History const& history) : history_{history} {
        std::map<std::pair<int, Place>, std::size_t> looks;
        for (auto const& request : history.requests) {
            auto const who = std::pair{request.process, Place{request.repository, request.issue}};
            if (request.reads() && request.issue && request.applied && request.status < 400) looks[who] = *request.applied;
            auto const look = looks.find(who);
            sent_[request.id] = {&request, look == looks.end() ? 0 : look->second};
        }
        for (auto const& effect : history.effects) of_issue_[{effect.repository, effect.issue}].push_back(&effect);
    }

    Verdict verdict() {
        judge_effects();
        for (auto const& request : history_.requests) {
            judge_form(request);
            if (!request.reads()) judge_idle(request);
        }
        judge_limits();
        judge_at_once();
        judge_rounds();
        return std::move(verdict_);
    }

private:
    void accuse(std::string rule, std::string sentence, Moment at = {}) {
        verdict_.violations.push_back({std::move(rule), std::move(sentence), at});
    }
    void count(std::string const& what, std::int64_t by = 1) { verdict_.counts[what] += by; }
    [[nodiscard]] Sent sent(std::string const& id) const {
        auto const found = sent_.find(id);
        return found == sent_.end() ? Sent{} : found->second;
    }

    void judge_effects() {
        for (auto const& effect : history_.effects) {
            Place const issue{effect.repository, effect.issue};
            if (!effect.ours) {
                count("effects of people");
                acts_[issue] = effect.place;
                last_[{effect.repository, effect.issue, effect.label}] = &effect;
                continue;
            }
            count("effects of ours: " + effect.what);
            auto const by = sent(effect.request);
            judge_place(effect, by);
            judge_again(effect, by);
            if (effect.what == "comment.add") judge_comment(effect, by);
            if (effect.what == "label.add" || effect.what == "label.remove") {
                if (!history_.writers) judge_standing(effect, by);
                judge_term(effect, by);
            }
            last_[{effect.repository, effect.issue, effect.label}] = &effect;
        }
    }

    static Moment at(Sent const& by) { return by.request ? by.request->arrived : Moment{}; }

    void judge_place(Effect const& effect, Sent const& by) {
        if (history_.repositories.contains(effect.repository)) return;
        accuse("nowhere else", effect.what + " in " + shown(effect.repository, effect.issue) + ", which is not ours to groom", at(by));
    }

    // The same change twice, though no person has touched the issue in between.
    void judge_again(Effect const& effect, Sent const& by) {
        bool const repeats = effect.what == "label.add" || effect.what == "label.remove" || effect.what == "issue.close";
        if (!repeats) return;
        auto& before = done_[{effect.repository, effect.issue, effect.what + " " + effect.label}];
        auto const acted = acts_.find({effect.repository, effect.issue});
        if (before && (acted == acts_.end() || acted->second < before->place))
            accuse("no effect twice", effect.what + " " + effect.label + " again on " + shown(effect.repository, effect.issue), at(by));
        before = &effect;
    }

    void judge_comment(Effect const& effect, Sent const& by) {
        auto const begin = effect.body.find("<!-- groomer:");
        auto const name = begin == std::string::npos ? effect.body : effect.body.substr(begin);
        if (!comments_.insert({effect.repository, effect.issue, name}).second)
            accuse("no duplicate comments", "a second comment " + name + " on " + shown(effect.repository, effect.issue), at(by));
    }

    // Whose label it is: a person's where a person set it last, or nobody did since the beginning.
    void judge_standing(Effect const& effect, Sent const& by) {
        auto const found = last_.find({effect.repository, effect.issue, effect.label});
        auto const* last = found == last_.end() ? nullptr : found->second;
        bool const unseen = last && !last->ours && last->place >= by.looked;
        bool const removed_theirs = effect.what == "label.remove" && (!last || !last->ours);
        bool const set_again = effect.what == "label.add" && last && !last->ours && last->what == "label.remove";
        if (!removed_theirs && !set_again) return;
        if (unseen) return count("of these, where a person changed the label between look and write");
        auto const where = effect.label + " of " + shown(effect.repository, effect.issue);
        if (removed_theirs) accuse("people's labels stay", "removed a person's " + where, at(by));
        else accuse("people's word stands", "set again what a person had removed: " + where, at(by));
    }

    void judge_term(Effect const& effect, Sent const& by) {
        if (effect.term < newest_)
            accuse("terms in order",
                   effect.what + " of term " + std::to_string(effect.term) + " on " + shown(effect.repository, effect.issue) +
                       " after one of " + std::to_string(newest_),
                   at(by));
        newest_ = std::max(newest_, effect.term);
    }

    // Single labels only.
    void judge_form(Request const& request) {
        bool const whole = request.method == "PUT" || (request.method == "PATCH" && request.body.find("\"labels\"") != std::string::npos);
        if (whole) accuse("never whole sets", request.method + " " + request.target + " " + request.body, request.arrived);
    }

    // The labels that a write names, or "" for one of another kind.
    static std::vector<std::string> named(Request const& request) {
        auto const at = request.target.rfind("/labels");
        if (at == std::string::npos) return {""};
        if (request.method != "POST") return {};  // GitHub answers 404 to what is gone already
        json::error_code error;
        auto const body = json::parse(request.body, error);
        std::vector<std::string> out;
        if (auto const* object = error ? nullptr : body.if_object())
            if (auto const* labels = object->if_contains("labels"); labels && labels->is_array())
                for (auto const& label : labels->get_array()) out.emplace_back(label.as_string());
        return out;
    }

    // A write that changed nothing, though its sender had looked, and nobody has changed that since.
    void judge_idle(Request const& request) {
        if (!request.issue || !request.applied || request.status >= 300 || request.struck) return;
        for (auto const& label : named(request)) {
            bool useful = false, excused = false;
            for (auto const* found : of_issue_[{request.repository, request.issue}]) {
                auto const& effect = *found;
                if (!label.empty() && to_lower(effect.label) != to_lower(label)) continue;
                useful = useful || effect.request == request.id;
                excused = excused || (effect.place >= sent(request.id).looked && effect.place < *request.applied);
            }
            if (useful) continue;
            if (excused) count("writes that found it so already, since another came between look and write");
            else accuse("no idle writes", request.method + " " + request.target + " " + request.body + " changed nothing", request.arrived);
        }
    }

    // Whoever was told to wait sends nothing before that is over. What was under way as it was told arrives within a moment.
    void judge_limits() {
        constexpr auto under_way = 300ms;
        struct Told {
            Moment from, until;
        };
        std::map<int, std::vector<Told>> told;
        for (auto const& request : history_.requests)
            if (request.limited_until) {
                told[request.process].push_back({request.ended + under_way, *request.limited_until - 10ms});
                count("limits told");
            }
        for (auto const& request : history_.requests)
            for (auto const& limit : told[request.process])
                if (request.process && request.arrived > limit.from && request.arrived < limit.until)
                    accuse("limits are kept",
                           request.method + " " + request.target + " came " + std::to_string((limit.until - request.arrived) / 1ms) +
                               " ms before the limit's end",
                           request.arrived);
    }

    // Of those that nothing was done to: what was cut goes on in the fake.
    void judge_at_once() {
        std::vector<std::tuple<Moment, int, int>> changes;  // when, one more or less, whose
        for (auto const& request : history_.requests)
            if (request.process && !request.struck) {
                changes.emplace_back(request.arrived, 1, request.process);
                changes.emplace_back(request.ended, -1, request.process);
            }
        std::sort(changes.begin(), changes.end());
        std::map<int, int> now;
        int highest = 0;
        for (auto const& [moment, change, process] : changes) {
            highest = std::max(highest, now[process] += change);
            if (change > 0 && now[process] == history_.at_once + 1)
                accuse("so many at once", std::to_string(now[process]) + " requests of process " + std::to_string(process), moment);
        }
        auto& most = verdict_.counts["requests at once, at most"];
        most = std::max<std::int64_t>(most, highest);
    }

    void judge_rounds() {
        for (auto const& round : history_.rounds)
            for (auto const& sentence : round.unsettled) accuse("no step lost", sentence, round.ended);
        for (auto const& process : history_.ended_by_themselves) accuse("no crash", process);
        for (auto const& leak : history_.leaks) accuse("nothing secret", leak);
        count("requests", static_cast<std::int64_t>(history_.requests.size()));
        count("requests of a sender who is not known",
              std::count_if(history_.requests.begin(), history_.requests.end(), [](auto const& request) { return request.process == 0; }));
    }

    History const& history_;
    Verdict verdict_;
    std::map<std::string, Sent> sent_;
    std::map<Place, std::vector<Effect const*>> of_issue_;
    std::map<Place, std::size_t> acts_;  // of people, the last
    std::map<Carried, Effect const*> last_, done_;
    std::set<Carried> comments_;
    std::int64_t newest_ = 0;
};

}  // namespace

std::vector<Rule> const& rules() {
    static std::vector<Rule> const all{
        {"no effect twice", "no effect of ours was repeated where no person had touched the issue"},
        {"no idle writes", "no write of ours changed nothing"},
        {"no duplicate comments", "no issue got two comments of ours by one name"},
        {"people's labels stay", "no label that a person set was removed"},
        {"people's word stands", "no label that a person removed was set again"},
        {"no step lost", "after each round every issue was as it was decided, and every step done"},
        {"terms in order", "no effect of an older term followed one of a newer"},
        {"limits are kept", "nothing was sent before the end of a limit that its sender had been told"},
        {"so many at once", "no process had more requests at once than it may"},
        {"never whole sets", "no set of labels was replaced"},
        {"nowhere else", "no repository that is not configured was changed"},
        {"nothing secret", "no log has a byte of a token or a key"},
        {"no crash", "no process ended by itself"},
    };
    return all;
}

Verdict judge(History const& history) { return Judge{history}.verdict(); }

}  // namespace groomer::github_faults
