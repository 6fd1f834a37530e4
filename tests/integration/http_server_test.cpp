#include "net/http_server.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "net/router.hpp"
#include "support/raw_client.hpp"

#include <gtest/gtest.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <sys/resource.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <semaphore>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace groomer::net {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

using test::get;
using test::post;
using test::says;
using Client = test::RawClient;

// A server on a thread of its own, with a few routes.
class HttpServerTest : public testing::Test {
protected:
    HttpServerTest() { options_.listen = "127.0.0.1:0"; }
    ~HttpServerTest() override {
        open_gate();
        if (server_ && !stopped_) stop(5s).wait();
        work_.reset();
        if (thread_.joinable()) thread_.join();
    }

    void start() {
        server_ = make_http_server(io_.get_executor(), options_, routes(), log_);
        server_->start();
        thread_ = std::thread{[this] { io_.run(); }};
    }
    std::future<void> stop(std::chrono::milliseconds grace) {
        stopped_ = true;
        return asio::co_spawn(io_, server_->stop(grace), asio::use_future);
    }
    Client connect(int receive_buffer = 0, char const* from = "127.0.0.1") {
        Client client{receive_buffer};
        client.bind(from);
        EXPECT_TRUE(client.connect(server_->port()));
        return client;
    }
    [[nodiscard]] unsigned short port() const { return server_->port(); }
    bool refused() { return !Client{}.connect(server_->port()); }
    std::string ask(std::string const& request, char const* from = "127.0.0.1") {
        Client client = connect(0, from);
        client.send(request);
        return client.answer();
    }
    // The same until it is answered, since others may have to make room first; true where it was.
    bool answers_in_the_end(std::string const& request) {
        for (auto const end = steady_clock::now() + 10s; steady_clock::now() < end; std::this_thread::sleep_for(20ms))
            if (says(ask(request), "200 OK")) return true;
        return false;
    }
    void open_gate() {
        asio::post(io_, [this] { gate_.cancel(); });
    }
    bool entered() { return entered_.try_acquire_for(10s); }
    bool stream_ended() { return stream_ended_.get_future().wait_for(10s) == std::future_status::ready; }
    std::string logged() {
        std::promise<std::string> text;
        asio::post(io_, [&] { text.set_value(out_.str()); });
        return text.get_future().get();
    }

    std::vector<Client> a_hundred_that_ask_a_hundred_times() {
        std::string requests;
        for (int i = 0; i < 100; ++i) requests += get("/busy");
        std::vector<Client> out;
        for (int i = 0; i < 100; ++i) {
            out.push_back(connect());
            out.back().send(requests);
        }
        return out;
    }

    static int count(std::string const& text, std::string const& part) {
        int found = 0;
        for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
        return found;
    }

    HttpOptions options_;

private:
    Router routes() {
        auto echo = [](Request request) -> Task<Response> {
            Response response;
            response.content_type = "text/plain";
            response.body = request.method + " " + request.target + " ? " + request.query + " : " + request.body +
                            " x=" + std::string{request.header("x-TEST")};
            co_return response;
        };
        auto fail = [](Request) -> Task<Response> {
            throw std::runtime_error{"password=hunter2"};
            co_return Response{};
        };
        auto wait = [this](Request) -> Task<Response> {
            entered_.release();
            auto [error] = co_await gate_.async_wait(asio::as_tuple(asio::use_awaitable));
            Response response;
            response.body = error ? "\"waited\"" : "\"the gate never opens by itself\"";
            co_return response;
        };
        auto work = [](Request) -> Task<Response> {
            for (auto const end = steady_clock::now() + 5ms; steady_clock::now() < end;) {
            }
            co_return Response{};
        };
        auto large = [](Request request) -> Task<Response> {  // more than the kernel buffers
            Response response;
            response.body.assign((request.query.empty() ? 32 : request.query.size()) * 1024 * 1024, 'x');
            co_return response;
        };
        auto stream = [this](Request request) -> Task<Response> {
            Response response;
            response.content_type = "text/event-stream";
            response.stream = [this, size = request.query.size() * 1024 * 1024](Send send) { return stream_pieces(size, std::move(send)); };
            co_return response;
        };
        return Router{{{"GET", "/echo", echo},
                       {"GET", "/items/{id}/parts/{part}", echo},
                       {"POST", "/small", echo, 10},
                       {"POST", "/long", echo, 1024 * 1024},
                       {"POST", "/long-wait", wait, 1024 * 1024},
                       {"GET", "/stream", stream},
                       {"POST", "/echo", echo},
                       {"POST", "/only-post", echo},
                       {"GET", "/fail", fail},
                       {"GET", "/wait", wait},
                       {"GET", "/probe", echo, 1024, true},
                       {"GET", "/busy", work},
                       {"GET", "/large", large}}};
    }

    // One at once and one a tenth of a second, until nobody takes them. Without a size, small ones.
    Task<> stream_pieces(std::size_t size, Send send) {
        struct Ended {
            std::promise<void>& ended;
            ~Ended() { ended.set_value(); }
        } const ended{stream_ended_};
        asio::steady_timer timer{io_};
        for (bool taken = true; taken;) {
            auto sending = send(std::make_shared<std::string const>("data: piece\n\n" + std::string(size, 'x')));
            taken = co_await std::move(sending);
            timer.expires_after(100ms);
            co_await timer.async_wait(asio::use_awaitable);
        }
    }

    std::ostringstream out_;
    Log log_{out_, LogLevel::debug, Log::Format::json};
    asio::io_context io_{1};
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_{io_.get_executor()};
    asio::steady_timer gate_{io_, asio::steady_timer::time_point::max()};
    std::counting_semaphore<> entered_{0};
    std::promise<void> stream_ended_;
    std::thread thread_;
    std::unique_ptr<HttpServer> server_;
    bool stopped_ = false;
};

TEST_F(HttpServerTest, GivesTheHandlerPathQueryHeadersAndBody) {
    start();
    EXPECT_TRUE(says(ask(get("/echo?a=1&b=?", "X-Test: yes\r\n")), "GET /echo ? a=1&b=? :  x=yes"));
    EXPECT_TRUE(says(ask(post("/echo", "the body")), "POST /echo ?  : the body x="));
    EXPECT_TRUE(says(ask(get("http://proxy.example/echo?q")), "GET /echo ? q"));
}

TEST_F(HttpServerTest, SendsSafeHeadersAndNoneThatTellsWhatItIs) {
    start();
    std::string const answer = ask(get("/echo"));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_TRUE(says(answer, "X-Content-Type-Options: nosniff\r\n"));
    EXPECT_TRUE(says(answer, "Content-Type: text/plain\r\n"));
    EXPECT_FALSE(says(answer, "Server:"));
}

TEST_F(HttpServerTest, AnswersManyRequestsOnOneConnection) {
    start();
    Client client = connect();
    for (int i = 0; i < 20; ++i) {
        client.send(get("/echo?" + std::to_string(i)));
        EXPECT_TRUE(says(client.answer(), "? " + std::to_string(i) + " :"));
    }
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInTheirOrder) {
    start();
    Client client = connect();
    client.send(get("/echo?1") + post("/echo", "two") + get("/nothing") + get("/echo?4"));
    EXPECT_TRUE(says(client.answer(), "? 1 :"));
    EXPECT_TRUE(says(client.answer(), ": two"));
    EXPECT_TRUE(says(client.answer(), " 404 "));
    EXPECT_TRUE(says(client.answer(), "? 4 :"));
}

TEST_F(HttpServerTest, ClosesAfterTheAnswerWhereTheClientAsksForIt) {
    start();
    Client client = connect();
    client.send(get("/echo", "Connection: close\r\n"));
    EXPECT_TRUE(says(client.answer(), "Connection: close"));
    EXPECT_TRUE(client.closed());
    Client old = connect();
    old.send("GET /echo HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(old.answer().starts_with("HTTP/1.0 200"));
    EXPECT_TRUE(old.closed());
}

TEST_F(HttpServerTest, AnswersAClientThatHasFinishedSending) {
    start();
    Client client = connect();
    client.send(get("/echo?last"));
    client.finish_sending();
    EXPECT_TRUE(says(client.answer(), "? last"));
    EXPECT_TRUE(client.closed());
}

TEST_F(HttpServerTest, Says400ToAClientThatFinishesBeforeItsRequestIsWhole) {
    start();
    auto const whole = post("/echo", "body");
    std::string const chunked = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n";
    for (std::string const& half : {whole.substr(0, 1), whole.substr(0, 30), whole.substr(0, whole.size() - 1), chunked}) {
        Client client = connect();
        client.send(half);
        client.finish_sending();
        std::string const answer = client.answer();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << half << answer;
        EXPECT_TRUE(says(answer, R"({"error":"bad_request","message":")"));
        EXPECT_TRUE(client.closed());
    }
    Client silent = connect();
    silent.finish_sending();
    EXPECT_TRUE(silent.closed()) << "no request, no answer";
    stop(5s).wait();
    auto const log = logged();
    EXPECT_EQ(count(log, R"("method":"","route":"","status":400)"), 2) << log;
    EXPECT_EQ(count(log, R"("method":"POST","route":"/echo","status":400)"), 2) << log;
    EXPECT_EQ(count(log, R"("request")"), 4) << log;
}

TEST_F(HttpServerTest, AnswersHeadLikeGetButWithoutTheBody) {
    start();
    std::string const full = ask(get("/echo"));
    Client client = connect();
    client.send("HEAD /echo HTTP/1.1\r\nHost: test\r\n\r\n" + get("/echo?next"));
    std::string const head = client.answer(true);
    EXPECT_EQ(head, full.substr(0, full.find("\r\n\r\n") + 4));
    EXPECT_TRUE(client.answer().starts_with("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, Says404And405InTheShapeOfEveryError) {
    start();
    std::string const unknown = ask(get("/nothing"));
    EXPECT_TRUE(unknown.starts_with("HTTP/1.1 404 Not Found\r\n"));
    EXPECT_TRUE(says(unknown, R"({"error":"not_found","message":")"));
    EXPECT_TRUE(says(unknown, "Content-Type: application/json\r\n"));
    std::string const wrong = ask("DELETE /echo HTTP/1.1\r\nHost: test\r\n\r\n");
    EXPECT_TRUE(wrong.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"));
    EXPECT_TRUE(says(wrong, "Allow: GET, HEAD, POST\r\n"));
    EXPECT_TRUE(says(wrong, R"({"error":"method_not_allowed")"));
    EXPECT_TRUE(says(ask(get("/only-post")), "Allow: POST\r\n"));
}

TEST_F(HttpServerTest, Says400ToWhatIsNotHttp) {
    start();
    for (std::string const& bad :
         std::vector<std::string>{"nonsense\r\n\r\n", "GET /echo HTTP/9.9\r\nHost: test\r\n\r\n", "GET /echo HTTP/1.1\r\n\r\n",
                                  "GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /echo HTTP/1.1\r\nHost: a\r\nbad line\r\n\r\n",
                                  "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
                                  "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                                  "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
                                  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", std::string("GET /\0 HTTP/1.1\r\n\r\n", 19)}) {
        Client client = connect();
        client.send(bad);
        std::string const answer = client.answer();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << bad << answer;
        EXPECT_TRUE(says(answer, R"({"error":"bad_request","message":")")) << bad;
        EXPECT_TRUE(client.closed()) << bad;
    }
}

TEST_F(HttpServerTest, Says413ToALargeBodyAnd431ToLargeHeaders) {
    start();
    EXPECT_TRUE(says(ask(post("/echo", std::string(64 * 1024, 'x'))), "200 OK"));
    EXPECT_TRUE(says(ask(post("/echo", std::string(64 * 1024 + 1, 'x'))), R"({"error":"too_large")"));
    EXPECT_TRUE(ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n").starts_with("HTTP/1.1 413 "));
    // No reset, which would take the answer away from some clients, although nobody wants the rest of the body.
    Client client = connect();
    EXPECT_TRUE(client.send(post("/echo", std::string(900 * 1024, 'x'))));
    client.finish_sending();
    EXPECT_TRUE(client.answer().starts_with("HTTP/1.1 413 "));
    EXPECT_TRUE(client.closed());
    EXPECT_FALSE(client.reset());
    std::string const chunk = "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
    std::string const chunked = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_TRUE(ask(chunked + chunk + "0\r\n\r\n").starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(ask(chunked + chunk + chunk + chunk + "0\r\n\r\n").starts_with("HTTP/1.1 413 "));
    std::string const large = ask(get("/echo", "X-Large: " + std::string(9000, 'x') + "\r\n"));
    EXPECT_TRUE(large.starts_with("HTTP/1.1 431 "));
    EXPECT_TRUE(says(large, R"({"error":"headers_too_large")"));
    EXPECT_TRUE(ask(get("/" + std::string(9000, 'x'))).starts_with("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, AsksForTheBodyOfAClientThatWaitsToBeAsked) {
    start();
    Client client = connect();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.answer(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("body");
    EXPECT_TRUE(says(client.answer(), ": body"));
    Client large = connect();
    large.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_TRUE(large.answer().starts_with("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, TellsNothingOfTheInsideWhenAHandlerThrowsAndGoesOn) {
    start();
    Client client = connect();
    client.send(get("/fail"));
    std::string const answer = client.answer();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 "));
    EXPECT_TRUE(says(answer, R"({"error":"internal","message":")"));
    EXPECT_FALSE(says(answer, "hunter2"));
    client.send(get("/echo?after"));
    EXPECT_TRUE(says(client.answer(), "? after"));
    EXPECT_TRUE(says(logged(), "hunter2"));
    EXPECT_TRUE(says(logged(), "/fail"));
}

TEST_F(HttpServerTest, CutsAClientThatNeverSendsAnything) {
    options_.read_timeout = 100ms;
    start();
    Client client = connect();
    EXPECT_TRUE(client.closed());
}

TEST_F(HttpServerTest, Says408ToARequestThatDoesNotArriveWhole) {
    options_.read_timeout = 200ms;
    start();
    auto whole = post("/echo", "body");
    for (std::string const& half : {whole.substr(0, 30), whole.substr(0, whole.size() - 2)}) {
        Client client = connect();
        client.send(half);
        std::string const answer = client.answer();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ")) << answer;
        EXPECT_TRUE(says(answer, R"({"error":"too_slow","message":")"));
        EXPECT_TRUE(client.closed());
    }
}

TEST_F(HttpServerTest, GivesEachRouteItsOwnLimitOfTheBody) {
    start();
    EXPECT_TRUE(says(ask(post("/small", std::string(10, 'x'))), "200 OK"));
    EXPECT_TRUE(says(ask(post("/small", std::string(11, 'x'))), "HTTP/1.1 413 "));
    std::string const chunked = "POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_TRUE(says(ask(chunked + "a\r\n0123456789\r\n0\r\n\r\n"), "200 OK"));
    EXPECT_TRUE(says(ask(chunked + "b\r\n0123456789a\r\n0\r\n\r\n"), "HTTP/1.1 413 "));
}

// Their sizes are not those of the body, and nothing else bounds them.
TEST_F(HttpServerTest, RefusesMarksBetweenThePartsOfABodyThatNeverEnd) {
    start();
    std::string const chunked = "POST /long HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::string const& begin : {std::string{"1;"}, std::string{"1\r\nx\r\n0\r\nA: "}}) {
        Client client = connect();
        client.send(chunked + begin);
        std::string const part(16 * 1024, 'a');
        for (int i = 0; i < 32 && client.send(part); ++i) {
        }
        auto const answer = client.answer();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 431 ") || answer.starts_with("HTTP/1.1 400 ")) << begin << " " << answer;
        EXPECT_TRUE(client.closed());
    }
}

// While more comes than is read there is no moment at which a read could be cancelled.
TEST_F(HttpServerTest, CutsAClientInTimeThatSendsWithoutAPause) {
    options_.read_timeout = 300ms;
    start();
    Client client = connect();
    client.send("POST /long HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    std::string tiny;  // a byte of body in 4 KB of marks
    for (int i = 0; i < 16; ++i) tiny += "1;" + std::string(4000, 'a') + "\r\nx\r\n";
    auto const end = steady_clock::now() + 20s;
    while (steady_clock::now() < end && client.send(tiny)) {
    }
    EXPECT_LT(steady_clock::now(), end) << "it was cut";
}

TEST_F(HttpServerTest, HoldsOnlySoMuchOfLongBodiesAtOnceAndOfOneAddressHalfOfIt) {
    options_.max_long_bodies = 1024 * 1024;
    start();
    std::string const whole = post("/long", std::string(640 * 1024, 'x')), longest = post("/long", std::string(900 * 1024, 'x'));
    std::string const shorter = post("/long", std::string(300 * 1024, 'x'));
    Client first = connect();
    first.send(post("/long-wait", std::string(640 * 1024, 'x')));
    ASSERT_TRUE(entered());
    EXPECT_TRUE(says(ask(shorter), R"({"error":"busy")")) << "the first one's address has more than half";
    std::string const chunk = "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
    std::string const chunked = "POST /long HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk;
    EXPECT_TRUE(says(ask(chunked + chunk + "0\r\n\r\n"), R"({"error":"busy")"));
    EXPECT_TRUE(says(ask(chunked + "0\r\n\r\n"), "200 OK")) << "so much has each without asking";
    EXPECT_TRUE(says(ask(shorter, "127.0.0.2"), "200 OK")) << "there is room for this one";
    EXPECT_TRUE(says(ask(longest, "127.0.0.2"), R"({"error":"busy")")) << "and not for so much";
    open_gate();
    EXPECT_TRUE(says(first.answer(), "200 OK"));
    EXPECT_TRUE(says(ask(whole), "200 OK")) << "it was given back";
}

TEST_F(HttpServerTest, KeepsNoRoomForABodyThatWasOnlyAnnounced) {
    options_.max_long_bodies = 1024 * 1024;
    start();
    std::string const whole = post("/long", std::string(600 * 1024, 'x'));
    std::vector<Client> announcing;
    for (int i = 0; i < 20; ++i) {
        announcing.push_back(connect());
        announcing.back().send(whole.substr(0, whole.find("\r\n\r\n") + 5));
    }
    EXPECT_TRUE(says(ask(whole), "200 OK"));
}

TEST_F(HttpServerTest, LogsTheRouteAndNeverWhatWasSent) {
    start();
    ask(get("/items/secret-1/parts/2?token=secret-2", "X-Test: secret-3\r\n"));
    ask(get("/secret-4"));
    ask("secret-5\r\n\r\n");
    ask("SECRET-6 /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    stop(5s).wait();
    auto const log = logged();
    EXPECT_TRUE(says(log, R"("method":"GET","route":"/items/{id}/parts/{part}","status":200)")) << log;
    EXPECT_TRUE(says(log, R"("method":"GET","route":"","status":404)")) << log;
    EXPECT_TRUE(says(log, R"("method":"","route":"","status":400)")) << log;
    EXPECT_TRUE(says(log, R"("method":"other","route":"/echo","status":405)")) << log;
    EXPECT_TRUE(says(log, R"("client":"127.0.0.1")"));
    EXPECT_FALSE(says(to_lower(log), "secret"));
}

TEST_F(HttpServerTest, SendsAStreamPieceByPieceUntilTheClientGoes) {
    start();
    {
        Client client = connect();
        client.send(get("/stream"));
        std::string const seen = client.until("data: piece\n\ndata: piece\n\n");
        EXPECT_TRUE(seen.starts_with("HTTP/1.1 200 OK\r\n")) << seen;
        EXPECT_TRUE(says(seen, "Connection: close\r\n"));
        EXPECT_FALSE(says(seen, "Content-Length"));
    }
    EXPECT_TRUE(stream_ended());
}

TEST_F(HttpServerTest, EndsAStreamThatIsNotTaken) {
    options_.write_timeout = 200ms;
    start();
    Client client = connect(4096);
    client.send(get("/stream?" + std::string(16, 'x')));
    EXPECT_TRUE(stream_ended());
    EXPECT_TRUE(says(ask(get("/echo")), "200 OK"));
}

TEST_F(HttpServerTest, EndsStreamsAtOnceWhenItStops) {
    start();
    Client client = connect();
    client.send(get("/stream"));
    client.until("data: piece");
    EXPECT_EQ(stop(60s).wait_for(10s), std::future_status::ready);
    EXPECT_TRUE(stream_ended());
}

TEST_F(HttpServerTest, AnswersHeadOfAStreamWithoutTheStream) {
    start();
    Client client = connect();
    client.send("HEAD /stream HTTP/1.1\r\nHost: test\r\n\r\n");
    EXPECT_TRUE(says(client.answer(true), "text/event-stream"));
    EXPECT_TRUE(client.closed());
}

TEST_F(HttpServerTest, CutsAClientThatDripsItsRequest) {
    options_.read_timeout = 300ms;
    start();
    Client client = connect();
    auto const begin = steady_clock::now();
    bool gone = false;
    for (char const* byte = "GET /echo HTTP/1.1\r\nHost: test\r\nX-Never: "; !gone && steady_clock::now() < begin + 8s;) {
        gone = !client.send(*byte ? std::string(1, *byte++) : "x");
        std::this_thread::sleep_for(20ms);  // the drip itself: each byte comes well within the limit
    }
    EXPECT_TRUE(gone);
    EXPECT_GE(steady_clock::now() - begin, 300ms);
    EXPECT_TRUE(says(ask(get("/echo")), "200 OK"));
}

TEST_F(HttpServerTest, CutsAClientThatDoesNotTakeItsAnswer) {
    options_.write_timeout = 200ms;
    start();
    Client client = connect(4096);
    client.send(get("/large"));
    Client other = connect();
    other.send(get("/echo"));
    EXPECT_TRUE(says(other.answer(), "200 OK"));
    // It ends because the writer was cut: the grace is far away.
    EXPECT_EQ(stop(60s).wait_for(10s), std::future_status::ready);
    EXPECT_EQ(client.answer(), "");
}

TEST_F(HttpServerTest, StillAnswersUnderSixTimesAsManyIdleConnectionsAsItKeeps) {
    options_.max_connections = 50;
    start();
    std::vector<Client> idle;
    for (int i = 0; i < 300; ++i) {
        idle.push_back(connect());
        idle.back().send("GET /ech");
    }
    auto const begin = steady_clock::now();
    EXPECT_TRUE(says(ask(get("/echo")), "200 OK"));
    EXPECT_LT(steady_clock::now() - begin, 5s);  // not by waiting for the 10 s of the idle ones
    EXPECT_TRUE(idle.front().closed());
    idle.back().send("o HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(says(idle.back().answer(), "200 OK"));
}

TEST_F(HttpServerTest, StillAnswersUnderSixTimesAsManyClientsThatPipelineAndNeverReadAsItKeeps) {
    options_.max_connections = 20;
    options_.write_timeout = 60s;
    start();
    std::vector<Client> deaf;
    for (int i = 0; i < 120; ++i) {
        deaf.push_back(connect(4096));
        deaf.back().send(get("/large?1234") + get("/large?1234"));
        if (i % 10 > 0) continue;
        auto const begin = steady_clock::now();
        EXPECT_TRUE(says(ask(get("/probe")), "200 OK")) << i;
        EXPECT_LT(steady_clock::now() - begin, 5s);
    }
}

TEST_F(HttpServerTest, EndsAStreamThatIsNotTakenWhereItsPlaceIsWanted) {
    options_.max_connections = 1;
    options_.write_timeout = 60s;
    start();
    Client client = connect(4096);
    client.send(get("/stream?" + std::string(16, 'x')));
    ASSERT_TRUE(says(client.until("\r\n\r\n"), "200 OK"));
    EXPECT_TRUE(answers_in_the_end(get("/probe")));
    EXPECT_TRUE(stream_ended());
}

// It waits for us, and not for its client.
TEST_F(HttpServerTest, KeepsAStreamThatHasNothingToSendWhereOthersKeepUsWaiting) {
    options_.max_connections = 3;
    start();
    Client listener = connect();
    listener.send(get("/stream"));
    ASSERT_TRUE(says(listener.until("data: piece\n\n"), "200 OK"));
    std::vector<Client> idle;
    for (int i = 0; i < 20; ++i) idle.push_back(connect());
    EXPECT_TRUE(says(ask(get("/probe")), "200 OK"));
    std::string more;
    for (int i = 0; i < 6; ++i) more += "data: piece\n\n";
    EXPECT_TRUE(says(listener.until(more), more));
}

TEST_F(HttpServerTest, LetsRoutineRequestsInWhateverIsAtWork) {
    options_.max_connections = 3;
    options_.max_at_work = 1;
    start();
    Client worker = connect();
    worker.send(get("/wait"));
    ASSERT_TRUE(entered());
    Client other = connect();
    other.send(get("/echo"));
    std::string const refused = other.answer();
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
    EXPECT_TRUE(says(refused, R"({"error":"busy","message":")"));
    EXPECT_TRUE(says(refused, "Retry-After: 1\r\n"));
    std::vector<Client> idle;
    for (int i = 0; i < 20; ++i) idle.push_back(connect());
    EXPECT_TRUE(says(ask(get("/probe")), "200 OK"));
    open_gate();
    EXPECT_TRUE(says(worker.answer(), "waited")) << "what is at work makes no room";
    EXPECT_TRUE(says(ask(get("/echo")), "200 OK")) << "the seat was given back";
}

TEST_F(HttpServerTest, LetsOneAddressHaveNoMoreThanHalfOfWhatMayBeAtWork) {
    options_.max_at_work = 4;
    start();
    std::vector<Client> workers;
    for (int i = 0; i < 3; ++i) {
        workers.push_back(connect());
        workers.back().send(get("/wait"));
        ASSERT_TRUE(entered());
    }
    Client refused = connect();
    refused.send(get("/echo") + get("/echo"));
    EXPECT_TRUE(says(refused.answer(), R"({"error":"busy","message":")"));
    EXPECT_TRUE(refused.closed()) << "who sends on and on is refused once";
    EXPECT_TRUE(says(ask(get("/probe")), "200 OK"));
    EXPECT_TRUE(says(ask(get("/echo"), "127.0.0.2"), "200 OK"));
    open_gate();
    for (auto& worker : workers) EXPECT_TRUE(says(worker.answer(), "waited"));
    EXPECT_TRUE(says(ask(get("/echo")), "200 OK")) << "the seats were given back";
}

TEST_F(HttpServerTest, AnswersRoutineRequestsBetweenAnyTwoOthers) {
    start();
    auto others = a_hundred_that_ask_a_hundred_times();
    auto shortest = steady_clock::duration::max();  // of some: what else the machine does is not the server's doing
    for (int i = 0; i < 10; ++i) {
        auto const begin = steady_clock::now();
        EXPECT_TRUE(says(ask(get("/probe")), "200 OK"));
        shortest = std::min(shortest, steady_clock::now() - begin);
    }
    EXPECT_LT(shortest, 250ms) << "a hundred others take half a second";
    EXPECT_TRUE(says(others.back().answer(), "200 OK"));
}

TEST_F(HttpServerTest, BeginsWhatComesFromElsewhereBeforeAllThatOneAddressHasSent) {
    start();
    auto others = a_hundred_that_ask_a_hundred_times();
    auto shortest = steady_clock::duration::max();  // as above
    for (int i = 0; i < 10; ++i) {
        auto const begin = steady_clock::now();
        EXPECT_TRUE(says(ask(get("/echo"), "127.0.0.2"), "200 OK"));
        shortest = std::min(shortest, steady_clock::now() - begin);
    }
    EXPECT_LT(shortest, 250ms) << "a hundred others take half a second";
}

TEST_F(HttpServerTest, Says503WhereEveryConnectionIsAtWork) {
    options_.max_connections = 1;
    start();
    Client worker = connect();
    worker.send(get("/wait"));
    ASSERT_TRUE(entered());
    Client client = connect();
    std::string const answer = client.answer();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 "));
    EXPECT_TRUE(says(answer, R"({"error":"busy","message":")"));
    EXPECT_TRUE(answer.ends_with("}"));
    EXPECT_TRUE(client.closed());
    open_gate();
    EXPECT_TRUE(says(worker.answer(), "waited"));
}

TEST_F(HttpServerTest, GoesOnAfterRunningOutOfFileDescriptors) {
    start();
    EXPECT_TRUE(says(ask(get("/echo")), "200 OK"));
    Client client;
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit const none{0, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);  // the kernel connects without a descriptor, the server cannot accept
    bool const connected = client.connect(port()) && client.send(get("/echo?late"));
    auto const deadline = steady_clock::now() + 10s;
    while (!says(logged(), "cannot accept") && steady_clock::now() < deadline) std::this_thread::yield();
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_TRUE(connected);
    EXPECT_TRUE(says(logged(), "cannot accept"));
    EXPECT_TRUE(says(client.answer(), "? late"));
}

TEST_F(HttpServerTest, StopsAtOnceWhereNothingIsUnderWay) {
    start();
    Client idle = connect();
    idle.send(get("/echo"));
    EXPECT_TRUE(says(idle.answer(), "200 OK"));
    EXPECT_EQ(stop(60s).wait_for(10s), std::future_status::ready);
    EXPECT_TRUE(idle.closed());
    EXPECT_TRUE(refused());
}

TEST_F(HttpServerTest, StopsAtOnceWithoutAnyConnectionAndMayBeToldTwice) {
    start();
    EXPECT_EQ(stop(60s).wait_for(10s), std::future_status::ready);
    EXPECT_EQ(stop(60s).wait_for(10s), std::future_status::ready);
}

TEST_F(HttpServerTest, LetsARequestUnderWayFinishBeforeItStops) {
    start();
    Client worker = connect();
    worker.send(get("/wait"));
    ASSERT_TRUE(entered());
    Client idle = connect();
    auto stopped = stop(60s);
    EXPECT_TRUE(idle.closed());
    EXPECT_TRUE(refused());
    EXPECT_EQ(stopped.wait_for(0s), std::future_status::timeout);
    open_gate();
    std::string const answer = worker.answer();
    EXPECT_TRUE(says(answer, "waited"));
    EXPECT_TRUE(says(answer, "Connection: close"));
    EXPECT_EQ(stopped.wait_for(10s), std::future_status::ready);
}

TEST_F(HttpServerTest, CutsARequestThatOutlastsTheGrace) {
    start();
    Client worker = connect();
    worker.send(get("/wait"));
    ASSERT_TRUE(entered());
    EXPECT_EQ(stop(50ms).wait_for(10s), std::future_status::ready);
    EXPECT_EQ(worker.answer(), "");
    EXPECT_TRUE(worker.closed());
}

TEST_F(HttpServerTest, CutsAnUnsentRestAndAnUntakenAnswerAtTheEndOfTheGrace) {
    start();
    Client half = connect();
    half.send("GET /echo HTTP/1.1\r\n");
    Client taker = connect(4096);
    taker.send(get("/large"));
    EXPECT_TRUE(says(ask(get("/echo")), "200 OK"));
    EXPECT_EQ(stop(50ms).wait_for(8s), std::future_status::ready);
}

TEST_F(HttpServerTest, SaysInASentenceWhyItCannotListen) {
    start();
    auto sentence = [](std::string listen) -> std::string {
        static std::ostringstream out;
        static Log log{out, LogLevel::error, Log::Format::json};
        asio::io_context io;
        HttpOptions options;
        options.listen = listen;
        auto second = make_http_server(io.get_executor(), options, Router{}, log);
        try {
            second->start();
        } catch (Error const& error) {
            return error.code() == ErrorCode::config ? error.what() : "another code";
        }
        return "started";
    };
    std::string const taken = "127.0.0.1:" + std::to_string(port());
    EXPECT_EQ(sentence(taken), "cannot listen on \"" + taken + "\": Address already in use");
    EXPECT_EQ(sentence("nonsense"), "cannot listen on \"nonsense\": it is not host:port");
    EXPECT_EQ(sentence("127.0.0.1:65536"), "cannot listen on \"127.0.0.1:65536\": it is not host:port");
    EXPECT_TRUE(sentence("no-such-host.invalid:80").starts_with("cannot listen on \"no-such-host.invalid:80\": "));
    EXPECT_FALSE(says(sentence("[::1]:0"), "host"));  // it is understood, though not every machine has it
    EXPECT_EQ(sentence("localhost:0"), "started");
}

}  // namespace
}  // namespace groomer::net
