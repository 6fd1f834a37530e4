#include "app/one_tick.hpp"

#include "api/run.hpp"
#include "app/run_to_end.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "lock/token.hpp"
#include "store/backlog.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <iostream>

namespace groomer::app {
namespace {

// What was to be done and was not, and is nobody's later.
std::size_t left(OneTick const& options, groom::TickReport const& report) {
    return options.whole ? report.claimed - std::min(report.claimed, report.issues.size()) : 0;
}

boost::json::object as_json(groom::Cost const& cost) {
    boost::json::object out{{"issues", cost.issues}, {"tokens", cost.spent.tokens}, {"usd", cost.spent.usd}};
    if (cost.seconds > 0 || cost.issues == 0) out["seconds"] = cost.seconds;
    return out;
}

void print_json(OneTick const& options, std::string_view outcome, groom::TickReport const& report, groom::Forecast const& forecast) {
    boost::json::object out{{"outcome", outcome}, {"dryRun", options.dry_run}};
    if (report.failed > 0) out["failed"] = report.failed;
    if (left(options, report) > 0) out["left"] = left(options, report);
    if (options.whole && report.full) out["more"] = true;
    if (!forecast.text.empty()) {
        out["cost"] = as_json(report.cost);
        out["rest"] = as_json(forecast.rest);
    }
    out["results"] = api::results_of(report);
    std::cout << boost::json::serialize(out) << '\n';
}

// Issue, outcome, what changes, why: as wide as they have to be, the reason last.
void print_table(std::vector<groom::Groomed> const& issues) {
    std::vector<std::array<std::string, 3>> rows;
    std::array<std::size_t, 3> width{};
    for (auto const& issue : issues) {
        std::string change;
        for (auto const& label : issue.added) change.append(change.empty() ? "+" : " +").append(label);
        for (auto const& label : issue.removed) change.append(change.empty() ? "-" : " -").append(label);
        rows.push_back({tracker::to_string(issue.ref), issue.outcome, change});
        for (std::size_t i = 0; i < width.size(); ++i) width[i] = std::max(width[i], count_characters(rows.back()[i]));
    }
    for (std::size_t row = 0; row < rows.size(); ++row) {
        for (std::size_t i = 0; i < width.size(); ++i)
            std::cout << rows[row][i] << std::string(width[i] - count_characters(rows[row][i]) + 2, ' ');
        std::cout << issues[row].reason << '\n';
    }
}

void print(OneTick const& options, reconcile::Loop::Once const& once, groom::TickReport const& report, groom::Forecast const& forecast) {
    using reconcile::TickOutcome;
    bool const failed = once.tick && once.tick->outcome == TickOutcome::error,
               stopped = once.tick && once.tick->outcome == TickOutcome::aborted;
    std::string_view const outcome = !once.tick              ? "lock_held"
                                     : failed                ? "failed"
                                     : stopped               ? "stopped"
                                     : report.issues.empty() ? "nothing_to_do"
                                                             : options.done;
    if (options.line.json) return print_json(options, outcome, report, forecast);
    print_table(report.issues);
    for (auto const& source : report.limited) std::cout << source << ": a limit is reached, the rest of its issues wait\n";
    if (report.failed > 0)
        std::cout << report.failed << (report.failed == 1 ? " issue" : " issues")
                  << " could not be read or written: why is in the log above\n";
    if (auto const count = left(options, report); count > 0)
        std::cout << count << (count == 1 ? " issue is" : " issues are") << " left: run it again\n";
    if (options.whole && report.full) std::cout << "there are more issues than one run takes: run it again\n";
    if (!forecast.text.empty()) std::cout << forecast.text << '\n';
    if (once.blocked)
        std::cout << "the lock cannot be had: its row was locked for as long as was waited; if that stays so, " << lock::row_is_kept
                  << '\n';
    else if (!once.tick)
        std::cout << "the lock is held by another: "
                  << (once.holder && once.holder->token ? one_line(*once.holder->token, 200) : "it was taken just now") << '\n';
    else if (failed) std::cout << "the tick failed: its error is in the log above\n";
    else if (stopped) std::cout << "stopped before it was done\n";
    else if (report.issues.empty()) std::cout << "nothing to do\n";
}

// What a paid model would cost for the rest of the backlog. A trial leaves its issues due, and has paid for them: the second one is told
// by what the last requests came to.
Task<groom::Forecast> foresee(Service& service, config::Config const& config, OneTick const& options) {
    auto const& report = service.last_report();
    auto const& repo = options.line.repo;
    std::vector<std::string> sources, besides;
    config::Model const* paid = nullptr;
    for (auto const& repository : config.repositories) {
        if (repository.model.provider == "local") {
            if (repo == repository.name) co_return groom::Forecast{};
            continue;
        }
        sources.push_back(repository.name);
        if (!paid || repo == repository.name) paid = &repository.model;
    }
    bool const trial = options.line.dry_run && !options.whole;
    auto cost = report.cost;
    if (!paid || (cost.issues == 0 && !trial)) co_return groom::Forecast{};
    bool const earlier = cost.issues == 0;
    if (earlier) {
        auto asking = store::spent_lately(service.store(), paid->provider, paid->name);
        auto const spent = co_await std::move(asking);
        cost = {spent.issues, spent.spend, 0};
    }
    if (trial)
        for (auto const& issue : report.issues) besides.push_back(tracker::to_string(issue.ref));
    auto counting = store::left_to_judge(service.store(), std::move(sources), repo, std::move(besides));
    auto const left = co_await std::move(counting);
    co_return groom::forecast(cost, left, *paid, earlier);
}

}  // namespace

Task<bool> sync_if_stale(Service& service, config::Config const& config, Log& log) {
    auto const known = co_await store::sources(service.store());
    auto const stale = [&](config::Repository const& repository) {
        auto const source = std::find_if(known.begin(), known.end(), [&](auto const& s) { return s.name == repository.name; });
        return source == known.end() || !source->synced || source->age > std::chrono::duration<double>(config.schedule.sync_every).count();
    };
    if (std::none_of(config.repositories.begin(), config.repositories.end(), stale)) co_return true;
    auto const synced = co_await service.sync_loop().once(std::chrono::milliseconds{0});
    if (!synced.tick && !synced.blocked) log.info("another replica syncs already", {{"component", "sync"}, {"lock", sync_lock_id}});
    co_return !synced.tick || synced.tick->outcome == reconcile::TickOutcome::done ||
        synced.tick->outcome == reconcile::TickOutcome::nothing_to_do;
}

Task<int> one_tick(Service& service, config::Config const& config, OneTick options) {
    auto const once = co_await service.groom_aimed();
    if (once.stopped) throw Error{ErrorCode::failure, "stopped by a signal before the lock could be had"};
    auto const& report = service.last_report();
    groom::Forecast forecast;
    try {
        if (once.tick) {
            auto foreseeing = foresee(service, config, options);
            forecast = co_await std::move(foreseeing);
        }
    } catch (pg::DatabaseError const&) {  // what was done is told all the same
    }
    print(options, once, report, forecast);
    if (!once.tick) co_return static_cast<int>(ErrorCode::held);
    if (service.last_sync().refused || report.refused) {
        if (!options.line.json) std::cout << "credentials were refused: which, and why, is in the log above\n";
        co_return static_cast<int>(ErrorCode::credentials);
    }
    bool const failed = once.tick->outcome == reconcile::TickOutcome::error || once.tick->outcome == reconcile::TickOutcome::aborted;
    bool const unwritten = std::any_of(report.issues.begin(), report.issues.end(), [&](auto const& i) {
        return i.outcome == "failed" || i.outcome == "partial" || (options.whole && i.outcome == "stale");
    });
    bool const unfinished = left(options, report) > 0 || (options.whole && report.full);
    co_return failed || unwritten || unfinished || report.failed > 0 || !options.synced ? 1 : 0;
}

int with_service(CommandLine const& line, Log& log, std::function<Task<int>(Service&, config::Config const&)> work) {
    auto const loaded = configuration(line, log);
    asio::io_context context{1};
    Service service{loaded.config, without_slot(line), log, context};
    asio::signal_set signals{context, SIGTERM, SIGINT};
    signals.async_wait([&](boost::system::error_code error, int) {
        if (error) return;
        exit_at_next_signal(signals);
        service.sync_loop().stop();
        service.groom_loop().stop();
    });
    return run_to_end(context, work(service, loaded.config));
}

}  // namespace groomer::app
