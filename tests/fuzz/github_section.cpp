// Our section in a body that anybody may have written. The input: the section's text up to a NUL, the body.
#include "fuzz/fuzz.hpp"
#include "tracker/github/content.hpp"

#include <string>

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace groomer;
    using namespace groomer::tracker::github;
    auto const all = fuzz::text_of(data, size);
    auto const end = all.find('\0');
    auto const text = all.substr(0, end);
    auto const body = end == std::string_view::npos ? std::string_view{} : all.substr(end + 1);
    std::string const mark = "<!-- groomer:summary -->", closing = "<!-- /groomer:summary -->";
    auto const written = with_section(body, "summary", text);
    fuzz::check(written || body.find(mark) != std::string::npos || body.find(closing) != std::string::npos,
                "only damaged marks keep us from writing");
    if (!written) return 0;
    auto const parted = part_sections(*written);
    if (body.find("<!-- groomer:") == std::string_view::npos) {
        fuzz::check(parted.body == body, "without our section it is what people wrote");
        fuzz::check(parted.sections.size() == (text.empty() ? 0 : 1), "there is that section, and no other");
    }
    if (text.empty()) return 0;
    auto const first = written->find(mark);
    fuzz::check(first != std::string::npos && written->find(mark, first + 1) == std::string::npos, "there is one section");
    fuzz::check(with_section(*written, "summary", text) == written, "writing it again changes nothing");
    auto const before = body.substr(0, body.find(mark));
    auto const kept = before.substr(0, before.find_last_not_of(" \t\r\n") + 1);
    fuzz::check(written->starts_with(kept), "what stands before it is left as it is");
    if (auto const was_end = body.find(closing); was_end != std::string_view::npos)
        fuzz::check(written->ends_with(body.substr(was_end)), "what stands after it is left as it is");
    return 0;
}
