#include "fake_github/call.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <charconv>

namespace groomer::fake_github {

namespace json = boost::json;

std::optional<std::string> Call::asked(std::string_view name) const {
    auto const found = std::find_if(query.begin(), query.end(), [&](auto const& field) { return field.first == name; });
    return found == query.end() ? std::nullopt : std::optional{found->second};
}

std::int64_t Call::number(std::size_t argument) const {
    auto const& text = arguments.at(argument);
    std::int64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value > 0 ? value : -1;
}

By Call::by() const { return {account(), now, request.method, id, std::string{request.header("X-Groomer-Term")}, token ? token->app : 0}; }

std::string Call::own_url() const {
    if (!repository) return state.options.base_url + std::string{request.path()};
    auto url = state.options.base_url + "/repositories/" + std::to_string(repository->id);
    for (auto const& part : parts) url += "/" + percent_encoded(part);
    return url;
}

Response json_answer(int status, json::value body) {
    Response response;
    response.status = status;
    response.json = std::move(body);
    return response;
}

Response error_answer(int status, std::string_view message, std::string_view documentation) {
    return json_answer(status, {{"message", message}, {"documentation_url", documentation}, {"status", std::to_string(status)}});
}

Response invalid(json::array errors) {
    auto response = error_answer(422, "Validation Failed");
    response.json->as_object()["errors"] = std::move(errors);
    return response;
}

Response invalid(std::string_view resource, std::string_view field, std::string_view code, std::string_view message) {
    json::object error{{"resource", resource}, {"field", field}, {"code", code}};
    if (!message.empty()) error["message"] = message;
    json::array errors;
    errors.push_back(std::move(error));
    return invalid(std::move(errors));
}

Response not_found() { return error_answer(404, "Not Found"); }

Body body_of(Call const& call, bool list_allowed) {
    json::error_code error;
    auto value = json::parse(call.request.body, error);
    if (error) return {nullptr, error_answer(400, "Problems parsing JSON")};
    if (!value.is_object() && !(list_allowed && value.is_array())) return {nullptr, error_answer(400, "Body should be a JSON object")};
    return {std::move(value), std::nullopt};
}

PageAsked page_of(Call const& call) {
    auto const number = [&](std::string_view name, std::size_t standard) {
        auto const text = call.asked(name).value_or("");
        std::size_t value = 0;
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        return error == std::errc{} && end == text.data() + text.size() && value > 0 && value < 1'000'000'000 ? value : standard;
    };
    return {number("page", 1), std::min<std::size_t>(number("per_page", 30), 100)};
}

std::string query_with(Call const& call, std::vector<std::string_view> const& without, Fields const& more) {
    Fields fields;
    for (auto const& field : call.query)
        if (std::find(without.begin(), without.end(), field.first) == without.end()) fields.push_back(field);
    fields.insert(fields.end(), more.begin(), more.end());
    std::string out;
    for (auto const& [name, value] : fields) {
        out += out.empty() ? '?' : '&';
        out += percent_encoded(name) + "=" + percent_encoded(value);
    }
    return out;
}

void link_pages(Call const& call, Response& response, PageAsked const& asked, std::size_t items) {
    auto const last = std::max<std::size_t>((items + asked.size - 1) / asked.size, 1);
    std::string links;
    auto const add = [&](std::size_t page, std::string_view rel) {
        links += links.empty() ? "" : ", ";
        links +=
            "<" + call.own_url() + query_with(call, {"page"}, {{"page", std::to_string(page)}}) + ">; rel=\"" + std::string{rel} + "\"";
    };
    if (asked.page > 1) add(std::min(asked.page - 1, last), "prev");
    if (asked.page < last) add(asked.page + 1, "next");
    if (asked.page < last) add(last, "last");
    if (asked.page > 1) add(1, "first");
    if (!links.empty()) response.headers.emplace_back("Link", links);
}

Response paged(Call const& call, std::size_t items, std::function<json::value(std::size_t)> const& make) {
    auto const asked = page_of(call);
    json::array page;
    auto const first = (asked.page - 1) * asked.size;
    for (auto i = first; i < std::min(items, first + asked.size); ++i) page.push_back(make(i));
    auto response = json_answer(200, std::move(page));
    link_pages(call, response, asked, items);
    return response;
}

Right right_of(State const&, Token const* token, Repository const& repository) {
    auto const least = repository.hidden ? Right::none : Right::read;
    if (!token) return least;
    auto const granted = std::max(token->right(repository.id), least);
    if (token->kind != TokenKind::classic) return granted;
    auto const has = [&](std::string_view scope) {
        return std::find(token->scopes.begin(), token->scopes.end(), scope) != token->scopes.end();
    };
    if (has("repo") || (has("public_repo") && !repository.hidden)) return granted;
    return std::min(granted, least);
}

IssueFound find_issue(Call& call, std::int64_t number) {
    auto& repository = *call.repository;
    if (repository.issues_disabled) return {nullptr, error_answer(410, "Issues are disabled for this repo")};
    if (auto const moved = repository.transfers.find(number); moved != repository.transfers.end()) {
        auto const* there = call.state.find(moved->second.first);
        if (!there || there->gone || right_of(call.state, call.token, *there) == Right::none) return {nullptr, not_found()};
        auto url =
            call.state.options.base_url + "/repositories/" + std::to_string(there->id) + "/issues/" + std::to_string(moved->second.second);
        for (std::size_t i = 2; i < call.parts.size(); ++i) url += "/" + percent_encoded(call.parts[i]);
        auto response = error_answer(call.request.method == "GET" ? 301 : 307, "Moved Permanently");
        response.json->as_object()["url"] = url;
        response.headers.emplace_back("Location", url + query_with(call, {}, {}));
        return {nullptr, std::move(response)};
    }
    if (repository.deleted.contains(number)) return {nullptr, error_answer(410, "This issue was deleted")};
    auto const found = repository.issues.find(number);
    if (found == repository.issues.end()) return {nullptr, not_found()};
    return {&found->second, {}};
}

std::optional<Response> write_refused(Call const& call, bool comment) {
    if (!call.token) return error_answer(401, "Requires authentication");
    if (call.repository->archived) return error_answer(403, "Repository was archived so is read-only.");
    if (call.right == Right::write || (comment && call.token->kind == TokenKind::classic)) return std::nullopt;
    if (call.token->kind == TokenKind::classic) return error_answer(403, "Must have admin rights to Repository.");
    bool const app = call.token->kind == TokenKind::installation;
    auto response = error_answer(403, app ? "Resource not accessible by integration" : "Resource not accessible by personal access token");
    response.headers.emplace_back("X-Accepted-GitHub-Permissions", "issues=write; pull_requests=write");
    return response;
}

}  // namespace groomer::fake_github
