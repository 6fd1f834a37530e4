#include "groom/judge.hpp"

#include "groom/interview.hpp"
#include "groom/labels.hpp"
#include "groom/rules.hpp"
#include "groom/verdict.hpp"

namespace groomer::groom {
namespace {

// Bump it when the rules or the local model change what they say of the same issue.
constexpr std::string_view judge_version = "local-1";

std::string local_version(Case const& one, Learner const& learner) {
    std::string version{judge_version};
    version.append(" ").append(one.judge_digest);
    for (auto const& family : one.settings.policy.labels) version.append(" ").append(learner.version(family));
    return version;
}

// Training changes nothing that a language model says.
std::string model_version(Case const& one) {
    std::string version{model::answer_version};
    version.append(" ").append(model::prompt_version).append(" ").append(one.judge_digest);
    return version;
}

// The kind of an issue: from a type label that stays on it, or from the decision.
Kind kind_in(tracker::Issue const& issue, config::Policy const& policy, model::Judgement const& judgement) {
    for (auto const& family : policy.labels) {
        if (family.name != "type") continue;
        for (auto const& value : family.values)
            if (contains_label(issue.labels, value.label)) return kind_of(value.label);
        auto const* decision = judgement.find("type");
        return decision && decision->value ? kind_of(*decision->value) : Kind::unknown;
    }
    return Kind::unknown;
}

}  // namespace

Judge::Judge(JudgeParts parts) : parts_{std::move(parts)}, budget_{parts_.store, parts_.metrics, parts_.executor} {}

Task<> Judge::begin_tick(std::vector<std::string> sources) {
    told_.clear();
    judged_ = 0;
    if (sources.empty()) co_return;
    co_await budget_.begin_tick();
    co_await parts_.neighbours.refresh(std::move(sources));
}

Task<model::Judgement> Judge::judge(Case one) {
    std::string fallback;
    if (auto const endpoint = parts_.endpoint ? parts_.endpoint(one.settings.model) : nullptr) {
        auto const version = model_version(one);
        auto finding = stored(one, version);
        auto judgement = co_await std::move(finding);
        if (judgement) co_return std::move(*judgement);
        auto asking = ask(one, *endpoint, fallback);
        judgement = co_await std::move(asking);
        if (judgement) {
            auto saving = save(one, version, *judgement);
            co_await std::move(saving);
            co_return std::move(*judgement);
        }
        tell(fallback);
    }
    auto const version = local_version(one, parts_.learner);
    auto finding = stored(one, version);
    auto known = co_await std::move(finding);
    if (known) co_return std::move(*known);
    auto judging = judge_here(one.issue, one.settings.policy);
    auto judgement = co_await std::move(judging);
    judgement.fallback = fallback;
    auto saving = save(one, version, judgement);
    co_await std::move(saving);
    co_return std::move(judgement);
}

Task<std::optional<model::Judgement>> Judge::stored(Case const& one, std::string const& version) {
    if (one.force) co_return std::nullopt;
    auto finding = store::find_decision(parts_.store, one.id, one.revision, version);
    auto const text = co_await std::move(finding);
    co_return text ? model::parse_judgement(*text) : std::nullopt;
}

Task<> Judge::save(Case const& one, std::string const& version, model::Judgement const& judgement) {
    auto saving = store::save_decision(parts_.store, one.hold, one.id, one.revision, version, model::to_json(judgement), one.force);
    co_await std::move(saving);
}

Task<std::optional<model::Judgement>> Judge::ask(Case const& one, model::Endpoint& endpoint, std::string& why) {
    InterviewParts const parts{parts_.metrics, budget_, endpoint, one.hold};
    auto finding = parts_.neighbours.of(one.issue);
    auto found = co_await std::move(finding);
    Subject const subject{one.id, one.issue, std::move(found.candidates), std::move(found.examples)};
    auto interviewing = interview(parts, one.settings, subject);
    auto const said = co_await std::move(interviewing);
    why = said.why;
    if (!said.answer) co_return std::nullopt;
    auto judgement = verdict(*said.answer, one.issue, one.settings.policy);
    judgement.by = one.settings.model.provider + "/" + one.settings.model.name;
    judgement.context = said.context;
    ++judged_;
    co_return std::move(judgement);
}

Task<model::Judgement> Judge::judge_here(tracker::Issue const& issue, config::Policy const& policy) {
    model::Judgement judgement;
    if (parts_.model) {
        auto asking = parts_.model(issue, policy);
        judgement.decisions = co_await std::move(asking);
    }
    for (auto const& family : policy.labels) {
        if (family.name == "status" || judgement.find(family.name)) continue;
        auto deciding = parts_.learner.decide(issue, family);
        auto decision = co_await std::move(deciding);
        judgement.decisions.push_back(std::move(decision));
    }
    Kind const kind = kind_in(issue, policy, judgement);
    for (auto const& family : policy.labels) {
        if (family.name == "status") judgement.decisions.push_back(status_by_rule(issue, kind, family));
        if (family.name != "priority") continue;
        for (auto& decision : judgement.decisions)
            if (decision.family == family.name && !decision.value) decision = priority_by_rule(issue, kind, family);
    }
    co_return judgement;
}

// Once a tick for each reason: thousands of issues may meet the same one.
void Judge::tell(std::string const& why) {
    constexpr std::size_t most = 20;
    if (told_.size() >= most || !told_.insert(why).second) return;
    parts_.log.warning("an issue is judged without the language model", {{"component", "model"}, {"why", why}});
}

}  // namespace groomer::groom
