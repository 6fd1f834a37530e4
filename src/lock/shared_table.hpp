// sync_lock is shared: other programs, and people, may have made it, and may change it at any time.
#pragma once

#include <optional>
#include <string>

namespace groomer::pg {
class Session;
}

namespace groomer::lock {

enum class Missing { allowed, fault };

struct SharedTable {
    std::string name;                  // with its schema; "" where there is none yet
    std::optional<std::string> fault;  // why groomer cannot work with it, or must not make it, and what to do, in one sentence
    std::string warning;               // what had better be changed, in one sentence; ""
};

// Throws pg::DatabaseError.
SharedTable examine_shared_table(pg::Session& session, Missing missing);

}  // namespace groomer::lock
