#include "chaos/replica/remote_tracker.hpp"

#include "base/error.hpp"
#include "chaos/boot_clock.hpp"
#include "chaos/outside_settings.hpp"
#include "chaos/replica/conversation.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>
#include <csignal>

namespace groomer::chaos {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using tracker::IssueRef;
using tracker::WriteOutcome;
using tracker::WriteResult;

constexpr std::chrono::milliseconds read_limit{2000};

std::vector<std::string> texts(json::value const& list) { return json::value_to<std::vector<std::string>>(list); }

tracker::Issue to_issue(json::object const& object) {
    tracker::Issue issue;
    issue.ref = {repository, object.at("number").to_number<std::int64_t>()};
    issue.title = json::value_to<std::string>(object.at("title"));
    issue.body = json::value_to<std::string>(object.at("body"));
    issue.author = "somebody";
    issue.labels = texts(object.at("labels"));
    issue.own = texts(object.at("own"));
    for (auto const& event : object.at("events").as_array()) {
        auto const& pair = event.as_array();
        issue.events.push_back({json::value_to<std::string>(pair.at(0)), pair.at(1).as_bool(), tracker::Actor::self});
    }
    return issue;
}

WriteResult to_result(json::object const& answer) {
    auto const word = json::value_to<std::string>(answer.at("result"));
    if (word == "done") return {WriteOutcome::done, "", 0ms};
    if (word == "gone") return {WriteOutcome::gone, "the tracker has no such issue", 0ms};
    return {WriteOutcome::failed, "the tracker refused", 20ms};
}

// When the guard said yes: read after it, so that a write which it allowed too late has no earlier moment to show; and within 1 ms of
// it, or it is asked again, so that a process that is stopped between the two is not accused.
std::optional<std::int64_t> yes_of(tracker::WriteGuard const& guard) {
    constexpr std::int64_t longest = 1'000'000;
    for (;;) {
        auto const before = boot_nanoseconds();
        if (!guard.may_act()) return std::nullopt;
        auto const after = boot_nanoseconds();
        if (after - before <= longest) return after;
    }
}

class RemoteTracker final : public tracker::Tracker {
public:
    explicit RemoteTracker(RemoteTrackerOptions options) : options_{std::move(options)} {}

    [[nodiscard]] std::chrono::milliseconds settle() const override { return options_.settle; }

    Task<tracker::Page> changes(std::string cursor, std::size_t limit) override {
        json::object request{{"op", "changes"}, {"since", cursor.empty() ? 0 : std::stoll(cursor)}, {"limit", limit}};
        auto asking = ask(options_.port, std::move(request), read_limit);
        auto const answer = co_await std::move(asking);
        tracker::Page page;
        for (auto const& issue : answer.at("issues").as_array()) {
            page.issues.push_back(to_issue(issue.as_object()));
            page.issues.back().events.clear();
        }
        page.cursor = std::to_string(answer.at("seen").to_number<std::int64_t>());
        page.full_pass = page.first_of_full_pass = cursor.empty();
        page.last = answer.at("last").as_bool();
        co_return page;
    }

    Task<std::optional<tracker::Issue>> read(IssueRef ref) override {
        json::object request{{"op", "read"}, {"number", ref.number}};
        auto asking = ask(options_.port, std::move(request), read_limit);
        auto const answer = co_await std::move(asking);
        auto const& issue = answer.at("issue");
        if (issue.is_null()) co_return std::nullopt;
        co_return to_issue(issue.as_object());
    }

    // Its protocol has them one by one.
    Task<std::vector<WriteResult>> add_labels(IssueRef ref, std::vector<std::string> labels, tracker::WriteGuard guard) override {
        std::vector<WriteResult> results;
        for (auto& label : labels) {
            auto adding = write("add", ref, std::move(label), guard);
            auto result = co_await std::move(adding);
            results.push_back(std::move(result));
        }
        co_return std::move(results);
    }
    Task<WriteResult> remove_label(IssueRef ref, std::string label, tracker::WriteGuard guard) override {
        return write("remove", std::move(ref), std::move(label), std::move(guard));
    }
    Task<WriteResult> finish_pass(tracker::WriteGuard) override { co_return WriteResult{WriteOutcome::already, "", 0ms}; }

private:
    // Compare before write; the guard is asked last, and nothing but a send comes after it.
    Task<WriteResult> write(std::string op, IssueRef ref, std::string label, tracker::WriteGuard guard) {
        auto reading = read(ref);
        auto const now = co_await std::move(reading);
        if (!now) co_return WriteResult{WriteOutcome::gone, "the tracker has no such issue", 0ms};
        bool const there = std::find(now->labels.begin(), now->labels.end(), label) != now->labels.end();
        if (there == (op == "add")) co_return WriteResult{WriteOutcome::already, "", 0ms};
        auto const executor = co_await asio::this_coro::executor;
        Conversation conversation{executor, options_.port};
        co_await conversation.connect(options_.write_limit);
        json::object request{{"op", op}, {"number", ref.number}, {"label", label}, {"term", guard.term}, {"pod", options_.pod}};
        conversation.cut_after(options_.write_limit);
        auto const checked = yes_of(guard);
        if (!checked) co_return WriteResult{WriteOutcome::withheld, "the guard said no", 0ms};
        request["checked"] = *checked;
        if (options_.stop_in_send.exchange(false)) ::raise(SIGSTOP);
        auto exchanging = conversation.exchange(json::serialize(request));
        auto const answer = co_await std::move(exchanging);
        // Whether it took effect is looked up by the next try, when it can take effect no more.
        if (!answer) co_return WriteResult{WriteOutcome::failed, "the tracker did not answer", options_.settle};
        co_return to_result(*answer);
    }

    RemoteTrackerOptions options_;
};

}  // namespace

std::unique_ptr<tracker::Tracker> make_remote_tracker(RemoteTrackerOptions options) {
    return std::make_unique<RemoteTracker>(std::move(options));
}

}  // namespace groomer::chaos
