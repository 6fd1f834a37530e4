// What `once` and `undo` share: a sync where it is due, one tick of the grooming lock, and its account.
#pragma once

#include "app/commands/commands.hpp"
#include "app/service.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>

namespace groomer::app {

// A held `global` row means that somebody syncs already. Returns false where the sync failed.
Task<bool> sync_if_stale(Service& service, config::Config const& config, Log& log);

struct OneTick {
    CommandLine const& line;
    bool dry_run = false;
    bool synced = true;
    std::string_view done = "groomed";  // the outcome in JSON where there was something to do
    bool whole = false;                 // what is left counts as a failure: no later tick takes it
};
// Tries for the lock, runs the tick that the service was aimed at, prints what came of it, and returns the exit status.
Task<int> one_tick(Service& service, config::Config const& config, OneTick options);

// Runs `work` on a service of its own; a signal ends it in good order.
int with_service(CommandLine const& line, Log& log, std::function<Task<int>(Service&, config::Config const&)> work);

}  // namespace groomer::app
