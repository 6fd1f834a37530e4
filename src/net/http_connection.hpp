// One connection to an origin, straight or through a proxy, and one exchange on it after the other.
#pragma once

#include "net/failed.hpp"
#include "net/name_lookup.hpp"
#include "net/proxy.hpp"
#include "net/tls.hpp"
#include "net/url.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace groomer::net {

struct Exchange {
    std::string request;  // its bytes
    bool head = false;    // the answer to HEAD has no body
    std::function<bool()> may_send;
    TimePoint until;

    // What has become of it, also where it failed.
    std::size_t sent = 0;   // bytes
    bool answered = false;  // a byte of the answer has come
};

class Connection {
public:
    virtual ~Connection() = default;
    // The answer as it came, its body still compressed. Throws Failed, or what cancellation throws; the connection is of no more use
    // then.
    virtual Task<ClientResponse> exchange(Exchange& exchange) = 0;
    // Whether a further exchange may be tried: the last one ended whole, both sides mean to go on, and the peer has not closed since.
    virtual bool is_reusable() = 0;
};

// What is needed to open one; all of it outlives the opening.
struct Surroundings {
    asio::any_io_executor executor;
    ClientOptions const& options;
    TlsContext const& tls;
    NameLookup& names;
};

// Throws Failed.
Task<std::unique_ptr<Connection>> open_connection(Surroundings const& around, Url const& url, std::optional<Proxy> const& proxy,
                                                  TimePoint until);

// "Basic ...", for Proxy-Authorization.
std::string basic_credentials(std::string const& credentials);

}  // namespace groomer::net
