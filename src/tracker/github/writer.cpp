#include "tracker/github/writer.hpp"

#include "base/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace groomer::tracker::github {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

constexpr auto soon = 1s;
constexpr auto not_soon = 10min;  // a person has to do something first
constexpr int most_broken = 3;    // in a row: then it is GitHub's fault, not an issue's

// As the issue spells it; nothing if it does not carry it.
std::optional<std::string> carried(std::vector<std::string> const& labels, std::string_view label) {
    auto const same = [&](auto const& other) { return to_lower(other) == to_lower(label); };
    auto const found = std::find_if(labels.begin(), labels.end(), same);
    return found == labels.end() ? std::nullopt : std::optional{*found};
}

// The labels after a write, as its answer tells them; nothing where it was cut.
std::optional<std::vector<std::string>> labels_in(Answer const& answer) {
    try {
        return parse_labels(answer.body).names;
    } catch (Error const&) {
        return std::nullopt;
    }
}

WriteResult failed(std::string detail, std::chrono::milliseconds retry_after) {
    return {WriteOutcome::failed, std::move(detail), retry_after};
}

}  // namespace

Task<WriteResult> Writer::write(std::int64_t number, std::string label, bool added, WriteGuard guard) {
    Change change{number, std::move(label), added, std::move(guard)};
    auto taking = repository_.writes().take();
    auto const turn = co_await std::move(taking);
    auto carrying = carry_out(std::move(change));
    co_return co_await std::move(carrying);
}

Task<WriteResult> Writer::carry_out(Change change) {
    WriteResult result{WriteOutcome::withheld, {}, {}};
    if (!change.guard.may_act()) co_return result;
    auto looking = reader_.labels(change.number);
    auto const labels = co_await std::move(looking);
    result.outcome = WriteOutcome::gone;
    if (!labels) co_return result;
    auto const there = carried(*labels, change.label);
    result.outcome = WriteOutcome::already;
    if (there.has_value() == change.added) co_return result;
    if (change.added) {
        auto spelling = labels_.spelled(change.label);
        auto const spelled = co_await std::move(spelling);
        if (!spelled)
            co_return failed(
                "the repository has no label " + change.label + ": `groomer labels --repo " + repository_.name() + " --create` makes it",
                not_soon);
        change.label = *spelled;
    } else {
        change.label = *there;
    }
    auto sending = send(change, url_of(change));
    auto answer = co_await std::move(sending);
    auto settling = settle(change, std::move(answer));
    co_return co_await std::move(settling);
}

std::string Writer::url_of(Change const& change) const {
    return repository_.issue_url(change.number, change.added ? "/labels" : "/labels/" + percent_encoded(change.label));
}

Task<Answer> Writer::send(Change const& change, std::string url) {
    Call call{change.added ? Route::add_labels : Route::remove_label, std::move(url)};
    if (change.added) call.body = json::serialize(json::object{{"labels", json::array{json::string{change.label}}}});
    Write write{repository_.name(), change.guard, Limits::Kind::write};
    call.write = std::move(write);
    auto sending = repository_.api().send(std::move(call));
    auto answer = co_await std::move(sending);
    if (answer.kind != Answer::Kind::withheld && answer.kind != Answer::Kind::limited) reader_.touched(change.number);
    co_return std::move(answer);
}

Task<WriteResult> Writer::settle(Change const& change, Answer answer) {
    using Kind = Answer::Kind;
    if (answer.kind != Kind::failed) broken_in_a_row_ = 0;
    if (answer.kind == Kind::withheld) co_return WriteResult{WriteOutcome::withheld, {}, {}};
    if (answer.kind == Kind::ok) {
        auto const labels = labels_in(answer);
        bool const as_wanted = answer.status == 204 || (labels && carried(*labels, change.label).has_value() == change.added);
        if (as_wanted) co_return WriteResult{WriteOutcome::done, {}, {}};
    }
    if (answer.kind == Kind::invalid) {
        auto const said = "GitHub answered " + std::to_string(answer.status) + ": " + answer.reason;
        co_return failed(said, not_soon);
    }
    Task<WriteResult> next;
    if (answer.kind == Kind::gone) next = look_why_gone(change, answer);
    else if (answer.kind == Kind::moved) next = follow(change, answer.url);
    else if (answer.kind == Kind::ok || answer.kind == Kind::too_large || answer.kind == Kind::failed) next = find_out(change, answer);
    else fail(answer, to_string(IssueRef{repository_.name(), change.number}) + " cannot be written to");
    co_return co_await std::move(next);
}

// The repository has another name, or the issue another repository: the first is followed, once, the second is not.
Task<WriteResult> Writer::follow(Change const& change, std::string url) {
    if (url.empty()) co_return failed("GitHub sends the write on to another origin, which is not followed", not_soon);
    auto looking = reader_.labels_now(change.number);
    auto const labels = co_await std::move(looking);
    if (!labels) co_return WriteResult{WriteOutcome::gone, {}, {}};
    auto sending = send(change, std::move(url));
    auto answer = co_await std::move(sending);
    if (answer.kind == Answer::Kind::moved) co_return failed("GitHub sends the write on and on", not_soon);
    auto settling = settle(change, std::move(answer));
    co_return co_await std::move(settling);
}

// The answer was lost, or tells nothing: the issue itself does. A label that is not there yet may still come: whoever tries
// again looks first.
Task<WriteResult> Writer::find_out(Change const& change, Answer const& answer) {
    auto const what = "a write to " + to_string(IssueRef{repository_.name(), change.number});
    if (answer.kind == Answer::Kind::failed && ++broken_in_a_row_ >= most_broken) {
        broken_in_a_row_ = 0;
        fail(answer, what + " failed, like those before it");
    }
    if (answer.kind == Answer::Kind::failed && !answer.may_have_arrived) fail(answer, what + " could not be sent");
    auto looking = reader_.labels_now(change.number);
    auto const labels = co_await std::move(looking);
    if (!labels) co_return WriteResult{WriteOutcome::gone, {}, {}};
    if (carried(*labels, change.label).has_value() == change.added) co_return WriteResult{WriteOutcome::done, {}, {}};
    reader_.touched(change.number);
    co_return failed(what + " had no effect: " + (answer.reason.empty() ? "its answer was lost" : answer.reason), soon);
}

// 404 is said of a label, of an issue, and of both where we may not write.
Task<WriteResult> Writer::look_why_gone(Change const& change, Answer const& answer) {
    if (!change.added && to_lower(answer.reason).find("label does not exist") != std::string::npos)
        co_return WriteResult{WriteOutcome::already, {}, {}};
    auto looking = reader_.labels_now(change.number);
    auto const labels = co_await std::move(looking);
    if (!labels) co_return WriteResult{WriteOutcome::gone, {}, {}};
    if (carried(*labels, change.label).has_value() == change.added) co_return WriteResult{WriteOutcome::already, {}, {}};
    fail(answer, to_string(IssueRef{repository_.name(), change.number}) + " can be read, but not written to");
}

}  // namespace groomer::tracker::github
