#include "app/commands/commands.hpp"
#include "app/run_to_end.hpp"
#include "app/service.hpp"
#include "lock/token.hpp"
#include "store/history.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <cmath>
#include <iomanip>
#include <iostream>
#include <sstream>

namespace groomer::app {
namespace {

std::string seconds(double count) {
    std::ostringstream out;
    out << std::fixed << std::setprecision(count < 10 ? 3 : 0) << count << " s";
    return out.str();
}

void print_text(std::string const& lock, store::LockStatus const& status) {
    auto const token = status.token ? lock::parse_token(*status.token) : std::nullopt;
    std::cout << "lock " << lock << ": ";
    if (!status.held) std::cout << "free";
    else if (!token) std::cout << "held by a foreign program, token \"" << *status.token << "\", stamped " << status.renewed_at;
    else
        std::cout << "held by " << (status.pod.empty() ? "an unknown pod" : status.pod) << ", term " << token->term << ", since "
                  << status.since << ", renewed " << seconds(status.age) << " ago, "
                  << (status.age < std::chrono::duration<double>(token->ttl).count() ? "valid for " : "expired ")
                  << seconds(std::abs(std::chrono::duration<double>(token->ttl).count() - status.age));
    std::cout << '\n';
    if (!status.known) {
        std::cout << "groomer has no state for this lock yet\n";
        return;
    }
    std::cout << "last term " << status.term
              << (status.clean  ? ", ended cleanly"
                  : status.held ? ""
                                : ", not ended cleanly")
              << (status.paused ? ", paused" : "") << "; next tick " << (status.due_in > 0 ? "due in " + seconds(status.due_in) : "due now")
              << '\n';
    for (auto const& hold : status.last)
        std::cout << "  " << hold.acquired_at << "  term " << hold.term << "  " << hold.pod << "  taken: " << hold.how << "  "
                  << (hold.ended_at.empty() ? "held for " : hold.ended + " after ") << seconds(hold.seconds) << '\n';
}

void print_json(std::string const& lock, store::LockStatus const& status) {
    boost::json::array holds;
    for (auto const& hold : status.last)
        holds.emplace_back(boost::json::object{{"term", hold.term},
                                               {"pod", hold.pod},
                                               {"how", hold.how},
                                               {"acquired_at", hold.acquired_at},
                                               {"ended_at", hold.ended_at},
                                               {"ended", hold.ended},
                                               {"seconds", hold.seconds}});
    bool const foreign = status.token && !lock::parse_token(*status.token);
    boost::json::object out{{"lock", lock},          {"held", status.held}, {"holder", status.pod},    {"term", status.term},
                            {"since", status.since}, {"foreign", foreign},  {"paused", status.paused}, {"due_in_s", status.due_in},
                            {"last_holds", holds}};
    out["token"] = nullptr;
    if (status.token) out["token"] = *status.token;
    if (auto const token = status.token ? lock::parse_token(*status.token) : std::nullopt)
        out["valid_for_s"] = std::chrono::duration<double>(token->ttl).count() - status.age;
    std::cout << boost::json::serialize(out) << '\n';
}

}  // namespace

int lock_status(CommandLine const& line, Log& log) {
    auto const loaded = configuration(line, log);
    auto const lock = line.lock.value_or(loaded.config.lock.id);
    asio::io_context context{1};
    Service service{loaded.config, without_slot(line), log, context};
    run_to_end(context, service.require_schema());
    auto const status = run_to_end(context, store::lock_status(service.store(), lock));
    line.json ? print_json(lock, status) : print_text(lock, status);
    return 0;
}

int lock_release(CommandLine const& line, Log& log) {
    if (line.term.has_value() == line.token.has_value())
        throw Error{ErrorCode::usage, "lock release needs either --term T or --token TEXT, as `groomer lock status` shows it"};
    auto const loaded = configuration(line, log);
    auto const lock = line.lock.value_or(loaded.config.lock.id);
    asio::io_context context{1};
    Service service{loaded.config, without_slot(line), log, context};
    run_to_end(context, service.require_schema());
    if (!run_to_end(context, store::release_by_hand(service.store(), lock, line.term, line.token)))
        throw Error{ErrorCode::failure, "lock " + lock + " is not held by that " + (line.term ? "term" : "token") +
                                            ": nothing was released; see `groomer lock status`"};
    std::cout << "released lock " << lock << "; the next holder takes care as after a crash\n";
    return 0;
}

}  // namespace groomer::app
