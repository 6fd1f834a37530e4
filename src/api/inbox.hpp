// What webhooks ask for, until it is in the database. Coalesced and bounded: a flood of events costs a small statement now and then,
// and events that find no room become a sync, which sees what has changed. What is here when a replica is killed is left to the next
// sync as well.
#pragma once

#include "api/webhook.hpp"
#include "base/async.hpp"
#include "base/log.hpp"
#include "store/asked.hpp"
#include "tracker/github/resource.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace groomer::api {

class Inbox {
public:
    struct Parts {
        store::Store& store;
        Clock& clock;
        Log& log;
        asio::any_io_executor executor;
        std::string groom_lock, sync_lock;
        // Who we are to GitHub, asked only where an event may be of our own doing. May throw.
        std::function<Task<tracker::github::Account>()> own_account;
    };
    explicit Inbox(Parts parts) : parts_{std::move(parts)}, wakeup_{parts_.executor} {}

    // At once, whatever the database does.
    void put(Event const& event);
    // Makes due what was put, until it is cancelled. A database that fails is waited for.
    Task<> run();

    [[nodiscard]] std::size_t size() const { return wanted_.size(); }

private:
    struct Wanted {
        tracker::IssueRef ref;
        bool surely = false;                                     // somebody else has done something to it
        std::set<std::pair<std::string, std::int64_t>> senders;  // who may be us
    };
    using Pending = std::map<std::pair<std::string, std::int64_t>, Wanted>;  // by repository in lower case, and number

    void want(Wanted wanted);
    Task<> flush();
    Task<> leave_out_ours(Pending& pending);
    Task<> store_it(Pending const& pending);
    Task<> ask_for_sync();

    Parts const parts_;
    Wakeup wakeup_;
    Pending wanted_;
    bool sync_ = false;
    std::optional<BootTime::time_point> synced_at_;  // when a sync was asked for last
};

}  // namespace groomer::api
