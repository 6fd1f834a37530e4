#include "pg/pool.hpp"

namespace groomer::pg {
namespace {

constexpr std::chrono::milliseconds longest_wait{2000};

// The server ends a statement at its own limit; past that and some transit, it does not answer at all.
std::chrono::milliseconds patience(Statement const& statement) {
    return (statement.time_limit == bounds_itself ? longest_wait : statement.time_limit) + longest_wait;
}

}  // namespace

Pool::Pool(ConnectOptions options, std::size_t size, Observer observer)
    : observer_{std::move(observer)}, options_{std::move(options)}, threads_{size} {}

Pool::~Pool() { threads_.join(); }

Pool::Lease::Lease(Pool& pool) : pool_{pool}, session_{pool.take()} {}

Pool::Lease::~Lease() {
    if (session_) pool_.give_back(std::move(session_));
}

// A broken connection is seldom alone: the idle ones were made to the same server, before it went.
void Pool::Lease::discard() {
    session_.reset();
    pool_.close_idle();
}

std::unique_ptr<Session> Pool::take() {
    ConnectOptions options;
    {
        std::lock_guard guard{mutex_};
        if (!idle_.empty()) {
            auto session = std::move(idle_.back());
            idle_.pop_back();
            return session;
        }
        options = options_;
    }
    try {
        return std::make_unique<Session>(options);
    } catch (DatabaseError const& error) {
        observer_.lost(error);
        throw;
    }
}

void Pool::give_back(std::unique_ptr<Session> session) {
    std::lock_guard guard{mutex_};
    idle_.push_back(std::move(session));
}

void Pool::set_options(ConnectOptions options) {
    std::lock_guard guard{mutex_};
    options_ = std::move(options);
}

void Pool::close_idle() {
    std::vector<std::unique_ptr<Session>> closed;  // without the mutex
    std::vector<std::unique_ptr<DirectSession>> closed_direct;
    std::lock_guard guard{mutex_};
    closed.swap(idle_);
    closed_direct.swap(idle_direct_);
}

Rows Pool::run_here(Statement const& statement, Values const& parameters) {
    Lease lease{*this};
    auto const start = BootTime::now();
    try {
        Watchdog::Guard const guard{watchdog_, lease.session().descriptor(), patience(statement)};
        auto rows = lease.session().run(statement, parameters);
        observer_.ran(statement.name, BootTime::now() - start);
        observer_.answered();
        return rows;
    } catch (DatabaseError const& error) {
        observer_.ran(statement.name, BootTime::now() - start);
        if (error.broken()) {
            lease.discard();
            observer_.lost(error);
        } else {
            observer_.answered();
        }
        throw;
    }
}

Task<std::unique_ptr<DirectSession>> Pool::take_direct() {
    ConnectOptions options;
    {
        std::lock_guard guard{mutex_};
        if (!idle_direct_.empty()) {
            auto session = std::move(idle_direct_.back());
            idle_direct_.pop_back();
            co_return session;
        }
        options = options_;
    }
    auto connect = [this, options] {
        try {
            return std::make_unique<DirectSession>(options);
        } catch (DatabaseError const& error) {
            observer_.lost(error);
            throw;
        }
    };
    auto connecting = on_pool(threads_, connect);
    co_return co_await std::move(connecting);
}

Task<Rows> Pool::run_brief(Statement statement, Values parameters) {
    auto session = co_await take_direct();
    auto const start = BootTime::now();
    auto running = session->run(statement, std::move(parameters), patience(statement));
    std::exception_ptr failure;
    Rows rows;
    try {
        rows = co_await std::move(running);
    } catch (DatabaseError const& error) {
        failure = std::current_exception();
        if (error.broken()) {
            session.reset();
            close_idle();
            observer_.lost(error);
        }
    }
    observer_.ran(statement.name, BootTime::now() - start);
    if (session) {
        observer_.answered();
        std::lock_guard guard{mutex_};
        idle_direct_.push_back(std::move(session));
    }
    if (failure) std::rethrow_exception(failure);
    co_return rows;
}

Task<Rows> Pool::run(Statement statement, Values parameters) {
    if (statement.brief) co_return co_await run_brief(statement, std::move(parameters));
    auto work = [this, statement, parameters = std::move(parameters)] { return run_here(statement, parameters); };
    auto done = on_pool(threads_, std::move(work));
    co_return co_await std::move(done);
}

}  // namespace groomer::pg
