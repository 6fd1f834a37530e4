// libfaketime, which is to lie about the wall clock alone, wraps timerfd_settime, too, and makes "at once" (one nanosecond, as Asio
// arms the timer of what is overdue) into zero, which disarms it: the loop would sleep for ever. This program's own calls, among
// them those of Asio, go straight to the kernel.
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

extern "C" int timerfd_settime(int descriptor, int flags, itimerspec const* value, itimerspec* before) noexcept {
    return static_cast<int>(::syscall(SYS_timerfd_settime, descriptor, flags, value, before));
}
