#include "net/http_server.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/turns.hpp"
#include "net/http_incoming.hpp"
#include "net/http_message.hpp"
#include "net/listen_endpoint.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <array>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace groomer::net {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

class Server final : public HttpServer {
public:
    Server(asio::any_io_executor executor, HttpOptions options, Router router, Log& log)
        : executor_{executor},
          options_{std::move(options)},
          router_{std::move(router)},
          log_{log},
          long_bodies_{options_.max_long_bodies},
          at_work_{options_.max_at_work},
          acceptor_{executor},
          accepting_{executor, report()},
          connections_{executor, report()} {}

    void start() override;
    [[nodiscard]] unsigned short port() const override { return port_; }
    Task<> stop(std::chrono::milliseconds grace) override;

private:
    // A connection's stay among those of a kind.
    class Stay {
    public:
        Stay(std::list<Connection*>& all, Connection& connection) : all_{all}, at_{all.insert(all.end(), &connection)} {}
        ~Stay() { all_.erase(at_); }
        Stay(Stay const&) = delete;
        Stay& operator=(Stay const&) = delete;

    private:
        std::list<Connection*>& all_;
        std::list<Connection*>::iterator at_;
    };

    TaskGroup::OnError report();
    Task<> accept();
    void admit_more();
    void admit(tcp::socket socket);
    bool make_room();
    Task<> serve(std::shared_ptr<Connection> connection);
    Task<Incoming> read(Connection& connection);
    std::shared_ptr<Turns> queue_of(std::string const& address);
    Task<std::shared_ptr<void>> begin(Route const* route, Connection const& connection);
    Task<Response> answer(Route const& route, Request request);
    Task<bool> write(Connection& connection, Response response, Terms terms);
    Task<bool> stream(Connection& connection, Response response, Terms terms);
    Task<bool> send(Connection& connection, std::shared_ptr<std::string const> piece);
    Task<> await_departure(Connection& connection);
    Task<> linger(Connection& connection);
    void log(Connection const& connection, Incoming const& incoming, int status, asio::steady_timer::time_point began);
    Task<> cut_after(std::chrono::milliseconds grace);

    asio::any_io_executor const executor_;
    HttpOptions const options_;
    Router const router_;  // outlives the tasks of its handlers: stop() joins them
    Log& log_;
    Room long_bodies_;
    Room at_work_;
    std::shared_ptr<Turns> rounds_ = std::make_shared<Turns>(1);
    std::map<std::string, std::weak_ptr<Turns>> queues_;  // before the rounds, by address
    tcp::acceptor acceptor_;
    unsigned short port_ = 0;
    bool stopping_ = false;
    std::list<Connection*> waiting_;    // for the peer: for a request, or while it takes its answer; the longest first
    std::list<Connection*> streaming_;  // an answer of no known length
    TaskGroup accepting_;
    TaskGroup connections_;
};

TaskGroup::OnError Server::report() {
    return [this](std::string const& name, std::exception_ptr error) {
        log_.error("an HTTP task failed", {{"component", "http"}, {"task", name}, {"error", describe(error)}});
    };
}

void Server::start() {
    tcp::endpoint const endpoint = listen_endpoint(executor_, options_.listen);
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address{true}, error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    if (error) throw Error{ErrorCode::config, "cannot listen on \"" + options_.listen + "\": " + error.message()};
    port_ = acceptor_.local_endpoint().port();
    accepting_.spawn("accept", [this] { return accept(); });
}

Task<> Server::accept() {
    asio::steady_timer pause{executor_};
    bool failing = false;
    while (acceptor_.is_open()) {
        auto [error, socket] = co_await acceptor_.async_accept(no_throw);
        if (error == asio::error::operation_aborted) co_return;
        if (!error) admit(std::move(socket));
        if (!error) admit_more();
        // No descriptor, no memory: the connection stays in the queue of the kernel, so try again, but not at once.
        if (error && !failing) log_.warning("cannot accept a connection", {{"component", "http"}, {"error", error.message()}});
        failing = error.failed();
        if (!failing) continue;
        pause.expires_after(std::chrono::milliseconds{100});
        co_await pause.async_wait(asio::use_awaitable);
    }
}

// Some at once, or who comes last would wait for thousands in the kernel's queue, one a round; and not so many that they push each other out
// before they are read.
void Server::admit_more() {
    constexpr int at_once = 16;
    error_code error;
    acceptor_.non_blocking(true, error);
    for (int i = 0; i < at_once && !error; ++i) {
        tcp::socket socket{executor_};
        acceptor_.accept(socket, error);
        if (!error) admit(std::move(socket));
    }
}

void Server::admit(tcp::socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay{true}, ignored);
    if (connections_.size() < options_.max_connections || make_room()) {
        auto connection = std::make_shared<Connection>(std::move(socket));
        connections_.spawn("connection", [this, connection] { return serve(connection); });
        return;
    }
    // A fresh socket takes this without blocking; where it does not, closing says it too.
    std::string const body = error_response(503, "busy", "Too many connections: try again in a moment.").body;
    std::string const busy =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
        "X-Content-Type-Options: nosniff\r\nContent-Type: application/json\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(busy), ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
}

// Of the address that has the most of them: a flood pushes out its own, and not the probe that came from elsewhere.
bool Server::make_room() {
    std::map<std::string_view, int> counts;
    for (auto const* connection : waiting_)
        if (!connection->shut) ++counts[connection->origin];
    int most = 0;
    for (auto const& [address, count] : counts) most = std::max(most, count);
    auto longest = std::find_if(waiting_.begin(), waiting_.end(), [&](Connection* c) { return !c->shut && counts[c->origin] == most; });
    if (longest == waiting_.end()) return false;
    (*longest)->shut = true;
    (*longest)->stream.close();
    return true;
}

Task<> Server::serve(std::shared_ptr<Connection> connection) {
    for (bool open = true; open && !stopping_;) {
        auto reading = read(*connection);
        Incoming incoming = co_await std::move(reading);
        if (!incoming.route && !incoming.refusal) co_return;
        auto const began = asio::steady_timer::clock_type::now();
        auto beginning = begin(incoming.route, *connection);
        std::shared_ptr<void> seat = co_await std::move(beginning);
        Response response;
        if (!seat) {  // who sends on and on is not refused on and on
            incoming.broken = true;
            incoming.terms.keep_alive = false;
        }
        if (incoming.refusal) {
            response = std::move(*incoming.refusal);
        } else if (!seat) {
            response = busy("Too many requests are at work: try again in a moment.");
        } else {
            auto answering = answer(*incoming.route, std::move(incoming.request));
            response = co_await std::move(answering);
        }
        int const status = response.status;
        bool const streams = static_cast<bool>(response.stream);
        if (!streams) seat.reset();  // what is left to do is the client's
        incoming.room.clear();
        incoming.request = {};
        incoming.terms.keep_alive = incoming.terms.keep_alive && !stopping_ && !streams;
        auto writing =
            streams ? stream(*connection, std::move(response), incoming.terms) : write(*connection, std::move(response), incoming.terms);
        bool const written = co_await std::move(writing);
        log(*connection, incoming, status, began);
        if (written && incoming.broken) co_await linger(*connection);
        open = written && incoming.terms.keep_alive;
        connection->idle = connection->buffer.size() == 0;
    }
    error_code ignored;
    connection->stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

Task<Incoming> Server::read(Connection& connection) {
    Stay const stay{waiting_, connection};
    auto reading = read_request(connection, options_, router_, long_bodies_);
    co_return co_await std::move(reading);
}

std::shared_ptr<Turns> Server::queue_of(std::string const& address) {
    if (auto const found = queues_.find(address); found != queues_.end())
        if (auto queue = found->second.lock()) return queue;
    std::erase_if(queues_, [](auto const& queue) { return queue.second.expired(); });
    auto queue = std::make_shared<Turns>(1);
    queues_[address] = queue;
    return queue;
}

// A seat for as long as it is us who take the time, which a stream keeps; null where there is none. One request begins in each round of the
// loop, so that whatever else is ready has its turn between any two: a routine one, which does not wait, is never behind all others; and one
// of each address waits for that, so that nobody is behind all requests of another.
Task<std::shared_ptr<void>> Server::begin(Route const* route, Connection const& connection) {
    if (route && route->routine) co_return std::make_shared<bool>(true);
    auto seat = at_work_.take(1, connection.origin);
    if (!seat) co_return nullptr;
    auto queue = queue_of(connection.origin);
    auto first = co_await queue->take();
    auto turn = co_await rounds_->take();
    asio::post(executor_, [queue = std::move(queue), rounds = rounds_, first = std::move(first), turn = std::move(turn)] {});
    co_return seat;
}

Task<Response> Server::answer(Route const& route, Request request) {
    std::exception_ptr error;
    try {
        auto task = route.handler(std::move(request));
        co_return co_await std::move(task);
    } catch (...) {
        error = std::current_exception();
    }
    auto const cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) std::rethrow_exception(error);
    log_.error("a request failed", {{"component", "http"}, {"route", route.path}, {"error", describe(error)}});
    co_return error_response(500, "internal", "Something failed inside; the log says what.");
}

// Never the path or the query as they were sent: a secret may stand in either.
void Server::log(Connection const& connection, Incoming const& incoming, int status, asio::steady_timer::time_point began) {
    std::chrono::duration<double> const took = asio::steady_timer::clock_type::now() - began;
    auto const write = incoming.route && incoming.route->routine && status < 500 ? &Log::debug : &Log::info;
    (log_.*write)("request", {{"component", "http"},
                              {"method", incoming.method},
                              {"route", incoming.path},
                              {"status", status},
                              {"duration_s", took.count()},
                              {"client", connection.client}});
}

// True where the client took it in time.
Task<bool> Server::write(Connection& connection, Response response, Terms terms) {
    Stay const stay{waiting_, connection};
    auto message = to_message(std::move(response), terms);
    connection.stream.expires_after(options_.write_timeout);
    auto [error, size] = co_await http::async_write(connection.stream, message, no_throw);
    co_return !error;
}

// The head, and then what the handler sends, while the client is watched: it says nothing more, so that what comes from it is its end.
Task<bool> Server::stream(Connection& connection, Response response, Terms terms) {
    auto const pieces = std::move(response.stream);
    response.stream = [](Send) -> Task<> { co_return; };  // for to_message
    auto message = to_message(std::move(response), terms);
    http::response_serializer<http::string_body> head{message};
    std::optional<Stay> writing{std::in_place, waiting_, connection};
    connection.stream.expires_after(options_.write_timeout);
    auto [error, size] = co_await http::async_write_header(connection.stream, head, no_throw);
    writing.reset();
    if (error || terms.head) co_return !error;
    Stay const stay{streaming_, connection};
    TaskGroup both{executor_, report()};
    both.spawn("stream", [&]() -> Task<> {
        struct Ended {
            Connection& connection;
            ~Ended() { connection.stream.close(); }
        } const at_end{connection};
        auto sending = pieces([this, &connection](auto piece) { return send(connection, std::move(piece)); });
        co_await std::move(sending);
    });
    both.spawn("departure", [&]() -> Task<> {
        co_await await_departure(connection);
        both.cancel();
    });
    co_await both.join();
    co_return false;
}

Task<bool> Server::send(Connection& connection, std::shared_ptr<std::string const> piece) {
    if (stopping_) co_return false;
    Stay const stay{waiting_, connection};
    connection.stream.expires_after(options_.write_timeout);
    auto const bytes = asio::buffer(*piece);
    auto [error, size] = co_await asio::async_write(connection.stream, bytes, no_throw);
    co_return !error;
}

Task<> Server::await_departure(Connection& connection) {
    std::array<char, 256> ignored{};
    auto const space = asio::buffer(ignored);
    connection.stream.expires_never();
    for (error_code error; !error;) {
        auto [failed, size] = co_await connection.stream.async_read_some(space, no_throw);
        error = failed;
    }
}

// Closing with unread bytes makes the kernel reset the connection, which may take the answer from the client: read on for
// a moment after a refusal.
Task<> Server::linger(Connection& connection) {
    constexpr std::size_t enough = 1024UL * 1024;
    Stay const stay{waiting_, connection};
    error_code error;
    connection.stream.socket().shutdown(tcp::socket::shutdown_send, error);
    connection.stream.expires_after(std::min(options_.read_timeout, std::chrono::milliseconds{1000}));
    connection.buffer.clear();
    for (std::size_t total = 0; !error && total < enough;) {
        auto const space = connection.buffer.prepare(4096);
        auto [failed, size] = co_await connection.stream.async_read_some(space, no_throw);
        error = failed;
        total += size;
    }
}

Task<> Server::stop(std::chrono::milliseconds grace) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    stopping_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    accepting_.cancel();
    co_await accepting_.join();
    for (Connection* connection : waiting_) {
        if (connection->idle) connection->stream.close();
    }
    for (Connection* connection : streaming_) connection->stream.close();
    TaskGroup deadline{executor_, report()};
    deadline.spawn("deadline", [this, grace] { return cut_after(grace); });
    co_await connections_.join();
    deadline.cancel();
    co_await deadline.join();
}

Task<> Server::cut_after(std::chrono::milliseconds grace) {
    asio::steady_timer timer{executor_, grace};
    co_await timer.async_wait(asio::use_awaitable);
    connections_.cancel();
}

}  // namespace

std::unique_ptr<HttpServer> make_http_server(asio::any_io_executor executor, HttpOptions options, Router router, Log& log) {
    return std::make_unique<Server>(std::move(executor), std::move(options), std::move(router), log);
}

}  // namespace groomer::net
