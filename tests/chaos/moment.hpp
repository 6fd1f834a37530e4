// Moments of this machine's wall clock, in the unit of PostgreSQL: the server, the fakes and the driver run on it alike.
#pragma once

#include <chrono>
#include <cstdint>

namespace groomer::chaos {

using std::chrono::microseconds;
using std::chrono::milliseconds;

using Moment = std::chrono::sys_time<microseconds>;

inline Moment now() { return std::chrono::time_point_cast<microseconds>(std::chrono::system_clock::now()); }

inline double seconds(microseconds duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace groomer::chaos
