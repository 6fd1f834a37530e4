#include "github_faults/director.hpp"

#include "github_faults/sender.hpp"

#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <stdexcept>

namespace groomer::github_faults {
namespace {

using namespace std::chrono_literals;
using fake_github::Fault;
using fake_github::FaultKind;
using fake_github::State;

constexpr auto told_wait = 1s;  // by limits

std::string_view path_of(Request const& request) { return std::string_view{request.target}.substr(0, request.target.find('?')); }

bool on(Route route, Request const& request) {
    auto const path = path_of(request);
    bool const issue = request.issue > 0 && path.find('/', path.find("/issues/") + 8) == std::string_view::npos;
    bool const token = path.ends_with("/access_tokens");
    switch (route) {
        case Route::list: return request.reads() && path.ends_with("/issues");
        case Route::issue: return request.reads() && issue;
        case Route::history: return request.reads() && (path.ends_with("/timeline") || path.ends_with("/comments"));
        case Route::read: return request.reads();
        case Route::write: return !request.reads() && !token;
        case Route::any: return true;
    }
    return false;
}

std::int64_t issue_in(std::string_view path) {
    auto const at = path.find("/issues/");
    return at == std::string_view::npos ? 0 : std::atoll(std::string{path.substr(at + 8)}.c_str());
}

}  // namespace

Moment moment_now() { return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::steady_clock::now()); }

std::string Director::name_of(std::int64_t id) const {
    for (auto const& [name, its] : ids_)
        if (its == id) return name;
    return {};
}

fake_github::Repository* Director::repository(State& state, std::string const& name) const {
    auto const found = ids_.find(name);
    return found == ids_.end() ? nullptr : state.find(found->second);
}

void Director::started(int number, int pid) {
    std::lock_guard const lock{mutex_};
    pids_[number] = pid;
}

void Director::reaped(int number) {
    std::lock_guard const lock{mutex_};
    pids_.erase(number);
}

std::vector<int> Director::killed() {
    std::lock_guard const lock{mutex_};
    return std::exchange(killed_, {});
}

void Director::arm(Kind const& kind, Point point) {
    std::lock_guard const lock{mutex_};
    armed_.push_back({&kind, point});
}

std::vector<std::string> Director::struck() const {
    std::lock_guard const lock{mutex_};
    std::vector<std::string> out;
    for (auto const& armed : armed_)
        if (armed.struck) out.push_back(armed.kind->name);
    return out;
}

void Director::clear() {
    std::vector<std::function<void(State&)>> undo;
    {
        std::lock_guard const lock{mutex_};
        armed_.clear();
        kills_.clear();
        undo.swap(undo_);
        refused_ = 0;
        lasting_ = false;
    }
    std::remove(settings_.names_file.c_str());
    server_->with_state([&](State& state) {
        for (auto const& end : undo) end(state);
    });
}

std::vector<Request> Director::requests() const {
    std::lock_guard const lock{mutex_};
    return requests_;
}

std::size_t Director::requests_so_far() const {
    std::lock_guard const lock{mutex_};
    return requests_.size();
}

Request* Director::find(std::string const& id) {
    auto const found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &requests_[found->second];
}

int Director::process_of(fake_github::Peer const& peer) {
    auto& known = connections_[peer.connection];
    if (known == 0) known = sender(pids_, peer.port, server_->port()).value_or(0);
    return known;
}

// The repository by the name that the configuration has for it, and the issue.
void Director::place(Request& request) {
    auto const path = path_of(request);
    request.issue = issue_in(path);
    if (path.find("/comments/") != std::string_view::npos) request.issue = 0;  // a comment's number
    server_->with_state([&](State& state) {
        request.seen = state.effects.lines().size();
        fake_github::Repository const* found = nullptr;
        if (path.starts_with("/repositories/")) found = state.find(std::atoll(std::string{path.substr(14)}.c_str()));
        if (path.starts_with("/repos/")) {
            auto const name = path.substr(7);
            auto const slash = name.find('/', name.find('/') + 1);
            found = state.find(name.substr(0, slash)).repository;
        }
        if (found) request.repository = name_of(found->id);
        if (found && request.repository.empty()) request.repository = found->full_name;
    });
}

std::optional<Fault> Director::arrived(fake_github::Request const& asked, std::string const& id, fake_github::Peer const& peer) {
    std::lock_guard const lock{mutex_};
    Request request;
    request.id = id;
    request.method = asked.method;
    request.target = asked.target;
    request.body = asked.body;
    request.arrived = moment_now();
    request.process = process_of(peer);
    place(request);
    auto fault = refuse(request);
    if (!fault) fault = strike(request);
    request.struck = fault.has_value();
    if (fault && (fault->kind == FaultKind::status || fault->kind == FaultKind::html)) request.status = fault->status;
    by_id_[id] = requests_.size();
    requests_.push_back(std::move(request));
    return fault;
}

std::optional<Fault> Director::strike(Request& request) {
    for (auto& armed : armed_) {
        if (armed.struck || !on(armed.point.route, request) || ++armed.seen < armed.point.nth) continue;
        armed.struck = true;
        return armed.kind->befall(*this, request);
    }
    return std::nullopt;
}

// A limit lasts for as long as it says, whoever asks.
std::optional<Fault> Director::refuse(Request& request) {
    if (!limit_) return std::nullopt;
    if (request.arrived >= limit_->until) limit_.reset();
    return limit_ ? limit(request, limit_->status, limit_->primary) : std::nullopt;
}

std::optional<Fault> Director::limit(Request& request, int status, bool primary) {
    auto const wall = server_->now();
    if (!limit_) {
        auto const reset = std::chrono::ceil<std::chrono::seconds>(wall + told_wait);
        auto const wait = primary ? reset - wall : std::chrono::milliseconds{told_wait};
        limit_ = Limit{request.arrived + wait, status, primary, reset};
    }
    Fault fault{.kind = FaultKind::status, .status = status};
    if (primary) {
        auto const reset = std::to_string(fake_github::seconds_of(limit_->reset));
        fault.headers = {{"X-RateLimit-Limit", "5000"},
                         {"X-RateLimit-Remaining", "0"},
                         {"X-RateLimit-Used", "5000"},
                         {"X-RateLimit-Reset", reset},
                         {"X-RateLimit-Resource", "core"}};
        request.limited_until = limit_->until;
    } else {
        auto const left = std::chrono::ceil<std::chrono::seconds>(limit_->until - request.arrived);
        fault.headers = {{"Retry-After", std::to_string(left.count())}};
        request.limited_until = request.arrived + left;
    }
    return fault;
}

void Director::kill(int process) {
    auto const found = pids_.find(process);
    if (found == pids_.end() || std::find(killed_.begin(), killed_.end(), process) != killed_.end()) return;
    ::kill(found->second, SIGKILL);
    killed_.push_back(process);
}

void Director::kill_sender(Request const& request, When when) {
    if (when == When::now) kill(request.process);
    else kills_[request.id] = {request.process, when};
}

void Director::applied(std::string const& id, int status) {
    auto const effects = server_->with_state([](State& state) { return state.effects.lines().size(); });
    std::lock_guard const lock{mutex_};
    if (auto* request = find(id)) {
        request->applied = effects;
        request->status = status;
    }
    if (auto const found = kills_.find(id); found != kills_.end() && found->second.second == When::applied) kill(found->second.first);
}

void Director::ended(std::string const& id, bool) {
    std::lock_guard const lock{mutex_};
    if (auto* request = find(id)) request->ended = moment_now();
    if (auto const found = kills_.find(id); found != kills_.end() && found->second.second == When::ended) kill(found->second.first);
}

void Director::last(std::function<void(State&)> const& begin, std::function<void(State&)> end) {
    server_->with_state([&](State& state) { begin(state); });
    undo_.push_back(std::move(end));
    lasting_ = true;
}

void Director::fail_names() {
    std::ofstream{settings_.names_file} << "fail\n";
    lasting_ = true;
}

void Director::with_world(std::function<void(State&, fake_github::By const&)> const& work) {
    fake_github::By const by{.login = "maintainer", .now = server_->now()};
    server_->with_state([&](State& state) { work(state, by); });
}

}  // namespace groomer::github_faults
