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
    version.append(" ").append(one.entry.judge_digest);
    for (auto const& family : one.entry.settings.policy.labels) version.append(" ").append(learner.version(family));
    return version;
}

// Training changes nothing that a language model says.
std::string model_version(Case const& one) {
    std::string version{model::answer_version};
    version.append(" ").append(model::prompt_version).append(" ").append(one.entry.model_digest);
    return version;
}

// What was said, as this policy takes it; nothing where it was of no use.
std::optional<model::Judgement> judgement_of(KeptAnswer const& said, Case const& one) {
    auto const& policy = one.entry.settings.policy;
    auto const parsed = said.answer.empty() ? model::Parsed{} : model::parse_answer(said.answer, asked_of(policy, said.candidates));
    if (!parsed.answer) return std::nullopt;
    auto judgement = verdict(*parsed.answer, one.issue, policy);
    judgement.by = said.by;
    judgement.context = said.context;
    judgement.size = said.size;
    return judgement;
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
    std::optional<std::string> failure;
    try {
        auto refreshing = parts_.neighbours.refresh(std::move(sources));
        co_await std::move(refreshing);
    } catch (pg::DatabaseError const& error) {
        failure = error.what();
    }
    // The model does without them.
    if (failure) parts_.log.warning("no similar issues are shown to the language model", {{"component", "model"}, {"error", *failure}});
}

Task<std::optional<model::Judgement>> Judge::judge(Case one) {
    std::string fallback;
    if (one.entry.model) {
        auto asking = ask(one, fallback);
        auto judgement = co_await std::move(asking);
        if (judgement || one.hold.winding_down()) co_return std::move(judgement);
        tell(fallback);
    }
    auto judging = judge_without(one);
    auto judgement = co_await std::move(judging);
    judgement.fallback = fallback;
    co_return std::optional{std::move(judgement)};
}

// What is kept, or else what it says now.
Task<std::optional<model::Judgement>> Judge::ask(Case const& one, std::string& why) {
    auto const version = model_version(one);
    std::optional<KeptAnswer> said, begun;
    bool replaces = one.force;
    if (!one.force) {
        auto finding = store::find_decision(parts_.store, one.id, one.revision, version);
        auto const kept = co_await std::move(finding);
        if (kept) said = parse_kept_answer(*kept);
        replaces = kept && !said;
        if (said && said->repair) said.swap(begun);
    }
    if (!said) {
        auto asking = ask_anew(one, version, replaces, std::move(begun));
        auto interviewed = co_await std::move(asking);
        why = std::move(interviewed.why);
        said = std::move(interviewed.said);
        if (said) ++judged_;
    }
    if (!said) co_return std::nullopt;
    auto judgement = judgement_of(*said, one);
    if (!judgement) why = said->useless.empty() ? "what it said is of no use any more" : said->useless;
    co_return std::move(judgement);
}

Task<Interview> Judge::ask_anew(Case const& one, std::string const& version, bool replaces, std::optional<KeptAnswer> begun) {
    if (!one.entry.model->may_be_asked()) {
        Interview none;
        none.why = one.entry.model->why_not();
        co_return none;
    }
    Subject subject{one.id, one.issue, one.revision, version, replaces};
    auto finding = parts_.neighbours.of(one.issue);
    auto found = co_await std::move(finding);
    subject.candidates = std::move(found.candidates);
    subject.examples = std::move(found.examples);
    subject.begun = std::move(begun);
    InterviewParts const parts{parts_.metrics, parts_.store, budget_, *one.entry.model, one.hold};
    auto interviewing = interview(parts, one.entry.settings, subject);
    co_return co_await std::move(interviewing);
}

Task<model::Judgement> Judge::judge_without(Case const& one) {
    auto const version = local_version(one, parts_.learner);
    if (!one.force) {
        auto finding = store::find_decision(parts_.store, one.id, one.revision, version);
        auto const kept = co_await std::move(finding);
        auto judgement = kept ? model::parse_judgement(*kept) : std::nullopt;
        if (judgement) co_return std::move(*judgement);
    }
    auto judging = judge_here(one.issue, one.entry.settings.policy);
    auto judgement = co_await std::move(judging);
    auto saving = store::save_decision(parts_.store, one.hold, one.id, one.revision, version, model::to_json(judgement), one.force);
    co_await std::move(saving);
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
