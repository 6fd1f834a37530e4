#include "support/http_peer.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace groomer::test {
namespace {

sockaddr_in to_address(char const* host, unsigned short port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = ::inet_addr(host);
    return address;
}

// The listener and its port.
std::pair<int, unsigned short> listen_on(char const* host, unsigned short port, int queue) {
    int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = to_address(host, port);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, queue) != 0)
        throw std::runtime_error{"the peer cannot listen"};
    socklen_t size = sizeof address;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    return {fd, ntohs(address.sin_port)};
}

}  // namespace

PeerLink::~PeerLink() {
    SSL_free(tls_);
    SSL_CTX_free(context_);
    close();
}

bool PeerLink::more() {
    char bytes[16384];
    ERR_clear_error();
    long const size = tls_ ? SSL_read(tls_, bytes, sizeof bytes) : ::recv(fd_, bytes, sizeof bytes, 0);
    if (size > 0) seen_.append(bytes, static_cast<std::size_t>(size));
    return size > 0;
}

std::string PeerLink::request() {
    while (seen_.find("\r\n\r\n") == std::string::npos) {
        if (!more()) return {};
    }
    std::size_t size = seen_.find("\r\n\r\n") + 4;
    if (auto const at = seen_.find("Content-Length: "); at < size) size += std::stoul(seen_.substr(at + 16));
    while (seen_.size() < size) {
        if (!more()) return {};
    }
    std::string request = seen_.substr(0, size);
    seen_.erase(0, size);
    return request;
}

bool PeerLink::send(std::string_view bytes) {
    ERR_clear_error();
    if (tls_) return SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
    while (!bytes.empty()) {
        auto const size = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (size <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
}

bool PeerLink::wait_closed() {
    char bytes[16384];
    ssize_t size = 0;
    do {
        size = ::recv(fd_, bytes, sizeof bytes, 0);
    } while (size > 0);
    return size == 0 || errno == ECONNRESET;
}

void PeerLink::finish_sending() {
    if (tls_) SSL_shutdown(tls_);
    ::shutdown(fd_, SHUT_WR);
}

void PeerLink::close() {
    std::lock_guard const lock{mutex_};
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void PeerLink::reset() {
    linger const at_once{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

void PeerLink::stop() {
    std::lock_guard const lock{mutex_};
    if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
}

bool PeerLink::start_tls(Certificate const& certificate, int newest_version) {
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context_, certificate.certificate.get());
    SSL_CTX_use_PrivateKey(context_, certificate.key.get());
    if (newest_version != 0) SSL_CTX_set_max_proto_version(context_, newest_version);
    tls_ = SSL_new(context_);
    SSL_set_fd(tls_, fd_);
    return SSL_accept(tls_) == 1;
}

std::string PeerLink::server_name() const {
    char const* const name = tls_ ? SSL_get_servername(tls_, TLSEXT_NAMETYPE_host_name) : nullptr;
    return name ? name : "";
}

HttpPeer::HttpPeer(Script script, Certificate const* certificate) : script_{std::move(script)}, certificate_{certificate} {
    std::tie(listener_, port_) = listen_on("127.0.0.1", 0, 64);
    accepting_ = std::thread{[this] { accept(); }};
}

HttpPeer::~HttpPeer() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    accepting_.join();
    for (PeerLink& link : links_) link.stop();
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
}

std::string HttpPeer::url(std::string const& path) const {
    return (certificate_ ? "https://good.test:" : "http://127.0.0.1:") + std::to_string(port_) + path;
}

void HttpPeer::accept() {
    while (!stopping_) {
        int const fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        timeval const limit{10, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        most_open_ = std::max<int>(most_open_, ++open_);
        PeerLink& link = links_.emplace_back(fd, accepted_++);
        threads_.emplace_back([this, &link] { serve(link); });
    }
}

void HttpPeer::serve(PeerLink& link) {
    // OpenSSL writes without MSG_NOSIGNAL. For this thread alone: the client must do without.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    if (!certificate_ || link.start_tls(*certificate_)) script_(link);
    --open_;
    link.close();
}

HttpPeer::Script answering(std::string answer) {
    return [answer = std::move(answer)](PeerLink& link) {
        while (!link.request().empty()) link.send(answer);
    };
}

std::string answer_of(std::string const& body, std::string const& headers, std::string const& status) {
    return "HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

DeafListener::DeafListener(char const* address, unsigned short port) {
    std::tie(listener_, port_) = listen_on(address, port, 0);
    sockaddr_in const to = to_address(address, port_);
    for (int i = 0; i < 3; ++i) {
        int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        ::connect(fd, reinterpret_cast<sockaddr const*>(&to), sizeof to);
        fillers_.push_back(fd);
    }
}

DeafListener::~DeafListener() {
    for (int const fd : fillers_) ::close(fd);
    ::close(listener_);
}

}  // namespace groomer::test
