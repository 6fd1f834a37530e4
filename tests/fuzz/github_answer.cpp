// An answer's status, headers and error body: what it means, and what it tells of limits. The input: the status, lines "name: value"
// up to an empty one, the body.
#include "base/text.hpp"
#include "fuzz/fuzz.hpp"
#include "tracker/github/answer.hpp"
#include "tracker/github/limits.hpp"

#include <charconv>

namespace groomer::fuzz {
namespace {

using namespace tracker::github;
using namespace std::chrono_literals;

constexpr WallTime now{std::chrono::milliseconds{1'760'000'000'000}};

net::ClientResponse response_of(std::string_view rest) {
    net::ClientResponse response;
    response.url = "https://api.github.com/repositories/1/issues?page=2";
    auto const status = take_line(rest);
    std::from_chars(status.data(), status.data() + status.size(), response.status);
    for (auto line = take_line(rest); !line.empty(); line = take_line(rest)) {
        auto const colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        response.headers.push_back({std::string{line.substr(0, colon)}, one_line(line.substr(colon + 1), 8192)});
    }
    response.body = rest;
    return response;
}

void check_limits(Answer const& answer, net::ClientResponse const& response) {
    Limits limits{Pace{}};
    for (int i = 0; i < 2; ++i)
        if (auto const until = limits.take(answer.status, response.headers, answer.reason, now)) check(*until > now, "a limit ends later");
    auto const turn = limits.next(Limits::Kind::content, "octo/quill", now);
    check(turn.at >= now && turn.at <= now + 25h, "no answer holds us up for longer than a day");
    check(clean_text(turn.why) == turn.why, "sentences are clean");
    Limits next{Pace{}};
    next.restore(limits.state(), now);
    auto const same = next.next(Limits::Kind::content, "octo/quill", now);
    check(same.at == turn.at && same.why == turn.why, "who works next keeps the same pace");
}

}  // namespace
}  // namespace groomer::fuzz

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace groomer;
    using namespace groomer::tracker::github;
    auto const response = fuzz::response_of(fuzz::text_of(data, size));
    auto const answer = to_answer(response);
    fuzz::check(one_line(answer.reason, 400) == answer.reason, "a reason is one short clean line");
    fuzz::check(answer.etag.size() <= 256, "ETags are bounded");
    auto const origin = origin_of(response.url);
    for (auto const& link : {answer.links.next, answer.links.last})
        fuzz::check(link.empty() || origin_of(link) == origin, "links stay with their origin");
    fuzz::check(answer.url.empty() || origin_of(answer.url) == origin, "what has moved stays with its origin");
    fuzz::check_limits(answer, response);
    return 0;
}
