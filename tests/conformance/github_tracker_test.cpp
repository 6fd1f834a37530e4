// The GitHub tracker over real sockets: the suite of all trackers, against the fake GitHub, whose own log tells what happened.
#include "tracker/github/github_tracker.hpp"
#include "conformance/tracker_suite.hpp"
#include "fake_github/server.hpp"
#include "net/http_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/json/serialize.hpp>

#include <sstream>
#include <thread>

namespace groomer::tracker::test {
namespace {

using namespace std::chrono_literals;
using fake_github::Server;
using fake_github::State;

constexpr auto began = fake_github::Time{1'704'067'200s};

// A thread with a context of its own: connections that are kept open would keep a test's context at work.
class Worker {
public:
    ~Worker() {
        keep_.reset();
        context_.stop();
        thread_.join();
    }
    asio::any_io_executor executor() { return context_.get_executor(); }
    template <class T>
    Task<T> run(Task<T> task) {
        co_return co_await asio::co_spawn(context_, std::move(task), asio::use_awaitable);
    }

private:
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> keep_ = asio::make_work_guard(context_);
    std::thread thread_{[this] { context_.run(); }};
};

// A replica: a client, credentials and a tracker of its own.
class Replica final : public Tracker {
public:
    Replica(Server& server, std::string repo) : client_{net::make_http_client(worker_.executor(), {})} {
        github::ApiOptions options;
        options.api_url = server.url();
        options.pace = {0ms, 100'000, 100'000, 0};
        github::ApiParts parts{*client_, clock_, log_, github::make_token_credentials([] { return std::string{"secret"}; }),
                               [&server] { return server.now(); }};
        github::Options of_tracker;
        of_tracker.repo = std::move(repo);
        tracker_ = github::make_github_tracker({std::make_shared<github::Api>(std::move(parts), std::move(options))}, of_tracker);
    }
    ~Replica() override {
        auto end = [](std::shared_ptr<Tracker>& tracker, std::unique_ptr<net::HttpClient>& client) -> Task<bool> {
            tracker.reset();
            client.reset();
            co_return true;
        };
        run_task(worker_.run(end(tracker_, client_)));
    }

    [[nodiscard]] std::chrono::milliseconds settle() const override { return tracker_->settle(); }
    Task<Page> changes(std::string cursor, std::size_t limit) override { return worker_.run(tracker_->changes(std::move(cursor), limit)); }
    Task<std::optional<Issue>> read(IssueRef ref) override { return worker_.run(tracker_->read(std::move(ref))); }
    Task<std::vector<WriteResult>> add_labels(IssueRef ref, Labels labels, WriteGuard guard) override {
        return worker_.run(tracker_->add_labels(std::move(ref), std::move(labels), std::move(guard)));
    }
    Task<WriteResult> remove_label(IssueRef ref, std::string label, WriteGuard guard) override {
        return worker_.run(tracker_->remove_label(std::move(ref), std::move(label), std::move(guard)));
    }
    Task<WriteResult> finish_pass(WriteGuard guard) override { return worker_.run(tracker_->finish_pass(std::move(guard))); }

private:
    SystemClock clock_;
    std::ostringstream lines_;
    Log log_{lines_, LogLevel::warning, Log::Format::text};
    Worker worker_;
    std::unique_ptr<net::HttpClient> client_;
    std::shared_ptr<Tracker> tracker_;
};

// A repository of the fake's that has all labels of the suite: GitHub would make those that it lacks.
class GithubHarness {
public:
    static std::string repo() { return "octo/quill"; }
    explicit GithubHarness(std::vector<SeedIssue> const& issues) : server_{{.start = began}} {
        server_.with_state([&](State& state) {
            auto& repository = state.add_repository(repo());
            state.access.add_token("secret", {.login = "groomer"});
            state.limits.options = {.per_hour = 0, .points_per_minute = 0, .at_once = 0, .content_per_minute = 0, .content_per_hour = 0};
            for (auto const* name : {"theirs", "ours", "type/bug", "a", "b", "c", "label-0", "label-1", "label-2", "label-3", "label-4"})
                state.add_label(repository, {.name = name});
            for (auto const& seed : issues)
                state.add_issue(repository, {.number = seed.number,
                                             .title = seed.title,
                                             .body = seed.body,
                                             .labels = seed.labels,
                                             .open = seed.open,
                                             .created = 1'700'000'000 + seed.number});
        });
    }
    std::unique_ptr<Tracker> open() { return std::make_unique<Replica>(server_, repo()); }
    std::vector<LoggedEffect> effects() {
        std::vector<LoggedEffect> out;
        for (auto const& line : server_.with_state([](State& state) { return state.effects.parsed(); })) {
            bool const added = line.at("what") == "label.add";
            if (!added && line.at("what") != "label.remove") ADD_FAILURE() << boost::json::serialize(line);
            out.push_back({{std::string{line.at("repository").as_string()}, line.at("issue").to_number<std::int64_t>()},
                           std::string{line.at("label").as_string()},
                           added});
        }
        return out;
    }
    void another_holder_writes(LoggedEffect const& effect, std::int64_t term) {
        server_.with_state([&](State& state) {
            auto& repository = state.at(effect.ref.repo);
            auto& issue = state.issue(effect.ref.repo, effect.ref.number);
            fake_github::By const by{.login = "groomer", .now = began + 1s, .term = std::to_string(term)};
            if (effect.added) state.add_labels(repository, issue, {effect.label}, by);
            else state.remove_label(repository, issue, effect.label, by);
        });
    }

private:
    Server server_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Github, TrackerSuite, GithubHarness);

}  // namespace
}  // namespace groomer::tracker::test
