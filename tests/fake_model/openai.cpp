// Chat completions, as OpenAI reads them.
#include "fake_model/reading.hpp"

#include "base/text.hpp"

#include <boost/json/value.hpp>

#include <algorithm>
#include <optional>

namespace groomer::fake_model {
namespace {

namespace json = boost::json;

[[noreturn]] void refuse(std::string const& param, std::string message, std::string code) {
    throw Refusal{400, "invalid_request_error", std::move(message), param, std::move(code)};
}

[[noreturn]] void refuse_type(std::string const& param, std::string_view expected) {
    refuse(param, "Invalid type for '" + param + "': expected " + std::string{expected} + ", but got something else instead.",
           "invalid_type");
}

json::value const& required(json::object const& object, std::string_view name, std::string const& param) {
    auto const* value = object.if_contains(name);
    if (!value || value->is_null()) refuse(param, "Missing required parameter: '" + param + "'.", "missing_required_parameter");
    return *value;
}

std::string const string_of(json::value const& value, std::string const& param) {
    if (!value.is_string()) refuse_type(param, "a string");
    return value.get_string().c_str();
}

void check_decimal(json::object const& body, std::string const& name, double least, double most) {
    auto const* value = body.if_contains(name);
    if (!value || value->is_null()) return;
    if (!value->is_number()) refuse_type(name, "a decimal");
    auto const number = value->to_number<double>();
    if (number > most) refuse(name, "Invalid '" + name + "': decimal above maximum value.", "decimal_above_max_value");
    if (number < least) refuse(name, "Invalid '" + name + "': decimal below minimum value.", "decimal_below_min_value");
}

std::size_t count_of(json::object const& body, std::string const& name) {
    auto const* value = body.if_contains(name);
    if (!value || value->is_null()) return 0;
    if (!value->is_int64()) refuse_type(name, "an integer");
    if (value->get_int64() < 1) refuse(name, "Invalid '" + name + "': integer below minimum value.", "integer_below_min_value");
    return static_cast<std::size_t>(value->get_int64());
}

std::string text_of(json::object const& message, std::string const& param) {
    auto const& content = required(message, "content", param);
    if (content.is_string()) return content.get_string().c_str();
    if (!content.is_array()) refuse_type(param, "one of a string or array of objects");
    std::string text;
    for (auto const& part : content.get_array()) {
        if (!part.is_object()) refuse_type(param + "[0]", "an object");
        auto const type = string_of(required(part.get_object(), "type", param + "[0].type"), param + "[0].type");
        if (type != "text") refuse(param + "[0]", "The fake reads text alone, not '" + type + "'.", "invalid_value");
        text += string_of(required(part.get_object(), "text", param + "[0].text"), param + "[0].text");
    }
    return text;
}

void read_messages(json::object const& body, Question& question) {
    auto const& messages = required(body, "messages", "messages");
    if (!messages.is_array()) refuse_type("messages", "an array of objects");
    if (messages.get_array().empty())
        refuse("messages", "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
               "empty_array");
    std::size_t index = 0;
    for (auto const& message : messages.get_array()) {
        auto const where = "messages[" + std::to_string(index++) + "]";
        if (!message.is_object()) refuse_type(where, "an object");
        auto const& fields = message.get_object();
        refuse_unknown(Protocol::openai, fields, where + ".", {"role", "content", "name", "refusal", "tool_calls", "tool_call_id"});
        auto const role = string_of(required(fields, "role", where + ".role"), where + ".role");
        auto const text = text_of(fields, where + ".content");
        question.prompt_bytes += text.size();
        if (role == "system" || role == "developer") add_paragraph(question.system, text);
        else if (role == "user") add_paragraph(question.user, text);
        else if (role != "assistant" && role != "tool")
            refuse(
                where + ".role",
                "Invalid value: '" + role + "'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.",
                "invalid_value");
    }
}

void read_schema(json::object const& format, Question& question) {
    auto const where = std::string{"response_format.json_schema"};
    auto const& described = required(format, "json_schema", where);
    if (!described.is_object()) refuse_type(where, "an object");
    auto const& fields = described.get_object();
    refuse_unknown(Protocol::openai, fields, where + ".", {"name", "description", "schema", "strict"});
    auto const name = string_of(required(fields, "name", where + ".name"), where + ".name");
    if (!is_name(name, 64))
        refuse(where + ".name",
               "Invalid '" + where +
                   ".name': string does not match pattern. Expected a string that matches the pattern "
                   "'^[a-zA-Z0-9_-]+$', of at most 64 characters.",
               "invalid_value");
    auto const& schema = required(fields, "schema", where + ".schema");
    if (!schema.is_object()) refuse_type(where + ".schema", "an object");
    auto const* strict = fields.if_contains("strict");
    if (strict && !strict->is_bool() && !strict->is_null()) refuse_type(where + ".strict", "a boolean");
    if (strict && strict->is_bool() && strict->get_bool()) check_strict_schema(name, schema.get_object());
    question.rung = Rung::json_schema;
    question.schema = schema.get_object();
}

void read_format(json::object const& body, Question& question) {
    auto const* format = body.if_contains("response_format");
    if (!format || format->is_null()) return;
    if (!format->is_object()) refuse_type("response_format", "an object");
    auto const type = string_of(required(format->get_object(), "type", "response_format.type"), "response_format.type");
    if (type == "text") return;
    if (type == "json_schema") return read_schema(format->get_object(), question);
    if (type != "json_object")
        refuse("response_format.type", "Invalid value: '" + type + "'. Supported values are: 'json_object', 'json_schema', and 'text'.",
               "invalid_value");
    question.rung = Rung::json_object;
    if (to_lower(question.system + question.user).find("json") == std::string::npos)
        refuse("messages", "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.", "");
}

// Models that reason take neither the old name of the limit nor a temperature.
void check_reasoning(json::object const& body, std::string const& model) {
    bool const reasons = model.starts_with("gpt-5") || (model.size() > 1 && model[0] == 'o' && model[1] >= '1' && model[1] <= '9');
    if (!reasons) return;
    if (body.contains("max_tokens"))
        refuse("max_tokens", "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
               "unsupported_parameter");
    auto const* temperature = body.if_contains("temperature");
    if (temperature && temperature->is_number() && temperature->to_number<double>() != 1)
        refuse("temperature",
               "Unsupported value: 'temperature' does not support this value with this model. Only the default (1) value "
               "is supported.",
               "unsupported_value");
}

}  // namespace

Question read_openai(Request const&, json::object const& body) {
    refuse_unknown(Protocol::openai, body, "",
                   {"model",
                    "messages",
                    "max_tokens",
                    "max_completion_tokens",
                    "temperature",
                    "top_p",
                    "n",
                    "stream",
                    "stop",
                    "seed",
                    "user",
                    "response_format",
                    "presence_penalty",
                    "frequency_penalty",
                    "store",
                    "metadata",
                    "reasoning_effort",
                    "service_tier",
                    "verbosity",
                    "safety_identifier",
                    "prompt_cache_key"});
    Question question;
    auto const* model = body.if_contains("model");
    if (!model || !model->is_string() || model->get_string().empty()) refuse("", "you must provide a model parameter", "");
    question.model = model->get_string().c_str();
    read_messages(body, question);
    check_decimal(body, "temperature", 0, 2);
    check_decimal(body, "top_p", 0, 1);
    auto const old_limit = count_of(body, "max_tokens"), limit = count_of(body, "max_completion_tokens");
    if (old_limit && limit)
        refuse("max_tokens", "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
               "invalid_parameter_combination");
    question.max_tokens = std::max(old_limit, limit);
    check_reasoning(body, question.model);
    if (count_of(body, "n") > 1) refuse("n", "The fake gives one answer.", "invalid_value");
    auto const* stream = body.if_contains("stream");
    if (stream && *stream != json::value(false) && !stream->is_null()) refuse("stream", "The fake does not stream.", "invalid_value");
    read_format(body, question);
    return question;
}

}  // namespace groomer::fake_model
