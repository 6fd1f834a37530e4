#include "app/models.hpp"

#include "app/version.hpp"
#include "base/digest.hpp"

namespace groomer::app {
namespace {

std::string_view code_class(int status) {
    if (status == 429) return "429";
    switch (status / 100) {
        case 2: return "2xx";
        case 5: return "5xx";
        case 0: return "none";
        default: return "4xx";
    }
}

// Another key is another way: what the old one was refused for is forgotten.
std::string way_to(config::Model const& model) {
    return sha256_hex(model.api_key.value) + "\n" + model.provider + "\n" + model.base_url + "\n" + model.name + "\n" +
           std::to_string(model.timeout.count()) + "\n" + std::to_string(model.concurrency);
}

}  // namespace

struct Models::Reached {
    std::unique_ptr<net::HttpClient> client;
    std::unique_ptr<model::Endpoint> endpoint;
};

std::shared_ptr<Models::Reached> Models::reach(config::Model const& model) const {
    auto const reached = std::make_shared<Reached>();
    net::ClientOptions client;
    client.user_agent = "groomer/" + version().version;
    client.environment = parts_.environment;
    client.max_connections = static_cast<std::size_t>(model.concurrency);
    client.stall_timeout = model.timeout;  // it thinks before it says a word
    reached->client = net::make_http_client(parts_.executor, client);
    model::EndpointOptions options;
    options.provider = model.provider;
    options.base_url = model.base_url;
    options.model = model.name;
    options.key = model.api_key.value;
    options.at_once = static_cast<std::size_t>(model.concurrency);
    options.timeout = model.timeout;
    auto observe = [&metrics = parts_.metrics, provider = model.provider, name = model.name](model::Exchange const& exchange) {
        metrics.model_requests_total(provider, name, code_class(exchange.status)).increment();
        metrics.model_request_duration_seconds(provider, name).observe(exchange.duration);
    };
    auto wall_now = [] { return std::chrono::system_clock::now(); };
    model::EndpointParts parts{*reached->client, parts_.clock, parts_.log, wall_now, observe};
    reached->endpoint = std::make_unique<model::Endpoint>(std::move(parts), std::move(options));
    return reached;
}

void Models::configure(config::Config const& config) {
    std::map<std::string, std::shared_ptr<Reached>> reached;
    for (auto const& repository : config.repositories) {
        if (repository.model.provider == "local") continue;
        auto const way = way_to(repository.model);
        auto const known = reached_.find(way);
        auto& one = reached[way];
        if (!one) one = known == reached_.end() ? reach(repository.model) : known->second;
    }
    reached_ = std::move(reached);
}

std::shared_ptr<model::Endpoint> Models::endpoint(config::Model const& model) const {
    auto const found = reached_.find(way_to(model));
    if (found == reached_.end()) return nullptr;
    return {found->second, found->second->endpoint.get()};
}

}  // namespace groomer::app
