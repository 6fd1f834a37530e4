#include "tracker/github/resource.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/time_text.hpp"
#include "tracker/github/closing_words.hpp"
#include "tracker/github/content.hpp"
#include "tracker/github/elements.hpp"
#include "tracker/issue_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace groomer::tracker::github {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_comment = 256 * 1024, longest_title = 256;
constexpr std::size_t most_renames = 1000, most_merged = 5;

std::optional<json::value> parse_object(std::string_view body) {
    if (body.size() > max_element) return std::nullopt;
    try {
        auto value = parse_element(body);
        if (value.is_object()) return value;
    } catch (Error const&) {
    }
    return std::nullopt;
}

void add_label_event(Issue& issue, json::object const& entry, bool added, Actor actor) {
    auto const* label = entry.if_contains("label");
    auto name = label ? label_name(*label) : std::string{};
    if (!name.empty() && name.size() <= longest_label) issue.events.push_back({std::move(name), added, actor});
}

void add_comment(Issue& issue, json::object const& entry, Account const& self) {
    auto const* user = object_of(entry, "user");
    if (!user) user = object_of(entry, "actor");
    auto const body = text_of(entry, "body");
    Comment comment{user ? text_of(*user, "login") : std::string{}, actor_of(user, self),
                    std::string{truncate_utf8(body, longest_comment)}};
    if (comment.actor == Actor::self) comment.name = name_in(body);  // somebody else's copy of a mark is none
    issue.comments.push_back(std::move(comment));
}

void add_rename(Issue& issue, json::object const& entry, Actor actor) {
    auto const* rename = object_of(entry, "rename");
    if (!rename || issue.renames.size() >= most_renames) return;
    auto const title = [&](std::string_view key) { return std::string{truncate_utf8(text_of(*rename, key), 4 * longest_title)}; };
    issue.renames.push_back({title("from"), title("to"), actor});
}

// Whoever has a repository of his own can have a pull request merged there that says anything: only the issue's own counts.
void add_reference(Issue& issue, json::object const& entry) {
    auto const* source = object_of(entry, "source");
    auto const* pull = source ? object_of(*source, "issue") : nullptr;
    auto const* state = pull ? object_of(*pull, "pull_request") : nullptr;
    auto const* home = pull ? object_of(*pull, "repository") : nullptr;
    auto const merged_at = state ? parse_time(text_of(*state, "merged_at")) : std::nullopt;
    auto const created_at = parse_time(issue.created_at);
    if (!home || !merged_at || (created_at && *merged_at < *created_at)) return;
    auto const title = text_of(*pull, "title");
    auto const number = count_of(*pull, "number");
    auto const known = [&](auto const& other) { return other.number == number; };
    bool const new_one = number > 0 && std::none_of(issue.merged.begin(), issue.merged.end(), known) && issue.merged.size() < most_merged;
    bool const of_ours = to_lower(text_of(*home, "full_name")) == to_lower(issue.ref.repo);
    bool const takes_back = to_lower(title).starts_with("revert");
    if (!new_one || !of_ours || takes_back || !says_it_closes(text_of(*pull, "body"), issue.ref)) return;
    issue.merged.push_back({number, one_line(title, longest_title)});
}

void add_entry(Issue& issue, json::object const& entry, Account const& self) {
    auto const event = text_of(entry, "event");
    auto const actor = actor_of(object_of(entry, "actor"), self);
    if (event == "labeled" || event == "unlabeled") add_label_event(issue, entry, event == "labeled", actor);
    else if (event == "commented") add_comment(issue, entry, self);
    else if (event == "renamed") add_rename(issue, entry, actor);
    else if (event == "cross-referenced") add_reference(issue, entry);
    else if (event == "closed") issue.closed_by = actor;
    else if (event == "reopened") issue.was_reopened = true;
}

bool is_true(json::object const& object, std::string_view key) {
    auto const* value = object.if_contains(key);
    return value && *value == true;
}

OneIssue to_one(json::object const& object, IssueRef ref) {
    OneIssue one{to_issue(object, std::move(ref)), count_of(object, "comments")};
    auto parted = part_sections(one.issue.body);
    one.issue.body = std::move(parted.body);
    one.issue.sections = std::move(parted.sections);
    return one;
}

}  // namespace

IssuePage parse_issue_page(std::string_view body, std::string const& repo) {
    IssuePage page;
    auto const skip = [&](std::string_view where, std::string_view why) {
        if (page.skipped++ == 0) page.skipped_example = std::string{where} + std::string{why};
    };
    for_each_element(body, [&](json::value const* value, std::string_view why) {
        auto const where = repo + ", entry " + std::to_string(++page.entries) + " of a page: ";
        if (!value) return skip(where, why);
        if (auto const* object = value->if_object())
            if (auto updated = text_of(*object, "updated_at"); parse_time(updated)) page.last_updated = std::move(updated);
        auto const identity = identify(*value, repo);
        if (auto const* unusable = std::get_if<Unusable>(&identity)) return skip(where, unusable->why);
        // Renamed repositories answer with their new name; ours is the configured one.
        if (auto const* ref = std::get_if<IssueRef>(&identity)) {
            auto one = to_one(value->get_object(), {repo, ref->number});
            page.issues.push_back({std::move(one.issue), one.comments});
        }
    });
    return page;
}

std::optional<OneIssue> parse_issue(std::string_view body, std::string const& repo) {
    auto const value = parse_object(body);
    if (!value) throw Error{ErrorCode::failure, "GitHub's answer for an issue of " + repo + " is no JSON object, or too large"};
    auto identity = identify(*value, repo);
    auto* ref = std::get_if<IssueRef>(&identity);
    if (!ref) return std::nullopt;
    return to_one(value->get_object(), std::move(*ref));
}

void add_timeline_page(Issue& issue, std::string_view body, Account const& self) {
    for_each_element(body, [&](json::value const* value, std::string_view) {
        if (auto const* entry = value ? value->if_object() : nullptr) add_entry(issue, *entry, self);
    });
}

void take_history(Issue& issue, Issue const& from) {
    issue.events = from.events;
    issue.comments = from.comments;
    issue.renames = from.renames;
    issue.merged = from.merged;
    issue.was_reopened = from.was_reopened;
    issue.history_cut = from.history_cut;
    issue.closed_by = from.closed_by;
}

LabelPage parse_labels(std::string_view body) {
    json::array all;
    for_each_element(body, [&](json::value const* value, std::string_view) {
        if (value) all.push_back(*value);
    });
    return {label_names(all)};
}

std::optional<InstallationToken> parse_installation_token(std::string_view body) {
    auto const value = parse_object(body);
    if (!value) return std::nullopt;
    InstallationToken given;
    given.token = text_of(value->get_object(), "token");
    given.ends = parse_time(text_of(value->get_object(), "expires_at"));
    auto const plain = [](char c) { return c > ' ' && c < '\x7f'; };
    bool const good = !given.token.empty() && given.token.size() <= 4096 && std::all_of(given.token.begin(), given.token.end(), plain);
    return good ? std::optional{std::move(given)} : std::nullopt;
}

std::optional<Account> parse_account(std::string_view body) {
    auto const value = parse_object(body);
    if (!value) return std::nullopt;
    auto const& object = value->get_object();
    if (auto login = text_of(object, "login"); !login.empty()) return Account{std::move(login), count_of(object, "id")};
    // The id of an App is not that of its account.
    if (auto slug = text_of(object, "slug"); !slug.empty()) return Account{slug + "[bot]", 0};
    return std::nullopt;
}

std::optional<RepositoryState> parse_repository(std::string_view body) {
    auto const value = parse_object(body);
    auto name = value ? parse_full_name(body) : std::nullopt;
    if (!name) return std::nullopt;
    auto const& object = value->get_object();
    RepositoryState state;
    state.full_name = one_line(*name, longest_repo);
    state.is_private = is_true(object, "private");
    state.archived = is_true(object, "archived");
    state.has_issues = !object.contains("has_issues") || is_true(object, "has_issues");
    // An installation's token may read, and yet is told that it may nothing.
    auto const* permissions = object_of(object, "permissions");
    if (permissions && is_true(*permissions, "pull")) {
        constexpr std::string_view enough[]{"triage", "push", "maintain", "admin"};
        state.may_triage = std::any_of(std::begin(enough), std::end(enough), [&](auto role) { return is_true(*permissions, role); });
    }
    return state;
}

std::optional<Installation> parse_installation(std::string_view body) {
    auto const value = parse_object(body);
    auto const id = value ? count_of(value->get_object(), "id") : 0;
    auto const* permissions = value ? object_of(value->get_object(), "permissions") : nullptr;
    if (id == 0 || !permissions) return std::nullopt;
    return Installation{id, one_line(text_of(*permissions, "issues"), 20)};
}

std::optional<std::string> parse_full_name(std::string_view body) {
    auto const value = parse_object(body);
    auto name = value ? text_of(value->get_object(), "full_name") : std::string{};
    return name.empty() || name.size() > longest_repo ? std::nullopt : std::optional{std::move(name)};
}

}  // namespace groomer::tracker::github
