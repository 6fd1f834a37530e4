// Rounds of faults between groomer and GitHub; README.md beside this file tells what is done and judged.
#include "github_faults/judge_test.hpp"
#include "github_faults/report.hpp"
#include "github_faults/schedule.hpp"
#include "github_faults/world.hpp"
#include "github_faults/writer.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace groomer::github_faults {
namespace {

namespace fs = std::filesystem;

constexpr char const* usage =
    "usage: github_faults [--rounds N] [--seed S] [--worlds N] [--writers SHARE] [--faults \"NAME;…\"] [--keep] [--verbose]\n"
    "       github_faults --test-judge\n"
    "  --rounds N       rounds of faults, of all worlds together (60)\n"
    "  --seed S         draws the same faults at the same points (random)\n"
    "  --worlds N       at a time; the last is of the tracker's writes alone (3)\n"
    "  --writers SHARE  of the rounds that the last world gets, in percent (30)\n"
    "  --faults \"NAME;…\"  only these\n"
    "  --without-settle the writers know of no late effects: there must be duplicate comments\n"
    "  --keep           the logs and courses, also where nothing is wrong\n"
    "GROOMER_TEST_DATABASE_URL names a PostgreSQL server, as tests/run starts one.\n";

struct Options {
    int rounds = 60, worlds = 3, writers = 30;
    std::uint64_t seed = std::random_device{}();
    std::set<std::string> faults;
    bool settle = true, keep = false, verbose = false;
};

struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::set<std::string> split(std::string const& text) {
    std::set<std::string> out;
    for (std::size_t begin = 0; begin <= text.size();) {
        auto const end = std::min(text.find(';', begin), text.size());
        out.insert(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return out;
}

Options parse(std::vector<std::string> const& words) {
    Options options;
    for (std::size_t i = 0; i < words.size(); ++i) {
        auto const& word = words[i];
        auto const value = [&] {
            if (i + 1 == words.size()) throw UsageError{word + " needs a value"};
            return words[++i];
        };
        auto const number = [&] {
            auto const text = value();
            if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) throw UsageError{word + " needs a number"};
            return std::stoull(text);
        };
        if (word == "--rounds") options.rounds = static_cast<int>(number());
        else if (word == "--seed") options.seed = number();
        else if (word == "--worlds") options.worlds = static_cast<int>(number());
        else if (word == "--writers") options.writers = static_cast<int>(number());
        else if (word == "--faults") options.faults = split(value());
        else if (word == "--without-settle") options.settle = false;
        else if (word == "--keep") options.keep = true;
        else if (word == "--verbose") options.verbose = true;
        else throw UsageError{"there is no option " + word};
    }
    if (options.rounds < 1 || options.worlds < 1 || options.writers > 100) throw UsageError{"a number is out of bounds"};
    for (auto const& name : options.faults) kind_named(name);
    return options;
}

Schedule* running = nullptr;
void on_signal(int) {
    if (running) running->interrupt();
}

struct Outcome {
    std::optional<History> history;
    std::string failure;
};

Outcome run_world(Options const& options, Schedule& schedule, int number, std::string const& folder) {
    Outcome outcome;
    try {
        WorldOptions its{number, options.seed * 1000 + static_cast<std::uint64_t>(number), folder + "/world-" + std::to_string(number)};
        its.app = number % 2 == 0;
        its.settle = options.settle;
        its.verbose = options.verbose;
        fs::create_directories(its.folder);
        bool const writers = options.writers > 0 && (number == options.worlds);
        auto const world = writers ? make_writers(its) : make_groomers(its);
        world->run(schedule);
        outcome.history = world->history();
    } catch (std::exception const& error) {
        outcome.failure = error.what();
        schedule.interrupt();
    }
    return outcome;
}

bool finds_duplicates(std::vector<Judged> const& judged) {
    std::size_t found = 0;
    for (auto const& world : judged)
        for (auto const& violation : world.verdict.violations) found += violation.rule == "no duplicate comments" ? 1 : 0;
    std::printf("%s - github: where late effects are not waited for, the judge finds duplicate comments (%zu)\n",
                found > 0 ? "ok" : "not ok", found);
    return found > 0;
}

std::vector<Judged> judge_all(std::vector<Outcome>& outcomes, std::string const& folder) {
    std::vector<Judged> judged;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        auto& outcome = outcomes[i];
        if (!outcome.failure.empty()) std::printf("not ok - github: world %zu: %s\n", i + 1, outcome.failure.c_str());
        if (!outcome.history) continue;
        auto verdict = judge(*outcome.history);
        judged.push_back({static_cast<int>(i + 1), std::move(*outcome.history), std::move(verdict)});
        write_course(judged.back(), folder + "/world-" + std::to_string(i + 1) + "/course");
    }
    return judged;
}

int run(Options const& options) {
    if (test::server_url().empty()) {
        std::printf("skip - github: GROOMER_TEST_DATABASE_URL names no server; tests/run starts one\n");
        return 0;
    }
    auto folder = (fs::temp_directory_path() / "groomer-github-faults.XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error{"cannot make " + folder};
    std::printf("# seed %llu\n", static_cast<unsigned long long>(options.seed));
    std::fflush(stdout);
    int const writers = options.rounds * options.writers / 100;
    Schedule schedule{options.rounds - writers, writers, options.seed, options.faults};
    running = &schedule;
    std::vector<Outcome> outcomes(static_cast<std::size_t>(options.worlds));
    std::vector<std::thread> threads;
    for (int i = 0; i < options.worlds; ++i)
        threads.emplace_back([&, i] { outcomes[static_cast<std::size_t>(i)] = run_world(options, schedule, i + 1, folder); });
    for (auto& thread : threads) thread.join();
    running = nullptr;
    auto const judged = judge_all(outcomes, folder);
    bool failed = judged.size() < outcomes.size();
    if (options.settle) failed = report(judged, schedule.kinds()) > 0 || failed;
    else failed = !finds_duplicates(judged) || failed;
    if (failed || options.keep) std::printf("the course of each world, and all logs, are in %s\n", folder.c_str());
    else fs::remove_all(folder);
    return failed ? 1 : 0;
}

}  // namespace
}  // namespace groomer::github_faults

int main(int argc, char** argv) {
    using namespace groomer::github_faults;
    std::vector<std::string> const words{argv + 1, argv + argc};
    try {
        if (words.size() == 2 && words[0] == "--writer") return run_writer(words[1]);
        if (words.size() == 1 && words[0] == "--test-judge") return test_judge() ? 0 : 1;
        if (words.size() == 1 && words[0] == "--help") {
            std::printf("%s", usage);
            for (auto const& kind : all_kinds()) std::printf("  %s\n", kind.name.c_str());
            return 0;
        }
        std::signal(SIGPIPE, SIG_IGN);
        for (int const number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, on_signal);
        return run(parse(words));
    } catch (UsageError const& error) {
        std::fprintf(stderr, "%s\n%s", error.what(), usage);
        return 2;
    } catch (std::exception const& error) {
        std::printf("not ok - github: %s\n", error.what());
        return 1;
    }
}
