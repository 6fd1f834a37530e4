// Everything that ticks need, wired once: pools, stores, trackers, and the two loops. `run`, `once` and the other
// commands stand on it.
#pragma once

#include "app/github.hpp"
#include "app/identity.hpp"
#include "app/models.hpp"
#include "app/outside.hpp"
#include "base/async.hpp"
#include "base/log.hpp"
#include "config/load.hpp"
#include "groom/groomer.hpp"
#include "lock/lock_store.hpp"
#include "lock/shared_table.hpp"
#include "metrics/metrics.hpp"
#include "pg/pool.hpp"
#include "reconcile/loop.hpp"
#include "store/store.hpp"
#include "sync/sync.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace groomer::app {

// The lock of the issue sync; that of grooming is configured.
inline constexpr char const* sync_lock_id = "global";

class Service {
public:
    // main: the context that everything but renewals runs on. Makes no connection.
    Service(config::Config const& config, std::map<std::string, std::string> const& environment, Log& log, asio::io_context& main,
            Outside outside = {}, Role role = Role::command);
    ~Service();  // after `main` has stopped
    Service(Service const&) = delete;
    Service& operator=(Service const&) = delete;

    // Applies the migrations, or waits for who does; returns what was there before. Throws pg::DatabaseError, or Error where
    // the schema is newer.
    Task<pg::SchemaState> migrate();

    // What is there, and the table that is shared with others. Throws pg::DatabaseError, with what to do, where groomer cannot work
    // with it, or cannot make what is missing.
    Task<pg::SchemaState> schema();
    // As schema(), or what stands on it, has seen it last.
    [[nodiscard]] lock::SharedTable const& shared_table() const { return shared_table_; }
    // Throws Error (database) with what to do where the schema is missing, old or newer.
    Task<bool> require_schema();

    // Takes over what can change while running. On the main executor.
    void configure(config::Config const& config);

    // What the next groom tick is to do; for `once`.
    void aim(groom::Target target) { target_ = std::move(target); }
    [[nodiscard]] groom::TickReport const& last_report() const { return last_report_; }
    [[nodiscard]] sync::SyncReport const& last_sync() const { return last_sync_; }

    // One grooming tick now, beside the loop's own (reconcile::Loop::once); never beside another one.
    struct Asked {
        reconcile::Loop::Once once;
        groom::TickReport report;
    };
    Task<Asked> groom_once(groom::Target target);
    // One tick now, of what was aimed at.
    Task<reconcile::Loop::Once> groom_aimed();

    reconcile::Loop& groom_loop() { return *groom_loop_; }
    reconcile::Loop& sync_loop() { return *sync_loop_; }
    metrics::Metrics& metrics() { return metrics_; }
    store::Store& store() { return store_; }
    pg::Pool& pool() { return work_; }
    Clock& clock() { return clock_; }
    [[nodiscard]] std::string const& incarnation() const { return identity_.incarnation; }
    [[nodiscard]] std::string const& pod() const { return identity_.pod; }
    // As last taken over.
    [[nodiscard]] config::Config const& config() const { return config_; }
    std::vector<groom::Entry> const& entries() const { return entries_; }
    GitHub& github() { return github_; }
    Models const& models() const { return models_; }
    pg::ConnectOptions connect_options() const;
    // Gives memory back some seconds after the last tick: a standby is small again. On the main executor, now and then.
    void relieve_when_idle();
    // Did the database answer within `span`?
    [[nodiscard]] bool database_answered_within(std::chrono::seconds span) const;
    // Does the thread of the renewals turn?
    [[nodiscard]] bool renewals_turn() const;

private:
    struct AtWork;
    Task<reconcile::TickResult> groom_tick(std::shared_ptr<lock::Hold> hold, groom::Target const& target, groom::TickReport& report);
    Task<reconcile::TickResult> sync_tick(std::shared_ptr<lock::Hold> hold);
    Task<> take_over_limits();
    Task<> leave_limits(lock::Hold& hold);
    template <class Report>
    Task<Report> within_limits(std::shared_ptr<lock::Hold> hold, Task<Report> tick);
    pg::Observer observer();
    reconcile::LoopParts loop_parts(asio::io_context& main);
    reconcile::LoopSettings loop_settings(std::string lock, std::string job) const;
    std::shared_ptr<tracker::Tracker> tracker_for(config::Repository const& repository);

    Log& log_;
    Outside outside_;
    Role const role_;
    SystemClock clock_;
    config::Config config_;
    Slot slot_;
    lock::Identity identity_;
    metrics::Metrics metrics_;
    GitHub github_;
    Models models_;
    std::atomic<BootTime::rep> answered_ = -1;      // when the database last did
    std::atomic<BootTime::rep> renewals_seen_ = 0;  // when the renewals' thread last turned
    asio::io_context renewals_context_{1};
    asio::thread_pool files_{2};
    asio::thread_pool cpu_{1};
    pg::Pool work_;
    pg::Pool locks_;
    pg::Pool renewals_;
    std::unique_ptr<lock::LockStore> lock_store_;
    lock::SharedTable shared_table_;
    store::Store store_;
    groom::Learner learner_;
    groom::Neighbours neighbours_;
    groom::Judge judge_;
    groom::Groomer groomer_;
    std::vector<groom::Entry> entries_;
    groom::Target target_;
    groom::TickReport last_report_;
    sync::SyncReport last_sync_;
    std::map<std::string, std::string> limits_left_;  // of the tracker, as they are stored, by lock
    std::optional<BootTime::time_point> worked_at_;   // by this replica, and memory was not given back since
    int at_work_ = 0;
    std::unique_ptr<reconcile::Loop> groom_loop_, sync_loop_;
    asio::executor_work_guard<asio::io_context::executor_type> keep_renewals_;
    std::thread renewals_thread_;
};

}  // namespace groomer::app
