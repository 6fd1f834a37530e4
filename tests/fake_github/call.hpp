// One request on its way through the fake, and what the handlers of all routes share.
#pragma once

#include "fake_github/http.hpp"
#include "fake_github/state.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::fake_github {

struct Call {
    State& state;
    Request const& request;
    Time now;
    std::string id;
    Fields query = {};
    std::vector<std::string> parts = {};      // of the path, decoded; for a repository's route: of what comes after it
    std::vector<std::string> arguments = {};  // what stood where the pattern has "{}"
    Token const* token = nullptr;             // nullptr: anonymous, or a JWT
    App const* app = nullptr;                 // proven by a JWT
    Repository* repository = nullptr;
    Right right = Right::none;  // there

    [[nodiscard]] std::optional<std::string> asked(std::string_view name) const;  // of the query
    [[nodiscard]] std::int64_t number(std::size_t argument) const;                // -1 where it is none
    [[nodiscard]] std::string account() const { return token ? token->login : app ? app->slug : std::string{}; }
    [[nodiscard]] By by() const;
    // The URL of this route, by the repository's id as GitHub's Link headers have it, without the query.
    [[nodiscard]] std::string own_url() const;
};

using Handler = Response (*)(Call&);

struct Route {
    std::string_view method;
    std::string_view pattern;  // "issues/{}/labels"; under /repos/{owner}/{repo}/, or from the root
    Handler handler;
    bool content = false;  // creates what people are notified of
    bool jwt = false;      // only for an App itself
};

Response json_answer(int status, boost::json::value body);
Response error_answer(int status, std::string_view message, std::string_view documentation = "https://docs.github.com/rest");
// 422; each error has "resource", "field", "code" and, where the code is "custom", "message".
Response invalid(boost::json::array errors);
Response invalid(std::string_view resource, std::string_view field, std::string_view code, std::string_view message = {});
Response not_found();

// The body, or what to say where it is no JSON object (or, where allowed, array).
struct Body {
    boost::json::value value;
    std::optional<Response> refused;
};
Body body_of(Call const& call, bool list_allowed = false);

// Page numbers, as GitHub takes them: what is no number is the default.
struct PageAsked {
    std::size_t page = 1, size = 30;
};
PageAsked page_of(Call const& call);
// Link with first, prev, next and last.
void link_pages(Call const& call, Response& response, PageAsked const& asked, std::size_t items);
// The page asked for of `items` of which make(i) is one.
Response paged(Call const& call, std::size_t items, std::function<boost::json::value(std::size_t)> const& make);
// The query again without the names given, and then `more`.
std::string query_with(Call const& call, std::vector<std::string_view> const& without, Fields const& more);

Right right_of(State const& state, Token const* token, Repository const& repository);

// An issue by its number, or the answer that says why not.
struct IssueFound {
    Issue* issue = nullptr;
    Response refused = {};
};
IssueFound find_issue(Call& call, std::int64_t number);
// What stops a write to the repository, if anything does; `comment`: readers may.
std::optional<Response> write_refused(Call const& call, bool comment = false);

// The tables of the other files.
extern std::vector<Route> const repository_reads, repository_writes, app_routes;
Response list_issues(Call& call);

}  // namespace groomer::fake_github
