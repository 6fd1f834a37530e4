#include "api/inbox.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "pg/session.hpp"

#include <algorithm>

namespace groomer::api {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_issues = 10'000;
constexpr std::size_t most_senders = 8;  // of one issue's events
constexpr std::size_t most_told = 8;     // deliveries for one issue, in the audit, until they are stored
constexpr std::chrono::milliseconds between_flushes = 200ms;
constexpr auto between_syncs = 5s;  // each asks a tracker for its lists
constexpr std::chrono::milliseconds back_off = 1s;
constexpr std::chrono::seconds ask_again_first{30}, ask_again_last{600};

bool is_us(std::pair<std::string, std::int64_t> const& sender, tracker::github::Account const& us) {
    return (us.id > 0 && sender.second == us.id) || (!us.login.empty() && to_lower(sender.first) == to_lower(us.login));
}

}  // namespace

void Inbox::put(Event const& event, Taken taken) {
    bool const foreign = (event.sender.empty() && event.sender_id == 0) || !parts_.may_be_us(event.sender);
    Wanted wanted{{}, foreign, {}};
    if (!foreign) wanted.senders.emplace(event.sender, event.sender_id);
    taken.sender = {event.sender, event.sender_id};
    bool const of_issue = event.issue > 0;
    if (foreign) record(taken, of_issue);
    Wanted of_sync = wanted;
    wanted.ref = {event.repo, event.issue};
    if (!foreign) (of_issue ? wanted : of_sync).taken.push_back(std::move(taken));
    if (event.sync) want(std::move(of_sync));
    if (of_issue) want(std::move(wanted));
    wakeup_.notify();
}

void Inbox::want(Wanted wanted) {
    auto key = wanted.ref.number > 0 ? Key{to_lower(wanted.ref.repo), wanted.ref.number} : sync_key;
    if (size() >= most_issues && !wanted_.contains(key)) key = sync_key;
    if (key == sync_key) wanted.ref = {};
    auto const [found, is_new] = wanted_.try_emplace(std::move(key), wanted);
    if (is_new) return;
    auto& known = found->second;
    known.senders.merge(wanted.senders);
    for (auto& taken : wanted.taken)
        if (known.taken.size() < most_told) known.taken.push_back(std::move(taken));
    known.surely = known.surely || wanted.surely || known.senders.size() > most_senders;
    if (known.surely) known.senders.clear();
}

void Inbox::finish() {
    finishing_ = true;
    wakeup_.notify();
}

Task<> Inbox::run() {
    TaskGroup tasks{
        parts_.executor, [this](std::string const& name, std::exception_ptr error) {
            parts_.log.error("a task of the webhooks ended", {{"component", "webhook"}, {"task", name}, {"error", describe(error)}});
        }};
    tasks.spawn("store", [this, &tasks] { return keep_storing(tasks); });
    co_await tasks.join();
}

// What only the answer to who we are is missing for is no work yet.
bool Inbox::has_work() const {
    bool const any_surely = std::any_of(wanted_.begin(), wanted_.end(), [](auto const& each) { return each.second.surely; });
    return any_surely || (!wanted_.empty() && !asking_);
}

Task<> Inbox::keep_storing(TaskGroup& asking) {
    for (bool last = false; !last;) {
        last = finishing_;
        auto flushing = try_flush(asking, last);
        auto const pause = co_await std::move(flushing);
        if (last || finishing_) continue;
        co_await parts_.clock.sleep_for(pause);
        auto const next_sync = synced_at_ ? *synced_at_ + between_syncs : BootTime::time_point::min();
        while (!has_work() && !finishing_ && !(sync_ && parts_.clock.now() >= next_sync))
            co_await wakeup_.wait_until(parts_.clock, sync_ ? next_sync : BootTime::time_point::max());
    }
    asking.cancel();
}

// Returns how long to wait before the next one.
Task<std::chrono::milliseconds> Inbox::try_flush(TaskGroup& asking, bool last) {
    std::exception_ptr failure;
    bool is_database = false;
    try {
        auto flushing = flush(asking, last);
        bool const asked_database = co_await std::move(flushing);
        co_return asked_database ? between_flushes : 0ms;
    } catch (pg::DatabaseError const&) {
        failure = std::current_exception();
        is_database = true;
    } catch (...) {
        failure = std::current_exception();
    }
    if (is_cancelled(failure)) std::rethrow_exception(failure);
    auto const count = static_cast<std::int64_t>(size());
    if (last)
        parts_.log.warning("what webhooks asked for is left to the next sync",
                           {{"component", "webhook"}, {"issues", count}, {"error", describe(failure)}});
    else if (is_database)
        parts_.log.warning("what webhooks ask for cannot be stored, trying again",
                           {{"component", "webhook"}, {"issues", count}, {"error", describe(failure)}});
    else
        parts_.log.error("what webhooks ask for cannot be treated: a sync is to find it",
                         {{"component", "webhook"}, {"error", describe(failure)}});
    co_return back_off;
}

// What a database does not take is taken back in. What cannot be treated at all would be in the way for ever: a sync sees it, too.
// False where there was nothing to store.
Task<bool> Inbox::flush(TaskGroup& asking, bool last) {
    auto pending = take_decided(asking, last);
    std::exception_ptr failure;
    bool is_database = false;
    try {
        if (!pending.empty()) co_await store_it(pending);
    } catch (pg::DatabaseError const&) {
        failure = std::current_exception();
        is_database = true;
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure && is_database)
        for (auto& [key, wanted] : pending) want(std::move(wanted));
    if (failure && !is_database) sync_ = true;
    if (failure) std::rethrow_exception(failure);
    bool const may = last || !synced_at_ || parts_.clock.now() >= *synced_at_ + between_syncs;
    bool const syncs = sync_ && may;
    if (syncs) co_await store_sync();
    co_return syncs || !pending.empty();
}

// Takes out what can be judged by now: what somebody else has done, to be stored; what we have done, to be forgotten.
Inbox::Pending Inbox::take_decided(TaskGroup& asking, bool last) {
    bool const any_unsure = std::any_of(wanted_.begin(), wanted_.end(), [](auto const& each) { return !each.second.surely; });
    if (!any_unsure) answer_.reset();
    auto const us = any_unsure ? known_account(asking, last) : std::nullopt;
    auto const ours = [&](auto const& sender) { return is_us(sender, *us); };
    Pending out;
    for (auto at = wanted_.begin(); at != wanted_.end();) {
        auto& wanted = at->second;
        if (!wanted.surely && !us) {
            ++at;
            continue;
        }
        bool const foreign = wanted.surely || !std::all_of(wanted.senders.begin(), wanted.senders.end(), ours);
        wanted.surely = true;
        for (auto const& taken : std::exchange(wanted.taken, {}))
            if (foreign && !(us && ours(taken.sender))) record(taken, at->first != sync_key);
        if (foreign && at->first == sync_key) sync_ = true;
        else if (foreign) out.emplace(at->first, std::move(wanted));
        at = wanted_.erase(at);
    }
    return out;
}

// What changes something is in the audit (routes.cpp), each delivery in one line, since there is nothing to wait for.
void Inbox::record(Taken const& taken, bool of_issue) {
    parts_.log.record("taken", {{"component", "audit"},
                                {"method", "POST"},
                                {"route", "/api/github/webhook"},
                                {"by", "webhook"},
                                {"client", taken.client},
                                {"what", taken.what},
                                {"outcome", of_issue ? "due" : "sync"}});
}

// Nothing where it is being asked. Where it cannot be told, all counts as somebody else's: that costs a look at the issue.
std::optional<Inbox::Account> Inbox::known_account(TaskGroup& asking, bool last) {
    if (answer_) return std::exchange(answer_, std::nullopt);
    bool const told_to_wait = ask_at_ && parts_.clock.now() < *ask_at_;
    if (last || told_to_wait) return Account{};
    if (!std::exchange(asking_, true)) asking.spawn("who we are", [this] { return find_out_who_we_are(); });
    return std::nullopt;
}

Task<> Inbox::find_out_who_we_are() {
    std::exception_ptr failure;
    Account us;
    try {
        auto asking = parts_.own_account();
        us = co_await std::move(asking);
    } catch (...) {
        failure = std::current_exception();
    }
    asking_ = false;
    answer_ = std::move(us);
    wakeup_.notify();
    if (!failure) {
        ask_at_.reset();
        ask_again_after_ = 0s;
    }
    if (!failure || is_cancelled(failure)) co_return;
    ask_again_after_ = std::clamp(ask_again_after_ * 2, ask_again_first, ask_again_last);
    ask_at_ = parts_.clock.now() + ask_again_after_;
    parts_.log.warning("GitHub does not tell which account is ours: for now what groomer does itself counts as an event",
                       {{"component", "webhook"}, {"again_s", ask_again_after_.count()}, {"error", describe(failure)}});
}

Task<> Inbox::store_it(Pending const& pending) {
    std::vector<tracker::IssueRef> issues;
    for (auto const& [key, wanted] : pending) issues.push_back(wanted.ref);
    auto making = parts_.make_due(issues);
    auto const made = co_await std::move(making);
    for (auto const& ref : made.busy) want({ref, true, {}});
    if (!made.unknown.empty()) sync_ = true;
    parts_.log.debug("webhooks have made issues due",
                     {{"component", "webhook"}, {"issues", issues.size()}, {"unknown", made.unknown.size()}, {"busy", made.busy.size()}});
}

Task<> Inbox::store_sync() {
    sync_ = false;
    synced_at_ = parts_.clock.now();
    std::exception_ptr failure;
    try {
        auto asking = parts_.ask_for_sync();
        co_await std::move(asking);
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) co_return;
    sync_ = true;
    synced_at_.reset();
    std::rethrow_exception(failure);
}

}  // namespace groomer::api
