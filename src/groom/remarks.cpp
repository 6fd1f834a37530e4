#include "groom/remarks.hpp"

#include "groom/labels.hpp"
#include "groom/suggestion.hpp"
#include "groom/texts.hpp"

#include <algorithm>

namespace groomer::groom {
namespace {

// The role of the status that was decided, and that the issue carries. A person may have set another one, or taken it away.
std::string_view role_of(model::Judgement const& judgement, config::Policy const& policy, std::vector<std::string> const& labels) {
    auto const* decision = judgement.find("status");
    if (!decision || !decision->value || !contains_label(labels, *decision->value)) return {};
    for (auto const& family : policy.labels)
        for (auto const& value : family.values)
            if (family.name == "status" && value.label == *decision->value) return value.role;
    return {};
}

// Our comment of that name says this, and nothing behind the mark at its end: a person may have written there, too.
bool reads_as(tracker::Issue const& issue, std::string_view name, std::string_view text) {
    auto const found = std::find_if(issue.comments.begin(), issue.comments.end(),
                                    [&](auto const& comment) { return comment.actor == tracker::Actor::self && comment.name == name; });
    if (found == issue.comments.end()) return false;
    auto const body = normalised(found->body);
    auto const mark = std::min(body.rfind("<!-- groomer:"), body.size());
    auto const end = body.find("-->", mark);
    return normalised(body.substr(0, mark)) == normalised(text) && (end == std::string::npos || end + 3 == body.size());
}

// A person may answer there, too.
bool sections_are_ours(tracker::Issue const& issue, std::vector<store::Said> const& said) {
    return std::all_of(issue.sections.begin(), issue.sections.end(), [&](auto const& section) {
        return std::any_of(said.begin(), said.end(), [&](auto const& one) {
            return one.op == "section.set" && one.name == section.name && is_known(one, section.text);
        });
    });
}

void keep_earlier(std::optional<std::chrono::milliseconds>& at, std::chrono::milliseconds other) { at = at ? std::min(*at, other) : other; }

bool is_there(tracker::Issue const& issue, std::string_view name) {
    return std::any_of(issue.comments.begin(), issue.comments.end(),
                       [&](auto const& comment) { return comment.actor == tracker::Actor::self && comment.name == name; });
}

// There is one comment an issue: whatever the mode was when it was made, the mode of today speaks there.
std::string place_of(tracker::Issue const& issue, std::string_view name, std::string_view of_other_mode) {
    return std::string{!is_there(issue, name) && is_there(issue, of_other_mode) ? of_other_mode : name};
}

// What stands there may be any that was begun: the answer of the last one may have been lost. Where none is known, the mark tells.
bool is_ours(tracker::Issue const& issue, std::string_view name, store::Said const& known) {
    if (!known.text && known.texts.empty()) return true;
    auto const reads = [&](std::string const& text) { return reads_as(issue, name, text); };
    return (known.text && reads(*known.text)) || std::any_of(known.texts.begin(), known.texts.end(), reads);
}

// An edit tells nobody: closing is announced by the first text of a comment, or not at all.
bool may_announce(tracker::Issue const& issue, std::string_view name, std::string_view text) {
    return !is_there(issue, name) || reads_as(issue, name, text);
}

}  // namespace

bool may_be_closed(tracker::Issue const& issue) { return !issue.was_reopened && !issue.history_cut && !issue.locked && !issue.assigned; }

std::vector<Wish> wishes(tracker::Issue const& issue, model::Judgement const& judgement, config::Policy const& policy, Plan const& plan) {
    std::vector<Wish> out;
    if (policy.mode == config::Mode::suggest) {
        auto const name = place_of(issue, suggestion_name, notice_name);
        if (plan.empty()) return {{{name, settled_suggestion()}, true}};
        return {{{name, suggestion(issue.ref, plan, judgement, policy)}}};
    }
    auto const name = place_of(issue, notice_name, suggestion_name);
    bool const speaks_there = policy.comments_enabled && name == suggestion_name;
    // One of before the mode was changed would go on saying that nothing is set.
    if (policy.mode == config::Mode::apply && is_there(issue, suggestion_name) && !speaks_there)
        out.push_back({{std::string{suggestion_name}, settled_suggestion()}, true});
    if (!policy.comments_enabled) return out;
    // A judgement is of what the issue says now, answers and all: none is made without them.
    auto const closing = policy.close_enabled && may_be_closed(issue) ? role_of(judgement, policy, plan.own_after) : std::string_view{};
    bool const asks = !judgement.gaps.empty() && role_of(judgement, policy, plan.after) == "needs_info";
    auto const announce_or_say = [&](std::string announcement, std::string plain, tracker::CloseReason reason) {
        if (may_announce(issue, name, announcement)) out.push_back({{name, std::move(announcement)}, false, reason});
        else out.push_back({{name, std::move(plain)}});
    };
    if (asks && closing == "needs_info")
        announce_or_say(request_for_gaps(judgement, true), request_for_gaps(judgement, false), tracker::CloseReason::not_planned);
    else if (asks) out.push_back({{name, request_for_gaps(judgement, false)}});
    else if (closing == "already_done" && !issue.merged.empty())
        announce_or_say(done_notice(issue.merged.front().number, true), done_notice(issue.merged.front().number, false),
                        tracker::CloseReason::completed);
    else if (is_there(issue, name)) out.push_back({{name, speaks_there ? settled_suggestion() : settled_notice()}, true});
    return out;
}

Remarks remarks(std::vector<Wish> wishes, tracker::Issue const& issue, std::vector<store::Said> const& said,
                std::chrono::milliseconds cooldown, std::string const& revision) {
    Remarks out;
    // Whatever it was called, and also where it is not found in what is read of a long history: there is one comment an issue.
    bool const any_made = std::any_of(said.begin(), said.end(), [](auto const& one) { return one.op == "comment.set" && one.made; });
    for (auto& [comment, only_in_place, announces] : wishes) {
        auto const found = std::find_if(said.begin(), said.end(),
                                        [&, name = comment.name](auto const& one) { return one.op == "comment.set" && one.name == name; });
        store::Said const known = found == said.end() ? store::Said{} : *found;
        bool const there = is_there(issue, comment.name);
        if (!there && (only_in_place || any_made)) continue;          // a person has deleted it
        if (there && !is_ours(issue, comment.name, known)) continue;  // a person has edited it
        if (there && known.text == comment.text) {
            bool const stands = known.versions == 1 && known.revision == revision && known.written_ago && sections_are_ours(issue, said);
            if (!announces || !stands) continue;
            if (*known.written_ago >= grace) out.close = announces;
            else keep_earlier(out.later, grace - *known.written_ago);
            continue;
        }
        if (there && known.written_ago && *known.written_ago < cooldown) {
            keep_earlier(out.later, cooldown - *known.written_ago);
        } else {
            if (announces && !there) keep_earlier(out.later, grace);
            comment.earlier = known.texts;
            out.now.push_back(std::move(comment));
        }
    }
    return out;
}

}  // namespace groomer::groom
