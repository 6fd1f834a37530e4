#include "tracker/github/label_list.hpp"

#include "base/text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <utility>

namespace groomer::tracker::github {
namespace {

using namespace std::chrono_literals;

constexpr auto good_for = 10min;  // people seldom delete a label
constexpr auto look_again = 30s;  // but may just have made the one that is wanted
constexpr int most_pages = 200;   // of 100

}  // namespace

Task<std::optional<std::string>> LabelList::spelled(std::string label) {
    label = to_lower(label);
    auto const age = fetched_at_ ? repository_.api().clock().now() - *fetched_at_ : BootTime::duration::max();
    auto found = names_.find(label);
    if (age > good_for || (found == names_.end() && age > look_again)) {
        co_await fetch();
        found = names_.find(label);
    }
    if (found == names_.end()) co_return std::nullopt;
    co_return found->second;
}

Task<WriteResult> LabelList::create(std::string label, std::string description, WriteGuard guard) {
    constexpr std::size_t longest_description = 100;  // GitHub's own limit, in characters
    std::string const said{truncate_utf8(description, longest_description)};
    Call call{Route::create_label, repository_.url("/labels")};
    call.body = boost::json::serialize(boost::json::object{{"name", label}, {"color", "ededed"}, {"description", said}});
    Write terms{repository_.name(), std::move(guard), Limits::Kind::write};
    call.write = std::move(terms);
    auto sending = repository_.api().send(std::move(call));
    auto const answer = co_await std::move(sending);
    fetched_at_.reset();
    WriteResult result{WriteOutcome::done, {}, {}};
    if (answer.kind == Answer::Kind::ok) co_return result;
    // There is one already, or its answer was lost.
    auto looking = spelled(label);
    auto const there = co_await std::move(looking);
    result.outcome = there ? WriteOutcome::already : WriteOutcome::failed;
    result.detail = there ? "" : answer.reason;
    if (!there && answer.kind != Answer::Kind::invalid) fail(answer, "the label " + label + " cannot be made in " + repository_.name());
    co_return result;
}

Task<> LabelList::fetch() {
    std::unordered_map<std::string, std::string> names;
    std::string next = repository_.url("/labels?per_page=100");
    for (int page = 0; !next.empty() && page < most_pages; ++page) {
        Call call{Route::labels, next};
        auto sending = repository_.api().send(std::move(call));
        auto const answer = co_await std::move(sending);
        if (answer.kind != Answer::Kind::ok) fail(answer, "the labels of " + repository_.name() + " cannot be read");
        for (auto& name : parse_labels(answer.body).names) names.emplace(to_lower(name), name);
        next = answer.links.next;
    }
    names_ = std::move(names);
    fetched_at_ = repository_.api().clock().now();
}

}  // namespace groomer::tracker::github
