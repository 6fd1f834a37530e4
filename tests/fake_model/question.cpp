#include "fake_model/question.hpp"

#include "base/text.hpp"
#include "fake_model/reading.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/stream_parser.hpp>

#include <algorithm>
#include <cctype>

namespace groomer::fake_model {

namespace json = boost::json;

std::string_view name_of(Protocol protocol) { return protocol == Protocol::openai ? "openai" : "anthropic"; }

std::string_view name_of(Rung rung) {
    switch (rung) {
        case Rung::json_schema: return "json_schema";
        case Rung::json_object: return "json_object";
        case Rung::plain: return "plain";
        case Rung::tool: return "tool";
    }
    return "";
}

std::variant<Question, Refusal> read_question(Protocol protocol, Request const& request) {
    bool const openai = protocol == Protocol::openai;
    Refusal no_json;
    no_json.message = openai ? "We could not parse the JSON body of your request. The OpenAI API expects a JSON payload."
                             : "The request body is not valid JSON: expected value at line 1 column 1";
    boost::system::error_code error;
    auto const body = json::parse(request.body, error);
    bool const said = to_lower(request.header("content-type")).starts_with("application/json");
    if (error || !body.is_object() || !said || !is_utf8(request.body)) return no_json;
    try {
        return openai ? read_openai(request, body.get_object()) : read_anthropic(request, body.get_object());
    } catch (Refusal& refusal) {
        return std::move(refusal);
    }
}

void refuse_unknown(Protocol protocol, json::object const& object, std::string const& where,
                    std::initializer_list<std::string_view> known) {
    for (auto const& member : object) {
        if (std::find(known.begin(), known.end(), std::string_view{member.key()}) != known.end()) continue;
        auto const name = where + std::string{member.key()};
        Refusal refusal;
        if (protocol == Protocol::openai) refusal = {400, refusal.type, "Unknown parameter: '" + name + "'.", name, "unknown_parameter"};
        else refusal.message = name + ": Extra inputs are not permitted";
        throw refusal;
    }
}

void add_paragraph(std::string& to, std::string const& text) { to += (to.empty() ? "" : "\n\n") + text; }

bool is_name(std::string_view name, std::size_t longest) {
    auto const allowed = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; };
    return !name.empty() && name.size() <= longest && std::all_of(name.begin(), name.end(), allowed);
}

std::size_t object_at(std::string_view text, std::size_t at, json::object& out) {
    json::stream_parser parser;
    boost::system::error_code error;
    auto const read = parser.write_some(text.data() + at, text.size() - at, error);
    if (error || !parser.done()) return 0;
    auto value = parser.release();
    if (!value.is_object()) return 0;
    out = std::move(value.get_object());
    return text.rfind('}', at + read - 1) + 1;  // white space after it is read, too
}

json::object find_schema(std::string_view text) {
    int tries = 1000;  // each may read to the end
    for (auto at = text.find('{'); at != std::string_view::npos && tries-- > 0; at = text.find('{', at + 1)) {
        json::object found;
        if (object_at(text, at, found) && found.contains("properties") && found.contains("type")) return found;
    }
    return {};
}

}  // namespace groomer::fake_model
