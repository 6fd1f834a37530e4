// What is wrong with the table that is shared with others is told by whoever meets it, not at the start alone.
#pragma once

#include "base/log.hpp"
#include "lock/lock_store.hpp"

namespace groomer::lock {

// A store that looks at the shared table when the database refuses one of its statements, and logs what is wrong with it: once for as
// long as that stays the same. It asks nothing while all is well. pool, log and executor outlive it; all but renewals is called on the
// executor.
std::unique_ptr<LockStore> make_explaining_store(std::unique_ptr<LockStore> store, pg::Pool& pool, Log& log,
                                                 asio::any_io_executor executor);

}  // namespace groomer::lock
