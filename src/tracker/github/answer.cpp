#include "tracker/github/answer.hpp"

#include "base/text.hpp"
#include "base/time_text.hpp"
#include "tracker/issue_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <sstream>

namespace groomer::tracker::github {
namespace {

namespace json = boost::json;

Answer::Kind kind_of(int status) {
    using Kind = Answer::Kind;
    switch (status) {
        case 304: return Kind::not_modified;
        case 301:
        case 302:
        case 307:
        case 308: return Kind::moved;
        case 401: return Kind::unauthorized;
        case 403: return Kind::refused;
        case 404:
        case 410: return Kind::gone;
        case 451: return Kind::legal;
        default: break;
    }
    if (status >= 200 && status < 300) return Kind::ok;
    return status >= 400 && status < 500 ? Kind::invalid : Kind::failed;
}

// Classic tokens have this header, if only an empty one.
std::optional<std::vector<std::string>> scopes_of(std::vector<net::Header> const& headers) {
    constexpr std::string_view name = "x-oauth-scopes";
    auto const found = std::find_if(headers.begin(), headers.end(), [&](auto const& header) { return to_lower(header.name) == name; });
    if (found == headers.end()) return std::nullopt;
    std::vector<std::string> scopes;
    std::istringstream all{found->value};
    for (std::string scope; std::getline(all, scope, ',');) {
        std::erase(scope, ' ');
        if (!scope.empty()) scopes.push_back(one_line(scope, 64));
    }
    return scopes;
}

// "Label: name is too_long", or its own message.
std::string detail(json::value const& error) {
    if (auto const* text = error.if_string()) return clean_text({text->data(), text->size()});
    auto const* object = error.if_object();
    if (!object) return {};
    auto message = text_of(*object, "message");
    return message.empty() ? text_of(*object, "resource") + ": " + text_of(*object, "field") + " is " + text_of(*object, "code") : message;
}

}  // namespace

std::string error_message(std::string_view body) {
    constexpr std::size_t longest_body = 64 * 1024, longest_message = 300, most_details = 5;
    if (body.size() > longest_body) return {};
    json::parse_options options;
    options.allow_invalid_utf8 = true;
    json::error_code error;
    auto const value = json::parse({body.data(), body.size()}, error, {}, options);
    auto const* object = error ? nullptr : value.if_object();
    if (!object) return {};
    auto said = text_of(*object, "message");
    auto const* errors = object->if_contains("errors");
    if (auto const* details = errors ? errors->if_array() : nullptr)
        for (std::size_t i = 0; i < details->size() && i < most_details; ++i) said.append("; ").append(detail((*details)[i]));
    return one_line(said, longest_message);
}

std::string limit_message(net::ClientResponse const& response) {
    return response.status == 403 || response.status == 429 ? error_message(response.body) : std::string{};
}

Answer to_answer(net::ClientResponse response) {
    Answer answer;
    answer.scopes = scopes_of(response.headers);
    answer.kind = kind_of(response.status);
    answer.status = response.status;
    answer.url = std::move(response.url);
    answer.etag = response.header("etag").substr(0, 256);
    answer.date = parse_http_date(response.header("date"));
    if (answer.kind == Answer::Kind::ok) answer.links = parse_links(response.header("link"), answer.url);
    if (answer.kind == Answer::Kind::moved) answer.url = same_origin(response.header("location"), answer.url).value_or("");
    if (answer.kind != Answer::Kind::ok && answer.kind != Answer::Kind::not_modified) answer.reason = error_message(response.body);
    answer.body = std::move(response.body);
    return answer;
}

Answer to_answer(net::HttpError const& error) {
    using Stage = net::HttpError::Stage;
    Answer answer;
    answer.kind = error.stage() == Stage::withheld    ? Answer::Kind::withheld
                  : error.stage() == Stage::too_large ? Answer::Kind::too_large
                                                      : Answer::Kind::failed;
    answer.may_have_arrived = error.may_have_arrived();
    answer.reason = one_line(error.what(), 300);
    return answer;
}

std::vector<net::Header> common_headers(std::string const& user_agent) {
    return {{"Accept", "application/vnd.github+json, application/json;q=0.9"},
            {"X-GitHub-Api-Version", "2022-11-28"},
            {"User-Agent", user_agent}};
}

}  // namespace groomer::tracker::github
