// Which proxy a request goes through, from the environment. Pure.
#pragma once

#include "net/url.hpp"

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::net {

struct Proxy {
    std::string host;
    std::uint16_t port = 0;
    std::string credentials;  // "user:password"; "": none. Never in a sentence.
};

// https_proxy, http_proxy and no_proxy as curl reads them: the lower case first, an empty one as none, port 1080 where none is
// given. Other than in curl, HTTP_PROXY counts too: the environment is the operator's, not a CGI script's. A name in no_proxy
// stands for itself and all below it, with or without a dot before it; "*" alone for every host; an address, or a prefix like
// 10.0.0.0/8, for addresses; and a port limits each of them.
class ProxyRules {
public:
    // Throws Error(config) where a proxy's address is none; proxies are spoken to in HTTP alone.
    explicit ProxyRules(std::map<std::string, std::string> const& environment);

    // Empty: straight to the host.
    [[nodiscard]] std::optional<Proxy> proxy_for(Url const& url) const;

private:
    struct Exception {
        std::string name;                  // "": the address
        boost::asio::ip::address address;  // of which `bits` count
        unsigned bits = 0;
        std::optional<std::uint16_t> port;
    };

    static std::optional<Exception> to_exception(std::string_view entry);
    static std::optional<Exception> to_prefix(std::string_view address, std::optional<std::string_view> bits);
    static bool covers(Exception const& exception, Url const& url);

    std::optional<Proxy> secure_;  // for https
    std::optional<Proxy> plain_;   // for http
    std::vector<Exception> exceptions_;
    bool never_ = false;
};

}  // namespace groomer::net
