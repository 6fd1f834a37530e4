#include "app/deeds.hpp"

#include "api/requests.hpp"
#include "base/text.hpp"
#include "pg/session.hpp"
#include "store/asked.hpp"

#include <algorithm>

namespace groomer::app {
namespace {

api::Inbox::Parts inbox_parts(AskedRuns::Parts const& parts, std::string lock, asio::any_io_executor executor) {
    auto& service = parts.service;
    return {service.clock(),
            parts.log,
            std::move(executor),
            [&service, lock = std::move(lock)](auto issues) { return store::make_due(service.store(), lock, std::move(issues)); },
            [&service] { return store::ask_for_tick(service.store(), sync_lock_id); },
            [&service] { return service.github().own_account(); },
            [&service](std::string_view login) { return service.github().may_be_own(login); }};
}

// Under the name that it has now on GitHub, which counts no case.
bool is_on_github(config::Config const& config, std::string_view repo) {
    return std::any_of(config.repositories.begin(), config.repositories.end(),
                       [name = to_lower(repo)](auto const& r) { return r.tracker == "github" && to_lower(r.name) == name; });
}

api::Deliveries::Parts delivery_parts(AskedRuns::Parts const& parts, api::Inbox& inbox) {
    auto& service = parts.service;
    return {inbox, parts.log, [&service] { return service.config().github.webhook_secret.value; },
            [&service](std::string_view repo) { return is_on_github(service.config(), repo); }, parts.stopping};
}

}  // namespace

Deeds::Deeds(AskedRuns::Parts parts, std::string lock, asio::any_io_executor executor)
    : parts_{std::move(parts)},
      runs_{parts_},
      inbox_{inbox_parts(parts_, std::move(lock), std::move(executor))},
      deliveries_{delivery_parts(parts_, inbox_)} {}

std::map<std::string, net::Handler> Deeds::handlers() {
    std::map<std::string, net::Handler> out;
    out["POST /api/groomer/run"] = [this](net::Request request) { return runs_.answer(std::move(request)); };
    out["POST /api/groomer/pause"] = [this](net::Request request) { return pause(std::move(request), true); };
    out["POST /api/groomer/resume"] = [this](net::Request request) { return pause(std::move(request), false); };
    out["POST /api/github/webhook"] = [this](net::Request request) -> Task<net::Response> { co_return deliveries_.take(request); };
    return out;
}

// Also where this replica is stopping: it is of them all.
Task<net::Response> Deeds::pause(net::Request request, bool paused) {
    auto const parsed = api::parse_pause_request(request.body);
    if (auto const* wrong = std::get_if<std::string>(&parsed)) co_return net::error_response(400, "bad_request", *wrong);
    if (!parts_.started()) co_return net::error_response(503, "starting", "The schema is not in place yet.");
    auto const& reason = std::get<api::PauseRequest>(parsed).reason;
    auto by = "API of " + parts_.service.pod() + ", " + request.caller + (reason.empty() ? "" : ": " + reason);
    try {
        co_await store::set_paused(parts_.service.store(), paused, std::move(by));
        net::Response response;
        response.body = paused ? R"({"paused":true})" : R"({"paused":false})";
        co_return response;
    } catch (pg::DatabaseError const&) {
    }
    co_return net::error_response(503, "no_database", "The database does not answer: try again in a moment.");
}

}  // namespace groomer::app
