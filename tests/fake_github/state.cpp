#include "fake_github/state.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <stdexcept>

namespace groomer::fake_github {
namespace {

namespace json = boost::json;

std::string_view name_of(Reason reason) {
    return reason == Reason::not_planned ? "not_planned" : reason == Reason::duplicate ? "duplicate" : "completed";
}

}  // namespace

Repository& State::add_repository(std::string const& full_name) {
    auto const id = next_id();
    auto& repository = repositories_[id];
    repository.id = id;
    repository.full_name = full_name;
    names_[to_lower(full_name)] = id;
    return repository;
}

Issue& State::add_issue(Repository& repository, NewIssue draft) {
    auto const number = draft.number ? draft.number : repository.last_number + 1;
    auto const [at, fresh] = repository.issues.try_emplace(number);
    if (!fresh) throw std::invalid_argument{repository.full_name + " has an issue " + std::to_string(number)};
    auto& issue = at->second;
    issue.number = number;
    issue.id = next_id();
    issue.title = std::move(draft.title);
    issue.bodiless = !draft.body;
    if (draft.body) issue.body = std::move(*draft.body);
    issue.user = user(draft.user);
    issue.open = draft.open;
    issue.created = draft.created;
    issue.updated = std::max(draft.created, draft.updated);
    if (!issue.open) {
        issue.closed = issue.updated;
        issue.reason = Reason::completed;
    }
    issue.pull_request = draft.pull_request;
    issue.locked = draft.locked;
    issue.association = draft.association;
    issue.labels.reserve(draft.labels.size());
    for (auto const& name : draft.labels) {
        auto const index = label_index(repository, name, nullptr);
        if (std::find(issue.labels.begin(), issue.labels.end(), index) == issue.labels.end()) issue.labels.push_back(index);
    }
    repository.by_update.insert({issue.updated, number});
    repository.last_number = std::max(repository.last_number, number);
    return issue;
}

UserIndex State::user(std::string_view login, std::string_view type) {
    auto const [at, fresh] = user_names_.try_emplace(to_lower(login), static_cast<UserIndex>(users_.size()));
    if (fresh) {
        bool const bot = login.ends_with("[bot]");
        users_.push_back({next_id(), std::string{login}, !type.empty() ? std::string{type} : bot ? "Bot" : "User"});
    }
    return at->second;
}

std::optional<UserIndex> State::find_user(std::string_view login) const {
    auto const found = user_names_.find(to_lower(login));
    return found == user_names_.end() ? std::nullopt : std::optional{found->second};
}

State::Found State::find(std::string_view full_name) {
    auto const name = to_lower(full_name);
    auto const found = names_.find(name);
    if (found == names_.end()) return {};
    auto& repository = repositories_.at(found->second);
    return {&repository, to_lower(repository.full_name) != name};
}

Repository* State::find(std::int64_t id) {
    auto const found = repositories_.find(id);
    return found == repositories_.end() ? nullptr : &found->second;
}

Repository& State::at(std::string_view full_name) {
    auto const found = find(full_name);
    if (!found.repository) throw std::out_of_range{"no repository " + std::string{full_name}};
    return *found.repository;
}

Issue& State::issue(std::string_view full_name, std::int64_t number) { return at(full_name).issues.at(number); }

void State::touch(Repository& repository, Issue& issue, By const& by) {
    auto const now = std::max(issue.updated, seconds_of(by.now));
    if (now == issue.updated) return;
    repository.by_update.erase(UpdateKey{issue.updated, issue.number});
    issue.updated = now;
    repository.by_update.insert({issue.updated, issue.number});
}

Event& State::event(Issue& issue, EventKind kind, By const& by) {
    if (!issue.history) issue.history = std::make_unique<History>();
    auto& event = issue.history->events.emplace_back();
    event.id = next_id();
    event.kind = kind;
    event.actor = user(by.login);
    event.app = by.app;
    event.at = seconds_of(by.now);
    return event;
}

void State::rename_repository(Repository& repository, std::string const& full_name, By const& by) {
    effects.add(by, {repository.full_name}, "repository.rename", repository.full_name, full_name);
    repository.full_name = full_name;
    names_[to_lower(full_name)] = repository.id;
}

std::int64_t State::transfer_issue(Repository& from, std::int64_t number, Repository& to, By const& by) {
    auto node = from.issues.extract(number);
    if (node.empty()) throw std::out_of_range{"no issue " + std::to_string(number)};
    auto& issue = node.mapped();
    from.by_update.erase(UpdateKey{issue.updated, number});
    std::vector<LabelIndex> kept;
    for (auto const index : issue.labels)
        if (auto const there = find_label(to, from.labels[index].name)) kept.push_back(*there);
    issue.labels = std::move(kept);
    auto const there = ++to.last_number;
    node.key() = issue.number = there;
    issue.updated = std::max(issue.updated, seconds_of(by.now));
    event(issue, EventKind::transferred, by);
    to.by_update.insert({issue.updated, there});
    for (auto const& comment : issue.history->comments) {
        from.comment_issues.erase(comment.id);
        to.comment_issues[comment.id] = there;
    }
    to.issues.insert(std::move(node));
    from.transfers[number] = {to.id, there};
    effects.add(by, {from.full_name, number}, "issue.transfer", json::object{{"repository", from.full_name}, {"issue", number}},
                json::object{{"repository", to.full_name}, {"issue", there}});
    return there;
}

void State::delete_issue(Repository& repository, std::int64_t number, By const& by) {
    auto const found = repository.issues.find(number);
    if (found == repository.issues.end()) throw std::out_of_range{"no issue " + std::to_string(number)};
    repository.by_update.erase(UpdateKey{found->second.updated, number});
    if (found->second.history)
        for (auto const& comment : found->second.history->comments) repository.comment_issues.erase(comment.id);
    effects.add(by, {repository.full_name, number}, "issue.delete", found->second.title, nullptr);
    repository.issues.erase(found);
    repository.deleted.insert(number);
}

void State::switch_state(Issue& issue, IssueEdit const& edit, By const& by) {
    bool const open = *edit.open;
    issue.reason = open ? Reason::reopened : edit.reason == Reason::none ? Reason::completed : edit.reason;
    if (issue.open == open) return;
    issue.open = open;
    issue.closed = open ? 0 : seconds_of(by.now);
    auto& happened = event(issue, open ? EventKind::reopened : EventKind::closed, by);
    if (!open) happened.reason = name_of(issue.reason);
}

void State::edit_issue(Repository& repository, Issue& issue, IssueEdit const& edit, By const& by) {
    Effects::Where const where{repository.full_name, issue.number};
    bool changed = false;
    if (edit.title && *edit.title != issue.title) {
        auto& renamed = event(issue, EventKind::renamed, by);
        renamed.from = issue.title;
        renamed.to = *edit.title;
        effects.add(by, where, "issue.title", issue.title, *edit.title);
        issue.title = *edit.title;
        changed = true;
    }
    if (edit.body && (issue.bodiless || *edit.body != issue.body)) {
        effects.add(by, where, "issue.body", issue.bodiless ? json::value{} : json::value(issue.body), *edit.body);
        issue.body = *edit.body;
        issue.bodiless = false;
        changed = true;
    }
    bool const other_reason = edit.open && !*edit.open && edit.reason != Reason::none && edit.reason != issue.reason;
    if (edit.open && (*edit.open != issue.open || other_reason)) {
        auto const before = issue.open ? "open" : "closed";
        switch_state(issue, edit, by);
        effects.add(by, where, issue.open ? "issue.reopen" : "issue.close", before, issue.open ? "open" : "closed",
                    issue.open ? json::object{} : json::object{{"reason", name_of(issue.reason)}});
        changed = true;
    }
    if (changed) touch(repository, issue, by);
}

void State::refer(Issue& issue, Pull pull, By const& by) { event(issue, EventKind::cross_referenced, by).pull = std::move(pull); }

void State::lock(Repository& repository, Issue& issue, bool locked, By const& by) {
    if (issue.locked == locked) return;
    issue.locked = locked;
    event(issue, locked ? EventKind::locked : EventKind::unlocked, by);
    touch(repository, issue, by);
    effects.add(by, {repository.full_name, issue.number}, locked ? "issue.lock" : "issue.unlock", !locked, locked);
}

}  // namespace groomer::fake_github
