#include "groom/plan.hpp"

#include "base/text.hpp"
#include "groom/labels.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace groomer::groom {
namespace {

using Labels = std::set<std::string>;

// Who stands behind each label: read from the label events, the last of which counts.
struct Standing {
    Labels present;
    Labels ours;               // present, and set by us
    Labels removed_by_others;  // last taken away by somebody else; in lower case
    Labels outlived;           // present, by an effect of ours that a person has taken back since
};

// own_labels: those of ours, as last recorded.
Standing standing(tracker::Issue const& issue, std::vector<std::string> const& own_labels) {
    Standing out;
    out.present.insert(issue.labels.begin(), issue.labels.end());
    std::map<std::string, tracker::LabelEvent const*> last;
    for (auto const& event : issue.events) last[event.label] = &event;
    for (auto const& [label, event] : last) {
        bool const self = event->actor == tracker::Actor::self;
        if (event->added && self && out.present.contains(label)) out.ours.insert(label);
        bool const outlived = out.present.contains(label) && contains_label(own_labels, label);
        if (event->added || self || (out.present.contains(label) && !outlived)) continue;
        out.removed_by_others.insert(to_lower(label));
        if (outlived) out.outlived.insert(label);
    }
    return out;
}

class Planner {
public:
    Planner(tracker::Issue const& issue, config::Policy const& policy, std::vector<std::string> const& own_labels)
        : policy_{policy}, now_{standing(issue, own_labels)}, after_{now_.present}, ours_{now_.ours} {
        for (auto const& label : now_.outlived) drop(label);
    }

    void family(config::Family const& family, model::Decision const* decision) {
        Labels theirs, mine;
        for (auto const& value : family.values) {
            auto const label = spelled(value.label);
            if (now_.ours.contains(label)) mine.insert(label);
            else if (now_.present.contains(label) && !now_.outlived.contains(label)) theirs.insert(label);
        }
        bool const is_status = family.name == "status";
        if (!theirs.empty()) {  // a person's word stands, and ours beside it goes
            for (auto const& label : mine) drop(label);
            if (!mine.empty()) out_.overridden.push_back(family.name);
            note(family, "kept", "a person set " + *theirs.begin());
            status_ = status_ || is_status;
            return;
        }
        auto const wanted = decision ? decision->value : std::nullopt;
        auto const refusal = refuse(family, wanted);
        if (!refusal.empty()) {  // what was set earlier stays: nothing better is known
            bool const for_people = wanted && contains_label(family.never_set, *wanted);
            note(family, for_people ? "escalated" : "abstained",
                 for_people ? refusal + ": " + decision->reason
                 : wanted   ? refusal
                 : decision ? decision->reason
                            : refusal);
            status_ = status_ || (is_status && !mine.empty());
            return;
        }
        auto const label = spelled(*wanted);
        if (!family.promoted) {
            note(family, "planned", "would be " + label + ", and is not promoted: " + decision->reason);
            status_ = status_ || is_status;
            return;
        }
        for (auto const& other : mine)
            if (other != label) drop(other);
        bool const there = now_.present.contains(label);
        if (!there) set(label);
        note(family, there ? "kept" : "set", decision->reason);
        status_ = status_ || is_status;
    }

    void abstain_label() {
        bool const promoted = std::none_of(policy_.labels.begin(), policy_.labels.end(),
                                           [](auto const& family) { return family.name == "status" && !family.promoted; });
        if (policy_.abstain_label.empty() || !promoted) return;
        auto const label = spelled(policy_.abstain_label);
        if (status_ && ours_.contains(label)) drop(label);
        // As a suggestion it would say that there is none.
        if (policy_.mode == config::Mode::suggest) return;
        if (!status_ && !after_.contains(label) && !now_.removed_by_others.contains(to_lower(label))) set(label);
    }

    Plan finish(std::vector<std::string> const& own_labels) {
        out_.status_decided = status_;
        std::set_difference(after_.begin(), after_.end(), now_.present.begin(), now_.present.end(), std::back_inserter(out_.add));
        std::set_difference(now_.present.begin(), now_.present.end(), after_.begin(), after_.end(), std::back_inserter(out_.remove));
        out_.after.assign(after_.begin(), after_.end());
        out_.own_after.assign(ours_.begin(), ours_.end());
        for (auto const& label : out_.after) out_.target.append(label).append("\n");
        for (auto const& label : own_labels)
            if (now_.removed_by_others.contains(to_lower(label))) out_.overridden.push_back(family_of(label));
        return std::move(out_);
    }

private:
    // As the issue carries it, where it does.
    [[nodiscard]] std::string spelled(std::string const& label) const {
        auto const found =
            std::find_if(now_.present.begin(), now_.present.end(), [&](auto const& other) { return same_label(other, label); });
        return found == now_.present.end() ? label : *found;
    }
    void set(std::string const& label) {
        after_.insert(label);
        ours_.insert(label);
    }
    void drop(std::string const& label) {
        after_.erase(label);
        ours_.erase(label);
    }
    void note(config::Family const& family, std::string outcome, std::string reason) {
        out_.families.push_back({family.name, std::move(outcome), std::move(reason)});
    }
    [[nodiscard]] std::string refuse(config::Family const& family, std::optional<std::string> const& wanted) const {
        if (!wanted) return "nothing was decided";
        bool const known =
            std::any_of(family.values.begin(), family.values.end(), [&](auto const& value) { return value.label == *wanted; });
        if (!known) return *wanted + " is none of the family's labels";
        if (contains_label(family.never_set, *wanted)) return *wanted + " is set by people only";
        if (now_.removed_by_others.contains(to_lower(*wanted))) return "a person removed " + *wanted;
        return {};
    }
    [[nodiscard]] std::string family_of(std::string const& label) const {
        for (auto const& family : policy_.labels)
            for (auto const& value : family.values)
                if (same_label(value.label, label)) return family.name;
        return "other";
    }

    config::Policy const& policy_;
    Standing const now_;
    Labels after_, ours_;
    bool status_ = false;
    Plan out_;
};

}  // namespace

Plan plan(tracker::Issue const& issue, model::Judgement const& judgement, config::Policy const& policy,
          std::vector<std::string> const& own_labels) {
    Planner planner{issue, policy, own_labels};
    for (auto const& family : policy.labels) planner.family(family, judgement.find(family.name));
    planner.abstain_label();
    return planner.finish(own_labels);
}

}  // namespace groomer::groom
