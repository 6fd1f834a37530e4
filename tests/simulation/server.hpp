// The database server over time: statements that arrive, wait for each other's row locks, commit (some slowly) and are
// answered; its clock, which steps; its restarts, and the promotion of a standby that lacks the last writes.
//
// Locks are those that PostgreSQL takes: acquire and release lock the state row FOR UPDATE and then the sync_lock row, a
// renewal updates the latter, a fenced write holds FOR SHARE on the one and FOR KEY SHARE on the other until it commits.
#pragma once

#include "simulation/counts.hpp"
#include "simulation/database.hpp"
#include "simulation/ledger.hpp"
#include "simulation/world.hpp"

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

namespace groomer::simulation {

// What a fenced write does, apart from asking the fence.
struct Work {
    enum class Kind { prove, claim, note, record };
    Kind kind = Kind::prove;
    std::int64_t issue = 0;
    std::size_t batch = 0;  // of a claim
};

struct Statement {
    enum class Kind { look, ensure, acquire, renew, release, work };
    Kind kind = Kind::look;
    int client = 0;  // the process that sent it
    std::string lock;
    std::string token;  // of renew, release, work
    AcquireCall acquire;
    lock::Release release;
    Work work;
    std::chrono::milliseconds ttl{0};    // of renew
    std::chrono::milliseconds limit{0};  // statement_timeout and lock_timeout
};
using Sent = std::shared_ptr<Statement const>;
char const* name(Statement::Kind kind);

struct Reply {
    bool failed = false;
    bool broken = false;   // failed, and the connection with it
    std::string sqlstate;  // of a failure; "" for a lost connection
    std::optional<lock::Look> look;
    std::optional<lock::Grant> grant;
    Moment executed{};
    bool truth = false;  // renewed, released; the fence stood
    std::vector<std::int64_t> issues;
};

// What stood when a statement was executed.
struct Before {
    StateRow state;
    std::optional<SyncRow> row;
    bool paused = false;
    Stamp clock = 0;
};

class Witness {
public:
    virtual ~Witness() = default;
    virtual void committed(Statement const& statement, Reply const& reply, Before const& before) = 0;  // that has written
    virtual void done(Statement const& statement, Reply const& reply) = 0;                             // of any kind, after that
};

class Server {
public:
    using Answer = std::function<void(Reply)>;

    Server(World& world, Counts& counts, Rules const& rules, Witness& witness);

    [[nodiscard]] Stamp clock() const { return clock_at(world_.now()); }
    [[nodiscard]] Stamp clock_at(Moment moment) const { return microseconds(moment.time_since_epoch() + offset_); }
    [[nodiscard]] std::string cluster() const;
    [[nodiscard]] Instance instance() const { return {cluster(), std::to_string(started_)}; }
    [[nodiscard]] bool up() const { return up_; }
    // Another one means that all connections made before are gone.
    [[nodiscard]] std::uint64_t generation() const { return generation_; }
    Tables& tables() { return primary_.tables; }
    void make_state(std::string const& lock);
    Ledger& ledger() { return primary_.ledger; }
    std::vector<Ledger*> ledgers() { return standby_ ? std::vector{&primary_.ledger, &standby_->ledger} : std::vector{&primary_.ledger}; }

    // Answers once, or never: where the server goes down, it calls `cut` instead.
    void arrive(Sent statement, Answer answer, std::function<void()> cut);

    // What others do to the shared row, in one go; false where a lock stands in the way.
    [[nodiscard]] bool row_is_free(std::string const& lock) const { return executions_of(lock) == 0; }
    void step(Duration by);
    void go_down();
    void come_up();
    // The standby lags from now on: what is committed later is not on it.
    void freeze_standby() { standby_ = primary_; }
    [[nodiscard]] bool has_standby() const { return standby_.has_value(); }
    [[nodiscard]] Tables const& standby() const { return standby_->tables; }
    void promote();  // and up again

    double slow_commits = 0;  // how likely

private:
    struct Image {
        Tables tables;
        Ledger ledger;
    };
    struct Execution {
        Sent statement;
        Answer answer;
        std::function<void()> cut;
        enum class Stage { wants_state, wants_row, committing } stage = Stage::wants_state;
        Reply reply;
        std::function<void()> commit;
        std::uint64_t number = 0;
    };
    using Executions = std::list<Execution>;

    [[nodiscard]] std::size_t executions_of(std::string const& lock) const;
    [[nodiscard]] bool state_is_free(Execution const& execution) const;
    [[nodiscard]] bool row_is_free(Execution const& execution) const;
    void advance(Executions::iterator execution);
    bool execute(Execution& execution);
    [[nodiscard]] Before standing(std::string const& lock) const;
    bool write(Statement const& statement, Tables& tables, Reply& reply);
    void claim(std::size_t batch, Reply& reply) const;
    void commit(Statement const& statement, Reply const& reply, Before const& before);
    [[nodiscard]] Tables copy_of(std::string const& lock) const;
    void take_over(Statement const& statement, Tables&& after);
    void finish(Executions::iterator execution);
    void give_up(std::uint64_t number);
    void retry_waiting();

    World& world_;
    Counts& counts_;
    Rules const& rules_;
    Witness& witness_;
    Image primary_;
    std::optional<Image> standby_;
    Executions executions_;  // that wait or commit
    std::uint64_t executed_ = 0;
    std::uint64_t generation_ = 0;
    int timeline_ = 1;
    int started_ = 1;
    bool up_ = true;
    Duration offset_{std::chrono::seconds{1'700'000'000}};
};

}  // namespace groomer::simulation
