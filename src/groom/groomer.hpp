// A grooming tick: select and claim a batch, then for each issue read → decide → validate → plan → apply → record.
#pragma once

#include "base/async.hpp"
#include "base/log.hpp"
#include "config/config.hpp"
#include "groom/apply.hpp"
#include "groom/failing.hpp"
#include "groom/judge.hpp"
#include "groom/learner.hpp"
#include "groom/remarks.hpp"
#include "lock/hold.hpp"
#include "metrics/metrics.hpp"
#include "store/undo.hpp"
#include "store/work.hpp"
#include "tracker/tracker.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace groomer::groom {

struct GroomerParts {
    Clock& clock;
    Log& log;
    metrics::Metrics& metrics;
    store::Store& store;
    Learner& learner;
    Judge& judge;
    asio::any_io_executor executor;
    std::string pod;
    std::chrono::milliseconds write_limit{0};
    std::chrono::milliseconds lease{0};  // longer than a tick can last
};

// An issue that was read just now, and the entry that serves it.
struct Unseen {
    std::string source;
    tracker::Issue issue;
};

struct Target {
    std::optional<tracker::IssueRef> only;     // one issue, due or not
    std::optional<Unseen> unseen;              // it, where no sync has seen it yet
    std::optional<std::string> repo;           // of one repository alone
    bool force = false;                        // due or not, and stored decisions are made anew
    bool dry_run = false;                      // whatever the policy says
    std::optional<store::UndoSelection> undo;  // nothing is groomed: what these runs did is taken back
};

// One line of what a tick did.
struct Groomed {
    tracker::IssueRef ref;
    std::string outcome, reason;
    std::vector<std::string> added, removed;
};

struct TickReport {
    std::size_t claimed = 0;
    bool full = false;       // it stopped at the batch limit
    bool clean = true;       // every write was answered
    bool cut_short = false;  // wound down, or the hold was lost
    bool paused = false;     // the installation is: what was left then waits
    bool refused = false;    // a tracker did not take our credentials
    std::size_t failed = 0;  // issues that could not be read or written; the next tick takes them last
    std::set<std::string>
        unreadable;  // entries that failed as a whole: three issues in a row, refused credentials, or all that there was to do
    std::set<std::string> limited;          // entries whose tracker let nothing more go, for its limits or our own pace
    std::optional<WallTime> limited_until;  // the first of these
    std::vector<Groomed> issues;
    Cost cost;  // of a language model
};

class Groomer {
public:
    explicit Groomer(GroomerParts parts);

    // Throws pg::DatabaseError, and Error where a tracker cannot be read.
    Task<TickReport> tick(std::shared_ptr<lock::Hold> hold, std::vector<Entry> entries, Target target);

private:
    struct Batch;
    Task<std::vector<Entry>> ready(std::vector<Entry> entries, Target const& target, lock::Hold& hold);
    Task<store::Claim> claim(Batch& batch);
    Task<> prepare(std::vector<Entry> const& entries);
    Task<bool> is_paused(Batch& batch);
    Task<bool> goes_on(Batch& batch);
    Task<> work_off(std::shared_ptr<Batch> batch);
    Task<> finish(Batch& batch, std::vector<Entry> const& entries);
    Task<> show_backlog(bool more_to_come);
    Task<> forget(std::shared_ptr<lock::Hold> hold, std::vector<Entry> const& entries);
    Task<> put_back(Batch& batch);
    Task<> work(std::shared_ptr<Batch> batch);
    Task<> groom(std::shared_ptr<Batch> batch, store::Claimed claimed);
    Task<store::Record> treat(std::shared_ptr<Batch> batch, Entry const& entry, store::Claimed const& claimed);
    Task<> take_back(std::shared_ptr<Batch> batch, store::Claimed claimed);
    Task<store::Record> treat_back(std::shared_ptr<Batch> batch, Entry const& entry, store::Claimed const& claimed);
    Task<> act_on(std::shared_ptr<Batch> batch, Entry const& entry, store::Claimed const& claimed, tracker::Issue const& issue,
                  model::Judgement const& judgement, store::Record& record);
    Task<Remarks> texts_on(std::int64_t id, tracker::Issue const& issue, model::Judgement const& judgement, config::Policy const& policy,
                           std::string const& revision, Plan& wanted);
    void note_decisions(store::Claimed const& claimed, model::Judgement const& judgement, Plan const& wanted);
    Task<> carry_out(std::shared_ptr<Batch> batch, Entry const& entry, store::Claimed const& claimed, tracker::Issue const& seen,
                     Plan const& plan, store::Record& record);
    void note_failure(Batch& batch, store::Claimed const& claimed, bool refused, std::string const& error);
    void tell(Batch& batch, store::Claimed const& claimed, store::Record const& record, std::int64_t run);
    void count(store::Claimed const& claimed, store::Record const& record);

    GroomerParts parts_;
    Failing failing_;
    std::optional<BootTime::time_point> forgot_at_, backlog_at_;
    std::vector<metrics::Backlog> backlog_;  // as it was counted then
};

}  // namespace groomer::groom
