#include "api/events.hpp"

#include "api/seats.hpp"

#include <utility>

namespace groomer::api {
namespace {

using namespace std::chrono_literals;
using Piece = std::shared_ptr<std::string const>;

constexpr auto look_every = 1s;
constexpr auto quiet_for = 15s;

Piece piece(std::string text) { return std::make_shared<std::string const>(std::move(text)); }

Task<> tell(std::shared_ptr<Status> status, Clock& clock, net::Send send) {
    static Piece const comment = piece(": still here\n\n");
    static Piece const unavailable =
        piece("event: unavailable\ndata: {\"error\":\"no_database\",\"message\":\"The database does not answer.\"}\n\n");
    std::string told;  // the digest of what was told last
    for (auto spoke = clock.now();;) {
        auto const found = co_await status->get();
        auto const digest = found ? found->digest : "unavailable";
        Piece next;
        if (digest != told) next = found ? found->event : unavailable;
        else if (clock.now() - spoke >= quiet_for) next = comment;
        if (next) {
            told = digest;
            spoke = clock.now();
            auto sending = send(std::move(next));
            bool const sent = co_await std::move(sending);
            if (!sent) co_return;
        }
        co_await clock.sleep_for(look_every);
    }
}

net::Response busy() {
    auto response = net::error_response(503, "busy", "Too many listen already: ask for /api/status now and then.");
    response.headers.push_back({"Retry-After", "30"});
    return response;
}

}  // namespace

net::Handler events_handler(std::shared_ptr<Status> status, Clock& clock, std::size_t most) {
    auto const seats = std::make_shared<Seats>(most);
    return [status, &clock, seats](net::Request) -> Task<net::Response> {
        auto const seat = seats->take();
        if (!seat) co_return busy();
        net::Response response;
        response.content_type = "text/event-stream";
        response.headers.push_back({"X-Accel-Buffering", "no"});  // nginx would keep it to itself
        response.stream = [status, &clock, seats, seat](net::Send send) { return tell(status, clock, std::move(send)); };
        co_return response;
    };
}

}  // namespace groomer::api
