// What goes wrong in a scene, and the strangers that use the same table.
#include "simulation/scene.hpp"

#include <algorithm>

namespace groomer::simulation {

// ------------------------------------------------------------------------------------------------------------- ambushes

// The next process that comes to a point is struck there: at every point of the protocol, and not only between events.
void Scene::prepare_ambush() {
    static std::vector<Point> const crashes{Point::acquire_sent,    Point::acquire_committed, Point::acquire_answered,  Point::renew_sent,
                                            Point::renew_committed, Point::release_sent,      Point::release_committed, Point::work_sent,
                                            Point::work_committed,  Point::before_send,       Point::tracker_sent,      Point::tick_began,
                                            Point::tick_ended};
    ambush_ = Ambush{world_.random.pick(crashes), static_cast<int>(world_.random.below(4))};
    if (family_ == Family::pauses && world_.random.chance(0.4)) ambush_->point = Point::before_send;
    if (family_ == Family::strangers && world_.random.chance(0.6))
        ambush_ = Ambush{world_.random.chance(0.5) ? Point::acquire_sent : Point::tracker_sent, 0};
    if (family_ == Family::failover && world_.random.chance(0.5)) ambush_ = Ambush{Point::acquire_sent, 0};
}

// True where the process is stopped, or to die.
bool Scene::strike(Process& process, Point point) {
    if (!ambush_ || ambush_->point != point || ambush_->passes-- > 0) return false;
    ambush_.reset();
    auto family = family_;
    if (family == Family::all) family = families[world_.random.below(families.size() - 1)];
    switch (family) {
        case Family::pauses: pause(process, point); return true;
        case Family::crashes: crash(process); return true;
        case Family::network: partition(process); return false;
        case Family::clocks: world_.after(world_.random.between(1ms, 500ms), [this] { step_clock(); }); return false;
        case Family::strangers: world_.after(world_.random.between(0ms, 100ms), [this] { visit_stranger(); }); return false;
        case Family::failover: {
            // At once before an acquire: its standby lacks it then.
            auto const wait = point == Point::acquire_sent ? Duration{0} : world_.random.between(0ms, 100ms);
            world_.after(wait, [this] { fail_over(); });
            return false;
        }
        default: return false;
    }
}

// ------------------------------------------------------------------------------------------------------------- processes

void Scene::crash(Process& process) {
    counts_.add(Event::crash);
    if (process.believes()) counts_.add(Event::crash_of_holder);
    world_.tell(process.nature.name, "is killed");
    process.doom();
}

void Scene::crash_any() {
    if (auto const process = holder()) crash(*process);
}

void Scene::stop_any() {
    auto const process = holder();
    if (!process || process->stopping() || process->nature.forced) return;
    counts_.add(Event::graceful_stop);
    world_.tell(process->nature.name, "is told to stop");
    process->stop();
}

void Scene::pause(Process& process, Point point) {
    auto const length = world_.random.between(settings_.ttl / 2, settings_.ttl * 3);
    counts_.add(Event::pause);
    if (process.believes()) counts_.add(Event::pause_of_holder);
    if (point == Point::before_send) counts_.add(Event::pause_before_send);
    world_.tell(process.nature.name, "is stopped for " + seconds_text(length));
    process.pause(length);
}

void Scene::pause_any() {
    if (auto const process = holder()) pause(*process, Point::nowhere);
}

void Scene::stall_any() {
    auto const process = holder();
    if (!process) return;
    auto const length = world_.random.between(100ms, settings_.ttl * 2);
    counts_.add(Event::stall);
    world_.tell(process->nature.name, "is too busy for its loop for " + seconds_text(length));
    process->stall(length);
}

// --------------------------------------------------------------------------------------------------------------- network

void Scene::change_weather() {
    auto& random = world_.random;
    network_.pooled = random.chance(0.3);
    auto const kind = random.below(4);
    if (kind == 0) network_.weather = {};
    if (kind == 1) network_.weather = {0.02, 0.02, 0.05, 0.05, 0.02, 0.02};
    if (kind == 2) network_.weather = {0.1, 0.1, 0.15, 0.15, 0.05, 0.1};
    if (kind == 3) network_.weather = {0, 0, 0.5, 0.5, 0.2, 0};
}

void Scene::partition(Process& process) {
    auto& random = world_.random;
    auto const number = process.nature.number;
    auto const kind = random.below(3);
    counts_.add(Event::partition);
    world_.tell(process.nature.name, kind == 0 ? "cannot reach the database" : kind == 1 ? "does not hear the database" : "is cut off");
    if (kind != 1) network_.no_requests.insert(number);
    if (kind != 0) network_.no_replies.insert(number);
    world_.after(random.between(200ms, settings_.ttl * 2), [this, number] {
        network_.no_requests.erase(number);
        network_.no_replies.erase(number);
    });
}

void Scene::partition_any() {
    if (auto const process = holder()) partition(*process);
}

void Scene::slow_down_commits() {
    server_.slow_commits = 0.3;
    world_.after(world_.random.between(1s, 6s), [this] { server_.slow_commits = 0; });
}

// -------------------------------------------------------------------------------------------------------------- database

// Large enough to be seen, or so small that the margin covers it: then once in two ttl at most, as the clocks may run apart by
// 1 % and 0.5 s in one. Now and then the clock is soon set right again.
void Scene::step_clock() {
    auto& random = world_.random;
    if (!server_.up() || peace_) return;
    bool const small = random.chance(0.2);
    if (small && world_.now() - last_small_step_ < settings_.ttl * 2) return;
    if (small) last_small_step_ = world_.now();
    auto size = random.between(10ms, 200ms);
    if (!small) size = random.chance(0.5) ? random.between(400ms, 15s) : random.between(15s, std::chrono::hours{2});
    bool const forward = random.chance(0.5);
    step_by(forward ? size : -size);
    if (small || !random.chance(0.3)) return;
    auto const back = size + random.between(-150ms, 150ms);
    world_.after(random.between(50ms, 6s), [this, by = forward ? -back : back] {
        if (server_.up() && !peace_) step_by(by);
    });
}

void Scene::step_by(Duration by) {
    counts_.add(by > 0s ? Event::step_forward : Event::step_back);
    world_.tell("database", "its clock steps " + std::string{by > 0s ? "forward by " : "back by "} + seconds_text(by > 0s ? by : -by));
    server_.step(by);
    judge_.stepped(by);
}

void Scene::restart_server() {
    if (!server_.up()) return;
    counts_.add(Event::server_restart);
    world_.tell("database", "goes down");
    server_.go_down();
    world_.after(world_.random.between(100ms, 4s), [this] {
        if (server_.up() || server_.has_standby()) return;
        world_.tell("database", "is up again");
        server_.come_up();
    });
}

// The standby stops following, a little later the primary is lost, and the standby takes its place.
void Scene::fail_over() {
    if (server_.has_standby() || !server_.up() || peace_) return;
    server_.freeze_standby();
    auto& random = world_.random;
    auto const lag = random.chance(0.5) ? Duration{random.between(0ms, 50ms)} : random.between(50ms, 3s);
    world_.tell("database", "its standby lags");
    auto const down = lag + random.between(50ms, 3s);
    world_.after(lag, [this] {
        if (peace_ || !server_.up()) return;
        world_.tell("database", "the primary is lost");
        server_.go_down();
    });
    world_.after(down, [this] {
        if (server_.has_standby() && !peace_) fall_over();
    });
}

void Scene::fall_over() {
    if (server_.up()) server_.go_down();
    count_losses();
    counts_.add(Event::failover);
    world_.tell("database", "the standby is promoted");
    server_.promote();
    judge_.promoted();
}

void Scene::count_losses() {
    auto const& lost = server_.tables();
    auto const& kept = server_.standby();
    auto const before = lost.lock_state.find(lock_name), after = kept.lock_state.find(lock_name);
    if (before == lost.lock_state.end() || after == kept.lock_state.end()) return;
    if (before->second.term != after->second.term) counts_.add(Event::failover_lost_acquire);
    else if (before->second.token != after->second.token) counts_.add(Event::failover_lost_release);
    else if (lost.sync_lock.contains(lock_name) && kept.sync_lock.contains(lock_name) &&
             lost.sync_lock.at(lock_name).stamp != kept.sync_lock.at(lock_name).stamp)
        counts_.add(Event::failover_lost_renewal);
}

// --------------------------------------------------------------------------------------------------------------- people

void Scene::request() {
    if (!server_.up()) return;
    counts_.add(Event::request);
    world_.tell("someone", "requests a tick");
    ++server_.tables().last_request[lock_name];
    judge_.requested();
    notify();
}

void Scene::pause_by_hand() {
    if (!server_.up()) return;
    counts_.add(Event::paused_by_hand);
    world_.tell("someone", "pauses the ticks for a while");
    server_.tables().paused = true;
    world_.after(world_.random.between(500ms, 8s), [this] { server_.tables().paused = false; });
}

// ------------------------------------------------------------------------------------------------------------- strangers

void Scene::visit_stranger() {
    if (peace_ || !server_.up() || !server_.row_is_free(lock_name)) return;
    auto const now = server_.clock();
    constexpr Stamp second = 1'000'000;
    auto const long_ago = Moment{} - std::chrono::hours{24 * 365};
    switch (world_.random.below(10)) {
        case 0:
        case 1:
        case 2: return hold_as_stranger("1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed");
        case 3: counts_.add(Event::third_party_delete); return delete_row();
        case 4: return take_token();
        case 5: return stamp_row(world_.random.chance(0.5) ? infinity : now + 3600 * second, std::nullopt, Event::future_stamp);
        case 6: return stamp_row(world_.random.chance(0.5) ? minus_infinity : now - 86'400 * second, long_ago, Event::ancient_stamp);
        case 7: return put_garbage();
        case 8: return write_again();
        default: return release_by_hand();
    }
}

// The old way: a bare token where the row is free, no heartbeat, deleted by its token; now and then forgotten.
void Scene::hold_as_stranger(std::string const& token) {
    auto& rows = server_.tables().sync_lock;
    if (rows.contains(lock_name)) return;
    counts_.add(Event::foreign_hold);
    auto const mine = token + std::to_string(world_.random.below(1'000'000));
    put_row(server_.tables(), lock_name, mine, server_.clock());
    judge_.row_written(std::nullopt);
    world_.tell("stranger", "holds the lock");
    if (world_.random.chance(0.1)) return;
    world_.after(world_.random.between(300ms, 8s), [this, mine] { let_go_as_stranger(mine); });
}

// Its DELETE waits for whoever is about to replace the row.
void Scene::let_go_as_stranger(std::string const& token) {
    auto& held = server_.tables().sync_lock;
    auto const row = held.find(lock_name);
    if (!server_.up() || row == held.end() || row->second.token != token) return;
    if (!server_.row_is_free(lock_name)) return world_.after(20ms, [this, token] { let_go_as_stranger(token); });
    world_.tell("stranger", "lets go of the lock");
    held.erase(row);
    judge_.row_written(std::nullopt);
}

void Scene::delete_row() {
    auto& rows = server_.tables().sync_lock;
    if (!rows.contains(lock_name) || !server_.row_is_free(lock_name)) return;
    world_.tell("stranger", "deletes the row");
    judge_.row_touched();
    rows.erase(lock_name);
    judge_.row_written(std::nullopt);
}

void Scene::take_token() {
    counts_.add(Event::null_token);
    world_.tell("stranger", "sets the token to null");
    judge_.row_touched();
    auto const stamp = server_.tables().sync_lock[lock_name].stamp;
    put_row(server_.tables(), lock_name, std::nullopt, stamp ? stamp : server_.clock());
    judge_.row_written(std::nullopt);
}

// A foreign row, or groomer's own, gets another stamp; a null one now and then.
void Scene::stamp_row(Stamp stamp, std::optional<Moment> born, Event event) {
    auto& rows = server_.tables().sync_lock;
    auto const row = rows.find(lock_name);
    if (row == rows.end()) return;
    bool const none = event == Event::future_stamp && world_.random.chance(0.2);
    auto const wanted = none ? std::nullopt : std::optional{stamp};
    counts_.add(event);
    world_.tell("stranger", none                           ? "takes the stamp away"
                            : event == Event::future_stamp ? "stamps the row in the future"
                                                           : "stamps the row long ago");
    // A stamp of long ago, or none at all, ends whatever hold the row is of: no renewal finds it alive.
    if (none || event == Event::ancient_stamp) judge_.row_touched();
    put_row(server_.tables(), lock_name, row->second.token, wanted);
    judge_.row_written(born);
}

// The row, as it is: an upsert that changes nothing.
void Scene::write_again() {
    auto const& rows = server_.tables().sync_lock;
    auto const found = rows.find(lock_name);
    if (found == rows.end()) return;
    counts_.add(Event::row_written_again);
    world_.tell("stranger", "writes the row as it was");
    auto const row = found->second;
    put_row(server_.tables(), lock_name, row.token, row.stamp);
    // A stamp that tells no time: nobody can know since when the row stands.
    bool const timeless = !row.stamp || *row.stamp == infinity;
    judge_.row_written(timeless ? std::nullopt : std::optional{server_.ledger().row_born});
}

// A token that nobody could have written is a foreign one.
void Scene::put_garbage() {
    static std::vector<std::string> const tokens{
        "", "g1|", "g1|garbage", "g1|0|1|s|i|00000001|u", "g1|1000000000|1|s|i|00000001|u", std::string(2000, 'x')};
    counts_.add(Event::garbage_token);
    world_.tell("stranger", "writes a token that means nothing");
    judge_.row_touched();
    put_row(server_.tables(), lock_name, world_.random.pick(tokens), server_.clock());
    judge_.row_written(std::nullopt);
}

void Scene::release_by_hand() {
    auto& tables = server_.tables();
    auto const state = tables.lock_state.find(lock_name);
    if (state == tables.lock_state.end() || !tables.sync_lock.contains(lock_name)) return;
    auto const& token = tables.sync_lock.at(lock_name).token;
    if (!token) return;
    judge_.row_touched();
    bool const by_term = state->second.token && world_.random.chance(0.5);
    auto const term = by_term ? std::optional{state->second.term} : std::nullopt;
    if (!simulation::release_by_hand(tables, lock_name, term, by_term ? std::nullopt : token, server_.clock())) return;
    counts_.add(Event::release_by_hand);
    world_.tell("someone", "releases the lock by hand");
    judge_.released_by_hand();
    notify();
}

}  // namespace groomer::simulation
