#include "net/router.hpp"

#include <memory>
#include <utility>

namespace groomer::net {
namespace {

Task<Response> ready(Response response) { co_return response; }

Response not_allowed(std::string const& allowed) {
    Response response = error_response(405, "method_not_allowed", "This path answers to " + allowed + " only.");
    response.headers.push_back({"Allow", allowed});
    return response;
}

}  // namespace

Handler make_router(std::vector<Route> routes) {
    auto table = std::make_shared<std::vector<Route> const>(std::move(routes));
    return [table](Request request) {
        std::string allowed;
        for (Route const& route : *table) {
            if (route.path != request.target) continue;
            if (route.method == request.method) return route.handler(std::move(request));
            allowed += (allowed.empty() ? "" : ", ") + route.method + (route.method == "GET" ? ", HEAD" : "");
        }
        return ready(allowed.empty() ? error_response(404, "not_found", "There is nothing at this path.") : not_allowed(allowed));
    };
}

}  // namespace groomer::net
