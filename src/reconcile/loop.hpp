// The loop of one lock: observe, wait until due, acquire, run a tick while renewing, release. It knows nothing of what a
// tick does; `groomer` and `global` are two of these. lock/README.md tells the protocol that it follows.
#pragma once

#include "base/async.hpp"
#include "base/log.hpp"
#include "lock/decision.hpp"
#include "lock/hold.hpp"
#include "lock/lock_store.hpp"
#include "metrics/metrics.hpp"
#include "reconcile/tick.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace groomer::reconcile {

using std::chrono::milliseconds;

struct LoopSettings {
    std::string lock;
    std::string job;  // the label of tick metrics: groom | sync
    milliseconds ttl{5000};
    milliseconds renew_every{1500};
    milliseconds foreign_stale_after{std::chrono::minutes{30}};
    milliseconds settle{0};
    milliseconds every{60'000};
    milliseconds max_tick{600'000};
    milliseconds grace{40'000};  // for the tick to wind down at a stop
};

struct LoopParts {
    Clock& clock;
    Log& log;
    metrics::Metrics& metrics;
    lock::LockStore& store;
    lock::Identity identity;
    asio::any_io_executor executor;  // of the loop and its tick
    asio::any_io_executor renewals;  // of the renewal: another thread, so that a busy tick delays none
    std::uint64_t seed = 0;          // of the jitter
    // Called when a look shows that another replica has held the lock since this one did.
    std::function<void()> overtaken = [] {};
};

class Loop {
public:
    Loop(LoopParts parts, LoopSettings settings, Tick tick);
    ~Loop();
    Loop(Loop const&) = delete;
    Loop& operator=(Loop const&) = delete;

    // Until stop(). Never throws for a lost database: it is waited out with back-off.
    Task<> run();

    // How one forced attempt ended.
    struct Once {
        std::optional<TickResult> tick;    // none: the lock is held by another
        std::optional<lock::Look> holder;  // what was seen then
        bool stopped = false;              // none, because of stop()
        bool blocked = false;              // none: another session keeps a row of the lock locked
    };
    // One tick now, due or not: `tick`, or else the loop's own. Gives up at once before a valid holder, this loop's own hold included;
    // waits, at most `patience`, where only an expiry, a changed database or a row that another session keeps locked stands in the
    // way. Not `whole`, it is a part of the job (one issue, a trial): however it ends, the due time stays. Throws pg::DatabaseError.
    // Also beside run(), which then leaves the lock alone; never beside another once().
    Task<Once> once(milliseconds patience, Tick tick = {}, bool whole = true);

    // Looks again now: a notification, a request. On the loop's executor.
    void wake();
    // No new hold; the tick under way winds down inside the grace, then the row is released. On the loop's executor.
    void stop();
    // Settings other than the lock and the job; from the next hold on.
    void configure(LoopSettings settings) { settings_ = std::move(settings); }

private:
    class Attending;
    class Asked;
    Task<Once> attempt(milliseconds patience, Tick const& tick, bool whole);
    Task<> observe(bool made = false);  // one look; throws. made: the state row was made just now
    Task<bool> try_observe();           // false: failed, and waited
    Task<> back_off_for(milliseconds time);
    void take_in(lock::Look const& look, BootTime::time_point sent, BootTime::time_point received);
    // Another loop's look has shown this lock, too: the wait goes on from there.
    void be_told(lock::Look const& look, BootTime::time_point sent, BootTime::time_point received);
    [[nodiscard]] bool is_ended_hold(lock::Look const& look) const { return last_release_ && last_release_->token == look.token; }
    Task<std::optional<TickResult>> place(lock::Bid bid, Tick const& tick, bool whole);  // nothing: a lost race
    Task<TickResult> run_hold(lock::Grant grant, lock::Hold::Terms terms, BootTime::time_point sent, Tick const& tick, bool whole);
    TickResult judge(lock::Hold const& hold, Course const& course);
    Task<> release(lock::Hold& hold, TickResult& result, bool whole);
    void tell_loss(lock::Hold const& hold);
    void count_end(lock::Hold const& hold, TickResult const& result, BootTime::duration took, BootTime::duration held);
    [[nodiscard]] lock::Claimant claimant(bool forced) const;
    void count_win(lock::Grant const& grant, lock::Bid const& bid, BootTime::duration since_look);
    void count_contention();
    void count_refusal(bool waited);
    void tell_obstacle();
    void tell_of_wait();
    void end_refusals();

    LoopParts parts_;
    LoopSettings settings_;
    Tick tick_;
    Wakeup wakeup_;        // of run()
    Wakeup asked_wakeup_;  // of once()
    lock::Sight sight_;
    std::mt19937_64 random_;
    bool stopping_ = false;
    bool attending_ = false;  // run() looks, bids or holds
    bool asked_ = false;      // once() does, or wants to
    bool waiting_ = false;    // for a moment at which to look again
    bool told_ = false;       // by another's look, since the last look
    BootTime::time_point stop_at_ = BootTime::time_point::max();
    int failures_ = 0;                           // looks in a row that failed
    bool lost_swap_ = false;                     // and the look that shows to whom is still to come
    int refusals_ = 0;                           // bids in a row that were refused while the lock looked the same
    int alike_ = 0;                              // of these the last ones, all of them after a wait, or all without
    bool waited_ = false;                        // which of the two
    std::string_view obstacle_;                  // what was told of them
    int losses_ = 0;                             // holds in a row that were lost
    int failed_bids_ = 0;                        // in a row
    std::optional<lock::Release> last_release_;  // of this loop's last hold that ended in time
    std::int64_t own_term_ = 0;                  // of this replica's last hold; 0: none, or overtaken
    std::optional<std::string> contended_;       // the token that was counted as contention
    std::shared_ptr<lock::Hold> hold_;           // the current one
    std::shared_ptr<Wakeup> changed_;            // something to see for who runs the hold
};

}  // namespace groomer::reconcile
