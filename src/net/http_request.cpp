#include "net/http_request.hpp"

#include "base/text.hpp"
#include "net/failed.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace groomer::net {
namespace {

// Frame the message, or belong to one connection: the client's own.
constexpr std::array<std::string_view, 11> own_headers{
    "host",    "content-length", "transfer-encoding",   "connection",       "upgrade",   "te",
    "trailer", "expect",         "proxy-authorization", "proxy-connection", "keep-alive"};

bool is_token(std::string_view text) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || marks.find(c) != marks.npos;
    });
}

bool is_credential(std::string const& lower_name) {
    return lower_name == "authorization" || lower_name == "cookie" || lower_name == "x-api-key";
}

bool has(ClientRequest const& request, std::string_view lower_name) {
    return std::any_of(request.headers.begin(), request.headers.end(), [&](Header const& h) { return to_lower(h.name) == lower_name; });
}

bool has_body_by_nature(std::string const& method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

}  // namespace

bool is_header_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f'); });
}

void check_request(ClientRequest const& request) {
    if (!is_token(request.method) || request.method == "CONNECT") throw Failed{Stage::url, "this is no method"};
    for (Header const& header : request.headers) {
        if (!is_token(header.name)) throw Failed{Stage::url, "a header's name is none"};
        if (!is_header_value(header.value)) throw Failed{Stage::url, "the value of " + header.name + " has a control character"};
        if (std::find(own_headers.begin(), own_headers.end(), to_lower(header.name)) != own_headers.end())
            throw Failed{Stage::url, header.name + " is not for the caller to set"};
    }
}

std::string to_bytes(ClientRequest const& request, Url const& url, Form const& form) {
    std::string bytes = request.method + ' ' + (form.for_proxy ? url.text() : url.target) + " HTTP/1.1\r\n";
    auto const add = [&bytes](std::string_view name, std::string_view value) {
        bytes.append(name).append(": ").append(value).append("\r\n");
    };
    add("Host", url.authority());
    if (!has(request, "user-agent") && !form.user_agent.empty()) add("User-Agent", form.user_agent);
    if (!has(request, "accept-encoding")) add("Accept-Encoding", "gzip");
    if (!form.proxy_credentials.empty()) add("Proxy-Authorization", form.proxy_credentials);
    for (Header const& header : request.headers) {
        if (form.same_origin || !is_credential(to_lower(header.name))) add(header.name, header.value);
    }
    if (!request.body.empty() || has_body_by_nature(request.method)) add("Content-Length", std::to_string(request.body.size()));
    bytes.append("\r\n").append(request.body);
    return bytes;
}

}  // namespace groomer::net
