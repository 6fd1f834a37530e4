// What a client sends, through the whole server, its routes and their checks, and a real socket: every answer is well-formed, every error has
// the one shape, what needs a token is never answered without it, and who comes next is served.
#include "api/endpoints.hpp"
#include "api/query.hpp"
#include "api/routes.hpp"
#include "base/log.hpp"
#include "fuzz/fuzz.hpp"
#include "net/http_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>

#include <memory>
#include <ostream>
#include <string>

namespace groomer::fuzz {
namespace {

using asio::ip::tcp;
using namespace std::chrono_literals;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::string_view token = "a-token-that-no-input-has";

// Answers to whatever its row of the table lets through.
net::Handler handler_of(api::Endpoint const& endpoint) {
    return [&endpoint](net::Request request) -> Task<net::Response> {
        check(endpoint.auth == api::Auth::none || endpoint.auth == api::Auth::hmac, "a token that nobody has given");
        check(request.body.size() <= endpoint.max_body, "bodies are bounded");
        auto const query = api::parse_query(request.query);
        net::Response response;
        response.body = query ? std::to_string(query->size()) : "none";
        co_return response;
    };
}

net::Router router(Log& log) {
    api::Handlers handlers;
    for (auto const& endpoint : api::endpoints())
        handlers[std::string{endpoint.method} + ' ' + std::string{endpoint.path}] = handler_of(endpoint);
    return net::Router{api::make_routes(
        std::move(handlers),
        [] {
            return api::Access{std::string{token}, false};
        },
        log)};
}

// One answer is taken off; false where what is left is none, which it may be only after a HEAD.
void check_answers(std::string_view all, bool heads) {
    while (!all.empty()) {
        check(all.starts_with("HTTP/1.1 ") || all.starts_with("HTTP/1.0 "), "an answer begins with its version");
        auto const end = all.find("\r\n\r\n");
        check(end != all.npos, "a head ends");
        auto const status = std::stoi(std::string{all.substr(9, 3)});
        auto const head = all.substr(0, end);
        all.remove_prefix(end + 4);
        if (status == 100) continue;
        auto const told = head.find("Content-Length: ");
        check(told != head.npos, "an answer tells its length");
        auto const size = static_cast<std::size_t>(std::stoul(std::string{head.substr(told + 16, 20)}));
        if (heads) return;  // which of them was one is not looked for
        check(size <= all.size(), "a body is whole");
        if (status >= 400) {
            auto const error = boost::json::parse(all.substr(0, size));
            check(error.as_object().size() == 2 && error.at("error").is_string() && error.at("message").is_string(),
                  "the shape of an error");
        }
        check(status < 500, "nothing fails inside");
        all.remove_prefix(size);
    }
}

Task<std::string> exchange(unsigned short port, std::string_view bytes) {
    tcp::socket socket{co_await asio::this_coro::executor};
    tcp::endpoint const server{asio::ip::address_v4::loopback(), port};
    co_await socket.async_connect(server, quietly);
    auto const buffer = asio::buffer(bytes);
    co_await asio::async_write(socket, buffer, quietly);
    boost::system::error_code ignored;
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    std::string answers;
    auto const into = asio::dynamic_buffer(answers);
    co_await asio::async_read(socket, into, quietly);
    co_return answers;
}

Task<> ask(unsigned short port, std::string_view bytes) {
    auto exchanging = exchange(port, bytes);
    auto const answers = co_await std::move(exchanging);
    check_answers(answers, bytes.find("HEAD") != bytes.npos);
    auto next = exchange(port, "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    auto const healthy = co_await std::move(next);
    check(healthy.starts_with("HTTP/1.1 200 "), "who comes next is served");
}

struct Stage {
    std::ostream nowhere{nullptr};
    Log log{nowhere, LogLevel::debug, Log::Format::json};
    asio::io_context io;
    std::unique_ptr<net::HttpServer> server = make(io, log);

    static std::unique_ptr<net::HttpServer> make(asio::io_context& io, Log& log) {
        net::HttpOptions options;
        options.listen = "127.0.0.1:0";
        options.read_timeout = 1s;
        auto server = net::make_http_server(io.get_executor(), options, router(log), log);
        server->start();
        return server;
    }
};

}  // namespace
}  // namespace groomer::fuzz

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace groomer;
    static auto& stage = *new fuzz::Stage;  // never ended: its server waits for the next
    bool ended = false;
    std::exception_ptr failure;
    auto asking = fuzz::ask(stage.server->port(), fuzz::text_of(data, size));
    asio::co_spawn(stage.io, std::move(asking), [&](std::exception_ptr error) {
        failure = error;
        ended = true;
    });
    stage.io.restart();
    while (!ended) stage.io.run_one();
    if (failure) std::rethrow_exception(failure);
    return 0;
}
