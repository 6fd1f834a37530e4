// What a holder finds in the database and did not write itself: a cursor, and limits.
#include "fuzz/fuzz.hpp"
#include "tracker/github/cursor.hpp"
#include "tracker/github/limits.hpp"
#include "tracker/github/link_header.hpp"

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace groomer;
    using namespace groomer::tracker::github;
    using namespace std::chrono_literals;
    constexpr WallTime now{std::chrono::milliseconds{1'760'000'000'000}};
    auto const text = fuzz::text_of(data, size);
    std::string const source = "https://api.github.com/repos/octo/quill";
    if (auto const cursor = parse_cursor(text, source)) {
        fuzz::check(cursor->next.empty() || origin_of(cursor->next) == origin_of(source), "a walk stays with its origin");
        fuzz::check(parse_cursor(to_string(*cursor), source) == cursor, "a cursor that was read is written as it was");
    }
    Limits limits{Pace{}};
    limits.restore(text, now);
    auto const turn = limits.next(Limits::Kind::content, "octo/quill", now);
    fuzz::check(turn.at >= now && turn.at <= now + 25h, "nothing stored holds us up for longer than a day");
    Limits again{Pace{}};
    again.restore(limits.state(), now);
    fuzz::check(again.state() == limits.state(), "limits that were read are written as they were");
    return 0;
}
