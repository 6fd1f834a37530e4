#include "simulation/tick.hpp"

#include "base/error.hpp"
#include "simulation/judge.hpp"
#include "simulation/trackers.hpp"
#include "store/store.hpp"

#include <deque>

namespace groomer::simulation {
namespace {

using reconcile::TickOutcome;
using reconcile::TickResult;
using tracker::WriteOutcome;
using tracker::WriteResult;
using HoldPtr = std::shared_ptr<lock::Hold>;

// store::Store::write: a refused write marks the hold lost, one that stood is a proof.
Task<Reply> write(Process& process, HoldPtr hold, Work work) {
    auto const statement = std::make_shared<Statement>();
    statement->kind = Statement::Kind::work;
    statement->client = process.nature.number;
    statement->lock = hold->terms().lock;
    statement->token = hold->terms().token;
    statement->work = work;
    statement->limit = work.kind == Work::Kind::prove ? 1000ms : 5000ms;
    auto const sent = process.clock.now();
    auto reply = co_await process.ask(statement, statement->limit + 2000ms);
    if (reply.failed) throw pg::DatabaseError{"as the world wants it", reply.sqlstate, reply.broken};
    process.parts.counts.add(reply.truth ? Event::fenced_write : Event::fenced_write_refused);
    if (!reply.truth) {
        if (process.knowledge.term == hold->terms().term) process.knowledge.over = true;
        hold->lose(lock::Loss::fenced);
        throw store::HoldLost{};
    }
    if (process.knowledge.term == hold->terms().term) process.knowledge.proved = std::max(process.knowledge.proved, sent);
    hold->proved(sent);
    if (!process.parts.habits.seams.only_renewals_extend) hold->renewed(sent);
    co_return reply;
}

// groom::Application, step by step.
class Application {
public:
    Application(Process& process, HoldPtr hold, tracker::Tracker& to) : process_{process}, hold_{std::move(hold)}, tracker_{to} {}

    Task<WriteResult> add(tracker::IssueRef ref, std::string label) {
        constexpr int most_tries = 5;
        for (int attempt = 1;; ++attempt) {
            bool const may = co_await may_begin();
            if (!may) co_return WriteResult{WriteOutcome::withheld, "", {}};
            auto const result = co_await send(ref, label);
            unanswered_ = unanswered_ || result.outcome == WriteOutcome::failed;
            if (!is_worth_another_try(result) || attempt == most_tries || hold_->winding_down()) co_return result;
            auto const pause = std::max(result.retry_after, std::chrono::milliseconds{50} * (1 << attempt));
            Work const proof;
            if (result.outcome == WriteOutcome::fenced) co_await write(process_, hold_, proof);
            co_await process_.clock.sleep_for(pause);
        }
    }

    // Some try was not answered, whatever later ones came to.
    [[nodiscard]] bool unanswered() const { return unanswered_; }

private:
    static bool is_worth_another_try(WriteResult const& result) {
        constexpr std::chrono::milliseconds longest_pause{15'000};
        bool const fails =
            result.outcome == WriteOutcome::failed || result.outcome == WriteOutcome::fenced || result.outcome == WriteOutcome::withheld;
        return fails && result.retry_after <= longest_pause;
    }

    [[nodiscard]] bool may_write() const {
        auto const& seams = process_.parts.habits.seams;
        auto const limit = process_.parts.settings.write_limit();
        if (seams.proves && seams.keeps_deadline) return hold_->may_write(limit);
        bool const in_time = !seams.keeps_deadline || process_.clock.now() + limit <= hold_->deadline();
        return hold_->loss() == lock::Loss::none && in_time && (!seams.proves || hold_->proof_is_fresh());
    }

    // Waits out the quarantine, sees to a fresh proof, and waits for the renewal where the lease left is too short.
    Task<bool> may_begin() {
        auto const& seams = process_.parts.habits.seams;
        if (seams.waits_quarantine && tracker_.settle() > 0ms && process_.clock.now() < hold_->quarantine_until()) {
            process_.parts.counts.add(Event::quarantine);
            co_await process_.clock.sleep_until(hold_->quarantine_until());
        }
        while (hold_->may_act() || !seams.keeps_deadline) {
            Work const proof;
            if (seams.proves && !hold_->proof_is_fresh()) co_await write(process_, hold_, proof);
            if (may_write()) co_return true;
            if (hold_->loss() != lock::Loss::none) break;
            co_await process_.clock.sleep_for(20ms);
        }
        co_return false;
    }

    Task<WriteResult> send(tracker::IssueRef ref, std::string label) {
        tracker::WriteGuard const guard{hold_->terms().term, [this, hold = hold_] { return may_write(); }};
        std::vector<std::string> labels{std::move(label)};
        auto writing = tracker_.add_labels(ref, std::move(labels), guard);
        auto const results = co_await std::move(writing);
        auto const& result = results.at(0);
        auto& counts = process_.parts.counts;
        if (result.outcome == WriteOutcome::already) counts.add(Event::tracker_already);
        if (result.outcome == WriteOutcome::withheld) counts.add(Event::tracker_withheld);
        if (result.outcome == WriteOutcome::fenced) counts.add(Event::tracker_refused_term);
        co_return result;
    }

    Process& process_;
    HoldPtr hold_;
    tracker::Tracker& tracker_;
    bool unanswered_ = false;
};

struct Batch {
    Process& process;
    HoldPtr hold;
    tracker::Tracker& remote;
    tracker::Tracker& files;
    std::deque<std::int64_t> left;
    std::size_t put_back = 0;
    bool clean = true, unreadable = false;
    std::exception_ptr error;
};
using BatchPtr = std::shared_ptr<Batch>;

// Groomer::groom: think, store the decision, store the steps, write them, record.
Task<> groom(BatchPtr batch, std::int64_t issue) {
    auto& process = batch->process;
    auto const& habits = process.parts.habits;
    auto const thought = process.random.between(1ms, habits.longest_thought);
    co_await process.clock.sleep_for(thought);
    if (process.random.chance(habits.unreachable)) throw Error{ErrorCode::failure, "the tracker cannot be reached, as the world wants it"};
    Work const decision{Work::Kind::note, issue, 0}, steps{Work::Kind::note, issue, 0}, record{Work::Kind::record, issue, 0};
    co_await write(process, batch->hold, decision);
    co_await write(process, batch->hold, steps);
    Application application{process, batch->hold, issue % 3 == 0 ? batch->files : batch->remote};
    auto const count = 1 + process.random.below(2);
    for (std::uint64_t step = 0; step < count; ++step) {
        tracker::IssueRef const ref{"r", issue};
        auto const result = co_await application.add(ref, std::to_string(step));
        if (application.unanswered()) batch->clean = false;
        if (result.outcome == WriteOutcome::done || result.outcome == WriteOutcome::already) continue;
        if (result.outcome == WriteOutcome::withheld) co_return;
        if (result.outcome == WriteOutcome::fenced) {
            if (batch->hold->may_act()) throw Error{ErrorCode::failure, "the tracker refuses a term that the database says is ours"};
            co_return;
        }
        break;
    }
    co_await write(process, batch->hold, record);
}

Task<> work(BatchPtr batch) {
    while (!batch->left.empty() && !batch->error && !batch->hold->winding_down() && batch->hold->may_act()) {
        auto const issue = batch->left.front();
        batch->left.pop_front();
        bool failed = false;
        try {
            co_await groom(batch, issue);
        } catch (pg::DatabaseError const&) {
            throw;
        } catch (Error const&) {  // its tracker fails as a whole: the others go on
            failed = true;
        }
        if (!failed) continue;
        batch->clean = false;
        batch->unreadable = true;
        ++batch->put_back;
    }
}

// The labelled copy: its guard asks for time, and for no proof; the tracker itself refuses a term that is over.
Task<bool> finish(BatchPtr batch) {
    auto const hold = batch->hold;
    auto const may_act = [hold, &process = batch->process] {
        return hold->may_act() && process.clock.now() + process.parts.settings.write_limit() <= hold->deadline();
    };
    tracker::WriteGuard const guard{hold->terms().term, may_act};
    auto finishing = batch->files.finish_pass(guard);
    auto const result = co_await std::move(finishing);
    co_return result.outcome == WriteOutcome::done || result.outcome == WriteOutcome::already;
}

struct AtWork {
    Process& process;
    explicit AtWork(Process& p) : process{p} { process.parts.judge.begins_tick(process); }
    ~AtWork() { process.parts.judge.ends_tick(process); }
    AtWork(AtWork const&) = delete;
    AtWork& operator=(AtWork const&) = delete;
};

}  // namespace

Task<TickResult> tick(Process& process, tracker::Tracker& remote, tracker::Tracker& files, HoldPtr hold) {
    AtWork const at_work{process};
    process.struck(Point::tick_began);
    auto const& habits = process.parts.habits;
    bool const throws = process.random.chance(habits.throws), hangs = process.random.chance(habits.hangs);
    bool const full = process.random.chance(habits.full);
    auto const batch = std::make_shared<Batch>(Batch{process, hold, remote, files, {}, 0, true, false, {}});
    Work const claim{Work::Kind::claim, 0, process.random.below(3)};
    auto const claimed = co_await write(process, hold, claim);
    batch->left.assign(claimed.issues.begin(), claimed.issues.end());
    if (hangs) {  // where no cancellation reaches: a disk
        process.parts.counts.add(Event::hang);
        auto const length = process.random.between(1s, 25s);
        co_await process.blocked(length);
    }
    co_await asio::this_coro::throw_if_cancelled(false);
    TaskGroup workers{process.main(), [&](std::string const&, std::exception_ptr error) { batch->error = error; }};
    auto const concurrency = std::min<std::size_t>(1 + process.random.below(2), batch->left.size());
    for (std::size_t i = 0; i < concurrency; ++i) workers.spawn("worker", [batch] { return work(batch); });
    co_await workers.join();
    if (batch->error) std::rethrow_exception(batch->error);
    if (throws) throw Error{ErrorCode::failure, "as the world wants it"};
    bool const cut_short = !batch->left.empty();
    Work const put_back{Work::Kind::note, 0, 0};
    if ((cut_short || batch->put_back > 0) && hold->may_act()) co_await write(process, hold, put_back);
    if (!full && !cut_short && !process.nature.part) {
        bool const finished = co_await finish(batch);
        if (!finished) batch->unreadable = true;
    }
    TickResult result;
    result.outcome = batch->unreadable         ? TickOutcome::error
                     : cut_short               ? TickOutcome::aborted
                     : !claimed.issues.empty() ? TickOutcome::done
                                               : TickOutcome::nothing_to_do;
    result.more = full;
    result.clean = batch->clean || !habits.seams.tells_unclean;
    process.tick_was_clean = result.clean;
    process.struck(Point::tick_ended);
    co_return result;
}

}  // namespace groomer::simulation
