// sync_github: what a first sync of a large repository costs. The fake GitHub runs without limits: GitHub's own would be what is
// measured.
#include "child.hpp"
#include "client.hpp"
#include "database.hpp"
#include "figures.hpp"
#include "net/http_client.hpp"
#include "replicas.hpp"
#include "tracker/github/link_header.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace groomer::bench {
namespace {

using namespace std::chrono_literals;

// VmHWM of /proc/PID/status.
double most_resident_mib(int pid) {
    std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
    throw std::runtime_error{"the process is gone"};
}

Task<std::size_t> read_all(asio::io_context& io, std::string url) {
    auto const client = net::make_http_client(io.get_executor(), {});
    std::size_t pages = 0;
    while (!url.empty()) {
        net::ClientRequest request;
        request.url = url;
        request.headers = {{"Authorization", "Bearer T"}};
        auto const page = co_await client->send(request);
        if (page.status != 200) throw std::runtime_error{"status " + std::to_string(page.status)};
        ++pages;
        url = tracker::github::parse_links(page.header("link"), page.url).next;
    }
    client->close_idle();
    co_return pages;
}

// Seconds.
double bare_reading(std::string const& api, std::size_t entries) {
    asio::io_context io;
    auto const start = BootTime::now();
    std::exception_ptr failure;
    std::size_t pages = 0;
    auto reading = read_all(io, api + "/repos/demo/backlog/issues?state=all&sort=updated&direction=asc&per_page=100");
    asio::co_spawn(io, std::move(reading), [&](std::exception_ptr error, std::size_t read) {
        failure = error;
        pages = read;
    });
    io.run();
    if (failure) std::rethrow_exception(failure);
    if (pages * 100 < entries) throw std::runtime_error{"the list ended early"};
    return ms(BootTime::now() - start) / 1000;
}

struct Synced {
    double seconds = 0, mib = 0, issues = 0;
};
Synced first_sync(Setup const& setup, Scratch const& scratch, std::string const& api) {
    Database database{setup.server_url, "sync_github"};
    auto const token = scratch.path() / "token", path = scratch.path() / "sync.yaml", log = scratch.path() / "sync.log";
    std::ofstream{token} << "T\n";
    std::ofstream{path} << "database: {url: \"" << database.url() << "\"}\nrepositories: [{name: demo/backlog, tracker: github}]\n"
                        << "github: {api_url: \"" << api << "\", token_file: " << token << "}\n";
    std::filesystem::remove(log);  // of the round before
    auto const start = BootTime::now();
    Child child{{setup.groomer, "once", "--dry-run", "--config", path}, log};
    await_output(child, log, "\"synced\"", 30min);
    Synced synced{ms(BootTime::now() - start) / 1000, most_resident_mib(child.pid())};
    synced.issues = database.number("SELECT count(*) FROM groomer.issue");
    return synced;
}

class FullFake {
public:
    FullFake(Setup const& setup, Scratch const& scratch, std::size_t entries, std::size_t body_bytes)
        : output_{scratch.path() / "fake.log"},
          child_{{setup.fake_github, "--fill", std::to_string(entries), "--body-bytes", std::to_string(body_bytes), "--token", "T",
                  "--limits", "none"},
                 output_} {
        auto const said = await_output(child_, output_, "\n", 5min);
        api_ = said.substr(0, said.find('\n'));
    }
    [[nodiscard]] std::string const& api() const { return api_; }

private:
    std::filesystem::path output_;
    Child child_;
    std::string api_;
};

// As those of characters of two or three bytes may be: a page of a hundred is more than an answer holds.
double most_resident_with_long_bodies(Setup const& setup) {
    Scratch scratch;
    FullFake const fake{setup, scratch, 2'000, 160'000};
    return first_sync(setup, scratch, fake.api()).mib;
}

}  // namespace

void sync_github(Setup const& setup, Report& report) {
    auto const entries = setup.trials(100'000, 1'000'000);
    auto const issues = static_cast<double>(entries - entries / 10);  // the others are pull requests
    Scratch scratch;
    FullFake const fake{setup, scratch, entries, 120};
    auto const& api = fake.api();
    Raw raw{setup, "sync_github"};
    Samples seconds, mib, ratios;
    for (std::size_t round = 0; round < 7; ++round) {
        double bare = 0;
        if (round % 2 == 0) bare = bare_reading(api, entries);
        auto const synced = first_sync(setup, scratch, api);
        if (round % 2 == 1) bare = bare_reading(api, entries);
        if (synced.issues != issues)
            throw std::runtime_error{std::to_string(synced.issues) + " of " + std::to_string(issues) + " issues are there"};
        seconds.push_back(synced.seconds);
        mib.push_back(synced.mib);
        ratios.push_back(synced.seconds / bare);
        raw.write("seconds", round, synced.seconds);
        raw.write("seconds of reading alone", round, bare);
        raw.write("MiB", round, synced.mib);
        say("  " + std::to_string(round + 1) + ": " + std::to_string(synced.seconds) + " s");
    }
    auto const rate = issues / median(seconds);
    report.add(with_floor({"sync_github", rate, "issues/s", "reading alone", median(ratios), ratios.size(), {}, {}}, 1000));
    constexpr double limit = 64e6 / (1 << 20);
    report.add(with_limit({"sync_github_rss", percentile(mib, 1), "MiB", {}, {}, mib.size(), {}, {}}, limit));
    report.add(with_limit({"sync_github_long_bodies_rss", most_resident_with_long_bodies(setup), "MiB", {}, {}, 1, {}, {}}, limit));
}

}  // namespace groomer::bench
