#include "fake_github/limits.hpp"

#include <algorithm>

namespace groomer::fake_github {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t no_limit = 1'000'000'000;  // so that what the headers say stays true

// How long until `more` fit under `limit` within `span`; 0 if they do now.
std::chrono::seconds until_room(std::deque<std::pair<Time, int>> const& recent, Time now, std::chrono::seconds span, std::int64_t limit,
                                int more) {
    if (!limit) return 0s;
    std::int64_t sum = more;
    for (auto at = recent.rbegin(); at != recent.rend() && at->first > now - span; ++at) {
        sum += at->second;
        if (sum > limit) return std::max(std::chrono::ceil<std::chrono::seconds>(at->first + span - now), 1s);
    }
    return 0s;
}

}  // namespace

Quota& Limits::window(std::string const& account, Time now) {
    auto& quota = accounts_[account].quota;
    auto const limit = account.empty() ? options.anonymous_per_hour : options.per_hour;
    quota.limit = limit ? limit : no_limit;
    if (seconds_of(now) >= quota.reset) {
        quota.used = 0;
        quota.reset = seconds_of(now) + 3600;
    }
    return quota;
}

Quota Limits::quota(std::string const& account, Time now) { return window(account, now); }

void Limits::charge(std::string const& account, Time now) { ++window(account, now).used; }

Limits::Verdict Limits::judge(Asked const& asked, Time now) {
    auto const& quota = window(asked.account, now);
    if (quota.remaining() == 0) return {Refusal::primary, std::chrono::seconds{quota.reset - seconds_of(now)}};
    if (options.at_once && at_once_ > options.at_once) return {Refusal::at_once, 60s};
    auto const& account = accounts_[asked.account];
    if (auto const wait = until_room(account.points, now, 60s, options.points_per_minute, asked.write ? 5 : 1); wait > 0s)
        return {Refusal::points, wait};
    if (!asked.content) return {};
    auto const wait = std::max(until_room(account.content, now, 60s, options.content_per_minute, 1),
                               until_room(account.content, now, 3600s, options.content_per_hour, 1));
    return wait > 0s ? Verdict{Refusal::content, wait} : Verdict{};
}

Limits::Verdict Limits::admit(Asked const& asked, Time now) {
    auto const verdict = judge(asked, now);
    if (verdict.refusal != Refusal::none) {
        ++refusals_[verdict.refusal];
        return verdict;
    }
    auto& account = accounts_[asked.account];
    account.points.emplace_back(now, asked.write ? 5 : 1);
    if (asked.content) account.content.emplace_back(now, 1);
    while (!account.points.empty() && account.points.front().first <= now - 60s) account.points.pop_front();
    while (!account.content.empty() && account.content.front().first <= now - 3600s) account.content.pop_front();
    return verdict;
}

std::uint64_t Limits::refusals(Refusal refusal) const {
    auto const found = refusals_.find(refusal);
    return found == refusals_.end() ? 0 : found->second;
}

}  // namespace groomer::fake_github
