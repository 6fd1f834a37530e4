// The commands of the program, one file each. Each returns the exit status, prints its result on standard output, and
// throws groomer::Error for what it cannot do.
#pragma once

#include "base/log.hpp"
#include "config/load.hpp"
#include "tracker/tracker.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace groomer::app {

struct CommandLine {
    config::Source source;
    std::optional<std::string> repo;
    std::optional<std::int64_t> issue;
    bool force = false;
    bool dry_run = false;
    bool json = false;
    bool check = false;
    bool online = false;
    bool create = false;
    std::optional<std::string> lock;
    std::optional<std::int64_t> term;
    std::optional<std::string> token;
    std::string issue_ref;
    std::optional<std::int64_t> run;
    std::optional<std::string> since;
};

int run(CommandLine const& line, Log& log);
int once(CommandLine const& line, Log& log);
int explain(CommandLine const& line, Log& log);
int labels(CommandLine const& line, Log& log);
int lock_status(CommandLine const& line, Log& log);
int lock_release(CommandLine const& line, Log& log);
int undo(CommandLine const& line, Log& log);
int validate(CommandLine const& line, Log& log);
int migrate(CommandLine const& line, Log& log);
int print_version(CommandLine const& line);

// The environment of a command that is no replica: it leaves the slot of its pod to the one that is.
std::map<std::string, std::string> without_slot(CommandLine const& line);
// Where a command line's configuration comes from, with what this version refuses.
config::Source source(CommandLine const& line);
// The configuration of a command line, with the log set as it says; warnings are logged. Throws Error (config), also for
// what this version does not do yet.
config::Loaded configuration(CommandLine const& line, Log& log);
void set_log(config::LogSettings const& settings, Log& log);

}  // namespace groomer::app
