// What the driver tells a replica of the fakes, by variables of the environment.
#pragma once

namespace groomer::chaos {

inline constexpr char const* tracker_port_variable = "CHAOS_TRACKER_PORT";
inline constexpr char const* model_port_variable = "CHAOS_MODEL_PORT";
inline constexpr char const* settle_variable = "CHAOS_SETTLE_MS";  // of the tracker, as the replica is told

// On this signal a replica stops itself (SIGSTOP) inside its next write, between the guard's yes and the send: the one
// pause that nothing can check away.
inline constexpr int stop_in_send_signal = 10;  // SIGUSR1
// And on this one no longer: a write that comes later would stop for ever.
inline constexpr int do_not_stop_signal = 12;  // SIGUSR2

// The issues of a world belong to one repository.
inline constexpr char const* repository = "chaos/world";

}  // namespace groomer::chaos
