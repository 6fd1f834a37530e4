#include "app/replica.hpp"

#include "api/events.hpp"
#include "api/lock.hpp"
#include "api/openapi.hpp"
#include "api/page.hpp"
#include "api/probes.hpp"
#include "api/routes.hpp"
#include "api/runs.hpp"
#include "app/commands/commands.hpp"
#include "app/run_to_end.hpp"
#include "app/status_view.hpp"
#include "app/version.hpp"
#include "base/error.hpp"
#include "base/memory.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <unistd.h>

#include <csignal>

namespace groomer::app {
namespace {

using namespace std::chrono_literals;

constexpr auto reload_every = 5s;
constexpr auto http_grace = 5s;
constexpr std::chrono::seconds ready_span{60};

}  // namespace

Replica::Replica(config::Source source, config::Loaded const& loaded, Log& log, Outside outside)
    : log_{log},
      lock_id_{loaded.config.lock.id},
      reloader_{source, loaded},
      service_{loaded.config, source.environment, log, context_, std::move(outside), Role::replica},
      deeds_{{service_, log, [this](auto run) { at_work("run", std::move(run)); }, [this] { return started_; },
              [this] { return stopping_ || fatal_; }},
             lock_id_,
             context_.get_executor()},
      signals_{context_, SIGTERM, SIGINT},
      background_{context_.get_executor(),
                  [this](std::string const& name, std::exception_ptr error) {
                      log_.error("a task ended", {{"component", "app"}, {"task", name}, {"error", describe(error)}});
                      fatal_ = error;
                      stop_.notify();
                  }},
      stop_{context_.get_executor()} {}

void Replica::run() {
    on_signal();
    std::exception_ptr failure;
    asio::co_spawn(context_, live(), [&](std::exception_ptr error) {
        failure = error;
        signals_.cancel();
        context_.stop();
    });
    context_.run();
    reading_.join();
    if (failure) std::rethrow_exception(failure);
    if (fatal_) std::rethrow_exception(fatal_);
}

void Replica::on_signal() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
        if (error) return;
        log_.info("stopping: the current issues are finished, then the row is released", {{"component", "app"}, {"signal", signal}});
        exit_at_next_signal(signals_);
        stopping_ = true;
        stop_.notify();
    });
}

void Replica::start_http() {
    auto const& http = reloader_.current().http;
    api::Health health{[this] { return service_.renewals_turn(); },
                       [this] { return started_ && service_.database_answered_within(ready_span); }, [this] { return started_; }};
    net::HttpOptions options, metrics_options;
    options.listen = http.listen;
    metrics_options.listen = http.metrics_listen;
    auto handlers = api::probe_handlers(health);
    auto access = [this] { return api::Access{service_.config().http.admin_token.value, service_.config().http.public_page}; };
    handlers["GET /"] = api::page_handler(access);
    handlers["GET /api/openapi.json"] = api::openapi_handler(version().version);
    handlers["GET /api/groomer/lock"] = api::lock_handler(
        service_.store(), service_.clock(), [this] { return lock_view(service_); }, sync_lock_id);
    auto const status = std::make_shared<api::Status>(service_.store(), service_.clock(), context_.get_executor(),
                                                      [this] { return status_view(service_); });
    handlers["GET /api/status"] = api::status_handler(status);
    handlers["GET /api/events"] = api::events_handler(status, service_.clock());
    auto const links = [this] { return status_view(service_).links; };
    handlers["GET /api/groomer/runs"] = api::runs_handler(service_.store(), links);
    handlers["GET /api/groomer/runs/{id}"] = api::run_handler(service_.store(), links);
    handlers.merge(deeds_.handlers());
    net::Router router{api::make_routes(std::move(handlers), std::move(access), log_)};
    http_ = net::make_http_server(context_.get_executor(), options, std::move(router), log_);
    net::Router metrics_router{api::metrics_routes(service_.metrics())};
    metrics_http_ = net::make_http_server(context_.get_executor(), metrics_options, std::move(metrics_router), log_);
    http_->start();
    metrics_http_->start();
    log_.info("listening", {{"component", "http"}, {"http_port", http_->port()}, {"metrics_port", metrics_http_->port()}});
}

Task<> Replica::live() {
    log_.info("starting", {{"component", "app"}, {"version", version().version}, {"revision", version().revision}});
    start_http();
    background_.spawn("lag", [this] { return measure_lag(); });
    background_.spawn("reload", [this] { return reload(); });
    background_.spawn("work", [this] { return bring_up(); });
    while (!stopping_ && !fatal_) co_await stop_.wait_until(service_.clock(), BootTime::time_point::max());
    service_.sync_loop().stop();
    service_.groom_loop().stop();
    deeds_.finish();
    if (!started_) background_.cancel();
    while (started_ && working_ > 0) co_await stop_.wait_until(service_.clock(), BootTime::time_point::max());
    background_.cancel();
    co_await background_.join();
    co_await http_->stop(http_grace);
    co_await metrics_http_->stop(http_grace);
    log_.info("stopped", {{"component", "app"}});
}

// A database that is not there yet is waited for.
Task<> Replica::bring_up() {
    for (auto wait = 500ms;; wait = std::min<std::chrono::milliseconds>(wait * 2, 30s)) {
        std::exception_ptr failure;
        try {
            co_await service_.migrate();
        } catch (pg::DatabaseError const&) {
            failure = std::current_exception();
        }
        if (!failure) break;
        log_.warning("the schema cannot be brought up, waiting",
                     {{"component", "app"}, {"error", describe(failure)}, {"wait_ms", wait.count()}});
        co_await service_.clock().sleep_for(wait);
    }
    if (stopping_ || fatal_) co_return;  // while the database was waited for, which no cancellation ends
    started_ = true;
    give_back_memory();
    log_.info("ready", {{"component", "app"}});
    background_.spawn("listen", [this] { return listen(); });
    at_work("webhooks", [this] { return deeds_.work(); });
    at_work("loop", [this] { return service_.sync_loop().run(); });
    at_work("loop", [this] { return service_.groom_loop().run(); });
}

// What a stop waits for.
void Replica::at_work(std::string name, std::function<Task<>()> work) {
    ++working_;
    background_.spawn(std::move(name), [this, work = std::move(work)]() -> Task<> {
        struct Ended {  // also by an exception
            Replica& replica;
            ~Ended() {
                --replica.working_;
                replica.stop_.notify();
            }
        } const ended{*this};
        co_await work();
    });
}

// Notifications only hasten: the loops look by themselves.
Task<> Replica::listen() {
    for (auto wait = 1s;;) {
        std::exception_ptr failure;
        auto const started = service_.clock().now();
        try {
            co_await listen_once();
        } catch (...) {
            failure = std::current_exception();
        }
        if (is_cancelled(failure)) std::rethrow_exception(failure);
        if (service_.clock().now() - started > 1min) wait = 1s;
        service_.metrics().lock_errors_total(lock_id_, "listen").increment();
        log_.debug("the notifications' connection was lost, trying again", {{"component", "lock"}, {"error", describe(failure)}});
        co_await service_.clock().sleep_for(wait);
        wait = std::min<std::chrono::seconds>(wait * 2, 30s);
    }
}

Task<> Replica::listen_once() {
    auto connect = [this, options = service_.connect_options()] {
        auto session = std::make_shared<pg::Session>(options);
        pg::Watchdog::Guard const guard{watchdog_, session->descriptor(), 5s};
        session->listen("groomer_lock");
        return session;
    };
    auto connecting = on_pool(reading_, connect);
    auto const session = co_await std::move(connecting);
    int const own = ::dup(session->descriptor());
    if (own < 0) throw Error{ErrorCode::failure, "no file descriptor is left to wait for notifications with"};
    asio::posix::stream_descriptor readable{context_, own};
    // What was notified before, or while there was no connection, is seen by looking.
    wake(sync_lock_id);
    wake(lock_id_);
    for (;;) {
        co_await readable.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
        for (auto const& lock : session->notifications()) wake(lock);
    }
}

void Replica::wake(std::string const& lock) {
    if (lock == sync_lock_id) service_.sync_loop().wake();
    else if (lock == lock_id_) service_.groom_loop().wake();
}

Task<> Replica::reload() {
    for (;;) {
        co_await service_.clock().sleep_for(reload_every);
        auto checking = on_pool(reading_, [this] { return reloader_.check(); });
        auto const result = co_await std::move(checking);
        if (auto const* reloaded = std::get_if<config::Reloaded>(&result)) take_over(*reloaded);
        auto const* failed = std::get_if<config::Failed>(&result);
        if (!failed) continue;
        log_.error("the changed configuration is not taken over", {{"component", "config"}, {"error", failed->sentence}});
        service_.metrics().config_last_reload_successful().set(0);
        for (auto const& secret : failed->secrets)
            service_.metrics().secret_reloads_total(secret.secret, secret.ok ? "ok" : "error").increment();
    }
}

void Replica::take_over(config::Reloaded const& reloaded) {
    for (auto const& secret : reloaded.secrets)
        service_.metrics().secret_reloads_total(secret.secret, secret.ok ? "ok" : "error").increment();
    try {
        service_.configure(reloaded.config);
    } catch (Error const& error) {
        log_.error("the changed configuration is not taken over", {{"component", "config"}, {"error", error.what()}});
        service_.metrics().config_last_reload_successful().set(0);
        return;
    }
    set_log(reloaded.config.log, log_);
    log_.info("the configuration was reloaded", {{"component", "config"}});
    for (auto const& note : reloaded.notes) log_.warning(note, {{"component", "config"}});
}

Task<> Replica::measure_lag() {
    for (;;) {
        auto const due = service_.clock().now() + 1s;
        co_await service_.clock().sleep_until(due);
        service_.metrics().loop_lag_seconds().observe(service_.clock().now() - due);
        service_.relieve_when_idle();
    }
}

}  // namespace groomer::app
