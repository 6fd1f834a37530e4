// A replica's tracker over the fake GitHub, by real sockets.
#pragma once

#include "fake_github/server.hpp"
#include "net/http_client.hpp"
#include "support/run_task.hpp"
#include "tracker/github/github_tracker.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace groomer::tracker::test {

using groomer::test::run_task;

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

struct ReplicaOptions {
    std::chrono::milliseconds write_timeout{2000};
    std::chrono::milliseconds settle{11'500};
    std::chrono::milliseconds between_writes{0};
    std::function<void()> on_wait = {};  // called on the replica's thread when it begins to wait
};

class TellingClock final : public Clock {
public:
    explicit TellingClock(std::function<void()> on_wait) : on_wait_{std::move(on_wait)} {}
    [[nodiscard]] BootTime::time_point now() const override { return system_.now() + ahead_.load(); }
    Task<> sleep_until(BootTime::time_point until) override {
        if (on_wait_) on_wait_();
        return system_.sleep_until(until - ahead_.load());
    }
    void advance(BootTime::duration by) { ahead_ = ahead_.load() + by; }

private:
    SystemClock system_;
    std::function<void()> const on_wait_;
    std::atomic<BootTime::duration> ahead_{BootTime::duration{0}};
};

// A replica: a client, credentials and a tracker of its own.
class Replica final : public Tracker {
public:
    Replica(fake_github::Server& server, std::string repo, ReplicaOptions given = {})
        : clock_{std::move(given.on_wait)}, client_{net::make_http_client(worker_.executor(), {})} {
        github::ApiOptions options;
        options.api_url = server.url();
        options.pace = {given.between_writes, 100'000, 100'000, 0};
        options.write_timeout = given.write_timeout;
        github::ApiParts parts{*client_, clock_, log_, github::make_token_credentials([] { return std::string{"secret"}; }),
                               [&server] { return server.now(); }};
        github::Options of_tracker;
        of_tracker.repo = std::move(repo);
        of_tracker.settle = given.settle;
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

    void later(BootTime::duration by) { clock_.advance(by); }
    [[nodiscard]] std::chrono::milliseconds settle() const override { return tracker_->settle(); }
    Task<Page> changes(std::string cursor, std::size_t limit) override { return worker_.run(tracker_->changes(std::move(cursor), limit)); }
    Task<std::optional<Issue>> read(IssueRef ref) override { return worker_.run(tracker_->read(std::move(ref))); }
    Task<std::optional<Issue>> read_anew(IssueRef ref) override { return worker_.run(tracker_->read_anew(std::move(ref))); }
    Task<std::vector<WriteResult>> add_labels(IssueRef ref, std::vector<std::string> labels, WriteGuard guard) override {
        return worker_.run(tracker_->add_labels(std::move(ref), std::move(labels), std::move(guard)));
    }
    Task<WriteResult> remove_label(IssueRef ref, std::string label, WriteGuard guard) override {
        return worker_.run(tracker_->remove_label(std::move(ref), std::move(label), std::move(guard)));
    }
    Task<WriteResult> set_comment(IssueRef ref, std::string name, std::string text, std::vector<std::string> earlier,
                                  WriteGuard guard) override {
        return worker_.run(tracker_->set_comment(std::move(ref), std::move(name), std::move(text), std::move(earlier), std::move(guard)));
    }
    Task<WriteResult> set_section(IssueRef ref, std::string name, std::string text, WriteGuard guard) override {
        return worker_.run(tracker_->set_section(std::move(ref), std::move(name), std::move(text), std::move(guard)));
    }
    Task<WriteResult> set_title(IssueRef ref, std::string title, WriteGuard guard) override {
        return worker_.run(tracker_->set_title(std::move(ref), std::move(title), std::move(guard)));
    }
    Task<WriteResult> close(IssueRef ref, CloseReason reason, WriteGuard guard) override {
        return worker_.run(tracker_->close(std::move(ref), reason, std::move(guard)));
    }
    Task<WriteResult> reopen(IssueRef ref, WriteGuard guard) override {
        return worker_.run(tracker_->reopen(std::move(ref), std::move(guard)));
    }
    Task<WriteResult> finish_pass(WriteGuard guard) override { return worker_.run(tracker_->finish_pass(std::move(guard))); }

private:
    TellingClock clock_;
    std::ostringstream lines_;
    Log log_{lines_, LogLevel::warning, Log::Format::text};
    Worker worker_;
    std::unique_ptr<net::HttpClient> client_;
    std::shared_ptr<Tracker> tracker_;
};

}  // namespace groomer::tracker::test
