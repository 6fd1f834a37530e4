#include "app/service.hpp"

#include "app/metered_tracker.hpp"
#include "app/version.hpp"
#include "base/error.hpp"
#include "base/memory.hpp"
#include "config/fingerprint.hpp"
#include "config/reload.hpp"
#include "lock/explaining_store.hpp"
#include "lock/hold.hpp"
#include "pg/rights.hpp"
#include "store/backlog.hpp"
#include "tracker/file/file_tracker.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <random>
#include <set>

namespace groomer::app {
namespace {

using namespace std::chrono_literals;

// A server that is frozen must not hold up the start, or a stop, for ever; a migration has time limits of its own.
constexpr std::chrono::seconds short_work{10}, long_work{720};
constexpr std::size_t work_connections = 8;
constexpr std::size_t lock_connections = 2;  // one for each loop, and one each for their renewals

metrics::Options metric_options(config::Config const& config) {
    auto const about = version();
    metrics::Options options{about.version,         about.revision, about.compiler, about.libpq, {config.lock.id, sync_lock_id}, {}, {},
                             config::secret_names()};
    std::set<std::string> families, providers, models;
    for (auto const& repository : config.repositories) {
        if (repository.tracker != "file") options.repos.push_back(repository.name);  // a file's are known once it was read
        for (auto const& family : repository.policy.labels) families.insert(family.name);
        if (repository.model.provider == "local") continue;
        providers.insert(repository.model.provider);
        models.insert(repository.model.name);
    }
    options.families.assign(families.begin(), families.end());
    options.providers.assign(providers.begin(), providers.end());
    options.models.assign(models.begin(), models.end());
    return options;
}

// A dry run's decisions are those that an applying run would make, and are used by it.
std::string judge_digest(config::Repository const& repository) {
    auto policy = repository.policy;
    policy.mode = config::Mode::dry_run;
    return config::policy_digest(policy, repository.model);
}

std::string_view reason_of(pg::DatabaseError const& error) {
    if (error.sqlstate() == "25006") return "readonly";
    if (error.sqlstate() == "55000") return "recovery";
    if (error.sqlstate() == "57014") return "timeout";
    return error.sqlstate().empty() || error.sqlstate().starts_with("57P") || error.sqlstate().starts_with("08") ? "broken" : "other";
}

groom::GroomerParts groomer_parts(Clock& clock, Log& log, metrics::Metrics& metrics, store::Store& store, groom::Learner& learner,
                                  groom::Judge& judge, asio::io_context& main, std::string pod, config::Config const& config) {
    return {clock,
            log,
            metrics,
            store,
            learner,
            judge,
            main.get_executor(),
            std::move(pod),
            lock::write_limit(config.lock.ttl, config.lock.renew_every),
            config.schedule.max_tick + config.lock.ttl};
}

}  // namespace

Service::Service(config::Config const& config, std::map<std::string, std::string> const& environment, Log& log, asio::io_context& main,
                 Outside outside, Role role)
    : log_{log},
      outside_{std::move(outside)},
      role_{role},
      config_{config},
      slot_{environment, log},
      identity_{make_identity(environment, slot_)},
      metrics_{metric_options(config)},
      github_{{main.get_executor(), clock_, log_, metrics_, environment, lock::write_limit(config.lock.ttl, config.lock.renew_every)}},
      models_{{main.get_executor(), clock_, log_, metrics_, environment}},
      work_{connect_options(), work_connections, observer()},
      locks_{connect_options(), lock_connections, observer()},
      renewals_{connect_options(), lock_connections, observer()},
      lock_store_{lock::make_explaining_store(lock::make_lock_store(locks_, renewals_, identity_), work_, log_, main.get_executor())},
      store_{work_, clock_, [this] { metrics_.fenced_writes_total("database").increment(); }},
      learner_{store_, cpu_, clock_, log_},
      neighbours_{store_, cpu_, clock_},
      judge_{{log_, metrics_, store_, learner_, neighbours_, outside_.model, main.get_executor()}},
      groomer_{groomer_parts(clock_, log_, metrics_, store_, learner_, judge_, main, identity_.pod, config)},
      keep_renewals_{asio::make_work_guard(renewals_context_)} {
    auto groom_parts = loop_parts(main);
    groom_parts.overtaken = [this] { metrics_.stand_back(); };
    groom_loop_ = std::make_unique<reconcile::Loop>(std::move(groom_parts), loop_settings(config.lock.id, "groom"),
                                                    [this](auto hold) { return groom_tick(std::move(hold), target_, last_report_); });
    sync_loop_ = std::make_unique<reconcile::Loop>(loop_parts(main), loop_settings(sync_lock_id, "sync"),
                                                   [this](auto hold) { return sync_tick(std::move(hold)); });
    configure(config);
    auto beat = [this]() -> Task<> {
        for (;;) {
            renewals_seen_ = clock_.now().time_since_epoch().count();
            co_await clock_.sleep_for(5s);
        }
    };
    asio::co_spawn(renewals_context_, beat, asio::detached);
    renewals_thread_ = std::thread{[this] { renewals_context_.run(); }};
}

Service::~Service() {
    keep_renewals_.reset();
    renewals_context_.stop();
    renewals_thread_.join();
    files_.join();
    cpu_.join();
}

pg::ConnectOptions Service::connect_options() const {
    return {config_.database.url, config_.database.password.value, session_name(role_, version().version, identity_.pod)};
}

pg::Observer Service::observer() {
    pg::Observer observer;
    observer.ran = [this](std::string_view statement, std::chrono::nanoseconds took) {
        metrics_.db_query_duration_seconds(statement).observe(took);
    };
    observer.lost = [this](pg::DatabaseError const& error) { metrics_.db_reconnects_total(reason_of(error)).increment(); };
    observer.answered = [this] { answered_ = clock_.now().time_since_epoch().count(); };
    return observer;
}

reconcile::LoopParts Service::loop_parts(asio::io_context& main) {
    std::random_device seed;
    return {clock_, log_, metrics_, *lock_store_, identity_, main.get_executor(), renewals_context_.get_executor(), seed()};
}

reconcile::LoopSettings Service::loop_settings(std::string lock, std::string job) const {
    reconcile::LoopSettings settings;
    settings.lock = std::move(lock);
    settings.every = job == "groom" ? config_.schedule.groom_every : config_.schedule.sync_every;
    settings.job = std::move(job);
    settings.ttl = config_.lock.ttl;
    settings.renew_every = config_.lock.renew_every;
    settings.foreign_stale_after = config_.lock.foreign_stale_after;
    settings.max_tick = config_.schedule.max_tick;
    for (auto const& entry : entries_) settings.settle = std::max(settings.settle, entry.tracker->settle());
    return settings;
}

std::shared_ptr<tracker::Tracker> Service::tracker_for(config::Repository const& repository) {
    if (repository.tracker == "github" && !outside_.tracker) return github_.tracker(repository.name);
    for (auto const& entry : entries_)
        if (entry.settings.name == repository.name && entry.settings.path == repository.path) return entry.tracker;
    auto tracker =
        outside_.tracker ? outside_.tracker(repository) : tracker::file::make_file_tracker({repository.name, repository.path, files_});
    return std::make_shared<MeteredTracker>(std::move(tracker), repository.tracker, clock_, metrics_);
}

void Service::configure(config::Config const& config) {
    github_.configure(config.github);
    models_.configure(config);
    std::vector<groom::Entry> entries;
    for (auto const& repository : config.repositories)
        entries.push_back({repository, config::policy_digest(repository.policy, repository.model), judge_digest(repository),
                           config::model_digest(repository.policy, repository.model), tracker_for(repository),
                           models_.endpoint(repository.model)});
    config_ = config;
    entries_ = std::move(entries);
    for (auto* pool : {&work_, &locks_, &renewals_}) pool->set_options(connect_options());
    groom_loop_->configure(loop_settings(config.lock.id, "groom"));
    sync_loop_->configure(loop_settings(sync_lock_id, "sync"));
    for (auto const* lock : {config.lock.id.c_str(), sync_lock_id}) metrics_.lock_ttl_seconds(lock).set(config.lock.ttl);
    metrics_.tick_interval_seconds("groom").set(config.schedule.groom_every);
    metrics_.tick_interval_seconds("sync").set(config.schedule.sync_every);
    metrics_.set_config_hash(config::config_hash(config));
    metrics_.config_last_reload_successful().set(1);
}

Task<pg::SchemaState> Service::migrate() {
    std::optional<pg::SchemaState> before;
    for (bool told = false;;) {
        auto const now = co_await schema();
        if (!before) before = now;
        if (now.found == now.wanted) break;
        auto work = [](pg::Session& session) { return pg::try_migrate(session, store::migrations()); };
        auto migrating = work_.with_session(long_work, work);
        bool mine = false, in_use = false;
        try {
            mine = co_await std::move(migrating);
        } catch (pg::DatabaseError const& error) {
            in_use = error.lost_race();
            if (!in_use) throw;
        }
        if (in_use && !std::exchange(told, true))
            log_.info("the schema waits to be brought up to date: another session uses its tables, as a dump does", {{"component", "app"}});
        if (!mine) co_await clock_.sleep_for(in_use ? 1s : 100ms);
    }
    metrics_.db_schema_version().set(before->wanted);
    answered_ = clock_.now().time_since_epoch().count();
    co_return *before;
}

Task<pg::SchemaState> Service::schema() {
    auto check = [](pg::Session& session) {
        auto const state = pg::check_schema(session, store::migrations());
        auto const missing = state.found == 0 ? lock::Missing::allowed : lock::Missing::fault;
        auto table = lock::examine_shared_table(session, missing);
        auto const fault = table.fault ? table.fault : pg::fault_of_migrating(session, state);
        if (fault) throw pg::DatabaseError{*fault, "", false};
        return std::pair{state, std::move(table)};
    };
    auto checking = work_.with_session(short_work, check);
    auto [state, table] = co_await std::move(checking);
    if (!table.warning.empty() && table.warning != shared_table_.warning) log_.warning(table.warning, {{"component", "lock"}});
    shared_table_ = std::move(table);
    co_return state;
}

Task<bool> Service::require_schema() {
    auto const state = co_await schema();
    if (state.found != state.wanted)
        throw Error{ErrorCode::database, "the database has " +
                                             (state.found == 0 ? "no groomer schema" : "schema version " + std::to_string(state.found)) +
                                             ", this binary wants version " + std::to_string(state.wanted) + ": run groomer migrate"};
    co_return true;
}

bool Service::database_answered_within(std::chrono::seconds span) const {
    auto const at = answered_.load();
    return at >= 0 && clock_.now() - BootTime::time_point{BootTime::duration{at}} <= span;
}

bool Service::renewals_turn() const { return clock_.now() - BootTime::time_point{BootTime::duration{renewals_seen_.load()}} <= 20s; }

void Service::relieve_when_idle() {
    constexpr auto rest = 5s;
    if (at_work_ > 0 || !worked_at_ || clock_.now() - *worked_at_ < rest) return;
    worked_at_.reset();
    learner_.forget();
    neighbours_.forget();
    work_.close_idle();  // their buffers have grown to the largest answer
    give_back_memory();
}

// Counts a tick for as long as it lives, cancelled or not.
struct Service::AtWork {
    explicit AtWork(Service& s) : service{s} { ++service.at_work_; }
    ~AtWork() {
        --service.at_work_;
        service.worked_at_ = service.clock_.now();
    }
    AtWork(AtWork const&) = delete;
    AtWork& operator=(AtWork const&) = delete;
    Service& service;
};

// Whoever works next keeps the pace that the last one has kept, also one that was killed: its comments are among the steps. What is
// at work here already knows better.
Task<> Service::take_over_limits() {
    if (!github_.is_used() || at_work_ > 1) co_return;
    std::vector<std::string> sources;
    for (auto const& entry : entries_)
        if (entry.settings.tracker == "github") sources.push_back(entry.settings.name);
    auto const found = co_await store::tracker_limits(store_, "github", sources);
    for (auto const& [lock, limits] : found.known) github_.restore_limits(limits);
    github_.know_comments(found.comments);
    limits_left_ = found.known;
}

Task<> Service::leave_limits(lock::Hold& hold) {
    auto const limits = github_.limits();
    auto& left = limits_left_[hold.terms().lock];
    if (!github_.is_used() || limits == left || !hold.may_act()) co_return;
    co_await store::save_tracker_limits(store_, hold, "github", limits);
    limits_left_[hold.terms().lock] = limits;
}

// A tick that fails has used up some of the limits, too.
template <class Report>
Task<Report> Service::within_limits(std::shared_ptr<lock::Hold> hold, Task<Report> tick) {
    co_await take_over_limits();
    std::optional<Report> report;
    std::exception_ptr failure;
    try {
        report = co_await std::move(tick);
    } catch (...) {
        failure = std::current_exception();
    }
    co_await asio::this_coro::throw_if_cancelled(false);
    asio::cancellation_state const state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() == asio::cancellation_type::none) co_await leave_limits(*hold);
    if (failure) std::rethrow_exception(failure);
    co_return std::move(*report);
}

namespace {

// Else it is one that was asked for, of which the schedule knows nothing.
bool is_whole(groom::Target const& target) { return !target.only && !target.repo && !target.dry_run && !target.undo; }

}  // namespace

// The target is of who waits for the tick; the report is written when it has ended.
Task<reconcile::TickResult> Service::groom_tick(std::shared_ptr<lock::Hold> hold, groom::Target const& target, groom::TickReport& report) {
    AtWork const working{*this};
    auto tick = groomer_.tick(hold, entries_, target);
    auto ticking = within_limits(hold, std::move(tick));
    report = co_await std::move(ticking);
    reconcile::TickResult result;
    result.outcome = !report.unreadable.empty() ? reconcile::TickOutcome::error
                     : report.cut_short         ? reconcile::TickOutcome::aborted
                     : report.claimed > 0       ? reconcile::TickOutcome::done
                                                : reconcile::TickOutcome::nothing_to_do;
    result.more = report.full && report.limited.empty();
    result.clean = report.clean;
    co_return result;
}

Task<reconcile::Loop::Once> Service::groom_aimed() { return groom_loop_->once(config_.lock.ttl, {}, is_whole(target_)); }

Task<Service::Asked> Service::groom_once(groom::Target target) {
    Asked asked;
    reconcile::Tick const tick = [&](std::shared_ptr<lock::Hold> hold) { return groom_tick(std::move(hold), target, asked.report); };
    auto ticking = groom_loop_->once(config_.lock.ttl, tick, is_whole(target));
    asked.once = co_await std::move(ticking);
    co_return std::move(asked);
}

Task<reconcile::TickResult> Service::sync_tick(std::shared_ptr<lock::Hold> hold) {
    AtWork const working{*this};
    std::vector<sync::Source> sources;
    for (auto const& entry : entries_) sources.push_back({entry.settings.name, entry.tracker});
    auto tick = sync::sync(store_, log_, hold, sources, config_.lock.id);
    auto ticking = within_limits(hold, std::move(tick));
    last_sync_ = co_await std::move(ticking);
    reconcile::TickResult result;
    result.outcome = last_sync_.cut_short         ? reconcile::TickOutcome::aborted
                     : !last_sync_.failed.empty() ? reconcile::TickOutcome::error
                     : last_sync_.changed > 0     ? reconcile::TickOutcome::done
                                                  : reconcile::TickOutcome::nothing_to_do;
    co_return result;
}

}  // namespace groomer::app
