#include "groom/remarks.hpp"

#include "groom/labels.hpp"
#include "groom/suggestion.hpp"

#include <algorithm>

namespace groomer::groom {
namespace {

// A person may have set another status, or taken this one away: then nobody is asked for anything.
bool asks_for_more(model::Judgement const& judgement, config::Policy const& policy, Plan const& plan) {
    auto const* decision = judgement.find("status");
    if (judgement.gaps.empty() || !decision || !decision->value || !contains_label(plan.after, *decision->value)) return false;
    for (auto const& family : policy.labels)
        for (auto const& value : family.values)
            if (family.name == "status" && value.role == "needs_info") return value.label == *decision->value;
    return false;
}

bool is_there(tracker::Issue const& issue, std::string_view name) {
    return std::any_of(issue.comments.begin(), issue.comments.end(),
                       [&](auto const& comment) { return comment.actor == tracker::Actor::self && comment.name == name; });
}

}  // namespace

std::vector<Wish> wishes(tracker::Issue const& issue, model::Judgement const& judgement, config::Policy const& policy, Plan const& plan) {
    std::vector<Wish> out;
    if (policy.mode == config::Mode::suggest) {
        if (plan.empty()) return {{{std::string{suggestion_name}, settled_suggestion()}, true}};
        return {{{std::string{suggestion_name}, suggestion(issue.ref, plan, judgement, policy)}}};
    }
    // One of before the mode was changed would go on saying that nothing is set.
    if (policy.mode == config::Mode::apply && is_there(issue, suggestion_name))
        out.push_back({{std::string{suggestion_name}, settled_suggestion()}, true});
    // A judgement is of what the issue says now, answers and all: none is made without them.
    if (policy.mode == config::Mode::apply && policy.comments_enabled && asks_for_more(judgement, policy, plan))
        out.push_back({{std::string{gaps_name}, request_for_gaps(judgement)}});
    return out;
}

Remarks remarks(std::vector<Wish> wishes, tracker::Issue const& issue, std::vector<store::Said> const& said,
                std::chrono::milliseconds cooldown) {
    Remarks out;
    for (auto& [comment, only_in_place] : wishes) {
        auto const found = std::find_if(said.begin(), said.end(), [&, name = comment.name](auto const& one) { return one.name == name; });
        store::Said const known = found == said.end() ? store::Said{} : *found;
        bool const there = is_there(issue, comment.name);
        if (!there && (only_in_place || known.made)) continue;
        if (there && known.text == comment.text) continue;
        if (there && known.written_ago && *known.written_ago < cooldown) {
            auto const left = cooldown - *known.written_ago;
            out.later = out.later ? std::min(*out.later, left) : left;
        } else {
            out.now.push_back(std::move(comment));
        }
    }
    return out;
}

}  // namespace groomer::groom
