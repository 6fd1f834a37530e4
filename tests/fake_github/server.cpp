#include "fake_github/server.hpp"

#include "fake_github/api.hpp"
#include "fake_github/listener.hpp"
#include "fake_github/wire.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <exception>
#include <optional>

namespace groomer::fake_github {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

// Nothing more may come of a connection, whatever the client still sends.
void reset(tcp::socket& socket) {
    error_code ignored;
    socket.set_option(tcp::socket::linger{true, 0}, ignored);
    socket.close(ignored);
}

}  // namespace

// What stands between the sockets and the state. All but stop() and now() runs on its thread.
class Server::Io : public Listener::Service {
public:
    Io(Server& server, ServerOptions options) : server_{server}, options_{options}, listener_{options.port, *this} {}
    ~Io() override { stop(); }

    void start() { listener_.start(); }
    void stop() { listener_.stop(); }
    [[nodiscard]] unsigned short port() const { return listener_.port(); }
    [[nodiscard]] Time now() const {
        auto const base =
            options_.start ? *options_.start : std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
        return base + std::chrono::milliseconds{ahead_};
    }
    void advance(std::chrono::milliseconds by) { ahead_ += by.count(); }

    Response refusal(int status) override {
        return server_.with_state(
            [&](State& state) { return fake_github::refusal(state, status, "Bad Request", now(), next_request_id()); });
    }
    asio::awaitable<bool> exchange(tcp::socket& socket, Request request, Peer peer) override;

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

    asio::awaitable<bool> carry_out(tcp::socket& socket, Exchange exchange);
    asio::awaitable<bool> watched(tcp::socket& socket, Exchange exchange);
    Fault fault_of(Request const& request, std::string const& id, Peer const& peer);
    asio::awaitable<bool> deliver(tcp::socket& socket, Exchange const& exchange, Response response);
    asio::awaitable<void> endless(tcp::socket& socket, Exchange const& exchange, Response response);
    std::optional<Response> instead(Exchange const& exchange);
    Response ask(Exchange const& exchange);
    std::string next_request_id() { return "FAKE:" + std::to_string(++requests_); }

    Server& server_;
    ServerOptions const options_;
    std::atomic<std::int64_t> ahead_ = 0;
    std::uint64_t requests_ = 0;
    Listener listener_;
};

asio::awaitable<bool> Server::Io::exchange(tcp::socket& socket, Request request, Peer peer) {
    Exchange next{std::move(request), next_request_id(), {}, {}};
    next.wire = {next.request.keep_alive, next.request.method == "HEAD", options_.chunked};
    next.fault = fault_of(next.request, next.id, peer);
    return watched(socket, std::move(next));
}

Fault Server::Io::fault_of(Request const& request, std::string const& id, Peer const& peer) {
    if (options_.watcher)
        if (auto fault = options_.watcher->arrived(request, id, peer)) return *fault;
    return server_.with_state([&](State& state) { return state.faults.next(request.method, request.path()).value_or(Fault{}); });
}

asio::awaitable<bool> Server::Io::watched(tcp::socket& socket, Exchange exchange) {
    auto const id = exchange.id;
    auto exchanging = carry_out(socket, std::move(exchange));
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
        auto response =
            fake_github::refusal(state, fault.status, fault.status >= 500 ? "Server Error" : reason_of(fault.status), now(), exchange.id);
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
            return fake_github::refusal(state, 500, std::string{"the fake itself failed: "} + error.what(), now(), exchange.id);
        }
    });
    if (options_.watcher) options_.watcher->applied(exchange.id, response.status);
    return response;
}

// False where the connection is over.
asio::awaitable<bool> Server::Io::carry_out(tcp::socket& socket, Exchange exchange) {
    InFlight const in_flight{server_};
    auto const kind = exchange.fault.kind;
    co_await listener_.pause(exchange.fault.delay_before);
    if (kind == FaultKind::close_before) co_return false;
    if (kind == FaultKind::reset_before) reset(socket);
    if (kind == FaultKind::reset_before) co_return false;
    auto response = instead(exchange);
    if (!response) response = ask(exchange);
    co_await listener_.pause(exchange.fault.delay_after);
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
        co_await listener_.until_client_leaves(socket);
        co_return false;
    }
    if (kind == FaultKind::endless) {
        auto sending = endless(socket, exchange, std::move(response));
        co_await std::move(sending);
        co_return false;
    }
    auto broken = broken_answer(std::move(response), exchange.fault, exchange.wire);
    auto writing = listener_.write(socket, std::move(broken.bytes));
    bool const written = co_await std::move(writing);
    co_return written && !broken.close;
}

asio::awaitable<void> Server::Io::endless(tcp::socket& socket, Exchange const& exchange, Response response) {
    response.text.clear();
    auto writing = listener_.write(socket, wire_head(response, {false, false, true}) + "1\r\n[\r\n");
    bool going_on = co_await std::move(writing);
    std::string const chunk = "8000\r\n" + std::string(0x8000, ' ') + "\r\n";
    for (std::uint64_t sent = 0; going_on && sent < exchange.fault.endless_limit; sent += chunk.size()) {
        auto more = listener_.write(socket, chunk);
        going_on = co_await std::move(more);
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
