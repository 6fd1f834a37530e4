// When a hold began and ended, told by the database itself. A trigger that runs just before the commit notifies; so a hold's
// event is received a little after its commit, and a release is stamped a little before: hand-overs are measured long, never
// short. The clock is one: the server runs on this machine.
#pragma once

#include "database.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace groomer::bench {

double wall_time();  // seconds since the epoch

struct Event {
    std::string lock;
    bool held = false;  // or else released
    std::int64_t term = 0;
    std::string pod;      // who holds, or did
    double stamped = 0;   // by clock_timestamp(), just before the commit
    double due = 0;       // the state row's due_at
    double received = 0;  // by wall_time()
};

class Audit {
public:
    // Puts the trigger on the database's lock_state.
    explicit Audit(Database& database);
    // The next event; nothing if none comes within `limit`.
    std::optional<Event> next(std::chrono::milliseconds limit);
    [[nodiscard]] int descriptor() const { return session_.descriptor(); }

private:
    pg::Session session_;
    std::vector<Event> pending_;  // the oldest last
};

// The next event of this kind; throws where it does not come within `limit`.
Event wait_for(Audit& audit, std::string const& lock, bool held, std::chrono::milliseconds limit);

}  // namespace groomer::bench
