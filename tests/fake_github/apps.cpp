// What is not about one repository: accounts, Apps, limits.
#include "fake_github/call.hpp"
#include "fake_github/shapes.hpp"

#include <algorithm>

namespace groomer::fake_github {
namespace {

namespace json = boost::json;

Response own_account(Call& call) {
    if (!call.token) return error_answer(401, "Requires authentication");
    if (call.token->kind == TokenKind::installation) return error_answer(403, "Resource not accessible by integration");
    return json_answer(200, user_json(call.state, call.state.user(call.state.user(call.token->login))));
}

Response read_user(Call& call) {
    auto const found = call.state.find_user(call.arguments[0]);
    return found ? json_answer(200, user_json(call.state, call.state.user(*found))) : not_found();
}

Response own_app(Call& call) { return json_answer(200, app_json(call.state, *call.app)); }

json::object permissions_json(Installation const& installation) {
    json::object out;
    for (auto const& [name, level] : installation.permissions) out[name] = level;
    return out;
}

json::object installation_json(Call& call, Installation const& installation) {
    auto const url = call.state.options.base_url + "/app/installations/" + std::to_string(installation.id);
    return {{"id", installation.id},
            {"account", user_json(call.state, call.state.user(call.state.user(installation.account)))},
            {"repository_selection", "selected"},
            {"access_tokens_url", url + "/access_tokens"},
            {"repositories_url", call.state.options.base_url + "/installation/repositories"},
            {"app_id", installation.app},
            {"app_slug", call.app->slug},
            {"permissions", permissions_json(installation)},
            {"events", json::array{}},
            {"suspended_at", installation.suspended ? json::value("2024-01-01T00:00:00Z") : json::value(nullptr)}};
}

Installation* own_installation(Call& call, std::int64_t id) {
    auto* installation = call.state.access.installation(id);
    return installation && installation->app == call.app->id ? installation : nullptr;
}

Response read_installation(Call& call) {
    auto const* installation = own_installation(call, call.number(0));
    return installation ? json_answer(200, installation_json(call, *installation)) : not_found();
}

Response list_installations(Call& call) {
    std::vector<Installation const*> own;
    for (auto const& [id, installation] : call.state.access.installations())
        if (installation.app == call.app->id) own.push_back(&installation);
    return paged(call, own.size(), [&](std::size_t i) { return installation_json(call, *own[i]); });
}

Response repository_installation(Call& call) {
    auto const found = call.state.find(call.arguments[0] + "/" + call.arguments[1]);
    if (!found.repository || found.repository->gone) return not_found();
    for (auto const& [id, installation] : call.state.access.installations()) {
        if (installation.app == call.app->id && installation.repositories.contains(found.repository->id))
            return json_answer(200, installation_json(call, installation));
    }
    return not_found();
}

Response access_token(Call& call) {
    auto const* installation = own_installation(call, call.number(0));
    if (!installation) return not_found();
    if (installation->suspended) return error_answer(403, "This installation has been suspended");
    auto const value = call.state.access.issue_token(*installation, call.now);
    return json_answer(201, {{"token", value},
                             {"expires_at", format_seconds(seconds_of(call.now + installation->lifetime))},
                             {"permissions", permissions_json(*installation)},
                             {"repository_selection", "selected"}});
}

Response installation_repositories(Call& call) {
    if (!call.token) return error_answer(401, "Requires authentication");
    if (call.token->kind != TokenKind::installation)
        return error_answer(403,
                            "You must authenticate with an installation access token in order to list repositories for an installation.");
    std::vector<Repository const*> own;
    for (auto const& [id, right] : call.token->at) {
        auto const* repository = call.state.find(id);
        if (repository && !repository->gone && right != Right::none) own.push_back(repository);
    }
    auto response =
        paged(call, own.size(), [&](std::size_t i) { return repository_json(call.state, *own[i], call.token->right(own[i]->id)); });
    auto list = std::move(*response.json);
    response.json = json::object{{"total_count", own.size()}, {"repository_selection", "selected"}, {"repositories", std::move(list)}};
    return response;
}

Response rate_limit(Call& call) {
    auto const quota = call.state.limits.quota(call.account(), call.now);
    json::object const core{{"limit", quota.limit}, {"used", quota.used}, {"remaining", quota.remaining()}, {"reset", quota.reset}};
    auto response = json_answer(200, {{"resources", {{"core", core}}}, {"rate", core}});
    response.counted = false;
    return response;
}

}  // namespace

std::vector<Route> const app_routes = {
    {"GET", "user", own_account},
    {"GET", "users/{}", read_user},
    {"GET", "rate_limit", rate_limit},
    {"GET", "installation/repositories", installation_repositories},
    {"GET", "app", own_app, false, true},
    {"GET", "app/installations", list_installations, false, true},
    {"GET", "app/installations/{}", read_installation, false, true},
    {"POST", "app/installations/{}/access_tokens", access_token, false, true},
    {"GET", "repos/{}/{}/installation", repository_installation, false, true},
};

}  // namespace groomer::fake_github
