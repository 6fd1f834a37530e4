// Whether an issue is at rest: as the database has it, as it was decided, and with every step done.
#include "github_faults/judge.hpp"

namespace groomer::github_faults {
namespace {

std::string shown(IssueNow const& issue) { return issue.repository + "#" + std::to_string(issue.number) + ": "; }

// As the decisions of the last run say, where no person has had a word.
void compare_family(Family const& family, Decision const& decision, IssueNow const& issue, LastActs const& acts,
                    std::vector<std::string>& out) {
    auto const known = acts.find({issue.repository, issue.number});
    auto last = known == acts.end() ? std::map<std::string, Effect const*>{} : known->second;
    std::vector<std::string> ours;
    for (auto const& label : family.labels) {
        if (!issue.labels.contains(label)) continue;
        bool const mine = last.contains(label) && last[label]->ours;
        if (!mine) return;
        ours.push_back(label);
    }
    bool const taken_away = last.contains(decision.value) && !last[decision.value]->ours && last[decision.value]->what == "label.remove";
    if (decision.value.empty() || family.never_set.contains(decision.value) || taken_away) return;
    if (ours == std::vector{decision.value}) return;
    out.push_back(family.name + " was decided as " + decision.value + ", and it carries " + (ours.empty() ? "none" : ours.front()));
}

}  // namespace

LastActs last_acts(std::vector<Effect> const& effects) {
    LastActs out;
    for (auto const& effect : effects)
        if (!effect.label.empty()) out[{effect.repository, effect.issue}][effect.label] = &effect;
    return out;
}

std::vector<std::string> unsettled(std::vector<Family> const& families, LastActs const& acts, IssueNow const& issue) {
    auto const where = shown(issue);
    if (!issue.stored) return {where + "the database does not know it"};
    auto const& stored = *issue.stored;
    std::vector<std::string> out;
    auto const is = [&](bool bad, std::string const& sentence) {
        if (bad) out.push_back(sentence);
    };
    is(stored.title != issue.title, "its title is not the stored one");
    is(stored.open != issue.open, std::string{"it is "} + (issue.open ? "open" : "closed") + ", and not so stored");
    is(stored.labels != issue.labels, "its labels are not the stored ones");
    is(stored.leased, "it is being worked on");
    if (issue.open) {
        is(stored.gone || stored.reason == "the tracker has it no more", "it is there, and stored as gone");
        is(stored.due, "it is due");
        is(stored.outcome.empty(), "it was never groomed");
        is(stored.outcome == "partial" || stored.outcome == "failed" || stored.outcome == "stale", "its outcome is " + stored.outcome);
        for (auto const& step : stored.steps) is(!step.ends_with(": done") && !step.ends_with(": already"), "step " + step);
    }
    if (out.empty() && issue.open && stored.outcome != "skipped")
        for (auto const& decision : stored.decisions)
            for (auto const& family : families)
                if (family.name == decision.family) compare_family(family, decision, issue, acts, out);
    for (auto& sentence : out) sentence.insert(0, where);
    return out;
}

std::vector<std::string> unsettled(Wanted const& wanted, IssueNow const& issue) {
    auto const is = [&](bool good) -> std::vector<std::string> {
        if (good) return {};
        return {shown(issue) + wanted.op + " " + wanted.name + " is not as wanted"};
    };
    auto const count = [&](std::string const& text, std::string const& part) {
        std::size_t found = 0;
        for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
        return found;
    };
    if (wanted.op == "comment") {
        auto const found = issue.comments.find(wanted.name);
        return is(found != issue.comments.end() && found->second.size() == 1 && count(found->second.front(), wanted.text) == 1);
    }
    if (wanted.op == "section")
        return is(count(issue.body, "<!-- groomer:" + wanted.name + " -->") == 1 && count(issue.body, wanted.text) == 1);
    if (wanted.op == "title") return is(issue.title == wanted.text);
    if (wanted.op == "close") return is(!issue.open);
    return is(issue.labels.contains(wanted.name) == (wanted.op == "add"));
}

}  // namespace groomer::github_faults
