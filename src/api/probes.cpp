#include "api/probes.hpp"

namespace groomer::api {
namespace {

net::Handler probe(std::function<bool()> good, std::string code, std::string sentence) {
    return [good = std::move(good), code = std::move(code), sentence = std::move(sentence)](net::Request) -> Task<net::Response> {
        if (!good()) co_return net::error_response(503, code, sentence);
        net::Response ok;
        ok.body = R"({"status":"ok"})";
        co_return ok;
    };
}

}  // namespace

Handlers probe_handlers(Health health) {
    return {
        {"GET /healthz", probe(std::move(health.alive), "stuck", "an event loop of this replica does not turn")},
        {"GET /readyz", probe(std::move(health.ready), "not_ready", "the database was not reachable within the last 60 s")},
        {"GET /startupz", probe(std::move(health.started), "starting", "the schema is not in place yet")},
    };
}

std::vector<net::Route> metrics_routes(metrics::Metrics& metrics) {
    auto handler = [&metrics](net::Request) -> Task<net::Response> {
        net::Response response;
        response.content_type = metrics::Metrics::content_type;
        response.body = metrics.expose();
        co_return response;
    };
    net::Route route{"GET", "/metrics", std::move(handler)};
    route.routine = true;
    return {route};
}

}  // namespace groomer::api
