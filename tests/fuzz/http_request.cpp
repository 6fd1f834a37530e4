// What a client sends, through the whole server, its routes, their checks and handlers, and a real socket: whoever sends anything is answered,
// every answer is well-formed and has its line in the log, a HEAD has no body and all else has, every error has the one shape, what needs a
// token is never answered without it, and who comes next is served.
//
// The input is what is sent; or, since no chance finds a signature or a length, only the part of a request that its first line names: "webhook
// KIND" signs the rest as a delivery of that kind, "run" and "pause" send it as the body of that request, "runs" as a query.
#include "api/deliveries.hpp"
#include "api/endpoints.hpp"
#include "api/events.hpp"
#include "api/openapi.hpp"
#include "api/page.hpp"
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
#include <sstream>
#include <string>
#include <vector>

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

// Always the same, as it is where nothing happens.
namespace groomer::api {

Status::Status(store::Store& store, Clock& clock, asio::any_io_executor executor, View view)
    : store_{store},
      clock_{clock},
      view_{std::move(view)},
      last_{std::make_shared<Snapshot>(Snapshot{"{}", "1", std::make_shared<std::string>("event: status\nid: 1\ndata: {}\n\n")})},
      made_{std::move(executor)} {}

Task<std::shared_ptr<Snapshot const>> Status::get() { co_return last_; }

}  // namespace groomer::api

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

// The same.
Task<net::Response> pause(net::Request request) {
    auto const asked = api::parse_pause_request(request.body);
    if (auto const* wrong = std::get_if<std::string>(&asked)) co_return net::error_response(400, "bad_request", *wrong);
    co_return net::Response{};
}

// The status, the lock and the probes look at nothing of what was sent.
Task<net::Response> empty(net::Request) { co_return net::Response{}; }

api::Access access() { return {std::string{token}, false}; }

// What stands behind the routes as it does in a replica, but for the database.
struct Behind {
    explicit Behind(Log& log, asio::io_context& io)
        : inbox{{clock, log, io.get_executor(), [](std::vector<tracker::IssueRef>) { return none_due(); }, [] { return nothing(); },
                 [] { return nobody(); }, [](std::string_view) { return false; }}},
          deliveries{{inbox, log, [] { return std::string{secret}; }, [](std::string_view repo) { return repo == "octo/quill"; },
                      [] { return false; }}},
          status{std::make_shared<api::Status>(no_database(), clock, io.get_executor(), [] { return api::StatusView{}; })} {}

    static Task<store::MadeDue> none_due() { co_return store::MadeDue{}; }
    static Task<> nothing() { co_return; }
    static Task<tracker::github::Account> nobody() { co_return tracker::github::Account{}; }

    SystemClock clock;
    api::Inbox inbox;
    api::Deliveries deliveries;
    std::shared_ptr<api::Status> status;
};

net::Handler handler_of(std::string const& name, Behind& behind) {
    auto const links = [] { return store::Links{}; };
    if (name == "GET /api/groomer/runs") return api::runs_handler(no_database(), links);
    if (name == "GET /api/groomer/runs/{id}") return api::run_handler(no_database(), links);
    if (name == "POST /api/groomer/run") return run;
    if (name == "POST /api/groomer/pause" || name == "POST /api/groomer/resume") return pause;
    if (name == "GET /") return api::page_handler(access);
    if (name == "GET /api/openapi.json") return api::openapi_handler("0");
    if (name == "GET /api/events") return api::events_handler(behind.status, behind.clock);
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
    return net::Router{api::make_routes(std::move(handlers), access, log)};
}

std::string request_of(std::string_view input) {
    auto rest = input;
    std::string const first{take_line(rest)}, text{rest};
    auto const with_token = "Authorization: Bearer " + std::string{token} + "\r\n";
    auto const post = [&](std::string const& path, std::string const& headers) {
        return "POST " + path + " HTTP/1.1\r\nHost: a\r\n" + headers +
               "Content-Type: application/json\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text;
    };
    if (first == "run" || first == "pause") return post("/api/groomer/" + first, with_token);
    if (first == "runs") return "GET /api/groomer/runs?" + text + " HTTP/1.1\r\nHost: a\r\n" + with_token + "\r\n";
    if (!first.starts_with("webhook ")) return std::string{input};
    return post("/api/github/webhook",
                "X-GitHub-Event: " + first.substr(8) + "\r\nX-Hub-Signature-256: sha256=" + hmac_sha256_hex(secret, text) + "\r\n");
}

// A line of the access log, which is of one answer.
struct Answered {
    std::string method;
    std::int64_t status = 0;
};

std::vector<Answered> answered(std::string_view log) {
    std::vector<Answered> all;
    while (!log.empty()) {
        auto const text = take_line(log);
        if (text.find(R"("msg":"request")") == text.npos) continue;
        auto const line = boost::json::parse(text).as_object();
        all.push_back({std::string{line.at("method").as_string()}, line.at("status").as_int64()});
    }
    return all;
}

void check_error(std::string_view body) {
    auto const error = boost::json::parse(body);
    check(error.as_object().size() == 2 && error.at("error").is_string() && error.at("message").is_string(), "the shape of an error");
}

// Takes one answer off, and those that only say that it will come.
void check_answer(std::string_view& all, Answered const& logged) {
    for (bool interim = true; interim;) {
        check(all.starts_with("HTTP/1.1 ") || all.starts_with("HTTP/1.0 "), "an answer begins with its version");
        auto const end = all.find("\r\n\r\n");
        check(end != all.npos, "a head ends");
        auto const head = all.substr(0, end);
        auto const status = std::stoi(std::string{head.substr(9, 3)});
        all.remove_prefix(end + 4);
        interim = status == 100;
        if (interim) continue;
        check(status == logged.status, "an answer is logged as what it is");
        check(status < 500, "nothing fails inside");
        auto const told = head.find("Content-Length: ");
        bool const streams = head.find("Content-Type: text/event-stream") != head.npos;
        check((told == head.npos) == streams, "an answer tells its length, but for a stream");
        if (logged.method == "HEAD") return;
        auto const size = streams ? all.size() : static_cast<std::size_t>(std::stoul(std::string{head.substr(told + 16, 20)}));
        check(size <= all.size(), "a body is whole");
        auto const body = all.substr(0, size);
        if (status >= 400) check_error(body);
        if (streams) check(body.empty() || body.starts_with("event: "), "a stream is of events");
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

Task<> ask(unsigned short port, std::string_view bytes, std::ostringstream& log) {
    log.str("");
    auto exchanging = exchange(port, bytes);
    auto const answers = co_await std::move(exchanging);
    auto next = exchange(port, "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    auto const healthy = co_await std::move(next);
    check(healthy.starts_with("HTTP/1.1 200 "), "who comes next is served");
    auto all = answered(log.view());
    check(!all.empty(), "who comes next has a line in the log");
    all.pop_back();
    check(bytes.empty() || !all.empty(), "whoever sends anything is answered");
    std::string_view rest = answers;
    for (auto const& logged : all) check_answer(rest, logged);
    check(rest.empty(), "there is a line in the log for each answer, and nothing follows a HEAD");
}

struct Stage {
    std::ostringstream logged;
    Log log{logged, LogLevel::debug, Log::Format::json};
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
    auto asking = fuzz::ask(stage.server->port(), request, stage.logged);
    asio::co_spawn(stage.io, std::move(asking), [&](std::exception_ptr error) {
        failure = error;
        ended = true;
    });
    stage.io.restart();
    while (!ended) stage.io.run_one();
    if (failure) std::rethrow_exception(failure);
    return 0;
}
