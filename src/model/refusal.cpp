#include "model/refusal.hpp"

#include "base/text.hpp"
#include "base/time_text.hpp"
#include "model/provider_json.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>

namespace groomer::model {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Kind = Judged::Kind;

// {"error": {"message", "type", "param", "code"}} in both protocols, in others "message", "detail" or a plain string.
struct Told {
    std::string message, code;
};

Told told(std::string_view body) {
    constexpr std::size_t longest = 1024;
    auto const value = body.size() <= 64UL * 1024 ? parse_bounded(body) : std::nullopt;
    auto const* object = value ? value->if_object() : nullptr;
    if (!object) return {std::string{body.substr(0, longest)}, {}};
    auto const* error = object_of(*object, "error");
    auto const& from = error ? *error : *object;
    Told out{string_of(from, "message"), {}};
    for (auto const* key : {"type", "param", "code"}) out.code.append(string_of(from, key).substr(0, 100)).append(" ");
    for (auto const* key : {"error", "detail"})
        if (out.message.empty()) out.message = string_of(*object, key);
    out.message.resize(std::min(out.message.size(), longest));
    return out;
}

std::optional<double> number(std::string_view text) {
    double value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0)) return std::nullopt;
    return value;
}

std::optional<milliseconds> retry_after(net::ClientResponse const& response, WallTime now) {
    auto const wait = [](double seconds) {
        constexpr double longest = 3600;
        return milliseconds{static_cast<std::int64_t>(std::min(seconds, longest) * 1000)};
    };
    if (auto const ms = number(response.header("retry-after-ms"))) return wait(*ms / 1000);
    auto const value = response.header("retry-after");
    if (auto const seconds = number(value)) return wait(*seconds);
    auto const date = parse_http_date(value);
    if (!date) return std::nullopt;
    return std::clamp(std::chrono::duration_cast<milliseconds>(*date - now), milliseconds{1s}, milliseconds{1h});
}

bool says(std::string const& text, std::initializer_list<std::string_view> words) {
    auto const low = to_lower(text);
    return std::any_of(words.begin(), words.end(), [&](auto word) { return low.find(word) != std::string::npos; });
}

// Waiting does not help against these. OpenAI's ordinary limits speak of billing, too.
bool is_without_credit(int status, Told const& error) {
    if (status == 400)
        return says(error.message, {"credit balance is too low", "spend limit", "spending limit", "usage limits"});  // Anthropic
    if (says(error.code, {"rate_limit_exceeded"})) return false;
    return says(error.code, {"insufficient_quota", "billing"}) ||
           says(error.message, {"exceeded your current quota", "credit balance", "spend limit", "spending limit", "hard limit"});
}

Kind kind_of(int status, Told const& error) {
    if (status >= 200 && status < 300) return Kind::answered;
    if (status == 429) return is_without_credit(status, error) ? Kind::endpoint : Kind::wait;
    if (status == 401 || status == 402 || status == 403 || status == 404 || status == 410) return Kind::endpoint;
    if (status == 408 || status == 409 || status == 425 || status >= 500) return Kind::again;
    if (status == 400 && is_without_credit(status, error)) return Kind::endpoint;
    return status >= 400 ? Kind::question : Kind::endpoint;
}

// The others say that nobody took it up.
bool may_have_worked(int status) { return status == 408 || (status >= 500 && status != 503 && status != 529); }

}  // namespace

Judged judge(net::ClientResponse const& response, WallTime now) {
    auto const status = response.status;
    auto const error = status == 200 ? Told{} : told(response.body);
    Judged out;
    out.kind = kind_of(status, error);
    if (out.kind == Kind::answered) return out;
    if (out.kind == Kind::wait) out.after = retry_after(response, now);
    out.perhaps_worked = out.kind == Kind::again && may_have_worked(status);
    out.said = error.message + " " + error.code;
    out.why = "it answered " + std::to_string(status) + (error.message.empty() ? "" : ": " + one_line(error.message, 300));
    return out;
}

}  // namespace groomer::model
