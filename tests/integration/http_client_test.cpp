#include "support/http_asking.hpp"
#include "support/http_peer.hpp"
#include "support/packed.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

// What goes over one connection, and what of it is an answer.
namespace groomer::test {
namespace {

class HttpClientTest : public HttpAsking {
protected:
    // Of a GET from a peer that answers so and then closes.
    Asked& get_raw(std::string const& answer) {
        HttpPeer peer{[&](PeerLink& link) {
            link.request();
            link.send(answer);
            link.finish_sending();
            link.wait_closed();
        }};
        return get(peer.url("/x?secret=1"));
    }
};

bool says(std::string const& text, std::string const& part) { return text.find(part) != std::string::npos; }

TEST_F(HttpClientTest, SendsTheRequestAndGivesTheAnswer) {
    std::promise<std::string> seen;
    HttpPeer peer{[&](PeerLink& link) {
        seen.set_value(link.request());
        link.send(answer_of("made", "X-Kind: good\r\n", "201 Created"));
    }};
    ClientRequest request = to(peer.url("/a?b=c"), "POST");
    request.headers = {{"Authorization", "token t"}, {"Content-Type", "text/plain"}};
    request.body = "the body";
    Asked const& asked = send(request);
    EXPECT_EQ(asked.status(), 201);
    EXPECT_EQ(asked.body(), "made");
    EXPECT_EQ(asked.response->header("x-KIND"), "good");
    EXPECT_EQ(asked.response->header("no"), "");
    EXPECT_EQ(asked.response->url, peer.url("/a?b=c"));
    EXPECT_EQ(seen.get_future().get(), "POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(peer.port()) +
                                           "\r\nUser-Agent: groomer\r\nAccept-Encoding: gzip\r\nAuthorization: token t\r\n"
                                           "Content-Type: text/plain\r\nContent-Length: 8\r\n\r\nthe body");
}

TEST_F(HttpClientTest, TakesAnyStatusForAnAnswer) {
    for (std::string const status : {"400 Bad", "401 No", "404 None", "429 Slow", "500 Bad", "503 Busy", "299 Odd", "304 Same"})
        EXPECT_EQ(get_raw(answer_of("", "", status)).status(), std::stoi(status));
}

TEST_F(HttpClientTest, SendsLargeBodiesAndTakesThem) {
    std::string const large(4'000'000, 'x');
    HttpPeer peer{[&](PeerLink& link) { link.send(answer_of(link.request().substr(0, 4) + large)); }};
    ClientRequest request = to(peer.url(), "POST");
    request.body = large;
    EXPECT_TRUE(send(request).body() == "POST" + large);
}

TEST_F(HttpClientTest, TakesChunksAndWhatEndsWithTheConnection) {
    EXPECT_EQ(get_raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nchun\r\n3\r\nked\r\n0\r\nTrailer: t\r\n\r\n").body(),
              "chunked");
    EXPECT_EQ(get_raw("HTTP/1.1 200 OK\r\n\r\nto the end").body(), "to the end");
    EXPECT_EQ(get_raw("HTTP/1.0 200 OK\r\n\r\n").body(), "");
}

TEST_F(HttpClientTest, PassesOverInterimAnswersButNotForEver) {
    std::string const interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    EXPECT_EQ(get_raw("HTTP/1.1 100 Continue\r\n\r\n" + interim + answer_of("at last")).body(), "at last");
    std::string many;
    for (int i = 0; i < 100; ++i) many += interim;
    EXPECT_TRUE(get_raw(many + answer_of("too late")).failed(Stage::receive, true));
    EXPECT_TRUE(get_raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n").failed(Stage::receive, true));
}

TEST_F(HttpClientTest, KnowsWhichAnswersHaveNoBody) {
    HttpPeer peer{[&](PeerLink& link) {
        link.request();
        link.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Encoding: gzip\r\n\r\n");
        link.request();
        link.send("HTTP/1.1 204 No Content\r\n\r\n");
        link.request();
        link.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n");
        link.request();
        link.send(answer_of("the end"));
        link.wait_closed();
    }};
    Asked const& head = send(to(peer.url(), "HEAD"));
    EXPECT_EQ(head.status(), 200);
    EXPECT_EQ(head.response->header("content-length"), "1000");
    EXPECT_EQ(get(peer.url()).status(), 204);
    EXPECT_EQ(get(peer.url()).status(), 304);
    EXPECT_EQ(get(peer.url()).body(), "the end");
    EXPECT_EQ(peer.accepted(), 1);
}

TEST_F(HttpClientTest, TakesNoPartForTheWhole) {
    for (std::string const& answer : std::vector<std::string>{
             "", "HTTP", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", "HTTP/1.1 100 Continue\r\n\r\n"}) {
        Asked const& asked = get_raw(answer);
        EXPECT_TRUE(asked.failed(Stage::receive, true)) << answer << ": " << asked.sentence();
        EXPECT_TRUE(says(asked.sentence(), "/x: the connection was closed before the answer was whole")) << asked.sentence();
    }
}

TEST_F(HttpClientTest, RefusesWhatIsNotHttp) {
    for (std::string const& answer :
         std::vector<std::string>{"nonsense\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 010 OK\r\n\r\n",
                                  "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                                  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "HTTP/1.1 200 OK\r\nbad line\r\n\r\n",
                                  std::string(200, '\0')}) {
        Asked const& asked = get_raw(answer);
        EXPECT_TRUE(asked.failed(Stage::receive, true)) << answer << ": " << asked.sentence();
        EXPECT_TRUE(says(asked.sentence(), "/x: the answer is not well-formed")) << asked.sentence();
    }
}

TEST_F(HttpClientTest, StopsAtItsLimits) {
    options_.max_header = 8192;
    options_.max_body = 100'000;
    EXPECT_EQ(get_raw(answer_of(std::string(100'000, 'x'))).status(), 200);
    EXPECT_TRUE(get_raw(answer_of(std::string(100'001, 'x'))).failed(Stage::too_large, true));
    EXPECT_TRUE(get_raw(answer_of("", "X: " + std::string(9000, 'x') + "\r\n")).failed(Stage::too_large, true));
    std::string const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    // What each begins with, and goes on with for ever.
    for (auto const& [begin, on] : std::vector<std::pair<std::string, std::string>>{{"HTTP/1.1 200 ", "OK"},
                                                                                    {"HTTP/1.1 200 OK\r\n", "X: y\r\n"},
                                                                                    {"HTTP/1.1 200 OK\r\nX:", "y"},
                                                                                    {"HTTP/1.1 200 OK\r\n\r\n", "body"},
                                                                                    {chunked, "4\r\nbody\r\n"},
                                                                                    {chunked + "4;x=", "y"},
                                                                                    {chunked + "0\r\n", "X: y\r\n"}}) {
        HttpPeer peer{[&, first = begin, more = on](PeerLink& link) {
            link.request();
            link.send(first);
            std::string much;
            for (int i = 0; i < 1000; ++i) much += more;
            while (link.send(much)) {
            }
        }};
        Asked const& asked = get(peer.url());
        EXPECT_TRUE(asked.failed(Stage::too_large, true)) << begin << on << ": " << asked.sentence();
    }
}

TEST_F(HttpClientTest, DecodesWhatCameCompressed) {
    Asked const& asked = get_raw(answer_of(packed("the text", gzip), "Content-Encoding: GZIP\r\nX: y\r\n"));
    EXPECT_EQ(asked.body(), "the text");
    EXPECT_EQ(asked.response->header("content-encoding"), "");
    EXPECT_EQ(asked.response->header("content-length"), "");
    EXPECT_EQ(asked.response->header("x"), "y");
    EXPECT_EQ(get_raw(answer_of("plain", "Content-Encoding: identity\r\n")).body(), "plain");
    EXPECT_EQ(get_raw(answer_of("", "Content-Encoding: gzip\r\n")).body(), "");
    options_.max_body = 1'000'000;
    client_.reset();
    EXPECT_EQ(get_raw(answer_of(packed(std::string(1'000'000, 'x'), gzip), "Content-Encoding: gzip\r\n")).body().size(), 1'000'000U);
    EXPECT_TRUE(get_raw(answer_of(packed(std::string(1'000'001, 'x'), gzip), "Content-Encoding: gzip\r\n")).failed(Stage::too_large, true));
    EXPECT_TRUE(get_raw(answer_of(packed("text", gzip).substr(0, 12), "Content-Encoding: gzip\r\n")).failed(Stage::receive, true));
    EXPECT_TRUE(get_raw(answer_of("text", "Content-Encoding: gzip\r\n")).failed(Stage::receive, true));
    EXPECT_TRUE(get_raw(answer_of("text", "Content-Encoding: br\r\n")).failed(Stage::receive, true));
}

TEST_F(HttpClientTest, WaitsForNoAnswerLongerThanItMay) {
    options_.stall_timeout = 200ms;
    for (std::string const begin : {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1"}) {
        std::promise<bool> closed;
        HttpPeer peer{[&](PeerLink& link) {
            link.request();
            link.send(begin);
            closed.set_value(link.wait_closed());
        }};
        Asked const& asked = get(peer.url("/slow?secret"));
        EXPECT_TRUE(asked.failed(Stage::receive, true)) << asked.sentence();
        EXPECT_EQ(asked.sentence(), "GET http://127.0.0.1:" + std::to_string(peer.port()) + "/slow: no answer in time");
        EXPECT_TRUE(closed.get_future().get());
    }
}

TEST_F(HttpClientTest, WaitsNoLongerForOneThatDrips) {
    HttpPeer peer{[&](PeerLink& link) {
        link.request();
        link.send("HTTP/1.1 200 OK\r\n\r\n");
        while (link.send("x")) std::this_thread::sleep_for(20ms);  // the drip itself
    }};
    ClientRequest request = to(peer.url());
    request.timeout = 400ms;
    auto const begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(send(request).failed(Stage::receive, true));
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 400ms);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST_F(HttpClientTest, HasNoTimeAtAllWhereNoneIsGiven) {
    HttpPeer peer{answering(answer_of("too late"))};
    ClientRequest request = to(peer.url());
    for (auto const timeout : {0ms, -5000ms}) {
        request.timeout = timeout;
        Asked const& asked = send(request);
        EXPECT_TRUE(asked.failed(Stage::connect, false)) << asked.sentence();
    }
}

TEST_F(HttpClientTest, WaitsNoLongerForOneThatDoesNotTakeTheRequest) {
    options_.stall_timeout = 200ms;
    std::promise<void> over;
    HttpPeer peer{[&](PeerLink&) { over.get_future().wait(); }};
    ClientRequest request = to(peer.url(), "POST");
    request.body.assign(32 * 1024 * 1024, 'x');
    Asked const& asked = send(request);
    EXPECT_TRUE(asked.failed(Stage::send, true)) << asked.sentence();
    over.set_value();
}

TEST_F(HttpClientTest, HearsTheAnswerOfOneThatDidNotWantTheWholeRequest) {
    for (bool const reads_on : {true, false}) {
        HttpPeer peer{[&](PeerLink& link) {
            link.send(answer_of("too much", "Connection: close\r\n", "413 Too Large"));
            link.finish_sending();
            if (reads_on) link.wait_closed();
        }};
        ClientRequest request = to(peer.url(), "POST");
        request.body.assign(8 * 1024 * 1024, 'x');
        EXPECT_EQ(send(request).status(), 413) << reads_on;
    }
}

TEST_F(HttpClientTest, SendsNothingThatMayNotBeSent) {
    std::promise<std::string> seen;
    HttpPeer peer{[&](PeerLink& link) { seen.set_value(link.request()); }};
    ClientRequest request = to(peer.url("/write"), "POST");
    int asked_for = 0;
    request.may_send = [&] {
        ++asked_for;
        return false;
    };
    Asked const& asked = send(request);
    EXPECT_TRUE(asked.failed(Stage::withheld, false)) << asked.sentence();
    EXPECT_EQ(asked_for, 1);
    EXPECT_EQ(seen.get_future().get(), "");
    EXPECT_EQ(peer.accepted(), 1);  // the connection stood when it was asked for
}

TEST_F(HttpClientTest, RefusesWhatCouldBeTakenForMoreThanOneRequest) {
    HttpPeer peer{answering(answer_of("no"))};
    using namespace std::string_literals;
    for (std::string const& bad : {"\r\nX: y"s, "\n"s, "\0"s}) {
        EXPECT_TRUE(get(peer.url("/secret" + bad)).failed(Stage::url, false));
        ClientRequest request = to(peer.url());
        request.headers = {{"X", "secret" + bad}};
        Asked const& asked = send(request);
        EXPECT_TRUE(asked.failed(Stage::url, false));
        EXPECT_FALSE(says(asked.sentence(), "secret")) << asked.sentence();
    }
    EXPECT_TRUE(get("ftp://127.0.0.1/").failed(Stage::url, false));
    EXPECT_TRUE(get("http://user:secret@127.0.0.1/").failed(Stage::url, false));
    EXPECT_EQ(peer.accepted(), 0);
}

TEST_F(HttpClientTest, FollowsEveryKindOfRedirectForReadsAlone) {
    for (std::string const status : {"301", "302", "303", "307", "308"}) {
        HttpPeer peer{[&](PeerLink& link) {
            for (std::string asked = link.request(); !asked.empty(); asked = link.request())
                link.send(says(asked, " /a/new?x ") ? answer_of(says(asked, "GET") ? "moved" : "")
                                                    : answer_of("", "Location: new?x#part\r\n", status + " See"));
        }};
        Asked const& asked = get(peer.url("/a/old"));
        EXPECT_EQ(asked.body(), "moved");
        EXPECT_EQ(asked.response->url, peer.url("/a/new?x"));
        EXPECT_EQ(send(to(peer.url("/a/old"), "HEAD")).status(), 200);
        EXPECT_EQ(send(to(peer.url("/a/old"), "POST")).status(), std::stoi(status));
        EXPECT_EQ(send(to(peer.url("/a/old"), "DELETE")).status(), std::stoi(status));
        EXPECT_EQ(peer.accepted(), 1);
    }
    EXPECT_EQ(get_raw(answer_of("", "", "301 Moved")).status(), 301);  // nowhere
    EXPECT_EQ(get_raw(answer_of("", "Location: /x\r\n", "300 Many")).status(), 300);
}

TEST_F(HttpClientTest, FollowsNoRedirectForEverOrToNoAddress) {
    std::atomic<int> requests = 0;
    HttpPeer peer{[&](PeerLink& link) {
        while (!link.request().empty()) {
            ++requests;
            link.send(answer_of("", "Location: /again?secret\r\n", "302 Found"));
        }
    }};
    Asked const& asked = get(peer.url());
    EXPECT_TRUE(asked.failed(Stage::redirect, true)) << asked.sentence();
    EXPECT_EQ(asked.sentence(), "GET " + peer.url("/again") + ": it was redirected too often");
    EXPECT_EQ(requests, 6);
    for (std::string const location : {"ftp://x/", "http://user:secret@127.0.0.1/", "http://[/"}) {
        Asked const& lost = get_raw(answer_of("", "Location: " + location + "\r\n", "302 Found"));
        EXPECT_TRUE(lost.failed(Stage::redirect, true)) << lost.sentence();
        EXPECT_FALSE(says(lost.sentence(), "secret")) << lost.sentence();
    }
}

TEST_F(HttpClientTest, GivesCredentialsOnlyToTheOriginTheyAreFor) {
    std::string first, other, back;
    unsigned short home = 0;
    HttpPeer abroad{[&](PeerLink& link) {
        other = link.request();
        link.send(answer_of("", "Location: http://127.0.0.1:" + std::to_string(home) + "/back\r\n", "302 Found"));
        link.wait_closed();
    }};
    HttpPeer peer{[&](PeerLink& link) {
        first = link.request();
        link.send(answer_of("", "Location: " + abroad.url("/other") + "\r\n", "307 Go"));
        back = link.request();
        link.send(answer_of("there and back"));
        link.wait_closed();
    }};
    home = peer.port();
    ClientRequest request = to(peer.url());
    request.headers = {{"Authorization", "token t"}, {"Cookie", "c=d"}, {"Accept", "text/plain"}};
    EXPECT_EQ(send(request).body(), "there and back");
    client_.reset();
    EXPECT_TRUE(says(first, "token t") && says(first, "c=d"));
    EXPECT_TRUE(says(other, "GET /other ") && says(other, "Accept: text/plain"));
    EXPECT_FALSE(says(other, "token t") || says(other, "c=d") || says(other, "uthorization"));
    EXPECT_TRUE(says(back, "GET /back ") && says(back, "token t"));
}

}  // namespace
}  // namespace groomer::test
