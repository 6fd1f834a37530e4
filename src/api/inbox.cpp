#include "api/inbox.hpp"

#include "base/text.hpp"
#include "pg/session.hpp"

#include <algorithm>

namespace groomer::api {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_issues = 10'000;
constexpr std::size_t most_senders = 8;  // of one issue's events
constexpr auto between_flushes = 200ms;
constexpr auto between_syncs = 5s;  // each asks a tracker for its lists
constexpr auto back_off = 1s;

bool is_us(std::pair<std::string, std::int64_t> const& sender, tracker::github::Account const& us) {
    return (us.id > 0 && sender.second == us.id) || (!us.login.empty() && to_lower(sender.first) == to_lower(us.login));
}

}  // namespace

void Inbox::put(Event const& event) {
    if (event.sync) sync_ = true;
    if (event.issue > 0) {
        Wanted wanted{{event.repo, event.issue}, !event.may_be_ours, {}};
        if (event.may_be_ours) wanted.senders.emplace(event.sender, event.sender_id);
        want(std::move(wanted));
    }
    wakeup_.notify();
}

void Inbox::want(Wanted wanted) {
    std::pair key{to_lower(wanted.ref.repo), wanted.ref.number};
    auto found = wanted_.find(key);
    if (found == wanted_.end()) {
        if (wanted_.size() >= most_issues) sync_ = true;
        else wanted_.emplace(std::move(key), std::move(wanted));
        return;
    }
    auto& known = found->second;
    known.senders.merge(wanted.senders);
    known.surely = known.surely || wanted.surely || known.senders.size() > most_senders;
    if (known.surely) known.senders.clear();
}

Task<> Inbox::run() {
    for (;;) {
        auto const next_sync = synced_at_ ? *synced_at_ + between_syncs : BootTime::time_point::min();
        if (wanted_.empty()) co_await wakeup_.wait_until(parts_.clock, sync_ ? next_sync : BootTime::time_point::max());
        std::exception_ptr failure;
        try {
            co_await flush();
        } catch (pg::DatabaseError const&) {
            failure = std::current_exception();
        }
        if (failure)
            parts_.log.warning("what webhooks ask for cannot be stored, trying again",
                               {{"component", "webhook"}, {"issues", wanted_.size()}, {"error", describe(failure)}});
        co_await parts_.clock.sleep_for(failure ? std::chrono::milliseconds{back_off} : between_flushes);
    }
}

// What cannot be stored is taken back in.
Task<> Inbox::flush() {
    auto pending = std::exchange(wanted_, {});
    std::exception_ptr failure;
    try {
        co_await leave_out_ours(pending);
        if (!pending.empty()) co_await store_it(pending);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        for (auto& [key, wanted] : pending) want(std::move(wanted));
        std::rethrow_exception(failure);
    }
    bool const may = !synced_at_ || parts_.clock.now() >= *synced_at_ + between_syncs;
    if (sync_ && may) co_await ask_for_sync();
}

// Where it cannot be told who we are, an event counts as somebody else's: that costs a look at the issue.
Task<> Inbox::leave_out_ours(Pending& pending) {
    if (std::all_of(pending.begin(), pending.end(), [](auto const& each) { return each.second.surely; })) co_return;
    tracker::github::Account us;
    std::exception_ptr failure;
    try {
        auto asking = parts_.own_account();
        us = co_await std::move(asking);
    } catch (...) {
        failure = std::current_exception();
    }
    if (is_cancelled(failure)) std::rethrow_exception(failure);
    std::erase_if(pending, [&](auto const& each) {
        auto const& [key, wanted] = each;
        return !wanted.surely && std::all_of(wanted.senders.begin(), wanted.senders.end(), [&](auto const& s) { return is_us(s, us); });
    });
}

Task<> Inbox::store_it(Pending const& pending) {
    std::vector<tracker::IssueRef> issues;
    for (auto const& [key, wanted] : pending) issues.push_back(wanted.ref);
    auto const made = co_await store::make_due(parts_.store, parts_.groom_lock, issues);
    for (auto const& ref : made.busy) want({ref, true, {}});
    if (!made.unknown.empty()) sync_ = true;
    parts_.log.debug("webhooks have made issues due",
                     {{"component", "webhook"}, {"issues", issues.size()}, {"unknown", made.unknown.size()}, {"busy", made.busy.size()}});
}

Task<> Inbox::ask_for_sync() {
    sync_ = false;
    synced_at_ = parts_.clock.now();
    std::exception_ptr failure;
    try {
        co_await store::ask_for_tick(parts_.store, parts_.sync_lock);
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) co_return;
    sync_ = true;
    synced_at_.reset();
    std::rethrow_exception(failure);
}

}  // namespace groomer::api
