#include "api/run.hpp"

#include "base/text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace groomer::api {
namespace {

constexpr std::size_t longest_name = 300;  // of a repository

// A name goes into statements and logs: one with a NUL would be another name to the database.
bool is_name(boost::json::value const& value) {
    auto const* text = value.if_string();
    return text && !text->empty() && text->size() <= longest_name &&
           std::none_of(text->begin(), text->end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

bool is_positive(boost::json::value const& value) { return value.is_int64() && value.get_int64() > 0; }

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
        return "There is no field \"" + one_line(key, 80) + "\": dryRun, repoFullName, issueNumber and force are.";
    }
    return std::nullopt;
}

}  // namespace

std::variant<RunRequest, std::string> parse_run_request(std::string_view body) {
    RunRequest request;
    if (body.empty()) return request;
    boost::system::error_code error;
    auto const parsed = boost::json::parse(body, error);
    if (error) return "The body is no JSON.";
    auto const* fields = parsed.if_object();
    if (!fields) return "The body is no JSON object.";
    for (auto const& [key, value] : *fields)
        if (auto wrong = take(request, key, value)) return std::move(*wrong);
    if (request.issue && !request.repo) return "issueNumber needs repoFullName.";
    return request;
}

boost::json::array results_of(groom::TickReport const& report) {
    boost::json::array out;
    for (auto const& issue : report.issues)
        out.emplace_back(boost::json::object{{"repo", issue.ref.repo},
                                             {"issue", issue.ref.number},
                                             {"outcome", issue.outcome},
                                             {"reason", issue.reason},
                                             {"added", boost::json::array(issue.added.begin(), issue.added.end())},
                                             {"removed", boost::json::array(issue.removed.begin(), issue.removed.end())}});
    return out;
}

std::string run_answer(groom::TickReport const& report, bool dry_run) {
    boost::json::object out{{"outcome", report.issues.empty() ? "nothing_to_do" : "groomed"}, {"dryRun", dry_run}};
    if (report.failed > 0) out["failed"] = report.failed;
    out["results"] = results_of(report);
    return boost::json::serialize(out);
}

}  // namespace groomer::api
