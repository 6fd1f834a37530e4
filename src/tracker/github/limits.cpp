#include "tracker/github/limits.hpp"

#include "base/text.hpp"
#include "base/time_text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace groomer::tracker::github {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr auto longest_busy = 10s;
constexpr auto longest_wait = 2h;  // longer than any that GitHub asks for
constexpr std::size_t most_resources = 32, most_repositories = 10'000, most_content = 5'000;
constexpr std::string_view core = "core";

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::result_out_of_range && !text.starts_with('-')) return INT64_MAX;
    return error == std::errc{} && end == text.data() + text.size() && value >= 0 && !text.empty() ? std::optional{value} : std::nullopt;
}

// Seconds, or a date.
std::optional<WallTime> retry_after(std::string_view text, std::chrono::seconds ahead, WallTime now) {
    constexpr std::int64_t most = std::chrono::duration_cast<std::chrono::seconds>(longest_wait).count();
    if (auto const seconds = number(text)) return now + std::chrono::seconds{std::clamp<std::int64_t>(*seconds, 1, most)};
    auto const date = parse_http_date(text);
    if (!date) return std::nullopt;
    return std::clamp<WallTime>(*date - ahead, now + 1s, now + longest_wait);
}

bool speaks_of_a_limit(std::string_view message) {
    auto const said = to_lower(message.substr(0, 2000));
    for (std::string_view words : {"rate limit", "abuse detection", "too many requests", "submitted too quickly"})
        if (said.find(words) != std::string::npos) return true;
    return false;
}

std::int64_t millis(WallTime time) { return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count(); }

bool is_same_hour(Quota const& one, Quota const& two) { return std::max(one.reset, two.reset) - std::min(one.reset, two.reset) <= 2; }

}  // namespace

WallTime Limits::local(std::int64_t reset) const { return from_epoch_seconds(reset) - ahead_; }

Limits::Turn Limits::after_quota(WallTime now) const {
    auto const found = quotas_.find(std::string{core});
    if (found == quotas_.end()) return {now, {}};
    auto const& quota = found->second;
    auto const kept = static_cast<std::int64_t>(std::ceil(static_cast<double>(quota.limit) * std::clamp(pace_.keep_for_people, 0.0, 1.0)));
    if (quota.remaining > kept) return {now, {}};
    auto const reset = std::min<WallTime>(local(quota.reset) + 1s, now + longest_wait);
    if (reset <= now + 1s) return {now, {}};  // that hour is over
    return {reset, "all but " + std::to_string(quota.remaining) + " of this hour's " + std::to_string(quota.limit) +
                       " requests are used, and " + std::to_string(kept) + " are kept for people"};
}

Limits::Turn Limits::after_comments(WallTime now) const {
    Turn turn{now, {}};
    auto const within = [&](std::chrono::seconds window, std::int64_t most) {
        if (most < 1) most = 1;
        if (content_.size() < static_cast<std::size_t>(most)) return;
        auto const leaves = content_[content_.size() - static_cast<std::size_t>(most)] + window;
        if (leaves > turn.at) turn = {leaves, "the pace for comments is reached"};
    };
    within(60s, pace_.comments_per_minute);
    within(3600s, pace_.comments_per_hour);
    return turn;
}

Limits::Turn Limits::next(Kind kind, std::string const& repo, WallTime now) const {
    Turn turn = after_quota(now);
    if (busy_until_ > turn.at) turn = {std::min<WallTime>(busy_until_, now + longest_busy), "GitHub is busy"};
    if (blocked_until_ > turn.at) turn = {std::min<WallTime>(blocked_until_, now + longest_wait), "GitHub asked to wait"};
    if (kind == Kind::read) return turn;
    if (auto const last = writes_.find(repo); last != writes_.end()) {
        auto const at = std::min<WallTime>(last->second, now) + pace_.between_writes;
        if (at > turn.at) turn = {at, "the pace between two writes"};
    }
    if (kind != Kind::content) return turn;
    auto const paced = after_comments(now);
    return paced.at > turn.at ? paced : turn;
}

void Limits::sent(Kind kind, std::string const& repo, WallTime now) {
    answered(kind, repo, now);
    if (kind != Kind::content) return;
    content_.push_back(now);
    while (content_.size() > most_content || (!content_.empty() && content_.front() + 1h < now)) content_.pop_front();
}

void Limits::answered(Kind kind, std::string const& repo, WallTime now) {
    if (kind == Kind::read) return;
    if (writes_.size() >= most_repositories) std::erase_if(writes_, [&](auto const& entry) { return entry.second + 1min < now; });
    writes_[repo] = now;
}

void Limits::learn_quota(std::vector<net::Header> const& headers) {
    auto const limit = number(net::find_header(headers, "x-ratelimit-limit")),
               remaining = number(net::find_header(headers, "x-ratelimit-remaining")),
               reset = number(net::find_header(headers, "x-ratelimit-reset"));
    if (!limit || !remaining || !reset) return;
    std::string resource{net::find_header(headers, "x-ratelimit-resource").substr(0, 64)};
    if (resource.empty()) resource = core;
    auto const plain = [](char c) { return c > ' ' && c < '\x7f'; };  // it is stored as JSON
    if (!std::all_of(resource.begin(), resource.end(), plain)) return;
    if (!quotas_.contains(resource) && quotas_.size() >= most_resources) return;
    constexpr std::int64_t most = std::int64_t{1} << 40;
    Quota told{std::min(*limit, most), std::min(*remaining, most), *reset};
    auto& known = quotas_[resource];
    // Answers may arrive in another order than they were given: within one hour, what is left only shrinks.
    if (known.limit == told.limit && is_same_hour(known, told)) told.remaining = std::min(told.remaining, known.remaining);
    known = told;
}

// "Wait at least one minute … exponentially increasing", where an answer tells nothing else. Of requests that were under way
// together only the first counts.
WallTime Limits::wait_untold(WallTime now) {
    if (blocked_until_ > now) return blocked_until_;
    strikes_ = std::min(strikes_ + 1, 7);
    return now + std::min<WallTime::duration>(1min * (1 << (strikes_ - 1)), 1h);
}

std::optional<WallTime> Limits::take(int status, std::vector<net::Header> const& headers, std::string_view message, WallTime now) {
    if (auto const date = parse_http_date(net::find_header(headers, "date"))) {
        auto const ahead = std::chrono::floor<std::chrono::seconds>(*date - now);
        // A second or two is the way of the answer; more is a clock that is wrong.
        ahead_ = ahead > -3s && ahead < 3s ? 0s : ahead;
        ahead_is_measured_ = true;
    }
    learn_quota(headers);
    auto const told = retry_after(net::find_header(headers, "retry-after"), ahead_, now);
    bool const used_up = net::find_header(headers, "x-ratelimit-remaining") == "0";
    bool const limited = status == 429 || (status == 403 && (told || used_up || speaks_of_a_limit(message)));
    // A server that is busy, and says for how long. It is no limit, and what was sent may yet have had its effect: it is waited for as
    // long as a request waits for anything, and then it is a failure.
    if (status == 503 && told) busy_until_ = std::max(busy_until_, std::min<WallTime>(*told, now + longest_busy));
    if (!limited) {
        if (status > 0 && status < 400 && blocked_until_ <= now) strikes_ = 0;
        return std::nullopt;
    }
    if (told) return blocked_until_ = std::max(blocked_until_, *told);
    auto const reset = number(net::find_header(headers, "x-ratelimit-reset"));
    if (used_up && reset && local(*reset) > now) return std::min<WallTime>(local(*reset) + 1s, now + longest_wait);
    return blocked_until_ = wait_untold(now);
}

std::string Limits::state() const {
    json::object quotas, writes;
    for (auto const& [resource, quota] : quotas_) quotas[resource] = json::array{quota.limit, quota.remaining, quota.reset};
    for (auto const& [repo, at] : writes_) writes[repo] = millis(at);
    json::array content;
    for (auto const at : content_) content.push_back(millis(at));
    return json::serialize(json::object{{"v", 1},
                                        {"quotas", std::move(quotas)},
                                        {"ahead", ahead_.count()},
                                        {"blocked_until", millis(blocked_until_)},
                                        {"busy_until", millis(busy_until_)},
                                        {"strikes", strikes_},
                                        {"writes", std::move(writes)},
                                        {"content", std::move(content)}});
}

namespace {

std::int64_t int_of(json::object const& object, std::string_view key) {
    auto const* value = object.if_contains(key);
    auto const* number = value ? value->if_int64() : nullptr;
    return number ? *number : 0;
}

template <class Container>
Container const* member(json::object const& object, std::string_view key) {
    auto const* value = object.if_contains(key);
    if constexpr (std::is_same_v<Container, json::object>) return value ? value->if_object() : nullptr;
    else return value ? value->if_array() : nullptr;
}

// Nothing later than `latest`: a clock that was ahead must not hold us up.
WallTime from_millis(std::int64_t value, WallTime latest) {
    return WallTime{std::chrono::milliseconds{std::clamp<std::int64_t>(value, 0, millis(latest))}};
}

// Of a later hour, or of the same one where less is left. What is left of another limit is another account's, or nobody's.
Quota scarcer(Quota const& one, Quota const& two) {
    auto out = std::pair{one.reset, one.limit} >= std::pair{two.reset, two.limit} ? one : two;
    if (one.limit == two.limit && is_same_hour(one, two)) out.remaining = std::min(one.remaining, two.remaining);
    return out;
}

// What is in both is the same content: it is stored to the millisecond.
std::deque<WallTime> merged(std::deque<WallTime> const& known, std::vector<WallTime> told) {
    std::vector<WallTime> ours;
    for (auto const at : known) ours.push_back(std::chrono::floor<std::chrono::milliseconds>(at));
    std::sort(ours.begin(), ours.end());
    std::sort(told.begin(), told.end());
    std::deque<WallTime> out;
    std::set_union(ours.begin(), ours.end(), told.begin(), told.end(), std::back_inserter(out));
    if (out.size() > most_content) out.erase(out.begin(), out.end() - most_content);
    return out;
}

}  // namespace

void Limits::restore(std::string_view text, WallTime now) {
    json::error_code error;
    auto const value = json::parse({text.data(), text.size()}, error);
    auto const* object = error ? nullptr : value.if_object();
    if (!object || int_of(*object, "v") != 1) return;
    if (!ahead_is_measured_) ahead_ = std::chrono::seconds{std::clamp<std::int64_t>(int_of(*object, "ahead"), -86'400 * 365, 86'400 * 365)};
    auto const blocked_until = from_millis(int_of(*object, "blocked_until"), now + longest_wait);
    blocked_until_ = std::min<WallTime>(std::max(blocked_until_, blocked_until), now + longest_wait);
    auto const busy_until = from_millis(int_of(*object, "busy_until"), now + longest_busy);
    busy_until_ = std::min<WallTime>(std::max(busy_until_, busy_until), now + longest_busy);
    strikes_ = std::max(strikes_, static_cast<int>(std::clamp<std::int64_t>(int_of(*object, "strikes"), 0, 7)));
    if (auto const* quotas = member<json::object>(*object, "quotas"))
        for (auto const& [resource, told] : *quotas) {
            auto const* parts = told.if_array();
            bool const whole = parts && parts->size() == 3 && std::all_of(parts->begin(), parts->end(), [](auto const& part) {
                                   return part.is_int64() && part.get_int64() >= 0;
                               });
            if (!whole) continue;
            Quota const quota{(*parts)[0].get_int64(), (*parts)[1].get_int64(), (*parts)[2].get_int64()};
            auto const known = quotas_.find(std::string{resource});
            if (known != quotas_.end()) known->second = scarcer(known->second, quota);
            else if (quotas_.size() < most_resources) quotas_.emplace(std::string{resource}, quota);
        }
    if (auto const* writes = member<json::object>(*object, "writes"))
        for (auto const& [repo, at] : *writes)
            if (std::string const name{repo}; at.is_int64() && (writes_.contains(name) || writes_.size() < most_repositories))
                writes_[name] = std::max(writes_[name], from_millis(at.get_int64(), now));
    std::vector<WallTime> told;
    if (auto const* content = member<json::array>(*object, "content"))
        for (auto const& at : *content)
            if (at.is_int64() && told.size() < most_content) told.push_back(from_millis(at.get_int64(), now));
    content_ = merged(content_, std::move(told));
}

// Both are mostly the same comments, dated a little apart: the n-th latest there is not before the n-th latest of either.
void Limits::know_content(std::vector<WallTime> const& times) {
    constexpr auto the_same = 1s;
    auto const known = content_.size();
    for (std::size_t n = 1; n <= times.size() && n <= most_content; ++n) {
        auto const& time = times[times.size() - n];
        if (n > known) content_.push_front(time);
        else if (auto& other = content_[content_.size() - n]; time > other + the_same) other = time;
    }
}

}  // namespace groomer::tracker::github
