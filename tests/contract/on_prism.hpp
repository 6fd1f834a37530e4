// The client of GitHub as app/github.cpp builds it, on prism.
#pragma once

#include "base/log.hpp"
#include "contract/prism.hpp"
#include "tracker/github/github_tracker.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace groomer::contract {

using namespace std::chrono_literals;
namespace github = tracker::github;

// What GitHub's examples are about.
constexpr char const* example_repo = "octocat/Hello-World";
constexpr std::int64_t example_issue = 1347;

enum class Identity { token, app };

class OnPrism : public testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;

    // A client that knows nothing yet; prism answers as it pleases, but for what every deed needs.
    void begin(Identity identity = Identity::token, std::string repo = example_repo);

    template <class T>
    T run(Task<T> task) {
        std::optional<T> value;
        std::exception_ptr failure;
        bool ended = false;
        asio::co_spawn(io_, std::move(task), [&](std::exception_ptr error, T result) {
            failure = error;
            if (!error) value = std::move(result);
            ended = true;
        });
        auto const end = std::chrono::steady_clock::now() + 30s;
        while (!ended && std::chrono::steady_clock::now() < end) {
            io_.restart();
            io_.run_one_for(100ms);
        }
        if (!ended) throw std::runtime_error{"prism does not answer"};
        if (failure) std::rethrow_exception(failure);
        return std::move(*value);
    }

    // What came of it, in a word or two and, after a colon, more: "done", "gone", "failed", "credentials", "failure" and so on.
    std::string sync();
    std::string read();
    std::string who();
    std::string lacking();
    std::string examined();
    std::string written(Task<tracker::WriteResult> write);
    std::string added(std::vector<std::string> labels);  // all with the same result

    tracker::IssueRef ref() const { return {repo_, example_issue}; }
    static tracker::WriteGuard guard() {
        return {7, [] { return true; }};
    }

    std::string url_;
    std::unique_ptr<Operations> operations_;
    SystemClock clock_;
    std::ostringstream lines_;
    Log log_{lines_, LogLevel::warning, Log::Format::text};
    asio::io_context io_{1};
    std::unique_ptr<net::HttpClient> client_;
    std::unique_ptr<Prism> prism_;
    std::string repo_;
    std::shared_ptr<github::Api> api_;
    std::shared_ptr<tracker::Tracker> tracker_;
    std::set<std::pair<std::string, std::string>> observed_;  // method, endpoint
};

// An expected error as a word and what it says; anything else is none that a caller is ready for, and fails the test.
std::string told(std::function<std::string()> const& act);

}  // namespace groomer::contract
