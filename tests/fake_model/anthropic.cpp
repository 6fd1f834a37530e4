// The Messages API, as Anthropic reads it.
#include "fake_model/reading.hpp"

#include <boost/json/value.hpp>

#include <algorithm>

namespace groomer::fake_model {
namespace {

namespace json = boost::json;

[[noreturn]] void refuse(std::string message) {
    Refusal refusal;
    refusal.message = std::move(message);
    throw refusal;
}

json::value const& required(json::object const& object, std::string_view name, std::string const& where) {
    auto const* value = object.if_contains(name);
    if (!value) refuse(where + std::string{name} + ": Field required");
    return *value;
}

std::string string_of(json::value const& value, std::string const& where) {
    if (!value.is_string()) refuse(where + ": Input should be a valid string");
    return value.get_string().c_str();
}

// A string, or blocks of text. What was said of tools before goes by.
std::string text_of(json::value const& content, std::string const& where) {
    if (content.is_string()) return content.get_string().c_str();
    if (!content.is_array()) refuse(where + ": Input should be a valid list");
    std::string text;
    std::size_t index = 0;
    for (auto const& block : content.get_array()) {
        auto const here = where + "." + std::to_string(index++);
        if (!block.is_object()) refuse(here + ": Input should be a valid dictionary");
        auto const type = string_of(required(block.get_object(), "type", here + "."), here + ".type");
        if (type == "tool_use" || type == "tool_result") continue;
        if (type != "text") refuse(here + ": The fake reads text alone, not '" + type + "'");
        auto const part = string_of(required(block.get_object(), "text", here + ".text."), here + ".text.text");
        if (part.empty()) refuse("messages: text content blocks must be non-empty");
        text += part;
    }
    return text;
}

void read_messages(json::object const& body, Question& question) {
    auto const& messages = required(body, "messages", "");
    if (!messages.is_array()) refuse("messages: Input should be a valid list");
    if (messages.get_array().empty()) refuse("messages: at least one message is required");
    std::size_t index = 0;
    for (auto const& message : messages.get_array()) {
        auto const where = "messages." + std::to_string(index);
        if (!message.is_object()) refuse(where + ": Input should be a valid dictionary");
        auto const& fields = message.get_object();
        refuse_unknown(Protocol::anthropic, fields, where + ".", {"role", "content"});
        auto const role = string_of(required(fields, "role", where + "."), where + ".role");
        if (role == "system")
            refuse(
                "messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \"system\" as an "
                "input message role.");
        if (role != "user" && role != "assistant") refuse(where + ".role: Input should be 'user' or 'assistant'");
        if (index++ == 0 && role != "user") refuse("messages: first message must use the \"user\" role");
        auto const& content = required(fields, "content", where + ".");
        auto const text = text_of(content, where + ".content");
        if (text.empty() && !content.is_array()) refuse(where + ": user messages must have non-empty content");
        question.prompt_bytes += text.size();
        if (role == "user") add_paragraph(question.user, text);
    }
}

void check_number(json::object const& body, std::string const& name, double most) {
    auto const* value = body.if_contains(name);
    if (!value) return;
    if (!value->is_number()) refuse(name + ": Input should be a valid number");
    auto const number = value->to_number<double>();
    if (number < 0) refuse(name + ": Input should be greater than or equal to 0");
    if (number > most) refuse(name + ": Input should be less than or equal to " + std::to_string(static_cast<int>(most)));
}

// The schema of the tool of that name, or of the first one.
json::object const* find_tool(json::object const& body, std::string& wanted) {
    auto const* tools = body.if_contains("tools");
    if (!tools) return nullptr;
    if (!tools->is_array()) refuse("tools: Input should be a valid list");
    json::object const* found = nullptr;
    std::size_t index = 0;
    for (auto const& tool : tools->get_array()) {
        auto const where = "tools." + std::to_string(index++) + ".custom.";
        if (!tool.is_object()) refuse(where + ": Input should be a valid dictionary");
        auto const& fields = tool.get_object();
        refuse_unknown(Protocol::anthropic, fields, where, {"name", "description", "input_schema", "type", "cache_control", "strict"});
        auto const name = string_of(required(fields, "name", where), where + "name");
        if (!is_name(name, 128)) refuse(where + "name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'");
        auto const& schema = required(fields, "input_schema", where);
        if (!schema.is_object()) refuse(where + "input_schema: Input should be a valid dictionary");
        if (required(schema.get_object(), "type", where + "input_schema.") != json::value("object"))
            refuse(where + "input_schema.type: Input should be 'object'");
        if (found || (!wanted.empty() && wanted != name)) continue;
        wanted = name;
        found = &schema.get_object();
    }
    return found;
}

void read_tools(json::object const& body, Question& question) {
    std::string wanted, type = "auto";
    if (auto const* choice = body.if_contains("tool_choice")) {
        if (!choice->is_object()) refuse("tool_choice: Input should be a valid dictionary");
        auto const& fields = choice->get_object();
        refuse_unknown(Protocol::anthropic, fields, "tool_choice.", {"type", "name", "disable_parallel_tool_use"});
        type = string_of(required(fields, "type", "tool_choice."), "tool_choice.type");
        if (type != "auto" && type != "any" && type != "tool" && type != "none")
            refuse("tool_choice: Input tag '" + type +
                   "' found using 'type' does not match any of the expected tags: 'auto', 'any', "
                   "'tool', 'none'");
        if (type == "tool") wanted = string_of(required(fields, "name", "tool_choice.tool."), "tool_choice.tool.name");
        if (!body.contains("tools")) refuse("tool_choice: tool_choice may only be specified while providing tools");
    }
    auto const* schema = find_tool(body, wanted);
    if (!schema && type == "tool") refuse("tool_choice: Tool '" + wanted + "' not found in provided tools");
    if (!schema || type == "none") return;
    question.rung = Rung::tool;
    question.tool = wanted;
    question.schema = *schema;
}

}  // namespace

Question read_anthropic(Request const& request, json::object const& body) {
    auto const version = request.header("anthropic-version");
    if (version.empty()) refuse("anthropic-version: header is required");
    if (version != "2023-06-01" && version != "2023-01-01")
        refuse("anthropic-version: \"" + std::string{version} + "\" is not a valid version");
    refuse_unknown(Protocol::anthropic, body, "",
                   {"model", "max_tokens", "messages", "system", "temperature", "top_p", "top_k", "stop_sequences", "stream", "metadata",
                    "tools", "tool_choice", "thinking", "service_tier"});
    Question question;
    question.protocol = Protocol::anthropic;
    question.model = string_of(required(body, "model", ""), "model");
    auto const& limit = required(body, "max_tokens", "");
    if (!limit.is_int64()) refuse("max_tokens: Input should be a valid integer");
    if (limit.get_int64() < 1) refuse("max_tokens: Input should be greater than or equal to 1");
    question.max_tokens = static_cast<std::size_t>(limit.get_int64());
    read_messages(body, question);
    if (auto const* system = body.if_contains("system")) question.system = text_of(*system, "system");
    question.prompt_bytes += question.system.size();
    check_number(body, "temperature", 1);
    check_number(body, "top_p", 1);
    auto const* stream = body.if_contains("stream");
    if (stream && *stream != json::value(false)) refuse("stream: The fake does not stream");
    read_tools(body, question);
    return question;
}

}  // namespace groomer::fake_model
