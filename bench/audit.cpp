#include "audit.hpp"

#include <poll.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace groomer::bench {
namespace {

// No dollar quotes: they would be taken for parameters.
constexpr auto trigger = R"sql(
CREATE FUNCTION bench_tell() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
    IF OLD.token IS DISTINCT FROM NEW.token THEN
        PERFORM pg_notify(''bench'', concat_ws('' '', NEW.lock, CASE WHEN NEW.token IS NULL THEN ''released'' ELSE ''held'' END, NEW.term,
            (SELECT h.pod FROM groomer.hold h WHERE h.lock = NEW.lock AND h.term = NEW.term),
            extract(epoch FROM clock_timestamp()), extract(epoch FROM NEW.due_at)));
    END IF;
    RETURN NULL;
END';
CREATE CONSTRAINT TRIGGER bench_tell AFTER UPDATE ON groomer.lock_state DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION bench_tell();
SELECT 1)sql";

Event parse(std::string const& payload, double received) {
    std::istringstream in{payload};
    Event event;
    std::string kind;
    in >> event.lock >> kind >> event.term >> event.pod >> event.stamped >> event.due;
    if (!in) throw std::runtime_error{"an event that cannot be read: " + payload};
    event.held = kind == "held";
    event.received = received;
    return event;
}

}  // namespace

double wall_time() { return std::chrono::duration<double>{std::chrono::system_clock::now().time_since_epoch()}.count(); }

Audit::Audit(Database& database) : session_{{database.url(), "", "groomer-bench-audit"}} {
    database.query(trigger);
    session_.listen("bench");
}

std::optional<Event> Audit::next(std::chrono::milliseconds limit) {
    auto const until = std::chrono::steady_clock::now() + limit;
    while (pending_.empty()) {
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        pollfd descriptor{session_.descriptor(), POLLIN, 0};
        if (left.count() <= 0 || ::poll(&descriptor, 1, static_cast<int>(left.count()) + 1) == 0) return std::nullopt;
        auto const received = wall_time();
        for (auto const& payload : session_.notifications()) pending_.push_back(parse(payload, received));
        std::reverse(pending_.begin(), pending_.end());
    }
    auto event = pending_.back();
    pending_.pop_back();
    return event;
}

Event wait_for(Audit& audit, std::string const& lock, bool held, std::chrono::milliseconds limit) {
    auto const until = std::chrono::steady_clock::now() + limit;
    for (;;) {
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        auto const event = left.count() > 0 ? audit.next(left) : std::nullopt;
        if (!event) throw std::runtime_error{"the lock " + lock + (held ? " was not taken" : " was not released") + " in time"};
        if (event->lock == lock && event->held == held) return *event;
    }
}

}  // namespace groomer::bench
