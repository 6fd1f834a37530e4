// What may be done over HTTP, by people and by GitHub: runs, pauses, webhooks.
#pragma once

#include "api/deliveries.hpp"
#include "api/inbox.hpp"
#include "app/asked_run.hpp"
#include "app/service.hpp"

#include <map>
#include <string>

namespace groomer::app {

class Deeds {
public:
    // lock: of grooming.
    Deeds(AskedRuns::Parts parts, std::string lock, asio::any_io_executor executor);

    // By method and path. They refer to this, as their answers do.
    std::map<std::string, net::Handler> handlers();
    // Makes due what webhooks ask for, until it is cancelled or told to finish; once the schema is in place.
    Task<> work() { return inbox_.run(); }
    // At a stop: what is there is stored, and nothing more is taken.
    void finish() { inbox_.finish(); }

private:
    Task<net::Response> pause(net::Request request, bool paused);

    AskedRuns::Parts const parts_;
    AskedRuns runs_;
    api::Inbox inbox_;
    api::Deliveries deliveries_;
};

}  // namespace groomer::app
