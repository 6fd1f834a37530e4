// Reading a request's JSON: each function throws the Refusal that the service would give.
#pragma once

#include "fake_model/question.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <initializer_list>
#include <string>
#include <string_view>

namespace groomer::fake_model {

Question read_openai(Request const& request, boost::json::object const& body);
Question read_anthropic(Request const& request, boost::json::object const& body);

// OpenAI's strict structured outputs take a part of JSON schema only. Throws what is wrong with it.
void check_strict_schema(std::string const& name, boost::json::object const& schema);

// Throws "where: what" of the first member that is none of `known`, in that service's words.
void refuse_unknown(Protocol protocol, boost::json::object const& object, std::string const& where,
                    std::initializer_list<std::string_view> known);

void add_paragraph(std::string& to, std::string const& text);

// A name as both services take it.
bool is_name(std::string_view name, std::size_t longest);

}  // namespace groomer::fake_model
