#include "simulation/server.hpp"

#include <algorithm>
#include <cstdio>

namespace groomer::simulation {
namespace {

using Kind = Statement::Kind;

bool locks_state_for_update(Statement const& statement) { return statement.kind == Kind::acquire || statement.kind == Kind::release; }
bool locks_nothing(Statement const& statement) { return statement.kind == Kind::look || statement.kind == Kind::ensure; }
bool takes_locks(Statement const& statement, Rules const& rules) {
    return !locks_nothing(statement) && (statement.kind != Kind::work || rules.fence_locks);
}

Reply failure(char const* sqlstate) {
    Reply reply;
    reply.failed = true;
    reply.sqlstate = sqlstate;
    return reply;
}

}  // namespace

char const* name(Kind kind) {
    switch (kind) {
        case Kind::look: return "look";
        case Kind::ensure: return "ensure";
        case Kind::acquire: return "acquire";
        case Kind::renew: return "renewal";
        case Kind::release: return "release";
        case Kind::work: return "fenced write";
    }
    return "";
}

Server::Server(World& world, Counts& counts, Rules const& rules, Witness& witness)
    : world_{world}, counts_{counts}, rules_{rules}, witness_{witness} {}

std::string Server::cluster() const {
    char timeline[16];
    std::snprintf(timeline, sizeof timeline, "%08X", rules_.keeps_timeline ? timeline_ : 1);
    return std::string{"7711448632594576817"} + timeline;
}

std::size_t Server::executions_of(std::string const& lock) const {
    return static_cast<std::size_t>(
        std::count_if(executions_.begin(), executions_.end(), [&](auto const& e) { return e.statement->lock == lock; }));
}

// ------------------------------------------------------------------------------------------------------- row locks

// FOR UPDATE (acquire, release) against FOR SHARE (a fenced write): whoever is past this stage holds its lock.
bool Server::state_is_free(Execution const& execution) const {
    auto const& wanted = *execution.statement;
    for (auto const& other : executions_) {
        if (&other == &execution || other.stage == Execution::Stage::wants_state || other.statement->lock != wanted.lock) continue;
        if (other.statement->kind == Kind::renew || !takes_locks(*other.statement, rules_)) continue;
        if (locks_state_for_update(wanted) || locks_state_for_update(*other.statement)) return false;
    }
    return true;
}

// UPDATE (acquire, renew) against UPDATE; DELETE (release) against UPDATE and KEY SHARE (a fenced write).
bool Server::row_is_free(Execution const& execution) const {
    auto const& wanted = *execution.statement;
    for (auto const& other : executions_) {
        if (&other == &execution || other.stage != Execution::Stage::committing || other.statement->lock != wanted.lock) continue;
        if (!takes_locks(*other.statement, rules_)) continue;
        bool const shares = wanted.kind == Kind::work || other.statement->kind == Kind::work;
        bool const deletes = wanted.kind == Kind::release || other.statement->kind == Kind::release;
        if (deletes || !shares) return false;
    }
    return true;
}

void Server::arrive(Sent statement, Answer answer, std::function<void()> cut) {
    Execution arrived{std::move(statement), std::move(answer), std::move(cut), {}, {}, {}, ++executed_};
    auto const execution = executions_.insert(executions_.end(), std::move(arrived));
    auto const& wanted = *execution->statement;
    if (wanted.kind == Kind::renew || !takes_locks(wanted, rules_)) execution->stage = Execution::Stage::wants_row;
    auto const number = execution->number;
    advance(execution);
    bool const waits =
        !executions_.empty() && executions_.back().number == number && executions_.back().stage != Execution::Stage::committing;
    if (waits) world_.after(wanted.limit, [this, number] { give_up(number); });
}

// As far as it comes: to its next lock that another holds, or to its commit.
void Server::advance(Executions::iterator execution) {
    auto const& statement = *execution->statement;
    if (execution->stage == Execution::Stage::wants_state) {
        if (!state_is_free(*execution)) return;
        execution->stage = Execution::Stage::wants_row;
        if (statement.kind == Kind::acquire && !may_acquire(primary_.tables, statement.acquire, instance(), clock(), rules_)) {
            execution->stage = Execution::Stage::committing;
            return finish(execution);
        }
    }
    if (takes_locks(statement, rules_) && !row_is_free(*execution)) return;
    execution->stage = Execution::Stage::committing;
    if (execute(*execution)) return finish(execution);
    auto const number = execution->number;  // its commit is slow
    world_.after(world_.random.between(5ms, 3s), [this, number] {
        auto const found = std::find_if(executions_.begin(), executions_.end(), [&](auto const& e) { return e.number == number; });
        if (found != executions_.end()) finish(found);
    });
}

void Server::finish(Executions::iterator execution) {
    if (execution->commit) execution->commit();
    auto const done = std::move(*execution);
    executions_.erase(execution);
    witness_.done(*done.statement, done.reply);
    done.answer(done.reply);
    if (!executions_.empty()) retry_waiting();
}

// After each end, in the order of arrival. What is compatible with the locks that are held does not queue behind what is not:
// PostgreSQL lets share lockers overtake as well.
void Server::retry_waiting() {
    std::vector<std::uint64_t> waiting;
    for (auto const& execution : executions_)
        if (execution.stage != Execution::Stage::committing) waiting.push_back(execution.number);
    for (auto const number : waiting) {
        auto const found = std::find_if(executions_.begin(), executions_.end(), [&](auto const& e) { return e.number == number; });
        if (found != executions_.end() && found->stage != Execution::Stage::committing) advance(found);
    }
}

void Server::give_up(std::uint64_t number) {
    auto const found = std::find_if(executions_.begin(), executions_.end(), [&](auto const& e) { return e.number == number; });
    if (found == executions_.end() || found->stage == Execution::Stage::committing) return;
    counts_.add(Event::lock_timeout);
    auto const done = std::move(*found);
    executions_.erase(found);
    auto const reply = failure("57014");
    witness_.done(*done.statement, reply);
    done.answer(reply);
    retry_waiting();  // it may have held the state row
}

// ------------------------------------------------------------------------------------------------------- statements

// The rows that the locks which a statement holds let nobody else change until it commits, and what else it reads.
Tables Server::copy_of(std::string const& lock) const {
    Tables copy;
    auto const& tables = primary_.tables;
    if (auto const found = tables.lock_state.find(lock); found != tables.lock_state.end()) copy.lock_state.insert(*found);
    if (auto const found = tables.sync_lock.find(lock); found != tables.sync_lock.end()) copy.sync_lock.insert(*found);
    if (auto const found = tables.hold.find(lock); found != tables.hold.end()) copy.hold.insert(*found);
    copy.last_request = tables.last_request;
    copy.last_version = tables.last_version;
    return copy;
}

void Server::take_over(Statement const& statement, Tables&& after) {
    auto const& lock = statement.lock;
    auto& tables = primary_.tables;
    if (locks_state_for_update(statement)) tables.lock_state[lock] = std::move(after.lock_state.at(lock));
    auto const row = after.sync_lock.find(lock);
    if (row == after.sync_lock.end()) tables.sync_lock.erase(lock);
    else tables.sync_lock[lock] = std::move(row->second);
    tables.last_version = std::max(tables.last_version, after.last_version);
    tables.hold[lock] = std::move(after.hold[lock]);
}

void Server::make_state(std::string const& lock) {
    ensure(primary_.tables, lock, clock());
    ledger().due = ledger().due_by = world_.now();
    ledger().acquired_at = ledger().released_at = clock();
}

// True where it has committed, or had nothing to write; else its commit is still to come.
bool Server::execute(Execution& execution) {
    auto const& statement = *execution.statement;
    execution.reply.executed = world_.now();
    if (locks_nothing(statement)) {
        if (statement.kind == Kind::look) execution.reply.look = look(primary_.tables, statement.lock, instance(), clock());
        else if (!primary_.tables.lock_state.contains(statement.lock)) make_state(statement.lock);
        return true;
    }
    Before before = standing(statement.lock);
    bool const slow = slow_commits > 0 && world_.random.chance(slow_commits);
    if (!slow) {
        if (write(statement, primary_.tables, execution.reply)) commit(statement, execution.reply, before);
        return true;
    }
    auto after = copy_of(statement.lock);
    if (!write(statement, after, execution.reply)) return true;
    counts_.add(Event::slow_commit);
    execution.commit = [this, &execution, before = std::move(before), after = std::move(after)]() mutable {
        if (execution.statement->kind != Kind::work) take_over(*execution.statement, std::move(after));
        commit(*execution.statement, execution.reply, before);
    };
    return false;
}

Before Server::standing(std::string const& lock) const {
    Before before;
    if (auto const found = primary_.tables.lock_state.find(lock); found != primary_.tables.lock_state.end()) before.state = found->second;
    if (auto const found = primary_.tables.sync_lock.find(lock); found != primary_.tables.sync_lock.end()) before.row = found->second;
    before.paused = primary_.tables.paused;
    before.clock = clock();
    return before;
}

// False where nothing was to be written: a lost race, a hold that is over.
bool Server::write(Statement const& statement, Tables& tables, Reply& reply) {
    switch (statement.kind) {
        case Kind::acquire: reply.grant = acquire(tables, statement.acquire, clock(), rules_); return reply.grant.has_value();
        case Kind::renew: reply.truth = renew(tables, statement.lock, statement.token, statement.ttl, clock(), rules_); break;
        case Kind::release: reply.truth = release(tables, statement.release, clock(), rules_); break;
        case Kind::work:
            reply.truth = !rules_.fences || fence(tables, statement.lock, statement.token, rules_);
            if (reply.truth && statement.work.kind == Work::Kind::claim) claim(statement.work.batch, reply);
            break;
        case Kind::look:
        case Kind::ensure: break;
    }
    return reply.truth;
}

void Server::claim(std::size_t batch, Reply& reply) const {
    for (auto issue = primary_.tables.first_due; reply.issues.size() < batch; ++issue)
        if (!primary_.tables.recorded.contains(issue)) reply.issues.push_back(issue);
}

void Server::commit(Statement const& statement, Reply const& reply, Before const& before) {
    if (statement.kind == Kind::work && statement.work.kind == Work::Kind::record) {
        auto& tables = primary_.tables;
        tables.recorded.insert(statement.work.issue);
        while (tables.recorded.erase(tables.first_due) > 0) ++tables.first_due;
    }
    witness_.committed(statement, reply, before);
}

// ------------------------------------------------------------------------------------------- clock, restarts, failover

void Server::step(Duration by) { offset_ += by; }

// What was about to commit may have, or not; nobody is told.
void Server::go_down() {
    up_ = false;
    ++generation_;
    auto gone = std::move(executions_);
    executions_.clear();
    for (auto& execution : gone) {
        if (execution.commit && world_.random.chance(0.5)) execution.commit();
        if (execution.cut) execution.cut();
    }
}

void Server::come_up() {
    ++started_;
    up_ = true;
}

void Server::promote() {
    primary_ = std::move(*standby_);
    standby_.reset();
    ++timeline_;
    ++started_;
    ++generation_;
    up_ = true;
}

}  // namespace groomer::simulation
