// What the two protocols share in reading and writing JSON.
#pragma once

#include "model/protocol.hpp"

#include <boost/json.hpp>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace groomer::model {

namespace json = boost::json;

inline constexpr std::string_view answer_name = "groom";  // of the schema, and of the tool

// Where the server does not enforce the schema, the model is told it.
std::string system_of(Question const& question, Rung rung);

// At most 32 deep; invalid UTF-8 is no JSON.
std::optional<json::value> parse_bounded(std::string_view text);
// "" and null where it is missing or of another type.
std::string string_of(json::object const& object, std::string_view key);
json::object const* object_of(json::object const& object, std::string_view key);
json::array const* array_of(json::object const& object, std::string_view key);
// The sum of the input's names; nothing where the output, or the first of these, is missing, one is no sensible number, or the sum is 0.
std::optional<Usage> usage_of(json::object const& object, std::initializer_list<std::string_view> input, std::string_view output);
// Who says something has used tokens for it: a usage that denies it is none.
void doubt_usage(Reply& reply);

bool is_blank(std::string_view text);
std::string without_slash(std::string url);

}  // namespace groomer::model
