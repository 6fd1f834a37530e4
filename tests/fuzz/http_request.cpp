// What a client sends, through the whole server, its routes, their checks and handlers, and a real socket: every answer is well-formed, every
// error has the one shape, what needs a token is never answered without it, and who comes next is served.
//
// The input is what is sent; or, since no chance finds a signature or a length, only the part of a request that its first line names: "webhook
// KIND" signs the rest as a delivery of that kind, "run" sends it as the body of that request, "runs" as a query.
#include "api/deliveries.hpp"
#include "api/endpoints.hpp"
#include "api/requests.hpp"
#include "api/routes.hpp"
#include "api/runs.hpp"
#include "base/digest.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
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

#include <algorithm>
#include <array>
#include <memory>
#include <ostream>
#include <string>

// In place of the database, whose library is not linked.
namespace groomer::store {

Task<std::string> runs(Store&, RunFilter filter, Links) {
    for (auto const& text : {filter.repo, filter.outcome})
        fuzz::check(!text || (is_utf8(*text) && text->find('\0') == std::string::npos), "what is looked for is text");
    fuzz::check(filter.limit >= 1 && filter.limit <= 200, "how many is bounded");
    co_return R"([{"id":3},{"id":2}])";
}

Task<std::optional<std::string>> run(Store&, std::int64_t id, Links) {
    fuzz::check(id > 0, "an id is above 0");
    co_return id > 1 ? std::optional<std::string>{"{}"} : std::nullopt;
}

}  // namespace groomer::store

namespace groomer::fuzz {
namespace {

using asio::ip::tcp;
using namespace std::chrono_literals;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::string_view token = "a-token", secret = "signs";

// A store of which only the address is used.
store::Store& no_database() {
    alignas(store::Store) static std::array<std::byte, sizeof(store::Store)> place;
    return reinterpret_cast<store::Store&>(place);
}

// Grooms nothing: what may be asked for is all that it looks at.
Task<net::Response> run(net::Request request) {
    auto const asked = api::parse_run_request(request.body);
    if (auto const* wrong = std::get_if<std::string>(&asked)) co_return net::error_response(400, "bad_request", *wrong);
    co_return net::Response{};
}

Task<net::Response> empty(net::Request) { co_return net::Response{}; }

// What stands behind the routes as it does in a replica, but for the database.
struct Behind {
    explicit Behind(Log& log, asio::io_context& io)
        : inbox{{clock, log, io.get_executor(), [](std::vector<tracker::IssueRef>) { return none_due(); }, [] { return nothing(); },
                 [] { return nobody(); }, [](std::string_view) { return false; }}},
          deliveries{{inbox, log, [] { return std::string{secret}; }, [](std::string_view repo) { return repo == "octo/quill"; },
                      [] { return false; }}} {}

    static Task<store::MadeDue> none_due() { co_return store::MadeDue{}; }
    static Task<> nothing() { co_return; }
    static Task<tracker::github::Account> nobody() { co_return tracker::github::Account{}; }

    SystemClock clock;
    api::Inbox inbox;
    api::Deliveries deliveries;
};

net::Handler handler_of(std::string const& name, Behind& behind) {
    auto const links = [] { return store::Links{}; };
    if (name == "GET /api/groomer/runs") return api::runs_handler(no_database(), links);
    if (name == "GET /api/groomer/runs/{id}") return api::run_handler(no_database(), links);
    if (name == "POST /api/groomer/run") return run;
    if (name == "POST /api/github/webhook")
        return [&behind](net::Request request) -> Task<net::Response> { co_return behind.deliveries.take(request); };
    return empty;
}

// Whatever its row of the table lets through.
net::Handler checked(api::Endpoint const& endpoint, net::Handler handler) {
    return [&endpoint, handler = std::move(handler)](net::Request request) {
        bool const open = endpoint.auth == api::Auth::none || endpoint.auth == api::Auth::hmac;
        check(open || request.header("Authorization").find(token) != std::string_view::npos, "nobody gets in without a token");
        check(request.body.size() <= endpoint.max_body, "bodies are bounded");
        return handler(std::move(request));
    };
}

net::Router router(Log& log, Behind& behind) {
    api::Handlers handlers;
    for (auto const& endpoint : api::endpoints()) {
        auto const name = std::string{endpoint.method} + ' ' + std::string{endpoint.path};
        handlers[name] = checked(endpoint, handler_of(name, behind));
    }
    return net::Router{api::make_routes(
        std::move(handlers),
        [] {
            return api::Access{std::string{token}, false};
        },
        log)};
}

std::string request_of(std::string_view input) {
    auto rest = input;
    std::string const first{take_line(rest)}, text{rest};
    auto const with_token = "Authorization: Bearer " + std::string{token} + "\r\n";
    auto const post = [&](std::string const& path, std::string const& headers) {
        return "POST " + path + " HTTP/1.1\r\nHost: a\r\n" + headers +
               "Content-Type: application/json\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text;
    };
    if (first == "run") return post("/api/groomer/run", with_token);
    if (first == "runs") return "GET /api/groomer/runs?" + text + " HTTP/1.1\r\nHost: a\r\n" + with_token + "\r\n";
    if (!first.starts_with("webhook ")) return std::string{input};
    return post("/api/github/webhook",
                "X-GitHub-Event: " + first.substr(8) + "\r\nX-Hub-Signature-256: sha256=" + hmac_sha256_hex(secret, text) + "\r\n");
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
    Behind behind{log, io};
    std::unique_ptr<net::HttpServer> server = make();

    std::unique_ptr<net::HttpServer> make() {
        net::HttpOptions options;
        options.listen = "127.0.0.1:0";
        options.read_timeout = 1s;
        auto made = net::make_http_server(io.get_executor(), options, router(log, behind), log);
        made->start();
        return made;
    }
};

}  // namespace
}  // namespace groomer::fuzz

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace groomer;
    static auto& stage = *new fuzz::Stage;  // never ended: its server waits for the next
    bool ended = false;
    std::exception_ptr failure;
    auto const request = fuzz::request_of(fuzz::text_of(data, size));
    auto asking = fuzz::ask(stage.server->port(), request);
    asio::co_spawn(stage.io, std::move(asking), [&](std::exception_ptr error) {
        failure = error;
        ended = true;
    });
    stage.io.restart();
    while (!ended) stage.io.run_one();
    if (failure) std::rethrow_exception(failure);
    return 0;
}
