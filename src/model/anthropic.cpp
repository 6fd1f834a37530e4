#include "model/anthropic.hpp"

#include "model/provider_json.hpp"

namespace groomer::model {
namespace {

// Base URLs with the version and without it are found in people's settings.
std::string with_version(std::string base_url) {
    auto base = without_slash(std::move(base_url));
    return base.ends_with("/v1") ? base : base + "/v1";
}

// The tool's input; else what was said in words.
std::string said(json::array const& content) {
    std::string text;
    for (auto const& element : content) {
        auto const* block = element.if_object();
        if (!block) continue;
        auto const type = string_of(*block, "type");
        if (auto const* input = object_of(*block, "input"); input && type == "tool_use") return json::serialize(*input);
        if (type == "text") text += string_of(*block, "text");
    }
    return text;
}

}  // namespace

std::string Anthropic::url(std::string base_url) const { return with_version(std::move(base_url)) + "/messages"; }

std::string Anthropic::models_url(std::string base_url) const { return with_version(std::move(base_url)) + "/models"; }

std::vector<net::Header> Anthropic::headers(std::string const& key) const {
    std::vector<net::Header> headers{{"anthropic-version", "2023-06-01"}};
    if (!key.empty()) headers.push_back({"x-api-key", key});
    return headers;
}

std::string Anthropic::body(Question const& question, std::string const& model, Shape shape) const {
    json::array messages;
    for (auto const& turn : question.turns)
        messages.push_back(json::object{{"role", turn.ours ? "user" : "assistant"}, {"content", turn.text}});
    json::object request{{"model", model},
                         {"max_tokens", question.most_output},
                         {"system", system_of(question, shape.rung)},
                         {"messages", std::move(messages)}};
    if (shape.rung != Rung::schema) return json::serialize(request);
    json::object tool{{"name", answer_name}, {"description", "Gives the answer."}, {"input_schema", json::parse(question.schema)}};
    request["tools"] = json::array{std::move(tool)};
    request["tool_choice"] = json::object{{"type", "tool"}, {"name", answer_name}};
    return json::serialize(request);
}

Reply Anthropic::read(std::string_view body) const {
    Reply reply;
    reply.flaw = Flaw::unreadable;
    auto const value = parse_bounded(body);
    auto const* object = value ? value->if_object() : nullptr;
    if (!object) return reply;
    reply.usage = usage_of(*object, {"input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"}, "output_tokens");
    auto const* content = array_of(*object, "content");
    if (!content) return reply;
    reply.text = said(*content);
    doubt_usage(reply);
    auto const stop = string_of(*object, "stop_reason");
    reply.flaw = stop == "refusal"      ? Flaw::refused
                 : stop == "max_tokens" ? Flaw::cut_short
                 : is_blank(reply.text) ? Flaw::empty
                                        : Flaw::none;
    return reply;
}

}  // namespace groomer::model
