// What a file tracker counted of its own log of effects.
#pragma once

#include <atomic>
#include <cstdint>

namespace groomer::tracker::file {

struct Stats {
    std::atomic<std::uint64_t> effects{0};    // lines appended
    std::atomic<std::uint64_t> syncs{0};      // fsyncs they took
    std::atomic<std::uint64_t> bad_lines{0};  // lines passed over, whoever wrote them
};

}  // namespace groomer::tracker::file
