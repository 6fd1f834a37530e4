// The table of endpoints as an OpenAPI document.
#pragma once

#include "net/http.hpp"

#include <string>
#include <string_view>

namespace groomer::api {

// JSON, readable, ending in a line feed: docs/openapi.json is the same, with the version "0".
std::string openapi(std::string_view version);

// What answers `GET /api/openapi.json`.
net::Handler openapi_handler(std::string_view version);

}  // namespace groomer::api
