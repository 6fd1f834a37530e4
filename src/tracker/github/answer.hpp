// What an answer of GitHub's means. Pure.
#pragma once

#include "base/clock.hpp"
#include "net/http_client.hpp"
#include "tracker/github/link_header.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::tracker::github {

struct Answer {
    enum class Kind {
        ok,
        not_modified,
        moved,         // a write, which is not sent on by itself: `url` says where to
        unauthorized,  // 401
        refused,       // 403
        gone,          // 404, 410; also what is hidden from us
        legal,         // 451
        invalid,       // 422 and the like: asking again changes nothing
        limited,       // until `until`; it had no effect
        withheld,      // the guard said no; nothing was sent
        too_large,     // the answer is; it may have had its effect
        failed,        // 5xx, or none at all
    };
    Kind kind = Kind::failed;
    int status = 0;  // 0: there was none
    std::string body;
    std::string url;     // that answered, or for `moved` where it is now; "" if that is not to be followed
    std::string reason;  // what GitHub, or the network, said: one line
    Links links;
    std::string etag;
    std::optional<std::vector<std::string>> scopes;  // of the token, if it is of the kind that has some
    std::optional<WallTime> date;
    WallTime until{};
    bool may_have_arrived = true;  // of a write that failed
};

// All but `limited`, which limits.hpp tells.
Answer to_answer(net::ClientResponse response);
Answer to_answer(net::HttpError const& error);

// GitHub's `message` and the details in `errors`, on one line of bounded length; "" if the body is none of its errors.
std::string error_message(std::string_view body);
// Of an answer that may speak of a limit, for Limits::take; else "".
std::string limit_message(net::ClientResponse const& response);

// What every request carries.
std::vector<net::Header> common_headers(std::string const& user_agent);

}  // namespace groomer::tracker::github
