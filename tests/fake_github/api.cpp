#include "fake_github/api.hpp"

#include "base/text.hpp"
#include "fake_github/call.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

namespace groomer::fake_github {
namespace {

namespace json = boost::json;

constexpr std::string_view limits_page = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api";

std::optional<std::vector<std::string>> parts_of(std::string_view path) {
    std::vector<std::string> out;
    if (path.starts_with("/api/v3/")) path.remove_prefix(7);  // as GitHub Enterprise Server has it
    for (path.remove_prefix(1); !path.empty();) {
        auto const end = std::min(path.find('/'), path.size());
        auto part = percent_decoded(path.substr(0, end));
        if (!part) return std::nullopt;
        out.push_back(std::move(*part));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return out;
}

bool fits(Call& call, Route const& route) {
    auto const& method = call.request.method;
    if (route.method != method && !(route.method == "GET" && method == "HEAD")) return false;
    call.arguments.clear();
    std::size_t at = 0;
    for (auto pattern = route.pattern; !pattern.empty(); ++at) {
        auto const end = std::min(pattern.find('/'), pattern.size());
        auto const wanted = pattern.substr(0, end);
        pattern.remove_prefix(std::min(end + 1, pattern.size()));
        if (at == call.parts.size()) return false;
        if (wanted == "{}") call.arguments.push_back(call.parts[at]);
        else if (wanted != call.parts[at]) return false;
    }
    return at == call.parts.size();
}

struct Routed {
    Route const* route = nullptr;
    std::string name;  // "GET /repos/{owner}/{repo}/issues/{}"
    State::Found found = {};
};

Routed find_route(Call& call) {
    auto const in = [&](std::vector<Route> const& routes, std::string const& prefix) -> Routed {
        auto const fit = std::find_if(routes.begin(), routes.end(), [&](auto const& route) { return fits(call, route); });
        if (fit == routes.end()) return {};
        auto const slash = fit->pattern.empty() ? "" : "/";
        return {&*fit, std::string{fit->method} + " " + prefix + slash + std::string{fit->pattern}};
    };
    auto& parts = call.parts;
    bool const by_name = parts.size() >= 3 && parts[0] == "repos";
    bool const by_id = parts.size() >= 2 && parts[0] == "repositories";
    if (!by_name && !by_id) return in(app_routes, "");
    if (by_name && parts.size() == 4 && parts[3] == "installation") return in(app_routes, "");
    State::Found found;
    if (by_name) found = call.state.find(parts[1] + "/" + parts[2]);
    else found.repository = call.state.find(std::atoll(parts[1].c_str()));
    parts.erase(parts.begin(), parts.begin() + (by_name ? 3 : 2));
    auto routed = in(repository_reads, "/repos/{owner}/{repo}");
    if (!routed.route) routed = in(repository_writes, "/repos/{owner}/{repo}");
    routed.found = found;
    return routed;
}

// The repository in the call, or why it may not be seen.
std::optional<Response> enter(Call& call, State::Found const& found) {
    auto* repository = found.repository;
    if (!repository || repository->gone) return not_found();
    call.right = right_of(call.state, call.token, *repository);
    if (call.right == Right::none) return not_found();
    call.repository = repository;
    if (found.moved) {
        auto const url = call.own_url() + query_with(call, {}, {});
        bool const reads = call.request.method == "GET" || call.request.method == "HEAD";
        auto response = error_answer(reads ? 301 : 307, "Moved Permanently");
        response.json->as_object()["url"] = url;
        response.headers.emplace_back("Location", url);
        return response;
    }
    if (!repository->blocked) return std::nullopt;
    auto response = error_answer(451, "Repository access blocked");
    response.json->as_object()["block"] = {
        {"reason", "dmca"}, {"created_at", "2024-01-01T00:00:00Z"}, {"html_url", "https://github.com/github/dmca"}};
    return response;
}

// Who asks: in the call, or the 401.
std::optional<Response> authenticate(Call& call, Routed const& routed) {
    auto const authorization = call.request.header("Authorization");
    if (routed.route && routed.route->jwt) {
        auto const proven = call.state.access.prove(authorization, call.now);
        call.app = proven.app;
        return proven.app ? std::nullopt : std::optional{error_answer(401, proven.refusal)};
    }
    if (authorization.empty()) return std::nullopt;
    call.token = call.state.access.token(authorization, call.now);
    if (!call.token) return error_answer(401, "Bad credentials");
    auto const* installation = call.token->installation ? call.state.access.installation(call.token->installation) : nullptr;
    if (installation && installation->suspended) return error_answer(403, "This installation has been suspended");
    return std::nullopt;
}

Response limited(Call const& call, Limits::Verdict const& verdict) {
    auto const& options = call.state.limits.options;
    std::string const help = " If you reach out to GitHub Support for help, please include the request ID " + call.id + ".";
    if (verdict.refusal == Refusal::primary) {
        auto const whose =
            call.account().empty() ? "127.0.0.1" : "user ID " + std::to_string(call.state.user(call.state.user(call.account())).id);
        return error_answer(options.primary_status, "API rate limit exceeded for " + whose + "." + help, limits_page);
    }
    std::string const sentence = verdict.refusal == Refusal::content
                                     ? "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. "
                                       "Please retry your request again later."
                                     : "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    auto response = error_answer(options.secondary_status, sentence + help, std::string{limits_page} + "#about-secondary-rate-limits");
    if (options.retry_after) response.headers.emplace_back("Retry-After", std::to_string(verdict.wait.count()));
    return response;
}

std::optional<Response> limit(Call const& call, Routed const& routed) {
    bool const write = call.request.method != "GET" && call.request.method != "HEAD";
    auto const verdict = call.state.limits.admit({call.account(), write, routed.route && routed.route->content}, call.now);
    if (verdict.refusal == Refusal::none) return std::nullopt;
    auto response = limited(call, verdict);
    response.counted = false;
    return response;
}

std::optional<Response> refuse_form(Call const& call) {
    if (call.request.header("User-Agent").empty()) {
        Response response;
        response.status = 403;
        response.text =
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header "
            "(https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required).";
        return response;
    }
    auto const version = call.request.header("X-GitHub-Api-Version");
    auto const& known = call.state.options.api_versions;
    if (!version.empty() && std::find(known.begin(), known.end(), version) == known.end())
        return error_answer(400, "\"" + std::string{version} + "\" is not a valid version for this API.");
    return std::nullopt;
}

Response handle(Call& call, std::string& route_name) {
    if (auto refused = refuse_form(call)) return std::move(*refused);
    auto parts = parts_of(call.request.path());
    auto query = query_of(call.request.target);
    if (!parts || !query) return error_answer(400, "Bad Request");
    call.parts = std::move(*parts);
    call.query = std::move(*query);
    auto const routed = find_route(call);
    if (routed.route) route_name = routed.name;
    if (auto refused = authenticate(call, routed)) return std::move(*refused);
    if (routed.name == "GET /rate_limit") return routed.route->handler(call);
    if (auto refused = limit(call, routed)) return std::move(*refused);
    if (routed.name.find("{repo}") != std::string::npos && routed.name.find("/installation") == std::string::npos) {
        if (auto refused = enter(call, routed.found)) return std::move(*refused);
    }
    return routed.route ? routed.route->handler(call) : not_found();
}

// Tied to the Authorization value, as GitHub's are.
std::string etag_of(std::string_view body, std::string_view authorization) {
    std::uint64_t hash = 1469598103934665603ULL;
    auto const mix = [&](std::string_view text) {
        for (unsigned char c : text) hash = (hash ^ c) * 1099511628211ULL;
    };
    mix(authorization);
    mix("\n");
    mix(body);
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
    return "W/\"" + std::string{text.data()} + "\"";
}

void tag(Call const& call, Response& response) {
    bool const reads = call.request.method == "GET" || call.request.method == "HEAD";
    if (!reads || response.status != 200 || !response.json) return;
    auto const etag = etag_of(response.text, call.request.header("Authorization"));
    response.headers.emplace_back("ETag", etag);
    response.headers.emplace_back("Cache-Control", "private, max-age=60, s-maxage=60");
    auto const known = call.request.header("If-None-Match");
    if (known != "*" && known.find(etag.substr(2)) == std::string_view::npos) return;
    response.status = 304;
    response.json.reset();
    response.text.clear();
    response.counted = false;
}

void add_quota(Response& response, Quota const& quota) {
    response.headers.emplace_back("X-RateLimit-Limit", std::to_string(quota.limit));
    response.headers.emplace_back("X-RateLimit-Remaining", std::to_string(quota.remaining()));
    response.headers.emplace_back("X-RateLimit-Used", std::to_string(quota.used));
    response.headers.emplace_back("X-RateLimit-Reset", std::to_string(quota.reset));
    response.headers.emplace_back("X-RateLimit-Resource", "core");
}

void add_common(State const& state, Response& response, Time now, std::string const& request_id, std::string_view version) {
    response.headers.emplace_back("Date", format_http_date(seconds_of(now)));
    response.headers.emplace_back("Server", "github.com");
    response.headers.emplace_back("X-GitHub-Media-Type", "github.v3; format=json");
    response.headers.emplace_back("X-GitHub-Request-Id", request_id);
    response.headers.emplace_back("X-GitHub-Api-Version-Selected",
                                  version.empty() ? state.options.api_versions.front() : std::string{version});
    if (response.json) response.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
    else if (!response.text.empty()) response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
}

void add_scopes(Call const& call, Response& response) {
    if (!call.token || call.token->kind != TokenKind::classic) return;
    std::string scopes;
    for (auto const& scope : call.token->scopes) scopes += (scopes.empty() ? "" : ", ") + scope;
    response.headers.emplace_back("X-OAuth-Scopes", scopes);
    response.headers.emplace_back("X-Accepted-OAuth-Scopes", call.repository ? "repo" : "");
}

}  // namespace

Response refusal(State& state, int status, std::string_view message, Time now, std::string const& request_id) {
    auto response = error_answer(status, message);
    response.text = json::serialize(*response.json);
    add_common(state, response, now, request_id, {});
    return response;
}

Response answer(State& state, Request const& request, Time now, std::string const& request_id) {
    Call call{state, request, now, request_id};
    std::string route_name = "unknown";
    auto response = handle(call, route_name);
    if (response.json) response.text = json::serialize(*response.json);
    tag(call, response);
    auto const account = call.account();
    if (response.counted && response.status != 401) state.limits.charge(account, now);
    add_common(state, response, now, request_id, request.header("X-GitHub-Api-Version"));
    add_quota(response, state.limits.quota(account, now));
    add_scopes(call, response);
    state.effects.count(route_name, response.status);
    return response;
}

}  // namespace groomer::fake_github
