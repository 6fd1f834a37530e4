// What happened in one world, as the database's audit, the fakes and the driver wrote it down. The judge reads nothing else.
#pragma once

#include "chaos/moment.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace groomer::chaos {

// A change of sync_lock. Changes of one row follow one another in the order of `seq`: each is numbered under its row lock.
struct LockEvent {
    std::int64_t seq = 0;
    Moment at;
    std::string op;  // INSERT | UPDATE | DELETE
    std::string lock;
    std::optional<std::string> old_token, new_token;
    std::optional<Moment> old_stamp, new_stamp;
    std::string pod;  // of the connection
};

// A change of groomer.lock_state.
struct StateEvent {
    std::int64_t seq = 0;
    Moment at;
    std::string lock;
    std::optional<std::string> old_token, new_token;
    Moment old_due, new_due, quarantine_until;
    std::string ended;       // of a release: how groomer.hold has it
    bool requested = false;  // a request was waiting, and seen
    int failures = 0;
    std::string pod;
    Moment newest_served{};  // when the last was made of those requests that count as served
    bool served = false;     // more of them do since
};

// A statement's change of one table of groomer's.
struct TableWrite {
    std::int64_t seq = 0;
    Moment at, committed;
    std::string table, op, pod;
    std::int64_t rows = 0;
    std::string token;     // named by the statement
    bool fenced = false;   // it is one of those that belong to a hold
    bool current = false;  // sync_lock had this token, seen from inside the statement
};

// What one timeline of the server has written down. A promoted standby begins another.
struct Segment {
    std::string timeline;
    std::vector<LockEvent> locks;
    std::vector<StateEvent> states;
    std::vector<TableWrite> writes;
    std::optional<std::int64_t> kept{};  // the last change of sync_lock that the successor knows of; it has one
};

// A request to the fake tracker that changes an issue.
struct TrackerWrite {
    std::string op;  // add | remove
    std::int64_t issue = 0;
    std::string label;
    std::int64_t term = 0;
    std::string pod;
    int connection = 0;
    Moment checked;   // when the replica's guard said yes, by its own word
    Moment received;  // the whole request
    std::optional<Moment> cut;
    std::optional<Moment> effect;
    std::int64_t place = 0;     // of the effect among all
    std::int64_t revision = 0;  // of the issue, when it took effect
    bool changed = false;       // the label was not so before
    bool answered = false;
    bool refused = false;
};

struct ModelRequest {
    std::string pod;
    std::int64_t issue = 0, revision = 0;
    Moment received;
    std::optional<Moment> answered, cut;
};

struct Instance {  // one run of a replica
    std::string pod;
    Moment started;
    std::optional<Moment> died;
    bool killed = false;  // by the driver
    int status = 0;       // where it ended by itself, or when it was told to
};

struct Pause {
    std::string pod;
    Moment from, to;
};

// Of a tick that is not due by itself for long.
struct Request {
    std::string lock;
    Moment at;
};

struct Round {
    std::string fault, detail;
    Moment began, cleared, recovered;
    bool stuck = false;
    bool missed = false;           // what the fault lay in wait for did not come
    bool struck = false;           // seen after it: it has disturbed a holder, or what it lay in wait for
    std::optional<Moment> killed;  // the holder, while others waited undisturbed
    std::optional<std::string> killed_token;
    bool restarted_in_slot = false;    // at once: a reclaim is what should follow
    std::optional<Moment> quiet_from;  // since when nothing is disturbed, up to `cleared`: ticks begin when they are due
    std::optional<Request> requested;  // by the driver meanwhile
    microseconds stall{0};             // the longest that a thread of the driver was held up meanwhile
};

struct FinalIssue {
    std::int64_t number = 0, revision = 0;
    std::set<std::string> labels, wanted;
};

struct Timing {
    milliseconds ttl{0}, renew_every{0}, settle{0};
    milliseconds server_settle{0};  // what the tracker really takes, at most
    milliseconds groom_every{150}, sync_every{300};
};

struct History {
    Timing timing;
    std::vector<Segment> segments;
    std::vector<TrackerWrite> tracker;
    std::vector<ModelRequest> model;
    std::vector<Instance> instances;
    std::vector<Pause> pauses;
    std::vector<Pause> server_pauses;  // of the server's processes, whose ever
    std::vector<Round> rounds;
    std::vector<FinalIssue> issues;
};

}  // namespace groomer::chaos
