// Who may bring the schema up to date.
#pragma once

#include "pg/migrate.hpp"

#include <optional>
#include <string>

namespace groomer::pg {

// Why this role cannot bring the schema up to date, and what to do, in one sentence; nothing where it can, or nothing is to do.
// Throws DatabaseError.
std::optional<std::string> fault_of_migrating(Session& session, SchemaState const& state);

}  // namespace groomer::pg
