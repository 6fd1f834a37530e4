// The way to GitHub, which all repositories there share: one client, one set of credentials, one pace.
#pragma once

#include "base/async.hpp"
#include "base/log.hpp"
#include "config/config.hpp"
#include "metrics/metrics.hpp"
#include "tracker/github/api.hpp"
#include "tracker/tracker.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::app {

class GitHub {
public:
    struct Parts {
        asio::any_io_executor executor;
        Clock& clock;
        Log& log;
        metrics::Metrics& metrics;
        std::map<std::string, std::string> environment;  // for its proxies
        std::chrono::milliseconds write_limit{0};        // of one write, whole (lock::write_limit)
    };
    explicit GitHub(Parts parts) : parts_{std::move(parts)} {}

    // Before tracker(), and whenever something has changed: secrets and pace are taken over; where it is another server, App or kind
    // of credentials, all trackers are made anew.
    void configure(config::GitHub const& settings);
    // The same for the same name, until it is made anew.
    std::shared_ptr<tracker::Tracker> tracker(std::string const& repo);

    // Who our writes are made by; empty where GitHub does not tell, and where it is not used. Throws as a tracker does.
    Task<tracker::github::Account> own_account();
    // Can that be the account, as far as the name tells? An App writes as a bot.
    [[nodiscard]] bool may_be_own(std::string_view login) const { return !settings_.app || login.ends_with("[bot]"); }

    [[nodiscard]] bool is_used() const { return api_ != nullptr; }
    // What is known of its limits, and of our own pace, as text for whoever works next.
    [[nodiscard]] std::string limits() const { return api_ ? api_->limits().state() : std::string{}; }
    // Beside what is known already.
    void restore_limits(std::string const& state);
    // How long ago each comment was made, or begun; the oldest first.
    void know_comments(std::vector<std::chrono::milliseconds> const& comments);

private:
    struct Secrets {
        std::string token, private_key;
    };
    void begin();
    [[nodiscard]] Secrets secrets() const;
    std::shared_ptr<tracker::github::Credentials> credentials();
    void observe(tracker::github::Observation const& observation);

    Parts const parts_;
    config::GitHub settings_;
    std::unique_ptr<net::HttpClient> client_;
    std::shared_ptr<tracker::github::Api> api_;  // once a repository has asked for it
    // Of that one alone: another, with which a tick is still under way, is of another server, App or kind of credentials, and must
    // not be given what is configured by now.
    std::shared_ptr<Secrets> secrets_;
    std::map<std::string, std::shared_ptr<tracker::Tracker>> trackers_;
};

}  // namespace groomer::app
