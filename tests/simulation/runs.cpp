#include "simulation/runs.hpp"

#include "simulation/mutants.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace groomer::simulation {
namespace {

constexpr std::uint64_t seeds_for_a_mutant = 4000;
constexpr std::uint64_t seeds_for_every_fault = 1000;  // in which each kind of fault occurs
constexpr std::uint64_t seeds_between_reports = 50'000;
constexpr std::size_t most_shown = 5;  // failing seeds of a family

metrics::Options metric_options() { return {"0", "0", "0", "0", {lock_name}, {}, {}, {}}; }

// Four of ten worlds have everything at once.
Family family_of(std::uint64_t seed) {
    constexpr std::array<std::size_t, 10> turns{0, 1, 2, 3, 4, 5, 6, 6, 6, 6};
    return families[turns[seed % turns.size()]];
}

char const* text(std::string_view view) { return view.data(); }

struct Result {
    std::uint64_t worlds = 0;
    std::uint64_t violations = 0;
    std::vector<std::pair<std::uint64_t, Violation>> shown;
};

class Sum {
public:
    explicit Sum(std::uint64_t seeds) : seeds_{seeds} {}
    void add(std::uint64_t seed, Family family, Scene const& scene, std::optional<Violation> violation) {
        std::lock_guard const guard{mutex_};
        counts.add(scene.counts());
        auto& result = results[family];
        ++result.worlds;
        if (violation) {
            ++violations_;
            ++result.violations;
            result.shown.emplace_back(seed, std::move(*violation));
        }
        if (++worlds_ % seeds_between_reports == 0)
            std::fprintf(stderr, "# %" PRIu64 " of %" PRIu64 " worlds, %" PRIu64 " of them with a violation\n", worlds_, seeds_,
                         violations_);
    }
    std::map<Family, Result> results;
    Counts counts;

private:
    std::uint64_t const seeds_;
    std::uint64_t worlds_ = 0, violations_ = 0;
    std::mutex mutex_;  // protects all but the first
};

// In as many threads, each with the next number until `end`; `work` says false to end them all.
void in_parallel(unsigned jobs, std::uint64_t first, std::uint64_t end, std::function<bool(std::uint64_t, metrics::Metrics&)> const& work) {
    std::atomic<std::uint64_t> next{first};
    auto const body = [&] {
        metrics::Metrics metrics{metric_options()};
        for (auto number = next++; number < end; number = next++)
            if (!work(number, metrics)) next = end;
    };
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < jobs; ++i) threads.emplace_back(body);
    body();
    for (auto& thread : threads) thread.join();
}

void print(Family family, Result& result) {
    auto const* const title = text(name(family));
    std::printf("%s - %s: %" PRIu64 " worlds\n", result.violations == 0 ? "ok" : "not ok", title, result.worlds);
    std::sort(result.shown.begin(), result.shown.end(), [](auto const& a, auto const& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < std::min(result.shown.size(), most_shown); ++i) {
        auto const& [seed, violation] = result.shown[i];
        std::printf("#   %s: %s\n#   again, with its story: simulation --seed %" PRIu64 " --family %s\n", violation.judge.c_str(),
                    violation.what.c_str(), seed, title);
    }
    if (result.violations > most_shown) std::printf("#   and %" PRIu64 " more\n", result.violations - most_shown);
}

void print_line(char const* title, Counts const& counts, Event first, Event last) {
    std::printf("# %s:", title);
    for (auto i = static_cast<std::size_t>(first); i <= static_cast<std::size_t>(last); ++i) {
        auto const event = static_cast<Event>(i);
        std::printf("%s %" PRIu64 " %s", event == first ? "" : ",", counts.of(event), text(name(event)));
    }
    std::printf("\n");
}

void print(Counts const& counts) {
    print_line("holds", counts, Event::taken_free, Event::lost_race);
    print_line("their ends", counts, Event::released_finished, Event::lost_fenced);
    print_line("writes", counts, Event::fenced_write, Event::quarantine);
    print_line("network", counts, Event::lost_request, Event::client_gave_up);
    print_line("processes", counts, Event::crash, Event::hang);
    print_line("database", counts, Event::slow_commit, Event::lock_timeout);
    print_line("and", counts, Event::step_forward, Event::failover_lost_renewal);
    print_line("others", counts, Event::foreign_hold, Event::slow_effect);
    print_line("not guaranteed", counts, Event::late_send, Event::rerun_after_lost_release);
    print_line("excused", counts, Event::excused_third_party, Event::excused_early_tick);
}

bool every_fault_occurred(Counts const& counts) {
    std::string missing;
    for (auto i = static_cast<std::size_t>(first_fault); i <= static_cast<std::size_t>(last_fault); ++i)
        if (counts.of(static_cast<Event>(i)) == 0) missing.append(missing.empty() ? "" : ", ").append(name(static_cast<Event>(i)));
    if (missing.empty()) std::printf("ok - every kind of fault occurred\n");
    else std::printf("not ok - every kind of fault occurred: there were no %s\n", missing.c_str());
    return missing.empty();
}

std::string story_of(std::uint64_t seed, Family family, metrics::Metrics& metrics) {
    std::string story;
    Scene scene{seed, family, {}, metrics, &story};
    auto const violation = scene.run();
    return story + (violation ? violation->judge + violation->what : "");
}

// A failing seed is of use only if it fails again.
bool same_twice(std::uint64_t first) {
    metrics::Metrics metrics{metric_options()};
    std::map<std::uint64_t, std::string> stories;
    bool same = true;
    constexpr std::uint64_t count = 10;
    for (auto seed = first; seed < first + count; ++seed) stories[seed] = story_of(seed, family_of(seed), metrics);
    for (auto seed = first + count; seed-- > first;) same = stories[seed] == story_of(seed, family_of(seed), metrics) && same;
    std::printf("%s - a seed tells the same story twice, byte for byte\n", same ? "ok" : "not ok");
    return same;
}

Mutant const* find_mutant(std::string const& wanted) {
    for (auto const& mutant : mutants())
        if (mutant.name == wanted) return &mutant;
    return nullptr;
}

struct Found {
    std::uint64_t seed = 0;
    Violation violation;
};

// The first seed at which its judge is the first to object to the mutant, and none to the product.
std::optional<Found> find(Mutant const& mutant, metrics::Metrics& metrics) {
    for (auto seed = mutant.first; seed < mutant.first + seeds_for_a_mutant; ++seed) {
        Scene scene{seed, mutant.family, mutant.mutation, metrics, nullptr};
        auto violation = scene.run();
        if (!violation || violation->judge != mutant.judge) continue;
        Scene product{seed, mutant.family, {}, metrics, nullptr};
        if (!product.run()) return Found{seed, std::move(*violation)};
    }
    return std::nullopt;
}

}  // namespace

bool run_seeds(Options const& options) {
    auto const seeds = options.seeds.value_or(10'000);
    auto const began = std::chrono::steady_clock::now();
    Sum sum{seeds};
    auto const* const mutant = find_mutant(options.mutant);
    in_parallel(options.jobs, options.first, options.first + seeds, [&](std::uint64_t seed, metrics::Metrics& metrics) {
        auto const family = options.family.value_or(mutant ? mutant->family : family_of(seed));
        Scene scene{seed, family, mutant ? mutant->mutation : Mutation{}, metrics, nullptr};
        auto violation = scene.run();
        sum.add(seed, family, scene, std::move(violation));
        return true;
    });
    std::chrono::duration<double> const took = std::chrono::steady_clock::now() - began;
    bool good = true;
    for (auto& [family, result] : sum.results) {
        print(family, result);
        good = good && result.violations == 0;
    }
    if (seeds >= seeds_for_every_fault && !options.family && !mutant) good = every_fault_occurred(sum.counts) && good;
    if (!mutant) good = same_twice(options.first) && good;
    print(sum.counts);
    std::printf("# %" PRIu64 " seeds in %.1f s\n", seeds, took.count());
    return good;
}

bool run_one(Options const& options) {
    auto const* const mutant = find_mutant(options.mutant);
    auto const family = options.family.value_or(mutant ? mutant->family : family_of(*options.seed));
    metrics::Metrics metrics{metric_options()};
    std::string story;
    Scene scene{*options.seed, family, mutant ? mutant->mutation : Mutation{}, metrics, &story};
    auto const violation = scene.run();
    std::fputs(story.c_str(), stdout);
    if (violation) std::printf("not ok - seed %" PRIu64 ": %s: %s\n", *options.seed, violation->judge.c_str(), violation->what.c_str());
    else std::printf("ok - seed %" PRIu64 "\n", *options.seed);
    return !violation;
}

bool run_mutants(Options const& options) {
    std::vector<std::optional<Found>> found(mutants().size());
    in_parallel(options.jobs, 0, mutants().size(), [&](std::uint64_t number, metrics::Metrics& metrics) {
        found[number] = find(mutants()[number], metrics);
        return true;
    });
    bool good = true;
    for (std::size_t i = 0; i < found.size(); ++i) {
        auto const& mutant = mutants()[i];
        auto const* const title = text(mutant.name);
        if (found[i]) {
            std::printf("ok - mutant %s found by \"%s\" at seed %" PRIu64 " (%s)\n", title, found[i]->violation.judge.c_str(),
                        found[i]->seed, text(name(mutant.family)));
        } else {
            std::printf("not ok - mutant %s not found by \"%s\" in %" PRIu64 " worlds (%s)\n", title, text(mutant.judge),
                        seeds_for_a_mutant, text(name(mutant.family)));
        }
        good = good && found[i];
    }
    return good;
}

}  // namespace groomer::simulation
