// What webhooks ask for, until it is in the database. Coalesced and bounded: a flood of events costs a small statement now and then,
// and events that find no room become a sync, which sees what has changed. What groomer has done itself is left out. What is here when a
// replica is killed is left to the next sync as well.
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
    using Account = tracker::github::Account;
    struct Parts {
        Clock& clock;
        Log& log;
        asio::any_io_executor executor;
        std::function<Task<store::MadeDue>(std::vector<tracker::IssueRef>)> make_due;  // in the database, as what is below
        std::function<Task<>()> ask_for_sync;
        // Whose writes are ours on GitHub; nobody's where it is not known. May throw, and take long: only what may be of our own doing
        // waits for it. Asked each time, since the credentials may be replaced.
        std::function<Task<Account>()> own_account;
        std::function<bool(std::string_view login)> may_be_us;  // without asking
    };
    explicit Inbox(Parts parts) : parts_{std::move(parts)}, wakeup_{parts_.executor} {}

    // Of a delivery, for the audit: who sent it, and what it is, as JSON.
    struct Taken {
        std::string client, what;
        std::pair<std::string, std::int64_t> sender = {};  // whose event it is, where that may be us
    };
    // At once, whatever the database does.
    void put(Event const& event, Taken taken);
    // Stores what was put, until it is cancelled or told to finish. A database that fails is waited for.
    Task<> run();
    // Nothing is put any more: run() tries once to store what there is, and ends.
    void finish();

    [[nodiscard]] std::size_t size() const { return wanted_.size() - wanted_.count(sync_key); }

private:
    using Sender = std::pair<std::string, std::int64_t>;  // login, id
    struct Wanted {
        tracker::IssueRef ref;          // no number: a sync
        bool surely = false;            // somebody else has done something to it
        std::set<Sender> senders;       // who may be us
        std::vector<Taken> taken = {};  // not in the audit yet: of our own doing nothing is
    };
    using Key = std::pair<std::string, std::int64_t>;  // repository in lower case, number
    using Pending = std::map<Key, Wanted>;
    static inline Key const sync_key{};

    void want(Wanted wanted);
    void record(Taken const& taken, bool of_issue);
    Task<> keep_storing(TaskGroup& asking);
    Task<std::chrono::milliseconds> try_flush(TaskGroup& asking, bool last);
    Task<bool> flush(TaskGroup& asking, bool last);
    Pending take_decided(TaskGroup& asking, bool last);
    std::optional<Account> known_account(TaskGroup& asking, bool last);
    Task<> find_out_who_we_are();
    Task<> store_it(Pending const& pending);
    Task<> store_sync();
    [[nodiscard]] bool has_work() const;

    Parts const parts_;
    Wakeup wakeup_;
    Pending wanted_;
    bool sync_ = false;
    std::optional<BootTime::time_point> synced_at_;  // when a sync was asked for last
    bool finishing_ = false;
    bool asking_ = false;                         // who we are
    std::optional<Account> answer_;               // for all that was put before it came
    std::optional<BootTime::time_point> ask_at_;  // not before, since GitHub does not tell
    std::chrono::seconds ask_again_after_{0};
};

}  // namespace groomer::api
