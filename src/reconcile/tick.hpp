// What a loop runs while it holds the lock, and how that is watched: until it ends, is told to stop, or may not go on.
#pragma once

#include "base/async.hpp"
#include "lock/hold.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace groomer::reconcile {

enum class TickOutcome { done, nothing_to_do, aborted, error };

struct TickResult {
    TickOutcome outcome = TickOutcome::nothing_to_do;
    bool more = false;    // it stopped at its batch limit: the next is due at once, after a gap for other programs
    bool clean = true;    // every write to a tracker was answered
    std::string summary;  // for the log
};

// Runs on the loop's executor; throws store and tracker errors, which end the tick as `error`. It is cancelled when the
// hold is lost, its deadline passes, or it outlasts max_tick.
using Tick = std::function<Task<TickResult>(std::shared_ptr<lock::Hold>)>;

struct TickWatch {
    Clock& clock;
    asio::any_io_executor executor;
    Wakeup& changed;  // notified when the hold is lost and when `stop_at` moves
    std::chrono::milliseconds max_tick;
    BootTime::time_point const& stop_at;  // when a stop gives up on the tick; read anew at each notification
};

// How a tick ended, apart from what it says itself.
struct Course {
    std::optional<TickResult> result;
    std::exception_ptr error;
    bool overran = false;
};

// Returns when all of the tick has ended. One that is cancelled and does not end within 5 s (work that nothing can
// interrupt: a disk that hangs) loses its hold, so that its row expires and another replica can go on.
Task<Course> run_tick(TickWatch watch, Tick const& tick, std::shared_ptr<lock::Hold> hold);

}  // namespace groomer::reconcile
