#include "model/provider_json.hpp"

#include <algorithm>

namespace groomer::model {

std::string system_of(Question const& question, Rung rung) {
    if (rung == Rung::schema) return question.system;
    return question.system + "\nAnswer with one JSON object alone, which follows this schema:\n" + question.schema + "\n";
}

std::optional<json::value> parse_bounded(std::string_view text) {
    json::parse_options options;
    options.max_depth = 32;
    json::error_code error;
    auto value = json::parse({text.data(), text.size()}, error, {}, options);
    if (error) return std::nullopt;
    return value;
}

std::string string_of(json::object const& object, std::string_view key) {
    auto const* value = object.if_contains(key);
    auto const* text = value ? value->if_string() : nullptr;
    return text ? std::string{text->data(), text->size()} : std::string{};
}

json::object const* object_of(json::object const& object, std::string_view key) {
    auto const* value = object.if_contains(key);
    return value ? value->if_object() : nullptr;
}

json::array const* array_of(json::object const& object, std::string_view key) {
    auto const* value = object.if_contains(key);
    return value ? value->if_array() : nullptr;
}

std::optional<Usage> usage_of(json::object const& object, std::initializer_list<std::string_view> input, std::string_view output) {
    constexpr std::int64_t most = 100'000'000;
    auto const* usage = object_of(object, "usage");
    if (!usage) return std::nullopt;
    auto const number = [&](std::string_view key, bool required) -> std::optional<std::int64_t> {
        auto const* value = usage->if_contains(key);
        if (!value || value->is_null()) return required ? std::nullopt : std::optional<std::int64_t>{0};
        auto const* count = value->if_int64();
        return count && *count >= 0 && *count <= most ? std::optional{*count} : std::nullopt;
    };
    Usage out;
    for (auto const* key = input.begin(); key != input.end(); ++key) {
        auto const count = number(*key, key == input.begin());
        if (!count) return std::nullopt;
        out.input += *count;
    }
    auto const count = number(output, true);
    if (!count || out.input == 0) return std::nullopt;  // every question has something in it
    out.output = *count;
    return out;
}

void doubt_usage(Reply& reply) {
    if (reply.usage && reply.usage->output == 0 && !is_blank(reply.text)) reply.usage.reset();
}

bool is_blank(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
}

std::string without_slash(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

}  // namespace groomer::model
