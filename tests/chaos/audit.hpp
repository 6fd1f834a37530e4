// The judge's own record inside the database: triggers that write down every change of sync_lock and of groomer's tables,
// with who made it and when.
#pragma once

#include "chaos/database.hpp"
#include "chaos/history.hpp"

#include <string>

namespace groomer::chaos {

// After groomer's migrations: it looks at the tables that are there.
void install_audit(Database& database);

// What was written on this timeline, whole. Only once nobody but the driver is connected, or everything that was begun
// has ended: else the end may be missing.
Segment read_audit(Database& database, std::string const& timeline);

std::string timeline_of(Database& database);

}  // namespace groomer::chaos
