// Every metric of the product, by name. docs/metrics.md is written from the same definitions (metrics.cpp).
#pragma once

#include "metrics/series.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::metrics {

// What is known at start: each of these gets its series at 0.
struct Options {
    std::string version, revision, compiler, libpq;
    std::vector<std::string> locks, repos, families, secrets;
    std::vector<std::string> providers = {}, models = {};  // of language models; with local alone there are none
};

// Open issues that are due, of one repository.
struct Backlog {
    std::string repo;
    std::size_t issues = 0;
    std::optional<std::chrono::system_clock::time_point> oldest;
};

// Callable from any thread. Label values in the order of the comments.
class Metrics {
    struct State;
    std::unique_ptr<State> state_;  // first: the families below stand on it

public:
    explicit Metrics(Options const& options);
    ~Metrics();
    Metrics(Metrics const&) = delete;
    Metrics& operator=(Metrics const&) = delete;

    Family<Gauge, 1> lock_term;                            // lock
    Family<Gauge, 1> lock_ttl_seconds;                     // lock
    Family<Gauge, 1> tick_interval_seconds;                // job: groom | sync
    Family<Counter, 2> lock_acquisitions_total;            // lock, how: free | expired | reclaimed | foreign
    Family<Counter, 1> lock_contention_total;              // lock
    Family<Counter, 2> lock_errors_total;                  // lock, op: look | acquire | renew | release | listen
    Family<Histogram, 1> lock_acquire_duration_seconds;    // lock
    Family<Histogram, 1> lock_renew_duration_seconds;      // lock
    Family<Histogram, 1> lock_hold_seconds;                // lock
    Family<Histogram, 1> lock_wait_seconds;                // lock
    Family<Counter, 2> lock_renewals_total;                // lock, result: ok | rejected | error
    Family<Histogram, 1> lock_lease_margin_seconds;        // lock
    Family<Counter, 2> lock_lost_total;                    // lock, cause: expired | replaced | fenced
    Family<Histogram, 2> lock_handover_seconds;            // lock, kind: released | expired | reclaimed
    Family<Counter, 1> fenced_writes_total;                // target: database | tracker
    Family<Counter, 2> ticks_total;                        // job, outcome: done | nothing_to_do | aborted | error
    Family<Histogram, 1> tick_duration_seconds;            // job
    Family<Gauge, 1> tick_last_success_timestamp_seconds;  // job
    Family<Counter, 2> issues_groomed_total;               // repo, outcome: applied|noop|abstained|planned|partial|failed|stale
    Family<Counter, 3> decisions_total;        // family, source: model|local|rule, outcome: set|kept|abstained|planned|escalated
    Family<Counter, 1> human_overrides_total;  // family
    Family<Gauge, 0> paused;
    Family<Histogram, 0> issue_duration_seconds;
    Family<Counter, 3> tracker_requests_total;              // endpoint, method, code
    Family<Histogram, 1> tracker_request_duration_seconds;  // endpoint
    Family<Gauge, 1> tracker_rate_limit_limit;              // resource, as the two below
    Family<Gauge, 1> tracker_rate_limit_remaining;
    Family<Gauge, 1> tracker_rate_limit_reset_timestamp_seconds;
    Family<Counter, 3> model_requests_total;              // provider, model, code: 2xx | 429 | 4xx | 5xx | none
    Family<Histogram, 2> model_request_duration_seconds;  // provider, model
    Family<Counter, 3> model_tokens_total;                // provider, model, kind: input | output
    Family<Counter, 2> model_cost_usd_total;              // provider, model
    Family<Counter, 3> model_invalid_responses_total;     // provider, model, reason
    Family<Gauge, 1> model_budget_remaining_ratio;        // window: day | tick
    Family<Histogram, 1> db_query_duration_seconds;       // query
    Family<Counter, 1> db_reconnects_total;               // reason: broken | timeout | readonly | recovery | other
    Family<Gauge, 0> db_schema_version;
    Family<Gauge, 0> config_last_reload_successful;
    Family<Counter, 2> secret_reloads_total;  // secret, result: ok | error
    Family<Histogram, 0> loop_lag_seconds;

    // lock_held is asked at each scrape: may this replica act now? The probe runs under a mutex, must be quick, and must
    // not call back; an empty one takes it away: when this returns, the old probe is not running and never will again.
    void set_lock_held_probe(std::string const& lock, std::function<bool()> may_act);
    // A repository that a sync has found: its series begin at 0, before anything is counted.
    void know_repository(std::string_view repo);
    // backlog_*: the whole backlog as the tick that just ended saw it.
    void set_backlog(std::vector<Backlog> backlog);
    // Another replica ticks: what only the last one knows is shown no more. No backlog; and a budget of which nothing is spent, as at
    // the start, so that the least over all replicas is what the last one says.
    void stand_back();
    // config_hash, as its label.
    void set_config_hash(std::string hash);

    // The Prometheus text format, version 0.0.4.
    [[nodiscard]] std::string expose() const;
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";
    // The text of docs/metrics.md.
    [[nodiscard]] std::string reference() const;
};

}  // namespace groomer::metrics
