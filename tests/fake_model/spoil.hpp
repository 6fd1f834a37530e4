// Answers made wrong: what the model says is changed before it is wrapped.
#pragma once

#include "fake_model/answer.hpp"

namespace groomer::fake_model {

// Kinds that are none of the content's change nothing.
void spoil(Reply& reply, Question const& question, FaultKind kind);

inline constexpr std::size_t huge_bytes = 10UL << 20U;
inline constexpr std::int64_t nowhere = 999'999'999;  // no issue has that number

}  // namespace groomer::fake_model
