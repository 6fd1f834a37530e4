#include "groom/undo.hpp"

#include "base/text.hpp"
#include "groom/labels.hpp"
#include "groom/outcome.hpp"
#include "groom/revision.hpp"
#include "groom/texts.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace groomer::groom {
namespace {

constexpr std::string_view add_op = "label.add", remove_op = "label.remove";

// What the selected acts at the end of a label's story began with: before it, the label was not there, or it was.
struct Change {
    std::string label;
    bool added = true;
};

// By label, in lower case. A later act that is not selected makes the label that act's.
std::map<std::string, Change> changes(std::vector<store::Act> const& acts) {
    std::map<std::string, Change> out;
    for (auto const& act : acts) {
        if (act.op != add_op && act.op != remove_op) continue;
        auto const key = to_lower(act.label);
        if (act.selected) out.try_emplace(key, Change{act.label, act.op == add_op});
        else out.erase(key);
    }
    return out;
}

class Undoing {
public:
    Undoing(tracker::Issue const& issue, config::Policy const& policy, std::vector<std::string> const& recorded)
        : policy_{policy}, recorded_{recorded}, present_{issue.labels.begin(), issue.labels.end()}, after_{present_} {
        for (auto const& event : issue.events) last_[to_lower(event.label)] = &event;
        auto const ours = standing_of_ours(issue);
        ours_.insert(ours.begin(), ours.end());
    }

    void take_off(std::string const& wanted) {
        auto const label = std::find_if(present_.begin(), present_.end(), [&](auto const& other) { return same_label(other, wanted); });
        if (label == present_.end()) return;  // somebody, or a later run, was faster
        if (!last_was_ours(wanted, true) && !is_outlived(wanted)) {
            keep(*label + " stays, since somebody else has set it");
            return;
        }
        after_.erase(*label);
        ours_.erase(*label);
    }

    void put_back(std::string const& label) {
        if (contains(label)) return;
        if (!last_was_ours(label, false)) keep(label + " does not come back, since somebody else has taken it away");
        else if (auto const other = in_its_place(label)) keep(label + " does not come back, since " + *other + " is there");
        else if (is_for_people(label)) keep(label + " does not come back, since only people set it");
        else {
            after_.insert(label);
            ours_.insert(label);
        }
    }

    void keep(std::string sentence) { kept_.push_back(std::move(sentence)); }

    Undo finish() {
        Undo out;
        auto& plan = out.plan;
        plan.takes_back = true;
        std::set_difference(after_.begin(), after_.end(), present_.begin(), present_.end(), std::back_inserter(plan.add));
        std::set_difference(present_.begin(), present_.end(), after_.begin(), after_.end(), std::back_inserter(plan.remove));
        plan.after.assign(after_.begin(), after_.end());
        plan.own_after.assign(ours_.begin(), ours_.end());
        for (auto const& label : plan.after) plan.target.append(label).append("\n");
        for (auto const& sentence : kept_) out.reason.append("; ").append(sentence);
        return out;
    }

private:
    [[nodiscard]] bool contains(std::string const& label) const {
        return std::any_of(after_.begin(), after_.end(), [&](auto const& other) { return same_label(other, label); });
    }
    // A label without an event is a person's.
    [[nodiscard]] bool last_was_ours(std::string const& label, bool added) const {
        auto const event = last_.find(to_lower(label));
        return event != last_.end() && event->second->added == added && event->second->actor == tracker::Actor::self;
    }
    // It is there by our hand alone, as was recorded: a person has taken theirs away.
    [[nodiscard]] bool is_outlived(std::string const& label) const {
        auto const event = last_.find(to_lower(label));
        return event != last_.end() && !event->second->added && contains_label(recorded_, label);
    }
    // A family is exclusive, and the abstain label stands for a status.
    [[nodiscard]] std::optional<std::string> in_its_place(std::string const& label) const {
        bool const abstains = same_label(label, policy_.abstain_label);
        for (auto const& family : policy_.labels) {
            auto const is_it = [&](auto const& value) { return same_label(value.label, label); };
            bool const of_family = std::any_of(family.values.begin(), family.values.end(), is_it);
            if (!of_family && !(abstains && family.name == "status")) continue;
            for (auto const& value : family.values)
                if (contains(value.label)) return value.label;
        }
        return std::nullopt;
    }
    [[nodiscard]] bool is_for_people(std::string const& label) const {
        return std::any_of(policy_.labels.begin(), policy_.labels.end(),
                           [&](auto const& family) { return contains_label(family.never_set, label); });
    }

    config::Policy const& policy_;
    std::vector<std::string> const& recorded_;  // of ours
    std::set<std::string> const present_;
    std::set<std::string> after_, ours_;
    std::map<std::string, tracker::LabelEvent const*> last_;  // by label, in lower case
    std::vector<std::string> kept_;
};

bool closed_by_acts(tracker::Issue const& issue, std::vector<store::Act> const& acts) {
    auto const closes = [](auto const& act) { return act.selected && act.op == "issue.close"; };
    return !issue.open && issue.closed_by == tracker::Actor::self && std::any_of(acts.begin(), acts.end(), closes);
}

// Takes back a text, or says why it stays. before: what an earlier run that is not selected has left there.
std::optional<std::string> take_back_text(tracker::Issue const& issue, store::Act const& act, std::string const& before, Plan& plan) {
    if (act.op == "comment.set") return "the comment stays";
    if (act.op == "title.set") {
        auto const title = title_of_people(issue);
        if (title == issue.title) return "the title stays, since somebody else has set it";
        plan.title = title;
    }
    if (act.op != "section.set") return std::nullopt;
    auto const there =
        std::find_if(issue.sections.begin(), issue.sections.end(), [&](auto const& section) { return section.name == act.label; });
    if (there == issue.sections.end()) return std::nullopt;
    if (normalised(act.text) != there->text) return "the section in its text stays, since somebody has edited it";
    plan.sections.push_back({act.label, before});
    return std::nullopt;
}

std::string named(std::vector<std::int64_t> const& runs) {
    constexpr std::size_t most = 5;
    if (runs.empty()) return "what a run did that was never recorded";
    std::string out = runs.size() == 1 ? "run " : "runs ";
    for (std::size_t i = 0; i < std::min(runs.size(), most); ++i) out.append(i > 0 ? ", " : "").append(std::to_string(runs[i]));
    if (runs.size() > most) out.append(" and " + std::to_string(runs.size() - most) + " more");
    return out;
}

}  // namespace

std::optional<std::string> left_by_undo(tracker::Issue const& issue, std::vector<store::Act> const& acts, config::Policy const& policy) {
    if (!issue.open && !closed_by_acts(issue, acts)) return "it is closed: what it carries is history";
    for (auto const& label : issue.labels)
        if (contains_label(policy.in_flight, label))
            return "somebody works on it: it carries " + label + ", and is not changed under their hands";
    return std::nullopt;
}

Undo undo(tracker::Issue const& issue, std::vector<store::Act> const& acts, config::Policy const& policy,
          std::vector<std::string> const& own_labels) {
    Undoing undoing{issue, policy, own_labels};
    auto const wanted = changes(acts);
    // What goes makes room for what comes back.
    for (auto const& [key, change] : wanted)
        if (change.added) undoing.take_off(change.label);
    for (auto const& [key, change] : wanted)
        if (!change.added) undoing.put_back(change.label);
    std::set<std::int64_t> runs;
    std::map<std::pair<std::string, std::string>, store::Act> texts;  // the last of each counts
    std::map<std::pair<std::string, std::string>, std::string> kept;
    for (auto const& act : acts) {
        if (act.op != add_op && act.op != remove_op) texts.insert_or_assign({act.op, act.label}, act);
        if (!act.selected) kept[{act.op, act.label}] = act.text;
        if (act.selected && act.run) runs.insert(*act.run);
    }
    Plan changed;
    for (auto const& [name, act] : texts)
        if (auto const why = act.selected ? take_back_text(issue, act, kept[name], changed) : std::nullopt) undoing.keep(*why);
    auto out = undoing.finish();
    out.plan.title = std::move(changed.title);
    out.plan.sections = std::move(changed.sections);
    out.plan.reopen = closed_by_acts(issue, acts);
    out.runs.assign(runs.begin(), runs.end());
    out.reason.insert(0, named(out.runs));
    return out;
}

void settle_undo(store::Record& record, Undo const& undo) {
    bool const whole = record.outcome == "undone" || record.outcome == "noop";
    if (whole) {
        record.undoes = undo.runs;
        record.own_labels = undo.plan.own_after;
    } else if (record.outcome == "partial") {
        std::set<std::string> labels{record.labels_before.begin(), record.labels_before.end()};
        std::set<std::string> own{record.own_labels.begin(), record.own_labels.end()};
        for (auto* set : {&labels, &own}) {
            set->insert(record.added.begin(), record.added.end());
            for (auto const& label : record.removed) set->erase(label);
        }
        record.labels_after.assign(labels.begin(), labels.end());
        record.own_labels.assign(own.begin(), own.end());
    }
    if (record.outcome == "stale") record.reason = "it changed while it was looked at";
    else if (!whole) record.reason = undo.reason + "; not all of it: " + record.reason;
    record.keep_schedule = !whole && record.outcome != "partial";
    record.failures = 0;
    record.due_in.reset();
    record.undone = record.revision;
}

}  // namespace groomer::groom
