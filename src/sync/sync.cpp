#include "sync/sync.hpp"

#include "base/error.hpp"
#include "pg/session.hpp"

#include <algorithm>

namespace groomer::sync {
namespace {

constexpr std::size_t page_limit = 500;
constexpr int most_empty = 500;                 // pages in a row, after which others would never have their turn
constexpr std::int64_t progress_step = 10'000;  // issues, after which the log tells how far it has come

bool is_ours_to_handle(std::exception_ptr error) {
    try {
        std::rethrow_exception(error);
    } catch (pg::DatabaseError const&) {
        return false;
    } catch (Error const&) {
        return true;  // this source cannot be read; others can
    } catch (...) {
        return false;
    }
}

class Pass {
public:
    Pass(store::Store& store, Log& log, std::shared_ptr<lock::Hold> hold, SyncReport& report)
        : store_{store}, log_{log}, hold_{std::move(hold)}, report_{report} {}

    Task<> run(Source source, std::string cursor) {
        std::int64_t seen = 0;
        int empty_in_a_row = 0;
        for (;;) {
            if (hold_->winding_down() || !hold_->may_act()) {
                report_.cut_short = true;
                co_return;
            }
            auto page = co_await source.tracker->changes(cursor, page_limit);
            auto const seen_before = seen;
            seen += static_cast<std::int64_t>(page.issues.size());
            report_.skipped += static_cast<std::int64_t>(page.skipped);
            if (page.skipped > 0)
                log_.warning("entries were skipped",
                             {{"component", "sync"}, {"source", source.name}, {"count", page.skipped}, {"example", page.skipped_example}});
            empty_in_a_row = page.issues.empty() ? empty_in_a_row + 1 : 0;
            if (empty_in_a_row > most_empty) throw Error{ErrorCode::failure, "the list of its changes goes on and on, and tells of none"};
            bool const last = page.last;
            cursor = page.cursor;
            auto const stored = co_await store::apply_page(store_, *hold_, source.name, std::move(page));
            report_.changed += stored.changed;
            report_.skipped += stored.refused;
            if (stored.refused > 0)
                log_.warning("issues were skipped: another configured source serves their repository",
                             {{"component", "sync"}, {"source", source.name}, {"count", stored.refused}});
            if (last) break;
            if (seen / progress_step > seen_before / progress_step)
                log_.info("syncing", {{"component", "sync"}, {"source", source.name}, {"issues", seen}});
        }
        if (seen > 0)
            log_.info("synced", {{"component", "sync"}, {"source", source.name}, {"issues", seen}, {"changed_in_all", report_.changed}});
    }

private:
    store::Store& store_;
    Log& log_;
    std::shared_ptr<lock::Hold> hold_;
    SyncReport& report_;
};

}  // namespace

Task<SyncReport> sync(store::Store& store, Log& log, std::shared_ptr<lock::Hold> hold, std::vector<Source> sources, std::string wake) {
    SyncReport report;
    std::vector<std::string> names;
    for (auto const& source : sources) names.push_back(source.name);
    co_await store::register_sources(store, *hold, names);
    auto const known = co_await store::sources(store);
    for (auto const& source : sources) {
        auto const state = std::find_if(known.begin(), known.end(), [&](auto const& s) { return s.name == source.name; });
        Pass pass{store, log, hold, report};
        std::string const cursor = state == known.end() ? "" : state->cursor;
        std::exception_ptr failure;
        bool limited = false;
        try {
            co_await pass.run(source, cursor);
        } catch (tracker::LimitReached const&) {
            failure = std::current_exception();
            limited = true;
        } catch (Error const& error) {
            failure = std::current_exception();
            if (error.code() == ErrorCode::credentials) report.refused = true;
        } catch (...) {
            failure = std::current_exception();
        }
        if (!failure) continue;
        if (limited) {
            report.limited.push_back(source.name);
            log.info("a source's limit is reached: the next sync goes on from here",
                     {{"component", "sync"}, {"source", source.name}, {"limit", describe(failure)}});
            continue;
        }
        if (!is_ours_to_handle(failure)) std::rethrow_exception(failure);
        report.failed.push_back(source.name);
        log.error("a source could not be read", {{"component", "sync"}, {"source", source.name}, {"error", describe(failure)}});
    }
    if (report.changed > 0) co_await store::request_tick(store, *hold, wake);
    co_return report;
}

}  // namespace groomer::sync
