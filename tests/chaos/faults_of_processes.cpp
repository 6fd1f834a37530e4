#include "chaos/fault_kinds.hpp"

#include "chaos/outside_settings.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>

namespace groomer::chaos::fault {

using namespace std::chrono_literals;

// Where in a tick a fault strikes is chance.
Member& chosen(World& world) {
    auto& member = world.holder();
    world.sleep(world.between(0ms, 250ms));
    return member;
}

// A process that is dead or stopped renews nothing: if the row carries its token after that, it was struck as it held.
void note_holder(World& world, Member const& member) { world.round().struck = world.round().struck || world.holds(member); }

void kill(World& world) {
    // Those who are to follow in time must not be waiting for a server that failed them in an earlier round.
    bool const quiet = world.all_have_looked(10s);
    auto& member = chosen(world);
    auto const token = world.token_held();
    bool const held = token.find("|" + member.slot + "/") != std::string::npos;
    bool const same_slot = world.chance(0.4);
    auto const wait = same_slot && world.chance(0.7) ? 0ms : world.ttls(0.2, 1.5);
    auto const at = now();
    world.kill(member);
    note_holder(world, member);
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
    auto& member = chosen(world);
    auto const duration = world.ttls(0.5, 3);
    world.round().detail = std::to_string(duration.count()) + " ms";
    auto const from = now();
    member.process->signal(SIGSTOP);
    note_holder(world, member);
    world.sleep(duration);
    member.process->signal(SIGCONT);
    world.note_pause(member.pod, from);
}

// The next write to the tracker stops its sender, whoever that is: a holder may be in quarantine for seconds before it writes.
void pause_in_send(World& world) {
    chosen(world);
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
        if (stopped) world.note_pause(each.pod, from);
    }
    // Another may have been about to stop when it was told not to.
    world.sleep(50ms);
    for (auto& each : members) each.process->signal(SIGCONT);
}

void stop(World& world) {
    auto& member = chosen(world);
    bool const held = world.holds(member);
    member.process->signal(SIGTERM);
    bool const ended = world.wait_until([&] { return !member.process->running(); }, 15s);
    world.round().struck = held && ended;
}

// What it writes first it stamps by its own clock: an hour from ours, where that is the lie; where it is a step or a double speed, that
// the library is in it must do.
bool clock_lies(World& world, Member const& member, bool by_an_hour) {
    if (!by_an_hour) {
        std::ifstream maps{"/proc/" + std::to_string(member.process->pid()) + "/maps"};
        std::string const all{std::istreambuf_iterator<char>{maps}, {}};
        return all.find("libfaketime") != std::string::npos;
    }
    std::optional<std::int64_t> seconds;
    world.wait_until([&] { return (seconds = world.log_moment(member)).has_value(); }, 3s);
    auto const ours = now().time_since_epoch() / microseconds{1s};
    return seconds && std::abs(*seconds - ours) > 3000 && std::abs(*seconds - ours) < 4200;
}

// A false wall clock for its next life, and for the rest of it.
void false_clock(World& world) {
    auto& member = chosen(world);
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
    bool const lies = clock_lies(world, member, kind < 2);
    for (auto const* step : {"+3600", "-3600", "+5", "+0"}) {
        world.sleep(world.ttls(0.3, 0.7));
        if (kind == 3) std::ofstream{file} << step << '\n';
    }
    // Then the holder dies, whoever it is, or is paused: the false clock has its say in who follows.
    auto& next = chosen(world);
    bool const held = world.holds(next);
    if (world.chance(0.5)) world.kill(next);
    else world.pause(next, world.ttls(0.5, 2));
    world.round().struck = lies && held;
    world.round().missed = !lies;
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
    auto& member = chosen(world);
    auto const pod = member.pod;  // the other fault may kill it, and start another in its place
    auto const from = now();
    member.process->signal(SIGSTOP);
    note_holder(world, member);
    bool const held = world.round().struck;
    if (world.chance(0.5)) world.sleep(world.ttls(1, 1.5));
    auto const& other = cases[world.pick(7)];
    world.round().struck = false;
    other.befall(world);
    world.round().killed.reset();  // nobody waited undisturbed
    world.round().detail = other.name;
    member.process->signal(SIGCONT);
    world.note_pause(pod, from);
    world.round().struck = held && world.round().struck;
    world.sleep(world.between(0ms, 300ms));
}

}  // namespace groomer::chaos::fault
