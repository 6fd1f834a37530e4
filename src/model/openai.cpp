#include "model/openai.hpp"

#include "model/provider_json.hpp"

namespace groomer::model {
namespace {

json::object response_format(Question const& question, Rung rung) {
    if (rung == Rung::object) return {{"type", "json_object"}};
    return {{"type", "json_schema"},
            {"json_schema", json::object{{"name", answer_name}, {"strict", true}, {"schema", json::parse(question.schema)}}}};
}

Flaw flaw_of(json::object const& choice, json::object const& message) {
    auto const reason = string_of(choice, "finish_reason");
    if (!string_of(message, "refusal").empty()) return Flaw::refused;
    if (reason == "content_filter") return Flaw::filtered;
    if (reason == "length") return Flaw::cut_short;
    return Flaw::none;
}

}  // namespace

std::string OpenAi::url(std::string base_url) const { return without_slash(std::move(base_url)) + "/chat/completions"; }

std::string OpenAi::models_url(std::string base_url) const { return without_slash(std::move(base_url)) + "/models"; }

std::vector<net::Header> OpenAi::headers(std::string const& key) const {
    if (key.empty()) return {};  // a server of one's own may want none
    return {{"Authorization", "Bearer " + key}};
}

// No temperature: newer models refuse any but their own, and a decision is asked for once.
std::string OpenAi::body(Question const& question, std::string const& model, Shape shape) const {
    json::array messages{json::object{{"role", "system"}, {"content", system_of(question, shape.rung)}}};
    for (auto const& turn : question.turns)
        messages.push_back(json::object{{"role", turn.ours ? "user" : "assistant"}, {"content", turn.text}});
    json::object request{{"model", model}, {"messages", std::move(messages)}, {"stream", false}};
    // The older name is what servers of one's own know; OpenAI's newer models take the newer one alone.
    request[shape.other_limit ? "max_completion_tokens" : "max_tokens"] = question.most_output;
    if (shape.rung != Rung::plain) request["response_format"] = response_format(question, shape.rung);
    return json::serialize(request);
}

Reply OpenAi::read(std::string_view body) const {
    Reply reply;
    reply.flaw = Flaw::unreadable;
    auto const value = parse_bounded(body);
    auto const* object = value ? value->if_object() : nullptr;
    if (!object) return reply;
    reply.usage = usage_of(*object, {"prompt_tokens"}, "completion_tokens");
    auto const* choices = array_of(*object, "choices");
    auto const* choice = choices && !choices->empty() ? choices->front().if_object() : nullptr;
    auto const* message = choice ? object_of(*choice, "message") : nullptr;
    if (!message) return reply;
    reply.flaw = flaw_of(*choice, *message);
    reply.text = string_of(*message, "content");
    doubt_usage(reply);
    if (reply.flaw == Flaw::none && is_blank(reply.text)) reply.flaw = Flaw::empty;
    return reply;
}

}  // namespace groomer::model
