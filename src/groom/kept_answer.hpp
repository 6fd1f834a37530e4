// What a language model said of an issue, as it is kept under the revision and the version of the question: what was paid for
// once is used again, also where confidence, the status labels or the way to make texts harmless have changed since.
#pragma once

#include "model/judgement.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace groomer::groom {

// What is to be asked where an answer was of no use: the turns that follow it; none where it left nothing to point at.
struct Repair {
    std::string said, request;
    bool cut_short = false;  // it wants more room
};

struct KeptAnswer {
    std::string answer;                    // JSON; "": none that is of use
    std::vector<std::int64_t> candidates;  // that were offered
    std::string by;                        // provider and model
    std::string context;                   // digest of what it was shown
    model::ContextSize size;               // of that
    std::string useless;                   // why there is no answer of use, in one sentence
    std::optional<Repair> repair = {};     // it has not been asked yet: there may still be one
};

std::string to_json(KeptAnswer const& said);
// Nothing where the text is no such thing.
std::optional<KeptAnswer> parse_kept_answer(std::string const& json);

}  // namespace groomer::groom
