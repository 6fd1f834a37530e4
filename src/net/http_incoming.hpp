// One connection of the server, and the reading of its next request, each with its limits. For the server alone: it includes Beast.
#pragma once

#include "net/http_message.hpp"
#include "net/http_server.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::net {

// The address, or the network of 64 bits that an IPv6 address is of.
std::string origin_of(asio::ip::address const& address);

struct Connection : std::enable_shared_from_this<Connection> {
    explicit Connection(asio::ip::tcp::socket socket);

    boost::beast::tcp_stream stream;
    boost::beast::flat_buffer buffer;  // bounded: the marks between the parts of a body have no other limit
    asio::steady_timer limit;          // of the request that is being read
    std::string client;                // its address
    std::string origin;                // by which it is told apart where something is shared: origin_of()
    bool idle = true;                  // no byte of a request has come since the last answer
    bool shut = false;                 // closed by us while it kept us waiting
    bool late = false;                 // the limit was reached
};

// Something of which there is only so much. Who has more than half of it is given no more, so that one stranger never has all of it.
// Outlives what it has given.
class Room {
public:
    explicit Room(std::size_t size) : left_{size}, half_{size / 2} {}
    // Given back with the last copy; null where there is not so much, or not for `who`.
    std::shared_ptr<void> take(std::size_t size, std::string const& who);

private:
    std::size_t left_;
    std::size_t const half_;
    std::map<std::string, std::size_t> held_;  // by whom; nothing of who has none
};

// One attempt to read a request: a route with the request for it, or a refusal; neither where the client has gone.
struct Incoming {
    Request request;
    Route const* route = nullptr;
    std::string path;    // the route's template, "" where there is none
    std::string method;  // as it was sent, "other" for one that is not registered, "" where none was understood
    std::optional<Response> refusal;
    bool broken = false;                      // after the refusal nothing that comes can be understood
    std::vector<std::shared_ptr<void>> room;  // for a long body, as far as it has come
    Terms terms;
};

// A 503 for now.
Response busy(std::string_view sentence);

// Never throws but when cancelled.
Task<Incoming> read_request(Connection& connection, HttpOptions const& options, Router const& router, Room& room);

}  // namespace groomer::net
