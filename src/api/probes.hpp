// What the cluster asks of a replica: is it alive, ready, started; and the metrics.
#pragma once

#include "api/routes.hpp"
#include "metrics/metrics.hpp"
#include "net/router.hpp"

#include <functional>
#include <vector>

namespace groomer::api {

// Each is asked on the server's executor, must be quick, and never touches the database.
struct Health {
    std::function<bool()> alive;    // the event loops turn
    std::function<bool()> ready;    // configured, and the database was reachable lately; true for standbys
    std::function<bool()> started;  // the schema is in place
};

Handlers probe_handlers(Health health);
// Refers to `metrics`.
std::vector<net::Route> metrics_routes(metrics::Metrics& metrics);

}  // namespace groomer::api
