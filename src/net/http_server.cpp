#include "net/http_server.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "net/http_message.hpp"
#include "net/listen_endpoint.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <list>
#include <optional>
#include <utility>

namespace groomer::net {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Parser = http::request_parser<http::string_body>;

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

struct Connection {
    explicit Connection(tcp::socket socket) : stream{std::move(socket)} {}

    beast::tcp_stream stream;
    beast::flat_buffer buffer;
    bool idle = true;   // no byte of a request has come since the last answer
    bool shut = false;  // closed by us while it was reading
};

// One attempt to read a request: one of the two, or neither where the client has gone, or was too slow.
struct Incoming {
    std::optional<Request> request;
    std::optional<Response> refusal;
    Terms terms;
};

class Server final : public HttpServer {
public:
    Server(asio::any_io_executor executor, HttpOptions options, Handler handler, Log& log)
        : executor_{executor},
          options_{std::move(options)},
          handler_{std::move(handler)},
          log_{log},
          acceptor_{executor},
          accepting_{executor, report()},
          connections_{executor, report()} {}

    void start() override;
    [[nodiscard]] unsigned short port() const override { return port_; }
    Task<> stop(std::chrono::milliseconds grace) override;

private:
    // A connection's stay among those that we wait for.
    class Waiting {
    public:
        Waiting(std::list<Connection*>& all, Connection& connection) : all_{all}, at_{all.insert(all.end(), &connection)} {}
        ~Waiting() { all_.erase(at_); }
        Waiting(Waiting const&) = delete;
        Waiting& operator=(Waiting const&) = delete;

    private:
        std::list<Connection*>& all_;
        std::list<Connection*>::iterator at_;
    };

    TaskGroup::OnError report();
    Task<> accept();
    void admit(tcp::socket socket);
    bool make_room();
    Task<> serve(std::shared_ptr<Connection> connection);
    Task<Incoming> read(Connection& connection);
    Task<error_code> receive(Connection& connection, Parser& parser);
    Task<Response> answer(Request request);
    Task<bool> write(Connection& connection, Response response, Terms terms);
    Task<> linger(Connection& connection);
    Task<> cut_after(std::chrono::milliseconds grace);

    asio::any_io_executor const executor_;
    HttpOptions const options_;
    Handler const handler_;  // outlives its tasks: stop() joins them
    Log& log_;
    tcp::acceptor acceptor_;
    unsigned short port_ = 0;
    bool stopping_ = false;
    std::list<Connection*> waiting_;  // for a request or the rest of one, the longest first
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
        // No descriptor, no memory: the connection stays in the queue of the kernel, so try again, but not at once.
        if (error && !failing) log_.warning("cannot accept a connection", {{"component", "http"}, {"error", error.message()}});
        failing = error.failed();
        if (!failing) continue;
        pause.expires_after(std::chrono::milliseconds{100});
        co_await pause.async_wait(asio::use_awaitable);
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

bool Server::make_room() {
    auto longest = std::find_if(waiting_.begin(), waiting_.end(), [](Connection* c) { return !c->shut; });
    if (longest == waiting_.end()) return false;
    (*longest)->shut = true;
    (*longest)->stream.close();
    return true;
}

Task<> Server::serve(std::shared_ptr<Connection> connection) {
    for (bool open = true; open && !stopping_;) {
        auto reading = read(*connection);
        Incoming incoming = co_await std::move(reading);
        if (incoming.refusal) {
            auto writing = write(*connection, std::move(*incoming.refusal), incoming.terms);
            bool const written = co_await std::move(writing);
            if (written) co_await linger(*connection);
            co_return;
        }
        if (!incoming.request) co_return;
        auto answering = answer(std::move(*incoming.request));
        Response response = co_await std::move(answering);
        incoming.terms.keep_alive = incoming.terms.keep_alive && !stopping_;
        auto writing = write(*connection, std::move(response), incoming.terms);
        bool const written = co_await std::move(writing);
        open = written && incoming.terms.keep_alive;
        connection->idle = connection->buffer.size() == 0;
    }
    error_code ignored;
    connection->stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

Task<Incoming> Server::read(Connection& connection) {
    Waiting waiting{waiting_, connection};
    Incoming incoming;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(options_.max_header));
    parser.body_limit(options_.max_body);
    auto receiving = receive(connection, parser);
    error_code const error = co_await std::move(receiving);
    if (error && !is_malformed(error)) co_return incoming;
    auto& message = parser.get();
    incoming.terms.version = message.version() == 10 ? 10 : 11;
    incoming.terms.head = message.method() == http::verb::head;
    bool const nameless = message.version() == 11 && message.count(http::field::host) != 1;
    if (error || nameless) {
        incoming.refusal = refusal_of(error);
        co_return incoming;
    }
    incoming.terms.keep_alive = message.keep_alive();
    incoming.request = to_request(message);
    co_return incoming;
}

// Fills the parser. One limit for the wait, and one, from the first byte on, for the whole request.
Task<error_code> Server::receive(Connection& connection, Parser& parser) {
    connection.stream.expires_after(options_.read_timeout);
    if (connection.buffer.size() == 0) {
        auto const space = connection.buffer.prepare(4096);
        auto [error, size] = co_await connection.stream.async_read_some(space, no_throw);
        connection.buffer.commit(size);
        if (error) co_return error;
        connection.stream.expires_after(options_.read_timeout);
    }
    connection.idle = false;
    auto [head_error, head_size] = co_await http::async_read_header(connection.stream, connection.buffer, parser, no_throw);
    if (head_error || parser.is_done()) co_return head_error;
    bool const asks = parser.get().version() == 11 && beast::iequals(parser.get()[http::field::expect], "100-continue");
    if (asks && connection.buffer.size() == 0) {
        constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        auto const bytes = asio::buffer(go_on);
        auto [error, size] = co_await asio::async_write(connection.stream, bytes, no_throw);
        if (error) co_return error;
    }
    auto [error, size] = co_await http::async_read(connection.stream, connection.buffer, parser, no_throw);
    co_return error;
}

Task<Response> Server::answer(Request request) {
    std::string const path = request.target;
    std::exception_ptr error;
    try {
        auto task = handler_(std::move(request));
        co_return co_await std::move(task);
    } catch (...) {
        error = std::current_exception();
    }
    auto const cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) std::rethrow_exception(error);
    log_.error("a request failed", {{"component", "http"}, {"path", path}, {"error", describe(error)}});
    co_return error_response(500, "internal", "Something failed inside; the log says what.");
}

// True where the client took it in time.
Task<bool> Server::write(Connection& connection, Response response, Terms terms) {
    auto message = to_message(std::move(response), terms);
    connection.stream.expires_after(options_.write_timeout);
    auto [error, size] = co_await http::async_write(connection.stream, message, no_throw);
    co_return !error;
}

// Closing with unread bytes makes the kernel reset the connection, which may take the answer from the client: read on for
// a moment after a refusal.
Task<> Server::linger(Connection& connection) {
    constexpr std::size_t enough = 1024UL * 1024;
    Waiting waiting{waiting_, connection};
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

std::unique_ptr<HttpServer> make_http_server(asio::any_io_executor executor, HttpOptions options, Handler handler, Log& log) {
    return std::make_unique<Server>(std::move(executor), std::move(options), std::move(handler), log);
}

}  // namespace groomer::net
