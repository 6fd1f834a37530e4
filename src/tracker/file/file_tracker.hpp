// A tracker over an export of `gh api --paginate 'repos/O/R/issues?state=all'`: reads the export, never writes it, and
// keeps the labels it was asked for as effects in a log beside it. Throws groomer::Error where the export is missing,
// unreadable or no list of issues; single elements that are no use are skipped and counted.
#pragma once

#include "base/async.hpp"
#include "tracker/file/stats.hpp"
#include "tracker/tracker.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace groomer::tracker::file {

struct Options {
    std::string entry_name;  // the repository of issues that name none
    std::string path;
    asio::thread_pool& pool;  // for all work on files; joined before the tracker's executor goes
    std::shared_ptr<Stats> stats = {};
    std::chrono::milliseconds lock_patience{2000};  // how long a write waits for another process's flock
};

std::unique_ptr<Tracker> make_file_tracker(Options options);

// What stands beside the export at `path`: the log of effects, and the labelled copy.
std::string effects_path(std::string const& path);
std::string labelled_path(std::string const& path);

}  // namespace groomer::tracker::file
