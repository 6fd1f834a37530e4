// A grooming tick that somebody asks a replica for over HTTP, beside those of its loop: whose it is, and what becomes of it.
#pragma once

#include "api/requests.hpp"
#include "app/service.hpp"
#include "net/http.hpp"
#include "store/history.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace groomer::app {

class AskedRuns {
public:
    struct Parts {
        Service& service;
        Log& log;
        // Runs it to its end, which a stop of the replica waits for, whatever becomes of the connection that asked.
        std::function<void(std::function<Task<>()>)> at_work;
        std::function<bool()> started, stopping;
    };
    explicit AskedRuns(Parts parts) : parts_{std::move(parts)} {}

    // Outlives its answers.
    Task<net::Response> answer(net::Request request);

private:
    using Aimed = std::variant<groom::Target, net::Response>;
    Task<net::Response> begin(api::RunRequest request);
    Task<Aimed> aim(api::RunRequest request);
    Task<Aimed> look_up(groom::Target target, std::string source, std::shared_ptr<tracker::Tracker> tracker);
    std::optional<net::Response> refused_for_pace();
    void count();
    Task<net::Response> run(groom::Target target, bool dry_run);
    Task<net::Response> tick(groom::Target target, bool dry_run);
    net::Response told(Service::Asked const& asked, bool dry_run) const;
    Task<net::Response> held();
    [[nodiscard]] net::Response told_held(store::LockStatus const& status, std::string_view message) const;
    [[nodiscard]] groom::Entry const* entry(std::string const& name) const;
    [[nodiscard]] bool writes_nothing(groom::Target const& target) const;

    Parts const parts_;
    bool running_ = false;
    std::deque<BootTime::time_point> costs_;  // when a run had the lock, or an issue was looked up, within the last minute
};

}  // namespace groomer::app
