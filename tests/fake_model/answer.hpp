// Answers and errors in the shapes of both services.
#pragma once

#include "fake_model/faults.hpp"
#include "fake_model/question.hpp"

#include <chrono>
#include <optional>
#include <set>
#include <string>

namespace groomer::fake_model {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;

// What a model said, before it is wrapped.
struct Reply {
    std::optional<std::string> content;  // nothing: null
    std::string refusal = {};            // said instead
    std::string finish = "stop";         // OpenAI's word for why it ends
    std::size_t completion_tokens = 0;
};

// `fault` is heeded where it is one of the wrapping: of usage, choices and blocks.
Response answer_of(Question const& question, Reply const& reply, FaultKind fault, Time now, std::string const& id);
// The list of models, in the members that both services have.
Response list_of(std::set<std::string> const& models);
Response error_of(Protocol protocol, Refusal const& refusal, std::string const& id);
// The error of a fault; nothing where that kind is none.
std::optional<Response> error_of(Question const& question, Fault const& fault, Time now, std::string const& id);

}  // namespace groomer::fake_model
