#include "support/certificates.hpp"
#include "support/http_asking.hpp"
#include "support/http_peer.hpp"

#include <openssl/ssl.h>

#include <future>
#include <string>
#include <vector>

// Whom the client trusts, and how it passes proxies.
namespace groomer::test {
namespace {

bool says(std::string const& text, std::string const& part) { return text.find(part) != std::string::npos; }

class HttpClientTlsTest : public HttpAsking {
protected:
    HttpClientTlsTest() { options_.ca_file = authority_.file(); }

    // Through a proxy that is what `script` says.
    void use_proxy(HttpPeer const& proxy) {
        std::string const address = "http://user:se%63ret@127.0.0.1:" + std::to_string(proxy.port());
        options_.environment = {{"https_proxy", address}, {"http_proxy", address}};
        client_.reset();
    }
    // What TLS that is refused looks like.
    void expect_refused(HttpPeer& peer, std::string const& url, std::string const& why) {
        Asked const& asked = get(url);
        EXPECT_TRUE(asked.failed(Stage::tls, false)) << asked.sentence();
        EXPECT_TRUE(says(asked.sentence(), why)) << asked.sentence();
        EXPECT_GE(peer.accepted(), 1);
    }

    CertificateAuthority authority_;
    Certificate good_ = authority_.issue("DNS:good.test,DNS:*.wild.test");
};

std::string at(HttpPeer const& peer, std::string const& host) { return "https://" + host + ":" + std::to_string(peer.port()) + "/"; }

TEST_F(HttpClientTlsTest, TrustsTheRightNameAndTellsIt) {
    std::promise<std::string> name;
    HttpPeer peer{[&](PeerLink& link) {
                      name.set_value(link.server_name());
                      answering(answer_of("over TLS"))(link);
                  },
                  &good_};
    EXPECT_EQ(get(peer.url()).body(), "over TLS");
    EXPECT_EQ(get(peer.url()).body(), "over TLS");
    EXPECT_EQ(name.get_future().get(), "good.test");
    EXPECT_EQ(peer.accepted(), 1);
}

TEST_F(HttpClientTlsTest, TakesLargeBodiesBothWays) {
    std::string const large(3'000'000, 'x');
    HttpPeer peer{[&](PeerLink& link) { link.send(answer_of(link.request().substr(0, 4) + large)); }, &good_};
    ClientRequest request = to(peer.url(), "POST");
    request.body = large;
    EXPECT_TRUE(send(request).body() == "POST" + large);
}

TEST_F(HttpClientTlsTest, TrustsAWildcardForOneLabelAlone) {
    HttpPeer peer{answering(answer_of("wild")), &good_};
    EXPECT_EQ(get(at(peer, "a.wild.test")).body(), "wild");
    expect_refused(peer, at(peer, "a.b.wild.test"), "hostname mismatch");
}

TEST_F(HttpClientTlsTest, RefusesAnotherName) {
    HttpPeer peer{answering(answer_of("no")), &good_};
    expect_refused(peer, at(peer, "wrong.test"), "hostname mismatch");
    expect_refused(peer, at(peer, "127.0.0.1"), "IP address mismatch");
}

TEST_F(HttpClientTlsTest, TrustsAnAddressThatTheCertificateNames) {
    Certificate const certificate = authority_.issue("IP:127.0.0.1");
    std::promise<std::string> name;
    HttpPeer peer{[&](PeerLink& link) {
                      name.set_value(link.server_name());
                      answering(answer_of("an address"))(link);
                  },
                  &certificate};
    EXPECT_EQ(get(at(peer, "127.0.0.1")).body(), "an address");
    EXPECT_EQ(name.get_future().get(), "");
    expect_refused(peer, at(peer, "good.test"), "hostname mismatch");
}

TEST_F(HttpClientTlsTest, RefusesAnUnknownAuthority) {
    CertificateAuthority const stranger;  // by the name of the one that is known
    Certificate const certificate = stranger.issue("DNS:good.test");
    HttpPeer peer{answering(answer_of("no")), &certificate};
    expect_refused(peer, peer.url(), "its certificate is refused: ");
    options_.ca_file = "";  // the system's roots do not know it either
    client_.reset();
    expect_refused(peer, peer.url(), "its certificate is refused: ");
}

TEST_F(HttpClientTlsTest, RefusesAnExpiredCertificate) {
    Certificate const certificate = authority_.issue("DNS:good.test", true);
    HttpPeer peer{answering(answer_of("no")), &certificate};
    expect_refused(peer, peer.url(), "its certificate is refused: certificate has expired");
}

TEST_F(HttpClientTlsTest, RefusesOldTlsAndWhatIsNone) {
    HttpPeer old{[&](PeerLink& link) { EXPECT_FALSE(link.start_tls(good_, TLS1_1_VERSION)); }};
    EXPECT_TRUE(get(at(old, "good.test")).failed(Stage::tls, false));
    HttpPeer recent{[&](PeerLink& link) {
        if (link.start_tls(good_, TLS1_2_VERSION)) answering(answer_of("1.2"))(link);
    }};
    EXPECT_EQ(get(at(recent, "good.test")).body(), "1.2");
    HttpPeer plain{[](PeerLink& link) { link.send("HTTP/1.1 400 Bad\r\n\r\n"); }};
    EXPECT_TRUE(get(at(plain, "good.test")).failed(Stage::tls, false));
    HttpPeer closing{[](PeerLink&) {}};
    EXPECT_TRUE(get(at(closing, "good.test")).failed(Stage::tls, false));
}

TEST_F(HttpClientTlsTest, WaitsForNoHandshakeLongerThanItMay) {
    options_.connect_timeout = 200ms;
    HttpPeer peer{[](PeerLink& link) { link.wait_closed(); }};
    Asked const& asked = get(at(peer, "good.test"));
    EXPECT_TRUE(asked.failed(Stage::tls, false));
    EXPECT_TRUE(says(asked.sentence(), "in time")) << asked.sentence();
}

TEST_F(HttpClientTlsTest, TakesNoCutForAnEnd) {
    // A body without a length: whether it is whole only TLS can say.
    for (bool const in_due_form : {true, false}) {
        HttpPeer peer{[&](PeerLink& link) {
                          link.request();
                          link.send("HTTP/1.1 200 OK\r\n\r\nall of it?");
                          if (in_due_form) link.finish_sending();
                      },
                      &good_};
        Asked const& asked = get(peer.url());
        EXPECT_EQ(asked.status(), in_due_form ? 200 : 0);
        EXPECT_TRUE(in_due_form || asked.failed(Stage::receive, true)) << asked.sentence();
    }
}

TEST_F(HttpClientTlsTest, NoticesThatAKeptConnectionWasClosed) {
    std::promise<void> close_now, closed;
    HttpPeer peer{[&](PeerLink& link) {
                      link.request();
                      link.send(answer_of(std::to_string(link.number())));
                      if (link.number() > 0) return;
                      close_now.get_future().wait();
                      link.finish_sending();
                      closed.set_value();
                  },
                  &good_};
    EXPECT_EQ(get(peer.url()).body(), "0");
    close_now.set_value();
    closed.get_future().wait();
    EXPECT_EQ(send(to(peer.url(), "POST")).body(), "1");
}

TEST_F(HttpClientTlsTest, GoesToNoPlainHttpFromHttps) {
    HttpPeer peer{answering(answer_of("", "Location: http://good.test/\r\n", "302 Found")), &good_};
    Asked const& asked = get(peer.url());
    EXPECT_TRUE(asked.failed(Stage::redirect, true)) << asked.sentence();
}

TEST_F(HttpClientTlsTest, SaysWhichFileOfAuthoritiesIsNone) {
    for (std::string const file : {"/no/such/file", "/dev/null"}) {
        options_.ca_file = file;
        try {
            net::make_http_client(io_.get_executor(), options_);
            ADD_FAILURE() << file;
        } catch (Error const& error) {
            EXPECT_EQ(error.code(), ErrorCode::config);
            EXPECT_TRUE(says(error.what(), file));
        }
    }
}

TEST_F(HttpClientTlsTest, PassesAProxyToAnOriginInTls) {
    std::promise<std::string> tunnel;
    std::vector<std::string> requests;
    HttpPeer proxy{[&](PeerLink& link) {
        tunnel.set_value(link.request());
        link.send("HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n");
        if (!link.start_tls(good_)) return;
        for (std::string request = link.request(); !request.empty(); request = link.request()) {
            requests.push_back(request);
            link.send(answer_of("through it"));
        }
    }};
    use_proxy(proxy);
    EXPECT_EQ(get("https://good.test/a").body(), "through it");
    EXPECT_EQ(get("https://good.test/b").body(), "through it");
    EXPECT_EQ(tunnel.get_future().get(),
              "CONNECT good.test:443 HTTP/1.1\r\nHost: good.test:443\r\nUser-Agent: groomer\r\nProxy-Authorization: Basic "
              "dXNlcjpzZWNyZXQ=\r\n\r\n");
    EXPECT_EQ(proxy.accepted(), 1);
    client_.reset();
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_TRUE(requests[0].starts_with("GET /a HTTP/1.1\r\nHost: good.test\r\n"));
    EXPECT_FALSE(says(requests[0], "Proxy"));
}

TEST_F(HttpClientTlsTest, TrustsNoProxyToBeTheOrigin) {
    HttpPeer proxy{[&](PeerLink& link) {
        link.request();
        link.send("HTTP/1.1 200 OK\r\n\r\n");
        link.start_tls(good_);
    }};
    use_proxy(proxy);
    EXPECT_TRUE(get("https://other.test/").failed(Stage::tls, false));
}

TEST_F(HttpClientTlsTest, SaysWhyAProxyGaveNoTunnel) {
    options_.connect_timeout = 300ms;
    for (auto const& [answer, why] : std::vector<std::pair<std::string, std::string>>{
             {"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nno!!!", "status 403"},
             {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n", "it wants other credentials (status 407)"},
             {"HTTP/1.1 200 OK\r\n\r\nmore", "there is more than its answer"},
             {"nonsense\r\n\r\n", "not well-formed"},
             {"HTTP/1.1 2", "no answer in time"},
             {"", "no answer in time"}}) {
        std::promise<bool> closed;
        HttpPeer proxy{[&, first = answer](PeerLink& link) {
            link.request();
            link.send(first);
            closed.set_value(link.wait_closed());
        }};
        use_proxy(proxy);
        Asked const& asked = get("https://good.test/x?secret");
        EXPECT_TRUE(asked.failed(Stage::proxy, false)) << asked.sentence();
        EXPECT_TRUE(says(asked.sentence(), "GET https://good.test/x: the proxy gave no tunnel: ")) << asked.sentence();
        EXPECT_TRUE(says(asked.sentence(), why)) << asked.sentence();
        EXPECT_FALSE(says(asked.sentence(), "secret") || says(asked.sentence(), "dXNl")) << asked.sentence();
        EXPECT_TRUE(closed.get_future().get());
    }
}

TEST_F(HttpClientTlsTest, AsksAProxyForWhatIsPlain) {
    std::promise<std::string> seen;
    HttpPeer proxy{[&](PeerLink& link) {
        seen.set_value(link.request());
        link.send(answer_of("fetched"));
    }};
    use_proxy(proxy);
    EXPECT_EQ(get("http://elsewhere.invalid/a?b").body(), "fetched");
    std::string const request = seen.get_future().get();
    EXPECT_TRUE(request.starts_with("GET http://elsewhere.invalid/a?b HTTP/1.1\r\nHost: elsewhere.invalid\r\n")) << request;
    EXPECT_TRUE(says(request, "\r\nProxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n")) << request;
}

TEST_F(HttpClientTlsTest, GoesStraightToWhatNeedsNoProxy) {
    HttpPeer peer{answering(answer_of("straight")), &good_};
    options_.environment = {{"https_proxy", "127.0.0.1:1"}, {"no_proxy", "localhost,.good.test"}};
    EXPECT_EQ(get(peer.url()).body(), "straight");
    EXPECT_TRUE(get(at(peer, "wrong.test")).failed(Stage::connect, false));
}

}  // namespace
}  // namespace groomer::test
