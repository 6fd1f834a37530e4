// The single faults, for the table of all and for one another.
#pragma once

#include "chaos/world.hpp"

namespace groomer::chaos::fault {

// The holder, at a moment of its tick that is chance; nothing has happened to it yet.
Member& chosen(World& world);

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
// To a standby that misses what was written last; replicas reach it, if so told, through PgBouncer.
void promote_once(World& world, bool bouncer);
void through_bouncer(World& world);

void bad_tracker(World& world);

void asked(World& world);

}  // namespace groomer::chaos::fault
