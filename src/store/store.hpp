// The way to groomer's own tables: reads, and writes that belong to a hold. One function per statement stands in
// issues.hpp (what the sync writes), work.hpp (what a tick reads and writes of its issues), backlog.hpp (of all of them) and history.hpp (what
// people ask for).
#pragma once

#include "lock/hold.hpp"
#include "pg/migrate.hpp"
#include "pg/pool.hpp"

#include <functional>
#include <stdexcept>
#include <vector>

namespace groomer::store {

// Thrown by a fenced write whose hold is over: nothing was written, and the hold is marked lost.
class HoldLost : public std::runtime_error {
public:
    HoldLost() : std::runtime_error{"the hold is over: another term owns the lock"} {}
};

class Store {
public:
    // on_fenced is called for each write that was refused.
    Store(pg::Pool& pool, Clock const& clock, std::function<void()> on_fenced)
        : pool_{pool}, clock_{clock}, on_fenced_{std::move(on_fenced)} {}

    // Throws pg::DatabaseError.
    Task<pg::Rows> read(pg::Statement statement, pg::Values parameters) { return pool_.run(statement, std::move(parameters)); }

    // A write that belongs to `hold`. The statement begins with GROOMER_FENCED, so that $1 and $2 are the lock and the token;
    // its own parameters follow as $3…; its first column is (SELECT count(*) FROM fence). Throws HoldLost.
    Task<pg::Rows> write(lock::Hold& hold, pg::Statement statement, pg::Values parameters);

private:
    pg::Pool& pool_;
    Clock const& clock_;
    std::function<void()> on_fenced_;
};

// Asks the database whether the hold still is the current one. Throws HoldLost.
Task<> prove(Store& store, lock::Hold& hold);

// The schema of this binary.
std::vector<pg::Migration> const& migrations();

}  // namespace groomer::store

// Begins a fenced statement: `GROOMER_FENCED "INSERT … SELECT … FROM fence …"`. A macro, so that SQL stays one literal.
// The fence conflicts with acquire, release and a foreign DELETE, which wait for the write, and with no renewal.
// Without it (GROOMER_TEST_WITHOUT_FENCE) the fault runs must find violations, or they prove nothing.
#ifdef GROOMER_TEST_WITHOUT_FENCE
#define GROOMER_FENCED "WITH fence AS MATERIALIZED (SELECT 1 WHERE $1::text <> $2::text) "
#else
#define GROOMER_FENCED                                                                 \
    "WITH fence AS MATERIALIZED (SELECT 1 FROM groomer.lock_state s JOIN sync_lock l " \
    "ON l.id = s.lock AND l.\"syncRunId\" = s.token WHERE s.lock = $1 AND s.token = $2 FOR SHARE OF s FOR KEY SHARE OF l) "
#endif
