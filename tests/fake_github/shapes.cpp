#include "fake_github/shapes.hpp"

#include "fake_github/http.hpp"
#include "fake_github/jwt.hpp"

namespace groomer::fake_github {
namespace {

namespace json = boost::json;

std::string node_id(std::string const& kind, std::int64_t id) { return kind + "_" + base64url(kind + std::to_string(id)); }

json::value time_or_null(Seconds at) { return at ? json::value(json::string(format_seconds(at))) : json::value(nullptr); }

json::value app_or_null(State const& state, std::int64_t id) {
    auto const* app = id ? state.access.app(id) : nullptr;
    return app ? json::value(app_json(state, *app)) : json::value(nullptr);
}

char const* association_name(Association association) {
    switch (association) {
        case Association::none: return "NONE";
        case Association::contributor: return "CONTRIBUTOR";
        case Association::collaborator: return "COLLABORATOR";
        case Association::member: return "MEMBER";
        case Association::owner: return "OWNER";
    }
    return "NONE";
}

json::value reason_json(Reason reason) {
    switch (reason) {
        case Reason::none: return nullptr;
        case Reason::completed: return "completed";
        case Reason::not_planned: return "not_planned";
        case Reason::duplicate: return "duplicate";
        case Reason::reopened: return "reopened";
    }
    return nullptr;
}

char const* event_name(EventKind kind) {
    switch (kind) {
        case EventKind::labeled: return "labeled";
        case EventKind::unlabeled: return "unlabeled";
        case EventKind::renamed: return "renamed";
        case EventKind::closed: return "closed";
        case EventKind::reopened: return "reopened";
        case EventKind::locked: return "locked";
        case EventKind::unlocked: return "unlocked";
        case EventKind::transferred: return "transferred";
        case EventKind::cross_referenced: return "cross-referenced";
    }
    return "labeled";
}

json::object reactions(std::string const& url) {
    json::object out{{"url", url + "/reactions"}, {"total_count", 0}};
    for (auto const* name : {"+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"}) out[name] = 0;
    return out;
}

std::string issue_url(State const& state, Repository const& repository, Issue const& issue) {
    return repository_url(state, repository) + "/issues/" + std::to_string(issue.number);
}

std::string page_url(State const& state, Repository const& repository, Issue const& issue) {
    return state.options.html_url + "/" + repository.full_name + (issue.pull_request ? "/pull/" : "/issues/") +
           std::to_string(issue.number);
}

json::object pull_request_json(State const& state, Repository const& repository, Issue const& issue) {
    auto const page = page_url(state, repository, issue);
    return {{"url", repository_url(state, repository) + "/pulls/" + std::to_string(issue.number)},
            {"html_url", page},
            {"diff_url", page + ".diff"},
            {"patch_url", page + ".patch"},
            {"merged_at", nullptr}};
}

json::object permissions_json(Right right) {
    return {{"admin", false},
            {"maintain", false},
            {"push", right == Right::write},
            {"triage", right == Right::write},
            {"pull", right != Right::none}};
}

}  // namespace

std::string repository_url(State const& state, Repository const& repository) {
    return state.options.base_url + "/repos/" + repository.full_name;
}

json::object user_json(State const& state, User const& user) {
    auto const url = state.options.base_url + "/users/" + percent_encoded(user.login);
    json::object out{{"login", user.login},
                     {"id", user.id},
                     {"node_id", node_id("U", user.id)},
                     {"avatar_url", "https://avatars.githubusercontent.com/u/" + std::to_string(user.id) + "?v=4"},
                     {"gravatar_id", ""},
                     {"url", url},
                     {"html_url", state.options.html_url + "/" + user.login}};
    for (auto const* part : {"followers", "subscriptions", "organizations", "repos", "received_events"})
        out[std::string{part} + "_url"] = url + "/" + part;
    out["following_url"] = url + "/following{/other_user}";
    out["gists_url"] = url + "/gists{/gist_id}";
    out["starred_url"] = url + "/starred{/owner}{/repo}";
    out["events_url"] = url + "/events{/privacy}";
    out["type"] = user.type;
    out["user_view_type"] = "public";
    out["site_admin"] = false;
    return out;
}

json::object repository_json(State const& state, Repository const& repository, Right right) {
    auto const url = repository_url(state, repository);
    User owner;
    owner.login = repository.owner();
    owner.id = repository.id + 1;
    owner.type = "Organization";
    if (auto const known = state.find_user(owner.login)) owner = state.user(*known);
    std::int64_t open = 0;
    // GitHub counts pull requests, too; above 10,000 issues the sum is not worth a walk at each request.
    if (repository.issues.size() <= 10'000)
        for (auto const& [number, issue] : repository.issues) open += issue.open;
    return {{"id", repository.id},
            {"node_id", node_id("R", repository.id)},
            {"name", repository.name()},
            {"full_name", repository.full_name},
            {"private", repository.hidden},
            {"owner", user_json(state, owner)},
            {"html_url", state.options.html_url + "/" + repository.full_name},
            {"description", nullptr},
            {"fork", false},
            {"url", url},
            {"issues_url", url + "/issues{/number}"},
            {"labels_url", url + "/labels{/name}"},
            {"has_issues", !repository.issues_disabled},
            {"archived", repository.archived},
            {"disabled", false},
            {"visibility", repository.hidden ? "private" : "public"},
            {"open_issues_count", open},
            {"default_branch", "main"},
            {"permissions", permissions_json(right)}};
}

json::object label_json(State const& state, Repository const& repository, Label const& label) {
    return {{"id", label.id},
            {"node_id", node_id("LA", label.id)},
            {"url", repository_url(state, repository) + "/labels/" + percent_encoded(label.name)},
            {"name", label.name},
            {"color", label.color},
            {"default", false},
            {"description", label.description.empty() ? json::value(nullptr) : json::value(label.description)}};
}

json::array labels_json(State const& state, Repository const& repository, Issue const& issue) {
    json::array out;
    for (auto const index : issue.labels) out.push_back(label_json(state, repository, repository.labels[index]));
    return out;
}

json::object issue_json(State const& state, Repository const& repository, Issue const& issue) {
    auto const url = issue_url(state, repository, issue);
    json::object out{{"url", url},
                     {"repository_url", repository_url(state, repository)},
                     {"labels_url", url + "/labels{/name}"},
                     {"comments_url", url + "/comments"},
                     {"events_url", url + "/events"},
                     {"html_url", page_url(state, repository, issue)},
                     {"id", issue.id},
                     {"node_id", node_id(issue.pull_request ? "PR" : "I", issue.id)},
                     {"number", issue.number},
                     {"title", issue.title},
                     {"user", user_json(state, state.user(issue.user))},
                     {"labels", labels_json(state, repository, issue)},
                     {"state", issue.open ? "open" : "closed"},
                     {"locked", issue.locked},
                     {"assignee", nullptr},
                     {"assignees", json::array{}},
                     {"milestone", nullptr},
                     {"comments", issue.comments()},
                     {"created_at", format_seconds(issue.created)},
                     {"updated_at", format_seconds(issue.updated)},
                     {"closed_at", time_or_null(issue.closed)},
                     {"author_association", association_name(issue.association)},
                     {"active_lock_reason", nullptr},
                     {"body", issue.bodiless ? json::value(nullptr) : json::value(issue.body)},
                     {"closed_by", nullptr},
                     {"reactions", reactions(url)},
                     {"timeline_url", url + "/timeline"},
                     {"performed_via_github_app", nullptr},
                     {"state_reason", reason_json(issue.reason)}};
    if (!issue.pull_request) return out;
    out["draft"] = false;
    out["pull_request"] = pull_request_json(state, repository, issue);
    return out;
}

json::object comment_json(State const& state, Repository const& repository, Issue const& issue, Comment const& comment) {
    auto const url = repository_url(state, repository) + "/issues/comments/" + std::to_string(comment.id);
    return {{"url", url},
            {"html_url", page_url(state, repository, issue) + "#issuecomment-" + std::to_string(comment.id)},
            {"issue_url", issue_url(state, repository, issue)},
            {"id", comment.id},
            {"node_id", node_id("IC", comment.id)},
            {"user", user_json(state, state.user(comment.user))},
            {"created_at", format_seconds(comment.created)},
            {"updated_at", format_seconds(comment.updated)},
            {"author_association", "NONE"},
            {"body", comment.body},
            {"reactions", reactions(url)},
            {"performed_via_github_app", app_or_null(state, comment.app)}};
}

json::object pull_json(Event const& event) {
    auto const& pull = event.pull;
    json::value merged_at;
    if (pull.merged) merged_at = format_seconds(event.at);
    return {{"number", pull.number},
            {"title", pull.title},
            {"body", pull.body},
            {"state", pull.merged ? "closed" : "open"},
            {"pull_request", {{"merged_at", merged_at}}},
            {"repository", {{"full_name", pull.repository}}}};
}

json::object event_json(State const& state, Repository const& repository, Issue const&, Event const& event) {
    json::object out{{"id", event.id},
                     {"node_id", node_id("E", event.id)},
                     {"url", repository_url(state, repository) + "/issues/events/" + std::to_string(event.id)},
                     {"actor", user_json(state, state.user(event.actor))},
                     {"event", event_name(event.kind)},
                     {"commit_id", nullptr},
                     {"commit_url", nullptr},
                     {"created_at", format_seconds(event.at)}};
    if (event.kind == EventKind::labeled || event.kind == EventKind::unlabeled)
        out["label"] = {{"name", event.label}, {"color", event.color}};
    if (event.kind == EventKind::renamed) out["rename"] = {{"from", event.from}, {"to", event.to}};
    if (event.kind == EventKind::cross_referenced) out["source"] = {{"type", "issue"}, {"issue", pull_json(event)}};
    if (event.kind == EventKind::closed) out["state_reason"] = event.reason;
    out["performed_via_github_app"] = app_or_null(state, event.app);
    return out;
}

json::object timeline_comment_json(State const& state, Repository const& repository, Issue const& issue, Comment const& comment) {
    auto out = comment_json(state, repository, issue, comment);
    out["event"] = "commented";
    out["actor"] = out["user"];
    return out;
}

json::object app_json(State const& state, App const& app) {
    User owner;
    owner.id = 1;
    owner.login = "github-app-owner";
    return {{"id", app.id},
            {"client_id", app.client_id},
            {"slug", app.slug},
            {"node_id", node_id("A", app.id)},
            {"owner", user_json(state, owner)},
            {"name", app.slug},
            {"description", ""},
            {"external_url", "https://example.com"},
            {"html_url", state.options.html_url + "/apps/" + app.slug},
            {"created_at", format_seconds(1'600'000'000)},
            {"updated_at", format_seconds(1'600'000'000)},
            {"permissions", {{"issues", "write"}, {"metadata", "read"}}},
            {"events", json::array{}}};
}

}  // namespace groomer::fake_github
