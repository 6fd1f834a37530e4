// A TCP server on a free port of 127.0.0.1 that reads one line of JSON from each connection and hands it on.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/json/object.hpp>

#include <functional>
#include <future>

namespace groomer::chaos {

namespace asio = boost::asio;
using asio::ip::tcp;

class LineServer {
public:
    struct Request {
        tcp::socket& socket;
        int connection;
        boost::json::object body;
    };
    using Handler = std::function<asio::awaitable<void>(Request)>;

    LineServer(asio::io_context& io, Handler handler);
    [[nodiscard]] unsigned short port() const { return acceptor_.local_endpoint().port(); }

private:
    asio::awaitable<void> accept();
    asio::awaitable<void> serve(tcp::socket socket, int connection);

    Handler handler_;
    tcp::acceptor acceptor_;
    int connections_ = 0;
};

asio::awaitable<void> answer(tcp::socket& socket, boost::json::object body);

// Runs it on the context's own thread, and waits; everything of the fakes and proxies lives there.
template <class F>
auto on_io(asio::io_context& io, F work) {
    std::packaged_task<decltype(work())()> task{std::move(work)};
    auto result = task.get_future();
    asio::post(io, [&task] { task(); });
    return result.get();
}

}  // namespace groomer::chaos
