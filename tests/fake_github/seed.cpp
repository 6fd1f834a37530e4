#include "fake_github/seed.hpp"

#include "base/text.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <stdexcept>

namespace groomer::fake_github {
namespace {

namespace json = boost::json;

std::string text_of(json::object const& object, std::string_view name) {
    auto const* value = object.if_contains(name);
    return value && value->is_string() ? clean_text({value->get_string().data(), value->get_string().size()}) : std::string{};
}

std::string repository_of(json::object const& element, std::string const& standard) {
    auto const url = text_of(element, "repository_url");
    constexpr std::string_view marker = "/repos/";
    auto const at = url.rfind(marker);
    return at == std::string::npos ? standard : url.substr(at + marker.size());
}

Association association_of(std::string const& name) {
    if (name == "OWNER") return Association::owner;
    if (name == "MEMBER") return Association::member;
    if (name == "COLLABORATOR") return Association::collaborator;
    return name == "CONTRIBUTOR" ? Association::contributor : Association::none;
}

void read_labels(State& state, Repository& repository, json::object const& element, NewIssue& draft) {
    auto const* list = element.if_contains("labels");
    if (!list || !list->is_array()) return;
    for (auto const& entry : list->get_array()) {
        Label label;
        if (auto const* object = entry.if_object()) {
            label.name = text_of(*object, "name");
            label.description = text_of(*object, "description");
            if (auto color = text_of(*object, "color"); color.size() == 6) label.color = std::move(color);
        } else if (entry.is_string()) {
            label.name = entry.get_string().c_str();
        }
        if (label.name.empty()) continue;
        draft.labels.push_back(label.name);
        state.add_label(repository, std::move(label));
    }
}

void read_user(State& state, json::object const& element, NewIssue& draft) {
    auto const* user = element.if_contains("user");
    auto const* object = user ? user->if_object() : nullptr;
    if (auto login = object ? text_of(*object, "login") : std::string{}; !login.empty()) {
        state.user(login, text_of(*object, "type"));
        draft.user = std::move(login);
    }
}

// "" or why it is no issue.
std::string_view import(State& state, json::value const& element, std::string const& standard) {
    auto const* object = element.if_object();
    if (!object) return "not an object";
    auto const* number = object->if_contains("number");
    if (!number || !number->is_int64() || number->get_int64() < 1) return "no issue number";
    NewIssue draft;
    draft.number = number->get_int64();
    draft.title = text_of(*object, "title");
    if (draft.title.empty()) return "no title";
    auto const name = repository_of(*object, standard);
    if (std::count(name.begin(), name.end(), '/') != 1) return "'repository_url' names no repository";
    auto found = state.find(name);
    auto& repository = found.repository ? *found.repository : state.add_repository(name);
    if (repository.issues.contains(draft.number)) return "the same number twice";
    auto const* body = object->if_contains("body");
    draft.body = body && body->is_null() ? std::nullopt : std::optional{text_of(*object, "body")};
    draft.open = text_of(*object, "state") != "closed";
    draft.created = parse_seconds(text_of(*object, "created_at")).value_or(draft.created);
    draft.updated = parse_seconds(text_of(*object, "updated_at")).value_or(draft.created);
    auto const* pull_request = object->if_contains("pull_request");
    draft.pull_request = pull_request && !pull_request->is_null();
    auto const* locked = object->if_contains("locked");
    draft.locked = locked && locked->is_bool() && locked->get_bool();
    draft.association = association_of(text_of(*object, "author_association"));
    read_user(state, *object, draft);
    read_labels(state, repository, *object, draft);
    auto& issue = state.add_issue(repository, std::move(draft));
    if (auto const closed = parse_seconds(text_of(*object, "closed_at")); closed && !issue.open) issue.closed = *closed;
    auto const* comments = object->if_contains("comments");
    if (comments && comments->is_int64())
        issue.extra_comments = static_cast<std::uint32_t>(std::clamp<std::int64_t>(comments->get_int64(), 0, 1'000'000));
    return {};
}

}  // namespace

void fill(State& state, Repository& repository, Fill const& how) {
    std::vector<std::string> const labels[] = {{}, {"type/bug"}, {"type/feature", "area/parser"}, {"needs-triage"}};
    std::string const text(how.body_bytes, 'b');
    for (std::int64_t i = 0; i < how.count; ++i) {
        auto const number = repository.last_number + 1;
        NewIssue draft;
        draft.number = number;
        draft.title = "Issue " + std::to_string(number) + " of many";
        draft.body = text;
        draft.user = "user-" + std::to_string(number % 1000);
        draft.labels = labels[number % 4];
        draft.open = !how.closed_each || number % how.closed_each != 0;
        draft.pull_request = how.pull_request_each && number % how.pull_request_each == 0;
        draft.created = how.first + i * how.step;
        state.add_issue(repository, std::move(draft));
    }
}

Imported import_issues(State& state, std::string_view text, std::string const& repository) {
    json::parse_options options;
    options.allow_invalid_utf8 = true;
    options.max_depth = 64;
    json::error_code error;
    auto const list = json::parse(text, error, {}, options);
    if (error || !list.is_array()) throw std::runtime_error{"no JSON list of issues" + (error ? " (" + error.message() + ")" : "")};
    Imported imported;
    for (auto const& element : list.get_array()) {
        auto const why = import(state, element, repository);
        if (why.empty()) ++imported.issues;
        else if (imported.skipped++ == 0) imported.skipped_example = why;
    }
    return imported;
}

}  // namespace groomer::fake_github
