#include "support/http_asking.hpp"
#include "support/http_peer.hpp"

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

// Which connections the client opens, keeps and shares, and what becomes of one whose request is cancelled.
namespace groomer::test {
namespace {

bool says(std::string const& text, std::string const& part) { return text.find(part) != std::string::npos; }

// Opened once, by whichever thread.
class Gate {
public:
    void open() {
        std::lock_guard const lock{mutex_};
        open_ = true;
        opened_.notify_all();
    }
    // Within 10 s.
    bool pass() {
        std::unique_lock lock{mutex_};
        return opened_.wait_for(lock, 10s, [this] { return open_; });
    }
    bool is_open() {
        std::lock_guard const lock{mutex_};
        return open_;
    }

private:
    std::mutex mutex_;  // protects open_
    std::condition_variable opened_;
    bool open_ = false;
};

class HttpClientPoolTest : public HttpAsking {};

TEST_F(HttpClientPoolTest, KeepsAConnectionForTheNextRequests) {
    HttpPeer peer{answering(answer_of("kept"))};
    for (int i = 0; i < 10; ++i) EXPECT_EQ(send(to(peer.url(), i % 2 ? "POST" : "GET")).body(), "kept");
    EXPECT_EQ(peer.accepted(), 1);
}

TEST_F(HttpClientPoolTest, KeepsNoneThatThePeerMeansToCloseOrThatHasMoreToSay) {
    for (std::string const& answer : std::vector<std::string>{answer_of("x", "Connection: close\r\n"),
                                                              "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", answer_of("x") + "more"}) {
        HttpPeer peer{answering(answer)};
        for (int i = 1; i <= 3; ++i) {
            EXPECT_EQ(get(peer.url()).body(), "x");
            EXPECT_EQ(peer.accepted(), i);
        }
    }
}

TEST_F(HttpClientPoolTest, ReusesNoneThatThePeerHasClosed) {
    Gate close_now, closed;
    HttpPeer peer{[&](PeerLink& link) {
        link.request();
        link.send(answer_of(std::to_string(link.number())));
        if (link.number() > 0) return;
        close_now.pass();
        link.close();
        closed.open();
    }};
    EXPECT_EQ(get(peer.url()).body(), "0");
    close_now.open();
    ASSERT_TRUE(closed.pass());
    // A write would not be repeated: that it is answered shows that the old connection was not tried.
    EXPECT_EQ(send(to(peer.url(), "POST")).body(), "1");
}

// What happens to a second request on a connection that is closed when it has come.
class LostRequest : public HttpClientPoolTest {
protected:
    Asked& second(std::string const& method, std::string const& part = "", bool stays = false) {
        peer_.emplace([part, stays](PeerLink& link) {
            link.request();
            if (link.number() == 0) {
                link.send(answer_of("first"));
                link.request();
                link.send(part);
                if (stays) link.wait_closed();
            } else {
                link.send(answer_of("repeated"));
            }
        });
        EXPECT_EQ(get(peer_->url()).body(), "first");
        return send(to(peer_->url(), method));
    }

    std::optional<HttpPeer> peer_;
};

TEST_F(LostRequest, IsRepeatedOnANewConnectionWhereItReads) {
    EXPECT_EQ(second("GET").body(), "repeated");
    EXPECT_EQ(peer_->accepted(), 2);
}

TEST_F(LostRequest, IsNotRepeatedWhereItWrites) {
    for (std::string const method : {"POST", "PUT", "PATCH", "DELETE"}) {
        Asked const& asked = second(method);
        EXPECT_TRUE(asked.failed(Stage::receive, true)) << asked.sentence();
        EXPECT_EQ(peer_->accepted(), 1);
    }
}

TEST_F(LostRequest, IsNotRepeatedOnceAByteOfItsAnswerHasCome) {
    EXPECT_TRUE(second("GET", "H").failed(Stage::receive, true));
    EXPECT_EQ(peer_->accepted(), 1);
}

TEST_F(LostRequest, IsRepeatedWhereTheOldConnectionIsDeadWithoutAWord) {
    options_.stall_timeout = 200ms;
    EXPECT_EQ(second("GET", "", true).body(), "repeated");
    EXPECT_TRUE(second("POST", "", true).failed(Stage::receive, true));
    EXPECT_EQ(peer_->accepted(), 1);
}

TEST_F(HttpClientPoolTest, RepeatsOnlyOnceAndOnlyWhatWasReused) {
    HttpPeer peer{[&](PeerLink& link) {
        link.request();
        if (link.number() > 0) return;
        link.send(answer_of("first"));
        link.request();
    }};
    EXPECT_EQ(get(peer.url()).body(), "first");
    EXPECT_TRUE(get(peer.url()).failed(Stage::receive, true));
    EXPECT_EQ(peer.accepted(), 2);
    EXPECT_TRUE(get(peer.url()).failed(Stage::receive, true));
    EXPECT_EQ(peer.accepted(), 3);
}

TEST_F(HttpClientPoolTest, KnowsThatNothingArrivedWhereNotAByteWasSent) {
    Gate reset_now, is_reset;
    HttpPeer peer{[&](PeerLink& link) {
        link.request();
        link.send(answer_of("first"));
        if (link.number() == 0) reset_now.pass();
        else link.wait_closed();
        link.reset();
        is_reset.open();
    }};
    EXPECT_EQ(get(peer.url()).body(), "first");
    ClientRequest request = to(peer.url(), "POST");
    request.may_send = [&] {
        reset_now.open();
        return is_reset.pass();
    };
    Asked const& asked = send(request);
    EXPECT_TRUE(asked.failed(Stage::send, false)) << asked.sentence() << asked.body();
    EXPECT_EQ(peer.accepted(), 1);
}

TEST_F(HttpClientPoolTest, ClosesWhatIsIdleForTooLong) {
    options_.idle_timeout = 100ms;
    Gate closed;
    HttpPeer peer{[&](PeerLink& link) {
        link.request();
        link.send(answer_of("x"));
        if (link.wait_closed()) closed.open();
    }};
    EXPECT_EQ(get(peer.url()).status(), 200);
    EXPECT_TRUE(run_until([&] { return closed.is_open(); }));
    io_.restart();
    EXPECT_EQ(io_.poll(), 0U);
    EXPECT_TRUE(io_.stopped());  // nothing is left to do
}

TEST_F(HttpClientPoolTest, ClosesWhatIsIdleWhenToldToAndAtItsEnd) {
    std::vector<Gate> closed(2);
    HttpPeer peer{[&](PeerLink& link) {
        link.request();
        link.send(answer_of("x"));
        if (link.wait_closed()) closed[static_cast<std::size_t>(link.number())].open();
    }};
    EXPECT_EQ(get(peer.url()).status(), 200);
    EXPECT_FALSE(closed[0].is_open());
    client().close_idle();
    EXPECT_TRUE(closed[0].pass());
    EXPECT_EQ(get(peer.url()).status(), 200);
    client_.reset();
    EXPECT_TRUE(closed[1].pass());
}

TEST_F(HttpClientPoolTest, OpensNoMoreThanItMayAndServesInTurn) {
    options_.max_connections = 1;
    std::mutex mutex;
    std::vector<std::string> order;
    HttpPeer peer{[&](PeerLink& link) {
        for (std::string request = link.request(); !request.empty(); request = link.request()) {
            std::lock_guard const lock{mutex};
            order.push_back(request.substr(0, request.find(" HTTP")));
            link.send(answer_of("x"));
        }
    }};
    std::vector<Asked*> all;
    for (int i = 0; i < 5; ++i) all.push_back(&start(to(peer.url("/" + std::to_string(i)))));
    for (Asked* asked : all) EXPECT_EQ(finish(*asked).status(), 200);
    std::lock_guard const lock{mutex};
    EXPECT_EQ(order, (std::vector<std::string>{"GET /0", "GET /1", "GET /2", "GET /3", "GET /4"}));
    EXPECT_EQ(peer.accepted(), 1);
}

TEST_F(HttpClientPoolTest, OpensAsManyAsItMayForEachOrigin) {
    options_.max_connections = 3;
    std::atomic<int> waiting = 0;
    Gate gate;
    auto const script = [&](PeerLink& link) {
        while (!link.request().empty()) {
            ++waiting;
            gate.pass();
            link.send(answer_of("x"));
        }
    };
    HttpPeer peer{script}, other{script};
    std::vector<Asked*> all;
    for (int i = 0; i < 10; ++i) all.push_back(&start(to((i % 2 ? peer : other).url())));
    EXPECT_TRUE(run_until([&] { return waiting == 6; }));
    gate.open();
    for (Asked* asked : all) EXPECT_EQ(finish(*asked).status(), 200);
    EXPECT_EQ(peer.accepted(), 3);
    EXPECT_EQ(other.accepted(), 3);
}

TEST_F(HttpClientPoolTest, LetsGoOfWhoWaitsNoLonger) {
    options_.max_connections = 1;
    Gate gate, busy;
    std::string last;
    HttpPeer peer{[&](PeerLink& link) {
        link.request();
        busy.open();
        gate.pass();
        link.send(answer_of("first"));
        last = link.request();
        link.send(answer_of("last"));
        link.wait_closed();
    }};
    Asked& first = start(to(peer.url("/first")));
    ASSERT_TRUE(run_until([&] { return busy.is_open(); }));
    ClientRequest hurried = to(peer.url("/hurried"));
    hurried.timeout = 50ms;
    Asked& late = start(hurried);
    Asked& cancelled = start(to(peer.url("/cancelled")));
    Asked& next = start(to(peer.url("/last")));
    EXPECT_TRUE(finish(late).failed(Stage::connect, false));
    cancelled.cancel();
    EXPECT_TRUE(finish(cancelled).cancelled);
    gate.open();
    EXPECT_EQ(finish(first).body(), "first");
    EXPECT_EQ(finish(next).body(), "last");
    client_.reset();
    EXPECT_TRUE(last.starts_with("GET /last "));
}

// A place that has just been given to one who is cancelled at the same time goes on to the next.
TEST_F(HttpClientPoolTest, LosesNoPlaceToOneWhoIsCancelledAsHeGetsIt) {
    options_.max_connections = 1;
    HttpPeer peer{answering(answer_of("x"))};
    Asked& first = start(to(peer.url()));
    Asked& second = start(to(peer.url()));
    Asked& third = start(to(peer.url()));
    ASSERT_TRUE(run_until([&] {
        if (!first.ended()) return false;
        second.cancel();
        return true;
    }));
    EXPECT_TRUE(finish(second).ended());
    EXPECT_EQ(finish(third).status(), 200);
    EXPECT_EQ(get(peer.url()).status(), 200);
}

TEST_F(HttpClientPoolTest, TriesOneAddressAfterTheOther) {
    HttpPeer peer{answering(answer_of("here"))};
    options_.lookup = [](std::string const&) { return std::vector<std::string>{"127.0.0.3", "127.0.0.2", "127.0.0.1"}; };
    options_.connect_timeout = 900ms;
    DeafListener const deaf{"127.0.0.2", peer.port()};  // takes its share of the time; nobody is on the first
    EXPECT_EQ(get("http://many.test:" + std::to_string(peer.port()) + "/").body(), "here");
}

TEST_F(HttpClientPoolTest, SaysWhereNobodyIs) {
    unsigned short free_port = 0;
    {
        HttpPeer const gone{[](PeerLink&) {}};
        free_port = gone.port();
    }
    Asked const& asked = get("http://gone.test:" + std::to_string(free_port) + "/x?secret");
    EXPECT_TRUE(asked.failed(Stage::connect, false));
    EXPECT_TRUE(says(asked.sentence(), "/x: no connection to gone.test, port ")) << asked.sentence();
    EXPECT_TRUE(says(asked.sentence(), "Connection refused")) << asked.sentence();
    Asked const& nameless = get("http://unknown.invalid/");
    EXPECT_TRUE(nameless.failed(Stage::resolve, false));
    EXPECT_EQ(nameless.sentence(), "GET http://unknown.invalid/: unknown.invalid has no address: none was found");
    options_.connect_timeout = 100ms;
    client_.reset();
    DeafListener const deaf;
    Asked const& unheard = get("http://127.0.0.1:" + std::to_string(deaf.port()) + "/");
    EXPECT_TRUE(unheard.failed(Stage::connect, false));
    EXPECT_TRUE(says(unheard.sentence(), "in time")) << unheard.sentence();
}

TEST_F(HttpClientPoolTest, ResolvesAsTheSystemDoes) {
    options_.lookup = nullptr;
    HttpPeer peer{answering(answer_of("local"))};
    EXPECT_EQ(get("http://localhost:" + std::to_string(peer.port()) + "/").body(), "local");
}

TEST_F(HttpClientPoolTest, WaitsForNoNameLongerThanItMay) {
    options_.connect_timeout = 100ms;
    auto const gate = std::make_shared<Gate>();
    auto const lookups = std::make_shared<std::atomic<int>>(0);
    options_.lookup = [gate, lookups](std::string const& host) {
        if (host == "slow.test" && (*lookups)++ == 0) gate->pass();
        return std::vector<std::string>{"127.0.0.1"};
    };
    HttpPeer peer{answering(answer_of("found"))};
    std::string const slow = "http://slow.test:" + std::to_string(peer.port()) + "/";
    EXPECT_TRUE(get(slow).failed(Stage::resolve, false));
    EXPECT_TRUE(get(slow).failed(Stage::resolve, false));  // by the same lookup
    EXPECT_EQ(*lookups, 1);
    EXPECT_EQ(get("http://quick.test:" + std::to_string(peer.port()) + "/").body(), "found");
    gate->open();
    bool found = false;
    for (int tries = 0; tries < 50 && !found; ++tries) found = get(slow).body() == "found";
    EXPECT_TRUE(found);
}

// One request that hangs in the stage that the peer, or whatever else, puts it in.
class CancelledRequest : public HttpClientPoolTest {
protected:
    // Cancels it once it is there.
    void cancel_at(ClientRequest request, std::function<bool()> const& is_there) {
        Asked& asked = start(std::move(request));
        ASSERT_TRUE(run_until(is_there));
        EXPECT_FALSE(asked.ended()) << asked.sentence();
        asked.cancel();
        ASSERT_TRUE(run_until([&] { return asked.ended(); }, 2s));
        EXPECT_TRUE(asked.cancelled);
    }
    // In whatever the peer's first connection does between there and closed; the next one is answered.
    void cancel_in(std::function<void(PeerLink&)> const& stage, std::function<ClientRequest(HttpPeer&)> const& make) {
        Gate there, closed;
        HttpPeer peer{[&](PeerLink& link) {
            if (link.number() > 0) return answering(answer_of("next"))(link);
            stage(link);
            there.open();
            if (link.wait_closed()) closed.open();
        }};
        ClientRequest const request = make(peer);
        cancel_at(request, [&] { return there.is_open(); });
        EXPECT_TRUE(closed.pass());
        EXPECT_EQ(get(peer.url()).body(), "next");
        EXPECT_EQ(peer.accepted(), 2);
    }
};

TEST_F(CancelledRequest, EndsWhileItsNameIsLookedUp) {
    auto const gate = std::make_shared<Gate>(), there = std::make_shared<Gate>();
    options_.lookup = [gate, there](std::string const&) {
        there->open();
        gate->pass();
        return std::vector<std::string>{};
    };
    cancel_at(to("http://slow.test/"), [&] { return there->is_open(); });
    client_.reset();
    gate->open();
}

TEST_F(CancelledRequest, EndsWhileItConnects) {
    DeafListener const deaf;
    int turns = 0;  // of the context: enough to begin
    cancel_at(to("http://127.0.0.1:" + std::to_string(deaf.port()) + "/"), [&] { return ++turns > 20; });
}

TEST_F(CancelledRequest, EndsInAProxyOrInTls) {
    for (bool const proxied : {true, false}) {
        cancel_in([](PeerLink& link) { link.more(); },
                  [&](HttpPeer& peer) {
                      std::string const port = std::to_string(peer.port());
                      options_.environment.clear();
                      if (proxied) options_.environment = {{"https_proxy", "127.0.0.1:" + port}};
                      client_.reset();
                      return to(proxied ? "https://good.test/" : "https://good.test:" + port + "/");
                  });
    }
}

TEST_F(CancelledRequest, EndsWhileItIsSentOrAnswered) {
    for (std::string const part : {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1"}) {
        cancel_in(
            [&](PeerLink& link) {
                link.request();
                link.send(part);
            },
            [](HttpPeer& peer) { return to(peer.url()); });
    }
}

TEST_F(CancelledRequest, EndsWhileThePeerTakesNothing) {
    Gate there, over;
    HttpPeer peer{[&](PeerLink&) {
        there.open();
        over.pass();
    }};
    ClientRequest request = to(peer.url(), "POST");
    request.body.assign(32 * 1024 * 1024, 'x');
    cancel_at(request, [&] { return there.is_open(); });
    over.open();
}

TEST_F(CancelledRequest, MayOutliveTheClient) {
    Gate there;
    HttpPeer peer{[&](PeerLink& link) {
        link.request();
        there.open();
        link.wait_closed();
    }};
    Asked& asked = start(to(peer.url()));
    ASSERT_TRUE(run_until([&] { return there.is_open(); }));
    client_.reset();
    asked.cancel();
    EXPECT_TRUE(finish(asked).cancelled);
    // And one that is never run to its end goes with the context.
    start(to(peer.url()));
    io_.restart();
    io_.poll();
    client_.reset();
}

}  // namespace
}  // namespace groomer::test
