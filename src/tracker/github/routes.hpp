// Every kind of request that groomer sends to GitHub, as GitHub's own description of its API writes it. What is not in this table
// cannot be sent, and tests/contract sends all of it. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace groomer::tracker::github {

enum class Route {
    repository,
    issues,
    issue,
    edit_issue,
    timeline,
    comments,
    add_comment,
    edit_comment,
    add_labels,
    remove_label,
    labels,
    create_label,
    user,
    app,
    installation_token,
    repository_installation,
};

struct RouteShape {
    Route route;
    std::string_view method;
    std::string_view path;  // its template
};

inline constexpr std::array all_routes{
    RouteShape{Route::repository, "GET", "/repos/{owner}/{repo}"},
    RouteShape{Route::issues, "GET", "/repos/{owner}/{repo}/issues"},
    RouteShape{Route::issue, "GET", "/repos/{owner}/{repo}/issues/{issue_number}"},
    RouteShape{Route::edit_issue, "PATCH", "/repos/{owner}/{repo}/issues/{issue_number}"},
    RouteShape{Route::timeline, "GET", "/repos/{owner}/{repo}/issues/{issue_number}/timeline"},
    RouteShape{Route::comments, "GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments"},
    RouteShape{Route::add_comment, "POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments"},
    RouteShape{Route::edit_comment, "PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}"},
    RouteShape{Route::add_labels, "POST", "/repos/{owner}/{repo}/issues/{issue_number}/labels"},
    RouteShape{Route::remove_label, "DELETE", "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}"},
    RouteShape{Route::labels, "GET", "/repos/{owner}/{repo}/labels"},
    RouteShape{Route::create_label, "POST", "/repos/{owner}/{repo}/labels"},
    RouteShape{Route::user, "GET", "/user"},
    RouteShape{Route::app, "GET", "/app"},
    RouteShape{Route::installation_token, "POST", "/app/installations/{installation_id}/access_tokens"},
    RouteShape{Route::repository_installation, "GET", "/repos/{owner}/{repo}/installation"},
};

constexpr RouteShape const& shape(Route route) { return all_routes.at(static_cast<std::size_t>(route)); }

constexpr bool routes_are_in_order() {
    for (std::size_t i = 0; i < all_routes.size(); ++i)
        if (static_cast<std::size_t>(all_routes.at(i).route) != i) return false;
    return true;
}
static_assert(routes_are_in_order());

}  // namespace groomer::tracker::github
