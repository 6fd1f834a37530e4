#include "api/access.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace groomer::api {
namespace {

// The token of "Authorization: Bearer TOKEN"; "" for anything else.
std::string_view bearer_token(net::Request const& request) {
    constexpr std::string_view scheme = "bearer ";
    auto text = request.header("Authorization");
    if (to_lower(text.substr(0, scheme.size())) != scheme) return {};
    text.remove_prefix(scheme.size());
    auto const begin = text.find_first_not_of(' ');
    return begin == text.npos ? std::string_view{} : text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

net::Response unauthorized(std::string_view sentence, std::string_view code = "unauthorized") {
    auto response = net::error_response(401, code, sentence);
    response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"groomer\""});
    return response;
}

}  // namespace

std::optional<int> matching_line(std::string_view given, std::string_view secrets) {
    std::optional<int> found;
    for (int line = 1; !secrets.empty(); ++line) {
        auto const end = std::min(secrets.find('\n'), secrets.size());
        auto secret = secrets.substr(0, end);
        secrets.remove_prefix(std::min(end + 1, secrets.size()));
        if (secret.ends_with('\r')) secret.remove_suffix(1);
        if (equal_secrets(given, secret) && !secret.empty()) found = line;
    }
    return found;
}

std::optional<net::Response> refusal(Auth auth, Access const& access, net::Request& request) {
    if (auth == Auth::none || auth == Auth::hmac || (auth == Auth::page && access.public_page)) return std::nullopt;
    if (access.admin_tokens.empty())
        return unauthorized("No admin token is configured (http.admin_token_file), so that this is refused to all.", "no_admin_token");
    auto const given = bearer_token(request);
    if (given.empty()) return unauthorized("This needs the admin token, in the header: Authorization: Bearer TOKEN.");
    auto const line = matching_line(given, access.admin_tokens);
    if (!line) return unauthorized("This is not the admin token.");
    request.caller = "token " + std::to_string(*line);
    return std::nullopt;
}

}  // namespace groomer::api
