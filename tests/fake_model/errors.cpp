// The faults that are answered with an error: what each service says then.
#include "fake_model/answer.hpp"

#include "fake_github/time.hpp"

#include <algorithm>
#include <array>

namespace groomer::fake_model {
namespace {

using namespace std::chrono_literals;
using Kind = FaultKind;

struct Said {
    int status;
    char const *type, *code, *message;
};
struct Row {
    Kind kind;
    Said openai, anthropic;
};
constexpr auto invalid = "invalid_request_error";
constexpr Said slower{429, "tokens", "rate_limit_exceeded", "Rate limit reached for requests. Please try again later."};
constexpr Said slower_there{429, "rate_limit_error", "", "This request would exceed your organization's rate limit."};
constexpr Said no_such{};  // applies() knows that, too

constexpr std::array rows{
    Row{Kind::rate_limit, slower, slower_there},
    Row{Kind::rate_limit_date, slower, slower_there},
    Row{Kind::rate_limit_bare, slower, slower_there},
    Row{Kind::quota,
        {429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota, please check your plan and billing details."},
        {402, "billing_error", "", "There is an issue with your organization's billing or payment information."}},
    Row{Kind::credit,
        no_such,
        {400, invalid, "", "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."}},
    Row{Kind::spend_limit,
        {429, "insufficient_quota", "billing_hard_limit_reached", "Billing hard limit has been reached."},
        {400, invalid, "", "You have reached your specified API usage limits. You will regain access on 2038-01-01 at 00:00 UTC."}},
    Row{Kind::unauthorized,
        {401, invalid, "invalid_api_key", "Incorrect API key provided."},
        {401, "authentication_error", "", "invalid x-api-key"}},
    Row{Kind::forbidden,
        {403, "request_forbidden", "unsupported_country_region_territory", "Country, region, or territory not supported"},
        {403, "permission_error", "", "Your API key does not have permission to use the specified resource."}},
    Row{Kind::model_not_found,
        {404, invalid, "model_not_found", "The model does not exist or you do not have access to it."},
        {404, "not_found_error", "", "model: no such model"}},
    Row{Kind::gone,
        {410, invalid, "model_deprecated", "The model has been deprecated."},
        {410, "not_found_error", "", "The model is retired."}},
    Row{Kind::no_json_schema,
        {400, invalid, "", "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."},
        no_such},
    Row{Kind::no_json_object,
        {400, invalid, "", "Invalid parameter: 'response_format' of type 'json_object' is not supported with this model."},
        no_such},
    Row{Kind::context_length,
        {400, invalid, "context_length_exceeded", "This model's maximum context length is 8192 tokens. Please reduce the length."},
        {400, invalid, "", "prompt is too long: 200001 tokens > 200000 maximum"}},
    Row{Kind::too_large, {413, invalid, "", "Request too large."}, {413, "request_too_large", "", "Request exceeds the maximum size"}},
    Row{Kind::server_error,
        {500, "server_error", "", "The server had an error while processing your request. Sorry about that!"},
        {500, "api_error", "", "Internal server error"}},
    Row{Kind::bad_gateway, {502, "", "", ""}, {502, "", "", ""}},
    Row{Kind::unavailable,
        {503, "server_error", "", "The engine is currently overloaded, please try again later"},
        {503, "api_error", "", "Service unavailable"}},
    Row{Kind::gateway_timeout, {504, "server_error", "", "Gateway timeout"}, {504, "timeout_error", "", "Request timed out"}},
    Row{Kind::overloaded, no_such, {529, "overloaded_error", "", "Overloaded"}},
};

}  // namespace

std::optional<Response> error_of(Question const& question, Fault const& fault, Time now, std::string const& id) {
    auto const* row = std::find_if(rows.begin(), rows.end(), [&](Row const& one) { return one.kind == fault.kind; });
    if (row == rows.end()) return std::nullopt;
    auto const& said = question.protocol == Protocol::openai ? row->openai : row->anthropic;
    bool const of_format = fault.kind == Kind::no_json_schema || fault.kind == Kind::no_json_object;
    auto response = error_of(question.protocol, {said.status, said.type, said.message, of_format ? "response_format" : "", said.code}, id);
    if (fault.kind == Kind::bad_gateway) {
        response.headers[0].second = "text/html";
        response.text =
            "<html>\n<head><title>502 Bad Gateway</title></head>\n<body><center><h1>502 Bad Gateway</h1></center></body>\n</html>\n";
    }
    bool const limited = fault.kind == Kind::rate_limit || fault.kind == Kind::rate_limit_date;
    if (!limited && !fault.retry_after) return response;
    auto const wait = fault.retry_after.value_or(1s);
    response.headers.emplace_back("Retry-After", fault.kind == Kind::rate_limit_date
                                                     ? fake_github::format_http_date(fake_github::seconds_of(now + wait))
                                                     : std::to_string(wait.count()));
    return response;
}

}  // namespace groomer::fake_model
