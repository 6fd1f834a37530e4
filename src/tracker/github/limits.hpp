// GitHub's limits, and our own pace below them: when the next request may go. Pure: the time is given. What is known is a plain
// value that can be stored and loaded, so that whoever works next keeps the same pace.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
#pragma once

#include "base/clock.hpp"
#include "net/http.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::tracker::github {

struct Pace {
    std::chrono::milliseconds between_writes{1000};  // to one repository
    std::int64_t comments_per_minute = 80;           // what creates content, in all repositories together
    std::int64_t comments_per_hour = 500;
    double keep_for_people = 0.2;  // of each hour's requests, which the same account's owner may need
};

struct Quota {
    std::int64_t limit = 0;
    std::int64_t remaining = 0;
    std::int64_t reset = 0;  // seconds since the epoch by GitHub's clock
    friend bool operator==(Quota const&, Quota const&) = default;
};

class Limits {
public:
    enum class Kind { read, write, content };  // content: a write that creates some, a comment for one
    struct Turn {
        WallTime at;      // not before; `now` where it may go at once
        std::string why;  // where it may not
    };

    explicit Limits(Pace pace) : pace_{pace} {}

    [[nodiscard]] Turn next(Kind kind, std::string const& repo, WallTime now) const;
    // It went, or its answer has come: the pace counts from the later of the two.
    void sent(Kind kind, std::string const& repo, WallTime now);
    void answered(Kind kind, std::string const& repo, WallTime now);
    // An answer: what is left, and where it is a refusal for a limit, when to try again.
    std::optional<WallTime> take(int status, std::vector<net::Header> const& headers, std::string_view message, WallTime now);

    [[nodiscard]] std::map<std::string, Quota> const& quotas() const { return quotas_; }
    void set_pace(Pace pace) { pace_ = pace; }

    // As JSON.
    [[nodiscard]] std::string state() const;
    // Takes up what state() made, beside what is known already: of the two the one that lets less go. Anything else is passed over, and
    // no time in it can hold us up longer than GitHub could.
    void restore(std::string_view state, WallTime now);
    // Content that is known to have gone from another source, the oldest first: in no span of time do fewer count than either knows of.
    void know_content(std::vector<WallTime> const& times);

private:
    [[nodiscard]] WallTime local(std::int64_t reset) const;
    [[nodiscard]] Turn after_quota(WallTime now) const;
    [[nodiscard]] Turn after_comments(WallTime now) const;
    void learn_quota(std::vector<net::Header> const& headers);
    WallTime wait_untold(WallTime now);

    Pace pace_;
    std::map<std::string, Quota> quotas_;     // by resource
    std::chrono::seconds ahead_{0};           // GitHub's clock, of ours
    bool ahead_is_measured_ = false;          // by this process, whose clock it is
    WallTime busy_until_{};                   // a 503 that says for how long
    WallTime blocked_until_{};                // a secondary limit: nothing at all goes
    int strikes_ = 0;                         // limits in a row that did not say how long
    std::map<std::string, WallTime> writes_;  // the last to each repository
    std::deque<WallTime> content_;            // of the last hour, oldest first
};

}  // namespace groomer::tracker::github
