#include "api/routes.hpp"

#include "api/body.hpp"
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
    std::int64_t calls = 0;  // of those that are audited
};

// Who changes something, what, from where, and what became of it: a line before it is begun, for a process that ends in between, and one
// after. Of what was sent it has what was understood, and nothing else: the rest may be anything.
class Audit {
public:
    Audit(Log& log, Endpoint const& endpoint, net::Request const& request, std::int64_t call)
        : log_{log},
          endpoint_{endpoint},
          call_{call},
          by_{request.caller},
          client_{request.client},
          what_{one_line(endpoint.told ? endpoint.told(request.body) : std::string{}, longest)} {}

    void begun() { log_.record("begun", {component, call(), method(), route(), by(), client(), {"what", what_}}); }
    void ended(std::string_view outcome, int status) {
        log_.record("ended",
                    {component, call(), method(), route(), by(), client(), {"what", what_}, {"outcome", outcome}, {"status", status}});
    }
    // Nothing was changed, and whoever it was may be anybody, as often as they like.
    void refused(int status) { log_.warning("refused", {component, method(), route(), by(), client(), {"status", status}}); }

private:
    static constexpr std::size_t longest = 700;
    static inline LogField const component{"component", "audit"};
    [[nodiscard]] LogField call() const { return {"call", call_}; }
    [[nodiscard]] LogField method() const { return {"method", endpoint_.method}; }
    [[nodiscard]] LogField route() const { return {"route", endpoint_.path}; }
    [[nodiscard]] LogField by() const { return {"by", by_}; }
    [[nodiscard]] LogField client() const { return {"client", client_}; }

    Log& log_;
    Endpoint const& endpoint_;
    std::int64_t const call_;
    std::string const by_, client_, what_;
};

bool is_audited(Endpoint const& endpoint) { return endpoint.auth == Auth::bearer && endpoint.method != "GET"; }

// What is behind it is about now, and may be about private issues.
net::Response not_to_be_stored(net::Response response) {
    if (net::find_header(response.headers, "Cache-Control").empty()) response.headers.push_back({"Cache-Control", "no-store"});
    return response;
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

std::string_view outcome_of(net::Response const& response) {
    return response.status < 400 ? "done" : response.status < 500 ? "refused" : "failed";
}

// Whatever becomes of it is written down, also where it throws, and where the server stops before it has ended.
Task<net::Response> audited(Audit audit, net::Handler const& handler, net::Request request) {
    net::Response response;
    std::exception_ptr failure;
    audit.begun();
    try {
        auto handling = handler(std::move(request));
        response = co_await std::move(handling);
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) audit.ended(outcome_of(response), response.status);
    else audit.ended(is_cancelled(failure) ? "cut off" : "failed", 0);
    if (failure) std::rethrow_exception(failure);
    co_return response;
}

Task<net::Response> pass(std::shared_ptr<Gate> gate, Endpoint const& endpoint, net::Handler const& handler, net::Request request) {
    bool const is_kept = is_audited(endpoint);
    auto refused = refusal(endpoint.auth, gate->access(), request);
    if (!refused && !endpoint.body.empty()) refused = refused_form(request);
    if (refused) {
        if (is_kept) Audit{gate->log, endpoint, request, 0}.refused(refused->status);
        co_return not_to_be_stored(std::move(*refused));
    }
    net::Request who;
    who.headers.push_back({"Authorization", std::string{request.header("Authorization")}});
    Audit audit{gate->log, endpoint, request, is_kept ? ++gate->calls : 0};
    auto handling = is_kept ? audited(std::move(audit), handler, std::move(request)) : handler(std::move(request));
    auto response = co_await std::move(handling);
    if (response.stream) guard(response, gate, endpoint.auth, std::move(who));
    co_return not_to_be_stored(std::move(response));
}

}  // namespace

std::vector<net::Route> make_routes(Handlers handlers, std::function<Access()> access, Log& log) {
    std::vector<net::Route> routes;
    auto const gate = std::make_shared<Gate>(Gate{std::move(access), log});
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
