// An HTTP/1.1 server that bad clients cannot tie up: everything that is read, kept or waited for has a limit. It logs a line for each
// request: method, the route's template, status, seconds, and who asked; never the path itself or its query, which may hold a secret.
#pragma once

#include "base/async.hpp"
#include "net/http.hpp"
#include "net/router.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace groomer {
class Log;
}

namespace groomer::net {

struct HttpOptions {
    std::string listen;  // "0.0.0.0:8080", "[::]:8080", "localhost:0"; port 0: any free one
    std::size_t max_header = 8UL * 1024;
    // What bodies hold together of what they have beyond the length that routes take by default, while they are read and answered; past it,
    // and where those of the same address have more than half of it, they get a 503.
    std::size_t max_long_bodies = 16UL * 1024 * 1024;
    // Past it a new connection takes the place of the one that has kept us waiting longest, for its request or while it takes its answer,
    // of the address that has most of those; where none does, it gets a 503.
    std::size_t max_connections = 384;
    // Requests that are at work in handlers, and streams that have nothing to send, at once; past it, and where those of the same address
    // are more than half as many, there is a 503. Smaller than max_connections, so that always somebody can make room; half of it is enough
    // for all who listen and more, since they all may come through one proxy. Routine ones, which are quick, are let in all the same.
    std::size_t max_at_work = 320;
    // How long a connection may be idle, and then how long one request may take to arrive, whole.
    std::chrono::milliseconds read_timeout{10'000};
    // How long an answer may take to go, whole; and each piece of a stream.
    std::chrono::milliseconds write_timeout{10'000};
};

// Everything is called on the executor given (start() also before it runs), which must be single-threaded.
class HttpServer {
public:
    virtual ~HttpServer() = default;

    // Throws Error(config) where the address is no address or cannot be had.
    virtual void start() = 0;
    // The port bound; valid once started.
    [[nodiscard]] virtual unsigned short port() const = 0;
    // Accepts no more, closes idle connections and ends streams at once; requests that have begun have `grace` to be answered, then
    // they are cancelled. To be awaited before the server goes, if it was started; ends even if its caller is cancelled.
    virtual Task<> stop(std::chrono::milliseconds grace) = 0;
};

std::unique_ptr<HttpServer> make_http_server(asio::any_io_executor executor, HttpOptions options, Router router, Log& log);

}  // namespace groomer::net
