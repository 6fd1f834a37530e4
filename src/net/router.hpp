// From a table of routes to the one that a request is for: an unknown path is 404, a known one with another method 405 with Allow.
#pragma once

#include "net/http.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace groomer::net {

struct Route {
    std::string method;
    std::string path;  // a template: {name} stands for one segment that is not empty; all else is compared byte by byte
    Handler handler;
    std::size_t max_body = 64UL * 1024;
    bool routine = false;  // asked for by machines all the time: logged for debugging only
};

class Router {
public:
    // The route, or the answer that there is none. `path`: the template, also where only the method is wrong; else "".
    struct Match {
        Route const* route = nullptr;
        std::string path;
        std::optional<Response> refusal;
    };

    explicit Router(std::vector<Route> routes = {}) : routes_{std::move(routes)} {}

    // Fills in the request's parameters.
    Match match(Request& request) const;
    // The largest body that any route takes.
    [[nodiscard]] std::size_t most_body() const;

private:
    std::vector<Route> routes_;
};

// What stands in `path` for each {…} of `pattern`; nothing where the two do not fit.
std::optional<std::vector<std::string>> match_path(std::string_view pattern, std::string_view path);

}  // namespace groomer::net
