#include "net/http_client.hpp"

#include "base/text.hpp"
#include "net/connection_pool.hpp"
#include "net/failed.hpp"
#include "net/gzip.hpp"
#include "net/http_connection.hpp"
#include "net/http_request.hpp"
#include "net/name_lookup.hpp"
#include "net/proxy.hpp"
#include "net/tls.hpp"
#include "net/url.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace groomer::net {
namespace {

// What a task needs of the client; tasks share it, and may end after the client.
struct Core {
    Core(asio::any_io_executor executor, ClientOptions o)
        : options{std::move(o)},
          rules{options.environment},
          tls{options.ca_file},
          names{std::make_shared<NameLookup>(executor, options.lookup)},
          pool{std::make_shared<ConnectionPool>(executor, options)},
          around{executor, options, tls, *names} {}
    Core(Core const&) = delete;
    Core& operator=(Core const&) = delete;

    ClientOptions const options;
    ProxyRules const rules;
    TlsContext const tls;
    std::shared_ptr<NameLookup> const names;
    std::shared_ptr<ConnectionPool> const pool;
    Surroundings const around;
};

// One request on its way, over all its redirects.
struct Errand {
    ClientRequest request;
    TimePoint until;
    Url first;  // the origin that the credentials are for
    Url url;
    bool arrived = false;  // a byte of a request has gone out

    [[nodiscard]] bool is_read() const { return request.method == "GET" || request.method == "HEAD"; }
};

bool is_redirect(int status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

void decode_body(ClientResponse& response, std::size_t limit) {
    std::string const encoding = to_lower(response.header("content-encoding"));
    if (response.body.empty() || encoding.empty() || encoding == "identity") return;
    Decoded decoded;
    if (encoding == "gzip" || encoding == "x-gzip") decoded = decode_gzip(response.body, limit);
    else if (encoding == "deflate") decoded = decode_deflate(response.body, limit);
    else throw Failed{Stage::receive, "the answer has an encoding that nobody asked for"};
    if (decoded.outcome == Decoded::Outcome::broken) throw Failed{Stage::receive, "the answer's compressed body is broken"};
    if (decoded.outcome == Decoded::Outcome::too_large) throw Failed{Stage::too_large, "the answer is too large once decoded"};
    response.body = std::move(decoded.data);
    // They speak of what is no more.
    std::erase_if(response.headers, [](Header const& header) {
        std::string const name = to_lower(header.name);
        return name == "content-encoding" || name == "content-length";
    });
}

Exchange to_exchange(Core const& core, Errand const& errand, std::optional<Proxy> const& proxy) {
    Form form;
    form.for_proxy = proxy && !errand.url.secure;
    if (form.for_proxy && !proxy->credentials.empty()) form.proxy_credentials = basic_credentials(proxy->credentials);
    form.same_origin = errand.url.origin() == errand.first.origin();
    form.user_agent = core.options.user_agent;
    Exchange exchange;
    exchange.request = to_bytes(errand.request, errand.url, form);
    exchange.head = errand.request.method == "HEAD";
    exchange.may_send = errand.request.may_send;
    exchange.until = errand.until;
    return exchange;
}

// On a connection that was kept, which the peer, or something on the way, may have given up. Empty where the request is to be
// repeated on a new one: it only reads, and nothing came back.
Task<std::optional<ClientResponse>> try_kept(Connection& connection, Exchange& exchange, bool repeatable) {
    std::optional<ClientResponse> response;
    try {
        response = co_await connection.exchange(exchange);
    } catch (Failed const& failed) {
        bool const lost = (failed.stage() == Stage::send || failed.stage() == Stage::receive) && !exchange.answered;
        if (!lost || !repeatable || std::chrono::steady_clock::now() >= exchange.until) throw;
    }
    co_return response;
}

// One answer of the errand's present address.
Task<ClientResponse> ask(Core const& core, Errand& errand) {
    auto taking = core.pool->take(errand.url.origin(), errand.until);
    ConnectionPool::Place place = co_await std::move(taking);
    std::optional<Proxy> const proxy = core.rules.proxy_for(errand.url);
    Exchange exchange = to_exchange(core, errand, proxy);
    struct Sent {  // whatever the end
        Exchange const& exchange;
        Errand& errand;
        ~Sent() { errand.arrived = errand.arrived || exchange.sent > 0; }
    } const sent{exchange, errand};
    std::optional<ClientResponse> response;
    if (place.connection) {
        auto trying = try_kept(*place.connection, exchange, errand.is_read());
        response = co_await std::move(trying);
    }
    if (!response) {
        place.connection.reset();
        auto opening = open_connection(core.around, errand.url, proxy, errand.until);
        place.connection = co_await std::move(opening);
        auto exchanging = place.connection->exchange(exchange);
        response = co_await std::move(exchanging);
    }
    co_return std::move(*response);
}

// Where the answer sends the errand, if it does.
std::optional<Url> redirect_of(ClientResponse const& response, Errand const& errand) {
    std::string_view const location = response.header("location");
    if (!errand.is_read() || !is_redirect(response.status) || location.empty()) return std::nullopt;
    Url url;
    try {
        url = resolve_url(errand.url, location);
    } catch (BadUrl const& bad) {
        throw Failed{Stage::redirect, std::string{"it was redirected to what is no address: "} + bad.what()};
    }
    if (errand.url.secure && !url.secure) throw Failed{Stage::redirect, "it was redirected from https to http"};
    return url;
}

Task<ClientResponse> follow(Core const& core, Errand& errand) {
    for (int redirects = 0;; ++redirects) {
        auto asking = ask(core, errand);
        ClientResponse response = co_await std::move(asking);
        auto const next = redirect_of(response, errand);
        if (!next) {
            decode_body(response, core.options.max_body);
            response.url = errand.url.text();
            co_return response;
        }
        if (redirects >= core.options.max_redirects) throw Failed{Stage::redirect, "it was redirected too often"};
        errand.url = *next;
    }
}

// Checked before anything else: neither the address nor the headers are in the sentence.
Errand to_errand(ClientRequest request) {
    std::string const method = request.method;
    try {
        check_request(request);
        Errand errand;
        errand.until = std::chrono::steady_clock::now() + request.timeout;
        errand.first = errand.url = parse_url(request.url);
        errand.request = std::move(request);
        return errand;
    } catch (Failed const& failed) {
        throw HttpError{failed.stage(), false, std::string{"a request cannot be made: "} + failed.what()};
    } catch (BadUrl const& bad) {
        throw HttpError{Stage::url, false, method + ": its address cannot be used: " + bad.what()};
    }
}

Task<ClientResponse> run(std::shared_ptr<Core const> core, ClientRequest request) {
    Errand errand = to_errand(std::move(request));
    try {
        auto following = follow(*core, errand);
        co_return co_await std::move(following);
    } catch (Failed const& failed) {
        // A redirect may have led to an address of any length.
        auto const where = one_line(errand.url.origin() + std::string{errand.url.path()}, 500);
        std::string const what = errand.request.method + ' ' + where;
        throw HttpError{failed.stage(), errand.arrived, what + ": " + failed.what()};
    }
}

class Client final : public HttpClient {
public:
    Client(asio::any_io_executor executor, ClientOptions options)
        : core_{std::make_shared<Core const>(std::move(executor), std::move(options))} {}
    ~Client() override {
        core_->names->close();
        core_->pool->close_idle();
    }

    Task<ClientResponse> send(ClientRequest request) override { return run(core_, std::move(request)); }
    void close_idle() override { core_->pool->close_idle(); }

private:
    std::shared_ptr<Core const> const core_;
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client(asio::any_io_executor executor, ClientOptions options) {
    if (!is_header_value(options.user_agent)) throw Error{ErrorCode::config, "the user agent has a control character"};
    return std::make_unique<Client>(std::move(executor), std::move(options));
}

}  // namespace groomer::net
