#include "support/http_call.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace groomer::test {
namespace asio = boost::asio;

std::string HttpAnswer::header(std::string const& name) const {
    auto const at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "";
    auto const from = at + name.size() + 4;
    return head.substr(from, head.find("\r\n", from) - from);
}

std::string HttpCall::bytes() const {
    std::string out = method + " " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n";
    for (auto const& [name, value] : headers) out += name + ": " + value + "\r\n";
    if (!body.empty() || method == "POST") out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return out + "\r\n" + body;
}

HttpCaller::HttpCaller(unsigned short port, HttpCall const& call) : socket_{context_} {
    socket_.connect({asio::ip::address_v4::loopback(), port});
    boost::system::error_code refused;  // one that is refused early may not be read whole
    asio::write(socket_, asio::buffer(call.bytes()), refused);
}

HttpAnswer HttpCaller::answer() {
    HttpAnswer out;
    boost::system::error_code end;
    asio::read(socket_, asio::dynamic_buffer(out.head), end);
    auto const blank = out.head.find("\r\n\r\n");
    if (blank == std::string::npos) return {};
    out.body = out.head.substr(blank + 4);
    out.head.resize(blank + 2);
    out.status = std::stoi(out.head.substr(9, 3));
    return out;
}

HttpAnswer http_call(unsigned short port, HttpCall const& call) {
    HttpCaller caller{port, call};
    return caller.answer();
}

}  // namespace groomer::test
