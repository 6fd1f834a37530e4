#include "metrics/metrics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace groomer::metrics {
namespace {

using namespace std::chrono_literals;

Options two_locks_three_repos() {
    return {.version = "1.2.3",
            .revision = "abc",
            .compiler = "g++ 12",
            .libpq = "15.8",
            .locks = {"groomer", "global"},
            .repos = {"o/a", "o/b", "o/c"},
            .families = {"type", "priority", "status"},
            .secrets = {"database.password"}};
}

struct Line {
    std::string name, labels;
    double value = 0;
};

struct Exposition {
    std::vector<Line> lines;
    std::map<std::string, std::string> types;  // by family
    std::string fault;                         // what breaks the format, if anything does
};

std::string family_of(std::string const& name, std::map<std::string, std::string> const& types) {
    for (std::string suffix : {"_bucket", "_sum", "_count"}) {
        if (!name.ends_with(suffix)) continue;
        std::string family = name.substr(0, name.size() - suffix.size());
        if (auto type = types.find(family); type != types.end() && type->second == "histogram") return family;
    }
    return name;
}

// name{label="value",…} number; nothing where the line is not that.
std::optional<Line> parse_sample(std::string const& text) {
    auto const word = [&](std::size_t from) { return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", from); };
    Line line;
    std::size_t at = word(0);
    if (at == 0 || at == text.npos) return std::nullopt;
    line.name = text.substr(0, at);
    if (text[at] == '{') {
        std::size_t const begin = at;
        do {
            std::size_t const equals = word(at + 1);
            if (equals == at + 1 || equals == text.npos || text.compare(equals, 2, "=\"") != 0) return std::nullopt;
            at = equals + 2;
            while (at < text.size() && text[at] != '"') {
                if (text[at] == '\\' && (at + 1 == text.size() || !std::strchr("\\\"n", text[at + 1]))) return std::nullopt;
                at += text[at] == '\\' ? 2 : 1;
            }
            if (++at >= text.size()) return std::nullopt;
        } while (text[at] == ',');
        if (text[at++] != '}') return std::nullopt;
        line.labels = text.substr(begin, at - begin);
    }
    if (at + 1 >= text.size() || text[at] != ' ') return std::nullopt;
    char* end = nullptr;
    line.value = std::strtod(text.c_str() + at + 1, &end);
    if (*end != '\0' || !std::isfinite(line.value)) return std::nullopt;
    return line;
}

// The text format, strictly: HELP and TYPE once a family and before its samples, a family in one piece, no sample twice,
// every value a finite number.
Exposition parse(std::string const& text) {
    Exposition out;
    std::istringstream in{text};
    std::set<std::string> helped, samples;
    std::string current;
    for (std::string line; std::getline(in, line);) {
        std::istringstream words{line};
        std::string hash, keyword, name, type;
        words >> hash >> keyword >> name >> type;
        if (line.starts_with("# HELP ")) {
            current = name;
            if (type.empty() || !helped.insert(name).second) out.fault = "second or empty " + line;
        } else if (line.starts_with("# TYPE ")) {
            bool const known = type == "counter" || type == "gauge" || type == "histogram";
            if (!known || name != current || !out.types.emplace(name, type).second) out.fault = "misplaced " + line;
        } else if (auto sample = parse_sample(line)) {
            if (family_of(sample->name, out.types) != current || !out.types.contains(current)) out.fault = "stray " + line;
            if (!samples.insert(sample->name + sample->labels).second) out.fault = "repeated " + line;
            out.lines.push_back(*sample);
        } else {
            out.fault = "not understood: " + line;
        }
    }
    return out;
}

std::optional<double> value_of(Metrics const& metrics, std::string const& series) {
    for (Line const& line : parse(metrics.expose()).lines) {
        if (line.name + line.labels == series) return line.value;
    }
    return std::nullopt;
}

std::size_t count_of(Metrics const& metrics, std::string const& name) {
    std::size_t count = 0;
    for (Line const& line : parse(metrics.expose()).lines) count += line.name == name;
    return count;
}

TEST(Metrics, AreWellFormedTextAtTheStartAndAfterUse) {
    Metrics metrics{two_locks_three_repos()};
    EXPECT_EQ(parse(metrics.expose()).fault, "");
    metrics.issues_groomed_total("quote\"back\\slash\nline", "applied").increment();
    metrics.db_query_duration_seconds("claim").observe(3ms);
    metrics.set_backlog({{"o/a", 3, std::chrono::system_clock::now()}});
    metrics.set_config_hash("0123");
    EXPECT_EQ(parse(metrics.expose()).fault, "");
}

TEST(Metrics, OfAnIdleReplicaAreAtMostThreeHundredSeries) {
    Metrics metrics{two_locks_three_repos()};
    metrics.set_config_hash("0123");
    for (char const* query : {"lock.look", "lock.acquire", "sources"}) metrics.db_query_duration_seconds(query).observe(1ms);
    metrics.loop_lag_seconds().observe(1ms);
    EXPECT_LE(parse(metrics.expose()).lines.size(), 300u);
}

TEST(Metrics, StartAtZeroButForFactsAboutTheProcess) {
    Metrics metrics{two_locks_three_repos()};
    for (Line const& line : parse(metrics.expose()).lines) {
        if (line.name == "groomer_build_info" || line.name.starts_with("process_")) continue;
        bool const whole = line.name == "groomer_model_budget_remaining_ratio";  // nothing was spent
        EXPECT_EQ(line.value, whole ? 1 : 0) << line.name << line.labels;
    }
    EXPECT_EQ(value_of(metrics, R"(groomer_build_info{version="1.2.3",revision="abc",compiler="g++ 12",libpq="15.8"})"), 1);
}

TEST(Metrics, HaveEveryLabelSetFromTheStart) {
    Metrics metrics{two_locks_three_repos()};
    std::map<std::string, std::size_t> const expected{{"groomer_lock_held", 2},
                                                      {"groomer_lock_term", 2},
                                                      {"groomer_lock_ttl_seconds", 2},
                                                      {"groomer_tick_interval_seconds", 2},
                                                      {"groomer_lock_acquisitions_total", 8},
                                                      {"groomer_lock_contention_total", 2},
                                                      {"groomer_lock_errors_total", 10},
                                                      {"groomer_lock_acquire_duration_seconds_count", 2},
                                                      {"groomer_lock_renew_duration_seconds_count", 2},
                                                      {"groomer_lock_hold_seconds_count", 2},
                                                      {"groomer_lock_wait_seconds_count", 2},
                                                      {"groomer_lock_renewals_total", 6},
                                                      {"groomer_lock_lease_margin_seconds_count", 2},
                                                      {"groomer_lock_lost_total", 6},
                                                      {"groomer_lock_handover_seconds_count", 6},
                                                      {"groomer_fenced_writes_total", 2},
                                                      {"groomer_ticks_total", 8},
                                                      {"groomer_tick_duration_seconds_count", 2},
                                                      {"groomer_tick_last_success_timestamp_seconds", 2},
                                                      {"groomer_issues_groomed_total", 21},
                                                      {"groomer_decisions_total", 45},
                                                      {"groomer_human_overrides_total", 3},
                                                      {"groomer_paused", 1},
                                                      {"groomer_issue_duration_seconds_count", 1},
                                                      {"groomer_tracker_requests_total", 8},
                                                      {"groomer_tracker_request_duration_seconds_count", 4},
                                                      {"groomer_model_budget_remaining_ratio", 2},
                                                      {"groomer_db_reconnects_total", 5},
                                                      {"groomer_db_schema_version", 1},
                                                      {"groomer_config_last_reload_successful", 1},
                                                      {"groomer_secret_reloads_total", 2},
                                                      {"groomer_loop_lag_seconds_count", 1},
                                                      {"groomer_build_info", 1},
                                                      {"process_cpu_seconds_total", 1},
                                                      {"process_start_time_seconds", 1},
                                                      {"process_virtual_memory_bytes", 1},
                                                      {"process_resident_memory_bytes", 1},
                                                      {"process_open_fds", 1},
                                                      {"process_max_fds", 1}};
    std::map<std::string, std::size_t> found;
    for (Line const& line : parse(metrics.expose()).lines) {
        if (!line.name.ends_with("_bucket") && !line.name.ends_with("_sum")) ++found[line.name];
    }
    EXPECT_EQ(found, expected);
}

TEST(Metrics, AreNamedAsPrometheusExpects) {
    Metrics metrics{two_locks_three_repos()};
    Exposition const exposition = parse(metrics.expose());
    std::set<std::string> const units{"seconds", "bytes",   "info",       "fds",  "held",   "term",
                                      "issues",  "version", "successful", "hash", "paused", "ratio"};
    for (auto const& [name, type] : exposition.types) {
        EXPECT_TRUE(name.starts_with("groomer_") || name.starts_with("process_")) << name;
        EXPECT_EQ(name.ends_with("_total"), type == "counter") << name;
        EXPECT_TRUE(type != "histogram" || name.ends_with("_seconds")) << name;
        EXPECT_TRUE(type != "gauge" || units.contains(name.substr(name.rfind('_') + 1))) << name;
    }
}

TEST(Metrics, OfLanguageModelsAreThereFromTheStartWhereTheyAreConfigured) {
    auto options = two_locks_three_repos();
    options.providers = {"openai"};
    options.models = {"m-1"};
    Metrics metrics{options};
    EXPECT_EQ(value_of(metrics, R"(groomer_model_requests_total{code="429",model="m-1",provider="openai"})"), 0);
    EXPECT_EQ(value_of(metrics, R"(groomer_model_invalid_responses_total{model="m-1",provider="openai",reason="label"})"), 0);
    EXPECT_LE(parse(metrics.expose()).lines.size(), 400U);
}

TEST(Metrics, CountUnderTheirLabels) {
    Metrics metrics{two_locks_three_repos()};
    metrics.lock_acquisitions_total("groomer", "free").increment();
    metrics.lock_acquisitions_total("groomer", "free").increment(2);
    metrics.lock_ttl_seconds("groomer").set(1500ms);
    EXPECT_EQ(value_of(metrics, R"(groomer_lock_acquisitions_total{how="free",lock="groomer"})"), 3);
    EXPECT_EQ(value_of(metrics, R"(groomer_lock_acquisitions_total{how="free",lock="global"})"), 0);
    EXPECT_EQ(value_of(metrics, R"(groomer_lock_ttl_seconds{lock="groomer"})"), 1.5);
}

TEST(Metrics, ShowFiniteBucketsOnceSomethingWasObservedAndThoseOfHandoversAlways) {
    Metrics metrics{two_locks_three_repos()};
    EXPECT_EQ(count_of(metrics, "groomer_lock_hold_seconds_bucket"), 2u);
    EXPECT_EQ(value_of(metrics, R"(groomer_lock_hold_seconds_bucket{lock="groomer",le="+Inf"})"), 0);
    EXPECT_EQ(value_of(metrics, R"(groomer_lock_handover_seconds_bucket{kind="expired",lock="global",le="5.2"})"), 0);
    metrics.lock_hold_seconds("groomer").observe(20ms);
    EXPECT_EQ(value_of(metrics, R"(groomer_lock_hold_seconds_bucket{lock="groomer",le="0.01"})"), 0);
    EXPECT_EQ(value_of(metrics, R"(groomer_lock_hold_seconds_bucket{lock="groomer",le="0.03"})"), 1);
    EXPECT_EQ(value_of(metrics, R"(groomer_lock_hold_seconds_sum{lock="groomer"})"), 0.02);
    EXPECT_EQ(value_of(metrics, R"(groomer_lock_hold_seconds_bucket{lock="global",le="0.03"})"), std::nullopt);
}

TEST(Metrics, CapRepositoriesAndQueriesAndCountTheRestAsOther) {
    Metrics metrics{two_locks_three_repos()};
    for (int i = 0; i < 500; ++i) {
        metrics.issues_groomed_total("many/" + std::to_string(i), "noop").increment();
        metrics.db_query_duration_seconds("query_" + std::to_string(i)).observe(1ms);
    }
    EXPECT_EQ(value_of(metrics, R"(groomer_issues_groomed_total{outcome="noop",repo="other"})"), 500 - 197);
    EXPECT_EQ(value_of(metrics, R"(groomer_issues_groomed_total{outcome="noop",repo="many/196"})"), 1);
    EXPECT_EQ(count_of(metrics, "groomer_db_query_duration_seconds_count"), 101u);
    EXPECT_EQ(value_of(metrics, R"(groomer_db_query_duration_seconds_count{query="other"})"), 400);
}

TEST(Metrics, OfARepositoryBeginAtZeroOnceItIsKnown) {
    Metrics metrics{two_locks_three_repos()};
    EXPECT_EQ(value_of(metrics, R"(groomer_issues_groomed_total{outcome="partial",repo="new/one"})"), std::nullopt);
    metrics.know_repository("new/one");
    for (char const* outcome : {"applied", "noop", "abstained", "planned", "partial", "failed", "stale"})
        EXPECT_EQ(value_of(metrics, "groomer_issues_groomed_total{outcome=\"" + std::string{outcome} + "\",repo=\"new/one\"}"), 0);
}

TEST(Metrics, TakeOnlyTwoHundredOfTheRepositoriesGivenAtTheStart) {
    Options options = two_locks_three_repos();
    for (int i = 0; i < 500; ++i) options.repos.push_back("many/" + std::to_string(i));
    Metrics metrics{options};
    EXPECT_EQ(count_of(metrics, "groomer_issues_groomed_total"), 200u * 7);
    metrics.set_backlog({{"many/400", 1, {}}, {"many/401", 2, {}}, {"o/a", 5, {}}});
    EXPECT_EQ(value_of(metrics, R"(groomer_backlog_issues{repo="other"})"), 3);
    EXPECT_EQ(value_of(metrics, R"(groomer_backlog_issues{repo="o/a"})"), 5);
}

TEST(Metrics, CountAValueOutsideAFixedListAsOther) {
    Metrics metrics{two_locks_three_repos()};
    metrics.lock_lost_total("groomer", "no such cause").increment();
    EXPECT_EQ(value_of(metrics, R"(groomer_lock_lost_total{cause="other",lock="groomer"})"), 1);
}

TEST(Metrics, NeverShowAValueThatIsNotANumberOrATimeBelowZero) {
    Metrics metrics{two_locks_three_repos()};
    double const nan = std::numeric_limits<double>::quiet_NaN();
    metrics.lock_term("groomer").set(7);
    metrics.lock_term("groomer").set(nan);
    metrics.issue_duration_seconds().observe(std::chrono::duration<double>{nan});
    metrics.issue_duration_seconds().observe(-1s);
    metrics.ticks_total("groom", "done").increment(nan);
    EXPECT_EQ(value_of(metrics, R"(groomer_lock_term{lock="groomer"})"), 7);
    EXPECT_EQ(value_of(metrics, "groomer_issue_duration_seconds_count"), 1);
    EXPECT_EQ(value_of(metrics, "groomer_issue_duration_seconds_sum"), 0);
    EXPECT_EQ(value_of(metrics, R"(groomer_ticks_total{job="groom",outcome="done"})"), 0);
}

TEST(Metrics, AskAtEachScrapeWhetherTheLockIsHeld) {
    Metrics metrics{two_locks_three_repos()};
    bool may_act = true;
    metrics.set_lock_held_probe("groomer", [&] { return may_act; });
    EXPECT_EQ(value_of(metrics, R"(groomer_lock_held{lock="groomer"})"), 1);
    EXPECT_EQ(value_of(metrics, R"(groomer_lock_held{lock="global"})"), 0);
    may_act = false;
    EXPECT_EQ(value_of(metrics, R"(groomer_lock_held{lock="groomer"})"), 0);
    may_act = true;
    metrics.set_lock_held_probe("groomer", {});
    EXPECT_EQ(value_of(metrics, R"(groomer_lock_held{lock="groomer"})"), 0);
}

TEST(Metrics, ShowTheBacklogAndTheBudgetUntilAnotherReplicaTicks) {
    Metrics metrics{two_locks_three_repos()};
    EXPECT_EQ(count_of(metrics, "groomer_backlog_issues"), 0u);
    auto const oldest = std::chrono::system_clock::time_point{1000s};
    metrics.set_backlog({{"o/a", 3, oldest}, {"o/b", 0, {}}});
    EXPECT_EQ(value_of(metrics, R"(groomer_backlog_issues{repo="o/a"})"), 3);
    EXPECT_EQ(value_of(metrics, R"(groomer_backlog_oldest_timestamp_seconds{repo="o/a"})"), 1000);
    EXPECT_EQ(value_of(metrics, R"(groomer_backlog_oldest_timestamp_seconds{repo="o/b"})"), 0);
    metrics.model_budget_remaining_ratio("day").set(0.02);
    metrics.stand_back();
    EXPECT_EQ(value_of(metrics, R"(groomer_model_budget_remaining_ratio{window="day"})"), 1);
    EXPECT_EQ(count_of(metrics, "groomer_backlog_issues"), 0u);
}

TEST(Metrics, NameTheConfigurationInForceByItsHash) {
    Metrics metrics{two_locks_three_repos()};
    metrics.set_config_hash("old");
    metrics.set_config_hash("new");
    EXPECT_EQ(value_of(metrics, R"(groomer_config_hash{hash="new"})"), 1);
    EXPECT_EQ(count_of(metrics, "groomer_config_hash"), 1u);
}

TEST(Metrics, MeasureThisProcess) {
    Metrics metrics{two_locks_three_repos()};
    EXPECT_GT(value_of(metrics, "process_resident_memory_bytes").value_or(0), 100'000);
    EXPECT_GT(value_of(metrics, "process_virtual_memory_bytes").value_or(0), 100'000);
    EXPECT_GE(value_of(metrics, "process_open_fds").value_or(0), 3);
    EXPECT_GE(value_of(metrics, "process_max_fds").value_or(0), value_of(metrics, "process_open_fds").value_or(0));
    EXPECT_GE(value_of(metrics, "process_cpu_seconds_total").value_or(-1), 0);
    double const now = std::chrono::duration<double>{std::chrono::system_clock::now().time_since_epoch()}.count();
    double const age = now - value_of(metrics, "process_start_time_seconds").value_or(0);
    EXPECT_GT(age, -2);
    EXPECT_LT(age, 3600);
}

TEST(Metrics, MayBeUsedFromManyThreadsWhileTheyAreScraped) {
    Metrics metrics{two_locks_three_repos()};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back([&metrics, t] {
            for (int i = 0; i < 300; ++i) {
                metrics.lock_renewals_total("groomer", "ok").increment();
                metrics.issues_groomed_total("r/" + std::to_string(i % 50 + t), "noop").increment();
                metrics.set_backlog({{"o/a", 1, {}}});
                metrics.set_lock_held_probe("groomer", [] { return true; });
            }
        });
    }
    for (int i = 0; i < 20; ++i) EXPECT_EQ(parse(metrics.expose()).fault, "");
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(value_of(metrics, R"(groomer_lock_renewals_total{lock="groomer",result="ok"})"), 900);
}

TEST(Metrics, AreDocumentedAsTheyAreDefined) {
    Metrics metrics{Options{}};
    std::string const path = std::string{GROOMER_SOURCE_DIR} + "/docs/metrics.md";
    if (std::getenv("GROOMER_UPDATE_DOCS")) std::ofstream{path} << metrics.reference();
    std::ostringstream page;
    page << std::ifstream{path}.rdbuf();
    EXPECT_EQ(page.str(), metrics.reference()) << "run this test with GROOMER_UPDATE_DOCS=1";
}

}  // namespace
}  // namespace groomer::metrics
