// A server of plain blocking sockets, with or without TLS, that does byte for byte what a test's script says. A script runs on a
// thread of its own for each connection. No call of it lasts longer than 10 s, and all end with the peer.
#pragma once

#include "support/certificates.hpp"

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

struct ssl_st;
struct ssl_ctx_st;

namespace groomer::test {

// The peer's end of one connection.
class PeerLink {
public:
    PeerLink(int fd, int number) : number_{number}, fd_{fd} {}
    ~PeerLink();
    PeerLink(PeerLink const&) = delete;
    PeerLink& operator=(PeerLink const&) = delete;

    // Which connection of the peer this is, from 0.
    [[nodiscard]] int number() const { return number_; }
    // Head and body (by its Content-Length); "" where the client closed instead.
    std::string request();
    // Whatever comes next; false at the end.
    bool more();
    bool send(std::string_view bytes);
    // True once the client has closed.
    bool wait_closed();
    // As a server that ends its answer so; with TLS in due form.
    void finish_sending();
    void close();
    // The client gets an RST.
    void reset();
    // False where the client would not.
    bool start_tls(Certificate const& certificate, int newest_version = 0);
    // What the client asked TLS for.
    [[nodiscard]] std::string server_name() const;

    // From any thread: whatever it does ends now.
    void stop();

private:
    int const number_;
    std::mutex mutex_;  // protects fd_ against being closed while stop() uses it
    int fd_;
    std::string seen_;
    ssl_ctx_st* context_ = nullptr;
    ssl_st* tls_ = nullptr;
};

class HttpPeer {
public:
    using Script = std::function<void(PeerLink&)>;

    // On a free port of 127.0.0.1. With a certificate it begins with TLS, and the script comes after the handshake.
    explicit HttpPeer(Script script, Certificate const* certificate = nullptr);
    ~HttpPeer();
    HttpPeer(HttpPeer const&) = delete;
    HttpPeer& operator=(HttpPeer const&) = delete;

    [[nodiscard]] unsigned short port() const { return port_; }
    // "http://127.0.0.1:port" and the path, or "https://good.test:port".
    [[nodiscard]] std::string url(std::string const& path = "/") const;
    [[nodiscard]] int accepted() const { return accepted_; }
    // At once, at most.
    [[nodiscard]] int most_open() const { return most_open_; }

private:
    void accept();
    void serve(PeerLink& link);

    Script const script_;
    Certificate const* const certificate_;
    int listener_ = -1;
    unsigned short port_ = 0;
    std::atomic<int> accepted_ = 0;
    std::atomic<int> open_ = 0;
    std::atomic<int> most_open_ = 0;
    std::list<PeerLink> links_;  // of the accepting thread, and after it of the destructor
    std::list<std::thread> threads_;
    std::atomic<bool> stopping_ = false;
    std::thread accepting_;
};

// A script that answers every request alike.
HttpPeer::Script answering(std::string answer);
// A whole answer with a body.
std::string answer_of(std::string const& body, std::string const& headers = "", std::string const& status = "200 OK");

// An address where connecting takes for ever: its queue is full.
class DeafListener {
public:
    // port 0: any free one.
    explicit DeafListener(char const* address = "127.0.0.1", unsigned short port = 0);
    ~DeafListener();
    DeafListener(DeafListener const&) = delete;
    DeafListener& operator=(DeafListener const&) = delete;
    [[nodiscard]] unsigned short port() const { return port_; }

private:
    int listener_;
    std::list<int> fillers_;
    unsigned short port_ = 0;
};

}  // namespace groomer::test
