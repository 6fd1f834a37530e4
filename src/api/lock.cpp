#include "api/lock.hpp"

#include "base/text.hpp"
#include "lock/token.hpp"
#include "pg/session.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <memory>

namespace groomer::api {
namespace {

using namespace std::chrono_literals;

constexpr auto foreign_grace = 60s;  // as lock/decision.cpp adds it
constexpr auto fresh_for = 1s;
constexpr auto good_for = 3s;   // while a newer one is asked for
constexpr double oldest = 1e9;  // seconds; a time point holds 292 years

boost::json::value text_or_null(std::string const& text) {
    if (text.empty()) return nullptr;
    return boost::json::value(clean_text(text));
}

// One answer for all who ask within a second; while the database is asked, the others get the answer before, if it is not much older.
struct Answer {
    std::string body;
    std::optional<BootTime::time_point> at;
    bool asking = false;
};

net::Response found(std::string body) {
    net::Response response;
    response.body = std::move(body);
    response.headers.push_back({"Cache-Control", "no-store"});
    return response;
}

Task<net::Response> ask(store::Store& store, Clock& clock, std::function<LockView()> current, std::shared_ptr<Answer> answer) {
    auto const age = answer->at ? clock.now() - *answer->at : BootTime::duration::max();
    if (age < fresh_for || (answer->asking && age < good_for)) co_return found(answer->body);
    if (answer->asking) co_return net::error_response(503, "no_database", "The database has not answered yet: try again.");
    struct Asking {
        Answer& answer;
        explicit Asking(Answer& a) : answer{a} { answer.asking = true; }
        ~Asking() { answer.asking = false; }
        Asking(Asking const&) = delete;
        Asking& operator=(Asking const&) = delete;
    } const asking{*answer};
    bool failed = false;
    try {
        auto const view = current();
        auto const status = co_await store::lock_status(store, view.lock);
        auto const holds = co_await store::last_holds(store, view.lock);
        auto told = lock_object(status, view);
        told["renewals"] = status.renewals;
        told["last_holds"] = holds_array(holds);
        answer->body = boost::json::serialize(told);
        answer->at = clock.now();
    } catch (pg::DatabaseError const&) {
        failed = true;
        answer->at.reset();
    }
    if (failed) co_return net::error_response(503, "no_database", "The database cannot be asked who holds the lock.");
    co_return found(answer->body);
}

}  // namespace

WallTime looked_at(store::LockStatus const& status) {
    std::chrono::duration<double> const since_epoch{status.database_time};
    return WallTime{std::chrono::duration_cast<WallTime::duration>(since_epoch)};
}

std::optional<WallTime> held_until(store::LockStatus const& status, std::chrono::milliseconds foreign_stale_after) {
    if (!status.held || !status.age) return std::nullopt;
    auto const token = lock::parse_token(*status.token);
    std::chrono::milliseconds const lives = token ? token->ttl : foreign_stale_after + foreign_grace;
    double const age = std::max(*status.age, 0.0);  // one in the future is had once it was seen unchanged for as long
    if (age > oldest) return std::nullopt;
    return looked_at(status) - std::chrono::duration_cast<WallTime::duration>(std::chrono::duration<double>{age}) + lives;
}

boost::json::object lock_object(store::LockStatus const& status, LockView const& view) {
    auto const token = status.token ? lock::parse_token(*status.token) : std::nullopt;
    auto const until = held_until(status, view.foreign_stale_after);
    return {{"lock", view.lock},
            {"held", status.held},
            {"holder", text_or_null(status.pod)},
            {"term", status.term},
            {"since", text_or_null(status.since)},
            {"until", until ? boost::json::value(format_time(*until)) : nullptr},
            {"mine", token && token->incarnation == view.incarnation},
            {"foreign", status.held && !token}};
}

boost::json::array holds_array(std::vector<store::HoldLine> const& holds) {
    boost::json::array out;
    for (auto const& hold : holds)
        out.emplace_back(boost::json::object{{"term", hold.term},
                                             {"pod", clean_text(hold.pod)},
                                             {"how", hold.how},
                                             {"acquired_at", hold.acquired_at},
                                             {"ended_at", text_or_null(hold.ended_at)},
                                             {"ended", text_or_null(hold.ended)},
                                             {"seconds", hold.seconds},
                                             {"renewals", hold.renewals}});
    return out;
}

net::Handler lock_handler(store::Store& store, Clock& clock, std::function<LockView()> view) {
    auto const answer = std::make_shared<Answer>();
    return [&store, &clock, view = std::move(view), answer](net::Request) { return ask(store, clock, view, answer); };
}

}  // namespace groomer::api
