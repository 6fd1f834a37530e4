#include "api/requests.hpp"

#include "api/body.hpp"
#include "base/text.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace groomer::api {
namespace {

constexpr std::size_t longest_name = 300;    // of a repository
constexpr std::size_t longest_reason = 200;  // in characters

// A name goes into statements and logs: one with a NUL would be another name to the database.
bool is_name(boost::json::value const& value) {
    auto const* text = value.if_string();
    return text && !text->empty() && text->size() <= longest_name &&
           std::none_of(text->begin(), text->end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

bool is_positive(boost::json::value const& value) { return value.is_int64() && value.get_int64() > 0; }

std::string no_such_field(std::string_view key, std::string_view known) {
    return "There is no field \"" + one_line(key, 80) + "\": " + std::string{known} + '.';
}

// What is wrong with the field, if anything.
std::optional<std::string> take(RunRequest& request, std::string_view key, boost::json::value const& value) {
    bool const is_flag = key == "dryRun" || key == "force";
    if (is_flag) {
        if (!value.is_bool()) return std::string{key} + " is true or false.";
        (key == "force" ? request.force : request.dry_run) = value.get_bool();
    } else if (key == "repoFullName") {
        if (!is_name(value)) return "repoFullName is the name of a repository, like \"octocat/hello-world\".";
        request.repo = std::string{value.get_string()};
    } else if (key == "issueNumber") {
        if (!is_positive(value)) return "issueNumber is a whole number from 1 on.";
        request.issue = value.get_int64();
    } else {
        return no_such_field(key, "dryRun, repoFullName, issueNumber and force are");
    }
    return std::nullopt;
}

std::optional<std::string> take(PauseRequest& request, std::string_view key, boost::json::value const& value) {
    if (key != "reason") return no_such_field(key, "reason is");
    auto const* text = value.if_string();
    if (!text || count_characters(*text) > longest_reason) return "reason is a text of at most 200 characters.";
    request.reason = one_line(*text, text->size());
    return std::nullopt;
}

template <class Request>
std::variant<Request, std::string> parse(std::string_view body) {
    Request request;
    if (body.empty()) return request;
    auto const parsed = parse_body(body);
    if (auto const* wrong = std::get_if<std::string>(&parsed)) return *wrong;
    for (auto const& [key, value] : std::get<boost::json::object>(parsed))
        if (auto wrong = take(request, key, value)) return std::move(*wrong);
    return request;
}

}  // namespace

std::variant<RunRequest, std::string> parse_run_request(std::string_view body) {
    auto parsed = parse<RunRequest>(body);
    auto const* request = std::get_if<RunRequest>(&parsed);
    if (request && request->issue && !request->repo) return "issueNumber needs repoFullName.";
    return parsed;
}

std::variant<PauseRequest, std::string> parse_pause_request(std::string_view body) { return parse<PauseRequest>(body); }

std::string told_of_run(std::string_view body) {
    auto const parsed = parse_run_request(body);
    auto const* request = std::get_if<RunRequest>(&parsed);
    if (!request) return {};
    boost::json::object out;
    if (request->repo) out["repoFullName"] = *request->repo;
    if (request->issue) out["issueNumber"] = *request->issue;
    if (request->dry_run) out["dryRun"] = true;
    if (request->force) out["force"] = true;
    return boost::json::serialize(out);
}

std::string told_of_pause(std::string_view body) {
    auto const parsed = parse_pause_request(body);
    auto const* request = std::get_if<PauseRequest>(&parsed);
    if (!request) return {};
    boost::json::object out;
    if (!request->reason.empty()) out["reason"] = request->reason;
    return boost::json::serialize(out);
}

}  // namespace groomer::api
