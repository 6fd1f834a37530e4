#include "api/status.hpp"

#include "api/seats.hpp"
#include "base/digest.hpp"
#include "base/text.hpp"
#include "base/time_text.hpp"
#include "pg/session.hpp"
#include "store/backlog.hpp"
#include "store/spend.hpp"
#include "tracker/github/limits.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <utility>

namespace groomer::api {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

constexpr auto fresh_for = 1s;
constexpr auto good_for = 30s;  // while a newer one is made
// Counting may take long where there are many issues: it takes a twentieth of the time at most.
constexpr int share_of_counting = 20;

double seconds(std::chrono::milliseconds duration) { return std::chrono::duration<double>(duration).count(); }

json::object schedule_of(store::Recent const& recent, StatusView const& view) {
    auto const next = json::parse(recent.schedule);
    return {{"groomEverySeconds", seconds(view.groom_every)},
            {"syncEverySeconds", seconds(view.sync_every)},
            {"nextGroom", next.at("groom")},
            {"nextSync", next.at("sync")}};
}

json::array budgets_of(store::Spend const& spend, StatusView const& view) {
    json::array out;
    for (auto const& budget : view.a_day) {
        json::array repos(budget.repos.begin(), budget.repos.end());
        out.emplace_back(json::object{{"window", "day"},
                                      {"unit", budget.unit},
                                      {"used", budget.unit == "usd" ? spend.usd : static_cast<double>(spend.tokens)},
                                      {"limit", budget.limit},
                                      {"repos", repos.empty() ? json::value(nullptr) : json::value(std::move(repos))}});
    }
    return out;
}

json::array quotas_of(store::TrackerLimits const& left) {
    tracker::github::Limits limits{{}};
    for (auto const& [lock, state] : left.known) limits.restore(state, std::chrono::system_clock::now());
    json::array out;
    for (auto const& [resource, quota] : limits.quotas())
        out.emplace_back(json::object{{"resource", clean_text(resource)},
                                      {"remaining", quota.remaining},
                                      {"limit", quota.limit},
                                      {"reset", format_time(from_epoch_seconds(quota.reset))}});
    return out;
}

std::shared_ptr<Snapshot const> snapshot(json::object status, WallTime now) {
    auto out = std::make_shared<Snapshot>();
    out->digest = sha256_hex(json::serialize(status)).substr(0, 32);
    status["now"] = format_time(now);
    out->json = json::serialize(status);
    out->event = std::make_shared<std::string const>("event: status\nid: " + out->digest + "\ndata: " + out->json + "\n\n");
    return out;
}

net::Response busy() {
    auto response = net::error_response(503, "busy", "Too many wait for the status already: try again in a moment.");
    response.headers.push_back({"Retry-After", "5"});
    return response;
}

}  // namespace

Status::Status(store::Store& store, Clock& clock, asio::any_io_executor executor, View view)
    : store_{store}, clock_{clock}, view_{std::move(view)}, made_{std::move(executor), asio::steady_timer::time_point::max()} {}

// Whoever comes first makes it. The others get the one before, or wait where there is none.
Task<std::shared_ptr<Snapshot const>> Status::get() {
    while (making_) {
        if (last_ && clock_.now() - *made_at_ < good_for) co_return last_;
        auto [error] = co_await made_.async_wait(asio::as_tuple(asio::use_awaitable));
        (void)error;  // cancelled is what it is when the other has ended
    }
    if (made_at_ && clock_.now() - *made_at_ < fresh_for) co_return last_;
    struct Making {
        Status& status;
        explicit Making(Status& s) : status{s} { status.making_ = true; }
        ~Making() {
            status.making_ = false;
            status.made_.cancel();
        }
        Making(Making const&) = delete;
        Making& operator=(Making const&) = delete;
    } const making{*this};
    std::shared_ptr<Snapshot const> made;
    try {
        auto task = make();
        made = co_await std::move(task);
    } catch (pg::DatabaseError const&) {
        // The log and the metrics tell of it where it is asked for work.
    }
    last_ = made;
    made_at_ = clock_.now();
    co_return made;
}

Task<std::shared_ptr<Snapshot const>> Status::make() {
    auto const view = view_();
    auto counting = counts(view.families);
    auto const counted = co_await std::move(counting);
    auto const spend = co_await store::spent_today(store_);
    auto limiting = store::tracker_limits(store_, "github", view.on_github);
    auto const limits = co_await std::move(limiting);
    auto reading = store::recent(store_, view.lock.lock, view.sync_lock, view.links);
    auto const recent = co_await std::move(reading);
    // Last, whatever the others took: whether the holder lives is told by `until` and `now`, both by the database's clock, of one look.
    auto const lock = co_await store::lock_status(store_, view.lock.lock);
    json::object out{{"version", view.version},
                     {"replica", view.replica},
                     {"now", nullptr},
                     {"mode", view.mode},
                     {"page", view.public_page ? "public" : "token"},
                     {"paused", json::parse(recent.paused)},
                     {"lock", lock_object(lock, view.lock)},
                     {"schedule", schedule_of(recent, view)},
                     {"holds", json::parse(recent.holds)},
                     {"ticks", json::parse(recent.ticks)},
                     {"backlog", json::parse(counted.backlog)},
                     {"day", json::parse(counted.day)},
                     {"decisions", json::parse(recent.decisions)},
                     {"overrides", json::parse(counted.overrides)},
                     {"budgets", budgets_of(spend, view)},
                     {"quotas", quotas_of(limits)},
                     {"replicas", json::parse(recent.replicas)}};
    co_return snapshot(std::move(out), looked_at(lock));
}

// Where counting takes longer than it may, what was counted before is told.
Task<store::Counts> Status::counts(std::string families) {
    auto const began = clock_.now();
    if (counts_ && began < counts_good_until_) co_return *counts_;
    std::exception_ptr failure;
    try {
        auto counting = store::counts(store_, std::move(families));
        counts_ = co_await std::move(counting);
    } catch (pg::DatabaseError const&) {
        failure = std::current_exception();
    }
    if (failure && !counts_) std::rethrow_exception(failure);
    auto const ended = clock_.now();
    counts_good_until_ = ended + (ended - began) * share_of_counting;
    co_return *counts_;
}

net::Handler status_handler(std::shared_ptr<Status> status, std::size_t most) {
    return [status, seats = std::make_shared<Seats>(most)](net::Request) -> Task<net::Response> {
        auto const seat = seats->take();
        if (!seat) co_return busy();
        auto const found = co_await status->get();
        if (!found) co_return net::error_response(503, "no_database", "The database does not answer.");
        net::Response response;
        response.body = found->json;
        co_return response;
    };
}

}  // namespace groomer::api
