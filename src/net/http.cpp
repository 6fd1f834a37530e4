#include "net/http.hpp"

#include "base/text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace groomer::net {

std::string_view find_header(std::vector<Header> const& headers, std::string_view name) {
    std::string const wanted = to_lower(name);
    for (Header const& header : headers) {
        if (to_lower(header.name) == wanted) return header.value;
    }
    return {};
}

Response error_response(int status, std::string_view code, std::string_view message) {
    Response response;
    response.status = status;
    response.body = boost::json::serialize(boost::json::object{{"error", code}, {"message", message}});
    return response;
}

}  // namespace groomer::net
