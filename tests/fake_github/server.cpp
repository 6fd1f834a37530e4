#include "fake_github/server.hpp"

#include "fake_github/api.hpp"
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

#include <array>
#include <atomic>
#include <exception>
#include <optional>
#include <thread>

namespace groomer::fake_github {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

// Nothing more may come of a connection, whatever the client still sends.
void reset(tcp::socket& socket) {
    error_code ignored;
    socket.set_option(tcp::socket::linger{true, 0}, ignored);
    socket.close(ignored);
}

}  // namespace

// What stands between the sockets and the state. All but stop() and now() runs on its thread.
class Server::Io {
public:
    Io(Server& server, ServerOptions options)
        : server_{server},
          options_{options},
          acceptor_{std::in_place, *io_, tcp::endpoint{asio::ip::address_v4::loopback(), options.port}} {
        port_ = acceptor_->local_endpoint().port();
    }
    ~Io() { stop(); }

    void start() {
        auto accepting = [this] { return accept(); };
        asio::co_spawn(*io_, accepting, asio::detached);
        thread_ = std::thread{[this] { io_->run(); }};
    }
    // With the context go all coroutines, those too that have not begun, and their sockets with them.
    void stop() {
        if (!io_) return;
        io_->stop();
        if (thread_.joinable()) thread_.join();
        acceptor_.reset();
        io_.reset();
    }
    [[nodiscard]] unsigned short port() const { return port_; }
    [[nodiscard]] Time now() const {
        auto const base =
            options_.start ? *options_.start : std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
        return base + std::chrono::milliseconds{ahead_};
    }
    void advance(std::chrono::milliseconds by) { ahead_ += by.count(); }

private:
    struct Exchange {
        Request request;
        std::string id;
        Fault fault;
        WireOptions wire;
    };
    // Counts what is being answered; the client may leave, the request goes on.
    class InFlight {
    public:
        explicit InFlight(Server& server) : server_{server} {
            server_.with_state([](State& state) { state.limits.begin(); });
        }
        ~InFlight() {
            server_.with_state([](State& state) { state.limits.end(); });
        }
        InFlight(InFlight const&) = delete;
        InFlight& operator=(InFlight const&) = delete;

    private:
        Server& server_;
    };

    asio::awaitable<void> accept();
    asio::awaitable<void> serve(tcp::socket socket);
    asio::awaitable<std::optional<Request>> read(tcp::socket& socket, RequestReader& reader);
    asio::awaitable<bool> exchange(tcp::socket& socket, Exchange exchange);
    asio::awaitable<bool> watched(tcp::socket& socket, Exchange exchange);
    Fault fault_of(Request const& request, std::string const& id, Peer const& peer);
    asio::awaitable<bool> deliver(tcp::socket& socket, Exchange const& exchange, Response response);
    asio::awaitable<bool> write(tcp::socket& socket, std::string bytes);
    asio::awaitable<void> endless(tcp::socket& socket, Exchange const& exchange, Response response);
    asio::awaitable<void> until_client_leaves(tcp::socket& socket);
    asio::awaitable<void> pause(std::chrono::milliseconds time);
    std::optional<Response> instead(Exchange const& exchange);
    Response ask(Exchange const& exchange);
    std::string next_request_id() { return "FAKE:" + std::to_string(++requests_); }

    Server& server_;
    ServerOptions const options_;
    std::atomic<std::int64_t> ahead_ = 0;
    std::uint64_t requests_ = 0, connections_ = 0;
    unsigned short port_ = 0;
    std::optional<asio::io_context> io_{std::in_place};
    std::optional<tcp::acceptor> acceptor_;
    std::thread thread_;
};

asio::awaitable<void> Server::Io::accept() {
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

// Nothing where the client has left, or sent what is no request.
asio::awaitable<std::optional<Request>> Server::Io::read(tcp::socket& socket, RequestReader& reader) {
    std::array<char, 16 * 1024> bytes{};
    for (;;) {
        if (auto request = reader.next()) co_return request;
        if (reader.refused()) {
            auto const response =
                server_.with_state([&](State& state) { return refusal(state, reader.refused(), "Bad Request", now(), next_request_id()); });
            auto writing = write(socket, wire_answer(response, {false, false, false}));
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
    Peer const peer{++connections_, socket.remote_endpoint(ignored).port()};
    RequestReader reader;
    for (bool going_on = true; going_on;) {
        auto reading = read(socket, reader);
        auto request = co_await std::move(reading);
        if (!request) co_return;
        Exchange next{std::move(*request), next_request_id(), {}, {}};
        next.wire = {next.request.keep_alive, next.request.method == "HEAD", options_.chunked};
        next.fault = fault_of(next.request, next.id, peer);
        auto exchanging = watched(socket, std::move(next));
        going_on = co_await std::move(exchanging);
    }
}

Fault Server::Io::fault_of(Request const& request, std::string const& id, Peer const& peer) {
    if (options_.watcher)
        if (auto fault = options_.watcher->arrived(request, id, peer)) return *fault;
    return server_.with_state([&](State& state) { return state.faults.next(request.method, request.path()).value_or(Fault{}); });
}

asio::awaitable<bool> Server::Io::watched(tcp::socket& socket, Exchange exchange) {
    auto const id = exchange.id;
    auto exchanging = this->exchange(socket, std::move(exchange));
    bool const going_on = co_await std::move(exchanging);
    if (options_.watcher) options_.watcher->ended(id, going_on);
    co_return going_on;
}

// The answer of a fault that keeps the request from its effect.
std::optional<Response> Server::Io::instead(Exchange const& exchange) {
    auto const& fault = exchange.fault;
    if (fault.kind != FaultKind::status && fault.kind != FaultKind::html) return std::nullopt;
    return server_.with_state([&](State& state) {
        state.effects.count("fault", fault.status);
        auto response = refusal(state, fault.status, fault.status >= 500 ? "Server Error" : reason_of(fault.status), now(), exchange.id);
        response.headers.insert(response.headers.end(), fault.headers.begin(), fault.headers.end());
        if (fault.kind == FaultKind::status) return response;
        response.json.reset();
        response.text =
            "<!DOCTYPE html>\n<html><head><title>Unicorn! &middot; GitHub</title></head><body><p>We had issues.</p></body></html>\n";
        for (auto& field : response.headers)
            if (field.first == "Content-Type") field.second = "text/html; charset=utf-8";
        return response;
    });
}

// What goes wrong here is the fake's own fault: whoever runs the test should read what.
Response Server::Io::ask(Exchange const& exchange) {
    auto response = server_.with_state([&](State& state) {
        try {
            return answer(state, exchange.request, now(), exchange.id);
        } catch (std::exception const& error) {
            return refusal(state, 500, std::string{"the fake itself failed: "} + error.what(), now(), exchange.id);
        }
    });
    if (options_.watcher) options_.watcher->applied(exchange.id, response.status);
    return response;
}

// False where the connection is over.
asio::awaitable<bool> Server::Io::exchange(tcp::socket& socket, Exchange exchange) {
    InFlight const in_flight{server_};
    auto const kind = exchange.fault.kind;
    co_await pause(exchange.fault.delay_before);
    if (kind == FaultKind::close_before) co_return false;
    if (kind == FaultKind::reset_before) reset(socket);
    if (kind == FaultKind::reset_before) co_return false;
    auto response = instead(exchange);
    if (!response) response = ask(exchange);
    co_await pause(exchange.fault.delay_after);
    if (kind == FaultKind::close_after) co_return false;
    if (kind == FaultKind::reset_after) reset(socket);
    if (kind == FaultKind::reset_after) co_return false;
    auto delivering = deliver(socket, exchange, std::move(*response));
    co_return co_await std::move(delivering);
}

asio::awaitable<bool> Server::Io::deliver(tcp::socket& socket, Exchange const& exchange, Response response) {
    auto const kind = exchange.fault.kind;
    if (kind == FaultKind::half_close) {
        error_code ignored;
        socket.shutdown(tcp::socket::shutdown_send, ignored);
        co_await until_client_leaves(socket);
        co_return false;
    }
    if (kind == FaultKind::endless) {
        auto sending = endless(socket, exchange, std::move(response));
        co_await std::move(sending);
        co_return false;
    }
    auto broken = broken_answer(std::move(response), exchange.fault, exchange.wire);
    auto writing = write(socket, std::move(broken.bytes));
    bool const written = co_await std::move(writing);
    co_return written && !broken.close;
}

asio::awaitable<void> Server::Io::endless(tcp::socket& socket, Exchange const& exchange, Response response) {
    response.text.clear();
    auto writing = write(socket, wire_head(response, {false, false, true}) + "1\r\n[\r\n");
    bool going_on = co_await std::move(writing);
    std::string const chunk = "8000\r\n" + std::string(0x8000, ' ') + "\r\n";
    for (std::uint64_t sent = 0; going_on && sent < exchange.fault.endless_limit; sent += chunk.size()) {
        auto more = write(socket, chunk);
        going_on = co_await std::move(more);
    }
}

asio::awaitable<void> Server::Io::until_client_leaves(tcp::socket& socket) {
    std::array<char, 4096> bytes{};
    for (error_code error; !error;) {
        auto const buffer = asio::buffer(bytes);
        auto [failed, size] = co_await socket.async_read_some(buffer, quietly);
        error = failed;
    }
}

Server::Server(ServerOptions options) : io_{std::make_unique<Io>(*this, options)} {
    state_.options.base_url = url();
    io_->start();
}

Server::~Server() = default;
unsigned short Server::port() const { return io_->port(); }
std::string Server::url() const { return "http://127.0.0.1:" + std::to_string(port()); }
void Server::stop() { io_->stop(); }
Time Server::now() const { return io_->now(); }
void Server::advance(std::chrono::milliseconds by) { io_->advance(by); }

}  // namespace groomer::fake_github
