#include "fake_model/server.hpp"

#include "fake_github/wire.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <thread>

namespace groomer::fake_model {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using fake_github::RequestReader;
using namespace std::chrono_literals;
using HttpFault = fake_github::FaultKind;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

// How the fake of GitHub, whose bytes these are, calls it.
HttpFault http_fault(FaultKind kind) {
    switch (kind) {
        case FaultKind::close_in_body: return HttpFault::truncated;
        case FaultKind::garbage: return HttpFault::garbage;
        case FaultKind::garbage_body: return HttpFault::garbage_body;
        default: return HttpFault::none;
    }
}

}  // namespace

// All but stop() runs on its thread.
class Server::Io {
public:
    Io(Server& server, unsigned short port)
        : server_{server}, acceptor_{std::in_place, *io_, tcp::endpoint{asio::ip::address_v4::loopback(), port}} {
        port_ = acceptor_->local_endpoint().port();
        auto accepting = [this] { return accept(); };
        asio::co_spawn(*io_, accepting, asio::detached);
        thread_ = std::thread{[this] { io_->run(); }};
    }
    ~Io() { stop(); }

    // With the context go all coroutines, those too that have not begun, and their sockets with them.
    void stop() {
        if (!io_) return;
        io_->stop();
        if (thread_.joinable()) thread_.join();
        acceptor_.reset();
        io_.reset();
    }
    [[nodiscard]] unsigned short port() const { return port_; }

private:
    // Counts what waits for its answer, whether the client does or not.
    class AtOnce {
    public:
        explicit AtOnce(Server& server) : server_{server} {
            server_.with_state([](State& state) { state.most_at_once = std::max(state.most_at_once, ++state.at_once); });
        }
        ~AtOnce() {
            server_.with_state([](State& state) { --state.at_once; });
        }
        AtOnce(AtOnce const&) = delete;
        AtOnce& operator=(AtOnce const&) = delete;

    private:
        Server& server_;
    };

    asio::awaitable<void> accept();
    asio::awaitable<void> serve(tcp::socket socket);
    asio::awaitable<std::optional<Request>> read(tcp::socket& socket, RequestReader& reader);
    asio::awaitable<bool> exchange(tcp::socket& socket, Request request);
    asio::awaitable<bool> write(tcp::socket& socket, std::string bytes);
    asio::awaitable<void> until_client_leaves(tcp::socket& socket);
    asio::awaitable<void> pause(std::chrono::milliseconds time);

    Server& server_;
    std::uint64_t requests_ = 0;
    unsigned short port_ = 0;
    std::optional<asio::io_context> io_{std::in_place};
    std::optional<tcp::acceptor> acceptor_;
    std::thread thread_;
};

asio::awaitable<void> Server::Io::accept() {
    for (;;) {
        auto [error, socket] = co_await acceptor_->async_accept(quietly);
        if (error == asio::error::operation_aborted) co_return;
        if (error) co_await pause(20ms);  // no descriptor: they are the test's own, and it may close some
        else asio::co_spawn(*io_, serve(std::move(socket)), asio::detached);
    }
}

asio::awaitable<void> Server::Io::pause(std::chrono::milliseconds time) {
    if (time <= 0ms) co_return;
    asio::steady_timer timer{*io_, time};
    co_await timer.async_wait(quietly);
}

asio::awaitable<bool> Server::Io::write(tcp::socket& socket, std::string bytes) {
    auto const buffer = asio::buffer(bytes);
    auto [error, size] = co_await asio::async_write(socket, buffer, quietly);
    co_return !error;
}

asio::awaitable<void> Server::Io::until_client_leaves(tcp::socket& socket) {
    std::array<char, 4096> bytes{};
    for (error_code error; !error;) {
        auto const buffer = asio::buffer(bytes);
        auto [failed, size] = co_await socket.async_read_some(buffer, quietly);
        error = failed;
    }
}

// Nothing where the client has left, or sent what is no request.
asio::awaitable<std::optional<Request>> Server::Io::read(tcp::socket& socket, RequestReader& reader) {
    std::array<char, 16 * 1024> bytes{};
    for (;;) {
        if (auto request = reader.next()) co_return request;
        if (reader.refused()) {
            auto const refusal = error_of(Protocol::openai, {reader.refused(), "invalid_request_error", "Bad Request"}, "0");
            auto writing = write(socket, fake_github::wire_answer(refusal, {false, false, false}));
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

asio::awaitable<void> Server::Io::serve(tcp::socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay{true}, ignored);
    RequestReader reader;
    for (bool going_on = true; going_on;) {
        auto reading = read(socket, reader);
        auto request = co_await std::move(reading);
        if (!request) co_return;
        auto exchanging = exchange(socket, std::move(*request));
        going_on = co_await std::move(exchanging);
    }
}

// False where the connection is over.
asio::awaitable<bool> Server::Io::exchange(tcp::socket& socket, Request request) {
    auto const now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    auto const id = std::to_string(++requests_);
    auto at_once = std::make_unique<AtOnce>(server_);
    auto outcome = server_.with_state([&](State& state) { return outcome_of(state, request, now, id); });
    co_await pause(outcome.delay);
    at_once.reset();  // before the client knows of it
    auto const kind = outcome.fault.kind;
    if (kind == FaultKind::close_before) co_return false;
    if (kind == FaultKind::silent) {
        co_await until_client_leaves(socket);
        co_return false;
    }
    fake_github::Fault fault;
    fault.kind = http_fault(kind);
    auto broken = fake_github::broken_answer(std::move(outcome.response), fault, {request.keep_alive, false, false});
    auto writing = write(socket, std::move(broken.bytes));
    bool const written = co_await std::move(writing);
    co_return written && !broken.close;
}

Server::Server(unsigned short port) : io_{std::make_unique<Io>(*this, port)} {}
Server::~Server() = default;
unsigned short Server::port() const { return io_->port(); }
std::string Server::url() const { return "http://127.0.0.1:" + std::to_string(port()); }
void Server::stop() { io_->stop(); }

}  // namespace groomer::fake_model
