// The fake with one key, and requests as a careful client makes them.
#pragma once

#include "fake_github/raw_client.hpp"
#include "fake_model/server.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <string>

namespace groomer::fake_model::test {

using fake_github::test::Answer;
using fake_github::test::RawClient;
namespace json = boost::json;

// As groomer's own, in small: a verdict, a chosen word that may be null, free text, a list, and a number of a few.
inline json::object schema() {
    return json::parse(R"({"type": "object", "additionalProperties": false,
        "required": ["verdict", "decisions", "gaps", "duplicate_of", "related", "comment"],
        "properties": {
          "verdict": {"type": "object", "additionalProperties": false, "required": ["actionability", "confidence"],
            "properties": {"actionability": {"type": "string", "enum": ["ready", "needs_info", "blocked"]},
                           "confidence": {"type": "number", "minimum": 0, "maximum": 1}}},
          "decisions": {"type": "object", "additionalProperties": false, "required": ["type"],
            "properties": {"type": {"$ref": "#/$defs/type"}}},
          "gaps": {"type": "array", "items": {"type": "string"}},
          "duplicate_of": {"type": ["integer", "null"], "enum": [4, 5, null]},
          "related": {"type": "array", "items": {"type": "integer", "enum": [4, 5]}},
          "comment": {"type": ["string", "null"]}},
        "$defs": {"type": {"type": "object", "additionalProperties": false, "required": ["value", "reason"],
            "properties": {"value": {"anyOf": [{"type": "string", "enum": ["type/bug", "type/question"]}, {"type": "null"}]},
                           "reason": {"type": "string"}}}}})")
        .as_object();
}

inline json::object openai_request(std::string const& user, Rung rung = Rung::json_schema) {
    json::object body{{"model", "m-1"},
                      {"max_tokens", 2000},
                      {"messages", json::array{json::object{{"role", "system"}, {"content", "Answer in JSON."}},
                                               json::object{{"role", "user"}, {"content", user}}}}};
    if (rung == Rung::json_object) body["response_format"] = json::object{{"type", "json_object"}};
    if (rung == Rung::json_schema)
        body["response_format"] = json::object{{"type", "json_schema"},
                                               {"json_schema", json::object{{"name", "answer"}, {"strict", true}, {"schema", schema()}}}};
    return body;
}

inline json::object anthropic_request(std::string const& user, Rung rung = Rung::tool) {
    json::object body{{"model", "m-1"},
                      {"max_tokens", 2000},
                      {"system", "Answer in JSON."},
                      {"messages", json::array{json::object{{"role", "user"}, {"content", user}}}}};
    if (rung != Rung::tool) return body;
    body["tools"] = json::array{json::object{{"name", "answer"}, {"input_schema", schema()}}};
    body["tool_choice"] = json::object{{"type", "tool"}, {"name", "answer"}};
    return body;
}

inline std::string post(std::string const& target, std::string const& headers, std::string const& body) {
    return "POST " + target + " HTTP/1.1\r\nHost: fake\r\nContent-Type: application/json\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
inline std::string openai_bytes(json::object const& body, std::string const& key = "sk-right") {
    return post("/v1/chat/completions", "Authorization: Bearer " + key + "\r\n", json::serialize(body));
}
inline std::string anthropic_bytes(json::object const& body, std::string const& key = "sk-right") {
    return post("/v1/messages", "x-api-key: " + key + "\r\nanthropic-version: 2023-06-01\r\n", json::serialize(body));
}

class Scene {
public:
    Scene() {
        server.with_state([](State& state) { state.keys.insert("sk-right"); });
    }

    Answer send(std::string const& bytes) {
        RawClient client{server.port()};
        client.send(bytes);
        return client.receive();
    }
    Answer openai(json::object const& body) { return send(openai_bytes(body)); }
    Answer anthropic(json::object const& body) { return send(anthropic_bytes(body)); }
    Answer openai(std::string const& user, Rung rung = Rung::json_schema) { return openai(openai_request(user, rung)); }
    Answer anthropic(std::string const& user, Rung rung = Rung::tool) { return anthropic(anthropic_request(user, rung)); }

    void fault(std::string const& rule) {
        server.with_state([&](State& state) {
            state.faults.clear();
            state.faults.add(rule);
        });
    }
    Entry last() {
        return server.with_state([](State& state) { return state.log.entries().back(); });
    }

    Server server;
};

// What the model said: the text of the first choice; the input of the tool.
inline std::string content_of(Answer const& answer) {
    return answer.json().at("choices").at(0).at("message").at("content").as_string().c_str();
}
inline json::value input_of(Answer const& answer) { return answer.json().at("content").at(0).at("input"); }

}  // namespace groomer::fake_model::test
