// The figures, one function each; README.md says what they mean.
#pragma once

#include "report.hpp"

namespace groomer::bench {

void lock_cycle(Setup const& setup, Report& report);
void standby_statements(Setup const& setup, Report& report);
void standby_look(Setup const& setup, Report& report);
void handover_due(Setup const& setup, Report& report);
void handover_released(Setup const& setup, Report& report);
void handover_killed(Setup const& setup, Report& report);
void handover_restarted(Setup const& setup, Report& report);
void contenders(Setup const& setup, Report& report);
void races(Setup const& setup, Report& report);
void sync_github(Setup const& setup, Report& report);
void renew_under_writers(Setup const& setup, Report& report);
void model_throughput(Setup const& setup, Report& report);
void model_overhead(Setup const& setup, Report& report);
void http_status(Setup const& setup, Report& report);
void http_listeners(Setup const& setup, Report& report);
void http_probes(Setup const& setup, Report& report);
void similar(Setup const& setup, Report& report);
void similar_originals(Setup const& setup, Report& report);

// A replica whose sync never ends by itself: it holds `global` until it is killed. Runs until SIGTERM.
int run_replica(std::string const& configuration);

}  // namespace groomer::bench
