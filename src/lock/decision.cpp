#include "lock/decision.hpp"

#include "lock/token.hpp"

#include <algorithm>
#include <cmath>

namespace groomer::lock {
namespace {

using namespace std::chrono_literals;
using Point = BootTime::time_point;

constexpr auto poll = 30s;           // where nothing else says when to look again
constexpr auto foreign_poll = 5s;    // while due behind a foreign row, which sends no notification
constexpr auto foreign_grace = 60s;  // on top of what the others call stale: they judge by their own clocks
constexpr auto step_allowed = 250ms;
constexpr auto nearer_than_a_ttl = 400ms;  // looks at a holder are: step_allowed, jitter and a late timer fit in; below any margin

BootTime::duration seconds(double count) {
    constexpr double most = 1e9;  // a stamp may be anything: stay inside what nanoseconds can hold
    return std::chrono::duration_cast<BootTime::duration>(std::chrono::duration<double>{std::clamp(count, -most, most)});
}

// The longest ttl that a hold unknown to this database may still have.
milliseconds care_needed(std::optional<Token> const& token, Claimant const& claimant) {
    return token ? std::max(token->ttl, claimant.ttl) : claimant.ttl;
}

// A promoted standby may lack the last acquire: while the state row or the token is of another cluster, nothing is taken
// before a holder unknown here must have ended.
bool of_another_cluster(Look const& look, std::optional<Token> const& token) {
    return look.state_cluster != look.cluster || (token && token->timeline != look.timeline());
}

struct Judged {
    std::optional<Ground> ground;
    Point may_be_had;  // where there is no ground
};

// A row that somebody holds: age_needed after its stamp it is dead, and certainly by what was seen unchanged for as long.
Judged judge_held(Sight const& sight, milliseconds age_needed, Point now) {
    auto const& look = sight.look();
    bool const ahead = look.age < 0;
    Point const unchanged_enough = sight.row_since() + age_needed;
    if (ahead) {
        if (now >= unchanged_enough) return {Ground::future, {}};
        return {std::nullopt, unchanged_enough};
    }
    auto const age = seconds(look.age);
    auto const left = age_needed - age;
    Point const old_enough = sight.received() + left;
    Point const surely_old_enough = std::max(old_enough, unchanged_enough);
    Point const dead_at = sight.age_is_doubtful() ? surely_old_enough : std::min(old_enough + sight.unseen(), surely_old_enough);
    if (left <= 0s && now >= dead_at) return {Ground::expired, {}};
    return {std::nullopt, dead_at};
}

// Has a holder that was taken for dead, or that freed its row long ago, stopped writing for certain? Not by a moment of the
// database's clock alone, which may have been another clock when the row was written.
bool has_contact(Sight const& sight, Ground ground, Claimant const& claimant, std::optional<Token> const& token, Point now) {
    auto const unchanged = now - sight.row_since();
    if (ground == Ground::free) return unchanged >= claimant.settle + last_write;
    if (ground != Ground::expired || !token) return false;
    return now - sight.contact_since() >= token->ttl || unchanged >= token->ttl - nearer_than_a_ttl;
}

Judged judge(Sight const& sight, Claimant const& claimant, std::optional<Token> const& token, milliseconds age_needed, Point now) {
    auto const& look = sight.look();
    auto const& me = claimant.identity;
    if (!look.row || !look.token) return {Ground::free, {}};
    if (token && token->incarnation == me.incarnation) return {Ground::own, {}};
    bool const predecessor = token && !me.slot.empty() && token->slot == me.slot && token->incarnation != me.incarnation;
    if (predecessor && !of_another_cluster(look, token)) return {Ground::reclaimed, {}};
    return judge_held(sight, age_needed, now);
}

}  // namespace

void Sight::saw(Look const& look, Point sent, Point received) {
    bool const same_cluster = any_ && look.cluster == look_.cluster;
    if (!same_cluster) {
        cluster_since_ = contact_since_ = row_since_ = stamp_since_ = received;
        stepped_ = false;
        unseen_ = {};
    } else {
        auto const passed = seconds(look.database_time - look_.database_time);
        bool const changed = !look.says_the_same(look_);
        // A row of ours that changed since the last look was stamped since. An older stamp is of a clock that was another one meanwhile
        // (it stepped, and was set right), or from before a step, by a transaction whose commit was held up.
        auto const token = look.row && look.token ? parse_token(*look.token) : std::nullopt;
        bool const stamped_before = changed && token && seconds(look.database_time - look.age - look_.database_time) < -step_allowed;
        bool const stepped = stamped_before || passed < (sent - received_) - step_allowed || passed > (received - sent_) + step_allowed;
        if (stepped) {
            stepped_ = true;
            stepped_at_ = contact_since_ = received;
        }
        // Between looks that are further apart a holder may have renewed by a clock that was another one, and nothing tells.
        if (token && received - received_ > token->ttl - step_allowed) contact_since_ = received;
        if (changed) {
            stamp_since_ = received;
            unseen_ = {};
        }
        // An old stamp that is written again says what it said. One that is ahead, or may have been while the clock was another one, says
        // nothing: in between there may have been others.
        bool const may_be_ahead = look.age < 0 || look_.age < 0 || stepped;
        if (changed || (may_be_ahead && look.version != look_.version)) row_since_ = received;
        unseen_ += std::max<BootTime::duration>((received - sent) + (received_ - sent_) - step_allowed, 0s);
    }
    any_ = true;
    look_ = look;
    sent_ = sent;
    received_ = received;
}

std::variant<Bid, Wait> decide(std::string const& lock, Sight const& sight, Claimant const& claimant, Point now) {
    auto const& look = sight.look();
    if (!claimant.forced && !look.due()) {
        auto const due = look.paused ? now + poll : sight.received() + seconds(look.due_in);
        return Wait{std::clamp(due, now, now + poll), look.paused ? Reason::paused : Reason::not_due};
    }
    auto const token = look.token ? parse_token(*look.token) : std::nullopt;
    bool const foreign = look.row && look.token && !token;
    if (of_another_cluster(look, token)) {
        auto const until = sight.cluster_since() + care_needed(token, claimant);
        if (now < until) return Wait{std::min(until, now + poll), Reason::care};
    }
    milliseconds const age_needed = token ? token->ttl : claimant.foreign_stale_after + foreign_grace;
    auto const judged = judge(sight, claimant, token, age_needed, now);
    if (!judged.ground) {
        auto const longest = foreign ? now + foreign_poll : now + std::min<milliseconds>(poll, age_needed - nearer_than_a_ttl);
        return Wait{std::clamp(judged.may_be_had, now + 1ms, longest), foreign ? Reason::foreign : Reason::held};
    }
    Bid bid;
    bid.lock = lock;
    bid.ground = *judged.ground;
    bid.seen = look;
    bid.age_needed = age_needed;
    bid.contact = has_contact(sight, *judged.ground, claimant, token, now);
    bid.forced = claimant.forced;
    bid.settle = claimant.settle;
    bid.ttl = claimant.ttl;
    return bid;
}

}  // namespace groomer::lock
