#include "net/http_connection.hpp"

#include "net/stream.hpp"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace groomer::net {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;
using Parser = http::response_parser<http::string_body>;

// A chunk's extensions or the trailer may be as long as a header; and a read may bring as much as this behind either.
constexpr std::size_t read_ahead = 32UL * 1024;
constexpr int most_interim_answers = 16;

Failed receive_failure(error_code error) {
    if (error == http::error::body_limit || error == http::error::header_limit || error == http::error::buffer_overflow)
        return Failed{Stage::too_large,
                      error == http::error::header_limit ? "the answer's header is too large" : "the answer is too large"};
    if (is_timeout(error)) return Failed{Stage::receive, "no answer in time"};
    if (error == asio::error::eof || error == http::error::partial_message || error == http::error::end_of_stream)
        return Failed{Stage::receive, "the connection was closed before the answer was whole"};
    bool const malformed = error.category() == make_error_code(http::error::end_of_stream).category();
    if (malformed) return Failed{Stage::receive, "the answer is not well-formed HTTP/1.1: " + error.message()};
    return Failed{Stage::receive, "receiving failed: " + error.message()};
}

ClientResponse to_response(Parser& parser) {
    auto& message = parser.get();
    ClientResponse response;
    response.status = static_cast<int>(message.result_int());
    for (auto const& field : message) response.headers.push_back({std::string{field.name_string()}, std::string{field.value()}});
    response.body = std::move(message.body());
    return response;
}

class HttpConnection final : public Connection {
public:
    HttpConnection(ClientOptions const& options, std::unique_ptr<Stream> stream)
        : max_header_{std::min<std::size_t>(options.max_header, std::numeric_limits<std::uint32_t>::max())},
          max_body_{options.max_body},
          stall_{options.stall_timeout},
          stream_{std::move(stream)} {}

    Task<ClientResponse> exchange(Exchange& exchange) override;
    bool is_reusable() override { return whole_ && buffer_.empty() && stream_->is_quiet(); }

    // Makes a tunnel of a connection to a proxy. Throws Failed(proxy).
    Task<> pass_proxy(Exchange& exchange);
    Task<> start_tls(TlsContext const& context, std::string const& host, TimePoint until) {
        return stream_->start_tls(context, host, until);
    }

private:
    Task<ClientResponse> receive(Exchange& exchange);
    Task<> fill(Parser& parser, Exchange& exchange);
    bool parse(Parser& parser);
    Task<> read_more(Parser& parser, Exchange& exchange);

    std::size_t const max_header_;
    std::size_t const max_body_;
    std::chrono::milliseconds const stall_;
    std::unique_ptr<Stream> const stream_;
    std::string buffer_;  // received, not yet parsed
    bool whole_ = false;  // the last exchange ended so, and the peer will take another
};

Task<ClientResponse> HttpConnection::exchange(Exchange& exchange) {
    whole_ = false;
    stream_->begin_exchange(exchange.until);
    if (exchange.may_send && !exchange.may_send()) throw Failed{Stage::withheld, "it was not to be sent any more"};
    error_code const unsent = co_await stream_->write(exchange.request, stall_, exchange.until, exchange.sent);
    if (is_timeout(unsent)) throw Failed{Stage::send, "the request was not taken in time"};
    if (unsent && exchange.sent == 0) throw Failed{Stage::send, "sending failed: " + unsent.message()};
    // Who closes before it has all of a request may have said why.
    ClientResponse response = co_await receive(exchange);
    if (unsent || !stream_->end_exchange()) whole_ = false;
    co_return response;
}

Task<ClientResponse> HttpConnection::receive(Exchange& exchange) {
    for (int interim = 0; interim <= most_interim_answers; ++interim) {
        Parser parser;
        parser.header_limit(static_cast<std::uint32_t>(max_header_));
        parser.body_limit(max_body_);
        parser.eager(true);
        parser.skip(exchange.head);
        co_await fill(parser, exchange);
        auto const status = parser.get().result_int();
        if (status < 100) throw receive_failure(http::error::bad_status);
        if (status == 101) break;  // nobody asked for another protocol
        if (status / 100 == 1) continue;
        whole_ = parser.keep_alive();
        co_return to_response(parser);
    }
    throw Failed{Stage::receive, "there are only interim answers"};
}

Task<> HttpConnection::fill(Parser& parser, Exchange& exchange) {
    while (!parse(parser)) {
        if (buffer_.size() > max_header_ + read_ahead) throw receive_failure(http::error::buffer_overflow);
        co_await read_more(parser, exchange);
        if (parser.is_done()) co_return;
    }
}

// True once the message is whole; what follows it is left in the buffer.
bool HttpConnection::parse(Parser& parser) {
    while (!buffer_.empty() && !parser.is_done()) {
        error_code error;
        auto const used = parser.put(asio::buffer(buffer_), error);
        buffer_.erase(0, used);
        if (error && error != http::error::need_more) throw receive_failure(error);
        if (error || used == 0) break;
    }
    return parser.is_done();
}

Task<> HttpConnection::read_more(Parser& parser, Exchange& exchange) {
    auto const before = buffer_.size();
    error_code error = co_await stream_->read(buffer_, sooner(exchange.until, stall_));
    exchange.answered = exchange.answered || buffer_.size() > before;
    if (!error) co_return;
    // A body without a length ends where the connection does.
    bool const may_end = error == asio::error::eof && parser.got_some();
    if (may_end) parser.put_eof(error);
    if (error || !may_end) throw receive_failure(error);
}

Task<> HttpConnection::pass_proxy(Exchange& exchange) {
    exchange.head = true;  // the answer to CONNECT has no body, if it is a good one
    ClientResponse response;
    std::string failure;
    try {
        auto asking = this->exchange(exchange);
        response = co_await std::move(asking);
    } catch (Failed const& failed) {
        failure = failed.what();
    }
    if (!failure.empty()) throw Failed{Stage::proxy, "the proxy gave no tunnel: " + failure};
    if (response.status == 407) throw Failed{Stage::proxy, "the proxy gave no tunnel: it wants other credentials (status 407)"};
    if (response.status / 100 != 2) throw Failed{Stage::proxy, "the proxy gave no tunnel: status " + std::to_string(response.status)};
    if (!buffer_.empty()) throw Failed{Stage::proxy, "the proxy gave no tunnel: there is more than its answer"};
}

// One address after the other; each has its share of what time is left.
Task<std::unique_ptr<Stream>> connect(Surroundings const& around, std::string const& host, std::uint16_t port, TimePoint until) {
    auto const resolved_by = sooner(until, around.options.connect_timeout);
    auto finding = around.names.find(host, resolved_by);
    auto const addresses = co_await std::move(finding);
    auto const connected_by = sooner(until, around.options.connect_timeout);
    error_code error;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        auto const now = std::chrono::steady_clock::now();
        auto stream = std::make_unique<Stream>(around.executor);
        auto const share = now + std::max(connected_by - now, TimePoint::duration::zero()) / (addresses.size() - i);
        asio::ip::tcp::endpoint const endpoint{addresses[i], port};
        error = co_await stream->connect(endpoint, share);
        if (!error) co_return stream;
    }
    std::string const peer = host + ", port " + std::to_string(port);
    throw Failed{Stage::connect, "no connection to " + peer + (is_timeout(error) ? " in time" : ": " + error.message())};
}

Exchange tunnel_request(ClientOptions const& options, Url const& url, Proxy const& proxy, TimePoint until) {
    Exchange exchange;
    exchange.until = sooner(until, options.connect_timeout);
    exchange.request =
        "CONNECT " + url.endpoint() + " HTTP/1.1\r\nHost: " + url.endpoint() + "\r\nUser-Agent: " + options.user_agent + "\r\n";
    if (!proxy.credentials.empty()) exchange.request += "Proxy-Authorization: " + basic_credentials(proxy.credentials) + "\r\n";
    exchange.request += "\r\n";
    return exchange;
}

}  // namespace

std::string basic_credentials(std::string const& credentials) {
    std::string encoded(4 * ((credentials.size() + 2) / 3) + 1, '\0');
    auto const size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                      reinterpret_cast<unsigned char const*>(credentials.data()), static_cast<int>(credentials.size()));
    return "Basic " + encoded.substr(0, static_cast<std::size_t>(size));
}

Task<std::unique_ptr<Connection>> open_connection(Surroundings const& around, Url const& url, std::optional<Proxy> const& proxy,
                                                  TimePoint until) {
    std::string const& host = proxy ? proxy->host : url.host;
    std::uint16_t const port = proxy ? proxy->port : url.port;
    auto connecting = connect(around, host, port, until);
    auto stream = co_await std::move(connecting);
    auto connection = std::make_unique<HttpConnection>(around.options, std::move(stream));
    if (proxy && url.secure) {
        Exchange tunnel = tunnel_request(around.options, url, *proxy, until);
        co_await connection->pass_proxy(tunnel);
    }
    if (url.secure) {
        auto const agreed_by = sooner(until, around.options.connect_timeout);
        co_await connection->start_tls(around.tls, url.host, agreed_by);
    }
    co_return connection;
}

}  // namespace groomer::net
