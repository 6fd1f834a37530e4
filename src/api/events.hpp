// The status as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): now, and whenever it changes, at
// most once a second; `event: unavailable` where the database does not answer; a comment at least every 15 s, so that neither side
// takes the connection for dead.
#pragma once

#include "api/status.hpp"

#include <cstddef>
#include <memory>

namespace groomer::api {

// The most that listen at once: others get 503 and ask again now and then. Well below half of what the server lets be at work, so that all
// of them may come through one proxy, and it has seats left for everything else.
constexpr std::size_t most_listeners = 128;

// `GET /api/events`. Refers to `clock`.
net::Handler events_handler(std::shared_ptr<Status> status, Clock& clock, std::size_t most = most_listeners);

}  // namespace groomer::api
