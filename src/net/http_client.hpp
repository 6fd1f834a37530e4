// An HTTP/1.1 client that a bad server, proxy or network cannot tie up: every stage, and the whole, has a time limit, and what is
// read or kept has a size limit. Connections are kept and shared by origin.
#pragma once

#include "base/async.hpp"
#include "base/error.hpp"
#include "net/http.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace groomer::net {

struct ClientRequest {
    std::string method = "GET";
    std::string url;  // absolute, http or https
    std::vector<Header> headers;
    std::string body;
    std::chrono::milliseconds timeout{30'000};  // for all of it, redirects included
    // Asked once the connection stands, just before the first byte. Where it says no, nothing is sent (HttpError, withheld).
    std::function<bool()> may_send;
};

struct ClientResponse {
    int status = 0;
    std::vector<Header> headers;
    std::string body;  // decoded where it came compressed
    std::string url;   // that answered, after redirects

    [[nodiscard]] std::string_view header(std::string_view name) const { return find_header(headers, name); }
};

// There is no answer.
class HttpError : public Error {
public:
    enum class Stage { url, resolve, connect, proxy, tls, withheld, send, receive, too_large, redirect };

    HttpError(Stage stage, bool may_have_arrived, std::string const& sentence)
        : Error{ErrorCode::failure, sentence}, stage_{stage}, may_have_arrived_{may_have_arrived} {}
    [[nodiscard]] Stage stage() const { return stage_; }
    // Some of the request was sent: what it asks for may have been done, or may yet be.
    [[nodiscard]] bool may_have_arrived() const { return may_have_arrived_; }

private:
    Stage stage_;
    bool may_have_arrived_;
};

struct ClientOptions {
    std::size_t max_connections = 8;           // to one origin; further requests wait for their turn
    std::size_t max_body = 8UL * 1024 * 1024;  // after decoding
    std::size_t max_header = 64UL * 1024;
    int max_redirects = 5;
    std::chrono::milliseconds connect_timeout{10'000};  // to resolve, connect, pass the proxy and agree on TLS, each
    std::chrono::milliseconds stall_timeout{15'000};    // without a byte, while sending or receiving
    std::chrono::milliseconds idle_timeout{30'000};     // then a kept connection is closed
    std::string ca_file;                                // "": the system's roots
    std::string user_agent = "groomer";
    // https_proxy, http_proxy, no_proxy in either case, as curl reads them.
    std::map<std::string, std::string> environment;
    // The addresses of a name, in the order in which to try them; throws what it says where there are none. It may block: it is
    // called on a thread of its own. Empty: as the system resolves names.
    std::function<std::vector<std::string>(std::string const& host)> lookup;
};

// Called on the executor given, which must be single-threaded; what it returns may be cancelled at any time.
class HttpClient {
public:
    virtual ~HttpClient() = default;
    // Any status is an answer. Throws HttpError where there is none. GET and HEAD follow 301, 302, 303, 307 and 308; nothing else
    // does. Authorization, Cookie and X-Api-Key go only to the origin (scheme, host, port) that they were given for.
    virtual Task<ClientResponse> send(ClientRequest request) = 0;
    // Closes the connections that wait for their next request; until then, or their idle_timeout, the executor has work.
    virtual void close_idle() = 0;
};

// Throws Error(config) where ca_file cannot be read or a proxy's address is none.
std::unique_ptr<HttpClient> make_http_client(asio::any_io_executor executor, ClientOptions options);

}  // namespace groomer::net
