// A connection whose statements are waited for on the caller's executor. For statements that are small both ways and run all
// the time: the way to a thread and back would take longer than they do. By libpq itself, since libpqxx only blocks.
#pragma once

#include "base/async.hpp"
#include "pg/session.hpp"

#include <chrono>
#include <memory>

struct pg_conn;

namespace groomer::pg {

class DirectSession {
public:
    // Connects, and blocks meanwhile; throws DatabaseError (broken).
    explicit DirectSession(ConnectOptions const& options);
    ~DirectSession();
    DirectSession(DirectSession const&) = delete;
    DirectSession& operator=(DirectSession const&) = delete;

    // One statement at a time. A caller that is cancelled gets its result all the same. Where no answer comes within `limit`
    // the session is broken. Throws DatabaseError; after a broken one the session is of no more use.
    Task<Rows> run(Statement statement, Values parameters, std::chrono::milliseconds limit);

private:
    [[nodiscard]] std::string message(Statement const& statement, Values const& parameters) const;

    pg_conn* connection_;
};

}  // namespace groomer::pg
