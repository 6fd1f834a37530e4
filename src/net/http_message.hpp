// Between Beast's messages and the plain ones of http.hpp. For the server alone: it includes Beast.
#pragma once

#include "net/http.hpp"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/system/error_code.hpp>

namespace groomer::net {

// What the answer needs to know of its request.
struct Terms {
    unsigned version = 11;
    bool keep_alive = false;
    bool head = false;
};

// All but the body.
Request to_request(boost::beast::http::request<boost::beast::http::string_body> const& message);
boost::beast::http::response<boost::beast::http::string_body> to_message(Response response, Terms terms);

// An error of the request's form, not of the connection; that a client ends in the middle of one is such an error: it may have closed only
// the side on which it sends.
bool is_malformed(boost::system::error_code error);
// The answer to such an error, and to a request that is none of ours for another reason (no error).
Response refusal_of(boost::system::error_code error);

}  // namespace groomer::net
