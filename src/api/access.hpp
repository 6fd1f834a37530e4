// Who may ask for what: a token in the header Authorization, or a page that is public.
#pragma once

#include "net/http.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace groomer::api {

// bearer: the admin token. page: the same, unless the page is public. hmac: a signature over the body, which the handler checks itself.
enum class Auth { none, page, bearer, hmac };

struct Access {
    std::string admin_tokens;  // a line each; "" for none
    bool public_page = false;
};

// Which line of `secrets` it is, counted from 1; nothing for none. Takes as long for a wrong one as for a right one.
std::optional<int> matching_line(std::string_view given, std::string_view secrets);

// The refusal, 401: without the token, with a wrong one, and where none is configured. Nothing where the request may go on; its `caller` is
// filled in then.
std::optional<net::Response> refusal(Auth auth, Access const& access, net::Request& request);

}  // namespace groomer::api
