// Chat completions: https://platform.openai.com/docs/api-reference/chat. Also spoken by llama.cpp, vLLM, Ollama and most gateways.
#pragma once

#include "model/protocol.hpp"

namespace groomer::model {

class OpenAi final : public Protocol {
public:
    [[nodiscard]] std::string url(std::string base_url) const override;
    [[nodiscard]] std::string models_url(std::string base_url) const override;
    [[nodiscard]] std::vector<net::Header> headers(std::string const& key) const override;
    [[nodiscard]] std::string body(Question const& question, std::string const& model, Shape shape) const override;
    [[nodiscard]] Reply read(std::string_view body) const override;
};

}  // namespace groomer::model
