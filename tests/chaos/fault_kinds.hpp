// The single faults, for the table of all and for one another.
#pragma once

#include "chaos/world.hpp"

namespace groomer::chaos::fault {

// The holder, at a moment of its tick that is chance.
Member& struck(World& world);

void kill(World& world);
void pause(World& world);
void pause_in_send(World& world);
void stop(World& world);
void false_clock(World& world);
void paused_through(World& world);

void terminate(World& world);
void drop(World& world);
void lose_reply(World& world);
void late_reply(World& world);
void delay(World& world);
void half_close(World& world);
void black_hole(World& world);
void held(World& world);
void held_of_lock(World& world);
void row_deleted(World& world);

void restart_fast(World& world);
void restart_immediate(World& world);
void read_only(World& world);
void freeze(World& world);
void promote(World& world);
void through_bouncer(World& world);

void bad_tracker(World& world);

}  // namespace groomer::chaos::fault
