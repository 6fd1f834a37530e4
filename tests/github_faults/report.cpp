#include "github_faults/report.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>

namespace groomer::github_faults {
namespace {

constexpr std::size_t all_must_strike_from = 64;  // rounds

struct Sum {
    std::size_t rounds = 0, writers_rounds = 0;
    std::map<std::string, std::pair<std::size_t, std::size_t>> faults;  // struck, drawn
    std::map<std::string, std::int64_t> counts;
    double longest = 0;
};

double seconds(Round const& round) { return static_cast<double>((round.ended - round.began).count()) / 1e6; }

Sum sum_of(std::vector<Judged> const& worlds) {
    Sum sum;
    for (auto const& world : worlds) {
        for (auto const& round : world.history.rounds) {
            ++sum.rounds;
            sum.writers_rounds += world.history.writers ? 1 : 0;
            sum.longest = std::max(sum.longest, seconds(round));
            for (auto const& fault : round.faults) ++sum.faults[fault].second;
            for (auto const& fault : round.struck) ++sum.faults[fault].first;
        }
        for (auto const& [name, count] : world.verdict.counts) {
            auto& all = sum.counts[name];
            all = name.ends_with("at most") ? std::max(all, count) : all + count;
        }
    }
    return sum;
}

std::string round_at(History const& history, Moment at) {
    for (auto const& round : history.rounds) {
        if (at < round.began || at > round.ended) continue;
        std::string out = "round " + std::to_string(round.number) + " (";
        for (auto const& fault : round.faults) out += (out.ends_with("(") ? "" : " + ") + fault;
        return out + ")";
    }
    return "before the first round";
}

std::size_t print_rule(std::vector<Judged> const& worlds, Rule const& rule) {
    constexpr std::size_t most = 8;
    std::size_t found = 0;
    std::string lines;
    for (auto const& world : worlds)
        for (auto const& violation : world.verdict.violations) {
            if (violation.rule != rule.name || ++found > most) continue;
            lines +=
                "  world " + std::to_string(world.world) + ", " + round_at(world.history, violation.at) + ": " + violation.sentence + "\n";
        }
    if (found == 0) std::printf("ok - github: %s\n", rule.sentence);
    else std::printf("not ok - github: %s: %zu violations\n%s", rule.sentence, found, lines.c_str());
    return found;
}

// A fault that never struck proves nothing.
std::size_t print_faults(Sum const& sum, std::vector<std::string> const& kinds) {
    std::string never;
    std::size_t missing = 0;
    for (auto const& kind : kinds) {
        auto const found = sum.faults.find(kind);
        if (found != sum.faults.end() && found->second.first > 0) continue;
        never += (never.empty() ? "" : ", ") + kind;
        ++missing;
    }
    bool const must = sum.rounds >= all_must_strike_from;
    if (missing == 0) std::printf("ok - github: every fault struck\n");
    else if (must) std::printf("not ok - github: these faults never struck: %s\n", never.c_str());
    else std::printf("# of so few rounds it is not asked that every fault strikes; these did not: %s\n", never.c_str());
    std::printf("\n%-32s %8s %8s\n", "faults", "struck", "drawn");
    for (auto const& [name, times] : sum.faults) std::printf("%-32s %8zu %8zu\n", name.c_str(), times.first, times.second);
    return must ? missing : 0;
}

}  // namespace

std::size_t report(std::vector<Judged> const& worlds, std::vector<std::string> const& kinds) {
    auto const sum = sum_of(worlds);
    std::size_t wrong = 0;
    for (auto const& rule : rules()) wrong += print_rule(worlds, rule);
    wrong += print_faults(sum, kinds);
    std::printf("\n%-72s %8zu\n%-72s %8zu\n%-72s %8.1f\n", "rounds", sum.rounds, "of these, of the tracker's writes alone",
                sum.writers_rounds, "longest round, s", sum.longest);
    for (auto const& [name, count] : sum.counts) std::printf("%-72s %8lld\n", name.c_str(), static_cast<long long>(count));
    if (wrong == 0 && sum.rounds > 0)
        std::printf("\n%zu rounds without a violation: with 95 %% confidence fewer than %.3g of all such rounds have one (3/n)\n",
                    sum.rounds, 3.0 / static_cast<double>(sum.rounds));
    std::fflush(stdout);
    return wrong;
}

void write_course(Judged const& world, std::string const& path) {
    std::multimap<Moment, std::string> lines;
    std::map<std::string, std::string> effects;
    for (auto const& effect : world.history.effects) {
        auto const text = effect.repository + "#" + std::to_string(effect.issue) + " " + effect.what + " " + effect.label;
        effects[effect.ours ? effect.request : "people"] +=
            "\n      " + std::to_string(effect.place) + " " + text + (effect.term ? " term " + std::to_string(effect.term) : "");
    }
    for (auto const& request : world.history.requests) {
        auto text = "process " + std::to_string(request.process) + " " + request.id + " " + request.method + " " + request.target + " " +
                    request.body + " -> " + std::to_string(request.status) + (request.struck ? " STRUCK" : "") + " ended " +
                    std::to_string((request.ended - request.arrived).count() / 1000) + " ms later; effects seen " +
                    std::to_string(request.seen);
        if (auto const found = effects.find(request.id); found != effects.end()) text += found->second;
        lines.emplace(request.arrived, text);
    }
    for (auto const& round : world.history.rounds) {
        std::string faults;
        for (auto const& fault : round.faults) faults += " [" + fault + "]";
        lines.emplace(round.began, "==== round " + std::to_string(round.number) + faults);
        lines.emplace(round.ended, "==== at rest");
    }
    for (auto const& violation : world.verdict.violations)
        lines.emplace(violation.at, "VIOLATION " + violation.rule + ": " + violation.sentence);
    std::ofstream file{path};
    for (auto const& [moment, text] : lines) file << moment.time_since_epoch().count() << " " << text << "\n";
    file << "of people:" << effects["people"] << "\n";
}

}  // namespace groomer::github_faults
