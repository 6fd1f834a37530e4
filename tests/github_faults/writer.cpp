#include "github_faults/writer.hpp"

#include "net/http_client.hpp"
#include "tracker/github/api.hpp"
#include "tracker/github/github_tracker.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

namespace groomer::github_faults {
namespace {

using namespace std::chrono_literals;
using tracker::WriteOutcome;
using tracker::WriteResult;
namespace github = tracker::github;
namespace json = boost::json;

// Of the writer's own: shorter than groomer's, so that rounds are short, and in the same order.
constexpr auto write_timeout = 300ms, longest_pause = 1000ms;

std::string read(std::string const& path) {
    std::ifstream file{path};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string text(json::object const& object, std::string_view key) { return std::string{object.at(key).as_string()}; }

class Writer {
public:
    Writer(asio::io_context& io, json::object const& told)
        : client_{net::make_http_client(io.get_executor(), {})},
          repo_{text(told, "repo")},
          term_{told.at("term").to_number<std::int64_t>()},
          settle_{told.at("settle_ms").to_number<std::int64_t>()},
          killed_before_{told.at("killed_before").as_bool()} {
        github::ApiOptions options;
        options.api_url = text(told, "api_url");
        options.pace = {0ms, 10'000, 100'000, 0};
        options.read_timeout = 1000ms;
        options.write_timeout = write_timeout;
        options.first_back_off = 50ms;
        auto credentials = github::make_token_credentials([file = text(told, "token_file")] { return read(file); });
        github::ApiParts parts{*client_, clock_, log_, std::move(credentials), [] { return WallTime{std::chrono::system_clock::now()}; }};
        github::Options of_tracker;
        of_tracker.repo = repo_;
        of_tracker.settle = settle_;
        tracker_ = github::make_github_tracker({std::make_shared<github::Api>(std::move(parts), std::move(options))}, of_tracker);
    }

    // One issue's steps, one after the other.
    Task<> run(std::vector<json::object> steps) {
        // What the one before had sent may still take effect.
        if (killed_before_) co_await clock_.sleep_for(settle_);
        for (auto const& step : steps) {
            auto carrying = carry_out(step);
            co_await std::move(carrying);
        }
    }

private:
    // Until it is so: nothing is given up, as time passes quickly here. The parent's patience is the bound.
    Task<> carry_out(json::object step) {
        for (int attempt = 1;; ++attempt) {
            std::chrono::milliseconds pause = std::min<std::chrono::milliseconds>(20ms * (1 << std::min(attempt, 5)), longest_pause);
            std::string why;
            try {
                auto writing = send(step);
                auto const result = co_await std::move(writing);
                if (result.outcome == WriteOutcome::done || result.outcome == WriteOutcome::already) co_return;
                pause = std::max(pause, std::min<std::chrono::milliseconds>(result.retry_after, longest_pause));
                why = result.detail;
            } catch (tracker::LimitReached const& limit) {
                why = limit.what();
                pause = std::max(pause, std::chrono::ceil<std::chrono::milliseconds>(limit.until() - std::chrono::system_clock::now()));
            } catch (Error const& error) {
                why = error.what();
            }
            log_.warning("again", {{"issue", step.at("issue").to_number<std::int64_t>()}, {"op", text(step, "op")}, {"error", why}});
            co_await clock_.sleep_for(pause);
        }
    }

    Task<WriteResult> send(json::object const& step) {
        tracker::IssueRef ref{repo_, step.at("issue").to_number<std::int64_t>()};
        tracker::WriteGuard guard{term_, [] { return true; }};
        auto const op = text(step, "op");
        if (op == "comment") return tracker_->set_comment(ref, text(step, "name"), text(step, "text"), {}, guard);
        if (op == "section") return tracker_->set_section(ref, text(step, "name"), text(step, "text"), guard);
        if (op == "title") return tracker_->set_title(ref, text(step, "text"), guard);
        if (op == "close") return tracker_->close(ref, tracker::CloseReason::completed, guard);
        if (op == "add") return add(ref, text(step, "name"), guard);
        return tracker_->remove_label(ref, text(step, "name"), guard);
    }

    Task<WriteResult> add(tracker::IssueRef ref, std::string label, tracker::WriteGuard guard) {
        std::vector<std::string> labels{std::move(label)};
        auto adding = tracker_->add_labels(std::move(ref), std::move(labels), std::move(guard));
        auto results = co_await std::move(adding);
        co_return std::move(results.at(0));
    }

    SystemClock clock_;
    Log log_{std::cerr, LogLevel::debug, Log::Format::json};
    std::unique_ptr<net::HttpClient> client_;
    std::shared_ptr<tracker::Tracker> tracker_;
    std::string const repo_;
    std::int64_t const term_;
    std::chrono::milliseconds const settle_;
    bool const killed_before_;
};

}  // namespace

int run_writer(std::string const& path) {
    auto const told = json::parse(read(path)).as_object();
    std::map<std::int64_t, std::vector<json::object>> issues;
    for (auto const& step : told.at("steps").as_array()) issues[step.at("issue").to_number<std::int64_t>()].push_back(step.as_object());
    asio::io_context io{1};
    Writer writer{io, told};
    std::size_t left = issues.size();
    int status = 0;
    for (auto& [issue, steps] : issues)
        asio::co_spawn(io, writer.run(std::move(steps)), [&](std::exception_ptr error) {
            if (error) {
                status = 1;
                std::cerr << describe(error) << "\n";
            }
            if (--left == 0) io.stop();
        });
    io.run();
    std::cerr.flush();
    std::_Exit(status);  // connections that are kept have no end of their own
}

}  // namespace groomer::github_faults
