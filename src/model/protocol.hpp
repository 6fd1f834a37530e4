// How a provider of language models is asked, and how its answers read: pure. One class a protocol; which one serves a request is
// configured (model.provider).
#pragma once

#include "net/http.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::model {

struct Turn {
    bool ours = true;  // else what the model said
    std::string text;
};

struct Question {
    std::string system;
    std::vector<Turn> turns;          // the last one is ours
    std::string schema;               // of the answer, as JSON
    std::int64_t most_output = 2048;  // tokens
};

// What the server is asked to enforce: the schema, that it is an object of JSON, nothing.
enum class Rung { schema, object, plain };

// How an endpoint takes requests: servers that speak a protocol differ in what they know of it.
struct Shape {
    Rung rung = Rung::schema;
    bool other_limit = false;  // the tokens are limited by the protocol's other name for it
    friend bool operator==(Shape const&, Shape const&) = default;
};

struct Usage {
    std::int64_t input = 0, output = 0;  // tokens
};

// Why a reply is of no use, whatever it says.
enum class Flaw { none, refused, filtered, cut_short, empty, unreadable, too_long };
std::string_view name(Flaw flaw);

struct Reply {
    std::string text;  // what the model said: the answer, as JSON, if all is well
    Flaw flaw = Flaw::none;
    std::optional<Usage> usage;  // none: it was not told, or makes no sense; then it counts as the most that it can be
};

class Protocol {
public:
    virtual ~Protocol() = default;
    [[nodiscard]] virtual std::string url(std::string base_url) const = 0;
    [[nodiscard]] virtual std::string models_url(std::string base_url) const = 0;  // of the list of models
    [[nodiscard]] virtual std::vector<net::Header> headers(std::string const& key) const = 0;
    [[nodiscard]] virtual std::string body(Question const& question, std::string const& model, Shape shape) const = 0;
    // Of an answer with status 200.
    [[nodiscard]] virtual Reply read(std::string_view body) const = 0;
};

// "openai": chat completions, as OpenAI, llama.cpp, vLLM and Ollama have them. "anthropic": messages. Nothing for other names.
Protocol const* find_protocol(std::string_view provider);

// The next shape to try where a server refuses this one with 400 or 422; nothing where it refuses something else.
std::optional<Shape> next_shape(Shape shape, std::string_view refusal);

}  // namespace groomer::model
