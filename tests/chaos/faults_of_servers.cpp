#include "chaos/fault_kinds.hpp"

#include <csignal>

namespace groomer::chaos::fault {

using namespace std::chrono_literals;

void restart(World& world, Postgres::Stop how) {
    struck(world);
    world.server().stop(how);
    world.sleep(world.between(0ms, 800ms));
    world.server().start();
}
void restart_fast(World& world) { restart(world, Postgres::Stop::fast); }
void restart_immediate(World& world) { restart(world, Postgres::Stop::immediate); }

void read_only(World& world) {
    struck(world);
    auto const flip = [&](char const* to) {
        world.ask(std::string{"ALTER SYSTEM SET default_transaction_read_only = "} + to);
        world.ask("SELECT pg_reload_conf()");
    };
    flip("on");
    world.sleep(world.ttls(0.3, 1.5));
    // The session that flips it back must itself be allowed to.
    world.ask("SET default_transaction_read_only = off");
    flip("off");
}

// Stopped processes that nobody wakes would outlive an interrupted run.
struct Frozen {
    explicit Frozen(std::vector<pid_t> which) : pids{std::move(which)} {
        for (auto const pid : pids) ::kill(pid, SIGSTOP);
    }
    ~Frozen() {
        for (auto const pid : pids) ::kill(pid, SIGCONT);
    }
    Frozen(Frozen const&) = delete;
    Frozen& operator=(Frozen const&) = delete;
    std::vector<pid_t> pids;
};

// The server's processes stop, with their connections and locks; those of one replica, or all.
void freeze(World& world) {
    auto& member = struck(world);
    bool const all = world.chance(0.5);
    world.round().detail = all ? "all" : "one replica's";
    {
        Frozen const frozen{world.server().processes(all ? "" : member.pod)};
        world.sleep(world.ttls(0.3, 2));
    }
    world.sleep(world.between(0ms, 300ms));
}

void promote_once(World& world) {
    static std::atomic<int> copies = 1;
    auto const folder = world.folder() + "/pg" + std::to_string(++copies);
    auto standby = std::make_unique<Postgres>(world.options().programs, folder, world.server());
    // From here on the standby misses what is written; then its primary is cut off.
    bool const missed_acquire = world.chance(0.5);
    auto const before = world.token_held();
    standby->freeze_standby();
    auto const another_holds = [&] {
        auto const token = world.token_held();
        return !token.empty() && token != before;
    };
    if (missed_acquire) world.wait_until(another_holds, 3s);
    world.sleep(world.between(0ms, 500ms));
    if (!world.token_held().empty()) world.round().struck = true;
    world.lead_to(standby->socket_path());
    if (world.chance(0.5)) world.sleep(world.between(0ms, 300ms));  // in recovery, and asked all the same
    standby->promote();
    world.replace_server(std::move(standby));
}

void promote(World& world) {
    promote_once(world);
    if (!world.chance(0.25)) return;
    world.round().detail = "twice";
    promote_once(world);
}

// The same faults, met through PgBouncer in transaction mode.
void through_bouncer(World& world) {
    static std::atomic<int> bouncers = 0;
    Bouncer bouncer{world.options().programs, world.folder() + "/bouncer" + std::to_string(++bouncers), world.server()};
    world.lead_to(bouncer.socket_path());
    world.sleep(world.ttls(0.5, 1));
    struct Case {
        char const* name;
        void (*befall)(World&);
    };
    Case const cases[]{{"kill", kill}, {"pause", pause}, {"terminate", terminate},
                       {"drop", drop}, {"held", held},   {"lost reply", lose_reply}};
    int const which = world.pick(7);
    if (which < 6) {
        world.round().detail = cases[which].name;
        auto const name = world.round().detail;
        cases[which].befall(world);
        world.round().detail = name;
        world.sleep(world.ttls(0.5, 1.5));
    } else {
        world.round().detail = "frozen";
        struck(world);
        bouncer.process().signal(SIGSTOP);
        world.sleep(world.ttls(0.5, 2));
        bouncer.process().signal(SIGCONT);
        world.sleep(300ms);
    }
    world.lead_to(world.server().socket_path());
}

// Most answers are lost, slow or no; and the holder dies, stops or is cut off in the midst of it.
void bad_tracker(World& world) {
    world.tracker().set_mood({0.5, 0.3, 0.15});
    world.sleep(world.ttls(0.3, 1));
    auto& member = struck(world);
    int const kind = world.pick(4);
    char const* const names[]{"killed", "paused", "black hole", "stalled"};
    world.round().detail = names[kind];
    switch (kind) {
        case 0: world.kill(member); break;
        case 1: world.pause(member, world.ttls(0.5, 2)); break;
        case 2:
            member.link->hold(Way::up, true);
            world.sleep(world.ttls(0.7, 2));
            member.link->reset_all();
            member.link->let_go();
            break;
        default: world.tracker().stall_until(now() + world.ttls(0.3, 1.5)); world.sleep(world.ttls(0.3, 1.5));
    }
    world.tracker().set_mood({});
}

}  // namespace groomer::chaos::fault
