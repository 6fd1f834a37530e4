#include "pg/watchdog.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace groomer::pg {

Watchdog::Watchdog() : thread_{[this] { watch(); }} {}

Watchdog::~Watchdog() {
    {
        std::lock_guard guard{mutex_};
        ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void Watchdog::watch() {
    std::unique_lock guard{mutex_};
    while (!ending_) {
        auto const sooner = [](auto const& a, auto const& b) { return a.second.until < b.second.until; };
        auto const first = std::min_element(watched_.begin(), watched_.end(), sooner);
        sleeps_until_ = first == watched_.end() ? Point::max() : first->second.until;
        if (first == watched_.end()) {
            changed_.wait(guard);
        } else if (first->second.until <= std::chrono::steady_clock::now()) {
            ::shutdown(first->second.descriptor, SHUT_RDWR);
            watched_.erase(first);
        } else {
            auto const until = sleeps_until_;  // of its own: the map may change while it waits
            changed_.wait_until(guard, until);
        }
    }
}

Watchdog::Guard::Guard(Watchdog& owner, int descriptor, std::chrono::milliseconds limit) : owner_{owner} {
    std::lock_guard guard{owner_.mutex_};
    id_ = ++owner_.last_id_;
    auto const until = std::chrono::steady_clock::now() + limit;
    owner_.watched_.emplace(id_, Watched{until, descriptor});
    // Woken only where it would sleep too long: a switch of threads for each statement would be dear.
    if (until < owner_.sleeps_until_) owner_.changed_.notify_one();
}

Watchdog::Guard::~Guard() {
    std::lock_guard guard{owner_.mutex_};
    owner_.watched_.erase(id_);
}

}  // namespace groomer::pg
