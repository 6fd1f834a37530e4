// Measures what it is told to; bench/run prepares everything and starts it.
#include "figures.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <iostream>
#include <map>
#include <set>

namespace {

using namespace groomer::bench;

struct Figure {
    std::string name;
    std::vector<std::string> groups;
    void (*measure)(Setup const&, Report&);
    std::string what;
};

std::vector<Figure> const& figures() {
    static std::vector<Figure> const all{
        {"lock_cycle", {"lock"}, lock_cycle, "acquire and release; peers: two bare statements, the seed, pg-boss"},
        {"standby_look", {"lock", "standby"}, standby_look, "WAL, transaction ids and time of a losing look"},
        {"standby_statements", {"lock", "standby"}, standby_statements, "statements and memory of a standby, idle and behind a holder"},
        {"handover_due", {"lock", "handover"}, handover_due, "due to the next hold"},
        {"handover_released", {"lock", "handover"}, handover_released, "release to the next hold, where it is due already"},
        {"handover_killed", {"lock", "handover"}, handover_killed, "SIGKILL of the holder to the next hold"},
        {"handover_restarted", {"lock", "handover"}, handover_restarted, "restart in the slot of a killed holder to the hold"},
        {"contenders", {"lock"}, contenders, "2 to 64 replicas at one lock: holds per second, hand-over"},
        {"races", {"lock"}, races, "races of 8 for a free, stale or null row: two winners, double ticks, terms"},
        {"sync_github", {"sync"}, sync_github, "a first sync from a fake GitHub into the database: rate and memory"},
        {"renew_under_writers", {"lock"}, renew_under_writers, "a renewal beside 16 fenced writers of 20 ms"},
        {"model_throughput", {"model"}, model_throughput, "issues groomed with a language model that takes a second: rate, processor"},
        {"model_overhead", {"model"}, model_overhead, "what an issue costs beside the language model's own time"},
        {"http_status", {"http"}, http_status, "processor time of a request for the status"},
        {"http_listeners", {"http"}, http_listeners, "memory of 100 idle listeners to events"},
        {"http_probes", {"http"}, http_probes, "how long a probe waits while a tick runs at full speed"},
        {"similar", {"model"}, similar, "the index of similar issues, of 20,000: time to build, memory, a query"},
        {"similar_originals", {"model"}, similar_originals, "originals of known duplicates found among the first five"},
    };
    return all;
}

struct Arguments {
    Setup setup;
    std::vector<std::string> names;
    bool list = false, check = false;
    std::string replica;
};

Arguments parse(int argc, char** argv) {
    Arguments out;
    out.setup.self = "/proc/self/exe";
    std::map<std::string, std::string> values;
    for (int i = 1; i < argc; ++i) {
        std::string const text = argv[i];
        if (text == "--list") out.list = true;
        else if (text == "--check") out.check = true;
        else if (text == "--full") out.setup.full = true;
        else if (text.starts_with("--") && i + 1 < argc) values[text] = argv[++i];
        else out.names.push_back(text);
    }
    out.setup.server_url = values["--server"];
    out.setup.groomer = values["--groomer"];
    out.setup.fake_github = values["--fake-github"];
    out.setup.fake_model = values["--fake-model"];
    out.setup.node = values["--node"];
    out.setup.peers = values["--peers"];
    out.setup.raw = values["--raw"];
    out.replica = values["--replica"];
    out.setup.self = std::filesystem::read_symlink("/proc/self/exe");
    return out;
}

// The figures of these names and groups, in the table's order; throws for a name that is none.
std::vector<Figure> chosen(std::vector<std::string> const& names) {
    std::set<std::string> known;
    for (auto const& figure : figures()) {
        known.insert(figure.name);
        known.insert(figure.groups.begin(), figure.groups.end());
    }
    for (auto const& name : names)
        if (!known.count(name))
            throw std::runtime_error{"there is no figure or group '" + name + "'; bench/run --list tells what there is"};
    std::vector<Figure> out;
    for (auto const& figure : figures()) {
        auto is_named = [&](std::string const& name) {
            return name == figure.name || std::find(figure.groups.begin(), figure.groups.end(), name) != figure.groups.end();
        };
        if (names.empty() || std::any_of(names.begin(), names.end(), is_named)) out.push_back(figure);
    }
    return out;
}

void list() {
    for (auto const& figure : figures()) {
        std::cout << figure.name << std::string(22 - std::min<std::size_t>(21, figure.name.size()), ' ') << figure.what << " (";
        for (auto const& group : figure.groups) std::cout << (&group == &figure.groups.front() ? "" : ", ") << group;
        std::cout << ")\n";
    }
}

// One that fails does not keep the others from being measured.
bool measure(Figure const& figure, Setup const& setup, Report& report) {
    say("Measuring " + figure.name + ": " + figure.what);
    try {
        figure.measure(setup, report);
        return true;
    } catch (std::exception const& error) {
        std::cerr << "bench: " << figure.name << " could not be measured: " << error.what() << std::endl;
        return false;
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    auto const arguments = parse(argc, argv);
    try {
        if (!arguments.replica.empty()) return run_replica(arguments.replica);
        if (arguments.list) return list(), 0;
        auto const wanted = chosen(arguments.names);
        if (arguments.check) return 0;
        Report report;
        bool good = true;
        for (auto const& figure : wanted) good = measure(figure, arguments.setup, report) && good;
        report.print_table();
        say("Every sample is in " + arguments.setup.raw.string());
        return good ? 0 : 1;
    } catch (std::exception const& error) {
        std::cerr << "bench: " << error.what() << '\n';
        return 2;
    }
}
