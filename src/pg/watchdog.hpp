// Ends what the server does not answer. statement_timeout is kept by the server and TCP's limits by its kernel: a server or
// pooler that is frozen, but whose kernel acknowledges, would hold a thread for ever. libpqxx cannot be told to give up, so
// the socket under it is shut down, and it sees a broken connection.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>

namespace groomer::pg {

// Callable from any thread.
class Watchdog {
public:
    Watchdog();
    ~Watchdog();  // after all guards
    Watchdog(Watchdog const&) = delete;
    Watchdog& operator=(Watchdog const&) = delete;

    // While it lives, `descriptor` is shut down when `limit` has passed. The descriptor must stay open as long.
    class Guard {
    public:
        Guard(Watchdog& owner, int descriptor, std::chrono::milliseconds limit);
        ~Guard();
        Guard(Guard const&) = delete;
        Guard& operator=(Guard const&) = delete;

    private:
        Watchdog& owner_;
        std::uint64_t id_;
    };

private:
    using Point = std::chrono::steady_clock::time_point;
    struct Watched {
        Point until;
        int descriptor;
    };
    void watch();

    std::mutex mutex_;  // protects all below but the thread
    std::condition_variable changed_;
    std::map<std::uint64_t, Watched> watched_;  // few: one a connection
    Point sleeps_until_ = Point::max();
    std::uint64_t last_id_ = 0;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace groomer::pg
