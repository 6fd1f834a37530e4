// What a server sends back, through the whole client and a real socket: an answer or an HttpError, and nothing else, for this request
// and for the next on the same connection.
#include "fuzz/fuzz.hpp"
#include "net/http_client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <memory>
#include <string>

namespace groomer::fuzz {
namespace {

using asio::ip::tcp;
using namespace std::chrono_literals;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t most = 32 * 1024;

// Answers every connection's first request with `bytes`, and closes.
class Peer {
public:
    explicit Peer(asio::io_context& io) : acceptor_{io, {asio::ip::address_v4::loopback(), 0}} {}
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/"; }

    asio::awaitable<void> serve(std::string_view bytes) {
        for (;;) {
            auto [failed, socket] = co_await acceptor_.async_accept(quietly);
            if (failed) co_return;
            std::string request;
            auto const into = asio::dynamic_buffer(request);
            co_await asio::async_read_until(socket, into, "\r\n\r\n", quietly);
            auto const buffer = asio::buffer(bytes);
            co_await asio::async_write(socket, buffer, quietly);
            boost::system::error_code ignored;
            socket.shutdown(tcp::socket::shutdown_send, ignored);
        }
    }
    void stop() { acceptor_.cancel(); }

private:
    tcp::acceptor acceptor_;
};

Task<> ask(net::HttpClient& client, net::ClientRequest request) {
    try {
        auto const response = co_await client.send(request);
        check(response.status >= 200 && response.status <= 999, "an answer is final");
        check(response.body.size() <= most, "bodies are bounded");
    } catch (net::HttpError const& error) {
        check(std::string_view{error.what()}.size() < 2000, "errors are short");
    }
}

Task<> ask_twice(net::HttpClient& client, Peer& peer, std::string url) {
    net::ClientRequest request;
    request.url = url;
    request.timeout = 3s;
    co_await ask(client, request);
    request.method = "POST";
    request.body = "{}";
    co_await ask(client, request);
    client.close_idle();
    peer.stop();
}

// Made once: a client reads the system's certificates.
struct Stage {
    asio::io_context io;
    Peer peer{io};
    std::unique_ptr<net::HttpClient> client = net::make_http_client(io.get_executor(), options());

    static net::ClientOptions options() {
        net::ClientOptions options;
        options.max_body = most;
        options.max_header = 8 * 1024;
        options.stall_timeout = 1s;
        return options;
    }
};

}  // namespace
}  // namespace groomer::fuzz

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace groomer;
    static fuzz::Stage stage;
    auto serving = stage.peer.serve(fuzz::text_of(data, size));
    asio::co_spawn(stage.io, std::move(serving), asio::detached);
    std::exception_ptr failure;
    auto asking = fuzz::ask_twice(*stage.client, stage.peer, stage.peer.url());
    asio::co_spawn(stage.io, std::move(asking), [&](std::exception_ptr error) { failure = error; });
    stage.io.restart();
    stage.io.run();
    if (failure) std::rethrow_exception(failure);
    return 0;
}
