#include "replicas.hpp"

#include "app/replica.hpp"
#include "config/load.hpp"
#include "figures.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <stdexcept>

namespace groomer::bench {
namespace {

// A tracker that answers at some distant time.
class Endless final : public tracker::Tracker {
public:
    [[nodiscard]] std::chrono::milliseconds settle() const override { return std::chrono::milliseconds{0}; }
    Task<tracker::Page> changes(std::string, std::size_t) override {
        asio::steady_timer timer{co_await asio::this_coro::executor, std::chrono::hours{24}};
        co_await timer.async_wait(asio::use_awaitable);
        co_return tracker::Page{};
    }
    Task<std::optional<tracker::Issue>> read(tracker::IssueRef) override { co_return std::nullopt; }
    Task<std::vector<tracker::WriteResult>> add_labels(tracker::IssueRef, std::vector<std::string> labels, tracker::WriteGuard) override {
        co_return std::vector<tracker::WriteResult>(labels.size());
    }
    Task<tracker::WriteResult> remove_label(tracker::IssueRef, std::string, tracker::WriteGuard) override {
        co_return tracker::WriteResult{};
    }
    Task<tracker::WriteResult> finish_pass(tracker::WriteGuard) override { co_return tracker::WriteResult{}; }
};

}  // namespace

Scratch::Scratch() {
    auto pattern = (std::filesystem::temp_directory_path() / "groomer-bench.XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{pattern + " cannot be made"};
    path_ = pattern;
}

Scratch::~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string write_configuration(Scratch const& scratch, std::string const& name, std::string const& url, std::string const& schedule) {
    auto const backlog = scratch.path() / (name + ".json"), path = scratch.path() / (name + ".yaml");
    std::ofstream{backlog} << "[]\n";
    std::ofstream{path} << "database: {url: \"" << url << "\"}\nschedule: " << schedule
                        << "\nrepositories: [{name: bench/backlog, tracker: file, path: " << backlog
                        << "}]\nhttp: {listen: \"127.0.0.1:0\", metrics_listen: \"127.0.0.1:0\"}\n";
    return path;
}

std::unique_ptr<Child> start_replica(Setup const& setup, Program program, std::string const& configuration, std::string const& pod,
                                     std::string const& output, std::map<std::string, std::string> variables) {
    variables["POD_NAME"] = pod;
    std::vector<std::string> arguments{setup.groomer, "run", "--config", configuration};
    if (program == Program::holder) arguments = {setup.self, "--replica", configuration};
    return std::make_unique<Child>(arguments, output, variables);
}

int run_replica(std::string const& configuration) {
    config::Source source;
    source.path = configuration;
    source.environment = config::process_environment();
    Log log{std::cerr, LogLevel::info, Log::Format::json};
    app::Outside outside;
    outside.tracker = [](config::Repository const&) { return std::make_unique<Endless>(); };
    app::Replica replica{source, config::load(source), log, std::move(outside)};
    replica.run();
    return 0;
}

}  // namespace groomer::bench
