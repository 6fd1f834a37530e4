// model_throughput, model_overhead: a backlog in a file, groomed by one holder who asks a language model that answers after a set time.
#include "child.hpp"
#include "database.hpp"
#include "figures.hpp"
#include "net/http_client.hpp"
#include "replicas.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <sys/resource.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace groomer::bench {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

void write_backlog(std::filesystem::path const& path, std::size_t issues) {
    json::array out;
    for (std::size_t i = 1; i <= issues; ++i)
        out.push_back(
            json::object{{"number", i},
                         {"title", "It stops at step " + std::to_string(i)},
                         {"body", "Steps to reproduce: start it, wait, and look at " + std::to_string(i) + ". " + std::string(1200, 'x')},
                         {"state", "open"},
                         {"labels", json::array{}},
                         {"user", {{"login", "someone"}, {"type", "User"}}},
                         {"created_at", "2024-01-01T00:00:00Z"},
                         {"updated_at", "2024-01-01T00:00:00Z"}});
    std::ofstream{path} << json::serialize(out);
}

class FakeModel {
public:
    FakeModel(Setup const& setup, Scratch const& scratch, std::string const& delay)
        : output_{scratch.path() / "model.out"}, child_{{setup.fake_model, "--key", "none", "--delay", delay}, output_} {
        auto const said = await_output(child_, output_, "\n", 1min);
        url_ = said.substr(0, said.find('\n')) + "/v1";
    }
    [[nodiscard]] std::string const& url() const { return url_; }

private:
    std::filesystem::path output_;
    Child child_;
    std::string url_;
};

// Processor time of the children that have ended.
double children_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    auto const seconds = [](timeval const& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Groomed {
    double seconds = 0;    // of the hold: the whole tick, from acquire to release
    double processor = 0;  // of the process, start and sync included
};
Groomed groom(Setup const& setup, Scratch const& scratch, std::string const& url, std::size_t issues, std::size_t concurrency) {
    Database database{setup.server_url, "model"};
    auto const backlog = scratch.path() / "backlog.json", path = scratch.path() / "model.yaml", log = scratch.path() / "groomer.log";
    std::filesystem::remove(backlog.string() + ".groomer.jsonl");
    write_backlog(backlog, issues);
    std::ofstream{path} << "database: {url: \"" << database.url() << "\"}\npolicy: {mode: apply, batch: 1000}\n"
                        << "repositories: [{name: demo/backlog, tracker: file, path: " << backlog
                        << "}]\nmodel: {provider: openai, name: m, "
                        << "base_url: \"" << url << "\", concurrency: " << concurrency << "}\n";
    auto const before = children_seconds();
    Child child{{setup.groomer, "once", "--config", path}, log};
    child.wait();
    auto const asked = database.number("SELECT count(*) FROM groomer.model_call WHERE settled AND flaw = ''");
    if (asked != static_cast<double>(issues)) throw std::runtime_error{"the model judged " + std::to_string(asked) + " issues"};
    return {database.number("SELECT extract(epoch FROM ended_at - acquired_at) FROM groomer.hold WHERE lock = 'groomer'"),
            children_seconds() - before};
}

Task<std::size_t> ask(asio::io_context& io, std::string url, std::size_t times) {
    auto const client = net::make_http_client(io.get_executor(), {});
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < times; ++i) {
        net::ClientRequest request;
        request.method = "POST";
        request.url = url + "/chat/completions";
        request.headers = {{"Content-Type", "application/json"}};
        json::object const user{{"role", "user"}, {"content", std::string(7000, 'x')}};
        request.body = json::serialize(json::object{{"model", "m"}, {"max_tokens", 2048}, {"messages", json::array{user}}});
        auto sending = client->send(std::move(request));
        auto const response = co_await std::move(sending);
        if (response.status != 200) throw std::runtime_error{"status " + std::to_string(response.status) + ": " + response.body};
        bytes += response.body.size();
    }
    client->close_idle();
    co_return bytes;
}

// Milliseconds of one request of that size, without anything around it.
double bare_request(std::string const& url, std::size_t times) {
    asio::io_context io;
    std::exception_ptr failure;
    auto const start = BootTime::now();
    asio::co_spawn(io, ask(io, url, times), [&](std::exception_ptr error, std::size_t) { failure = error; });
    io.run();
    if (failure) std::rethrow_exception(failure);
    return std::chrono::duration<double, std::milli>(BootTime::now() - start).count() / static_cast<double>(times);
}

}  // namespace

void model_throughput(Setup const& setup, Report& report) {
    constexpr std::size_t concurrency = 64, issues = 15 * concurrency;  // whole rounds of answers
    Scratch scratch;
    FakeModel const model{setup, scratch, "1s"};
    Raw raw{setup, "model_throughput"};
    Samples rates, shares;
    for (std::size_t round = 0; round < setup.trials(3, 7); ++round) {
        auto const groomed = groom(setup, scratch, model.url(), issues, concurrency);
        rates.push_back(issues / groomed.seconds);
        shares.push_back(100 * groomed.processor / groomed.seconds);
        raw.write("issues/s", round, rates.back());
        raw.write("% of a core", round, shares.back());
    }
    report.add(with_floor(
        {"model_throughput", median(rates), "issues/s", "the limit of 64", median(rates) / concurrency, rates.size(), {}, {}}, 60));
    report.add(with_limit({"model_throughput_processor", median(shares), "% of a core", {}, {}, shares.size(), {}, {}}, 25));
}

void model_overhead(Setup const& setup, Report& report) {
    constexpr std::size_t issues = 200;
    Scratch scratch;
    FakeModel const model{setup, scratch, "20ms"};
    Raw raw{setup, "model_overhead"};
    Samples added, ratios;
    for (std::size_t round = 0; round < 7; ++round) {
        double bare = 0;
        if (round % 2 == 0) bare = bare_request(model.url(), issues);
        auto const ours = 1000 * groom(setup, scratch, model.url(), issues, 1).seconds / issues;
        if (round % 2 == 1) bare = bare_request(model.url(), issues);
        added.push_back(ours - bare);
        ratios.push_back(ours / bare);
        raw.write("ms an issue", round, ours);
        raw.write("ms of the request alone", round, bare);
    }
    report.add(with_limit({"model_overhead", median(added), "ms", "the request alone", median(ratios), added.size(), {}, {}}, 5));
}

}  // namespace groomer::bench
