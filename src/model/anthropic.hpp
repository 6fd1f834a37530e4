// The messages API: https://docs.anthropic.com/en/api/messages. The answer is the input of a tool that the model has to call, which is
// how this protocol constrains it.
#pragma once

#include "model/protocol.hpp"

namespace groomer::model {

class Anthropic final : public Protocol {
public:
    [[nodiscard]] std::string url(std::string base_url) const override;
    [[nodiscard]] std::string models_url(std::string base_url) const override;
    [[nodiscard]] std::vector<net::Header> headers(std::string const& key) const override;
    [[nodiscard]] std::string body(Question const& question, std::string const& model, Shape shape) const override;
    [[nodiscard]] Reply read(std::string_view body) const override;
};

}  // namespace groomer::model
