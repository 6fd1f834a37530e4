#include "app/asked_run.hpp"

#include "api/lock.hpp"
#include "api/run.hpp"
#include "app/status_view.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "pg/session.hpp"
#include "store/asked.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace groomer::app {
namespace {

using namespace std::chrono_literals;
using net::error_response;
using net::Response;

// A run may cost money; a script that has gone wild is told so.
constexpr std::size_t most_a_minute = 30;
constexpr std::string_view somebody_works = "Somebody works already: try again when the lock is free.";

Response with_retry_after(Response response, std::chrono::seconds wait) {
    response.headers.push_back({"Retry-After", std::to_string(std::clamp<std::int64_t>(wait.count(), 1, 3600))});
    return response;
}

Response limited(WallTime until, std::string const& sentence) {
    auto const wait = std::chrono::ceil<std::chrono::seconds>(until - std::chrono::system_clock::now());
    return with_retry_after(error_response(429, "limited", sentence), wait);
}

Response no_database() { return error_response(503, "no_database", "The database does not answer: try again in a moment."); }
Response paused() { return error_response(409, "paused", "groomer is paused: POST /api/groomer/resume first."); }
Response shutting_down() { return error_response(503, "shutting_down", "This replica is stopping: ask another one."); }

Response unknown(std::string const& what) { return error_response(404, "not_found", one_line(what, 400)); }

// A name is the same whatever its case.
bool same_name(std::string const& one, std::string const& two) { return to_lower(one) == to_lower(two); }

struct Outcome {
    explicit Outcome(asio::any_io_executor executor) : ended{std::move(executor)} {}
    std::optional<Response> response;
    Wakeup ended;
};

}  // namespace

Task<Response> AskedRuns::answer(net::Request request) {
    auto parsed = api::parse_run_request(request.body);
    if (auto const* wrong = std::get_if<std::string>(&parsed)) co_return error_response(400, "bad_request", *wrong);
    if (parts_.stopping()) co_return shutting_down();
    if (!parts_.started()) co_return error_response(503, "starting", "The schema is not in place yet.");
    try {
        auto beginning = begin(std::get<api::RunRequest>(std::move(parsed)));
        co_return co_await std::move(beginning);
    } catch (pg::DatabaseError const&) {
    }
    co_return no_database();
}

Task<Response> AskedRuns::begin(api::RunRequest request) {
    bool dry_run = request.dry_run;
    auto aiming = aim(std::move(request));
    auto aimed = co_await std::move(aiming);
    if (auto* refusal = std::get_if<Response>(&aimed)) co_return std::move(*refusal);
    auto& target = std::get<groom::Target>(aimed);
    bool const is_paused = co_await store::is_paused(parts_.service.store());
    if (is_paused) co_return paused();
    if (running_) {
        auto holding = held();
        co_return co_await std::move(holding);
    }
    bool const is_counted = target.unseen.has_value();  // it was looked up
    if (!is_counted)
        if (auto refusal = refused_for_pace()) co_return std::move(*refusal);
    dry_run = dry_run || writes_nothing(target);
    auto running = run(std::move(target), dry_run);
    co_return co_await std::move(running);
}

groom::Entry const* AskedRuns::entry(std::string const& name) const {
    auto const& entries = parts_.service.entries();
    auto const found = std::find_if(entries.begin(), entries.end(), [&](auto const& e) { return same_name(e.settings.name, name); });
    return found == entries.end() ? nullptr : &*found;
}

// An entry of its own name decides, or else all of them do.
bool AskedRuns::writes_nothing(groom::Target const& target) const {
    auto const reads_only = [](groom::Entry const& e) { return e.settings.policy.mode == config::Mode::dry_run; };
    auto const& entries = parts_.service.entries();
    if (auto const* own = target.repo ? entry(*target.repo) : target.only ? entry(target.only->repo) : nullptr) return reads_only(*own);
    return std::all_of(entries.begin(), entries.end(), reads_only);
}

// What the database knows is enough; what it does not is looked up where it would be.
Task<AskedRuns::Aimed> AskedRuns::aim(api::RunRequest request) {
    groom::Target target;
    target.force = request.force;
    target.dry_run = request.dry_run;
    if (!request.repo) co_return target;
    tracker::IssueRef const wanted{*request.repo, request.issue.value_or(0)};
    auto finding = store::find(parts_.service.store(), wanted);
    auto const place = co_await std::move(finding);
    auto const* own = entry(place ? place->source : *request.repo);
    if (!own) co_return unknown("No configured entry has the repository " + *request.repo + ".");
    if (!request.issue) {
        target.repo = request.repo;
        co_return target;
    }
    target.only = tracker::IssueRef{*request.repo, *request.issue};
    if (place && place->has_issue) co_return target;
    auto looking = look_up(std::move(target), own->settings.name, own->tracker);
    co_return co_await std::move(looking);
}

Task<AskedRuns::Aimed> AskedRuns::look_up(groom::Target target, std::string source, std::shared_ptr<tracker::Tracker> tracker) {
    if (auto refusal = refused_for_pace()) co_return std::move(*refusal);
    count();
    auto const name = tracker::to_string(*target.only);
    std::optional<tracker::Issue> issue;
    std::optional<Response> failure;
    try {
        auto reading = tracker->read(*target.only);
        issue = co_await std::move(reading);
    } catch (tracker::LimitReached const& reached) {
        failure = limited(reached.until(), "A limit of the tracker keeps us from looking for " + name + ".");
    } catch (Error const& error) {
        parts_.log.warning("an issue that a run was asked for cannot be looked up",
                           {{"component", "api"}, {"repo", target.only->repo}, {"issue", target.only->number}, {"error", error.what()}});
        failure = error_response(503, "tracker_failed", "The tracker cannot be asked for " + one_line(name, 400) + ": the log says why.");
    }
    if (failure) co_return std::move(*failure);
    if (!issue) co_return unknown("There is no issue " + name + ".");
    target.unseen = groom::Unseen{std::move(source), std::move(*issue)};
    co_return std::move(target);
}

// Only what costs counts: a run that had the lock, and a question to a tracker. A refusal is cheap.
std::optional<Response> AskedRuns::refused_for_pace() {
    auto const now = parts_.service.clock().now();
    while (!costs_.empty() && now - costs_.front() >= 1min) costs_.pop_front();
    if (costs_.size() < most_a_minute) return std::nullopt;
    auto const wait = std::chrono::ceil<std::chrono::seconds>(costs_.front() + 1min - now);
    return with_retry_after(error_response(429, "too_many", "More than 30 runs and look-ups were asked for within a minute."), wait);
}

void AskedRuns::count() { costs_.push_back(parts_.service.clock().now()); }

Task<Response> AskedRuns::run(groom::Target target, bool dry_run) {
    auto const executor = co_await asio::this_coro::executor;
    auto const outcome = std::make_shared<Outcome>(executor);
    running_ = true;
    parts_.at_work([this, outcome, target = std::move(target), dry_run]() -> Task<> {
        struct Running {
            AskedRuns& runs;
            Outcome& outcome;
            ~Running() {
                runs.running_ = false;
                outcome.ended.notify();
            }
        } const running{*this, *outcome};
        auto ticking = tick(target, dry_run);
        outcome->response = co_await std::move(ticking);
    });
    while (!outcome->response && running_) co_await outcome->ended.wait_until(parts_.service.clock(), BootTime::time_point::max());
    co_return outcome->response ? std::move(*outcome->response) : shutting_down();
}

// Where the lock was held, and is free when it is looked who holds it, a second attempt may get it.
Task<Response> AskedRuns::tick(groom::Target target, bool dry_run) {
    std::exception_ptr failure;
    try {
        for (int attempt = 1;; ++attempt) {
            auto grooming = parts_.service.groom_once(target);
            auto const asked = co_await std::move(grooming);
            if (asked.once.tick && !target.unseen) count();
            if (asked.once.tick || asked.once.stopped) co_return told(asked, dry_run);
            auto const status = co_await store::lock_status(parts_.service.store(), parts_.service.config().lock.id);
            if (asked.once.blocked) co_return told_held(status, "Its row is kept locked by another session: the log says how to find it.");
            if (status.held || attempt == 2) co_return told_held(status, somebody_works);
        }
    } catch (pg::DatabaseError const&) {
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) co_return no_database();
    if (is_cancelled(failure)) co_return shutting_down();
    parts_.log.error("a run that was asked for failed", {{"component", "api"}, {"error", describe(failure)}});
    co_return error_response(500, "internal", "Something failed inside; the log says what.");
}

// What was done is told, however the tick ended.
Response AskedRuns::told(Service::Asked const& asked, bool dry_run) const {
    auto const& report = asked.report;
    using reconcile::TickOutcome;
    bool const nothing = report.issues.empty();
    if (!asked.once.tick) return shutting_down();
    if (nothing && report.paused) return paused();
    if (nothing && report.limited_until) return limited(*report.limited_until, "A limit of the tracker lets nothing more be done for now.");
    if (nothing && asked.once.tick->outcome == TickOutcome::error)
        return error_response(503, "failed", "Nothing could be read or written: the log says why.");
    if (nothing && asked.once.tick->outcome == TickOutcome::aborted)
        return parts_.stopping() ? shutting_down() : error_response(503, "lock_lost", "The lock was lost before anything was done.");
    Response response;
    response.body = api::run_answer(report, dry_run);
    return response;
}

Task<Response> AskedRuns::held() {
    auto const status = co_await store::lock_status(parts_.service.store(), parts_.service.config().lock.id);
    co_return told_held(status, somebody_works);
}

// Of whoever holds it what is known: another program has no name, and a run that begins or ends at this moment no hold. The rest is null.
Response AskedRuns::told_held(store::LockStatus const& status, std::string_view message) const {
    auto const view = api::lock_object(status, lock_view(parts_.service));
    boost::json::object body{{"error", "lock_held"}, {"message", message}};
    for (auto const* name : {"holder", "since", "until"}) body[name] = status.held ? view.at(name) : nullptr;
    Response response;
    response.status = 409;
    response.body = boost::json::serialize(body);
    return response;
}

}  // namespace groomer::app
