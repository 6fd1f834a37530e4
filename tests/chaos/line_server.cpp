#include "chaos/line_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace groomer::chaos {
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

}  // namespace

LineServer::LineServer(asio::io_context& io, Handler handler)
    : handler_{std::move(handler)}, acceptor_{io, {asio::ip::address_v4::loopback(), 0}} {
    auto accepting = [this] { return accept(); };
    asio::co_spawn(io, accepting, asio::detached);
}

asio::awaitable<void> LineServer::accept() {
    for (;;) {
        auto [error, socket] = co_await acceptor_.async_accept(quietly);
        if (error) co_return;
        asio::co_spawn(acceptor_.get_executor(), serve(std::move(socket), ++connections_), asio::detached);
    }
}

asio::awaitable<void> LineServer::serve(tcp::socket socket, int connection) {
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay{true}, ignored);
    std::string line;
    auto reading = asio::dynamic_buffer(line, 1 << 20);
    auto [error, size] = co_await asio::async_read_until(socket, reading, '\n', quietly);
    if (error) co_return;  // cut before all of it was here: nothing happened
    Request request{socket, connection, boost::json::parse(line).as_object()};
    auto handling = handler_(std::move(request));
    co_await std::move(handling);
}

asio::awaitable<void> answer(tcp::socket& socket, boost::json::object body) {
    auto text = boost::json::serialize(body) + "\n";
    auto writing = asio::buffer(text);
    auto [error, size] = co_await asio::async_write(socket, writing, quietly);
    (void)error;  // whoever asked has gone
}

}  // namespace groomer::chaos
