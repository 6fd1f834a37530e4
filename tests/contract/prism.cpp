#include "contract/prism.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>
#include <utility>

namespace groomer::contract {
namespace {

using net::ClientRequest;
using net::ClientResponse;

std::string_view query_of(std::string_view url) {
    auto const at = url.find('?');
    return at == std::string_view::npos ? std::string_view{} : url.substr(at + 1);
}

std::optional<Route> route_of(Operation const* operation) {
    for (auto const& known : tracker::github::all_routes)
        if (operation && known.method == operation->method && known.path == operation->path) return known.route;
    return std::nullopt;
}

void erase_header(ClientResponse& response, std::string_view name) {
    std::erase_if(response.headers, [&](net::Header const& header) {
        return std::equal(header.name.begin(), header.name.end(), name.begin(), name.end(),
                          [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
    });
}

}  // namespace

Task<ClientResponse> Prism::send(ClientRequest request) {
    auto path = std::string_view{request.url}.substr(std::min(url_.size(), request.url.size()));
    auto const* operation = operations_.of(request.method, path.substr(0, path.find('?')));
    auto const route = route_of(operation);
    if (route && spoils_.contains(*route)) spoils_.at (*route)(request);
    auto asked = request;
    if (route && preferred_.contains(*route)) asked.headers.push_back({"Prefer", preferred_.at(*route)});
    auto sending = client_.send(std::move(asked));
    auto response = co_await std::move(sending);
    auto const trouble = judge(request, operation, response);
    if (!trouble.empty()) refusals_.push_back(request.method + " " + request.url + " " + request.body + ": " + trouble);
    else if (route) accepted_.insert(*route);
    dress(response, request.url);
    if (route && edits_.contains(*route)) edits_.at (*route)(response);
    co_return std::move(response);
}

std::string Prism::judge(ClientRequest const& request, Operation const* operation, ClientResponse const& response) const {
    if (!request.url.starts_with(url_)) return "it goes elsewhere";
    if (!operation) return "there is no such operation";
    if (!route_of(operation)) return "it is in no row of routes.hpp";
    if (std::string violations{response.header("sl-violations")}; !violations.empty()) return violations;
    if (response.header("content-type").starts_with("application/problem+json")) return response.body;
    return undescribed(*operation, query_of(request.url), request.body);
}

// What GitHub's answers have, and prism's do not.
void Prism::dress(ClientResponse& response, std::string const& url) const {
    constexpr std::string_view example = "https://api.github.com/resource?";
    std::string link{response.header("link")};
    erase_header(response, "link");
    bool const first = query_of(url).find("&page=") == std::string_view::npos || url.ends_with("&page=1");
    if (!link.empty() && first) {
        auto base = url.substr(0, url.find("&page="));
        base += base.find('?') == std::string::npos ? '?' : '&';
        for (auto at = link.find(example); at != std::string::npos; at = link.find(example)) link.replace(at, example.size(), base);
        response.headers.push_back({"Link", link});
    }
    if (response.status == 200) response.headers.push_back({"ETag", "W/\"contract\""});
}

}  // namespace groomer::contract
