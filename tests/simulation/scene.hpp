// One seed's world: a database, two trackers and a few replicas, a time of faults, then a time in which all is well and the
// lock must come to life again.
#pragma once

#include "simulation/counts.hpp"
#include "simulation/judge.hpp"
#include "simulation/mutation.hpp"
#include "simulation/network.hpp"
#include "simulation/process.hpp"
#include "simulation/server.hpp"
#include "simulation/tick.hpp"
#include "simulation/trackers.hpp"

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace groomer::simulation {

// What befalls the world.
enum class Family { network, crashes, pauses, clocks, failover, strangers, all };
inline constexpr std::array families{Family::network,  Family::crashes,   Family::pauses, Family::clocks,
                                     Family::failover, Family::strangers, Family::all};
std::string_view name(Family family);

class Scene final : private Witness {
public:
    Scene(std::uint64_t seed, Family family, Mutation const& mutation, metrics::Metrics& metrics, std::string* story);
    ~Scene() override;

    // Nothing where every judge is content.
    std::optional<Violation> run();
    [[nodiscard]] Counts const& counts() const { return counts_; }

private:
    // How often each fault comes, on average; zero: never.
    struct Rates {
        Duration weather{0}, partition{0}, slow_commits{0};
        Duration crash{0}, graceful_stop{0}, forced{0};
        Duration pause{0}, stall{0};
        Duration step{0};
        Duration restart{0}, failover{0};
        Duration stranger{0};
        Duration ambush{0};
        Duration request{15s}, by_hand{60s};
    };
    struct Ambush {
        Point point;
        int passes;  // hits before it strikes
    };
    using Strike = void (Scene::*)(Process&);

    void committed(Statement const& statement, Reply const& reply, Before const& before) override;
    void done(Statement const& statement, Reply const& reply) override { judge_.done(statement, reply); }

    void choose_settings();
    void choose_habits();
    Rates rates_of(Family family) const;
    void every(Duration mean, void (Scene::*fault)());
    void schedule(Rates const& rates);
    bool passes(Duration until, std::function<bool()> const& enough);

    // ---- replicas
    void launch(std::size_t slot, bool in_slot);
    void launch_forced();
    void bury();
    void notify();
    std::shared_ptr<Process> any_process();
    std::shared_ptr<Process> holder();
    bool strike(Process& process, Point point);
    void crash(Process& process);
    void pause(Process& process, Point point);

    // ---- faults
    void change_weather();
    void partition_any();
    void partition(Process& process);
    void slow_down_commits();
    void crash_any();
    void stop_any();
    void pause_any();
    void stall_any();
    void step_clock();
    void step_by(Duration by);
    void restart_server();
    void fail_over();
    void fall_over();
    void count_losses();
    void request();
    void pause_by_hand();
    void visit_stranger();
    void prepare_ambush();
    void make_peace();

    // ---- strangers
    void hold_as_stranger(std::string const& token);
    void let_go_as_stranger(std::string const& token);
    void delete_row();
    void take_token();
    void write_again();
    void stamp_row(Stamp stamp, std::optional<Moment> born, Event event);
    void put_garbage();
    void release_by_hand();

    World world_;
    Counts counts_;
    Family family_;
    Mutation mutation_;
    metrics::Metrics& metrics_;
    Settings settings_;
    Habits habits_;
    std::vector<std::shared_ptr<Process>> processes_;
    Judge judge_{world_, counts_, settings_, processes_};
    Server server_{world_, counts_, mutation_.rules, *this};
    Network network_{world_, counts_, server_};
    std::optional<Site> remote_, files_;

    struct Slot {
        std::string pod;
        bool empty = true;
        bool was_killed = false;
    };
    std::vector<Slot> slots_;
    std::map<int, std::size_t> slot_of_;  // of a process
    int launched_ = 0, pods_ = 0;
    bool peace_ = false;
    double notifications_lost_ = 0;
    std::optional<Ambush> ambush_;
    Moment last_small_step_{-1h};
};

}  // namespace groomer::simulation
