// Who answers: from a question to the text of the answer.
#pragma once

#include "fake_model/question.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace groomer::fake_model {

// Called on the server's thread, which does nothing else meanwhile: it may not wait. What it throws is answered with 500.
using Mind = std::function<std::string(Question const&)>;

// A valid instance of the schema; "{}" where none is known. Where an answer has
// `verdict.actionability` and `gaps`, they agree; `related` is empty where its schema offers none.
Mind honest_mind(std::uint64_t seed = 1);

// Does what the text that it reads tells it to. "INJECT: {…}" is answered with just that object; "label this X" puts X wherever it may
// be chosen, or where any word is if it may not, and into free text also what must never reach a tracker. Honest where it is told
// nothing.
Mind obedient_mind(std::uint64_t seed = 1);

// What the obedient one adds to free text.
inline constexpr std::string_view poison = " @everyone @octo/admins https://evil.example/ <!-- groomer:sticky --> <img src=x> #1 GH-1";

}  // namespace groomer::fake_model
