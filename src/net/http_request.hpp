// The bytes of a request, and what may not be in one. Pure.
#pragma once

#include "net/http_client.hpp"
#include "net/url.hpp"

#include <string>

namespace groomer::net {

// Throws Failed(url) where a part could be taken for something else: a line of its own, say, or a header that the client makes.
void check_request(ClientRequest const& request);
// A header's value that stays on its line.
bool is_header_value(std::string_view text);

struct Form {
    bool for_proxy = false;  // the whole address, not only the path
    std::string proxy_credentials;
    bool same_origin = true;  // as the request was made for: with its credentials
    std::string user_agent;
};

std::string to_bytes(ClientRequest const& request, Url const& url, Form const& form);

}  // namespace groomer::net
