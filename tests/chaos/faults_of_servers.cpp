#include "chaos/fault_kinds.hpp"

#include <csignal>

namespace groomer::chaos::fault {

using namespace std::chrono_literals;

constexpr auto server_start = "SELECT pg_postmaster_start_time()";

void restart(World& world, Postgres::Stop how) {
    auto const& member = chosen(world);
    bool const held = world.holds(member);
    auto const began = world.ask(server_start);
    world.server().stop(how);
    world.sleep(world.between(0ms, 800ms));
    world.server().start();
    world.ask("");  // the driver's session has ended with the server
    auto const begins = world.ask(server_start);
    world.round().struck = held && !begins.empty() && begins != began;
}
void restart_fast(World& world) { restart(world, Postgres::Stop::fast); }
void restart_immediate(World& world) { restart(world, Postgres::Stop::immediate); }

void read_only(World& world) {
    auto const& member = chosen(world);
    bool const held = world.holds(member);
    auto const flip = [&](char const* to) {
        world.ask(std::string{"ALTER SYSTEM SET default_transaction_read_only = "} + to);
        world.ask("SELECT pg_reload_conf()");
    };
    flip("on");
    auto const is_read_only = [&] { return world.server().connect().value("SHOW default_transaction_read_only") == "on"; };
    bool const flipped = world.wait_until(is_read_only, 1s);
    world.round().struck = held && flipped;
    world.round().missed = !flipped;
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
    auto& member = chosen(world);
    bool const all = world.chance(0.5);
    bool const held = world.holds(member);
    auto const from = now();
    world.round().detail = all ? "all" : "one replica's";
    {
        Frozen const frozen{world.server().processes(all ? "" : member.pod)};
        world.round().struck = held && !frozen.pids.empty();
        world.sleep(world.ttls(0.3, 2));
    }
    world.note_server_pause(from);
    world.sleep(world.between(0ms, 300ms));
}

void promote_once(World& world, bool bouncer) {
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
    auto const pooled = bouncer ? std::make_unique<Bouncer>(world.options().programs, folder + "b", *standby) : nullptr;
    world.lead_to(pooled ? pooled->socket_path() : standby->socket_path());
    if (world.chance(0.5)) world.sleep(world.between(0ms, 300ms));  // in recovery, and asked all the same
    standby->promote();
    // Whether it has disturbed anything shows in what the successor does not know.
    world.round().struck = world.replace_server(std::move(standby)) > 0 || world.round().struck;
    if (!pooled) return;
    world.sleep(world.ttls(0.5, 1.5));
    world.lead_to(world.server().socket_path());
}

void promote(World& world) {
    promote_once(world, false);
    if (!world.chance(0.25)) return;
    world.round().detail = "twice";
    promote_once(world, false);
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
    Case const cases[]{{"kill", kill},
                       {"pause", pause},
                       {"terminate", terminate},
                       {"drop", drop},
                       {"held", held},
                       {"lost reply", lose_reply},
                       {"promote", [](World& each) { promote_once(each, true); }}};
    int const which = world.pick(8);
    if (which < 7) {
        world.round().detail = cases[which].name;
        auto const name = world.round().detail;
        cases[which].befall(world);
        world.round().detail = name;
        world.sleep(world.ttls(0.5, 1.5));
    } else {
        world.round().detail = "frozen";
        auto const& member = chosen(world);
        world.round().struck = world.holds(member);
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
    auto& member = chosen(world);
    world.round().struck = world.holds(member);
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

// Nothing is disturbed, once all replicas have looked; then somebody asks for a sync that is not due for long, and is heard: all of
// them listen. It is the judge's to see that the ticks of both locks begin as they are due.
void asked(World& world) {
    auto const all_listen = [&] {
        auto const count = world.ask("SELECT count(DISTINCT application_name) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");
        return count == std::to_string(world.members().size());
    };
    world.round().missed = !world.all_have_looked(10s) || !world.wait_until(all_listen, 10s);
    if (world.round().missed) return;
    world.round().quiet_from = now();
    world.sleep(world.ttls(0.5, 1));
    // Of the sync: for grooming the replicas ask themselves, all the time.
    constexpr auto lock = "global";
    auto const postpone = std::string{"UPDATE groomer.lock_state SET due_at = clock_timestamp() + interval '15 s' WHERE token IS NULL "} +
                          "AND lock = '" + lock + "' RETURNING 't'";
    world.round().missed = !world.wait_until([&] { return world.ask(postpone) == "t"; }, 10s);
    if (world.round().missed) return;
    world.sleep(world.between(0ms, 600ms));
    auto const from = now();
    world.round().struck = world.ask(std::string{"WITH asked AS (INSERT INTO groomer.request (lock) VALUES ('"} + lock +
                                     "') RETURNING lock) SELECT 't' FROM asked, pg_notify('groomer_lock', lock)") == "t";
    if (world.round().struck) world.round().requested = Request{lock, from};
    world.sleep(2 * world.timing().ttl);
}

}  // namespace groomer::chaos::fault
