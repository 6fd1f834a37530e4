// The value of sync_lock."syncRunId" while groomer holds the row: `g1|<ttl ms>|<term>|<slot>|<incarnation>|<timeline>|<uuid>`.
// Others compare it for equality only. The database makes it (groomer.acquire), because the term is made there.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace groomer::lock {

inline constexpr std::chrono::milliseconds min_ttl{1000};
inline constexpr std::chrono::milliseconds max_ttl{600'000};

struct Token {
    std::chrono::milliseconds ttl{0};
    std::int64_t term = 0;
    std::string slot;         // pod UID + container; empty: equals no other
    std::string incarnation;  // one run of the process; never empty
    std::string timeline;     // eight hexadecimal digits
    std::string uuid;
};

// Empty for a foreign token: one of another shape, or with numbers that groomer would not write.
std::optional<Token> parse_token(std::string_view text);

}  // namespace groomer::lock
