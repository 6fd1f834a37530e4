// GET on what a repository has, but for the list of issues.
#include "fake_github/call.hpp"
#include "fake_github/shapes.hpp"

#include <algorithm>

namespace groomer::fake_github {
namespace {

namespace json = boost::json;

Response read_repository(Call& call) { return json_answer(200, repository_json(call.state, *call.repository, call.right)); }

Response read_issue(Call& call) {
    auto found = find_issue(call, call.number(0));
    return found.issue ? json_answer(200, issue_json(call.state, *call.repository, *found.issue)) : std::move(found.refused);
}

Response read_comments(Call& call) {
    auto found = find_issue(call, call.number(0));
    if (!found.issue) return std::move(found.refused);
    auto const since = parse_seconds(call.asked("since").value_or("")).value_or(0);
    std::vector<Comment const*> comments;
    if (found.issue->history)
        for (auto const& comment : found.issue->history->comments)
            if (comment.updated >= since) comments.push_back(&comment);
    return paged(call, comments.size(),
                 [&](std::size_t i) { return comment_json(call.state, *call.repository, *found.issue, *comments[i]); });
}

Response read_comment(Call& call) {
    auto const found = call.repository->comment_issues.find(call.number(0));
    if (found == call.repository->comment_issues.end()) return not_found();
    auto const& issue = call.repository->issues.at(found->second);
    auto const& comments = issue.history->comments;
    auto const comment = std::find_if(comments.begin(), comments.end(), [&](auto const& each) { return each.id == found->first; });
    return json_answer(200, comment_json(call.state, *call.repository, issue, *comment));
}

Response read_events(Call& call) {
    auto found = find_issue(call, call.number(0));
    if (!found.issue) return std::move(found.refused);
    auto const* history = found.issue->history.get();
    return paged(call, history ? history->events.size() : 0,
                 [&](std::size_t i) { return event_json(call.state, *call.repository, *found.issue, history->events[i]); });
}

// Ids grow with time, so they order events and comments of the same second.
Response read_timeline(Call& call) {
    auto found = find_issue(call, call.number(0));
    if (!found.issue) return std::move(found.refused);
    struct Entry {
        Seconds at;
        std::int64_t id;
        Event const* event;
        Comment const* comment;
    };
    std::vector<Entry> entries;
    if (auto const* history = found.issue->history.get()) {
        for (auto const& event : history->events) entries.push_back({event.at, event.id, &event, nullptr});
        for (auto const& comment : history->comments) entries.push_back({comment.created, comment.id, nullptr, &comment});
    }
    std::sort(entries.begin(), entries.end(), [](auto const& a, auto const& b) { return std::pair{a.at, a.id} < std::pair{b.at, b.id}; });
    return paged(call, entries.size(), [&](std::size_t i) -> json::value {
        auto const& entry = entries[i];
        if (entry.event) return event_json(call.state, *call.repository, *found.issue, *entry.event);
        return timeline_comment_json(call.state, *call.repository, *found.issue, *entry.comment);
    });
}

Response read_issue_labels(Call& call) {
    auto found = find_issue(call, call.number(0));
    if (!found.issue) return std::move(found.refused);
    auto const all = labels_json(call.state, *call.repository, *found.issue);
    return paged(call, all.size(), [&](std::size_t i) { return all[i]; });
}

Response read_labels(Call& call) {
    std::vector<Label const*> labels;
    for (auto const& label : call.repository->labels)
        if (!label.gone) labels.push_back(&label);
    return paged(call, labels.size(), [&](std::size_t i) { return label_json(call.state, *call.repository, *labels[i]); });
}

Response read_label(Call& call) {
    auto const index = find_label(*call.repository, call.arguments[0]);
    return index ? json_answer(200, label_json(call.state, *call.repository, call.repository->labels[*index])) : not_found();
}

}  // namespace

std::vector<Route> const repository_reads = {
    {"GET", "", read_repository},
    {"GET", "issues", list_issues},
    {"GET", "issues/comments/{}", read_comment},
    {"GET", "issues/{}", read_issue},
    {"GET", "issues/{}/comments", read_comments},
    {"GET", "issues/{}/events", read_events},
    {"GET", "issues/{}/timeline", read_timeline},
    {"GET", "issues/{}/labels", read_issue_labels},
    {"GET", "labels", read_labels},
    {"GET", "labels/{}", read_label},
};

}  // namespace groomer::fake_github
