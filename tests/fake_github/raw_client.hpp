// A client of plain blocking sockets for the fakes' own tests: what it sends is byte for byte what the test says. No call lasts
// longer than 10 s.
#pragma once

#include "base/text.hpp"

#include <boost/json.hpp>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace groomer::fake_github::test {

struct Answer {
    int status = 0;                              // 0: none came
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
    bool whole = false;  // as long as its head said

    [[nodiscard]] std::string header(std::string const& name) const {
        auto const found = headers.find(name);
        return found == headers.end() ? "" : found->second;
    }
    [[nodiscard]] boost::json::value json() const { return boost::json::parse(body); }
    [[nodiscard]] std::string message() const { return json().at("message").as_string().c_str(); }
    // The target behind a link of that relation; "" where there is none.
    [[nodiscard]] std::string link(std::string const& rel) const {
        auto const links = header("link");
        auto const at = links.find(">; rel=\"" + rel + "\"");
        if (at == std::string::npos) return "";
        auto const url = links.substr(links.rfind('<', at) + 1, at - links.rfind('<', at) - 1);
        return url.substr(url.find('/', url.find("://") + 3));
    }
};

class RawClient {
public:
    explicit RawClient(unsigned short port) : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        timeval const limit{10, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error{"cannot connect"};
    }
    ~RawClient() { ::close(fd_); }
    RawClient(RawClient const&) = delete;
    RawClient& operator=(RawClient const&) = delete;

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            auto const sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    // One answer; what the connection said before its end, if that came first.
    Answer receive() {
        Answer answer;
        while (buffer_.find("\r\n\r\n") == std::string::npos)
            if (!more()) return answer;
        auto const end = buffer_.find("\r\n\r\n");
        read_head(answer, buffer_.substr(0, end + 2));
        buffer_.erase(0, end + 4);
        auto const length = answer.header("content-length");
        if (answer.header("transfer-encoding") == "chunked") read_chunks(answer);
        else if (length.empty()) answer.whole = true;
        else read_length(answer, std::stoul(length));
        return answer;
    }
    // Everything until the end, or `limit` bytes.
    std::string receive_all(std::size_t limit) {
        while (buffer_.size() < limit && more()) {
        }
        return std::exchange(buffer_, {});
    }
    // The last read ended with a reset.
    [[nodiscard]] bool was_reset() const { return error_ == ECONNRESET; }
    [[nodiscard]] bool timed_out() const { return error_ == EAGAIN; }
    void shut() { ::shutdown(fd_, SHUT_WR); }

private:
    bool more() {
        char bytes[16384];
        auto const size = ::recv(fd_, bytes, sizeof bytes, 0);
        error_ = size < 0 ? errno : 0;
        if (size > 0) buffer_.append(bytes, static_cast<std::size_t>(size));
        return size > 0;
    }
    static void read_head(Answer& answer, std::string const& head) {
        answer.status = std::stoi(head.substr(9, 3));
        for (auto at = head.find("\r\n") + 2; at < head.size();) {
            auto const end = head.find("\r\n", at), colon = head.find(": ", at);
            answer.headers[to_lower(head.substr(at, colon - at))] = head.substr(colon + 2, end - colon - 2);
            at = end + 2;
        }
    }
    void read_length(Answer& answer, std::size_t length) {
        while (buffer_.size() < length && more()) {
        }
        answer.whole = buffer_.size() >= length;
        answer.body = buffer_.substr(0, length);
        buffer_.erase(0, length);
    }
    void read_chunks(Answer& answer) {
        for (;;) {
            while (buffer_.find("\r\n") == std::string::npos)
                if (!more()) return;
            auto const size = std::stoul(buffer_, nullptr, 16), start = buffer_.find("\r\n") + 2;
            while (buffer_.size() < start + size + 2)
                if (!more()) return;
            answer.body.append(buffer_, start, size);
            buffer_.erase(0, start + size + 2);
            if (size == 0) break;
        }
        answer.whole = true;
    }

    int fd_;
    int error_ = 0;
    std::string buffer_;
};

struct Ask {
    std::string method = "GET";
    std::string target;
    std::string body = {};
    std::string token = "secret";
    std::string more = {};  // headers, each with its end of line
};

inline std::string request_bytes(Ask const& ask) {
    auto bytes = ask.method + " " + ask.target + " HTTP/1.1\r\nHost: fake\r\nUser-Agent: test\r\n" + ask.more;
    if (!ask.token.empty()) bytes += "Authorization: Bearer " + ask.token + "\r\n";
    if (!ask.body.empty()) bytes += "Content-Length: " + std::to_string(ask.body.size()) + "\r\n";
    return bytes + "\r\n" + ask.body;
}

}  // namespace groomer::fake_github::test
