#include "fake_github/listener.hpp"

#include "fake_github/wire.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>

namespace groomer::fake_github {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

}  // namespace

Listener::Listener(unsigned short port, Service& service)
    : service_{service}, acceptor_{std::in_place, *io_, tcp::endpoint{asio::ip::address_v4::loopback(), port}} {
    port_ = acceptor_->local_endpoint().port();
}

void Listener::start() {
    auto accepting = [this] { return accept(); };
    asio::co_spawn(*io_, accepting, asio::detached);
    thread_ = std::thread{[this] { io_->run(); }};
}

void Listener::stop() {
    if (!io_) return;
    io_->stop();
    if (thread_.joinable()) thread_.join();
    acceptor_.reset();
    io_.reset();
}

asio::awaitable<void> Listener::accept() {
    for (;;) {
        auto [error, socket] = co_await acceptor_->async_accept(quietly);
        if (error == asio::error::operation_aborted) co_return;
        if (error) {  // no descriptor: they are the test's own, and it may close some
            co_await pause(20ms);
            continue;
        }
        asio::co_spawn(*io_, serve(std::move(socket)), asio::detached);
    }
}

asio::awaitable<void> Listener::pause(std::chrono::milliseconds time) {
    if (time <= 0ms) co_return;
    asio::steady_timer timer{*io_, time};
    co_await timer.async_wait(quietly);
}

asio::awaitable<bool> Listener::write(tcp::socket& socket, std::string bytes) {
    auto const buffer = asio::buffer(bytes);
    auto [error, size] = co_await asio::async_write(socket, buffer, quietly);
    co_return !error;
}

asio::awaitable<void> Listener::until_client_leaves(tcp::socket& socket) {
    std::array<char, 4096> bytes{};
    for (error_code error; !error;) {
        auto const buffer = asio::buffer(bytes);
        auto [failed, size] = co_await socket.async_read_some(buffer, quietly);
        error = failed;
    }
}

// Nothing where the client has left, or sent what is no request.
asio::awaitable<std::optional<Request>> Listener::read(tcp::socket& socket, RequestReader& reader) {
    std::array<char, 16 * 1024> bytes{};
    for (;;) {
        if (auto request = reader.next()) co_return request;
        if (reader.refused()) {
            auto writing = write(socket, wire_answer(service_.refusal(reader.refused()), {false, false, false}));
            co_await std::move(writing);
            error_code ignored;
            socket.shutdown(tcp::socket::shutdown_send, ignored);
            co_await until_client_leaves(socket);
            co_return std::nullopt;
        }
        if (reader.expects_continue()) {
            auto writing = write(socket, "HTTP/1.1 100 Continue\r\n\r\n");
            bool const written = co_await std::move(writing);
            if (!written) co_return std::nullopt;
        }
        auto const buffer = asio::buffer(bytes);
        auto [error, size] = co_await socket.async_read_some(buffer, quietly);
        if (error) co_return std::nullopt;
        reader.feed({bytes.data(), size});
    }
}

asio::awaitable<void> Listener::serve(tcp::socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay{true}, ignored);
    Peer const peer{++connections_, socket.remote_endpoint(ignored).port()};
    RequestReader reader;
    for (bool going_on = true; going_on;) {
        auto reading = read(socket, reader);
        auto request = co_await std::move(reading);
        if (!request) co_return;
        auto exchanging = service_.exchange(socket, std::move(*request), peer);
        going_on = co_await std::move(exchanging);
    }
}

}  // namespace groomer::fake_github
