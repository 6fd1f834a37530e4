#include "api/probes.hpp"

namespace groomer::api {
namespace {

net::Route probe(std::string path, std::function<bool()> good, std::string code, std::string sentence) {
    auto handler = [good = std::move(good), code = std::move(code), sentence = std::move(sentence)](net::Request) -> Task<net::Response> {
        if (!good()) co_return net::error_response(503, code, sentence);
        net::Response ok;
        ok.body = R"({"status":"ok"})";
        co_return ok;
    };
    return {"GET", std::move(path), std::move(handler)};
}

}  // namespace

std::vector<net::Route> probe_routes(Health health) {
    return {
        probe("/healthz", std::move(health.alive), "stuck", "an event loop of this replica does not turn"),
        probe("/readyz", std::move(health.ready), "not_ready", "the database was not reachable within the last 60 s"),
        probe("/startupz", std::move(health.started), "starting", "the schema is not in place yet"),
    };
}

std::vector<net::Route> metrics_routes(metrics::Metrics& metrics) {
    auto handler = [&metrics](net::Request) -> Task<net::Response> {
        net::Response response;
        response.content_type = metrics::Metrics::content_type;
        response.body = metrics.expose();
        co_return response;
    };
    return {{"GET", "/metrics", std::move(handler)}};
}

}  // namespace groomer::api
