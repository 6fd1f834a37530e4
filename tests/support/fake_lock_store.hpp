// The lock's part of the database in memory, on virtual time, with the rules of migration 002, and what can go wrong
// between it and a replica.
#pragma once

#include "lock/lock_store.hpp"
#include "support/fake_clock.hpp"

#include <deque>
#include <map>
#include <string>
#include <vector>

namespace groomer::test {

class FakeLockDatabase {
public:
    struct State {
        std::optional<std::string> token;
        std::int64_t term = 0;
        std::optional<std::string> cluster;
        bool clean = true;
        BootTime::time_point due_at{}, quarantine_until{}, released_at{}, acquired_at{}, requests_done{};
        int failures = 0;
        std::optional<BootTime::time_point> requested;
    };
    struct Row {
        std::optional<std::string> token;
        BootTime::time_point stamp{};
        int version = 0;  // makes each stamp unlike every other
    };
    struct HoldLine {
        std::int64_t term;
        std::string incarnation, how, ended;
    };

    explicit FakeLockDatabase(FakeClock& time) : clock{time} {}

    std::optional<lock::Look> look(std::string const& lock);
    std::optional<lock::Grant> acquire(lock::Bid const& bid, lock::Identity const& identity);
    bool renew(std::string const& lock, std::string const& token, std::chrono::milliseconds ttl);
    bool release(lock::Release const& release);

    FakeClock& clock;
    std::string cluster = "771144863259457681000000001";
    std::map<std::string, State> states;
    std::map<std::string, Row> rows;
    std::vector<HoldLine> holds;
    int looks = 0;
    bool keeps_states = true;                 // or else the rows that are made are suppressed
    std::chrono::milliseconds quarantine{0};  // of the next holds
};

// What befalls the next call of a kind; without a fault it is answered at once.
enum class Fault { none, refused, reply_lost, late, hangs, swap_refused, row_locked };

class FakeLockStore final : public lock::LockStore {
public:
    FakeLockStore(FakeLockDatabase& database, lock::Identity identity) : database_{database}, identity_{std::move(identity)} {}

    void watch(std::string const& lock, Watcher watcher) override { watchers[lock] = std::move(watcher); }
    Task<> ensure(std::string lock) override;
    Task<std::optional<lock::Look>> look(std::string lock) override;
    Task<lock::Attempt> acquire(lock::Bid bid) override;
    Task<bool> renew(std::string lock, std::string token, std::chrono::milliseconds ttl) override;
    Task<bool> release(lock::Release release) override;

    // Faults in the order of the calls; an endless one lasts.
    std::deque<Fault> acquires, renewals, releases, looks;
    bool unreachable = false;
    std::map<std::string, Watcher> watchers;  // a test tells them

private:
    Task<Fault> before(std::deque<Fault>& faults);

    FakeLockDatabase& database_;
    lock::Identity identity_;
};

}  // namespace groomer::test
