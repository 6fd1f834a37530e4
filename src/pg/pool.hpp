// A bounded set of connections with a thread each. A statement waits its turn, runs, and resumes its caller; brief ones use
// connections of their own, as many as are under way at once, and no thread. A broken connection is closed and made anew by the
// next statement; whoever called sees the error and waits as he sees fit.
#pragma once

#include "base/async.hpp"
#include "pg/direct_session.hpp"
#include "pg/session.hpp"
#include "pg/watchdog.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace groomer::pg {

// What a pool tells of its work, from its own threads.
struct Observer {
    std::function<void(std::string_view statement, std::chrono::nanoseconds took)> ran = [](auto, auto) {};
    std::function<void(DatabaseError const&)> lost = [](auto const&) {};  // a connection, or the attempt to make one
    std::function<void()> answered = [] {};                               // the server answered
};

class Pool {
public:
    Pool(ConnectOptions options, std::size_t size, Observer observer);
    ~Pool();  // waits for what runs

    // Throws DatabaseError.
    Task<Rows> run(Statement statement, Values parameters);
    // Runs blocking work with a connection, which is cut after `limit`.
    template <class F>
    auto with_session(std::chrono::milliseconds limit, F work) {
        return on_pool(threads_, [this, limit, work = std::move(work)] {
            Lease lease{*this};
            try {
                Watchdog::Guard const guard{watchdog_, lease.session().descriptor(), limit};
                return work(lease.session());
            } catch (DatabaseError const& error) {
                if (error.broken()) lease.discard();
                throw;
            }
        });
    }
    // What new connections use: a rotated password.
    void set_options(ConnectOptions options);
    // Closes idle connections, so that a rotated password or a moved primary is seen.
    void close_idle();

private:
    class Lease {
    public:
        explicit Lease(Pool& pool);
        ~Lease();
        Lease(Lease const&) = delete;
        Lease& operator=(Lease const&) = delete;
        Session& session() { return *session_; }
        void discard();

    private:
        Pool& pool_;
        std::unique_ptr<Session> session_;
    };
    std::unique_ptr<Session> take();
    void give_back(std::unique_ptr<Session> session);
    Rows run_here(Statement const& statement, Values const& parameters);
    Task<Rows> run_brief(Statement statement, Values parameters);
    Task<std::unique_ptr<DirectSession>> take_direct();

    Observer observer_;
    Watchdog watchdog_;
    std::mutex mutex_;  // protects the three below
    ConnectOptions options_;
    std::vector<std::unique_ptr<Session>> idle_;
    std::vector<std::unique_ptr<DirectSession>> idle_direct_;
    asio::thread_pool threads_;
};

}  // namespace groomer::pg
