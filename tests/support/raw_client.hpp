// A client that may send anything at all, right or wrong.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

namespace groomer::test {

// A client of plain blocking sockets: what it sends is byte for byte what the test says. No call lasts longer than 10 s.
class RawClient {
public:
    explicit RawClient(int receive_buffer = 0) : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        if (receive_buffer) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        timeval const limit{10, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    }
    RawClient(RawClient&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    RawClient& operator=(RawClient&&) = delete;
    ~RawClient() {
        if (fd_ >= 0) ::close(fd_);
    }

    // From another address of this machine than 127.0.0.1.
    void bind(char const* from) const {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        ::inet_pton(AF_INET, from, &address.sin_addr);
        ::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
    bool connect(unsigned short port) const {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    }
    bool send(std::string const& bytes) const {
        return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
    }
    void finish_sending() const { ::shutdown(fd_, SHUT_WR); }

    // One answer: head and body by its Content-Length ("" for HEAD). Empty if the server closed instead.
    std::string answer(bool head = false) {
        while (seen_.find("\r\n\r\n") == std::string::npos) {
            if (!more()) return {};
        }
        std::size_t size = seen_.find("\r\n\r\n") + 4;
        if (auto at = seen_.find("Content-Length: "); !head && at < size) size += std::stoul(seen_.substr(at + 16));
        while (seen_.size() < size) {
            if (!more()) return {};
        }
        std::string const all = seen_.substr(0, size);
        seen_.erase(0, size);
        return all;
    }
    // True once the server has closed and nothing is left to read.
    bool closed() { return ended() && seen_.empty(); }
    // True once the server has closed, whatever has come before; false where it goes on for 20 s.
    bool ended() {
        auto const end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        while (std::chrono::steady_clock::now() < end && more()) {
        }
        return closed_;
    }
    // What has come until it holds `text`, or all that came where it never does.
    std::string until(std::string const& text) {
        while (seen_.find(text) == std::string::npos && more()) {
        }
        return seen_;
    }
    [[nodiscard]] bool reset() const { return reset_; }

private:
    bool more() {
        char bytes[4096];
        ssize_t const size = ::recv(fd_, bytes, sizeof bytes, 0);
        if (size > 0) seen_.append(bytes, static_cast<std::size_t>(size));
        reset_ = reset_ || (size < 0 && errno == ECONNRESET);
        closed_ = size == 0 || reset_;
        return size > 0;
    }

    int fd_;
    bool closed_ = false;
    bool reset_ = false;
    std::string seen_;
};

inline std::string get(std::string const& target, std::string const& more = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: test\r\n" + more + "\r\n";
}

inline std::string post(std::string const& target, std::string const& body) {
    return "POST " + target + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline bool says(std::string const& answer, std::string const& text) { return answer.find(text) != std::string::npos; }

}  // namespace groomer::test
