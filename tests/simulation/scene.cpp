#include "simulation/scene.hpp"

#include <algorithm>
#include <cmath>

namespace groomer::simulation {

std::string_view name(Family family) {
    switch (family) {
        case Family::network: return "network";
        case Family::crashes: return "crashes";
        case Family::pauses: return "pauses";
        case Family::clocks: return "clocks";
        case Family::failover: return "failover";
        case Family::strangers: return "strangers";
        case Family::all: return "all";
    }
    return "";
}

Scene::Scene(std::uint64_t seed, Family family, Mutation const& mutation, metrics::Metrics& metrics, std::string* story)
    : world_{seed * families.size() + static_cast<std::uint64_t>(family), story}, family_{family}, mutation_{mutation}, metrics_{metrics} {
    judge_.watch(server_);
    choose_settings();
    choose_habits();
    remote_.emplace(world_, counts_, judge_, settings_.settle);
    files_.emplace(world_, counts_, judge_, 0ms);
    if (!world_.random.chance(0.05)) {  // else a lock that the migration has not made: the first look makes its row
        server_.make_state(lock_name);
        auto& state = server_.tables().lock_state[lock_name];
        state.cluster = server_.cluster();
        state.clean = true;
    }
}

Scene::~Scene() {
    for (auto const& process : processes_) process->kill();
}

void Scene::choose_settings() {
    auto& random = world_.random;
    settings_.ttl = random.pick(std::vector{2000ms, 3000ms, 5000ms, 5000ms, 5000ms, 10'000ms});
    settings_.renew_every = settings_.ttl * 3 / 10;
    settings_.settle = random.pick(std::vector<std::chrono::milliseconds>{2s, 4s, 11'500ms});
    settings_.every = random.pick(std::vector<std::chrono::milliseconds>{2s, 5s, 10s});
    settings_.max_tick = random.pick(std::vector<std::chrono::milliseconds>{15s, 30s, 60s});
    settings_.foreign_stale_after = random.pick(std::vector<std::chrono::milliseconds>{3s, 10s});
    settings_.grace = random.pick(std::vector<std::chrono::milliseconds>{1s, 8s});
}

void Scene::choose_habits() {
    auto& random = world_.random;
    habits_.seams = mutation_.seams;
    habits_.longest_thought = random.between(100ms, 2500ms);
    bool const harsh = family_ == Family::all || family_ == Family::pauses;
    if (random.chance(0.5)) habits_.throws = 0.1;
    if (harsh && random.chance(0.5)) habits_.hangs = 0.05;
    if (random.chance(0.3)) habits_.unreachable = 0.05;
}

Scene::Rates Scene::rates_of(Family family) const {
    Rates rates;
    switch (family) {
        case Family::network:
            rates.weather = rates.partition = 6s;
            rates.ambush = 6s;
            rates.slow_commits = 20s;
            break;
        case Family::crashes:
            rates.crash = 5s;
            rates.ambush = 6s;
            rates.graceful_stop = 15s;
            rates.forced = 20s;
            rates.by_hand = 0s;
            break;
        case Family::pauses:
            rates.pause = rates.ambush = 5s;
            rates.stall = 10s;
            break;
        case Family::clocks:
            rates.step = 6s;
            rates.weather = 10s;
            rates.slow_commits = 25s;
            rates.crash = 15s;
            rates.forced = 30s;
            rates.ambush = 8s;
            break;
        case Family::failover:
            rates.failover = 10s;
            rates.restart = 15s;
            rates.weather = 8s;
            rates.ambush = 10s;
            break;
        case Family::strangers:
            rates.stranger = 3s;
            rates.weather = 10s;
            rates.ambush = 6s;
            rates.crash = 12s;
            break;
        case Family::all: rates = {10s, 15s, 20s, 12s, 40s, 40s, 15s, 30s, 15s, 25s, 25s, 15s, 5s, 15s, 60s}; break;
    }
    return rates;
}

// Again and again, at random moments, until peace comes.
void Scene::every(Duration mean, void (Scene::*fault)()) {
    if (mean <= 0s) return;
    auto const wait = Duration{static_cast<std::int64_t>(-std::log(1 - world_.random.fraction()) * static_cast<double>(mean.count()))};
    world_.after(wait, [this, mean, fault] {
        if (peace_) return;
        (this->*fault)();
        every(mean, fault);
    });
}

void Scene::schedule(Rates const& rates) {
    every(rates.weather, &Scene::change_weather);
    every(rates.partition, &Scene::partition_any);
    every(rates.slow_commits, &Scene::slow_down_commits);
    every(rates.crash, &Scene::crash_any);
    every(rates.graceful_stop, &Scene::stop_any);
    every(rates.forced, &Scene::launch_forced);
    every(rates.pause, &Scene::pause_any);
    every(rates.stall, &Scene::stall_any);
    every(rates.step, &Scene::step_clock);
    every(rates.restart, &Scene::restart_server);
    every(rates.failover, &Scene::fail_over);
    every(rates.stranger, &Scene::visit_stranger);
    every(rates.ambush, &Scene::prepare_ambush);
    every(rates.request, &Scene::request);
    every(rates.by_hand, &Scene::pause_by_hand);
}

bool Scene::passes(Duration until, std::function<bool()> const& enough) {
    auto const end = world_.now() + until;
    while (world_.step(end)) {
        bury();
        judge_.look_for_standstill();
        if (judge_.violation() || enough()) return true;
    }
    return false;
}

std::optional<Violation> Scene::run() {
    constexpr Duration last_messages = 7s;  // what was sent in the time of faults has arrived by then
    if (world_.telling()) {
        world_.tell("world", std::string{name(family_)} + ", ttl " + seconds_text(settings_.ttl) + ", settle " +
                                 seconds_text(settings_.settle) + ", a tick every " + seconds_text(settings_.every));
    }
    if (family_ == Family::crashes) judge_.expect_prompt_replacement();
    slots_.resize(2 + world_.random.below(3));
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) launch(slot, false);
    if (family_ != Family::crashes) notifications_lost_ = 0.1;
    bool const slow = world_.random.chance(0.6);
    remote_->slow = slow ? 0.4 : 0;
    remote_->failing = slow ? 0.05 : 0;
    schedule(rates_of(family_));
    auto const faults_last = world_.random.between(25s, 60s);
    auto const never = [] { return false; };
    passes(faults_last, never);
    if (!judge_.violation()) {
        make_peace();
        passes(last_messages, never);
    }
    if (!judge_.violation()) {
        notify();
        judge_.expect_life(world_.now() + 50ms);
        auto const patience = 60s + settings_.foreign_stale_after + 60s + 3 * (settings_.every + settings_.max_tick);
        if (!passes(patience, [this] { return judge_.all_is_done(); }))
            judge_.fail("ticks go on", "all has been well for " + seconds_text(patience) + ", and due ticks have not ended");
    }
    for (auto const& process : processes_) process->kill();
    return judge_.violation();
}

// Whatever goes wrong ends now.
void Scene::make_peace() {
    world_.tell("world", "from now on, all is well");
    peace_ = true;
    ambush_.reset();
    notifications_lost_ = 0;
    network_.weather = {};
    network_.no_requests.clear();
    network_.no_replies.clear();
    server_.slow_commits = 0;
    if (!server_.up()) server_.has_standby() ? fall_over() : server_.come_up();
    server_.tables().paused = false;
    remote_->slow = remote_->failing = 0;
    habits_.throws = habits_.hangs = habits_.unreachable = 0;
    network_.break_connections();
    for (auto const& process : std::vector{processes_}) process->resume();
    if (world_.random.chance(0.7)) delete_row();
    for (std::size_t slot = 0; slot < slots_.size(); ++slot)
        if (slots_[slot].empty) launch(slot, world_.random.chance(0.5));
}

// ------------------------------------------------------------------------------------------------------------- replicas

void Scene::launch(std::size_t place, bool in_slot) {
    auto& slot = slots_[place];
    if (!slot.empty) return;
    if (!in_slot || slot.pod.empty()) slot.pod = "pod-" + std::to_string(++pods_);
    slot.empty = false;
    auto& random = world_.random;
    Process::Nature nature;
    nature.number = ++launched_;
    nature.name = "r" + std::to_string(place + 1) + "." + std::to_string(launched_);
    bool const has_flock = !random.chance(0.1);
    nature.identity = {slot.pod, has_flock ? slot.pod + "/groomer" : "", "run-" + std::to_string(launched_)};
    nature.clock_ahead = random.between(std::chrono::hours{1}, std::chrono::hours{1000});
    nature.clock_drift =
        random.chance(0.3) ? (random.chance(0.5) ? 10'000 : -10'000) : static_cast<std::int64_t>(random.below(20'001)) - 10'000;
    slot_of_[nature.number] = place;
    Process::Parts const parts{
        world_, counts_, network_, server_, judge_, metrics_, *remote_, *files_, habits_, settings_, [this](Process& process, Point point) {
            return strike(process, point);
        }};
    processes_.push_back(std::make_shared<Process>(parts, nature));
    world_.tell(nature.name, "starts" + std::string{in_slot ? " in the slot of its predecessor" : ""});
    processes_.back()->start();
}

void Scene::launch_forced() {
    Process::Nature nature;
    nature.number = ++launched_;
    nature.name = "once." + std::to_string(launched_);
    nature.identity = {"console", "", "run-" + std::to_string(launched_)};
    nature.clock_ahead = world_.random.between(std::chrono::hours{1}, std::chrono::hours{1000});
    nature.forced = true;
    nature.part = world_.random.chance(0.5);
    Process::Parts const parts{
        world_, counts_, network_, server_, judge_, metrics_, *remote_, *files_, habits_, settings_, [this](Process& process, Point point) {
            return strike(process, point);
        }};
    processes_.push_back(std::make_shared<Process>(parts, nature));
    world_.tell(nature.name, nature.part ? "starts, for one issue" : "starts, for one forced tick");
    processes_.back()->start();
}

// The dead, and those that have ended, make room; another comes in time.
void Scene::bury() {
    for (std::size_t i = 0; i < processes_.size();) {
        auto const process = processes_[i];
        if (process->alive() && !process->ended()) {
            ++i;
            continue;
        }
        process->kill();
        processes_.erase(processes_.begin() + static_cast<std::ptrdiff_t>(i));
        auto const found = slot_of_.find(process->nature.number);
        if (found == slot_of_.end()) continue;
        auto const place = found->second;
        slots_[place].empty = true;
        bool const in_slot = world_.random.chance(0.6);
        auto const wait = world_.random.chance(0.3) ? Duration{world_.random.between(30ms, 300ms)} : world_.random.between(300ms, 8s);
        counts_.add(in_slot ? Event::restart_in_slot : Event::restart_elsewhere);
        if (peace_) launch(place, in_slot);
        else world_.after(wait, [this, place, in_slot] { launch(place, in_slot); });
    }
}

void Scene::notify() {
    for (auto const& process : processes_) {
        if (notifications_lost_ > 0 && world_.random.chance(notifications_lost_)) {
            counts_.add(Event::lost_notification);
            continue;
        }
        world_.after(world_.random.between(1ms, 5ms), [listener = std::weak_ptr{process}] {
            if (auto const p = listener.lock()) p->wake();
        });
    }
}

void Scene::committed(Statement const& statement, Reply const& reply, Before const& before) {
    judge_.committed(statement, reply, before);
    if (statement.kind == Statement::Kind::release) notify();
}

std::shared_ptr<Process> Scene::any_process() { return processes_.empty() ? nullptr : processes_[world_.random.below(processes_.size())]; }

// More often than not, faults befall whoever holds the lock.
std::shared_ptr<Process> Scene::holder() {
    if (world_.random.chance(0.6))
        for (auto const& process : processes_)
            if (process->believes()) return process;
    return any_process();
}

}  // namespace groomer::simulation
