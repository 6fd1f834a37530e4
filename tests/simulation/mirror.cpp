// The proof that the database in memory answers as PostgreSQL does: random operations on both, with every answer and every
// table compared after each. PostgreSQL runs the migrations' own functions, and statements that groomer itself sends; only
// what they ask of the server (its clock, its cluster, its start) comes from functions that stand before pg_catalog in the
// search path, so that its time is as virtual as here.
#include "lock/lock_store.hpp"
#include "lock/token.hpp"
#include "pg/pool.hpp"
#include "simulation/database.hpp"
#include "simulation/random.hpp"
#include "simulation/runs.hpp"
#include "store/store.hpp"
#include "support/run_task.hpp"
#include "support/test_database.hpp"

#include <array>
#include <cinttypes>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace groomer::simulation {
namespace {

using namespace std::chrono_literals;
using lock::Bid;
using lock::Ground;
using lock::Look;

constexpr char const* id = "groomer";
constexpr std::uint64_t operations = 150;  // of a sequence
constexpr Stamp second = 1'000'000;

// Without dollar quotes: what comes after a dollar is a parameter.
constexpr char const* virtual_server = R"sql(
CREATE SCHEMA sim;
CREATE TABLE sim.server (at timestamptz, started timestamptz, timeline int);
INSERT INTO sim.server VALUES ('epoch', 'epoch', 1);
CREATE FUNCTION sim.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT at FROM sim.server';
CREATE FUNCTION sim.pg_postmaster_start_time() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT started FROM sim.server';
CREATE FUNCTION sim.pg_current_wal_lsn() RETURNS pg_lsn LANGUAGE sql VOLATILE AS 'SELECT ''0/0''::pg_lsn';
CREATE FUNCTION sim.pg_walfile_name(pg_lsn) RETURNS text LANGUAGE sql VOLATILE AS
    'SELECT upper(lpad(to_hex(timeline), 8, ''0'')) || ''0000000000000001'' FROM sim.server';
CREATE FUNCTION sim.pg_control_system(OUT system_identifier bigint) LANGUAGE sql VOLATILE AS 'SELECT 7711448632594576817';
)sql";

constexpr char const* empty_tables = R"sql(
DELETE FROM sync_lock;
DELETE FROM groomer.hold;
DELETE FROM groomer.request;
UPDATE groomer.control SET paused = false;
DELETE FROM groomer.lock_state;
)sql";

// Times as microseconds since the epoch, so that they compare exactly.
constexpr char const* all_tables = R"sql(
SELECT 'state ' || concat_ws(' ', coalesce(s.token, '-'), s.term, coalesce(s.cluster, '-'), s.clean, sim.us(s.quarantine_until),
                             sim.us(s.due_at), s.failures, sim.us(s.acquired_at), sim.us(s.released_at),
                             s.requests_seen, s.requests_served) AS line, 1 AS part, 0::bigint AS place
FROM groomer.lock_state s WHERE s.lock = 'groomer'
UNION ALL SELECT 'row ' || coalesce(l."syncRunId", '-') || ' ' || coalesce(sim.us(l."acquiredAt"), '-'), 2, 0 FROM sync_lock l WHERE l.id = 'groomer'
UNION ALL SELECT 'hold ' || concat_ws(' ', h.term, h.token, h.pod, h.how, sim.us(h.acquired_at), coalesce(sim.us(h.ended_at), '-'),
                                      coalesce(h.ended, '-'), h.renewals), 3, h.term FROM groomer.hold h WHERE h.lock = 'groomer'
ORDER BY part, place
)sql";

constexpr char const* microseconds_function = R"sql(
CREATE FUNCTION sim.us(t timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS
    'SELECT CASE WHEN isfinite(t) THEN (extract(epoch FROM t) * 1000000)::bigint::text ELSE t::text END';
)sql";

std::string us(Stamp stamp) {
    if (stamp == infinity) return "infinity";
    return stamp == minus_infinity ? "-infinity" : std::to_string(stamp);
}

std::string timestamptz(std::optional<Stamp> stamp) {
    if (!stamp) return "NULL";
    if (!isfinite(*stamp)) return "'" + us(*stamp) + "'::timestamptz";
    return "('epoch'::timestamptz + " + std::to_string(*stamp) + " * interval '1 us')";
}

std::string quoted(std::optional<std::string> const& text) { return text ? "'" + *text + "'" : "NULL"; }

// The tables in memory, as all_tables shows those of PostgreSQL.
std::string shown(Tables const& tables) {
    std::string out;
    if (auto const found = tables.lock_state.find(id); found != tables.lock_state.end()) {
        auto const& s = found->second;
        out += "state " + s.token.value_or("-") + " " + std::to_string(s.term) + " " + s.cluster.value_or("-") + " " +
               (s.clean ? "t" : "f") + " " + us(s.quarantine_until) + " " + us(s.due_at) + " " + std::to_string(s.failures) + " " +
               us(s.acquired_at) + " " + us(s.released_at) + " " + std::to_string(s.requests_seen) + " " +
               std::to_string(s.requests_served) + "\n";
    }
    if (auto const row = tables.sync_lock.find(id); row != tables.sync_lock.end())
        out += "row " + row->second.token.value_or("-") + " " + (row->second.stamp ? us(*row->second.stamp) : "-") + "\n";
    if (auto const holds = tables.hold.find(id); holds != tables.hold.end()) {
        for (auto const& h : holds->second)
            out += "hold " + std::to_string(h.term) + " " + h.token + " " + h.pod + " " + h.how + " " + us(h.acquired_at) + " " +
                   (h.ended_at ? us(*h.ended_at) : "-") + " " + (h.ended.empty() ? "-" : h.ended) + " " + std::to_string(h.renewals) + "\n";
    }
    return out;
}

std::string shown(Look const& look) {
    char numbers[128];
    std::snprintf(numbers, sizeof numbers, " %.6f %" PRId64 " %.6f %.6f", look.age, look.term, look.due_in, look.database_time);
    return std::string{look.row ? "row " : "no row "} + look.token.value_or("-") + " " + (look.stamp.empty() ? "unstamped" : "stamped") +
           numbers + " " + look.state_token.value_or("-") + " " + look.state_cluster.value_or("-") + " " + look.cluster + " " +
           (look.clean ? "clean" : "") + (look.requested ? " requested" : "") + (look.paused ? " paused" : "");
}

std::string shown(std::optional<lock::Grant> const& grant) {
    if (!grant) return "a lost race";
    return grant->token + " " + std::to_string(grant->term) + " " + std::to_string(grant->quarantine.count()) + " " +
           (grant->handover ? std::to_string(*grant->handover) : "-") + " " + grant->how;
}

// Both databases, and what happens to them.
class Pair {
public:
    Pair() {
        database_.query(virtual_server);
        database_.query(microseconds_function);
        database_.query("ALTER DATABASE " + database_.name() + " SET search_path = sim, pg_catalog, public");
        database_.query("SELECT set_config('search_path', 'sim, pg_catalog, public', false)");  // of this connection, which stands already
        pool_ = std::make_unique<pg::Pool>(database_.options(), 1, pg::Observer{});
        for (auto const* name : {"a", "b", "c"}) {
            lock::Identity const identity{std::string{"pod-"} + name, std::string{name} == "c" ? "" : std::string{"slot-"} + name, name};
            identities_.push_back(identity);
            stores_.push_back(lock::make_lock_store(*pool_, *pool_, identity));
        }
    }

    // Says what the two disagree on; nothing where they agree all along.
    std::optional<std::string> run(std::uint64_t seed) {
        random_ = Random{seed};
        begin();
        for (std::uint64_t i = 0; i < operations; ++i) {
            std::string const what = act();
            if (difference_.empty()) compare("the tables", dump(), shown(tables_));
            if (!difference_.empty()) return "operation " + std::to_string(i + 1) + ", " + what + ": " + difference_;
        }
        return std::nullopt;
    }

    [[nodiscard]] std::uint64_t wins() const { return wins_; }

private:
    void begin() {
        difference_.clear();
        tables_ = {};
        seen_.clear();
        tokens_.clear();
        database_.query(empty_tables);
        now_ = 1'700'000'000 * second;
        started_ = 1'600'000'000 * second;
        timeline_ = 1;
        move_server();
    }

    void move_server() {
        database_.query("UPDATE sim.server SET at = " + timestamptz(now_) + ", started = " + timestamptz(started_) +
                        ", timeline = " + std::to_string(timeline_));
    }

    [[nodiscard]] Instance instance() const {
        char timeline[16];
        std::snprintf(timeline, sizeof timeline, "%08X", static_cast<unsigned>(timeline_));
        return {std::string{"7711448632594576817"} + timeline, std::to_string(started_)};
    }

    std::string dump() {
        std::string out;
        for (auto const& row : database_.query(all_tables)) out += row.text(0) + "\n";
        return out;
    }

    void compare(std::string const& what, std::string const& theirs, std::string const& ours) {
        if (theirs != ours) difference_ += what + " differ:\nPostgreSQL: " + theirs + "\nin memory:  " + ours + "\n";
    }

    std::string act() {
        switch (random_.below(24)) {
            case 0:
            case 1:
            case 2:
            case 3:
            case 4:
            case 5: return bid();
            case 6:
            case 7: return look();
            case 8:
            case 9:
            case 10: return release();
            case 11:
            case 12: return renew();
            case 13: return prove();
            case 14:
            case 15:
            case 16: return pass_time();
            case 17: return step_clock();
            case 18: return request();
            case 19: return release_by_hand();
            case 20: return pause();
            case 21: return restart();
            default: return touch_row();
        }
    }

    struct Sights {
        Look theirs, ours;
    };

    std::string look() {
        auto const who = random_.below(stores_.size());
        auto const theirs = test::run_task(stores_[who]->look(id));
        auto const ours = simulation::look(tables_, id, instance(), now_);
        if (theirs.has_value() != ours.has_value()) {
            difference_ = "only one of them knows the lock";
        } else if (!theirs) {
            test::run_task(stores_[who]->ensure(id));
            simulation::ensure(tables_, id, now_);
            // Its times are defaults of the table, which keep to the real clock.
            database_.query(
                "UPDATE groomer.lock_state SET due_at = sim.clock_timestamp(), acquired_at = sim.clock_timestamp(), "
                "released_at = sim.clock_timestamp()");
        } else {
            compare("the looks", shown(*theirs), shown(*ours));
            seen_[who] = {*theirs, *ours};
        }
        return "a look";
    }

    // More often than not the one that a loop would name.
    Ground ground_for(Look const& look) {
        constexpr std::array grounds{Ground::free, Ground::expired, Ground::future, Ground::reclaimed, Ground::own};
        if (random_.chance(0.3)) return grounds[random_.below(grounds.size())];
        if (!look.row || !look.token) return Ground::free;
        if (look.age < 0) return Ground::future;
        return look.age > 5 ? Ground::expired : Ground::own;
    }

    // On the last look of one of them, which may be long past, for any reason.
    std::string bid() {
        if (random_.chance(0.7)) look();
        if (seen_.empty() || !difference_.empty()) return "a look";
        auto const& [who, sights] = *std::next(seen_.begin(), static_cast<std::ptrdiff_t>(random_.below(seen_.size())));
        Bid theirs;
        theirs.lock = id;
        theirs.ground = ground_for(sights.ours);
        theirs.age_needed = random_.chance(0.7) ? 5000ms : 70'000ms;
        theirs.contact = random_.chance(0.5);
        theirs.forced = random_.chance(0.3);
        theirs.settle = random_.chance(0.5) ? 0ms : 11'500ms;
        theirs.ttl = 5000ms;
        auto ours = theirs;
        theirs.seen = sights.theirs;
        ours.seen = sights.ours;
        auto const granted = test::run_task(stores_[who]->acquire(theirs)).grant;
        auto const uuid = granted ? granted->token.substr(granted->token.rfind('|') + 1) : "u";
        AcquireCall const call{ours, identities_[who], uuid};
        std::optional<lock::Grant> own;
        if (may_acquire(tables_, call, instance(), now_, rules_)) own = acquire(tables_, call, now_, rules_);
        compare("the grants", shown(granted), shown(own));
        if (granted) tokens_.push_back(granted->token);
        wins_ += granted ? 1 : 0;
        return "a bid";
    }

    std::string any_token() {
        if (auto const row = tables_.sync_lock.find(id); row != tables_.sync_lock.end() && row->second.token && random_.chance(0.8))
            return *row->second.token;
        return tokens_.empty() ? "g1|5000|1|s|i|00000001|u" : random_.pick(tokens_);
    }

    std::string release() {
        lock::Release request;
        request.lock = id;
        request.token = any_token();
        request.clean = random_.chance(0.7);
        request.ended = random_.pick(std::vector{lock::Ended::finished, lock::Ended::finished, lock::Ended::failed, lock::Ended::kept});
        request.next = random_.chance(0.5) ? 250ms : 4000ms;
        request.longest_wait = 10'000ms;
        bool theirs = false;
        try {
            theirs = test::run_task(stores_[0]->release(request));
        } catch (pg::DatabaseError const&) {
            // A token that the row carries and the state does not: a stranger has written it back. Refused with a sentence.
        }
        compare("the releases", theirs ? "done" : "lost", simulation::release(tables_, request, now_, rules_) ? "done" : "lost");
        return "a release";
    }

    std::string renew() {
        auto const token = any_token();
        if (!lock::parse_token(token)) return "no renewal";  // groomer renews no token but its own
        bool const theirs = test::run_task(stores_[0]->renew(id, token, 5000ms));
        compare("the renewals", theirs ? "done" : "lost", simulation::renew(tables_, id, token, 5000ms, now_, rules_) ? "done" : "lost");
        return "a renewal";
    }

    std::string prove() {
        struct Still final : Clock {
            [[nodiscard]] BootTime::time_point now() const override { return BootTime::time_point{1h}; }
            Task<> sleep_until(BootTime::time_point) override { co_return; }
        } const clock;
        auto const token = any_token();
        store::Store store{*pool_, clock, [] {}};
        lock::Hold hold{clock, {id, token, 1, 5000ms, 0ms}, clock.now(), clock.now()};
        bool stands = true;
        try {
            test::run_task(store::prove(store, hold));
        } catch (store::HoldLost const&) {
            stands = false;
        }
        compare("the fences", stands ? "stands" : "refuses", fence(tables_, id, token, {}) ? "stands" : "refuses");
        return "a fenced write";
    }

    std::string pass_time() {
        now_ += microseconds(random_.chance(0.5) ? random_.between(1ms, 900ms) : random_.between(1s, 8s));
        move_server();
        return "time passes";
    }

    std::string step_clock() {
        auto const by = microseconds(random_.chance(0.5) ? random_.between(100ms, 5s) : random_.between(1min, 1h));
        now_ += random_.chance(0.5) ? by : -by;
        move_server();
        return "the clock steps";
    }

    std::string restart() {
        started_ += second;
        if (random_.chance(0.5)) ++timeline_;
        move_server();
        return "a restart, or a promotion";
    }

    std::string request() {
        auto const number = ++tables_.last_request[id];
        database_.query("INSERT INTO groomer.request (id, lock, at) OVERRIDING SYSTEM VALUE VALUES (" + std::to_string(number) +
                        ", 'groomer', " + timestamptz(now_) + ")");
        return "a request";
    }

    std::string pause() {
        tables_.paused = !tables_.paused && random_.chance(0.3);
        database_.query(std::string{"UPDATE groomer.control SET paused = "} + (tables_.paused ? "true" : "false"));
        return "a pause, or its end";
    }

    std::string release_by_hand() {
        auto const state = tables_.lock_state.find(id);
        bool const by_term = state != tables_.lock_state.end() && random_.chance(0.5);
        std::optional<std::int64_t> const term =
            by_term ? std::optional{state->second.term - static_cast<int>(random_.below(2))} : std::nullopt;
        std::optional<std::string> token;
        if (!by_term || random_.chance(0.1)) token = any_token();
        auto const theirs = database_.query("SELECT groomer.release_by_hand('groomer', " + (term ? std::to_string(*term) : "NULL") + ", " +
                                            quoted(token) + ")");
        compare("the releases by hand", theirs.front().truth(0) ? "done" : "refused",
                simulation::release_by_hand(tables_, id, term, token, now_) ? "done" : "refused");
        return "a release by hand";
    }

    // Whatever others may do to the row.
    std::string touch_row() {
        auto& rows = tables_.sync_lock;
        auto const row = rows.find(id);
        if (row == rows.end() || random_.chance(0.2)) {
            std::vector<std::optional<std::string>> const tokens{std::nullopt, "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", "", "g1|x"};
            std::vector<Stamp> const stamps{now_, now_ - 100 * second, now_ + 100 * second, infinity, minus_infinity};
            put(random_.pick(tokens), random_.pick(stamps));
            return "a stranger's row";
        }
        auto const& [token, stamp, version] = row->second;
        switch (random_.below(5)) {
            case 0:
                rows.erase(row);
                database_.query("DELETE FROM sync_lock");
                return "a stranger's delete";
            case 1: put(std::nullopt, stamp); break;
            case 2: put(token, random_.pick(std::vector<Stamp>{infinity, minus_infinity, now_ + 50 * second})); break;
            case 3: put(token, stamp); break;  // as it was
            default: put(token, now_ - static_cast<Stamp>(random_.below(10)) * second);
        }
        return "a stranger's change";
    }

    void put(std::optional<std::string> const& token, std::optional<Stamp> stamp) {
        put_row(tables_, id, token, stamp);
        auto const& row = tables_.sync_lock.at(id);
        database_.query(
            "INSERT INTO sync_lock VALUES ('groomer', " + quoted(row.token) + ", " + timestamptz(row.stamp) +
            ") ON CONFLICT (id) DO UPDATE SET \"syncRunId\" = excluded.\"syncRunId\", \"acquiredAt\" = excluded.\"acquiredAt\"");
    }

    test::TestDatabase database_;
    std::unique_ptr<pg::Pool> pool_;
    std::vector<lock::Identity> identities_;
    std::vector<std::unique_ptr<lock::LockStore>> stores_;
    Rules rules_;
    Random random_{0};
    Tables tables_;
    Stamp now_ = 0, started_ = 0;
    int timeline_ = 1;
    std::map<std::size_t, Sights> seen_;  // by which store
    std::vector<std::string> tokens_;
    std::string difference_;
    std::uint64_t wins_ = 0;
};

}  // namespace

bool run_mirror(Options const& options) {
    constexpr char const* title = "the database in memory answers as PostgreSQL does";
    if (test::server_url().empty()) {
        std::printf("skip - %s: GROOMER_TEST_DATABASE_URL names no server\n", title);
        return true;
    }
    auto const seeds = options.seeds.value_or(20);
    Pair pair;
    for (auto seed = options.first; seed < options.first + seeds; ++seed) {
        auto const difference = pair.run(seed);
        if (!difference) continue;
        std::printf("not ok - %s\n# seed %" PRIu64 ", %s\n", title, seed, difference->c_str());
        return false;
    }
    // Of bids that are all refused, any two databases would say the same.
    auto const done = seeds * operations;
    bool const told = pair.wins() * 50 > done;
    std::printf("%s - %s: %" PRIu64 " operations, %" PRIu64 " bids won\n", told ? "ok" : "not ok", title, done, pair.wins());
    return told;
}

}  // namespace groomer::simulation
