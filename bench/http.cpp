// http_status, http_listeners, http_probes: what the API costs, and what stands in the way of who asks for health.
#include "child.hpp"
#include "figures.hpp"
#include "replicas.hpp"
#include "support/raw_client.hpp"

#include <ctime>
#include <stdexcept>
#include <thread>

namespace groomer::bench {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto token = "Authorization: Bearer token-of-the-bench\r\n";

// A replica on a backlog of its own, in mode apply.
class Groomed {
public:
    Groomed(Setup const& setup, std::string const& name, int issues, std::string const& policy)
        : database{setup.server_url, name}, log_{(scratch_.path() / "log").string()} {
        auto const configuration = write_configuration(scratch_, name, database.url());
        write_backlog(scratch_.path() / (name + ".json"), issues);
        std::ofstream{configuration, std::ios::app} << "policy: {" << policy << "}\n";
        child = start_replica(setup, Program::groomer, configuration, "one", log_, {{"GROOMER_HTTP_ADMIN_TOKEN", "token-of-the-bench"}});
        auto const said = await_output(*child, log_, "\"http_port\":", 20s);
        port = static_cast<unsigned short>(std::stoi(said.substr(said.find("\"http_port\":") + 12)));
        await_output(*child, log_, "\"ready\"", 20s);
    }
    // Until that many issues were groomed, at most two minutes.
    void await_groomed(int issues) {
        for (auto const end = steady_clock::now() + 120s; steady_clock::now() < end; std::this_thread::sleep_for(100ms))
            if (database.number("SELECT count(*) FROM groomer.run") >= issues) return;
        throw std::runtime_error{"the backlog was not groomed in time"};
    }

private:
    static void write_backlog(std::filesystem::path const& path, int issues) {
        std::ofstream out{path};
        for (int i = 1; i <= issues; ++i)
            out << (i == 1 ? "[" : ",\n") << R"({"number":)" << i << R"(,"title":"the export of part )" << i
                << R"( crashes when its name is long","body":"It says: no such part. Version 1.2, as of yesterday.","state":"open","labels":[]})";
        out << "]\n";
    }
    Scratch scratch_;

public:
    Database database;

private:
    std::string log_;

public:
    std::unique_ptr<Child> child;
    unsigned short port = 0;
};

// Of a process, all its threads, its own and the kernel's for it.
double processor_us(int pid) {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) throw std::runtime_error{"the process is gone"};
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

test::RawClient connected(unsigned short port) {
    test::RawClient client;
    if (!client.connect(port)) throw std::runtime_error{"the replica cannot be reached"};
    return client;
}

std::size_t ask(test::RawClient& client, std::string const& request) {
    if (!client.send(request)) throw std::runtime_error{"the replica hangs up"};
    auto const answer = client.answer();
    if (!answer.starts_with("HTTP/1.1 200 ")) throw std::runtime_error{"it answers " + answer.substr(0, 200)};
    return answer.size();
}

double ms(steady_clock::duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

}  // namespace

void http_status(Setup const& setup, Report& report) {
    Groomed groomed{setup, "http_status", 60, "mode: apply"};
    groomed.await_groomed(60);
    auto client = connected(groomed.port);
    auto const request = test::get("/api/status", token);
    std::this_thread::sleep_for(7s);  // the tick is over, and memory was given back
    auto const size = ask(client, request);
    Raw raw{setup, "http_status"};
    Samples costs;
    // What the replica does besides, making the status once a second too, is the same in both.
    for (std::size_t round = 0; round < setup.trials(7, 31); ++round) {
        constexpr int requests = 5000;
        auto const before = processor_us(groomed.child->pid());
        for (int i = 0; i < requests; ++i) ask(client, request);
        costs.push_back((processor_us(groomed.child->pid()) - before) / requests);
        raw.write("us", round, costs.back());
    }
    report.add(with_limit({"http_status", median(costs), "us", {}, {}, costs.size(), {}, {}}, 100));
    report.add({"http_status_size", static_cast<double>(size), "bytes", {}, {}, 1, {}, {}});
}

void http_listeners(Setup const& setup, Report& report) {
    Groomed groomed{setup, "http_listeners", 60, "mode: apply"};
    groomed.await_groomed(60);
    {
        auto client = connected(groomed.port);
        for (int i = 0; i < 20; ++i, std::this_thread::sleep_for(500ms)) ask(client, test::get("/api/status", token));
    }
    auto const before = groomed.child->resident_mib();
    std::vector<test::RawClient> listeners;
    for (int i = 0; i < 100; ++i) {
        listeners.push_back(connected(groomed.port));
        listeners.back().send(test::get("/api/events", token));
        if (listeners.back().until("event: status").find(" 200 OK") == std::string::npos)
            throw std::runtime_error{"no seat for a listener"};
    }
    Raw raw{setup, "http_listeners"};
    Samples more;
    for (int i = 0; i < 20; ++i) {
        std::this_thread::sleep_for(1s);
        more.push_back(groomed.child->resident_mib() - before);
    }
    raw.write("MiB", 0, more);
    report.add(with_limit({"http_listeners", percentile(more, 1), "MiB", {}, {}, more.size(), {}, {}}, 8e6 / (1 << 20)));
}

void http_probes(Setup const& setup, Report& report) {
    Groomed groomed{setup, "http_probes", 20'000, "mode: apply, batch: 1000"};
    groomed.await_groomed(50);
    auto const groomed_before = groomed.database.number("SELECT count(*) FROM groomer.run");
    auto client = connected(groomed.port);
    Samples waits;
    auto const began = steady_clock::now();
    while (waits.size() < setup.trials(2000, 10'000)) {
        auto const asked = steady_clock::now();
        ask(client, test::get("/healthz"));
        waits.push_back(ms(steady_clock::now() - asked));
        std::this_thread::sleep_for(5ms);
    }
    auto const rate =
        (groomed.database.number("SELECT count(*) FROM groomer.run") - groomed_before) / ms(steady_clock::now() - began) * 1000;
    Raw raw{setup, "http_probes"};
    raw.write("ms", 0, waits);
    if (groomed.database.number("SELECT count(*) FROM groomer.issue WHERE groomed_at IS NULL") == 0)
        throw std::runtime_error{"the tick was over before the measurement"};
    report.add({"http_probes_issues", rate, "1/s", {}, {}, 1, {}, {}});
    report.add({"http_probes_p50", median(waits), "ms", {}, {}, waits.size(), {}, {}});
    report.add(with_limit({"http_probes_p99", percentile(waits, 0.99), "ms", {}, {}, waits.size(), {}, {}}, 50));
    report.add(with_limit({"http_probes_longest", percentile(waits, 1), "ms", {}, {}, waits.size(), {}, {}}, 50));
}

}  // namespace groomer::bench
