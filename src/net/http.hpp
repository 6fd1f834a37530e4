// HTTP as handlers see it: plain values, no Beast.
#pragma once

#include "base/async.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::net {

struct Header {
    std::string name, value;
};

// The first of that name, in any case; "" if there is none.
std::string_view find_header(std::vector<Header> const& headers, std::string_view name);

struct Request {
    std::string method;  // "GET"; HEAD arrives as GET, the server leaves the body out
    std::string target;  // the path, as it was sent
    std::string query;   // what follows the first '?'
    std::string body;
    std::vector<Header> headers;

    [[nodiscard]] std::string_view header(std::string_view name) const { return find_header(headers, name); }
};

struct Response {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<Header> headers;  // further ones
};

// {"error": code, "message": sentence}: the shape of every error.
Response error_response(int status, std::string_view code, std::string_view message);

// What it throws becomes a 500 that tells nothing of the inside.
using Handler = std::function<Task<Response>(Request)>;

}  // namespace groomer::net
