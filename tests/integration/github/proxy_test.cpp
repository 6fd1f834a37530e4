// groomer behind a proxy, which its environment names.
#include "fake_github/raw_client.hpp"
#include "integration/github/on_github.hpp"
#include "support/certificates.hpp"
#include "support/http_peer.hpp"

#include <cstring>

namespace groomer::test {
namespace {

// Passes on to GitHub what it is asked for; behind a tunnel it is GitHub itself, as which it has a certificate.
class ForwardingProxy {
public:
    ForwardingProxy(unsigned short github, Certificate const& certificate) : github_{github}, certificate_{certificate} {}

    [[nodiscard]] std::string address() const { return "http://127.0.0.1:" + std::to_string(peer_.port()); }
    // The first words of what it was asked, and begins anew.
    std::vector<std::string> asked() {
        std::lock_guard const lock{mutex_};
        return std::exchange(asked_, {});
    }

private:
    void serve(PeerLink& link) {
        fake_github::test::RawClient github{github_};
        for (auto request = link.request(); !request.empty(); request = link.request()) {
            auto const target = request.find(' ') + 1, target_end = request.find(' ', target);
            {
                std::lock_guard const lock{mutex_};
                asked_.push_back(request.substr(0, target_end));
            }
            if (request.starts_with("CONNECT ")) {
                link.send("HTTP/1.1 200 Connection established\r\n\r\n");
                if (!link.start_tls(certificate_)) return;
                continue;
            }
            if (request[target] != '/') request.erase(target, request.find('/', target + std::strlen("http://")) - target);
            github.send(request);
            auto const answer = github.receive();
            std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " As it said\r\n";
            for (auto const& [name, value] : answer.headers) head.append(name).append(": ").append(value).append("\r\n");
            link.send(head + "\r\n" + answer.body);
        }
    }

    unsigned short const github_;
    Certificate const& certificate_;
    std::mutex mutex_;
    std::vector<std::string> asked_;
    HttpPeer peer_{[this](PeerLink& link) { serve(link); }};
};

class BehindAProxy : public OnGithub {
protected:
    void SetUp() override {
        OnGithub::SetUp();
        server.with_state([](State& state) {
            auto& repository = add_labelled(state, "octocat/hello-world");
            state.add_issue(repository, {.title = "It crashes", .body = "Segmentation fault"});
        });
    }
    // Returns how many requests reached GitHub.
    std::uint64_t groom(std::string const& variable, std::string const& no_proxy) {
        environment[variable] = proxy.address();
        environment["no_proxy"] = no_proxy;
        auto const before = requests();
        auto const ended = command({"once"});
        EXPECT_EQ(ended.status, 0) << ended.output;
        return requests() - before;
    }

    CertificateAuthority authority;
    Certificate certificate = authority.issue("DNS:github.test");
    ForwardingProxy proxy{server.port(), certificate};
};

TEST_F(BehindAProxy, AllOfItsRequestsGoThroughIt) {
    configure("apply", "0s", "", "octocat/hello-world");
    auto const sent = groom("http_proxy", "other.test");
    EXPECT_FALSE(effects().empty());
    auto const asked = proxy.asked();
    EXPECT_EQ(asked.size(), sent);
    for (auto const& request : asked) EXPECT_NE(request.find(" " + server.url() + "/"), std::string::npos) << request;
}

TEST_F(BehindAProxy, ATunnelThroughItLeadsToGithubInTls) {
    server.with_state([](State& state) { state.options.base_url = "https://github.test"; });
    configure("apply", "0s", "", "octocat/hello-world", "https://github.test");
    environment["SSL_CERT_FILE"] = authority.file();
    auto const sent = groom("https_proxy", "other.test");
    EXPECT_FALSE(effects().empty());
    auto const asked = proxy.asked();
    ASSERT_FALSE(asked.empty());
    EXPECT_EQ(asked.front(), "CONNECT github.test:443");
    EXPECT_EQ(static_cast<std::uint64_t>(std::count_if(asked.begin(), asked.end(), [](auto const& a) { return a.find(" /") != a.npos; })),
              sent);
}

TEST_F(BehindAProxy, WhatNoProxyNamesIsReachedPastIt) {
    configure("apply", "0s", "", "octocat/hello-world");
    EXPECT_GT(groom("http_proxy", "127.0.0.1"), 0U);
    EXPECT_FALSE(effects().empty());
    EXPECT_TRUE(proxy.asked().empty());
}

}  // namespace
}  // namespace groomer::test
