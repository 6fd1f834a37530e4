#include "chaos/fault_kinds.hpp"

#include "chaos/outside_settings.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>

namespace groomer::chaos::fault {

using namespace std::chrono_literals;

// Where in a tick a fault strikes is chance.
Member& struck(World& world) {
    auto& member = world.holder();
    world.sleep(world.between(0ms, 250ms));
    if (world.holds(member)) world.round().struck = true;
    return member;
}

void kill(World& world) {
    // Those who are to follow in time must not be waiting for a server that failed them in an earlier round.
    bool const quiet = world.all_have_looked(10s);
    auto& member = struck(world);
    auto const token = world.token_held();
    bool const held = token.find("|" + member.slot + "/") != std::string::npos;
    bool const same_slot = world.chance(0.4);
    auto const wait = same_slot && world.chance(0.7) ? 0ms : world.ttls(0.2, 1.5);
    auto const at = now();
    world.kill(member);
    if (held && quiet) {
        world.round().killed = at;
        world.round().killed_token = token;
        world.round().restarted_in_slot = same_slot && wait == 0ms;
    }
    world.round().detail = same_slot ? "same slot" : "new slot";
    world.sleep(wait);
    world.start(member, same_slot);
}

void pause(World& world) {
    auto& member = struck(world);
    auto const duration = world.ttls(0.5, 3);
    world.round().detail = std::to_string(duration.count()) + " ms";
    world.pause(member, duration);
}

// The next write to the tracker stops its sender, whoever that is: a holder may be in quarantine for seconds before it writes.
void pause_in_send(World& world) {
    struck(world);
    auto const is_stopped = [](Member const& each) { return each.process->stopped(); };
    auto& members = world.members();
    for (auto& each : members) each.process->signal(stop_in_send_signal);
    auto from = now();
    world.round().struck = world.wait_until(
        [&] {
            auto const before = now();
            if (std::any_of(members.begin(), members.end(), is_stopped)) return true;
            from = before;
            return false;
        },
        10s);
    for (auto& each : members) each.process->signal(do_not_stop_signal);
    world.round().missed = !world.round().struck;
    if (world.round().struck) world.sleep(world.ttls(1.3, 3));
    for (auto& each : members) {
        bool const stopped = is_stopped(each);
        each.process->signal(SIGCONT);
        if (stopped) world.note_pause(each, from);
    }
    // Another may have been about to stop when it was told not to.
    world.sleep(50ms);
    for (auto& each : members) each.process->signal(SIGCONT);
}

void stop(World& world) {
    auto& member = struck(world);
    member.process->signal(SIGTERM);
    world.wait_until([&] { return !member.process->running(); }, 15s);
}

// A false wall clock for its next life, and for the rest of it.
void false_clock(World& world) {
    auto& member = struck(world);
    world.kill(member);
    auto const file = world.folder() + "/clock" + std::to_string(member.number);
    member.variables = {{"LD_PRELOAD", world.options().programs.faketime}, {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}};
    int const kind = world.pick(4);
    if (kind == 3) {  // it steps while the replica works
        std::ofstream{file} << "+0\n";
        member.variables["FAKETIME_TIMESTAMP_FILE"] = file;
        member.variables["FAKETIME_NO_CACHE"] = "1";
    } else {
        char const* const clocks[]{"+1h", "-1h", "+0 x2"};
        member.variables["FAKETIME"] = clocks[kind];
    }
    char const* const names[]{"an hour ahead", "an hour back", "double speed", "stepping"};
    world.round().detail = names[kind];
    world.start(member, world.chance(0.5));
    for (auto const* step : {"+3600", "-3600", "+5", "+0"}) {
        world.sleep(world.ttls(0.3, 0.7));
        if (kind == 3) std::ofstream{file} << step << '\n';
    }
    // Then the holder dies, whoever it is, or is paused: the false clock has its say in who follows.
    auto& next = struck(world);
    if (world.chance(0.5)) world.kill(next);
    else world.pause(next, world.ttls(0.5, 2));
    if (world.chance(0.5)) member.variables.clear();  // at its next start
}

// It sleeps while the world goes on without it, and into another fault; then it is woken.
void paused_through(World& world) {
    struct Case {
        char const* name;
        void (*befall)(World&);
    };
    Case const cases[]{
        {"promote", promote}, {"restart", restart_immediate}, {"read-only", read_only}, {"kill", kill}, {"terminate", terminate},
        {"held", held},       {"lost reply", lose_reply}};
    auto& member = struck(world);
    auto const from = now();
    member.process->signal(SIGSTOP);
    if (world.chance(0.5)) world.sleep(world.ttls(1, 1.5));
    auto const& other = cases[world.pick(7)];
    other.befall(world);
    world.round().killed.reset();  // nobody waited undisturbed
    world.round().detail = other.name;
    member.process->signal(SIGCONT);
    world.note_pause(member, from);
    world.sleep(world.between(0ms, 300ms));
}

}  // namespace groomer::chaos::fault
