// Forward-only migrations, run inside one transaction under a transaction-level advisory lock: several replicas that
// start at once apply each once, and no session lock can be stranded by a pooler.
#pragma once

#include "pg/session.hpp"

#include <string_view>
#include <vector>

namespace groomer::pg {

struct Migration {
    int version;
    std::string_view name;
    std::string_view sql;
};

struct SchemaState {
    int found = 0;   // 0: no schema yet
    int wanted = 0;  // of this binary
};

// What is there. Throws DatabaseError; an Error (database) where the schema is newer than the binary, or the database
// cannot hold every text.
SchemaState check_schema(Session& session, std::vector<Migration> const& migrations);

// Brings the schema up to date; false while another process is doing it: ask again. Migrations are in ascending order of
// version.
bool try_migrate(Session& session, std::vector<Migration> const& migrations);

}  // namespace groomer::pg
