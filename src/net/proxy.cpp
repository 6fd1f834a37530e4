#include "net/proxy.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

namespace groomer::net {
namespace {

using Environment = std::map<std::string, std::string>;

constexpr std::uint16_t default_port = 1080;  // curl's

std::string upper(std::string text) {
    for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return text;
}

std::string value_of(Environment const& environment, std::string const& name) {
    for (std::string const& key : {name, upper(name)}) {
        auto const found = environment.find(key);
        if (found != environment.end() && !found->second.empty()) return found->second;
    }
    return {};
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        char const* const digits = text.data() + i + 1;
        bool const encoded = text[i] == '%' && i + 2 < text.size() && std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2;
        out += encoded ? static_cast<char>(byte) : text[i];
        if (encoded) i += 2;
    }
    return out;
}

std::optional<Proxy> parse_proxy(Environment const& environment, std::string const& name) {
    std::string const value = value_of(environment, name);
    if (value.empty()) return std::nullopt;
    std::string_view text = value;
    if (auto const scheme = text.find("://"); scheme != text.npos) {
        if (to_lower(text.substr(0, scheme)) != "http")
            throw Error{ErrorCode::config, name + ": only a proxy that is spoken to in HTTP is possible: http://host:port"};
        text.remove_prefix(scheme + 3);
    }
    text = text.substr(0, text.find_first_of("/?#"));
    Proxy proxy;
    if (auto const at = text.rfind('@'); at != text.npos) {
        std::string_view const user = text.substr(0, at);
        auto const colon = std::min(user.find(':'), user.size());
        proxy.credentials = percent_decoded(user.substr(0, colon)) + ':';
        if (colon < user.size()) proxy.credentials += percent_decoded(user.substr(colon + 1));
        text.remove_prefix(at + 1);
    }
    try {
        auto [host, port] = parse_authority(text);
        proxy.host = std::move(host);
        proxy.port = port.value_or(default_port);
    } catch (BadUrl const& bad) {  // which quotes nothing
        throw Error{ErrorCode::config, name + " is no address of a proxy (http://host:port): " + bad.what()};
    }
    return proxy;
}

// Host names may end in a dot, which says nothing here.
std::string_view without_last_dot(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    return name;
}

bool same_prefix(boost::asio::ip::address const& a, boost::asio::ip::address const& b, unsigned bits) {
    if (a.is_v4() != b.is_v4()) return false;
    auto const compare = [bits](auto const& left, auto const& right) {
        for (unsigned i = 0; i < bits; ++i) {
            unsigned const shift = 7 - i % 8;
            if (((left[i / 8] ^ right[i / 8]) >> shift & 1U) != 0) return false;
        }
        return true;
    };
    return a.is_v4() ? compare(a.to_v4().to_bytes(), b.to_v4().to_bytes()) : compare(a.to_v6().to_bytes(), b.to_v6().to_bytes());
}

}  // namespace

ProxyRules::ProxyRules(Environment const& environment)
    : secure_{parse_proxy(environment, "https_proxy")}, plain_{parse_proxy(environment, "http_proxy")} {
    std::string const list = value_of(environment, "no_proxy");
    never_ = list == "*";
    for (std::size_t at = 0; at < list.size();) {
        auto const end = std::min(list.find_first_of(", \t", at), list.size());
        if (auto exception = to_exception(std::string_view{list}.substr(at, end - at))) exceptions_.push_back(std::move(*exception));
        at = end + 1;
    }
}

// Empty for what cannot be read: as curl has it, that covers nothing.
std::optional<ProxyRules::Exception> ProxyRules::to_exception(std::string_view entry) {
    auto const slash = entry.find('/');
    if (slash != std::string_view::npos) return to_prefix(entry.substr(0, slash), entry.substr(slash + 1));
    if (auto address = to_prefix(entry, {})) return address;
    if (entry.starts_with('.')) entry.remove_prefix(1);
    try {
        auto [host, port] = parse_authority(entry);
        auto exception = to_prefix(host, {}).value_or(Exception{std::string{without_last_dot(host)}, {}, 0, {}});
        exception.port = port;
        return exception.name.empty() && exception.bits == 0 ? std::nullopt : std::optional{exception};
    } catch (BadUrl const&) {
        return std::nullopt;
    }
}

// No bits given: all of them.
std::optional<ProxyRules::Exception> ProxyRules::to_prefix(std::string_view address, std::optional<std::string_view> bits) {
    boost::system::error_code error;
    Exception exception;
    exception.address = boost::asio::ip::make_address(std::string{address}, error);
    if (error) return std::nullopt;
    unsigned const all = exception.address.is_v4() ? 32 : 128;
    exception.bits = all;
    if (!bits) return exception;
    auto const [end, wrong] = std::from_chars(bits->data(), bits->data() + bits->size(), exception.bits);
    if (wrong != std::errc{} || end != bits->data() + bits->size() || exception.bits > all) return std::nullopt;
    return exception;
}

bool ProxyRules::covers(Exception const& exception, Url const& url) {
    if (exception.port && *exception.port != url.port) return false;
    boost::system::error_code error;
    auto const address = boost::asio::ip::make_address(url.host, error);
    if (exception.name.empty()) return !error && same_prefix(exception.address, address, exception.bits);
    if (!error) return false;
    std::string_view const host = without_last_dot(url.host);
    if (!host.ends_with(exception.name)) return false;
    auto const more = host.size() - exception.name.size();
    return more == 0 || host[more - 1] == '.';
}

std::optional<Proxy> ProxyRules::proxy_for(Url const& url) const {
    if (never_) return std::nullopt;
    bool const direct = std::any_of(exceptions_.begin(), exceptions_.end(), [&](Exception const& e) { return covers(e, url); });
    return direct ? std::nullopt : url.secure ? secure_ : plain_;
}

}  // namespace groomer::net
