// A connection whose statements are waited for on the caller's executor. For statements that are small both ways and run all
// the time: the way to a thread and back would take longer than they do, and so would reading and planning them each time. By
// libpq itself, since libpqxx only blocks.
#pragma once

#include "base/async.hpp"
#include "pg/session.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

struct pg_conn;

namespace groomer::pg {

class DirectSession {
public:
    // Connects, and blocks meanwhile; throws DatabaseError (broken).
    explicit DirectSession(ConnectOptions const& options);
    ~DirectSession();
    DirectSession(DirectSession const&) = delete;
    DirectSession& operator=(DirectSession const&) = delete;

    // One statement at a time. A caller that is cancelled when it was sent gets its result all the same; before, nothing is sent, and
    // the session is of no more use. Where no answer comes within `limit` the session is broken. Throws DatabaseError; after a
    // broken one the session is of no more use.
    Task<Rows> run(Statement statement, Values parameters, std::chrono::milliseconds limit);

private:
    struct Reply;
    class Exchange;
    using Send = std::function<int(pg_conn*)>;  // 0: not sent

    Task<Reply> exchange(Send send, BootTime::time_point until);
    Task<Reply> run_text(Statement statement, Values parameters, BootTime::time_point until);
    Task<std::optional<Reply>> run_prepared(Statement statement, Values parameters, BootTime::time_point until);
    Task<bool> learn_who_answers(BootTime::time_point until);
    [[nodiscard]] std::string message(Statement const& statement, Values const& parameters) const;

    pg_conn* connection_;
    // A pooler in between would hand what was prepared to strangers, and us to another server process, which lacks it.
    std::optional<bool> keeps_prepared_;
    std::set<std::string_view> prepared_;
};

}  // namespace groomer::pg
