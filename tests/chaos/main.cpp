// The fault runs: worlds under faults, then the verdict. tests/chaos/README.md tells what is judged and what is excused.
#include "chaos/faults.hpp"
#include "chaos/judge_test.hpp"
#include "chaos/report.hpp"
#include "chaos/schedule.hpp"
#include "chaos/world.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <thread>

namespace groomer::chaos {
namespace {

namespace fs = std::filesystem;

constexpr auto usage =
    "usage: chaos [--rounds N] [--seconds S] [--seed S|date] [--faults A,B,…] [--worlds N] [--replica PATH] [--folder DIR]\n"
    "             [--without-quarantine] [--expect-violations [RULE]] [--keep] [--verbose]\n"
    "       chaos --test-judge\n";

std::atomic<Schedule*> running = nullptr;

extern "C" void on_signal(int) {
    if (auto* schedule = running.load()) schedule->interrupt();
    else ::_exit(130);
}

std::set<std::string> split(std::string const& text) {
    std::set<std::string> out;
    std::istringstream parts{text};
    for (std::string part; std::getline(parts, part, ',');) out.insert(part);
    return out;
}

struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A run that is to be a fresh trial has the date for its seed, which is printed: with it the same run can be asked for.
std::uint64_t seed_of(std::string const& word) {
    return word == "date" ? static_cast<std::uint64_t>(now().time_since_epoch() / microseconds{1'000'000}) : std::stoull(word);
}

Options parse(std::vector<std::string> const& words) {
    Options options;
    bool timed = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        auto const& word = words[i];
        auto const value = [&]() -> std::string const& {
            if (i + 1 == words.size()) throw UsageError{word + " needs a value"};
            return words[++i];
        };
        if (word == "--rounds") options.rounds = std::stoi(value());
        else if (word == "--seconds") options.seconds = std::stoi(value()), timed = true;
        else if (word == "--seed") options.seed = seed_of(value());
        else if (word == "--faults") options.faults = split(value());
        else if (word == "--worlds") options.worlds = std::stoi(value());
        else if (word == "--replica") options.replica = value();
        else if (word == "--folder") options.folder = value();
        else if (word == "--expect-violations")
            options.expected = i + 1 < words.size() && !words[i + 1].starts_with("--") ? words[++i] : "fenced writes";
        else if (word == "--without-quarantine") options.quarantine = false;
        else if (word == "--keep") options.keep = true;
        else if (word == "--verbose") options.verbose = true;
        else throw UsageError{"there is no option " + word};
    }
    if (options.rounds > 0 && !timed) options.seconds = 0;
    for (auto const& name : options.faults)
        if (std::none_of(all_faults().begin(), all_faults().end(), [&](auto const& fault) { return fault.name == name; }))
            throw UsageError{"there is no fault " + name};
    return options;
}

// Those asked for, without what a missing program forbids.
std::vector<Schedule::Kind> kinds_of(Options const& options) {
    std::vector<Schedule::Kind> kinds;
    for (auto const& fault : all_faults()) {
        if (!options.faults.empty() && !options.faults.contains(fault.name)) continue;
        bool const lacks_bouncer = fault.name == "pgbouncer" && options.programs.pgbouncer.empty();
        bool const lacks_faketime = fault.name == "faketime" && options.programs.faketime.empty();
        if (lacks_bouncer || lacks_faketime)
            std::printf("skip - chaos: the fault %s needs Debian's package %s\n", fault.name.c_str(), fault.name.c_str());
        else kinds.push_back({fault.name, fault.weight});
    }
    return kinds;
}

void befall(World& world, std::string const& name) {
    for (auto const& fault : all_faults())
        if (fault.name == name) fault.befall(world);
}

struct Outcome {
    std::unique_ptr<World> world;  // what of it lives on the context's thread outlives that
    std::optional<History> history;
    std::string failure;
    bool interrupted = false;
};

// Of all worlds: a long run says now and then how far it is.
void tell_progress(Options const& options) {
    static std::atomic<int> ended = 0;
    constexpr int often = 50;
    int const count = ++ended;
    if (count % often != 0) return;
    std::printf("# %d rounds%s\n", count, options.rounds > 0 ? (" of " + std::to_string(options.rounds)).c_str() : "");
    std::fflush(stdout);
}

void run_rounds(World& world, Options const& options, Schedule& schedule) {
    while (auto const fault = schedule.next()) {
        world.begin_round(*fault);
        befall(world, *fault);
        world.end_round(world.recover());
        schedule.ended(*fault, world.round().struck);
        tell_progress(options);
        if (!options.verbose) continue;
        auto const& round = world.round();
        std::printf("%s: %s %s %.1f s%s\n", world.name().c_str(), fault->c_str(), round.detail.c_str(),
                    seconds(round.recovered - round.began), round.stuck ? " STUCK" : "");
        std::fflush(stdout);
    }
}

// On a thread of the world's own, with which its processes end.
void run_world(Outcome& outcome, Options const& options, Schedule& schedule, asio::io_context& io, int number,
               std::string const& template_folder) {
    try {
        outcome.world = std::make_unique<World>(options, schedule, io, number, template_folder);
        outcome.world->set_up();
        run_rounds(*outcome.world, options, schedule);
        outcome.history = outcome.world->finish();
    } catch (Interrupted const&) {
        outcome.interrupted = true;
    } catch (std::exception const& error) {
        outcome.failure = error.what();
    }
    if (outcome.world) outcome.world->end_processes();
}

std::vector<Outcome> run_worlds(Options const& options, Schedule& schedule) {
    auto const template_folder = options.folder + "/template";
    make_template(options.programs, template_folder);
    asio::io_context io{1};
    auto work = asio::make_work_guard(io);
    std::thread io_thread{[&] { io.run(); }};
    std::vector<Outcome> outcomes(static_cast<std::size_t>(options.worlds));
    std::vector<std::thread> threads;
    for (int i = 0; i < options.worlds; ++i)
        threads.emplace_back([&, i] { run_world(outcomes[static_cast<std::size_t>(i)], options, schedule, io, i + 1, template_folder); });
    for (auto& thread : threads) thread.join();
    io.stop();
    io_thread.join();
    for (auto& outcome : outcomes) outcome.world.reset();
    return outcomes;
}

// The folder of a run: a temporary one is gone with it, unless it is kept.
class Folder {
public:
    explicit Folder(std::string const& wanted) : path_{wanted}, temporary_{wanted.empty()} {
        if (temporary_) {
            path_ = (fs::temp_directory_path() / "groomer-chaos.XXXXXX").string();
            if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error{"cannot make " + path_};
        }
        fs::create_directories(path_);
        fs::permissions(path_, fs::perms{0755});  // servers run as another user where this is root
    }
    ~Folder() {
        std::error_code ignored;
        if (temporary_) fs::remove_all(path_, ignored);
    }
    Folder(Folder const&) = delete;
    Folder& operator=(Folder const&) = delete;

    [[nodiscard]] std::string const& path() const { return path_; }
    void keep() {
        temporary_ = false;
        std::printf("the course of each world, and all logs, are in %s\n", path_.c_str());
    }

private:
    std::string path_;
    bool temporary_;
};

std::vector<Judged> judge_all(std::vector<Outcome> const& outcomes, std::string const& folder) {
    std::vector<Judged> judged;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        auto const& outcome = outcomes[i];
        if (!outcome.failure.empty()) std::printf("not ok - chaos: world %zu: %s\n", i + 1, outcome.failure.c_str());
        if (!outcome.history) continue;
        judged.push_back({static_cast<int>(i + 1), *outcome.history, judge(*outcome.history)});
        write_course(judged.back().history, judged.back().verdict, folder + "/course-w" + std::to_string(i + 1));
    }
    return judged;
}

bool finds_violations(std::vector<Judged> const& judged, Options const& options) {
    std::size_t found = 0;
    for (auto const& world : judged)
        for (auto const& violation : world.verdict.violations) found += violation.rule == options.expected ? 1 : 0;
    std::printf("%s - chaos: without the %s the judge finds %s of the rule \"%s\" (%zu)\n", found > 0 ? "ok" : "not ok",
                options.quarantine ? "fence" : "quarantine", found > 0 ? "violations" : "no violation", options.expected.c_str(), found);
    return found > 0;
}

int run(Options options) {
    options.programs = find_programs();
    if (options.programs.postgres_folder.empty()) {
        std::printf("skip - chaos: there is no PostgreSQL server under /usr/lib/postgresql\n");
        return 0;
    }
    std::printf("# --seed %llu\n", static_cast<unsigned long long>(options.seed));
    std::fflush(stdout);
    Folder folder{options.folder};
    options.folder = folder.path();
    Schedule schedule{options, kinds_of(options)};
    running = &schedule;
    auto const outcomes = run_worlds(options, schedule);
    running = nullptr;
    if (std::any_of(outcomes.begin(), outcomes.end(), [](auto const& outcome) { return outcome.interrupted; })) {
        std::printf("not ok - chaos: interrupted\n");
        return 1;
    }
    auto const judged = judge_all(outcomes, folder.path());
    bool const good = options.expected.empty() ? report(judged, options.verbose) == 0 : finds_violations(judged, options);
    bool const failed = !good || judged.size() < outcomes.size();
    if (failed || options.keep) folder.keep();
    return failed ? 1 : 0;
}

}  // namespace
}  // namespace groomer::chaos

int main(int argc, char** argv) {
    using namespace groomer::chaos;
    std::signal(SIGPIPE, SIG_IGN);
    for (int const number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, on_signal);
    if (argc == 2 && std::string_view{argv[1]} == "--test-judge") return test_judge() ? 0 : 1;
    try {
        auto options = parse({argv + 1, argv + argc});
        if (options.replica.empty()) options.replica = fs::read_symlink("/proc/self/exe").parent_path() / "chaos_replica";
        options.replica = fs::canonical(options.replica).string();
        return run(std::move(options));
    } catch (UsageError const& error) {
        std::fprintf(stderr, "%s\n%s", error.what(), usage);
        return 2;
    } catch (std::exception const& error) {
        std::printf("not ok - chaos: %s\n", error.what());
        return 1;
    }
}
