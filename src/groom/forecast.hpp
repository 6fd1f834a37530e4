// What a pass over a whole backlog will cost, and how long it will take, by what one batch did: pure.
#pragma once

#include "config/config.hpp"
#include "store/spend.hpp"

#include <cstdint>
#include <string>

namespace groomer::groom {

// Of a batch: issues that a language model was paid to judge, and what that took.
struct Cost {
    std::int64_t issues = 0;
    store::Spend spent;
    double seconds = 0;
};

struct Forecast {
    Cost rest;         // of what is left
    double days = 0;   // that budgets stretch it to; below 1: they do not
    std::string text;  // both, in two sentences
};

// left: issues that are due beside the batch. A batch without a paid issue foretells nothing: an empty text. earlier: it is not of this
// batch, which had been paid for, but of the last issues that were; how long they took is not known.
Forecast forecast(Cost const& batch, std::int64_t left, config::Model const& model, bool earlier = false);

}  // namespace groomer::groom
