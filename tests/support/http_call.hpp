// One request over a socket of its own, as a test writes it, and the answer taken apart.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace groomer::test {

struct HttpAnswer {
    int status = 0;  // 0: none
    std::string head, body;

    // The value of a header; "" where there is none.
    [[nodiscard]] std::string header(std::string const& name) const;
};

struct HttpCall {
    std::string method = "GET", path = "/", body = {};
    std::vector<std::pair<std::string, std::string>> headers = {};

    // With the length of the body, and asking for the connection to be closed.
    [[nodiscard]] std::string bytes() const;
};

// A client that has sent its request to 127.0.0.1, and may leave before the answer.
class HttpCaller {
public:
    HttpCaller(unsigned short port, HttpCall const& call);
    // Waits for the answer. One that never comes is the caller's time limit's.
    HttpAnswer answer();
    void leave() { socket_.close(); }

private:
    boost::asio::io_context context_;
    boost::asio::ip::tcp::socket socket_;
};

HttpAnswer http_call(unsigned short port, HttpCall const& call);

}  // namespace groomer::test
