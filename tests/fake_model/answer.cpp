#include "fake_model/answer.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <vector>

namespace groomer::fake_model {
namespace {

namespace json = boost::json;
using Kind = FaultKind;

std::int64_t said(std::size_t tokens, Kind fault) {
    if (fault == Kind::absurd_usage) return std::int64_t{1} << 62U;
    if (fault == Kind::zero_usage) return 0;
    return fault == Kind::negative_usage ? -1 : static_cast<std::int64_t>(tokens);
}

std::string openai_body(Question const& question, Reply const& reply, Kind fault, Time now, std::string const& id) {
    json::object message{{"role", "assistant"}, {"content", nullptr}, {"refusal", nullptr}};
    if (reply.content) message["content"] = *reply.content;
    if (!reply.refusal.empty()) message["refusal"] = reply.refusal;
    json::object const choice{{"index", 0}, {"message", message}, {"logprobs", nullptr}, {"finish_reason", reply.finish}};
    json::object body{{"id", "chatcmpl-" + id},
                      {"object", "chat.completion"},
                      {"created", std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count()},
                      {"model", question.model},
                      {"choices", fault == Kind::no_choices ? json::array{} : json::array{choice}}};
    auto const prompt = tokens_of(question.prompt_bytes), completion = reply.completion_tokens;
    if (fault != Kind::no_usage)
        body["usage"] = json::object{{"prompt_tokens", said(prompt, fault)},
                                     {"completion_tokens", said(completion, fault)},
                                     {"total_tokens", said(prompt + completion, fault)}};
    return json::serialize(body);
}

std::string text_block(std::string const& text) { return json::serialize(json::object{{"type", "text"}, {"text", text}}); }

bool is_object(std::string const& text) {
    boost::system::error_code error;
    auto const value = json::parse(text, error);
    return !error && value.is_object();
}

// The input of a tool goes in as the mind wrote it, with its duplicate keys if it has some. What is no object cannot be an input:
// then the model did not use the tool, but talked.
std::string answer_block(Question const& question, Reply const& reply, Kind fault, std::string const& id) {
    bool const cut = reply.finish == "length";
    bool const tool = question.rung == Rung::tool && fault != Kind::text_for_tool && (cut || is_object(*reply.content));
    if (!tool) return text_block(*reply.content);
    return R"({"type":"tool_use","id":"toolu_)" + id + R"(","name":)" + json::serialize(json::string(question.tool)) + R"(,"input":)" +
           (cut ? "{}" : *reply.content) + "}";
}

std::string blocks_of(Question const& question, Reply const& reply, Kind fault, std::string const& id) {
    if (fault == Kind::null_content) return "null";
    if (fault == Kind::no_choices || !reply.content) return "[]";
    std::string blocks;
    if (fault == Kind::several_blocks)
        blocks = R"({"type":"thinking","thinking":"A bug, or is it {\"a\": 1}?","signature":"c2ln"},)" + text_block("Let me {look}.") + ",";
    return "[" + blocks + answer_block(question, reply, fault, id) + "]";
}

std::string anthropic_body(Question const& question, Reply const& reply, Kind fault, std::string const& id) {
    auto const blocks = blocks_of(question, reply, fault, id);
    std::string reason = blocks.find(R"("type":"tool_use")") != std::string::npos ? "tool_use" : "end_turn";
    if (reply.finish == "length") reason = "max_tokens";
    if (!reply.refusal.empty()) reason = "refusal";
    json::object const usage{{"input_tokens", said(tokens_of(question.prompt_bytes), fault)},
                             {"output_tokens", said(reply.completion_tokens, fault)}};
    return R"({"id":"msg_)" + id + R"(","type":"message","role":"assistant","model":)" + json::serialize(json::string(question.model)) +
           R"(,"content":)" + blocks + R"(,"stop_reason":")" + reason + R"(","stop_sequence":null)" +
           (fault == Kind::no_usage ? "" : R"(,"usage":)" + json::serialize(usage)) + "}";
}

Response wrapped(Protocol protocol, int status, std::string text, std::string const& id) {
    Response response;
    response.status = status;
    response.headers = {{"Content-Type", "application/json"}, {protocol == Protocol::openai ? "x-request-id" : "request-id", "req_" + id}};
    response.text = std::move(text);
    return response;
}

}  // namespace

Response list_of(std::set<std::string> const& models) {
    json::array data;
    for (auto const& model : models) data.push_back(json::object{{"id", model}, {"object", "model"}});
    Response response;
    response.text = json::serialize(json::object{{"object", "list"}, {"data", data}});
    return response;
}

Response answer_of(Question const& question, Reply const& reply, FaultKind fault, Time now, std::string const& id) {
    bool const openai = question.protocol == Protocol::openai;
    return wrapped(question.protocol, 200,
                   openai ? openai_body(question, reply, fault, now, id) : anthropic_body(question, reply, fault, id), id);
}

Response error_of(Protocol protocol, Refusal const& refusal, std::string const& id) {
    auto const or_null = [](std::string const& text) { return text.empty() ? json::value(nullptr) : json::value(text); };
    json::object error{{"type", refusal.type}, {"message", refusal.message}};
    if (protocol == Protocol::anthropic)
        return wrapped(protocol, refusal.status,
                       json::serialize(json::object{{"type", "error"}, {"error", error}, {"request_id", "req_" + id}}), id);
    error["param"] = or_null(refusal.param);
    error["code"] = or_null(refusal.code);
    return wrapped(protocol, refusal.status, json::serialize(json::object{{"error", error}}), id);
}

}  // namespace groomer::fake_model
