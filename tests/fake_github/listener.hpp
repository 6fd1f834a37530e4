// HTTP on a port of 127.0.0.1, with a thread of its own: connections, and the requests that come over them. What is answered, the
// service says, and it writes that itself: raw bytes, since they are to be wrong at times.
#pragma once

#include "fake_github/http.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

namespace groomer::fake_github {

class Listener {
public:
    using Socket = boost::asio::ip::tcp::socket;

    // Called on the listener's thread.
    class Service {
    public:
        virtual ~Service() = default;
        // The answer to what is no request; the connection ends then.
        virtual Response refusal(int status) = 0;
        // False where the connection is over.
        virtual boost::asio::awaitable<bool> exchange(Socket& socket, Request request, Peer peer) = 0;
    };

    // Throws boost::system::system_error where the port is taken. `service` outlives it.
    Listener(unsigned short port, Service& service);
    ~Listener() { stop(); }
    Listener(Listener const&) = delete;
    Listener& operator=(Listener const&) = delete;

    void start();
    // With the context go all coroutines, those too that have not begun, and their sockets with them.
    void stop();
    [[nodiscard]] unsigned short port() const { return port_; }

    // For the service, while it is called.
    boost::asio::awaitable<bool> write(Socket& socket, std::string bytes);
    boost::asio::awaitable<void> pause(std::chrono::milliseconds time);
    boost::asio::awaitable<void> until_client_leaves(Socket& socket);

private:
    boost::asio::awaitable<void> accept();
    boost::asio::awaitable<void> serve(Socket socket);
    boost::asio::awaitable<std::optional<Request>> read(Socket& socket, RequestReader& reader);

    Service& service_;
    std::uint64_t connections_ = 0;
    unsigned short port_ = 0;
    std::optional<boost::asio::io_context> io_{std::in_place};
    std::optional<boost::asio::ip::tcp::acceptor> acceptor_;
    std::thread thread_;
};

}  // namespace groomer::fake_github
