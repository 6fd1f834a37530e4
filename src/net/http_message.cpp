#include "net/http_message.hpp"

#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace groomer::net {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

// The origin form of a target; a proxy's form, http://host/path, loses its host.
std::string_view origin_form(std::string_view target) {
    if (!target.starts_with("http://")) return target;
    auto path = target.find_first_of("/?", 7);
    return path == target.npos ? "/" : target.substr(path);
}

}  // namespace

Response refusal_of(error_code error) {
    if (error == http::error::body_limit) return error_response(413, "too_large", "The body is larger than is accepted here.");
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
        return error_response(431, "headers_too_large", "The request line and headers are larger than is accepted here.");
    if (error == http::error::partial_message)
        return error_response(400, "bad_request", "The client finished sending before its request was whole.");
    return error_response(400, "bad_request", "This is not a well-formed HTTP/1.1 request.");
}

bool is_malformed(error_code error) {
    return error.category() == make_error_code(http::error::end_of_stream).category() && error != http::error::end_of_stream;
}

Request to_request(http::request<http::string_body> const& message) {
    Request request;
    request.method = message.method() == http::verb::head ? "GET" : std::string{message.method_string()};
    std::string_view const target = origin_form({message.target().data(), message.target().size()});
    auto const mark = std::min(target.find('?'), target.size());
    request.target = target.substr(0, mark);
    if (mark < target.size()) request.query = target.substr(mark + 1);
    for (auto const& field : message) request.headers.push_back({std::string{field.name_string()}, std::string{field.value()}});
    return request;
}

http::response<http::string_body> to_message(Response response, Terms terms) {
    http::response<http::string_body> message;
    message.result(static_cast<unsigned>(response.status));
    message.version(terms.version);
    message.set("X-Content-Type-Options", "nosniff");
    if (!response.content_type.empty()) message.set(http::field::content_type, response.content_type);
    for (Header const& header : response.headers) message.set(header.name, header.value);
    if (!response.stream) message.content_length(response.body.size());
    message.keep_alive(terms.keep_alive && !response.stream);
    if (!terms.head) message.body() = std::move(response.body);
    return message;
}

}  // namespace groomer::net
