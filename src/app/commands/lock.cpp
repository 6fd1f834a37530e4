#include "api/lock.hpp"
#include "app/commands/commands.hpp"
#include "app/run_to_end.hpp"
#include "app/service.hpp"
#include "base/text.hpp"
#include "lock/token.hpp"
#include "store/history.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <sstream>

namespace groomer::app {
namespace {

using std::chrono::milliseconds;

std::string seconds(double count) {
    std::ostringstream out;
    out << std::fixed << std::setprecision(count < 10 ? 3 : 0) << count << " s";
    return out.str();
}

constexpr std::size_t shown_bytes = 200;  // of a token, which may be anything

std::string shown(std::string const& text) { return one_line(text, shown_bytes); }

std::string holder_line(store::LockStatus const& status, milliseconds foreign_stale_after) {
    if (!status.held) return "free";
    auto const token = lock::parse_token(*status.token);
    auto const until = api::held_until(status, foreign_stale_after);
    double const left = until ? std::chrono::duration<double>(until->time_since_epoch()).count() - status.database_time : 0;
    std::string const stamped = status.renewed_at.empty() ? "without a stamp" : "stamped " + status.renewed_at;
    std::string validity;
    if (status.ahead)
        validity = (status.renewed_at.empty() ? "" : ", in the future") + std::string{": taken after "} +
                   format_duration(api::valid_for(status, foreign_stale_after)) +
                   " of being seen unchanged by one running replica, or, if it is surely dead, `groomer lock release " +
                   (token ? "--term T`" : "--token TEXT`");
    if (until)
        validity = (left > 0 ? ", valid for " : ", expired ") + seconds(std::abs(left)) + (left > 0 ? "" : " ago") + " (until " +
                   format_time(*until) + ")";
    if (!token) return "held by a foreign program, token \"" + shown(*status.token) + "\", " + stamped + validity;
    return "held by " + (status.pod.empty() ? "an unknown pod" : shown(status.pod)) + ", term " + std::to_string(token->term) +
           (status.since.empty() ? "" : ", since " + status.since) + ", renewed " + std::to_string(status.renewals) + " times" +
           (status.age && !status.ahead ? ", last stamped " + seconds(*status.age) + " ago" : ", " + stamped) + validity;
}

using Holds = std::vector<store::HoldLine>;

std::string next_tick(std::optional<double> due_in) {
    if (!due_in) return "never due: its due_at is infinity";
    return *due_in > 0 ? "due in " + seconds(*due_in) : "due now";
}

// How long it has lasted is not known of one that was taken away: only that its token is in the row no more.
std::string lasted(store::HoldLine const& hold) {
    if (hold.ended.empty()) return "held" + (hold.seconds ? " for " + seconds(*hold.seconds) : "");
    return hold.ended + (hold.seconds ? " after " + seconds(*hold.seconds) : "");
}

void print_text(std::string const& lock, store::LockStatus const& status, Holds const& holds, milliseconds foreign_stale_after) {
    std::cout << "lock " << lock << ": " << holder_line(status, foreign_stale_after) << '\n';
    if (!status.known) {
        std::cout << "groomer has no state for this lock yet\n";
        return;
    }
    std::cout << "last term " << status.term
              << (status.clean  ? ", ended cleanly"
                  : status.held ? ""
                                : ", not ended cleanly")
              << (status.paused ? ", paused" : "") << "; next tick " << next_tick(status.due_in) << '\n';
    for (auto const& hold : holds)
        std::cout << "  " << (hold.acquired_at.empty() ? "at no moment" : hold.acquired_at) << "  term " << hold.term << "  "
                  << shown(hold.pod) << "  taken: " << hold.how << "  " << lasted(hold) << "  renewed " << hold.renewals << '\n';
}

// JSON escapes the control characters below 0x20 only; terminals obey those from 0x7f to U+009F, too.
std::string escape_controls(std::string_view json) {
    std::string out;
    for (std::size_t i = 0; i < json.size(); ++i) {
        auto const byte = static_cast<unsigned char>(json[i]), next = static_cast<unsigned char>(i + 1 < json.size() ? json[i + 1] : 0);
        bool const c1 = byte == 0xC2 && next >= 0x80 && next < 0xA0;
        if (byte != 0x7F && !c1) {
            out += json[i];
            continue;
        }
        constexpr std::string_view digits = "0123456789abcdef";
        auto const code = c1 ? next : byte;
        out.append("\\u00").append(1, digits[code >> 4]).append(1, digits[code & 15]);
        if (c1) ++i;
    }
    return out;
}

void print_json(std::string const& lock, store::LockStatus const& status, Holds const& holds, milliseconds foreign_stale_after,
                std::string const& table) {
    auto out = api::lock_object(status, {lock, foreign_stale_after, ""});
    out.erase("mine");
    out["renewals"] = status.renewals;
    out["paused"] = status.paused;
    out["due_in_s"] = status.due_in ? boost::json::value(*status.due_in) : nullptr;
    out["last_holds"] = api::holds_array(holds);
    out["table"] = table;
    out["token"] = nullptr;
    constexpr std::size_t longest = 1024;  // of what is worth naming on a command line
    if (status.token) out["token"] = status.token->size() <= longest ? *status.token : one_line(*status.token, longest);
    std::cout << escape_controls(boost::json::serialize(out)) << '\n';
}

void check_words(CommandLine const& line) {
    constexpr std::size_t longest = 200;
    bool const good_id = !line.lock || (!line.lock->empty() && line.lock->size() <= longest && clean_text(*line.lock) == *line.lock &&
                                        line.lock->find_first_of("\t\r\n") == std::string::npos);
    if (!good_id) throw Error{ErrorCode::usage, "--lock wants an id: one line of at most 200 bytes, like groomer or global"};
    if (line.token && !is_utf8(*line.token)) throw Error{ErrorCode::usage, "--token is not valid UTF-8, so no row can hold it"};
}

}  // namespace

int lock_status(CommandLine const& line, Log& log) {
    check_words(line);
    auto const loaded = configuration(line, log);
    auto const lock = line.lock.value_or(loaded.config.lock.id);
    asio::io_context context{1};
    Service service{loaded.config, without_slot(line), log, context};
    run_to_end(context, service.require_schema());
    auto const status = run_to_end(context, store::lock_status(service.store(), lock));
    auto const holds = run_to_end(context, store::last_holds(service.store(), lock));
    auto const stale_after = loaded.config.lock.foreign_stale_after;
    auto const& table = service.shared_table().name;
    line.json ? print_json(lock, status, holds, stale_after, table) : print_text(lock, status, holds, stale_after);
    if (!line.json) std::cout << "its table is " << table << '\n';
    return 0;
}

int lock_release(CommandLine const& line, Log& log) {
    if (line.term.has_value() == line.token.has_value())
        throw Error{ErrorCode::usage, "lock release needs either --term T or --token TEXT, as `groomer lock status` shows it"};
    check_words(line);
    auto const loaded = configuration(line, log);
    auto const lock = line.lock.value_or(loaded.config.lock.id);
    asio::io_context context{1};
    Service service{loaded.config, without_slot(line), log, context};
    run_to_end(context, service.require_schema());
    bool released = false;
    try {
        released = run_to_end(context, store::release_by_hand(service.store(), lock, line.term, line.token));
    } catch (pg::DatabaseError const& error) {
        if (!error.lost_race()) throw;
        throw Error{ErrorCode::database, "lock " + lock + " was not released in time: " + std::string{lock::row_is_kept}};
    }
    if (!released)
        throw Error{ErrorCode::failure, "lock " + lock + " is not held by that " + (line.term ? "term" : "token") +
                                            ": nothing was released; see `groomer lock status`"};
    std::cout << "released lock " << lock << "; the next holder takes care as after a crash\n";
    return 0;
}

}  // namespace groomer::app
