// sync_lock is shared: other programs, and people, may have made it, and may change it at any time.
#pragma once

#include <optional>
#include <string>

namespace groomer::pg {
class Session;
}

namespace groomer::lock {

enum class Missing { allowed, fault };

// Why groomer cannot work with the table, and what to do, in one sentence; nothing where it can. Throws pg::DatabaseError.
std::optional<std::string> fault_of_shared_table(pg::Session& session, Missing missing);

}  // namespace groomer::lock
