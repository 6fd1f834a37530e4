// A model that thinks for a while, and remembers who asked it for what.
#pragma once

#include "chaos/history.hpp"
#include "chaos/line_server.hpp"

#include <mutex>
#include <random>

namespace groomer::chaos {

class FakeModel {
public:
    FakeModel(asio::io_context& io, std::uint64_t seed);

    // Callable from any thread.
    [[nodiscard]] unsigned short port() const { return server_.port(); }
    [[nodiscard]] std::vector<ModelRequest> requests() const;

private:
    asio::awaitable<void> handle(LineServer::Request request);

    asio::io_context& io_;
    mutable std::mutex mutex_;  // protects the two below
    std::mt19937_64 random_;
    std::vector<ModelRequest> requests_;
    LineServer server_;
};

}  // namespace groomer::chaos
