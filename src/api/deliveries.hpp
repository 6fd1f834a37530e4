// `POST /api/github/webhook`: one delivery, from its signature to the inbox.
#pragma once

#include "api/inbox.hpp"
#include "net/http.hpp"

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace groomer::api {

class Deliveries {
public:
    struct Parts {
        Inbox& inbox;
        Log& log;
        std::function<std::string()> secrets;          // one a line; "": none is configured
        std::function<bool(std::string_view)> serves;  // is this a repository on GitHub that is configured?
    };
    explicit Deliveries(Parts parts) : parts_{std::move(parts)} {}

    // 202 for whatever is signed and can be read, at once; 401 where it is not signed, 400 where it cannot be read.
    net::Response take(net::Request const& request);

private:
    std::string judge(Event const& event);
    bool is_repeated(std::string_view id);

    Parts const parts_;
    std::deque<std::string> recent_;  // ids of deliveries, the oldest first
    std::set<std::string, std::less<>> seen_;
};

}  // namespace groomer::api
