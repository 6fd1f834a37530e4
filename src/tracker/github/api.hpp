// One request to GitHub: with who we are, within the limits, tried again where that can do no harm. Shared by all repositories that
// the same credentials serve, since GitHub counts them together. On one single-threaded executor.
#pragma once

#include "base/async.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/turns.hpp"
#include "net/http_client.hpp"
#include "tracker/github/answer.hpp"
#include "tracker/github/credentials.hpp"
#include "tracker/github/limits.hpp"
#include "tracker/github/resource.hpp"
#include "tracker/github/routes.hpp"
#include "tracker/tracker.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace groomer::tracker::github {

struct Write {
    std::string repo;  // whose pace counts
    WriteGuard guard;
    Limits::Kind kind = Limits::Kind::write;
    bool once = false;  // not sent again after a limit: what is to be sent may be another thing by then
};

struct Call {
    Call(Route which, std::string where) : route{which}, url{std::move(where)} {}
    Route route;
    std::string url;
    std::string etag;                          // "": the whole answer in any case
    std::string body;                          // JSON
    std::optional<std::string> authorization;  // in place of the credentials' own
    std::optional<Write> write;
};

// One request that was sent, for metrics.
struct Observation {
    std::string endpoint, method;  // as its RouteShape has them
    int status = 0;                // 0: no answer
    BootTime::duration duration{};
};

struct ApiParts {
    net::HttpClient& client;
    Clock& clock;
    Log& log;
    std::shared_ptr<Credentials> credentials;
    std::function<WallTime()> wall;  // what time it is
    std::function<void(Observation const&)> observe = {};
};

struct ApiOptions {
    std::string api_url = "https://api.github.com";
    std::string user_agent = "groomer";
    Pace pace;
    std::size_t at_once = 8;
    int most_tries = 3;                              // of what only reads
    std::chrono::milliseconds patience{20'000};      // for a limit; a longer one is an answer
    std::chrono::milliseconds read_timeout{30'000};  // of one try
    std::chrono::milliseconds write_timeout{2'000};  // at most lock::write_limit, so that it ends before the lease does
    std::chrono::milliseconds first_back_off{500};
};

class Api {
public:
    Api(ApiParts parts, ApiOptions options);

    // Throws Error(credentials) where there are none that work; everything else is an answer. What reads is tried again after 5xx and
    // broken connections, what writes only where it had no effect for certain.
    Task<Answer> send(Call call);

    // Waits until the limits let such a call go, as send() would; an answer where that is too far off. What is looked at after it is as it
    // is when the write is sent.
    Task<std::optional<Answer>> wait_for_room(Call call);
    // A limit until then is waited for.
    [[nodiscard]] bool is_soon(WallTime until) const { return until - now() <= options_.patience; }

    // The account that our writes are made by; empty where GitHub does not tell.
    Task<Account> own_account();

    [[nodiscard]] SelfQuestion who_am_i() const { return parts_.credentials->who_am_i(); }
    [[nodiscard]] std::string url(std::string_view path) const { return options_.api_url + std::string{path}; }
    [[nodiscard]] WallTime now() const { return parts_.wall(); }
    [[nodiscard]] Clock& clock() const { return parts_.clock; }
    [[nodiscard]] Limits& limits() { return limits_; }
    [[nodiscard]] ApiOptions const& options() const { return options_; }

private:
    Task<Answer> attempt(Call const& call);
    [[nodiscard]] bool may_go(Call const& call) const;
    Task<std::string> authorization_for(Call const& call);
    Task<std::optional<Answer>> wait_for_limits(Call const& call, std::optional<Turns::Turn>& turn);
    Task<Answer> exchange(net::ClientRequest request, Call const& call);
    [[nodiscard]] net::ClientRequest request_of(Call const& call, std::string const& authorization) const;
    Answer judge(net::ClientResponse response, Call const& call);
    [[nodiscard]] std::optional<Account> account_of(std::string const& asked) const;
    Task<Account> ask_for_account(SelfQuestion question);

    ApiParts const parts_;
    ApiOptions const options_;
    Limits limits_;
    Turns requests_;
    std::string refused_;   // the authorization that the last 401 was for
    Turns asking_{1};       // whose account it is
    std::string known_as_;  // the question that account_ answers
    std::optional<Account> account_;
};

// For what a tracker cannot go on from: `unauthorized`, `refused`, `legal`, `limited`, `too_large`, `failed`, and anything else that was
// not expected. what: "the issues of o/r cannot be read".
[[noreturn]] void fail(Answer const& answer, std::string const& what);

}  // namespace groomer::tracker::github
