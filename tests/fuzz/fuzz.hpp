// What every fuzz target shares. One file, one parser: LLVMFuzzerTestOneInput takes what libFuzzer makes up, and ends the process
// where a promise of the parser's header is broken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace groomer::fuzz {

// The promise, in words, if it is broken: libFuzzer keeps the input.
inline void check(bool kept, char const* promise) {
    if (kept) return;
    std::fprintf(stderr, "broken: %s\n", promise);
    std::abort();
}

inline std::string_view text_of(std::uint8_t const* data, std::size_t size) { return {reinterpret_cast<char const*>(data), size}; }

// What stands before the first line feed; `rest` goes on after it.
inline std::string_view take_line(std::string_view& rest) {
    auto const line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : line.size());
    return line;
}

}  // namespace groomer::fuzz

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);
