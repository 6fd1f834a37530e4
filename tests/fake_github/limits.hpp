// GitHub's limits, primary and secondary, for each account. Pure. 0 turns one off.
#pragma once

#include "fake_github/time.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace groomer::fake_github {

struct LimitOptions {
    std::int64_t per_hour = 5000;
    std::int64_t anonymous_per_hour = 60;
    std::int64_t points_per_minute = 900;
    std::int64_t at_once = 100;
    std::int64_t content_per_minute = 80;
    std::int64_t content_per_hour = 500;
    int primary_status = 403;  // or 429
    int secondary_status = 403;
    bool retry_after = true;  // with secondary ones
};

struct Quota {
    std::int64_t limit = 0, used = 0;
    Seconds reset = 0;
    [[nodiscard]] std::int64_t remaining() const { return limit > used ? limit - used : 0; }
};

enum class Refusal : std::uint8_t { none, primary, points, at_once, content };

class Limits {
public:
    struct Asked {
        std::string account;  // "" is anonymous
        bool write = false;
        bool content = false;  // a comment: creates what people are notified of
    };
    struct Verdict {
        Refusal refusal = Refusal::none;
        std::chrono::seconds wait{0};
    };
    // Whether it may pass; what does is counted, but for the primary limit.
    Verdict admit(Asked const& asked, Time now);
    // Against the primary limit: not for 304.
    void charge(std::string const& account, Time now);
    [[nodiscard]] Quota quota(std::string const& account, Time now);
    // The next `used` ones are as if they had been asked for.
    void use_up(std::string const& account, std::int64_t used, Time now) { window(account, now).used += used; }

    // Requests that are being answered.
    void begin() { highest_ = std::max(highest_, ++at_once_); }
    void end() { --at_once_; }
    [[nodiscard]] std::int64_t highest_at_once() const { return highest_; }
    [[nodiscard]] std::uint64_t refusals(Refusal refusal) const;

    LimitOptions options;

private:
    using Recent = std::deque<std::pair<Time, int>>;  // when, and how much
    Verdict judge(Asked const& asked, Time now);
    Quota& window(std::string const& account, Time now);

    struct Account {
        Quota quota;
        Recent points, content;
    };
    std::map<std::string, Account> accounts_;
    std::map<Refusal, std::uint64_t> refusals_;
    std::int64_t at_once_ = 0, highest_ = 0;
};

}  // namespace groomer::fake_github
