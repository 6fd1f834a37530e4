// What becomes of an issue after its plan, and when it is looked at again: pure.
#pragma once

#include "config/config.hpp"
#include "groom/apply.hpp"
#include "groom/plan.hpp"
#include "store/work.hpp"
#include "tracker/tracker.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace groomer::groom {

std::vector<std::string> sorted(std::vector<std::string> labels);
std::string joined(std::vector<std::string> const& labels);
// The labels on the issue that we set, by its events.
std::vector<std::string> standing_of_ours(tracker::Issue const& issue);

// skipped, with why; due again after `again`, or not before something changes.
void leave_alone(store::Record& record, std::string why, std::optional<std::chrono::milliseconds> again);
// The tracker says that it has the issue no more. That may be a right that was lost for a moment, or a repository whose issues are
// switched off for a while: it is looked at again until a full pass of the sync has found it gone.
void leave_to_return(store::Record& record);
// What was done to it was taken back, and nobody has changed it since: it waits for that.
void leave_undone(store::Record& record);
// It cannot be read, which is a failure of its own.
void leave_unread(store::Record& record, std::string why, int failures_before);
// How long an issue that is left alone waits: closed ones for a change, others 14 days.
std::optional<std::chrono::milliseconds> parked_for(tracker::Issue const& issue);

// The outcome of a plan before anything is written: planned in dry runs and suggestions; else noop or abstained where
// nothing is to be written, and applied where something is.
// second_best: the model that should have judged did not; it is asked again after the cooldown.
void settle(store::Record& record, Plan const& plan, config::Policy const& policy, bool second_best);
// It changed between reading and writing: nothing was written, and it is due at once.
void go_stale(store::Record& record);
// After the steps: partial or failed where some did not take effect, with back-off.
void take_result(store::Record& record, Plan const& plan, Applied const& applied, int failures_before);

}  // namespace groomer::groom
