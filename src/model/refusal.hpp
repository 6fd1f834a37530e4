// What a provider's status says about the request, and what to do next: pure.
#pragma once

#include "base/clock.hpp"
#include "net/http_client.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace groomer::model {

struct Judged {
    enum class Kind {
        answered,
        wait,      // a limit: nothing was done; try again after `after`
        again,     // it failed, and may not the next time
        endpoint,  // no request will be answered before people do something: credentials, credit, the model's name
        question,  // it does not take this one
    };
    Kind kind = Kind::answered;
    std::optional<std::chrono::milliseconds> after;  // of wait: as it was told
    bool perhaps_worked = false;                     // of again: somebody on the way may have given up on an answer that was made
    std::string why;                                 // one line
    std::string said;                                // by the server: message, parameter and code, at most 2 KiB
};

// now: by the wall clock, for a retry-after that is a date.
Judged judge(net::ClientResponse const& response, WallTime now);

}  // namespace groomer::model
