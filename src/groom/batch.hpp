// What a tick has claimed and what became of it: for groomer.cpp, treat.cpp, take_back.cpp and tick_end.cpp alone.
#pragma once

#include "groom/groomer.hpp"

#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace groomer::groom {

struct Groomer::Batch {
    std::shared_ptr<lock::Hold> hold;
    std::map<std::string, Entry> entries;  // by name
    Target target;
    BootTime::time_point claimed_at;
    std::deque<store::Claimed> left;
    std::vector<std::int64_t> waiting;             // claimed, of trackers that cannot be read or let nothing go
    std::vector<store::Claimed> failed, failing;   // could not be read or written: now; for some time
    std::map<std::string, int> in_a_row;           // failures of a source's issues, one after the other
    std::set<std::string> given_up;                // sources, for this tick
    std::set<std::string> served;                  // sources of which an issue was groomed
    std::set<std::int64_t> being_written;          // issues, to which a write may be under way
    bool wrote = false;                            // to some tracker
    std::optional<BootTime::time_point> asked_at;  // whether the installation is paused
    TickReport report;
    std::exception_ptr error;  // of the first worker that failed: ends the tick
};

// The issue as the tracker has it, with what only the syncs have seen: a tracker without a history of its labels cannot
// tell that a person took one away.
// anew: whatever the tracker remembers of an earlier look.
enum class Reading { usual, anew };
Task<std::optional<tracker::Issue>> read_now(Entry const& entry, store::Claimed const& claimed, Reading how);
// The same; where there is nothing to be read, the record says so.
Task<std::optional<tracker::Issue>> read_or_leave(Entry const& entry, store::Claimed const& claimed, store::Record& record);

}  // namespace groomer::groom
