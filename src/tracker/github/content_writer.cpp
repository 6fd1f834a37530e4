#include "tracker/github/content_writer.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>

namespace groomer::tracker::github {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

constexpr auto soon = 1s;
constexpr auto not_soon = 10min;
constexpr int most_tries = 3;                 // of a write that meets a limit
constexpr int most_pages = 30;                // of 100 comments
constexpr std::size_t longest_text = 65'536;  // characters: GitHub's own limit
constexpr std::size_t longest_title = 256;    // characters

WriteResult failed(std::string detail, std::chrono::milliseconds retry_after) {
    return {WriteOutcome::failed, std::move(detail), retry_after};
}

Task<WriteResult> refused(std::string why) { co_return failed(std::move(why), not_soon); }

std::string object_with(std::string_view key, std::string const& value) { return json::serialize(json::object{{key, value}}); }

}  // namespace

Task<WriteResult> ContentWriter::set_comment(std::int64_t number, std::string name, std::string text, std::vector<std::string> earlier,
                                             WriteGuard guard) {
    if (!is_text_name(name)) return refused("a comment's name has only lower-case letters and dashes");
    Wanted wanted{name, marked(name, text), std::move(earlier)};
    for (auto& one : wanted.earlier) one = marked(name, one);
    if (count_characters(wanted.body) > longest_text) return refused("the comment is longer than GitHub takes");
    Look look = [this, number, wanted] { return look_for_comment(number, wanted); };
    return write({number, Limits::Kind::content, std::move(look), std::move(guard), false});
}

Task<WriteResult> ContentWriter::set_section(std::int64_t number, std::string name, std::string text, WriteGuard guard) {
    if (!is_text_name(name)) return refused("a section's name has only lower-case letters and dashes");
    Edit edit = [name, text](Content const& content) -> std::optional<std::string> {
        auto const body = with_section(content.body, name, text);
        if (!body || count_characters(*body) > longest_text) return std::nullopt;
        return *body == content.body ? std::string{} : object_with("body", *body);
    };
    Look look = [this, number, edit] { return look_at_content(number, edit); };
    return write({number, Limits::Kind::write, std::move(look), std::move(guard)});
}

Task<WriteResult> ContentWriter::set_title(std::int64_t number, std::string title, WriteGuard guard) {
    bool const blank = title.find_first_not_of(" \t\r\n") == std::string::npos;
    if (blank || count_characters(title) > longest_title) return refused("the title is empty, or longer than GitHub takes");
    Edit edit = [title](Content const& content) { return content.title == title ? std::string{} : object_with("title", title); };
    Look look = [this, number, edit] { return look_at_content(number, edit); };
    return write({number, Limits::Kind::write, std::move(look), std::move(guard)});
}

Task<WriteResult> ContentWriter::close(std::int64_t number, CloseReason reason, WriteGuard guard) {
    std::string const why = reason == CloseReason::completed ? "completed" : "not_planned";
    Edit edit = [why](Content const& content) {
        return content.open ? json::serialize(json::object{{"state", "closed"}, {"state_reason", why}}) : std::string{};
    };
    Look look = [this, number, edit] { return look_at_content(number, edit); };
    return write({number, Limits::Kind::write, std::move(look), std::move(guard)});
}

Task<WriteResult> ContentWriter::reopen(std::int64_t number, WriteGuard guard) {
    Edit edit = [](Content const& content) { return content.open ? std::string{} : object_with("state", "open"); };
    Look look = [this, number, edit] { return look_at_content(number, edit); };
    return write({number, Limits::Kind::write, std::move(look), std::move(guard)});
}

std::optional<std::chrono::milliseconds> ContentWriter::still_uncertain(std::int64_t number) {
    auto const now = repository_.api().clock().now();
    std::erase_if(uncertain_, [&](auto const& entry) { return entry.second <= now; });
    auto const found = uncertain_.find(number);
    if (found == uncertain_.end()) return std::nullopt;
    return std::chrono::ceil<std::chrono::milliseconds>(found->second - now);
}

Task<WriteResult> ContentWriter::write(Change change) {
    auto taking = repository_.writes().take();
    auto const turn = co_await std::move(taking);
    WriteResult result{WriteOutcome::withheld, {}, {}};
    auto beginning = may_begin(change.guard);
    bool const begins = co_await std::move(beginning);
    if (!begins) co_return result;
    if (auto const left = still_uncertain(change.number))
        co_return failed("an earlier write, whose answer was lost, may still take effect", *left);
    for (int tries = 1;; ++tries) {
        // A text is written whole: what people write after the look would be lost.
        auto waiting = wait_for_room(change);
        co_await std::move(waiting);
        auto asking = is_still_same(change);
        bool const same = co_await std::move(asking);
        if (!same) co_return result;
        auto looking = change.look();
        auto sight = co_await std::move(looking);
        if (sight.state != Sight::State::wanting) co_return unwritten(sight);
        change.url = sight.call->url;
        auto sending = send(change, std::move(*sight.call));
        auto answer = co_await std::move(sending);
        auto& api = repository_.api();
        if (answer.kind == Answer::Kind::limited && tries < most_tries && api.is_soon(answer.until)) continue;
        auto settling = settle(change, std::move(answer));
        co_return co_await std::move(settling);
    }
}

Task<bool> ContentWriter::is_still_same(Change const& change) {
    if (!change.whole || !change.guard.still_same) co_return true;
    auto asking = change.guard.still_same();
    co_return co_await std::move(asking);
}

// What there is to say where nothing is to be written.
WriteResult ContentWriter::unwritten(Sight const& sight) {
    if (sight.state == Sight::State::refused) return failed(sight.why, not_soon);
    return {sight.state == Sight::State::gone ? WriteOutcome::gone : WriteOutcome::already, {}, {}};
}

Task<> ContentWriter::wait_for_room(Change const& change) {
    Call call{Route::edit_issue, repository_.issue_url(change.number)};
    Write terms{repository_.name(), change.guard, change.kind};
    call.write = std::move(terms);
    auto waiting = repository_.api().wait_for_room(std::move(call));
    auto const too_far = co_await std::move(waiting);
    if (too_far) fail(*too_far, to_string(IssueRef{repository_.name(), change.number}) + " cannot be written to");
}

Task<Answer> ContentWriter::send(Change const& change, Call call) {
    Write terms{repository_.name(), change.guard, change.kind, true};
    call.write = std::move(terms);
    auto sending = repository_.api().send(std::move(call));
    auto answer = co_await std::move(sending);
    reader_.touched(change.number);
    co_return std::move(answer);
}

Task<WriteResult> ContentWriter::settle(Change const& change, Answer answer) {
    using Kind = Answer::Kind;
    auto const ref = to_string(IssueRef{repository_.name(), change.number});
    WriteResult result{WriteOutcome::withheld, {}, {}};
    if (answer.kind == Kind::withheld) co_return result;
    if (answer.kind == Kind::invalid) co_return failed("GitHub answered " + std::to_string(answer.status) + ": " + answer.reason, not_soon);
    // Of this one issue, where other refusals are of the repository.
    if (answer.kind == Kind::refused && to_lower(answer.reason).find("is locked") != std::string::npos)
        co_return failed("GitHub answered 403: " + answer.reason, not_soon);
    bool const whole = answer.body.starts_with('{') && answer.body.ends_with('}');
    result.outcome = WriteOutcome::done;
    if (answer.kind == Kind::ok && whole) co_return result;
    bool const never_sent = answer.kind == Kind::failed && !answer.may_have_arrived;
    bool const may_be_done = answer.kind == Kind::ok || answer.kind == Kind::failed || answer.kind == Kind::too_large;
    bool const moved = answer.kind == Kind::moved;
    // 404: the issue is gone, or the comment is, or we may only read.
    if (never_sent || (!may_be_done && !moved && answer.kind != Kind::gone)) fail(answer, ref + " cannot be written to");
    auto next = moved ? follow(change, answer.url) : find_out(change, std::move(answer));
    co_return co_await std::move(next);
}

// As labels are: the repository has another name, or the issue another repository. The first is followed, once, the second is not.
Task<WriteResult> ContentWriter::follow(Change const& change, std::string url) {
    if (url.empty()) co_return failed("GitHub sends the write on to another origin, which is not followed", not_soon);
    auto looking = change.look();
    auto sight = co_await std::move(looking);
    if (sight.state != Sight::State::wanting) co_return unwritten(sight);
    // A comment of ours has come or gone meanwhile: what is to be sent has another address, too.
    if (sight.call->url != change.url) co_return failed("it changed while GitHub sent the write on", soon);
    sight.call->url = std::move(url);
    auto sending = send(change, std::move(*sight.call));
    auto answer = co_await std::move(sending);
    if (answer.kind == Answer::Kind::moved) co_return failed("GitHub sends the write on and on", not_soon);
    auto settling = settle(change, std::move(answer));
    co_return co_await std::move(settling);
}

Task<WriteResult> ContentWriter::find_out(Change const& change, Answer answer) {
    auto const ref = to_string(IssueRef{repository_.name(), change.number});
    bool const may_come = answer.kind != Answer::Kind::gone;
    // Before the look, which may itself fail.
    if (may_come) uncertain_[change.number] = repository_.api().clock().now() + settle_;
    Sight sight{Sight::State::gone};
    std::string limit;
    try {
        auto looking = change.look();
        sight = co_await std::move(looking);
    } catch (LimitReached const& reached) {  // whoever hears of a limit believes that nothing was sent
        if (!may_come) throw;
        limit = reached.what();
    }
    if (!limit.empty())
        co_return WriteResult{WriteOutcome::unknown, "a write to " + ref + " was not answered, and cannot be found out about: " + limit,
                              not_soon};
    WriteResult result{WriteOutcome::gone, {}, {}};
    if (sight.state == Sight::State::gone) co_return result;
    if (sight.state == Sight::State::as_wanted) {
        uncertain_.erase(change.number);
        result.outcome = may_come ? WriteOutcome::done : WriteOutcome::already;
        co_return result;
    }
    if (!may_come && sight.call && sight.call->url != change.url) co_return failed("it changed between the look and the write", soon);
    if (!may_come) fail(answer, ref + " can be read, but not written to");
    auto const why = answer.reason.empty() ? std::string{"its answer was lost"} : answer.reason;
    co_return failed("a write to " + ref + " had no effect so far: " + why, settle_);
}

Task<ContentWriter::Search> ContentWriter::search(std::int64_t number, std::string name, Account self, int size) {
    Search out;
    std::string next = repository_.issue_url(number, "/comments?per_page=" + std::to_string(size));
    for (int page = 0; page < most_pages && !next.empty() && !out.found; ++page) {
        Call call{Route::comments, next};
        auto sending = repository_.api().send(std::move(call));
        auto const answer = co_await std::move(sending);
        out.gone = answer.kind == Answer::Kind::gone;
        out.too_large = answer.kind == Answer::Kind::too_large;
        if (out.gone || out.too_large) co_return std::move(out);
        if (answer.kind != Answer::Kind::ok) fail(answer, "the comments of " + repository_.name() + " cannot be read");
        out.found = find_comment(answer.body, name, self);
        next = answer.links.next;
    }
    out.complete = out.found || next.empty();
    co_return std::move(out);
}

Task<ContentWriter::Sight> ContentWriter::look_for_comment(std::int64_t number, Wanted wanted) {
    Sight sight{Sight::State::gone};
    auto looking = reader_.labels(number);  // a transferred issue would show its comments from elsewhere
    auto const there = co_await std::move(looking);
    if (!there) co_return std::move(sight);
    auto asking = repository_.api().own_account();
    auto const self = co_await std::move(asking);
    sight.state = Sight::State::refused;
    sight.why = "it is not known which account's comments are ours, so that one could not be found again";
    if (self.login.empty()) co_return std::move(sight);
    Search all;
    for (int const size : {100, 25}) {
        auto searching = search(number, wanted.name, self, size);
        all = co_await std::move(searching);
        if (!all.too_large) break;
    }
    auto const& [found, gone, complete, too_large] = all;
    sight.why = "there are more comments than are looked through for our own";
    if (!gone && !complete) co_return std::move(sight);
    sight.why = "a person has edited our comment: it stays as it is";
    auto const reads = [&](std::string const& body) { return reads_the_same(found->body, body); };
    bool const ours = wanted.earlier.empty() || std::any_of(wanted.earlier.begin(), wanted.earlier.end(), reads);
    bool const as_wanted = !gone && found && reads(wanted.body);
    if (!gone && found && !as_wanted && !ours) co_return std::move(sight);
    sight.state = gone ? Sight::State::gone : as_wanted ? Sight::State::as_wanted : Sight::State::wanting;
    if (found) sight.call.emplace(Route::edit_comment, repository_.url("/issues/comments/" + std::to_string(found->id)));
    else sight.call.emplace(Route::add_comment, repository_.issue_url(number, "/comments"));
    sight.call->body = object_with("body", wanted.body);
    co_return std::move(sight);
}

Task<ContentWriter::Sight> ContentWriter::look_at_content(std::int64_t number, Edit edit) {
    Sight sight{Sight::State::gone};
    Call call{Route::issue, repository_.issue_url(number)};
    auto sending = repository_.api().send(std::move(call));
    auto const answer = co_await std::move(sending);
    if (answer.kind == Answer::Kind::gone) co_return std::move(sight);
    if (answer.kind != Answer::Kind::ok) fail(answer, to_string(IssueRef{repository_.name(), number}) + " cannot be read");
    auto const one = parse_issue(answer.body, repository_.name());
    if (!one || one->issue.ref.number != number) co_return std::move(sight);
    auto asking = repository_.is_called(one->issue.ref.repo);
    bool const ours = co_await std::move(asking);
    if (!ours) co_return std::move(sight);
    auto const content = parse_content(answer.body);
    auto const body = content ? edit(*content) : std::nullopt;
    sight.state = !body ? Sight::State::refused : body->empty() ? Sight::State::as_wanted : Sight::State::wanting;
    sight.why = "its text is none that could be changed: the marks of our section are damaged, or it would become too long";
    sight.call.emplace(Route::edit_issue, repository_.issue_url(number));
    sight.call->body = body.value_or("");
    co_return std::move(sight);
}

}  // namespace groomer::tracker::github
