// What a client asks of a language model, read as strictly as the services read it.
#pragma once

#include "fake_github/http.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace groomer::fake_model {

using fake_github::Request;
using fake_github::Response;

enum class Protocol : std::uint8_t { openai, anthropic };
// How the answer's shape is asked for. Anthropic knows `tool` and `plain` alone.
enum class Rung : std::uint8_t { json_schema, json_object, plain, tool };

std::string_view name_of(Protocol protocol);
std::string_view name_of(Rung rung);

struct Question {
    Protocol protocol = Protocol::openai;
    Rung rung = Rung::plain;
    std::string model;
    std::string tool;            // its name, at that rung
    boost::json::object schema;  // of the answer; empty where none is known
    std::string system, user;    // several messages are paragraphs
    std::size_t prompt_bytes = 0;
    std::size_t max_tokens = 0;  // 0: no limit
};

// Why there is no answer. `param` and `code` are OpenAI's; empty: null.
struct Refusal {
    int status = 400;
    std::string type = "invalid_request_error";
    std::string message;
    std::string param = {}, code = {};
};

inline std::size_t tokens_of(std::size_t bytes) { return (bytes + 3) / 4; }

std::variant<Question, Refusal> read_question(Protocol protocol, Request const& request);

// A JSON schema that stands somewhere in a text; empty where none does.
boost::json::object find_schema(std::string_view text);
// The JSON object that begins at text[at], and where it ends; 0 where there is none.
std::size_t object_at(std::string_view text, std::size_t at, boost::json::object& out);

}  // namespace groomer::fake_model
