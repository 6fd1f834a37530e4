#include "fake_model/faults.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace groomer::fake_model {
namespace {

using Kind = FaultKind;

constexpr std::array names{
    FaultName{Kind::none, "delay", "the right answer, after `delay`"},
    FaultName{Kind::rate_limit, "rate_limit", "429, Retry-After in seconds"},
    FaultName{Kind::rate_limit_date, "rate_limit_date", "429, Retry-After as a date"},
    FaultName{Kind::rate_limit_bare, "rate_limit_bare", "429 without Retry-After"},
    FaultName{Kind::quota, "quota", "429 insufficient_quota; Anthropic: 402 billing_error"},
    FaultName{Kind::credit, "credit", "Anthropic: 400, the credit balance is too low"},
    FaultName{Kind::spend_limit, "spend_limit", "429 of a spend limit; Anthropic: 400"},
    FaultName{Kind::unauthorized, "unauthorized", "401, whatever the key"},
    FaultName{Kind::forbidden, "forbidden", "403"},
    FaultName{Kind::model_not_found, "model_not_found", "404"},
    FaultName{Kind::gone, "gone", "410"},
    FaultName{Kind::no_json_schema, "no_json_schema", "OpenAI: 400 where a json_schema is asked for"},
    FaultName{Kind::no_json_object, "no_json_object", "OpenAI: 400 where a json_object is asked for"},
    FaultName{Kind::context_length, "context_length", "400, the prompt is too long"},
    FaultName{Kind::too_large, "too_large", "413"},
    FaultName{Kind::server_error, "server_error", "500"},
    FaultName{Kind::bad_gateway, "bad_gateway", "502, a page for people"},
    FaultName{Kind::unavailable, "unavailable", "503"},
    FaultName{Kind::gateway_timeout, "gateway_timeout", "504"},
    FaultName{Kind::overloaded, "overloaded", "Anthropic: 529"},
    FaultName{Kind::close_before, "close_before", "the connection ends without an answer"},
    FaultName{Kind::close_in_body, "close_in_body", "it ends in the middle of the body"},
    FaultName{Kind::silent, "silent", "nothing is ever answered"},
    FaultName{Kind::garbage, "garbage", "bytes that are no HTTP"},
    FaultName{Kind::garbage_body, "garbage_body", "200, and a body that is no JSON"},
    FaultName{Kind::refusal, "refusal", "the model refuses: message.refusal, stop_reason refusal"},
    FaultName{Kind::length, "length", "cut in the middle: finish_reason length, stop_reason max_tokens"},
    FaultName{Kind::empty, "empty", "an empty content"},
    FaultName{Kind::null_content, "null_content", "a content of null"},
    FaultName{Kind::content_filter, "content_filter", "OpenAI: finish_reason content_filter, half of the text"},
    FaultName{Kind::not_json, "not_json", "prose"},
    FaultName{Kind::other_shape, "other_shape", "JSON that nobody asked for"},
    FaultName{Kind::fenced, "fenced", "the right JSON in a fence, with prose around it"},
    FaultName{Kind::nul_bytes, "nul_bytes", "NULs between the tokens"},
    FaultName{Kind::nul_escapes, "nul_escapes", "NULs in every string of the JSON"},
    FaultName{Kind::huge, "huge", "a free text of 10 MiB"},
    FaultName{Kind::unknown_label, "unknown_label", "a word that is none of the enum's, wherever one is chosen"},
    FaultName{Kind::contradiction, "contradiction", "needs_info, and no gaps"},
    FaultName{Kind::duplicate_keys, "duplicate_keys", "each member twice, with two values where a word is chosen"},
    FaultName{Kind::wrong_duplicate, "wrong_duplicate", "999999999 as the duplicate, and among those related"},
    FaultName{Kind::numbers_as_strings, "numbers_as_strings", "\"0.9\""},
    FaultName{Kind::no_usage, "no_usage", "without usage"},
    FaultName{Kind::absurd_usage, "absurd_usage", "usage of 2^62 tokens"},
    FaultName{Kind::negative_usage, "negative_usage", "usage of -1 tokens"},
    FaultName{Kind::zero_usage, "zero_usage", "usage of 0 tokens"},
    FaultName{Kind::no_choices, "no_choices", "no choice, no content block"},
    FaultName{Kind::text_for_tool, "text_for_tool", "Anthropic: the JSON as text, no tool_use"},
    FaultName{Kind::several_blocks, "several_blocks", "Anthropic: thinking, text, and only then the answer"},
};

template <class Number>
Number number(std::string const& text, Number (*convert)(std::string const&, std::size_t*)) {
    std::size_t end = 0;
    auto const value = text.empty() || text[0] == '-' ? throw std::invalid_argument{text} : convert(text, &end);
    if (end != text.size()) throw std::invalid_argument{text};
    return value;
}

std::uint64_t whole(std::string const& text) {
    return number<std::uint64_t>(text, [](std::string const& t, std::size_t* end) -> std::uint64_t { return std::stoull(t, end); });
}

std::chrono::milliseconds duration(std::string const& text) {
    auto const read = parse_duration(text);
    return read ? *read : throw std::invalid_argument{text};
}

void set(Matcher& matcher, Fault& fault, std::string_view name, std::string const& value) {
    if (name == "nth") matcher.nth = std::max<std::uint64_t>(whole(value), 1);
    else if (name == "every") matcher.every = std::max<std::uint64_t>(whole(value), 1);
    else if (name == "times") matcher.times = whole(value);
    else if (name == "p") matcher.probability = number<double>(value, [](std::string const& t, std::size_t* e) { return std::stod(t, e); });
    else if (name == "delay") fault.delay = duration(value);
    else if (name == "retry_after") fault.retry_after = std::chrono::floor<std::chrono::seconds>(duration(value));
    else throw std::invalid_argument{std::string{name}};
}

}  // namespace

std::span<FaultName const> fault_names() { return names; }

std::string_view name_of(FaultKind kind) {
    auto const* found = std::find_if(names.begin(), names.end(), [&](FaultName const& name) { return name.kind == kind; });
    return found == names.end() ? "" : found->name;
}

bool applies(FaultKind kind, Question const& question) {
    bool const openai = question.protocol == Protocol::openai;
    switch (kind) {
        case Kind::no_json_schema: return question.rung == Rung::json_schema;
        case Kind::no_json_object: return question.rung == Rung::json_object;
        case Kind::content_filter: return openai;
        case Kind::credit:
        case Kind::overloaded:
        case Kind::several_blocks: return !openai;
        case Kind::text_for_tool: return question.rung == Rung::tool;
        default: return true;
    }
}

void Faults::add(std::string_view rule) {
    auto const colon = std::min(rule.find(':'), rule.size());
    auto const* found = std::find_if(names.begin(), names.end(), [&](FaultName const& name) { return name.name == rule.substr(0, colon); });
    if (found == names.end()) throw std::invalid_argument{"no such fault: " + std::string{rule}};
    Matcher matcher;
    Fault fault{found->kind};
    try {
        for (auto rest = rule.substr(std::min(colon + 1, rule.size())); !rest.empty();) {
            bool const text = rest.starts_with("text=");
            auto const end = text ? rest.size() : std::min(rest.find(','), rest.size());
            auto const equals = std::min(rest.find('='), end);
            std::string const value{rest.substr(std::min(equals + 1, end), end - std::min(equals + 1, end))};
            if (text) matcher.text = value;
            else set(matcher, fault, rest.substr(0, equals), value);
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    } catch (std::logic_error const&) {
        throw std::invalid_argument{"this is no rule: " + std::string{rule}};
    }
    add(std::move(matcher), fault);
}

std::optional<Fault> Faults::next(Question const& question) {
    for (auto& rule : rules_) {
        auto const& matcher = rule.matcher;
        if (!applies(rule.fault.kind, question) || question.user.find(matcher.text) == std::string::npos) continue;
        auto const nth = ++rule.seen;
        if (nth < matcher.nth || (nth - matcher.nth) % matcher.every || (matcher.times && rule.sprung >= matcher.times)) continue;
        if (matcher.probability < 1 && std::uniform_real_distribution<>{}(random_) >= matcher.probability) continue;
        ++rule.sprung;
        ++sprung_;
        return rule.fault;
    }
    return std::nullopt;
}

}  // namespace groomer::fake_model
