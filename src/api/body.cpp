#include "api/body.hpp"

#include "base/json_keys.hpp"
#include "base/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <utility>

namespace groomer::api {
namespace {

constexpr std::size_t deepest = 32;

std::string_view trimmed(std::string_view text) {
    auto const begin = std::min(text.find_first_not_of(" \t"), text.size());
    text.remove_prefix(begin);
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// Whatever it says of its parameters: JSON is UTF-8, or it cannot be read.
bool is_json(std::string_view content_type) {
    return to_lower(trimmed(content_type.substr(0, content_type.find(';')))) == "application/json";
}

bool is_plain(std::string_view encoding) { return trimmed(encoding).empty() || to_lower(trimmed(encoding)) == "identity"; }

// All headers of that name are so.
bool all(net::Request const& request, std::string_view name, bool (*is_so)(std::string_view)) {
    return std::all_of(request.headers.begin(), request.headers.end(),
                       [&](auto const& header) { return to_lower(header.name) != name || is_so(header.value); });
}

}  // namespace

std::optional<net::Response> refused_form(net::Request const& request) {
    if (request.body.empty()) return std::nullopt;
    if (!all(request, "content-encoding", is_plain)) {
        auto response =
            net::error_response(415, "unsupported_media_type", "The body must not be packed: send it without Content-Encoding.");
        response.headers.push_back({"Accept-Encoding", "identity"});
        return response;
    }
    if (all(request, "content-type", is_json)) return std::nullopt;
    return net::error_response(415, "unsupported_media_type",
                               "The body must be JSON: send Content-Type: application/json; of a webhook, choose it as the content type in "
                               "its settings.");
}

std::variant<boost::json::object, std::string> parse_body(std::string_view body) {
    boost::json::parse_options options;
    options.max_depth = deepest;
    boost::system::error_code error;
    auto parsed = boost::json::parse(body, error, {}, options);
    if (error) return "The body is no JSON.";
    auto* object = parsed.if_object();
    if (!object) return "The body is no JSON object.";
    if (auto const repeated = repeated_keys(body, deepest, 1); !repeated.empty())
        return "The body has " + one_line(repeated.front(), 80) + " twice.";
    return std::move(*object);
}

}  // namespace groomer::api
