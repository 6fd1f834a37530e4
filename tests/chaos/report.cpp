#include "chaos/report.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>

namespace groomer::chaos {
namespace {

struct Rule {
    char const* name;
    char const* sentence;
};
constexpr Rule rules[]{
    {"one holder", "a row is taken from the living by nobody, and renewed and released by its holder alone"},
    {"rising terms", "terms rise with every hold, over promotions too"},
    {"care after a promotion", "a promoted standby's row is taken no sooner than a ttl after the last stamp before it"},
    {"fenced writes", "no write to groomer's tables was committed after the end of its term"},
    {"due once",
     "no tick ended twice for one due time, none began early or, left in peace, late, and each next one is due an interval after"},
    {"tracker writes in time", "no write to the tracker was begun in quarantine, or with less than its time left before the deadline"},
    {"tracker order", "no effect of an older term followed one of a newer"},
    {"no duplicates", "no effect happened twice"},
    {"model within a hold", "the model was asked by holders only, and not past their terms"},
    {"taken over in time", "a killed holder was replaced within its ttl + 0.2 s, and by itself where its container came back at once"},
    {"never stuck", "after every fault a hold finished"},
    {"nothing lost", "at the end every issue is as its last revision wants it"},
    {"no crash", "no replica ended by itself"},
    {"faults that strike", "what the faults lie in wait for comes, at least every other time"},
};

double quantile(std::vector<double> values, double share) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())))];
}

struct Sum {
    std::map<std::string, std::int64_t> counts;
    std::map<std::string, std::vector<double>> figures;
    std::map<std::string, int> rounds, struck;  // by fault
    std::map<std::string, std::vector<double>> took;
    int all_rounds = 0;
};

Sum sum_of(std::vector<Judged> const& worlds) {
    Sum sum;
    for (auto const& world : worlds) {
        for (auto const& [name, count] : world.verdict.counts) sum.counts[name] += count;
        for (auto const& [name, values] : world.verdict.figures)
            sum.figures[name].insert(sum.figures[name].end(), values.begin(), values.end());
        for (auto const& round : world.history.rounds) {
            ++sum.rounds[round.fault];
            sum.struck[round.fault] += round.struck ? 1 : 0;
            sum.took[round.fault].push_back(seconds(round.recovered - round.began));
            bool const fault = round.fault != "start" && round.fault != "end";
            sum.all_rounds += fault ? 1 : 0;
        }
    }
    return sum;
}

std::string fault_at(History const& history, Moment at) {
    std::string found = "?";
    for (auto const& round : history.rounds)
        if (round.began <= at) found = round.fault + (round.detail.empty() ? "" : " (" + round.detail + ")");
    return found;
}

std::string clock(Moment at) {
    auto const micros = at.time_since_epoch().count();
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%lld.%06lld", static_cast<long long>(micros / 1'000'000 % 100'000),
                  static_cast<long long>(micros % 1'000'000));
    return text.data();
}

void print_violations(std::vector<Judged> const& worlds, std::string const& rule, bool verbose) {
    constexpr int most = 5;
    int shown = 0;
    for (auto const& world : worlds)
        for (auto const& violation : world.verdict.violations) {
            if (violation.rule != rule || (!verbose && ++shown > most)) continue;
            std::printf("  world %d, %s, at %s: %s\n", world.world, fault_at(world.history, violation.at).c_str(),
                        clock(violation.at).c_str(), violation.sentence.c_str());
        }
}

// Below which a failure of such trials is, with 95 % confidence, where none of n failed: of those that disturbed somebody.
std::string share(int n) {
    if (n <= 3) return "-";
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%.2g", 3.0 / n);
    return text.data();
}

void print_tables(Sum const& sum) {
    std::printf("\n%-24s %6s %7s %7s %9s %9s\n", "rounds by fault", "n", "struck", "3/n", "p50 s", "longest");
    for (auto const& [fault, count] : sum.rounds)
        std::printf("%-24s %6d %7d %7s %9.2f %9.2f\n", fault.c_str(), count, sum.struck.at(fault), share(sum.struck.at(fault)).c_str(),
                    quantile(sum.took.at(fault), 0.5), quantile(sum.took.at(fault), 1));
    std::printf("\n");
    for (auto const& [name, count] : sum.counts) std::printf("%-56s %8lld\n", name.c_str(), static_cast<long long>(count));
    std::printf("\n%-40s %6s %9s %9s %9s\n", "figures, in seconds", "n", "p50", "p99", "longest");
    for (auto const& [name, values] : sum.figures)
        std::printf("%-40s %6zu %9.3f %9.3f %9.3f\n", name.c_str(), values.size(), quantile(values, 0.5), quantile(values, 0.99),
                    quantile(values, 1));
}

// Each kind that came must have disturbed somebody, in one world at least.
std::size_t report_strikes(std::vector<Judged> const& worlds) {
    std::vector<History const*> histories;
    for (auto const& world : worlds) histories.push_back(&world.history);
    auto const never = never_struck(histories);
    std::printf("%s - chaos: each kind of fault has disturbed a holder, or what it lay in wait for\n", never.empty() ? "ok" : "not ok");
    for (auto const& fault : never) std::printf("  %s never did\n", fault.c_str());
    return never.size();
}

// A promotion that loses nothing tries nothing. In a short run chance may have it so.
std::size_t report_losses(Sum const& sum) {
    constexpr int many = 8;
    auto const promotions = sum.counts.find("promotions");
    if (promotions == sum.counts.end() || promotions->second < many) return 0;
    bool const both = loses_both(sum.counts);
    std::printf("%s - chaos: of %lld promotions some have lost an acquire, and some a release\n", both ? "ok" : "not ok",
                static_cast<long long>(promotions->second));
    return both ? 0 : 1;
}

}  // namespace

std::size_t report(std::vector<Judged> const& worlds, bool verbose) {
    std::size_t all = 0;
    for (auto const& rule : rules) {
        std::size_t count = 0;
        for (auto const& world : worlds)
            count += static_cast<std::size_t>(std::count_if(world.verdict.violations.begin(), world.verdict.violations.end(),
                                                            [&](auto const& violation) { return violation.rule == rule.name; }));
        if (count == 0) std::printf("ok - chaos: %s\n", rule.sentence);
        else std::printf("not ok - chaos: %s: %zu violations\n", rule.sentence, count);
        print_violations(worlds, rule.name, verbose);
        all += count;
    }
    all += report_strikes(worlds);
    auto const sum = sum_of(worlds);
    all += report_losses(sum);
    print_tables(sum);
    if (all == 0 && sum.all_rounds > 0)
        std::printf("\n%d rounds without a violation: with 95 %% confidence fewer than %.3g of all such rounds have one (3/n)\n",
                    sum.all_rounds, 3.0 / sum.all_rounds);
    std::fflush(stdout);
    return all;
}

void write_course(History const& history, Verdict const& verdict, std::string const& path) {
    std::vector<std::pair<Moment, std::string>> lines;
    auto const add = [&](Moment at, std::string text) { lines.emplace_back(at, std::move(text)); };
    auto const maybe = [](std::optional<std::string> const& value) { return value.value_or("-"); };
    for (auto const& round : history.rounds) {
        add(round.began, "==== " + round.fault);
        add(round.cleared, "==== cleared " + round.fault + " " + round.detail);
        add(round.recovered, round.stuck ? "==== STUCK" : "==== recovered");
    }
    for (auto const& segment : history.segments) {
        for (auto const& event : segment.locks)
            add(event.at, "row " + segment.timeline + " " + event.lock + " " + event.op + " " + event.pod + " " + maybe(event.old_token) +
                              " -> " + (event.old_token == event.new_token ? "renewed" : maybe(event.new_token)) +
                              (event.old_stamp ? " stamp of " + clock(*event.old_stamp) : ""));
        for (auto const& event : segment.states)
            add(event.at, "state " + event.lock + " " + event.pod + " " + maybe(event.new_token) + " due " + clock(event.old_due) + " -> " +
                              clock(event.new_due) + " quarantine " + clock(event.quarantine_until) +
                              (event.ended.empty() ? "" : " " + event.ended) + (event.requested ? " requested" : "") + " failures " +
                              std::to_string(event.failures));
        for (auto const& write : segment.writes)
            add(write.at, "write " + write.table + " " + write.op + " " + std::to_string(write.rows) + " " + write.pod + " " +
                              write.token.substr(0, 24) +
                              (!write.fenced   ? ""
                               : write.current ? " fenced"
                                               : " fenced STALE") +
                              " committed " + clock(write.committed));
    }
    for (auto const& write : history.tracker) {
        auto const what = write.op + " " + write.label + " issue " + std::to_string(write.issue) + " term " + std::to_string(write.term) +
                          " " + write.pod + " #" + std::to_string(write.connection);
        add(write.received, "tracker got " + what + " checked " + clock(write.checked) + (write.refused ? " refused" : ""));
        if (write.cut && !write.answered) add(*write.cut, "tracker cut " + what);
        if (write.effect)
            add(*write.effect, "tracker EFFECT " + what + " revision " + std::to_string(write.revision) +
                                   (write.changed ? "" : " NO CHANGE") + (write.answered ? "" : " unanswered"));
    }
    for (auto const& request : history.model) {
        auto const what = "issue " + std::to_string(request.issue) + " revision " + std::to_string(request.revision) + " " + request.pod;
        add(request.received, "model asked " + what);
        if (request.cut) add(*request.cut, "model cut " + what);
    }
    for (auto const& instance : history.instances) {
        add(instance.started, "started " + instance.pod);
        if (instance.died)
            add(*instance.died, (instance.killed ? "killed " : "ended ") + instance.pod + " status " + std::to_string(instance.status));
    }
    for (auto const& pause : history.pauses) {
        add(pause.from, "paused " + pause.pod);
        add(pause.to, "resumed " + pause.pod);
    }
    for (auto const& violation : verdict.violations) add(violation.at, "VIOLATION " + violation.rule + ": " + violation.sentence);
    std::stable_sort(lines.begin(), lines.end(), [](auto const& a, auto const& b) { return a.first < b.first; });
    std::ofstream out{path};
    for (auto const& [at, text] : lines) out << clock(at) << ' ' << text << '\n';
}

}  // namespace groomer::chaos
