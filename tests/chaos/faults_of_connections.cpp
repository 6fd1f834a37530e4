#include "chaos/fault_kinds.hpp"

#include <array>

namespace groomer::chaos::fault {
namespace {

using namespace std::chrono_literals;

// How the statements of the lock, and those that belong to a hold, can be told from others on the wire: those of the lock by the
// function that they call, through a pooler, or by the name under which they are prepared.
constexpr std::array patterns{".acquire", ".release", "WITH renewed AS", "WITH fence AS"};

// The first replica that says it from now on springs the trap; null where none does for a while.
Member* trap(World& world, std::string const& pattern, Trap::Action action) {
    for (auto& each : world.members()) each.link->set({pattern, action});
    Member* sprung = nullptr;
    world.wait_until(
        [&] {
            for (auto& each : world.members())
                if (each.link->sprung()) sprung = &each;
            return sprung != nullptr;
        },
        3s);
    for (auto& each : world.members()) each.link->disarm();
    world.round().missed = sprung == nullptr;
    if (sprung != nullptr) world.round().struck = true;
    return sprung;
}

}  // namespace

void terminate(World& world) {
    auto& member = chosen(world);
    bool const all = world.chance(0.3);
    bool const held = world.holds(member);
    for (int i = 1 + world.pick(3); i > 0; --i) {
        auto const ended =
            world.ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'groomer/%' AND (" +
                      std::string{all ? "true" : "false"} + " OR application_name LIKE '%/" + member.pod + "') AND random() < 0.8");
        if (held && !ended.empty() && ended != "0") world.round().struck = true;
        world.sleep(world.between(20ms, 300ms));
    }
}

void drop(World& world) {
    auto& member = chosen(world);
    world.round().struck = world.holds(member) && member.link->connections() > 0;
    if (world.chance(0.3)) {
        for (auto& each : world.members()) each.link->reset_all();
        return;
    }
    if (world.chance(0.5)) member.link->refuse(true);
    member.link->reset_all();
    world.sleep(world.ttls(0.1, 1.5));
}

// A statement takes effect, or does not, and its sender never learns.
void lose_reply(World& world) {
    std::string const pattern = patterns.at(static_cast<std::size_t>(world.pick(4)));
    bool const reply = world.chance(0.75);
    world.round().detail = pattern + (reply ? " reply" : " request");
    auto* member = trap(world, pattern, reply ? Trap::Action::lose_reply : Trap::Action::cut);
    if (member == nullptr) return;
    if (world.chance(0.3)) member->link->refuse(true);
    world.sleep(world.ttls(0.1, 1.3));
}

void late_reply(World& world) {
    std::string const pattern = patterns.at(static_cast<std::size_t>(world.pick(4)));
    world.round().detail = pattern;
    auto* member = trap(world, pattern, Trap::Action::hold_reply);
    if (member == nullptr) return;
    world.sleep(world.ttls(0.5, 2));
    member->link->let_go();
    world.sleep(200ms);
}

void delay(World& world) {
    auto& member = chosen(world);
    auto const up = world.between(50ms, 400ms), down = world.between(50ms, 400ms);
    bool const held = world.holds(member);
    auto const before = member.link->kept_waiting();
    bool const all = world.chance(0.3);
    for (auto& each : world.members()) {
        if (!all && &each != &member) continue;
        each.link->delay(Way::up, up);
        each.link->delay(Way::down, down);
    }
    world.sleep(world.ttls(1, 2.5));
    world.round().struck = held && member.link->kept_waiting() > before;
}

void half_close(World& world) {
    auto& member = chosen(world);
    world.round().struck = world.holds(member) && member.link->connections() > 0;
    member.link->half_close(world.chance(0.5) ? Way::up : Way::down);
    world.sleep(world.ttls(0.2, 1.3));
}

void black_hole(World& world) {
    auto& member = chosen(world);
    bool const held = world.holds(member);
    auto const before = member.link->kept_waiting();
    bool const up = world.chance(0.7), down = !up || world.chance(0.7);
    world.round().detail = up && down ? "both ways" : up ? "to the server" : "to the replica";
    if (up) member.link->hold(Way::up, true);
    if (down) member.link->hold(Way::down, true);
    world.sleep(world.ttls(0.5, 3));
    world.round().struck = held && member.link->kept_waiting() > before;
    if (world.chance(0.5)) member.link->reset_all();
    member.link->let_go();
}

// Statements leave in time, and arrive after the next term has begun.
void hold_until_next_term(World& world, std::string const& pattern) {
    auto* member = trap(world, pattern, Trap::Action::hold_all);
    if (member == nullptr) return;
    auto const slot = "|" + member->slot + "/";
    auto const old = world.token_held();
    auto const owned =
        world.ask("SELECT string_agg(quote_literal(\"syncRunId\"), ',') FROM sync_lock WHERE \"syncRunId\" LIKE '%" + slot + "%'");
    auto const another_holds = [&] {
        if (!owned.empty()) return world.ask("SELECT count(*) FROM sync_lock WHERE \"syncRunId\" IN (" + owned + ")") == "0";
        auto const token = world.token_held();
        return !token.empty() && token != old && token.find(slot) == std::string::npos;
    };
    bool const taken = world.wait_until(another_holds, 4 * world.timing().ttl);
    world.round().struck = taken;
    world.round().detail = pattern + (taken ? " delivered to the next term" : ", nobody followed");
    world.sleep(world.between(0ms, 150ms));
    member->link->let_go();
    world.sleep(300ms);
}

// Each of these writes a row: without the fence the judge must see it.
void held(World& world) {
    constexpr std::array writes{"INSERT INTO groomer.decision (", "INSERT INTO groomer.step (", "INSERT INTO groomer.run ("};
    hold_until_next_term(world, writes.at(static_cast<std::size_t>(world.pick(3))));
}

void held_of_lock(World& world) { hold_until_next_term(world, patterns.at(static_cast<std::size_t>(world.pick(3)))); }

// By a person with `lock release`, or by a foreign program that takes it for left behind.
void row_deleted(World& world) {
    chosen(world);
    bool const by_hand = world.chance(0.5);
    world.round().detail = by_hand ? "by hand" : "by a foreign program";
    auto const done = by_hand ? world.ask("SELECT groomer.release_by_hand(lock, term, NULL) FROM groomer.lock_state WHERE lock = 'groomer'")
                              : world.ask("DELETE FROM sync_lock WHERE id = 'groomer' RETURNING 't'");
    world.round().missed = done != "t";
    world.round().struck = done == "t";
}

}  // namespace groomer::chaos::fault
