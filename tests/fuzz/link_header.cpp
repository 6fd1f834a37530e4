// RFC 8288's Link header, and whether what it names may be followed. The input: the address that answered, then the header.
#include "tracker/github/link_header.hpp"
#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace groomer;
    using namespace groomer::tracker::github;
    auto header = fuzz::text_of(data, size);
    auto const base = fuzz::take_line(header);
    auto const origin = origin_of(base);
    auto const links = parse_links(header, base);
    for (auto const& link : {links.next, links.last}) {
        if (link.empty()) continue;
        fuzz::check(origin && origin_of(link) == origin, "links stay with their origin");
        for (char const c : link) fuzz::check(c > ' ' && c < '\x7f', "an address fits into a request");
    }
    fuzz::check(links.next.empty() || !links.next_refused, "what was refused is not followed");
    if (auto const page = page_of(header)) fuzz::check(*page > 0, "pages count from 1");
    return 0;
}
