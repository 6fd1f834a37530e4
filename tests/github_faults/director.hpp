// Stands beside the fake: writes down every request with who sent it, and lets the armed faults strike, each at the n-th request
// of its kind. What lasts (a limit, a lost right, a name that does not resolve) ends with clear().
#pragma once

#include "fake_github/server.hpp"
#include "github_faults/history.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace groomer::github_faults {

enum class Route { list, issue, history, read, write, any };

// Where and when a fault strikes.
struct Point {
    Route route = Route::any;
    int nth = 1;
};

class Director;

struct Kind {
    std::string name;
    int weight = 1;
    bool groomers = true, writers = true;  // in whose rounds
    std::vector<Route> routes;
    // At that request: what is to go wrong with it.
    std::optional<fake_github::Fault> (*befall)(Director&, Request&) = nullptr;
};
std::vector<Kind> const& all_kinds();
Kind const& kind_named(std::string const& name);

class Director final : public fake_github::Watcher {
public:
    struct Settings {
        std::chrono::milliseconds write_patience{2000};  // of groomer, until it gives a write up
        std::string names_file;                          // see names/lookup.cpp
        std::vector<Family> families;
        std::uint64_t seed = 1;
    };
    explicit Director(Settings settings) : settings_{std::move(settings)}, random_{settings_.seed} {}
    void attach(fake_github::Server& server) { server_ = &server; }
    // A repository by the name that the configuration has for it, whatever it is called meanwhile.
    void know(std::string const& name, std::int64_t id) { ids_[name] = id; }
    [[nodiscard]] std::string name_of(std::int64_t id) const;  // "" where it is not configured
    [[nodiscard]] fake_github::Repository* repository(fake_github::State& state, std::string const& name) const;

    // Processes, by the number of their start.
    void started(int number, int pid);
    void reaped(int number);
    [[nodiscard]] std::vector<int> killed();  // since the last call

    void arm(Kind const& kind, Point point);
    [[nodiscard]] std::vector<std::string> struck() const;
    [[nodiscard]] std::size_t refused() const { return refused_; }  // by what lasts
    [[nodiscard]] bool lasting() const { return lasting_; }
    void clear();
    [[nodiscard]] std::vector<Request> requests() const;
    [[nodiscard]] std::size_t requests_so_far() const;

    std::optional<fake_github::Fault> arrived(fake_github::Request const& request, std::string const& id,
                                              fake_github::Peer const& peer) override;
    void applied(std::string const& id, int status) override;
    void ended(std::string const& id, bool answered) override;

    // For the kinds.
    enum class When { now, applied, ended };
    void kill_sender(Request const& request, When when);
    std::optional<fake_github::Fault> limit(Request& request, int status, bool primary);
    // Refuses by its own means until clear() undoes it.
    void last(std::function<void(fake_github::State&)> const& begin, std::function<void(fake_github::State&)> end);
    void fail_names();
    void with_world(std::function<void(fake_github::State&, fake_github::By const&)> const& work);
    std::mt19937_64& random() { return random_; }
    [[nodiscard]] Settings const& settings() const { return settings_; }
    std::function<void()> expire_tokens, rotate_tokens;  // the world's

private:
    struct Armed {
        Kind const* kind;
        Point point;
        int seen = 0;
        bool struck = false;
    };
    struct Limit {
        Moment until;
        int status;
        bool primary;
        fake_github::Time reset;
    };
    int process_of(fake_github::Peer const& peer);
    void place(Request& request);
    std::optional<fake_github::Fault> strike(Request& request);
    std::optional<fake_github::Fault> refuse(Request& request);
    void kill(int process);
    Request* find(std::string const& id);

    Settings const settings_;
    fake_github::Server* server_ = nullptr;
    std::map<std::string, std::int64_t> ids_;
    mutable std::mutex mutex_;  // protects all below
    std::mt19937_64 random_;
    std::map<int, int> pids_;
    std::map<std::uint64_t, int> connections_;
    std::vector<Request> requests_;
    std::map<std::string, std::size_t> by_id_;
    std::vector<Armed> armed_;
    std::map<std::string, std::pair<int, When>> kills_;  // by request's id
    std::vector<int> killed_;
    std::optional<Limit> limit_;
    std::vector<std::function<void(fake_github::State&)>> undo_;
    std::atomic<std::size_t> refused_ = 0;
    std::atomic<bool> lasting_ = false;
};

}  // namespace groomer::github_faults
