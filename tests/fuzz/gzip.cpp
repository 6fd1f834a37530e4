// Compressed bodies: never more than the limit, whatever they promise.
#include "net/gzip.hpp"
#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace groomer;
    using net::Decoded;
    constexpr std::size_t limit = 64 * 1024;
    auto const text = fuzz::text_of(data, size);
    for (auto const& decoded : {net::decode_gzip(text, limit), net::decode_deflate(text, limit)}) {
        fuzz::check(decoded.data.size() <= limit, "no more than the limit is unpacked");
        fuzz::check(decoded.outcome == Decoded::Outcome::whole || decoded.data.empty(), "what is broken is not handed on");
    }
    return 0;
}
