// From the table of endpoints and a handler for each to the routes that are served: access is checked, and what changes something is
// written down, here and nowhere else.
#pragma once

#include "api/access.hpp"
#include "net/router.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace groomer {
class Log;
}

namespace groomer::api {

// By method and path as they stand in the table: "GET /api/status".
using Handlers = std::map<std::string, net::Handler>;

// `access` is asked at each request, and at each piece of a stream: tokens are replaced while it runs. Refers to `log`. Throws std::logic_error where table and
// handlers do not fit.
std::vector<net::Route> make_routes(Handlers handlers, std::function<Access()> access, Log& log);

}  // namespace groomer::api
