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
constexpr auto not_soon = 10min;          // a person has to do something first
constexpr std::size_t most_labels = 100;  // of an issue, by GitHub's own limit
constexpr int most_broken = 3;            // in a row: then it is GitHub's fault, not an issue's

// As the issue spells it; nothing if it does not carry it.
std::optional<std::string> carried(std::vector<std::string> const& labels, std::string_view label) {
    auto const same = [&](auto const& other) { return to_lower(other) == to_lower(label); };
    auto const found = std::find_if(labels.begin(), labels.end(), same);
    return found == labels.end() ? std::nullopt : std::optional{*found};
}

bool all_carried(std::vector<std::string> const& labels, std::vector<std::string> const& wanted) {
    return std::all_of(wanted.begin(), wanted.end(), [&](auto const& label) { return carried(labels, label).has_value(); });
}

// The same for all of them.
std::vector<WriteResult> each(std::vector<std::string> const& labels, WriteResult const& result) {
    return std::vector<WriteResult>(labels.size(), result);
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

Task<std::vector<WriteResult>> Writer::add(std::int64_t number, std::vector<std::string> labels, WriteGuard guard) {
    auto taking = repository_.writes().take();
    auto const turn = co_await std::move(taking);
    auto adding = look_and_add(number, std::move(labels), std::move(guard));
    co_return co_await std::move(adding);
}

Task<Writer::Results> Writer::look_and_add(std::int64_t number, std::vector<std::string> labels, WriteGuard guard) {
    Results results(labels.size(), WriteResult{WriteOutcome::withheld, {}, {}});
    if (labels.empty()) co_return results;
    auto beginning = may_begin(guard);
    bool const begins = co_await std::move(beginning);
    if (!begins) co_return results;
    auto looking = reader_.labels(number);
    auto const there = co_await std::move(looking);
    Change change{number, {}, true, std::move(guard)};
    std::vector<std::size_t> places;  // of what is sent, in `labels`
    for (std::size_t i = 0; i < labels.size(); ++i) {
        results[i].outcome = there ? WriteOutcome::already : WriteOutcome::gone;
        if (!there || carried(*there, labels[i])) continue;
        auto spelling = labels_.spelled(labels[i]);
        auto const spelled = co_await std::move(spelling);
        if (!spelled) {
            results[i] = failed(
                "the repository has no label " + labels[i] + ": `groomer labels --repo " + repository_.name() + " --create` makes it",
                not_soon);
        } else if (there->size() + change.labels.size() >= most_labels) {
            results[i] = failed("the issue has as many labels as GitHub takes", not_soon);
        } else {
            change.labels.push_back(*spelled);
            places.push_back(i);
        }
    }
    if (places.empty()) co_return results;
    auto carrying = carry_out(change);
    auto written = co_await std::move(carrying);
    for (std::size_t i = 0; i < places.size(); ++i) results[places[i]] = std::move(written[i]);
    co_return results;
}

Task<WriteResult> Writer::remove(std::int64_t number, std::string label, WriteGuard guard) {
    auto taking = repository_.writes().take();
    auto const turn = co_await std::move(taking);
    WriteResult result{WriteOutcome::withheld, {}, {}};
    auto beginning = may_begin(guard);
    bool const begins = co_await std::move(beginning);
    if (!begins) co_return result;
    auto looking = reader_.labels(number);
    auto const labels = co_await std::move(looking);
    auto const there = labels ? carried(*labels, label) : std::nullopt;
    result.outcome = labels ? WriteOutcome::already : WriteOutcome::gone;
    if (!there) co_return result;
    Change change{number, {}, false, std::move(guard)};
    change.labels.push_back(*there);
    auto carrying = carry_out(change);
    auto written = co_await std::move(carrying);
    co_return std::move(written.front());
}

Task<Writer::Results> Writer::carry_out(Change const& change) {
    auto sending = send(change, url_of(change));
    auto answer = co_await std::move(sending);
    auto settling = settle(change, std::move(answer));
    co_return co_await std::move(settling);
}

std::string Writer::url_of(Change const& change) const {
    return repository_.issue_url(change.number, change.added ? "/labels" : "/labels/" + percent_encoded(change.labels.front()));
}

Task<Answer> Writer::send(Change const& change, std::string url) {
    Call call{change.added ? Route::add_labels : Route::remove_label, std::move(url)};
    if (change.added) call.body = json::serialize(json::object{{"labels", json::array(change.labels.begin(), change.labels.end())}});
    Write write{repository_.name(), change.guard, Limits::Kind::write};
    call.write = std::move(write);
    auto sending = repository_.api().send(std::move(call));
    auto answer = co_await std::move(sending);
    if (answer.kind != Answer::Kind::withheld && answer.kind != Answer::Kind::limited) reader_.touched(change.number);
    co_return std::move(answer);
}

Task<Writer::Results> Writer::settle(Change const& change, Answer answer) {
    using Kind = Answer::Kind;
    if (answer.kind != Kind::failed) broken_in_a_row_ = 0;
    if (answer.kind == Kind::withheld) co_return each(change.labels, {WriteOutcome::withheld, {}, {}});
    if (answer.kind == Kind::ok) {
        auto const labels = labels_in(answer);
        bool const as_wanted = answer.status == 204 || (labels && all_carried(*labels, change.labels) == change.added);
        if (as_wanted) co_return each(change.labels, {WriteOutcome::done, {}, {}});
    }
    if (answer.kind == Kind::invalid)
        co_return each(change.labels, failed("GitHub answered " + std::to_string(answer.status) + ": " + answer.reason, not_soon));
    Task<Results> next;
    if (answer.kind == Kind::gone) next = look_why_gone(change, answer);
    else if (answer.kind == Kind::moved) next = follow(change, answer.url);
    else if (answer.kind == Kind::ok || answer.kind == Kind::too_large || answer.kind == Kind::failed) next = find_out(change, answer);
    else fail(answer, to_string(IssueRef{repository_.name(), change.number}) + " cannot be written to");
    co_return co_await std::move(next);
}

// The repository has another name, or the issue another repository: the first is followed, once, the second is not.
Task<Writer::Results> Writer::follow(Change const& change, std::string url) {
    if (url.empty()) co_return each(change.labels, failed("GitHub sends the write on to another origin, which is not followed", not_soon));
    auto looking = reader_.labels_now(change.number);
    auto const labels = co_await std::move(looking);
    if (!labels) co_return each(change.labels, {WriteOutcome::gone, {}, {}});
    if (all_carried(*labels, change.labels) == change.added) co_return each(change.labels, {WriteOutcome::already, {}, {}});
    auto sending = send(change, std::move(url));
    auto answer = co_await std::move(sending);
    if (answer.kind == Answer::Kind::moved) co_return each(change.labels, failed("GitHub sends the write on and on", not_soon));
    auto settling = settle(change, std::move(answer));
    co_return co_await std::move(settling);
}

// The answer was lost, or tells nothing: the issue itself does. A label that is not there yet may still come: whoever tries
// again looks first.
Task<Writer::Results> Writer::find_out(Change const& change, Answer const& answer) {
    auto const what = "a write to " + to_string(IssueRef{repository_.name(), change.number});
    if (answer.kind == Answer::Kind::failed && ++broken_in_a_row_ >= most_broken) {
        broken_in_a_row_ = 0;
        fail(answer, what + " failed, like those before it");
    }
    if (answer.kind == Answer::Kind::failed && !answer.may_have_arrived) fail(answer, what + " could not be sent");
    std::optional<std::vector<std::string>> labels;
    std::string limit;
    try {
        auto looking = reader_.labels_now(change.number);
        labels = co_await std::move(looking);
    } catch (LimitReached const& reached) {  // whoever hears of a limit believes that nothing was sent
        limit = reached.what();
    }
    if (!limit.empty())
        co_return each(change.labels,
                       {WriteOutcome::unknown, what + " was not answered, and cannot be found out about: " + limit, not_soon});
    if (!labels) co_return each(change.labels, {WriteOutcome::gone, {}, {}});
    auto results = each(change.labels, {WriteOutcome::done, {}, {}});
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (carried(*labels, change.labels[i]).has_value() == change.added) continue;
        reader_.touched(change.number);
        results[i] = failed(what + " had no effect: " + (answer.reason.empty() ? "its answer was lost" : answer.reason), soon);
    }
    co_return results;
}

// 404 is said of a label, of an issue, and of both where we may not write.
Task<Writer::Results> Writer::look_why_gone(Change const& change, Answer const& answer) {
    if (!change.added && to_lower(answer.reason).find("label does not exist") != std::string::npos)
        co_return each(change.labels, {WriteOutcome::already, {}, {}});
    auto looking = reader_.labels_now(change.number);
    auto const labels = co_await std::move(looking);
    if (!labels) co_return each(change.labels, {WriteOutcome::gone, {}, {}});
    if (all_carried(*labels, change.labels) == change.added) co_return each(change.labels, {WriteOutcome::already, {}, {}});
    fail(answer, to_string(IssueRef{repository_.name(), change.number}) + " can be read, but not written to");
}

}  // namespace groomer::tracker::github
