#include "net/router.hpp"

#include <algorithm>
#include <utility>

namespace groomer::net {
namespace {

Response not_allowed(std::string const& allowed) {
    Response response = error_response(405, "method_not_allowed", "This path answers to " + allowed + " only.");
    response.headers.push_back({"Allow", allowed});
    return response;
}

// The text up to the next '/', which goes too.
std::string_view take_segment(std::string_view& text) {
    auto const end = std::min(text.find('/'), text.size());
    auto const segment = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return segment;
}

}  // namespace

std::optional<std::vector<std::string>> match_path(std::string_view pattern, std::string_view path) {
    std::vector<std::string> parameters;
    if (std::count(pattern.begin(), pattern.end(), '/') != std::count(path.begin(), path.end(), '/')) return std::nullopt;
    while (!pattern.empty() || !path.empty()) {
        auto const wanted = take_segment(pattern), given = take_segment(path);
        bool const open = wanted.starts_with('{');
        if (open ? given.empty() : wanted != given) return std::nullopt;
        if (open) parameters.emplace_back(given);
    }
    return parameters;
}

Router::Match Router::match(Request& request) const {
    Match found;
    std::string allowed;
    for (Route const& route : routes_) {
        auto parameters = match_path(route.path, request.target);
        if (!parameters) continue;
        found.path = route.path;
        if (route.method == request.method) {
            request.parameters = std::move(*parameters);
            found.route = &route;
            return found;
        }
        allowed += (allowed.empty() ? "" : ", ") + route.method + (route.method == "GET" ? ", HEAD" : "");
    }
    found.refusal = allowed.empty() ? error_response(404, "not_found", "There is nothing at this path.") : not_allowed(allowed);
    return found;
}

std::size_t Router::most_body() const {
    std::size_t most = 0;
    for (Route const& route : routes_) most = std::max(most, route.max_body);
    return most;
}

}  // namespace groomer::net
