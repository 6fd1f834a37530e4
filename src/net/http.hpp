// HTTP as handlers see it: plain values, no Beast.
#pragma once

#include "base/async.hpp"

#include <functional>
#include <memory>
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
    std::vector<std::string> parameters;  // what stands in the path for each {…} of the route, in its order; as it was sent
    std::string client;                   // the address of who asks: a proxy's, where one stands before us
    std::string caller;                   // by what right, once that was checked: "token 1"

    [[nodiscard]] std::string_view header(std::string_view name) const { return find_header(headers, name); }
};

// Sends a piece at once. False where the client has gone, takes it too slowly, or the server stops: then nothing more goes.
using Send = std::function<Task<bool>(std::shared_ptr<std::string const>)>;

struct Response {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<Header> headers;  // further ones
    // In place of a body, whose length nobody knows: sends it, piece by piece. It is cancelled when the client closes its side; the
    // connection is closed after it.
    std::function<Task<>(Send)> stream = {};
};

// {"error": code, "message": sentence}: the shape of every error.
Response error_response(int status, std::string_view code, std::string_view message);

// What it throws becomes a 500 that tells nothing of the inside.
using Handler = std::function<Task<Response>(Request)>;

// For a handler that knows its answer at once.
inline Task<Response> ready(Response response) { co_return response; }

}  // namespace groomer::net
