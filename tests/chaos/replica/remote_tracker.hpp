// A tracker behind the fake tracker's protocol. It fences nothing itself: what keeps a holder whose term is over from
// writing is the guard, the deadline and the quarantine alone.
#pragma once

#include "tracker/tracker.hpp"

#include <atomic>
#include <chrono>
#include <memory>

namespace groomer::chaos {

struct RemoteTrackerOptions {
    unsigned short port = 0;
    std::chrono::milliseconds write_limit{0};  // of one write, from the guard's yes to the answer
    std::chrono::milliseconds settle{0};
    std::string pod;
    std::atomic<bool>& stop_in_send;  // taken back by the write that obeys it
};

std::unique_ptr<tracker::Tracker> make_remote_tracker(RemoteTrackerOptions options);

}  // namespace groomer::chaos
