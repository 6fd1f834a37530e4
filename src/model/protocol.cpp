#include "model/protocol.hpp"

#include "base/text.hpp"
#include "model/anthropic.hpp"
#include "model/openai.hpp"

#include <algorithm>
#include <initializer_list>

namespace groomer::model {
namespace {

bool names_any(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [&](auto word) { return text.find(word) != std::string_view::npos; });
}

}  // namespace

std::string_view name(Flaw flaw) {
    switch (flaw) {
        case Flaw::none: return "none";
        case Flaw::refused: return "refused";
        case Flaw::filtered: return "filtered";
        case Flaw::cut_short: return "cut_short";
        case Flaw::empty: return "empty";
        case Flaw::unreadable: return "unreadable";
        case Flaw::too_long: return "too_long";
    }
    return {};
}

Protocol const* find_protocol(std::string_view provider) {
    static OpenAi const openai;
    static Anthropic const anthropic;
    if (provider == "openai") return &openai;
    if (provider == "anthropic") return &anthropic;
    return nullptr;
}

std::optional<Shape> next_shape(Shape shape, std::string_view refusal) {
    auto const said = to_lower(refusal.substr(0, 4096));
    if (!shape.other_limit && names_any(said, {"max_completion_tokens"})) {
        shape.other_limit = true;
        return shape;
    }
    if (!names_any(said, {"response_format", "json_schema", "json schema", "json_object", "json mode", "grammar", "structured output",
                          "tool_choice", "tools", "input_schema"}))
        return std::nullopt;
    if (shape.rung == Rung::plain) return std::nullopt;
    shape.rung = shape.rung == Rung::schema ? Rung::object : Rung::plain;
    return shape;
}

}  // namespace groomer::model
