// Carries a plan out on a tracker, step by step: each step is stored before and after; a text also just before it is written, since
// a second comment is not to be made whatever happens. After a crash the plan is made anew
// against the live issue, so that only what is missing is written.
#pragma once

#include "base/log.hpp"
#include "groom/plan.hpp"
#include "lock/hold.hpp"
#include "metrics/metrics.hpp"
#include "store/work.hpp"
#include "tracker/tracker.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace groomer::groom {

struct ApplyParts {
    Clock& clock;
    Log& log;
    metrics::Metrics& metrics;
    store::Store& store;
    std::chrono::milliseconds write_limit{0};  // of one write, whole: no write begins later than this before the deadline
    // Is the issue as people left it when it was judged? Asked before a label is tried again: the write before, whose answer was lost,
    // may have had its effect, and somebody may have taken that back since; and by the tracker (WriteGuard). Empty: it is.
    std::function<Task<bool>()> still_same = {};
};

struct Applied {
    std::string key;  // SHA-256 of repository, issue, revision and plan; after `undo ` for one that takes back
    std::vector<store::Step> steps;
    bool all_done = true;
    bool gone = false;        // the issue is not there any more
    bool fenced = false;      // refused by the tracker: it has seen a later term
    bool withheld = false;    // not begun, since the hold is over or nearly so
    bool unanswered = false;  // a write may yet take effect
    bool changed = false;     // by somebody, between two tries
    bool cut_short = false;   // the holder stops: what was worth another try had none
    bool unknown = false;     // … and a limit, which is no fault of the issue's, lets nobody find out for now
    std::string failure;      // of the first step that failed
};

// The steps of a plan, in their order: labels first, and closing last, when all that is to be said has been said.
std::vector<store::Step> steps_of(Plan const& plan);

// hold outlives the call. Throws store::HoldLost and pg::DatabaseError.
Task<Applied> apply(ApplyParts parts, std::shared_ptr<lock::Hold> hold, tracker::Tracker& tracker, std::int64_t issue_id,
                    tracker::IssueRef ref, std::string revision, Plan plan);

}  // namespace groomer::groom
