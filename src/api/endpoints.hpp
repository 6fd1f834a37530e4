// Everything that is answered on http.listen, as one table: what is served, who may ask, and the OpenAPI document come from it.
#pragma once

#include "api/access.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace groomer::api {

struct Parameter {
    std::string_view name, schema, help;  // schema: JSON
};

struct Endpoint {
    std::string_view method, path;
    Auth auth = Auth::none;
    std::string_view summary;
    std::span<Parameter const> query = {};
    std::string_view body = {};    // the schema of what is sent, by its name in schemas(); "" for none
    int status = 200;              // where all is well
    std::string_view answer = {};  // then: a schema's name; "" where it is no JSON
    std::string_view content_type = "application/json";
    // Further statuses, in the shape of every error: "404 503"; those of `auth` and `body` are understood. "409:LockHeld": or in that one.
    std::string_view errors = {};
    std::size_t max_body = 64UL * 1024;
    bool routine = false;  // as in net::Route
    // Of what changes something: what the audit keeps of a body.
    std::string (*told)(std::string_view body) = nullptr;
};

std::span<Endpoint const> endpoints();

// The schemas that the table names, as one JSON object.
std::string_view schemas();

}  // namespace groomer::api
