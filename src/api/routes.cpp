#include "api/routes.hpp"

#include "api/endpoints.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace groomer::api {
namespace {

struct Gate {
    std::function<Access()> access;
    Log& log;
};

// Who has changed something, or tried to; what was sent only where it was understood: else it may be anything.
void audit(Log& log, Endpoint const& endpoint, net::Request const& request, int status) {
    constexpr std::size_t longest = 500;
    std::string const sent = status < 400 ? one_line(request.body, longest) : "";
    log.info("audit", {{"component", "audit"},
                       {"method", endpoint.method},
                       {"route", endpoint.path},
                       {"by", request.caller},
                       {"client", request.client},
                       {"status", status},
                       {"body", sent}});
}

bool is_audited(Endpoint const& endpoint) { return endpoint.auth == Auth::bearer && endpoint.method != "GET"; }

// What is behind it is about now, and may be about private issues.
void forbid_storing(net::Response& response) {
    if (net::find_header(response.headers, "Cache-Control").empty()) response.headers.push_back({"Cache-Control", "no-store"});
}

Task<bool> not_sent() { co_return false; }

// Tokens are replaced while a stream lasts: it ends at the first piece after the right to it has gone.
void guard(net::Response& response, std::shared_ptr<Gate const> gate, Auth auth, net::Request who) {
    response.stream = [stream = std::move(response.stream), gate = std::move(gate), auth, who = std::move(who)](net::Send send) {
        return stream([send = std::move(send), gate, auth, who](std::shared_ptr<std::string const> piece) mutable {
            return refusal(auth, gate->access(), who) ? not_sent() : send(std::move(piece));
        });
    };
}

Task<net::Response> pass(std::shared_ptr<Gate const> gate, Endpoint const& endpoint, net::Handler const& handler, net::Request request) {
    net::Response response;
    net::Request told, who;
    who.headers.push_back({"Authorization", std::string{request.header("Authorization")}});
    auto refused = refusal(endpoint.auth, gate->access(), request);
    if (is_audited(endpoint)) told = {"", "", "", request.body, {}, {}, request.client, request.caller};
    if (refused) {
        response = std::move(*refused);
    } else {
        auto handling = handler(std::move(request));
        response = co_await std::move(handling);
    }
    if (is_audited(endpoint)) audit(gate->log, endpoint, told, response.status);
    if (response.stream) guard(response, gate, endpoint.auth, std::move(who));
    forbid_storing(response);
    co_return response;
}

}  // namespace

std::vector<net::Route> make_routes(Handlers handlers, std::function<Access()> access, Log& log) {
    std::vector<net::Route> routes;
    auto const gate = std::make_shared<Gate const>(Gate{std::move(access), log});
    for (auto const& endpoint : endpoints()) {
        auto const name = std::string{endpoint.method} + ' ' + std::string{endpoint.path};
        auto found = handlers.find(name);
        if (found == handlers.end()) throw std::logic_error{"nothing answers to " + name};
        auto handler = [gate, &endpoint, handler = std::move(found->second)](net::Request request) {
            return pass(gate, endpoint, handler, std::move(request));
        };
        handlers.erase(found);
        routes.push_back(
            {std::string{endpoint.method}, std::string{endpoint.path}, std::move(handler), endpoint.max_body, endpoint.routine});
    }
    if (!handlers.empty()) throw std::logic_error{"the table of endpoints lacks " + handlers.begin()->first};
    return routes;
}

}  // namespace groomer::api
