#include "metrics/metrics.hpp"

#include "metrics/process.hpp"
#include "metrics/store.hpp"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <mutex>
#include <utility>

namespace groomer::metrics {
namespace {

using prometheus::MetricType;
using Labels = std::vector<LabelPtr>;
using Buckets = std::vector<double>;

// Bounds in seconds; the project's own goals are among them, so that they can be read off exactly.
Buckets const attempt_buckets{0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3, 0.8, 2, 10};
Buckets const margin_buckets{0.05, 0.1, 0.25, 0.5, 1, 2, 3, 4, 5, 10, 30, 60, 300};
Buckets const wait_buckets{0.005, 0.01, 0.03, 0.1, 0.3, 1, 4.3, 5.2, 10, 60, 600};
Buckets const handover_buckets{0.01, 0.03, 0.2, 1, 5.2};
Buckets const tick_buckets{0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 300, 600};
Buckets const issue_buckets{0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 30, 60, 120};
Buckets const tracker_buckets{0.001, 0.005, 0.02, 0.1, 0.3, 1, 3, 10};
Buckets const model_buckets{0.1, 0.5, 1, 2, 5, 10, 30, 60};
Buckets const query_buckets{0.0001, 0.0005, 0.002, 0.01, 0.05, 0.5, 5};
Buckets const lag_buckets{0.001, 0.005, 0.02, 0.1, 0.5, 2};

struct Endpoint {
    std::string name, method;
};
std::vector<Endpoint> endpoints() {
    std::string const repo = "/repos/{owner}/{repo}", issue = repo + "/issues/{issue_number}";
    return {{"file.read", "read"},
            {"file.changes", "read"},
            {"file.append", "write"},
            {"file.copy", "write"},
            {repo, "read"},
            {repo + "/installation", "read"},
            {repo + "/issues", "read"},
            {repo + "/labels", "read"},
            {issue, "read"},
            {issue + "/timeline", "read"},
            {issue + "/labels", "write"},
            {issue + "/labels/{name}", "write"},
            {issue + "/comments", "write"},
            {repo + "/issues/comments/{comment_id}", "write"},
            {"/user", "read"},
            {"/app", "read"}};
}
std::vector<std::string> const groom_outcomes{"applied", "noop", "abstained", "planned", "partial", "failed", "stale"};

std::vector<std::string> endpoint_names() {
    std::vector<std::string> names;
    names.reserve(endpoints().size());
    for (Endpoint const& endpoint : endpoints()) names.push_back(endpoint.name);
    return names;
}

LabelPtr fixed(std::string name, std::initializer_list<std::string> values) { return std::make_shared<Label>(std::move(name), values); }

LabelPtr open(std::string name, std::vector<std::string> const& values, std::size_t cap) {
    return std::make_shared<Label>(std::move(name), values, cap);
}

double unix_seconds(std::chrono::system_clock::time_point time) { return std::chrono::duration<double>{time.time_since_epoch()}.count(); }

}  // namespace

struct Metrics::State {
    explicit State(Options const& options)
        : lock{open("lock", options.locks, 10)},
          repo{open("repo", options.repos, 200)},
          family{open("family", options.families, 50)},
          secret{open("secret", options.secrets, 50)},
          provider{open("provider", options.providers, 3)},
          model{open("model", options.models, 10)} {}

    Metric& counter(std::string name, Labels labels, std::string help) {
        return store.add({.name = "groomer_" + name, .type = MetricType::Counter, .labels = labels, .help = help});
    }
    Metric& gauge(std::string name, Labels labels, std::string help) {
        return store.add({.name = "groomer_" + name, .type = MetricType::Gauge, .labels = labels, .help = help});
    }
    Metric& histogram(std::string name, Labels labels, std::string help, Buckets buckets) {
        return store.add({"groomer_" + name, MetricType::Histogram, labels, help, buckets});
    }
    Metric& handover() {
        return store.add({.name = "groomer_lock_handover_seconds",
                          .type = MetricType::Histogram,
                          .labels = {lock, fixed("kind", {"released", "expired", "reclaimed"})},
                          .help = "free or dead to held, by the database's clock",
                          .buckets = handover_buckets,
                          .buckets_at_start = true});
    }
    Metric& tracker_requests() {
        return store.add(
            {.name = "groomer_tracker_requests_total",
             .type = MetricType::Counter,
             .labels = {endpoint, fixed("method", {"read", "write"}), fixed("code", {"ok", "error", "2xx", "3xx", "4xx", "5xx", "none"})},
             .help = "requests to the tracker; endpoint is the route's template, code the class of GitHub's status or none, ok or "
                     "error of a file. Of GitHub a series appears with its first request: a standby would pay for all of them",
             .series_at_start = false});
    }
    Metric& tracker_request_duration() {
        return store.add({.name = "groomer_tracker_request_duration_seconds",
                          .type = MetricType::Histogram,
                          .labels = {endpoint},
                          .help = "one request to the tracker; series as of the requests",
                          .buckets = tracker_buckets,
                          .series_at_start = false});
    }
    void computed(std::string name, MetricType type, Labels labels, std::string help, std::function<std::vector<Sample>()> compute) {
        store.add({.name = name, .type = type, .labels = labels, .help = help, .compute = std::move(compute)});
    }
    void computed_build_info(Options const& options);
    void computed_lock_held();
    void computed_backlog();
    void computed_config_hash();
    void computed_process();

    Store store;
    LabelPtr const lock, repo, family, secret, provider, model;
    LabelPtr const job = fixed("job", {"groom", "sync"});
    LabelPtr const query = open("query", {}, 100);
    LabelPtr const resource = open("resource", {}, 10);
    LabelPtr const endpoint = open("endpoint", endpoint_names(), endpoints().size());

    std::mutex mutex;  // protects all below
    std::map<std::string, std::function<bool()>> lock_held_probes;
    std::map<std::string, Backlog> backlog;  // by the repo label's value
    std::string config_hash;
};

void Metrics::State::computed_build_info(Options const& options) {
    Labels labels{open("version", {}, 1), open("revision", {}, 1), open("compiler", {}, 1), open("libpq", {}, 1)};
    Sample sample{{options.version, options.revision, options.compiler, options.libpq}, 1};
    computed("groomer_build_info", MetricType::Gauge, labels, "1; what was built, of what",
             [sample] { return std::vector<Sample>{sample}; });
}

void Metrics::State::computed_lock_held() {
    computed("groomer_lock_held", MetricType::Gauge, {lock},
             "1 while this replica may act, worked out at each scrape from the local deadline", [this] {
                 std::lock_guard guard{mutex};
                 std::map<std::string, bool> held;
                 for (std::string const& id : lock->at_start()) held[id] = false;
                 for (auto const& [id, may_act] : lock_held_probes) held[id] = may_act();
                 std::vector<Sample> samples;
                 for (auto const& [id, yes] : held) samples.push_back({{id}, yes ? 1.0 : 0.0});
                 return samples;
             });
}

void Metrics::State::computed_backlog() {
    auto each = [this](auto number) {
        return [this, number] {
            std::lock_guard guard{mutex};
            std::vector<Sample> samples;
            for (auto const& [name, row] : backlog) samples.push_back({{name}, number(row)});
            return samples;
        };
    };
    computed("groomer_backlog_issues", MetricType::Gauge, {repo}, "open issues that are due; shown by the replica that ticked last alone",
             each([](Backlog const& row) { return static_cast<double>(row.issues); }));
    computed("groomer_backlog_oldest_timestamp_seconds", MetricType::Gauge, {repo},
             "since when the oldest of them has been due, 0 for none; shown by the replica that ticked last alone",
             each([](Backlog const& row) { return row.oldest ? unix_seconds(*row.oldest) : 0.0; }));
}

void Metrics::State::computed_config_hash() {
    computed("groomer_config_hash", MetricType::Gauge, {open("hash", {}, 1)},
             "1; the hash of the configuration in force is the label: replicas of one installation should agree", [this] {
                 std::lock_guard guard{mutex};
                 if (config_hash.empty()) return std::vector<Sample>{};
                 return std::vector<Sample>{{{config_hash}, 1}};
             });
}

void Metrics::State::computed_process() {
    auto add = [this](std::string name, MetricType type, std::string help, auto read) {
        computed(name, type, {}, help, [read] {
            std::optional<double> number = read();
            return number ? std::vector<Sample>{{{}, *number}} : std::vector<Sample>{};
        });
    };
    auto figure = [](double ProcessFigures::*member) {
        return [member]() -> std::optional<double> {
            auto figures = read_process();
            return figures ? std::optional{(*figures).*member} : std::nullopt;
        };
    };
    add("process_cpu_seconds_total", MetricType::Counter, "processor time used, user and system", figure(&ProcessFigures::cpu_seconds));
    add("process_start_time_seconds", MetricType::Gauge, "when the process started, Unix time",
        figure(&ProcessFigures::start_time_seconds));
    add("process_virtual_memory_bytes", MetricType::Gauge, "virtual memory", figure(&ProcessFigures::virtual_bytes));
    add("process_resident_memory_bytes", MetricType::Gauge, "resident memory", figure(&ProcessFigures::resident_bytes));
    add("process_open_fds", MetricType::Gauge, "open file descriptors", open_fds);
    add("process_max_fds", MetricType::Gauge, "how many file descriptors may be open", max_fds);
}

// The table. Rows stand in the order of the members; the help is the meaning in docs/metrics.md.
Metrics::Metrics(Options const& options)
    : state_{std::make_unique<State>(options)},
      lock_term{state_->gauge("lock_term", {state_->lock}, "fencing term last held or seen")},
      lock_ttl_seconds{state_->gauge("lock_ttl_seconds", {state_->lock}, "the ttl as configured, for alerts")},
      tick_interval_seconds{state_->gauge("tick_interval_seconds", {state_->job}, "how often a tick is due, as configured, for alerts")},
      lock_acquisitions_total{state_->counter(
          "lock_acquisitions_total", {state_->lock, fixed("how", {"free", "expired", "reclaimed", "foreign"})}, "wins of the lock")},
      lock_contention_total{state_->counter("lock_contention_total", {state_->lock},
                                            "times this replica wanted the row and found it held by another, once a hold")},
      lock_errors_total{state_->counter("lock_errors_total", {state_->lock, fixed("op", {"look", "acquire", "renew", "release", "listen"})},
                                        "statements of the lock that failed; a lost race is none")},
      lock_acquire_duration_seconds{
          state_->histogram("lock_acquire_duration_seconds", {state_->lock}, "one attempt to acquire, won or lost", attempt_buckets)},
      lock_renew_duration_seconds{state_->histogram("lock_renew_duration_seconds", {state_->lock}, "one renewal", attempt_buckets)},
      lock_hold_seconds{state_->histogram("lock_hold_seconds", {state_->lock}, "acquired to released", tick_buckets)},
      lock_wait_seconds{state_->histogram("lock_wait_seconds", {state_->lock}, "due to acquired", wait_buckets)},
      lock_renewals_total{state_->counter("lock_renewals_total", {state_->lock, fixed("result", {"ok", "rejected", "error"})}, "renewals")},
      lock_lease_margin_seconds{
          state_->histogram("lock_lease_margin_seconds", {state_->lock}, "lease left when a renewal was confirmed", margin_buckets)},
      lock_lost_total{state_->counter("lock_lost_total", {state_->lock, fixed("cause", {"expired", "replaced", "fenced"})},
                                      "holds lost before their release")},
      lock_handover_seconds{state_->handover()},
      fenced_writes_total{
          state_->counter("fenced_writes_total", {fixed("target", {"database", "tracker"})}, "writes refused because the term was over")},
      ticks_total{state_->counter("ticks_total", {state_->job, fixed("outcome", {"done", "nothing_to_do", "aborted", "error"})},
                                  "ticks of this replica")},
      tick_duration_seconds{state_->histogram("tick_duration_seconds", {state_->job}, "one tick", tick_buckets)},
      tick_last_success_timestamp_seconds{state_->gauge("tick_last_success_timestamp_seconds", {state_->job},
                                                        "when a tick of this replica last ended well, Unix time, 0 for never")},
      issues_groomed_total{state_->counter("issues_groomed_total", {state_->repo, open("outcome", groom_outcomes, groom_outcomes.size())},
                                           "issues that a tick dealt with")},
      decisions_total{state_->counter("decisions_total",
                                      {state_->family, fixed("source", {"model", "local", "rule"}),
                                       fixed("outcome", {"set", "kept", "abstained", "planned", "escalated"})},
                                      "decisions on one family of labels of one issue")},
      human_overrides_total{state_->counter("human_overrides_total", {state_->family}, "our labels that a person changed later")},
      paused{state_->gauge("paused", {}, "1 while the installation is paused")},
      issue_duration_seconds{state_->histogram("issue_duration_seconds", {}, "one issue, selection to done", issue_buckets)},
      tracker_requests_total{state_->tracker_requests()},
      tracker_request_duration_seconds{state_->tracker_request_duration()},
      tracker_rate_limit_limit{state_->gauge("tracker_rate_limit_limit", {state_->resource}, "GitHub's quota: requests an hour")},
      tracker_rate_limit_remaining{
          state_->gauge("tracker_rate_limit_remaining", {state_->resource}, "what is left of it; of the replica that asked last")},
      tracker_rate_limit_reset_timestamp_seconds{
          state_->gauge("tracker_rate_limit_reset_timestamp_seconds", {state_->resource}, "when it is whole again, Unix time")},
      model_requests_total{state_->counter("model_requests_total",
                                           {state_->provider, state_->model, fixed("code", {"2xx", "429", "4xx", "5xx", "none"})},
                                           "requests to a language model, by the class of its status, or none")},
      model_request_duration_seconds{state_->histogram("model_request_duration_seconds", {state_->provider, state_->model},
                                                       "one request to a language model", model_buckets)},
      model_tokens_total{state_->counter("model_tokens_total", {state_->provider, state_->model, fixed("kind", {"input", "output"})},
                                         "tokens, as the answers told them; where they do not, the most that it can have been")},
      model_cost_usd_total{state_->counter("model_cost_usd_total", {state_->provider, state_->model},
                                           "what these tokens cost by model.prices; 0 without prices")},
      model_invalid_responses_total{
          state_->counter("model_invalid_responses_total",
                          {state_->provider, state_->model,
                           fixed("reason", {"refused", "filtered", "cut_short", "empty", "unreadable", "not_json", "shape", "label",
                                            "candidate", "contradiction", "too_long"})},
                          "answers of a language model that could not be used, by the first thing that was wrong")},
      model_budget_remaining_ratio{
          state_->gauge("model_budget_remaining_ratio", {fixed("window", {"day", "tick"})},
                        "what is left of the tightest budget, 1 for all and 0 for none; of the replica that ticked last")},
      db_query_duration_seconds{state_->histogram(
          "db_query_duration_seconds", {state_->query},
          "one statement, by its name; a name appears when it first runs, at most 100: a standby would pay for all of them",
          query_buckets)},
      db_reconnects_total{state_->counter("db_reconnects_total", {fixed("reason", {"broken", "timeout", "readonly", "recovery", "other"})},
                                          "database connections made anew, by why the last one went")},
      db_schema_version{state_->gauge("db_schema_version", {}, "version of the schema that was found")},
      config_last_reload_successful{
          state_->gauge("config_last_reload_successful", {},
                        "1 when the configuration in force is what the file says, 0 when the file could not be taken")},
      secret_reloads_total{
          state_->counter("secret_reloads_total", {state_->secret, fixed("result", {"ok", "error"})}, "secrets read again after a change")},
      loop_lag_seconds{state_->histogram("loop_lag_seconds", {}, "how late an event loop ran what was due", lag_buckets)} {
    for (Endpoint const& endpoint : endpoints()) {
        if (!endpoint.name.starts_with("file.")) continue;
        tracker_request_duration_seconds(endpoint.name);
        for (char const* code : {"ok", "error"}) tracker_requests_total(endpoint.name, endpoint.method, code);
    }
    stand_back();
    state_->computed_build_info(options);
    state_->computed_lock_held();
    state_->computed_backlog();
    state_->computed_config_hash();
    state_->computed_process();
}

Metrics::~Metrics() = default;

void Metrics::set_lock_held_probe(std::string const& lock, std::function<bool()> may_act) {
    std::lock_guard guard{state_->mutex};
    if (may_act) state_->lock_held_probes.insert_or_assign(lock, std::move(may_act));
    else state_->lock_held_probes.erase(lock);
}

void Metrics::know_repository(std::string_view repo) {
    for (auto const& outcome : groom_outcomes) issues_groomed_total(repo, outcome);
}

void Metrics::set_backlog(std::vector<Backlog> backlog) {
    std::map<std::string, Backlog> rows;
    for (Backlog const& entry : backlog) {
        Backlog& row = rows[state_->repo->admit(entry.repo)];
        row.issues += entry.issues;
        if (entry.oldest && (!row.oldest || *entry.oldest < *row.oldest)) row.oldest = entry.oldest;
    }
    std::lock_guard guard{state_->mutex};
    state_->backlog = std::move(rows);
}

void Metrics::stand_back() {
    set_backlog({});
    for (auto const* window : {"day", "tick"}) model_budget_remaining_ratio(window).set(1);
}

void Metrics::set_config_hash(std::string hash) {
    std::lock_guard guard{state_->mutex};
    state_->config_hash = std::move(hash);
}

std::string Metrics::expose() const { return state_->store.expose(); }

std::string Metrics::reference() const {
    return "# Metrics\n\n"
           "Written from `src/metrics/metrics.cpp`; a test keeps the two together (`GROOMER_UPDATE_DOCS=1` rewrites this "
           "page).\n\n"
           "- Every series exists at 0 from the start, unless its meaning says otherwise. Labels shown without a list take "
           "what the configuration names, `repo` what the syncs have found: 200 values, `query` 100; what comes after them, or is not in "
           "a list, is counted under `other`.\n"
           "- Times are seconds. A histogram shows its finite buckets from its first observation on; "
           "`groomer_lock_handover_seconds` from the start.\n"
           "- Facts about the process come from every replica; the backlog comes from the one that ticked last.\n\n" +
           state_->store.reference();
}

}  // namespace groomer::metrics
