#include "groom/verdict.hpp"

#include "groom/labels.hpp"
#include "model/defuse.hpp"

#include <algorithm>
#include <cmath>

namespace groomer::groom {
namespace {

using model::Actionability;
using model::Decision;
using model::Source;

std::string percent(double confidence) { return std::to_string(std::lround(confidence * 100)) + " %"; }

// Where the answer's confidence is too low, it is told what it would have been.
Decision decide(config::Family const& family, std::optional<std::string> value, double confidence, std::string reason) {
    if (!value || confidence >= family.min_precision) return {family.name, std::move(value), confidence, Source::model, std::move(reason)};
    return {family.name, std::nullopt, confidence, Source::model, "not certain enough of " + *value + " (" + percent(confidence) + ")"};
}

// Its roles are the words of the verdict.
Decision status_of(model::Answer const& answer, tracker::Issue const& issue, config::Family const& family, std::string reason) {
    if (answer.actionability == Actionability::already_done) {
        if (issue.merged.empty())
            return {family.name, std::nullopt, answer.confidence, Source::model,
                    "it may be done already, but no merged pull request is linked that says so"};
        reason = "pull request " + std::to_string(issue.merged.front().number) + ", which says that it closes this, is merged";
    }
    for (auto const& value : family.values)
        if (value.role == model::name(answer.actionability)) return decide(family, value.label, answer.confidence, std::move(reason));
    return {family.name, std::nullopt, answer.confidence, Source::model,
            "no label is configured for " + std::string{model::name(answer.actionability)}};
}

// All that people wrote there: links in it may be said again.
std::string source_of(tracker::Issue const& issue) {
    std::string out = issue.title + "\n" + issue.body;
    for (auto const& comment : issue.comments)
        if (comment.actor == tracker::Actor::person) out.append("\n").append(comment.body);
    return out;
}

}  // namespace

model::Asked asked_of(config::Policy const& policy, std::vector<std::int64_t> candidates) {
    model::Asked asked;
    for (auto const& family : policy.labels) {
        if (family.name == "status") continue;
        model::AskedFamily out{family.name, {}};
        for (auto const& value : family.values) out.values.emplace_back(value.label, value.meaning);
        asked.families.push_back(std::move(out));
    }
    asked.candidates = std::move(candidates);
    asked.comment = policy.comments_enabled;
    asked.title = asked.section = policy.titles_and_bodies_enabled;
    return asked;
}

model::Judgement verdict(model::Answer const& answer, tracker::Issue const& issue, config::Policy const& policy) {
    constexpr std::size_t sentence = 200, paragraph = 1000, page = 4000;
    auto const source = source_of(issue);
    model::Permitted permitted;
    permitted.issues = answer.related;
    if (answer.duplicate_of) permitted.issues.push_back(*answer.duplicate_of);
    permitted.source = source;
    auto const harmless = [&](std::string_view text, std::size_t longest) { return model::defuse(text, permitted, longest); };
    auto const text = [&](std::optional<std::string> const& wanted, std::size_t longest) {
        return wanted ? std::optional{harmless(*wanted, longest)} : std::nullopt;
    };
    model::Judgement judgement;
    for (auto const& family : policy.labels) {
        if (family.name == "status") {
            judgement.decisions.push_back(status_of(answer, issue, family, harmless(answer.rationale, sentence)));
            continue;
        }
        auto const found =
            std::find_if(answer.decisions.begin(), answer.decisions.end(), [&](auto const& d) { return d.family == family.name; });
        if (found != answer.decisions.end())
            judgement.decisions.push_back(decide(family, found->value, found->confidence, harmless(found->reason, sentence)));
    }
    for (auto const& gap : answer.gaps) judgement.gaps.push_back(harmless(gap, sentence));
    judgement.summary = harmless(answer.summary, paragraph);
    judgement.rationale = harmless(answer.rationale, paragraph);
    judgement.duplicate_of = answer.duplicate_of;
    judgement.related = answer.related;
    judgement.comment = text(answer.comment, page);
    judgement.title = text(answer.title, sentence);
    judgement.section = text(answer.section, page);
    return judgement;
}

}  // namespace groomer::groom
