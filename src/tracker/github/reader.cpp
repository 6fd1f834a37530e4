#include "tracker/github/reader.hpp"

#include "base/time_text.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace groomer::tracker::github {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_known = 256, most_bytes = 16UL << 20U, most_comment_bytes = 4UL << 20U;
constexpr int most_pages = 10;  // of a timeline, after its first
constexpr auto moments = 30s;
constexpr auto history_holds = 10min;  // an edited comment and a merged pull request move neither the issue's ETag nor its time

// GitHub dates in whole seconds: what changes in the second in which it was read has the same time.
bool is_settled(Issue const& issue, std::optional<WallTime> read) {
    auto const updated = parse_time(issue.updated_at);
    return updated && read && *read >= *updated + 2s;
}

bool never_touched(Issue const& issue, std::int64_t comments) {
    return comments == 0 && issue.labels.empty() && !issue.created_at.empty() && issue.created_at == issue.updated_at;
}

// The newest ones, where all would be too much.
void bound(std::vector<Comment>& comments) {
    std::size_t bytes = 0;
    auto first = comments.end();
    while (first != comments.begin() && bytes + std::prev(first)->body.size() <= most_comment_bytes) bytes += (--first)->body.size();
    comments.erase(comments.begin(), first);
}

std::size_t size_of(Issue const& issue) {
    std::size_t bytes = 1024 + issue.title.size() + issue.body.size();
    for (auto const& comment : issue.comments) bytes += 128 + comment.body.size();
    return bytes + 128 * (issue.events.size() + issue.labels.size() + issue.merged.size()) + 512 * issue.renames.size();
}

std::string name_of(Repository const& repository, std::int64_t number) { return to_string(IssueRef{repository.name(), number}); }

}  // namespace

Task<std::optional<Issue>> Reader::read(std::int64_t number) {
    auto looking = look(number);
    auto const known = co_await std::move(looking);
    if (!known) co_return std::nullopt;
    if (known->has_history) co_return known->issue;
    for (int const size : {100, 25}) {
        auto reading = read_history(number, known, size);
        auto const outcome = co_await std::move(reading);
        if (outcome == Reading::gone) co_return std::nullopt;
        if (outcome == Reading::whole) co_return known->issue;
    }
    throw IssueUnreadable{"the history of " + name_of(repository_, number) + " is larger than is read"};
}

Task<std::optional<std::vector<std::string>>> Reader::labels(std::int64_t number) {
    auto const known = find(number);
    if (known && known->fresh && repository_.api().clock().now() - known->read_at <= moments) co_return known->issue.labels;
    auto looking = labels_now(number);
    co_return co_await std::move(looking);
}

Task<std::optional<std::vector<std::string>>> Reader::labels_now(std::int64_t number) {
    auto looking = look(number);
    auto const known = co_await std::move(looking);
    if (!known) co_return std::nullopt;
    co_return known->issue.labels;
}

void Reader::touched(std::int64_t number) {
    if (auto const known = find(number)) known->fresh = false;
}

// The issue itself, in one request. Its history stays where the issue is as it was.
Task<Reader::Shared> Reader::look(std::int64_t number) {
    auto const before = find(number);
    Call call{Route::issue, repository_.issue_url(number)};
    if (before) call.etag = before->etag;
    auto const asked_at = repository_.api().clock().now();
    auto sending = repository_.api().send(std::move(call));
    auto answer = co_await std::move(sending);
    if (answer.kind == Answer::Kind::gone) {
        forget(number);
        co_return nullptr;
    }
    Shared known;
    if (answer.kind == Answer::Kind::not_modified && before) {
        known = before;
        if (!known->settled || asked_at - known->history_at > history_holds) known->has_history = false;
        known->settled = is_settled(known->issue, answer.date);
    } else if (answer.kind == Answer::Kind::ok) {
        auto taking = take(number, std::move(answer), before);
        known = co_await std::move(taking);
        if (!known) co_return nullptr;
    } else if (answer.kind == Answer::Kind::too_large) {
        throw IssueUnreadable{name_of(repository_, number) + " is larger than is read"};
    } else {
        fail(answer, name_of(repository_, number) + " cannot be read");
    }
    known->read_at = asked_at;
    known->fresh = true;
    keep(number, known);
    co_return known;
}

Task<Reader::Shared> Reader::take(std::int64_t number, Answer answer, Shared before) {
    auto one = parse_issue(answer.body, repository_.name());
    bool ours = one && one->issue.ref.number == number;
    if (ours) {  // a transferred issue answers from its new repository
        auto asking = repository_.is_called(one->issue.ref.repo);
        ours = co_await std::move(asking);
    }
    if (!ours) {
        forget(number);
        co_return nullptr;
    }
    auto known = std::make_shared<Known>();
    known->issue = std::move(one->issue);
    known->issue.ref = {repository_.name(), number};
    known->comments = one->comments;
    known->etag = std::move(answer.etag);
    known->settled = is_settled(known->issue, answer.date);
    bool const recent = before && repository_.api().clock().now() - before->history_at <= history_holds;
    bool const as_it_was = recent && before->has_history && before->settled && before->issue.updated_at == known->issue.updated_at &&
                           before->comments == known->comments;
    if (as_it_was) {
        take_history(known->issue, before->issue);
        known->history_at = before->history_at;
    }
    bool const has_none = known->settled && never_touched(known->issue, known->comments);
    if (has_none && !as_it_was) known->history_at = repository_.api().clock().now();
    known->has_history = as_it_was || has_none;
    co_return known;
}

Task<Answer> Reader::timeline_page(std::int64_t number, int size, int page, std::string url) {
    auto const query = "/timeline?per_page=" + std::to_string(size) + "&page=" + std::to_string(page);
    if (url.empty()) url = repository_.issue_url(number, query);
    Call call{Route::timeline, std::move(url)};
    auto sending = repository_.api().send(std::move(call));
    co_return co_await std::move(sending);
}

// Comments and label events in one list, the oldest first. Of a very long one its first page and its end: a label whose event lies
// between counts as set by a person. size: of a page.
Task<Reader::Reading> Reader::read_history(std::int64_t number, Shared known, int size) {
    auto asking = repository_.api().own_account();
    auto const self = co_await std::move(asking);
    Issue history;
    history.ref = known->issue.ref;
    history.created_at = known->issue.created_at;
    auto const began = repository_.api().clock().now();
    std::string next;
    int page = 1;
    for (int count = 0; count <= most_pages; ++count) {
        auto reading = timeline_page(number, size, page, next);
        auto const answer = co_await std::move(reading);
        if (answer.kind == Answer::Kind::gone) co_return Reading::gone;
        if (answer.kind == Answer::Kind::too_large) co_return Reading::too_large;
        if (answer.kind != Answer::Kind::ok) fail(answer, "the history of " + name_of(repository_, number) + " cannot be read");
        add_timeline_page(history, answer.body, self);
        auto const last = count == 0 ? page_of(answer.links.last).value_or(0) : 0;
        bool const too_long = last > most_pages + 1;
        next = too_long ? std::string{} : answer.links.next;
        history.history_cut = history.history_cut || too_long;
        if (too_long) page = last - most_pages + 1;
        else if (next.empty()) break;
    }
    bound(history.comments);
    take_history(known->issue, history);
    known->has_history = true;
    known->history_at = began;
    keep(number, known);
    co_return Reading::whole;
}

Reader::Shared Reader::find(std::int64_t number) {
    auto const found = known_.find(number);
    return found == known_.end() ? nullptr : found->second.known;
}

void Reader::keep(std::int64_t number, Shared known) {
    forget(number);
    known->bytes = size_of(known->issue);
    bytes_ += known->bytes;
    order_.push_front(number);
    known_[number] = {std::move(known), order_.begin()};
    while (known_.size() > most_known || (bytes_ > most_bytes && known_.size() > 1)) forget(order_.back());
}

void Reader::forget(std::int64_t number) {
    auto const found = known_.find(number);
    if (found == known_.end()) return;
    bytes_ -= found->second.known->bytes;
    order_.erase(found->second.at);
    known_.erase(found);
}

}  // namespace groomer::tracker::github
