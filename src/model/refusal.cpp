#include "model/refusal.hpp"

#include "base/text.hpp"
#include "model/provider_json.hpp"
#include "base/time_text.hpp"

#include <algorithm>
#include <charconv>

namespace groomer::model {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Kind = Judged::Kind;

// {"error": {"message", "type", "code"}} in both protocols, in others "message", "detail" or a plain string.
struct Told {
    std::string message, code;
};

Told told(std::string_view body) {
    auto const value = body.size() <= 64UL * 1024 ? parse_bounded(body) : std::nullopt;
    auto const* object = value ? value->if_object() : nullptr;
    if (!object) return {std::string{body.substr(0, 1024)}, {}};
    auto const* error = object_of(*object, "error");
    auto const& from = error ? *error : *object;
    Told out{string_of(from, "message"), string_of(from, "type") + " " + string_of(from, "code")};
    for (auto const* key : {"error", "detail"})
        if (out.message.empty()) out.message = string_of(*object, key);
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

// Waiting does not help against these.
bool speaks_of_credit(Told const& error) {
    auto const said = to_lower(error.code + " " + error.message.substr(0, 2000));
    for (std::string_view words : {"insufficient_quota", "exceeded your current quota", "billing", "credit", "spend limit", "spending limit"})
        if (said.find(words) != std::string::npos) return true;
    return false;
}

Kind kind_of(int status, Told const& error) {
    if (status >= 200 && status < 300) return Kind::answered;
    if (status == 429) return speaks_of_credit(error) ? Kind::endpoint : Kind::wait;
    if (status == 401 || status == 402 || status == 403 || status == 404 || status == 410) return Kind::endpoint;
    if (status == 408 || status == 409 || status == 425 || status >= 500) return Kind::again;
    if (status == 400 && speaks_of_credit(error)) return Kind::endpoint;  // Anthropic
    return status >= 400 ? Kind::question : Kind::endpoint;
}

}  // namespace

Judged judge(net::ClientResponse const& response, WallTime now) {
    auto const error = response.status == 200 ? Told{} : told(response.body);
    Judged out{kind_of(response.status, error), {}, {}};
    if (out.kind == Kind::wait) out.after = retry_after(response, now);
    if (out.kind != Kind::answered)
        out.why = "it answered " + std::to_string(response.status) + (error.message.empty() ? "" : ": " + one_line(error.message, 300));
    return out;
}

}  // namespace groomer::model
