// From a table of routes to one handler: an unknown path is 404, a known one with another method 405 with Allow.
#pragma once

#include "net/http.hpp"

#include <string>
#include <vector>

namespace groomer::net {

struct Route {
    std::string method;
    std::string path;  // whole, compared byte by byte
    Handler handler;
};

// The handler must outlive the tasks that it returns: a route's coroutine refers to what its lambda captured.
Handler make_router(std::vector<Route> routes);

}  // namespace groomer::net
