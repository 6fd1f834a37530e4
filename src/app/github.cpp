#include "app/github.hpp"

#include "app/version.hpp"
#include "net/http_client.hpp"
#include "tracker/github/github_tracker.hpp"

#include <algorithm>

namespace groomer::app {
namespace {

namespace github = tracker::github;

WallTime wall_now() { return std::chrono::system_clock::now(); }

github::Pace pace_of(config::Pace const& pace) {
    return {pace.between_writes, pace.comments_per_minute, pace.comments_per_hour, pace.keep_for_people};
}

// Is it reached in the same way, apart from secrets and pace?
bool same_way(config::GitHub const& one, config::GitHub const& two) {
    bool const same_app = one.app.has_value() == two.app.has_value() &&
                          (!one.app || (one.app->id == two.app->id && one.app->installation_id == two.app->installation_id));
    return one.api_url == two.api_url && one.settle == two.settle && same_app;
}

// Classes, not codes: each would be a series of each endpoint. 403 and 429 show in the remaining quota.
std::string_view code_class(int status) {
    switch (status / 100) {
        case 2: return "2xx";
        case 3: return "3xx";
        case 4: return "4xx";
        case 5: return "5xx";
        default: return "none";
    }
}

}  // namespace

void GitHub::configure(config::GitHub const& settings) {
    bool const anew = !same_way(settings_, settings);
    settings_ = settings;
    if (!api_) return;
    if (anew) {
        trackers_.clear();
        begin();
    } else {
        *secrets_ = secrets();
    }
    api_->limits().set_pace(pace_of(settings_.pace));
}

void GitHub::begin() {
    auto const agent = "groomer/" + version().version;
    if (!client_) {
        net::ClientOptions options;
        options.user_agent = agent;
        options.environment = parts_.environment;
        client_ = net::make_http_client(parts_.executor, options);
    }
    github::ApiOptions options;
    options.api_url = settings_.api_url;
    options.user_agent = agent;
    options.pace = pace_of(settings_.pace);
    options.write_timeout = std::min(options.write_timeout, parts_.write_limit);
    auto observe = [this](github::Observation const& observation) { this->observe(observation); };
    secrets_ = std::make_shared<Secrets>(secrets());
    github::ApiParts parts{*client_, parts_.clock, parts_.log, credentials(), wall_now, observe};
    api_ = std::make_shared<github::Api>(std::move(parts), std::move(options));
}

GitHub::Secrets GitHub::secrets() const {
    return {settings_.token.value, settings_.app ? settings_.app->private_key.value : std::string{}};
}

std::shared_ptr<github::Credentials> GitHub::credentials() {
    if (!settings_.app) return github::make_token_credentials([secrets = secrets_] { return secrets->token; });
    github::AppOptions options;
    options.api_url = settings_.api_url;
    options.id = settings_.app->id;
    options.installation_id = settings_.app->installation_id;
    options.private_key = [secrets = secrets_] { return secrets->private_key; };
    options.user_agent = "groomer/" + version().version;
    return github::make_app_credentials(*client_, wall_now, std::move(options));
}

std::shared_ptr<tracker::Tracker> GitHub::tracker(std::string const& repo) {
    if (!api_) begin();
    auto& known = trackers_[repo];
    if (!known) {
        github::Options options;
        options.repo = repo;
        options.settle = settings_.settle;
        known = github::make_github_tracker({api_}, std::move(options));
    }
    return known;
}

Task<github::Account> GitHub::own_account() {
    auto const api = api_;  // kept while it is asked, whatever is configured meanwhile
    if (!api) co_return github::Account{};
    co_return co_await api->own_account();
}

void GitHub::restore_limits(std::string const& state) {
    if (api_) api_->limits().restore(state, wall_now());
}

void GitHub::know_comments(std::vector<std::chrono::milliseconds> const& comments) {
    if (!api_) return;
    auto const now = wall_now();
    std::vector<WallTime> times;
    for (auto const age : comments) times.push_back(now - age);
    api_->limits().know_content(times);
}

void GitHub::observe(github::Observation const& observation) {
    auto const& metrics = parts_.metrics;
    bool const reads = observation.method == "GET" || observation.method == "HEAD";
    metrics.tracker_requests_total(observation.endpoint, reads ? "read" : "write", code_class(observation.status)).increment();
    metrics.tracker_request_duration_seconds(observation.endpoint).observe(observation.duration);
    for (auto const& [resource, quota] : api_->limits().quotas()) {
        metrics.tracker_rate_limit_limit(resource).set(static_cast<double>(quota.limit));
        metrics.tracker_rate_limit_remaining(resource).set(static_cast<double>(quota.remaining));
        metrics.tracker_rate_limit_reset_timestamp_seconds(resource).set(static_cast<double>(quota.reset));
    }
}

}  // namespace groomer::app
