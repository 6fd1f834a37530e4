// The language models that are configured, each reached by an HTTP client of its own.
#pragma once

#include "base/async.hpp"
#include "base/log.hpp"
#include "config/config.hpp"
#include "metrics/metrics.hpp"
#include "model/endpoint.hpp"
#include "net/http_client.hpp"

#include <map>
#include <memory>
#include <string>

namespace groomer::app {

// On the main executor.
class Models {
public:
    struct Parts {
        asio::any_io_executor executor;
        Clock& clock;
        Log& log;
        metrics::Metrics& metrics;
        std::map<std::string, std::string> environment;
    };

    explicit Models(Parts parts) : parts_{std::move(parts)} {}

    // A model that is not configured any more, or by another key, is forgotten, once nobody has it any more.
    void configure(config::Config const& config);

    // Nothing for the local one. Lives as long as somebody has it.
    [[nodiscard]] std::shared_ptr<model::Endpoint> endpoint(config::Model const& model) const;

private:
    struct Reached;
    [[nodiscard]] std::shared_ptr<Reached> reach(config::Model const& model) const;

    Parts const parts_;
    std::map<std::string, std::shared_ptr<Reached>> reached_;  // by how
};

}  // namespace groomer::app
