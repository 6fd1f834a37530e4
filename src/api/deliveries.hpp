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
        std::function<bool()> stopping;                // what is put into the inbox now may not be stored any more
    };
    explicit Deliveries(Parts parts) : parts_{std::move(parts)} {}

    // 202 for whatever is signed and can be read, at once; 401 where it is not signed, 400 where it cannot be read, 503 at a stop.
    net::Response take(net::Request const& request);

private:
    std::string_view judge(net::Request const& request, Event const& event);
    [[nodiscard]] bool is_repeated(std::string_view id) const { return seen_.contains(id); }
    void remember(std::string_view id);

    Parts const parts_;
    std::deque<std::string> recent_;  // ids of deliveries that were accepted, the oldest first
    std::set<std::string, std::less<>> seen_;
};

}  // namespace groomer::api
