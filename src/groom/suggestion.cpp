#include "groom/suggestion.hpp"

#include "base/text.hpp"
#include "groom/labels.hpp"
#include "model/defuse.hpp"
#include "model/plain_text.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace groomer::groom {
namespace {

constexpr std::size_t longest_reason = 300, longest_prose = 16UL * 1024;

std::string_view told(model::Source source) {
    switch (source) {
        case model::Source::model: return "language model";
        case model::Source::local: return "local model";
        case model::Source::rule: return "rule";
    }
    return {};
}

// A name as it may stand among prose; the command has it as it is.
std::string shown(std::string_view label) {
    auto out = model::defuse(one_line(label, longest_reason), {}, longest_reason);
    std::erase(out, '`');
    return out.empty() ? "a label whose name cannot be shown" : "`" + out + "`";
}

std::string shown(std::vector<std::string> const& labels) {
    std::string out;
    for (auto const& label : labels) out.append(out.empty() ? "" : ", ").append(shown(label));
    return out;
}

// Does it read as what it is? Control characters would break the line, and invisible ones let another command be read than is run.
bool is_plain(std::string_view label) {
    auto const control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; };
    return std::none_of(label.begin(), label.end(), control) && model::plain_text(label) == label;
}

// For a POSIX shell.
std::string quoted(std::string_view value) {
    auto const plain = [](char c) {
        bool const letter =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
        return letter || std::string_view{" ./:_+-=@%,#()"}.find(c) != std::string_view::npos;
    };
    if (std::all_of(value.begin(), value.end(), plain)) return "\"" + std::string{value} + "\"";
    std::string out = "'";
    for (char c : value) out += c == '\'' ? std::string{R"('\'')"} : std::string{c};
    return out + "'";
}

// As gh reads a flag that takes several labels: a line of CSV.
std::string csv(std::string_view label) {
    if (label.find_first_of("\",") == std::string_view::npos) return std::string{label};
    std::string out = "\"";
    for (char c : label) out.append(c == '"' ? 2 : 1, c);
    return out + "\"";
}

// Other programs obey a line like "/close".
std::string without_commands(std::string_view text) {
    std::string out;
    bool at_start = true;  // of a line, but for white space
    for (char c : text) {
        if (at_start && c == '/') continue;
        out += c;
        at_start = c == '\n' || (at_start && (c == ' ' || c == '\t' || c == '\r'));
    }
    return out;
}

// What a plan changes in one family.
struct Change {
    std::string family, reason;
    model::Decision const* decision = nullptr;  // that it comes from
    std::vector<std::string> add, remove;
};

// Takes those of a family out of `labels`.
std::vector<std::string> take(std::vector<std::string>& labels, config::Family const& family) {
    std::vector<std::string> of_family;
    for (auto const& value : family.values) of_family.push_back(value.label);
    std::vector<std::string> out;
    std::erase_if(labels, [&](auto const& label) {
        bool const taken = contains_label(of_family, label);
        if (taken) out.push_back(label);
        return taken;
    });
    return out;
}

std::vector<Change> changes_of(Plan const& plan, model::Judgement const& judgement, config::Policy const& policy) {
    std::vector<Change> out;
    auto add = plan.add, remove = plan.remove;
    for (auto const& family : policy.labels) {
        Change change{family.name, "", nullptr, take(add, family), take(remove, family)};
        if (change.add.empty() && change.remove.empty()) continue;
        for (auto const& one : plan.families)
            if (one.family == family.name) change.reason = one.reason;
        if (!change.add.empty()) change.decision = judgement.find(family.name);
        out.push_back(std::move(change));
    }
    if (!add.empty() || !remove.empty()) out.push_back({"other labels", "no longer called for", nullptr, add, remove});
    return out;
}

std::string line_of(Change const& change) {
    std::string out = "- **" + change.family + "**: ";
    if (!change.add.empty()) out.append("add ").append(shown(change.add));
    if (!change.add.empty() && !change.remove.empty()) out.append(", ");
    if (!change.remove.empty()) out.append("remove ").append(shown(change.remove));
    if (change.decision)
        out.append(" (")
            .append(std::to_string(std::lround(change.decision->confidence * 100)))
            .append(" %, ")
            .append(told(change.decision->source)) += ')';
    if (!change.reason.empty()) out.append(": ").append(model::defuse(one_line(change.reason, longest_reason), {}, longest_reason));
    return out + "\n";
}

// Nothing where a name is none to be put into a command.
std::string command_of(tracker::IssueRef const& ref, Change const& change) {
    std::string out = "gh issue edit " + std::to_string(ref.number) + " --repo " + ref.repo;
    for (auto const& [flag, labels] : {std::pair{" --add-label ", &change.add}, {" --remove-label ", &change.remove}})
        for (auto const& label : *labels) {
            if (!is_plain(label)) return {};
            out.append(flag).append(quoted(csv(label)));
        }
    return out + "\n";
}

std::string title_command(tracker::IssueRef const& ref, std::string const& title) {
    if (!is_plain(title)) return {};
    return "gh issue edit " + std::to_string(ref.number) + " --repo " + ref.repo + " --title " + quoted(title) + "\n";
}

std::string how_to_keep_it_away(config::Policy const& policy) {
    std::string out = "A family in which you set a label by hand is left as it is, and a label that you take away is not suggested again.";
    if (!policy.exempt.empty())
        out.append(" To keep groomer away from this issue, add ")
            .append(policy.exempt.size() > 1 ? "one of " : "")
            .append(shown(policy.exempt)) += '.';
    return out;
}

}  // namespace

std::string suggestion(tracker::IssueRef const& ref, Plan const& plan, model::Judgement const& judgement, config::Policy const& policy) {
    std::string prose = "groomer suggests this, and does none of it itself.\n\n";
    std::string commands;
    for (auto const& change : changes_of(plan, judgement, policy)) {
        prose += line_of(change);
        commands += command_of(ref, change);
    }
    for (auto const& family : plan.families)
        if (family.outcome == "escalated")
            prose += "- **" + family.family +
                     "**, for people to decide: " + model::defuse(one_line(family.reason, longest_reason), {}, longest_reason) + "\n";
    if (judgement.duplicate_of) prose += "- It may say the same as issue " + std::to_string(*judgement.duplicate_of) + ".\n";
    if (plan.title) {
        prose += "- **title**: " + shown(*plan.title) + "\n";
        commands += title_command(ref, *plan.title);
    }
    prose +=
        commands.empty() ? "\nTo accept, make the changes by hand." : "\nTo accept, make the changes by hand, or run what you agree with:";
    // The whole once more: harmless parts can make something together.
    auto out = model::defuse(prose, {}, longest_prose);
    if (!commands.empty()) out.append("\n\n```sh\n").append(commands).append("```");
    return out + "\n\n" + model::defuse(how_to_keep_it_away(policy), {}, longest_prose);
}

std::string settled_suggestion() { return "The labels that were suggested here are set, or no longer called for."; }

std::string request_for_gaps(model::Judgement const& judgement, bool closes) {
    constexpr std::size_t longest_gap = 300;
    auto const said = without_commands(judgement.comment.value_or(""));
    std::string out = said.empty() ? "Thank you for the report." : said;
    out += "\n\nTo go on, this is missing:\n\n";
    for (auto const& gap : judgement.gaps) out.append("- ").append(one_line(gap, longest_gap)) += '\n';
    if (judgement.duplicate_of) out += "\nIt may say the same as issue " + std::to_string(*judgement.duplicate_of) + ".\n";
    out += "\nPlease add it to the description or in a comment; the issue is then looked at again.";
    return closes ? out + " If nobody changes or says anything here within 14 days, it is closed." : out;
}

std::string done_notice(std::int64_t pull, bool closes) {
    auto const out = "Pull request " + std::to_string(pull) + ", which says that it closes this issue, is merged.";
    return closes ? out + " If nobody changes or says anything here within 14 days, the issue is closed." : out;
}

std::string settled_notice() { return "What stood here is settled, or no longer called for."; }

}  // namespace groomer::groom
