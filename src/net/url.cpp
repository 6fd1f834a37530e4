#include "net/url.hpp"

#include "base/text.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <vector>

namespace groomer::net {
namespace {

// Control characters would end a line of the request, a backslash is a slash to some; the rest is to be percent-encoded.
bool is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '\\'; });
}

bool is_name(std::string_view host) {
    return !host.empty() && host.size() <= 255 && std::all_of(host.begin(), host.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    });
}

std::uint16_t parse_port(std::string_view text) {
    std::uint16_t port = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0) throw BadUrl{"its port is none"};
    return port;
}

std::string bracketed(std::string const& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

// A path that begins with "/", without its segments "." and ".." (RFC 3986, 5.2.4).
std::string without_dots(std::string_view path) {
    std::vector<std::string_view> kept;
    for (std::size_t at = 1; at <= path.size();) {
        auto const end = std::min(path.find('/', at), path.size());
        std::string_view const segment = path.substr(at, end - at);
        bool const dots = segment == "." || segment == "..";
        if (segment == ".." && !kept.empty()) kept.pop_back();
        if (!dots) kept.push_back(segment);
        else if (end == path.size()) kept.emplace_back();  // what it ends with is a folder
        at = end + 1;
    }
    std::string out;
    for (std::string_view const segment : kept) out.append("/").append(segment);
    return out.empty() ? "/" : out;
}

// "path?query", with or without either, as a target.
std::string to_target(std::string_view text) {
    auto const mark = std::min(text.find('?'), text.size());
    std::string_view const path = text.substr(0, mark);
    return without_dots(path.empty() ? "/" : path).append(text.substr(mark));
}

// "//host:port/path?query"
Url parse_after_scheme(bool secure, std::string_view text) {
    if (!text.starts_with("//")) throw BadUrl{"it is not absolute"};
    text.remove_prefix(2);
    auto const end = std::min(text.find_first_of("/?"), text.size());
    std::string_view const authority = text.substr(0, end);
    if (authority.find('@') != authority.npos) throw BadUrl{"it holds a user or a password, which belong elsewhere"};
    auto [host, port] = parse_authority(authority);
    Url url{secure, std::move(host), port.value_or(secure ? 443 : 80), to_target(text.substr(end))};
    return url;
}

std::string_view without_fragment(std::string_view text) { return text.substr(0, text.find('#')); }

// What stands before ":", in lower case, if it can be a scheme; "" otherwise.
std::string scheme_of(std::string_view text) {
    auto const colon = text.find_first_of(":/?");
    if (colon == text.npos || text[colon] != ':') return {};
    return to_lower(text.substr(0, colon));
}

Url parse_absolute(std::string_view text, std::string const& scheme) {
    if (scheme != "http" && scheme != "https") throw BadUrl{"it is not absolute, or neither of http nor of https"};
    return parse_after_scheme(scheme == "https", text.substr(scheme.size() + 1));
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (char const c : text) {
        auto const byte = static_cast<unsigned char>(c);
        if (byte == ' ' || byte >= 0x80) out.append({'%', digits[byte >> 4U], digits[byte & 15U]});
        else out += c;
    }
    return out;
}

}  // namespace

std::string Url::authority() const { return port == (secure ? 443 : 80) ? bracketed(host) : endpoint(); }

std::string Url::endpoint() const { return bracketed(host) + ':' + std::to_string(port); }

std::string Url::origin() const { return (secure ? "https://" : "http://") + authority(); }

std::string_view Url::path() const { return std::string_view{target}.substr(0, target.find('?')); }

Authority parse_authority(std::string_view text) {
    Authority authority;
    std::string_view rest;
    if (text.starts_with('[')) {
        auto const end = text.find(']');
        boost::system::error_code error;
        auto const address = boost::asio::ip::make_address_v6(std::string{text.substr(1, end == text.npos ? 0 : end - 1)}, error);
        if (error || address.scope_id() != 0) throw BadUrl{"its host is no IPv6 address"};
        authority.host = address.to_string();
        rest = text.substr(end + 1);
    } else {
        auto const end = std::min(text.find(':'), text.size());
        authority.host = to_lower(text.substr(0, end));
        if (!is_name(authority.host)) throw BadUrl{"its host is none"};
        rest = text.substr(end);
    }
    if (rest.empty()) return authority;
    if (!rest.starts_with(':')) throw BadUrl{"its host is none"};
    if (rest.size() > 1) authority.port = parse_port(rest.substr(1));
    return authority;
}

Url parse_url(std::string_view text) {
    if (!is_plain(text)) throw BadUrl{"it has a character that must be percent-encoded"};
    return parse_absolute(without_fragment(text), scheme_of(text));
}

Url resolve_url(Url const& base, std::string_view reference) {
    std::string const encoded = percent_encoded(reference);
    if (!is_plain(encoded)) throw BadUrl{"it has a character that must be percent-encoded"};
    std::string_view const text = without_fragment(encoded);
    if (std::string const scheme = scheme_of(text); !scheme.empty()) return parse_absolute(text, scheme);
    if (text.starts_with("//")) return parse_after_scheme(base.secure, text);
    Url url = base;
    std::string const path{base.path()};
    if (text.starts_with('/')) url.target = to_target(text);
    else if (text.starts_with('?')) url.target = path + std::string{text};
    else if (!text.empty()) url.target = to_target(path.substr(0, path.rfind('/') + 1) + std::string{text});
    return url;
}

}  // namespace groomer::net
