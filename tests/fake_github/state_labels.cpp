// Labels and comments: what groomer itself writes.
#include "base/text.hpp"
#include "fake_github/state.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace groomer::fake_github {
namespace {

namespace json = boost::json;

json::array to_json(std::vector<std::string> const& names) {
    json::array out;
    for (auto const& name : names) out.emplace_back(name);
    return out;
}

}  // namespace

std::optional<LabelIndex> find_label(Repository const& repository, std::string_view name) {
    auto const wanted = to_lower(name);
    for (std::size_t i = 0; i < repository.labels.size(); ++i) {
        auto const& label = repository.labels[i];
        if (!label.gone && label.name.size() == wanted.size() && to_lower(label.name) == wanted) return static_cast<LabelIndex>(i);
    }
    return std::nullopt;
}

std::vector<std::string> State::label_names(Repository const& repository, Issue const& issue) const {
    std::vector<std::string> names;
    for (auto const index : issue.labels) names.push_back(repository.labels[index].name);
    return names;
}

Label& State::add_label(Repository& repository, Label label) {
    if (auto const there = find_label(repository, label.name)) return repository.labels[*there];
    if (!label.id) label.id = next_id();
    return repository.labels.emplace_back(std::move(label));
}

LabelIndex State::label_index(Repository& repository, std::string_view name, By const* by) {
    if (auto const there = find_label(repository, name)) return *there;
    Label label;
    label.name = name;
    add_label(repository, std::move(label));
    if (by) effects.add(*by, {repository.full_name}, "label.create", nullptr, json::string{name});
    return static_cast<LabelIndex>(repository.labels.size() - 1);
}

std::size_t State::add_labels(Repository& repository, Issue& issue, std::vector<std::string> const& names, By const& by) {
    std::size_t added = 0;
    for (auto const& name : names) {
        auto const index = label_index(repository, name, &by);
        if (std::find(issue.labels.begin(), issue.labels.end(), index) != issue.labels.end()) continue;
        auto before = to_json(label_names(repository, issue));
        issue.labels.push_back(index);
        auto const& label = repository.labels[index];
        auto& labeled = event(issue, EventKind::labeled, by);
        labeled.label = label.name;
        labeled.color = label.color;
        touch(repository, issue, by);
        effects.add(by, {repository.full_name, issue.number}, "label.add", std::move(before), to_json(label_names(repository, issue)),
                    {{"label", label.name}});
        ++added;
    }
    return added;
}

bool State::remove_label(Repository& repository, Issue& issue, std::string_view name, By const& by) {
    auto const index = find_label(repository, name);
    auto const at = index ? std::find(issue.labels.begin(), issue.labels.end(), *index) : issue.labels.end();
    if (at == issue.labels.end()) return false;
    auto before = to_json(label_names(repository, issue));
    issue.labels.erase(at);
    auto const& label = repository.labels[*index];
    auto& unlabeled = event(issue, EventKind::unlabeled, by);
    unlabeled.label = label.name;
    unlabeled.color = label.color;
    touch(repository, issue, by);
    effects.add(by, {repository.full_name, issue.number}, "label.remove", std::move(before), to_json(label_names(repository, issue)),
                {{"label", label.name}});
    return true;
}

Comment& State::add_comment(Repository& repository, Issue& issue, std::string body, By const& by) {
    if (!issue.history) issue.history = std::make_unique<History>();
    auto& comment = issue.history->comments.emplace_back();
    comment.id = next_id();
    comment.user = user(by.login);
    comment.app = by.app;
    comment.created = comment.updated = seconds_of(by.now);
    comment.body = std::move(body);
    repository.comment_issues[comment.id] = issue.number;
    touch(repository, issue, by);
    effects.add(by, {repository.full_name, issue.number}, "comment.add", nullptr, comment.body, {{"comment", comment.id}});
    return comment;
}

Comment* State::comment(Repository& repository, std::int64_t id, Issue*& issue) {
    auto const found = repository.comment_issues.find(id);
    if (found == repository.comment_issues.end()) return nullptr;
    issue = &repository.issues.at(found->second);
    auto& comments = issue->history->comments;
    return &*std::find_if(comments.begin(), comments.end(), [&](auto const& comment) { return comment.id == id; });
}

bool State::edit_comment(Repository& repository, std::int64_t id, std::string body, By const& by) {
    Issue* issue = nullptr;
    auto* edited = comment(repository, id, issue);
    if (!edited) return false;
    if (edited->body == body) return true;
    effects.add(by, {repository.full_name, issue->number}, "comment.edit", edited->body, body, {{"comment", id}});
    edited->body = std::move(body);
    edited->updated = seconds_of(by.now);
    return true;
}

bool State::delete_comment(Repository& repository, std::int64_t id, By const& by) {
    Issue* issue = nullptr;
    auto* deleted = comment(repository, id, issue);
    if (!deleted) return false;
    effects.add(by, {repository.full_name, issue->number}, "comment.delete", deleted->body, nullptr, {{"comment", id}});
    auto& comments = issue->history->comments;
    comments.erase(comments.begin() + (deleted - comments.data()));
    repository.comment_issues.erase(id);
    touch(repository, *issue, by);
    return true;
}

Label* State::create_label(Repository& repository, Label label, By const& by) {
    if (find_label(repository, label.name)) return nullptr;
    auto& created = add_label(repository, std::move(label));
    effects.add(by, {repository.full_name}, "label.create", nullptr, created.name);
    return &created;
}

bool State::rename_label(Repository& repository, std::string_view name, std::string const& to, By const& by) {
    auto const index = find_label(repository, name);
    auto const taken = find_label(repository, to);
    if (!index || (taken && taken != index)) return false;
    effects.add(by, {repository.full_name}, "label.rename", repository.labels[*index].name, to);
    repository.labels[*index].name = to;
    return true;
}

bool State::delete_label(Repository& repository, std::string_view name, By const& by) {
    auto const index = find_label(repository, name);
    if (!index) return false;
    for (auto& [number, issue] : repository.issues) {
        if (std::find(issue.labels.begin(), issue.labels.end(), *index) != issue.labels.end()) remove_label(repository, issue, name, by);
    }
    effects.add(by, {repository.full_name}, "label.delete", repository.labels[*index].name, nullptr);
    repository.labels[*index].gone = true;
    return true;
}

}  // namespace groomer::fake_github
