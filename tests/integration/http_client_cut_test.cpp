// What the kernel still has of a request that was cut: nothing of it may arrive later, or it takes effect after the next term has begun.
#include "support/http_asking.hpp"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

namespace groomer::test {
namespace {

// Takes what fits into the smallest of buffers, and the rest when it is told to.
class ReluctantPeer {
public:
    ReluctantPeer() {
        int const smallest = 1;
        ::setsockopt(listener_, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof smallest);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
        ::listen(listener_, 1);
        socklen_t size = sizeof address;
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
    }
    ~ReluctantPeer() {
        if (link_ >= 0) ::close(link_);
        ::close(listener_);
    }
    ReluctantPeer(ReluctantPeer const&) = delete;
    ReluctantPeer& operator=(ReluctantPeer const&) = delete;

    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }
    // A connection whose first bytes are here.
    bool has_begun() {
        if (link_ < 0) link_ = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
        char byte = 0;
        return link_ >= 0 && ::recv(link_, &byte, 1, MSG_PEEK) == 1;
    }
    // To the end of the connection, or until nothing more comes.
    std::string rest() {
        std::string out;
        char bytes[1024];
        auto end = std::chrono::steady_clock::now() + 1s;
        for (;;) {
            auto const size = ::recv(link_, bytes, sizeof bytes, 0);
            if (size > 0) {
                out.append(bytes, static_cast<std::size_t>(size));
                end = std::chrono::steady_clock::now() + 1s;
                continue;
            }
            if (size == 0 || errno != EAGAIN || std::chrono::steady_clock::now() > end) return out;
            std::this_thread::sleep_for(5ms);
        }
    }

private:
    int const listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int link_ = -1;
    unsigned short port_ = 0;
};

class HttpClientCut : public HttpAsking {
protected:
    // More than the peer takes, and no more than the kernel does.
    ClientRequest request() {
        ClientRequest out = to(peer.url(), "POST");
        out.body = std::string(12'000, 'x') + "the end";
        out.timeout = 300ms;
        return out;
    }
    // What came of it, once somebody has cut it.
    void expect_a_part() {
        auto const rest = peer.rest();
        EXPECT_NE(rest.find("POST / HTTP/1.1"), std::string::npos) << "something was on its way";
        EXPECT_EQ(rest.find("the end"), std::string::npos) << rest.size() << " bytes arrived";
    }

    ReluctantPeer peer;
};

TEST_F(HttpClientCut, ALateRequestArrivesWholeWhereNobodyCutsIt) {
    ClientRequest patient = request();
    patient.timeout = 10s;
    start(std::move(patient));
    ASSERT_TRUE(run_until([&] { return peer.has_begun(); }));
    run_until([] { return false; }, 500ms);
    EXPECT_NE(peer.rest().find("the end"), std::string::npos);
}

TEST_F(HttpClientCut, NothingArrivesAfterTheLimit) {
    auto const& asked = start(request());
    ASSERT_TRUE(run_until([&] { return peer.has_begun(); }));
    ASSERT_TRUE(run_until([&] { return asked.ended(); }));
    EXPECT_TRUE(asked.failed(Stage::receive, true)) << asked.sentence();
    expect_a_part();
}

TEST_F(HttpClientCut, NothingArrivesAfterTheLimitOfWhoIsStoppedMeanwhile) {
    start(request());
    ASSERT_TRUE(run_until([&] { return peer.has_begun(); }));
    std::this_thread::sleep_for(2s);  // nothing of ours runs; the kernel asks the peer after 0.2 s, 0.4 s and so on
    expect_a_part();
}

TEST_F(HttpClientCut, NothingArrivesFromWhoWasKilled) {
    auto const child = ::fork();
    if (child == 0) {
        ClientRequest patient = request();
        patient.timeout = 60s;
        send(std::move(patient));
        ::_exit(0);
    }
    ASSERT_GT(child, 0);
    bool begun = false;
    for (int i = 0; i < 1000 && !begun; ++i) {
        begun = peer.has_begun();
        if (!begun) std::this_thread::sleep_for(5ms);
    }
    std::this_thread::sleep_for(100ms);  // all of it is with the kernel
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(begun);
    expect_a_part();
}

}  // namespace
}  // namespace groomer::test
