// What the kernel still has of a request that was cut: nothing of it may arrive later, or it takes effect after the next term has begun.
#include "support/http_asking.hpp"

#include <arpa/inet.h>
#include <linux/filter.h>
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
    // Dark: nothing but bare TCP headers arrives until lighten().
    explicit ReluctantPeer(bool dark = false) {
        int const smallest = 1;
        ::setsockopt(listener_, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof smallest);
        if (dark) lose_all_data();
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
    bool is_connected() {
        if (link_ < 0) link_ = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
        return link_ >= 0;
    }
    // A connection whose first bytes are here.
    bool has_begun() {
        char byte = 0;
        return is_connected() && ::recv(link_, &byte, 1, MSG_PEEK) == 1;
    }
    void answer(std::string const& text) {
        EXPECT_EQ(::send(link_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    }
    void lighten() {
        int const unused = 0;
        EXPECT_EQ(::setsockopt(link_, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused), 0);
    }
    // To the end of the connection, or until nothing has come for so long.
    std::string rest(std::chrono::milliseconds patience = 1s) {
        std::string out;
        char bytes[1024];
        auto end = std::chrono::steady_clock::now() + patience;
        for (;;) {
            auto const size = ::recv(link_, bytes, sizeof bytes, 0);
            if (size > 0) {
                out.append(bytes, static_cast<std::size_t>(size));
                end = std::chrono::steady_clock::now() + patience;
                continue;
            }
            ended_in_due_form = size == 0;
            if (size == 0 || errno != EAGAIN || std::chrono::steady_clock::now() > end) return out;
            std::this_thread::sleep_for(5ms);
        }
    }

    bool ended_in_due_form = false;  // as far as rest() has seen

private:
    // What is longer than the longest header of TCP.
    void lose_all_data() {
        sock_filter steps[] = {BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 60, 0, 1),
                               BPF_STMT(BPF_RET | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, 0xffff)};
        sock_fprog const program{std::size(steps), steps};
        EXPECT_EQ(::setsockopt(listener_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), 0);
    }

    int const listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int link_ = -1;
    unsigned short port_ = 0;
};

class HttpClientCut : public HttpAsking {
protected:
    // More than the peer takes, and no more than the kernel does.
    ClientRequest request() { return request_to(peer); }
    static ClientRequest request_to(ReluctantPeer const& whom) {
        ClientRequest out = to(whom.url(), "POST");
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

TEST_F(HttpClientCut, NothingArrivesOnceAPathThatWasDarkIsOpenAgain) {
    ReluctantPeer dark{true};
    start(request_to(dark));
    ASSERT_TRUE(run_until([&] { return dark.is_connected(); }));
    run_until([] { return false; }, 50ms);  // it is sent
    std::this_thread::sleep_for(2s);        // stopped; sent again after 0.2 s, 0.6 s, 1.4 s and 3 s
    dark.lighten();
    EXPECT_EQ(dark.rest(3s), "");
}

TEST_F(HttpClientCut, NothingArrivesAfterAnAnswerThatCameBeforeTheRequest) {
    auto const& asked = start(request());
    ASSERT_TRUE(run_until([&] { return peer.has_begun(); }));
    run_until([] { return false; }, 50ms);
    peer.answer("HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n");
    ASSERT_TRUE(run_until([&] { return asked.ended(); }));
    EXPECT_EQ(asked.status(), 413);
    client().close_idle();
    expect_a_part();
}

TEST_F(HttpClientCut, AConnectionThatIsDoneWithEndsInDueForm) {
    ClientRequest small = request();
    small.body = "small";
    auto const& asked = start(std::move(small));
    ASSERT_TRUE(run_until([&] { return peer.has_begun(); }));
    peer.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    ASSERT_TRUE(run_until([&] { return asked.ended(); }));
    EXPECT_EQ(asked.status(), 200);
    client().close_idle();
    EXPECT_NE(peer.rest().find("small"), std::string::npos);
    EXPECT_TRUE(peer.ended_in_due_form);
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
