// CLOCK_BOOTTIME by the system call itself: what a replica and the fakes compare must not pass through libfaketime.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <ctime>

namespace groomer::chaos {

// In nanoseconds; the same for all processes of this machine.
inline std::int64_t boot_nanoseconds() {
    timespec ts{};
    ::syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &ts);
    return std::int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec;
}

}  // namespace groomer::chaos
