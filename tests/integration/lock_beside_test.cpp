// Programs that take the same rows the old way race groomer on a real PostgreSQL: nobody overlaps, nobody gets an
// exception that is not his own, nothing wedges. The judge reads what the database saw: a trigger on sync_lock of this
// test's own, and the spans of work that every holder reports with the database's clock. It never asks groomer.
#include "base/digest.hpp"
#include "lock/decision.hpp"
#include "pg/pool.hpp"
#include "reconcile/loop.hpp"
#include "store/store.hpp"
#include "support/process.hpp"
#include "support/run_task.hpp"
#include "support/test_database.hpp"

#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <sstream>
#include <thread>

namespace groomer {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using test::run_task;
using test::TestDatabase;
using Steady = std::chrono::steady_clock;
using Text = std::optional<std::string>;

// ------------------------------------------------------------------------------------------------- the other programs

// What the server refuses another program.
struct Refused : std::runtime_error {
    Refused(std::string const& message, std::string state) : std::runtime_error{message}, sqlstate{std::move(state)} {}
    std::string sqlstate;
};

// Plain libpq, without any of groomer's settings; a statement that waits for somebody's lock for 5 s is an error.
class Connection {
public:
    Connection(TestDatabase const& database, std::string const& name) : pq_{PQconnectdb(database.url().c_str()), PQfinish} {
        run("SELECT set_config('application_name', $1, false), set_config('lock_timeout', '5s', false)", {name});
    }
    struct Reply {
        std::vector<std::vector<Text>> rows;
        long affected = 0;
    };
    Reply run(std::string const& sql, std::vector<Text> const& parameters = {}) {
        std::vector<char const*> values;
        for (auto const& value : parameters) values.push_back(value ? value->c_str() : nullptr);
        auto const count = static_cast<int>(values.size());
        std::unique_ptr<PGresult, void (*)(PGresult*)> const result{
            count == 0 ? PQexec(pq_.get(), sql.c_str())
                       : PQexecParams(pq_.get(), sql.c_str(), count, nullptr, values.data(), nullptr, nullptr, 0),
            PQclear};
        auto const status = PQresultStatus(result.get());
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
            auto const* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
            throw Refused{PQerrorMessage(pq_.get()), state ? state : ""};
        }
        Reply reply;
        reply.affected = std::atol(PQcmdTuples(result.get()));
        for (int row = 0; row < PQntuples(result.get()); ++row) {
            auto& fields = reply.rows.emplace_back();
            for (int column = 0; column < PQnfields(result.get()); ++column)
                fields.push_back(PQgetisnull(result.get(), row, column) ? Text{} : Text{PQgetvalue(result.get(), row, column)});
        }
        return reply;
    }

private:
    std::unique_ptr<PGconn, void (*)(PGconn*)> pq_;
};

enum class Manner {
    plain,           // each statement by itself
    in_transaction,  // read, DELETE and INSERT in one
    leaves_null      // takes a null token by compare-and-swap, and leaves one behind
};

// A bare UUID, a read and then an INSERT, 30 minutes by its own clock, DELETE by id of what is stale, DELETE by token at the
// end, no heartbeat.
class OldProgram {
public:
    OldProgram(TestDatabase const& database, std::string name, Manner manner = Manner::plain, std::chrono::minutes clock_ahead = 0min)
        : connection_{database, name}, name_{std::move(name)}, manner_{manner}, clock_ahead_{clock_ahead} {}

    struct Seen {
        bool row = false, stale = false;
        Text token;
    };
    Seen read(std::string const& id) {
        auto const rows =
            connection_.run("SELECT \"syncRunId\", extract(epoch FROM \"acquiredAt\") FROM sync_lock WHERE id = $1", {id}).rows;
        if (rows.empty()) return {};
        std::chrono::duration<double> const now = std::chrono::system_clock::now().time_since_epoch() + clock_ahead_;
        return {true, now.count() - std::stod(*rows[0][1]) > 30 * 60, rows[0][0]};
    }
    // What it does on the strength of what it has read; a unique violation is its own and no fault of anybody's.
    bool take_as_seen(std::string const& id, Seen const& seen) {
        Text const token = make_uuid();
        bool const null_row = seen.row && !seen.token && manner_ == Manner::leaves_null;
        if (seen.row && !(seen.stale && reclaims) && !null_row) return false;
        try {
            if (null_row) {
                auto const swapped = connection_.run(
                    "UPDATE sync_lock SET \"syncRunId\" = $2, \"acquiredAt\" = clock_timestamp() WHERE id = $1 AND \"syncRunId\" IS NULL",
                    {id, token});
                if (swapped.affected == 0) return false;
            } else {
                if (seen.row) connection_.run("DELETE FROM sync_lock WHERE id = $1", {id});
                connection_.run("INSERT INTO sync_lock (id, \"syncRunId\") VALUES ($1, $2)", {id, token});
            }
        } catch (Refused const& error) {
            if (error.sqlstate != "23505") throw;
            ++unique_violations;
            return false;
        }
        id_ = id, token_ = token;
        return true;
    }
    bool take(std::string const& id) {
        if (manner_ != Manner::in_transaction) return take_as_seen(id, read(id));
        connection_.run("BEGIN");
        auto const taken = take_as_seen(id, read(id));
        connection_.run("COMMIT");  // which rolls back after a unique violation
        return taken;
    }
    // False where its row is no more.
    bool release() {
        auto const* sql = manner_ == Manner::leaves_null ? "UPDATE sync_lock SET \"syncRunId\" = NULL WHERE id = $1 AND \"syncRunId\" = $2"
                                                         : "DELETE FROM sync_lock WHERE id = $1 AND \"syncRunId\" = $2";
        return connection_.run(sql, {id_, token_}).affected == 1;
    }
    // It has died, and so long ago that its row is stale.
    void be_long_dead() {
        connection_.run("UPDATE sync_lock SET \"acquiredAt\" = clock_timestamp() - interval '32 min' WHERE id = $1 AND \"syncRunId\" = $2",
                        {id_, token_});
    }
    [[nodiscard]] std::string const& name() const { return name_; }
    [[nodiscard]] std::string token() const { return token_.value_or(""); }

    int unique_violations = 0;
    bool reclaims = true;  // deletes by id what is stale

private:
    Connection connection_;
    std::string name_;
    Manner manner_;
    std::chrono::minutes clock_ahead_;
    std::string id_;
    Text token_;
};

// ---------------------------------------------------------------------------------------------------------- the judge

// What the database keeps of a race, for the judge.
void install_judge(TestDatabase const& database) {
    Connection connection{database, "judge"};
    // More rounds a second; groomer's own acquire sets it on for itself.
    connection.run("ALTER DATABASE " + database.name() + " SET synchronous_commit = off");
    connection.run(R"sql(
CREATE TABLE seen (seq bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL DEFAULT clock_timestamp(),
                   id text, app text, op text, was text, now text, was_at timestamptz);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO seen (id, app, op, was, now, was_at)
    VALUES (coalesce(NEW.id, OLD.id), current_setting('application_name'), TG_OP, OLD."syncRunId", NEW."syncRunId", OLD."acquiredAt");
    RETURN NULL;
END $$;
CREATE TRIGGER see AFTER INSERT OR UPDATE OR DELETE ON sync_lock FOR EACH ROW EXECUTE FUNCTION see();

CREATE TABLE work (lock text, who text, began timestamptz, ended timestamptz);

-- A write of groomer's own, and whose the row was at that moment.
CREATE TABLE fenced (lock text, token text, row_token text, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION note_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.row_token := (SELECT "syncRunId" FROM sync_lock WHERE id = NEW.lock);
    RETURN NEW;
END $$;
CREATE TRIGGER note_owner BEFORE INSERT ON fenced FOR EACH ROW EXECUTE FUNCTION note_owner())sql");
}

bool is_groomer(std::string const& app) { return app.starts_with("groomer/"); }

struct Verdict {
    std::vector<std::string> wrongs;                   // a held row was taken or ended by somebody else, for which there is no right
    std::vector<std::string> wrongs_of_ours;           // those that groomer did
    std::map<std::string, std::map<bool, int>> holds;  // by id, by "is groomer's"
    int stale_taken = 0, nulls_taken = 0, nulls_left = 0;
};

// Follows every row through all that was done to it. In the table's own order: each change of a row waits for the one before.
Verdict judge(TestDatabase& database) {
    Verdict verdict;
    struct Held {
        bool row = false;
        std::string token, owner;  // "" for a null token
    };
    std::map<std::string, Held> rows;
    std::map<std::string, std::string> id_of;  // token: its row
    for (auto const& event : database.query(
             "SELECT id, app, op, coalesce(was, ''), coalesce(now, ''), extract(epoch FROM at - was_at) FROM seen ORDER BY seq")) {
        auto const id = event.text(0), app = event.text(1), op = event.text(2), was = event.text(3), now = event.text(4);
        auto& held = rows[id];
        auto const wrong = [&](std::string const& what) {
            auto const line = app + " " + op + " " + id + ": " + what + " (" + was + " of " + held.owner + " → " + now + ")";
            verdict.wrongs.push_back(line);
            if (is_groomer(app)) verdict.wrongs_of_ours.push_back(line);
        };
        if (held.row != (op != "INSERT") || held.token != was) wrong("not what was there before");
        bool const stale = event.number(5) > 31 * 60, free = was.empty(), kept = op == "UPDATE" && was == now;
        if (!free && app != held.owner && !stale) wrong("the row was another's");
        if (kept && app != held.owner) wrong("a renewal of another's row");
        bool const taken = !now.empty() && !kept;
        if (taken && op == "UPDATE" && free) ++verdict.nulls_taken;
        if (taken && op == "UPDATE" && !free) {
            if (!stale) wrong("taken before it was stale");
            ++verdict.stale_taken;
        }
        if (op == "UPDATE" && now.empty()) ++verdict.nulls_left;
        if (taken) {
            ++verdict.holds[id][is_groomer(app)];
            auto const [known, fresh] = id_of.emplace(now, id);
            if (!fresh) wrong("a token was used twice, for " + known->second);
            held.owner = app;
        }
        held.row = op != "DELETE";
        held.token = now;
    }
    return verdict;
}

std::string first(std::vector<std::string> const& lines) {
    return lines.empty() ? "" : std::to_string(lines.size()) + ", the first: " + lines.front();
}

int overlapping_work(TestDatabase& database) {
    return static_cast<int>(database
                                .query("SELECT count(*) FROM (SELECT began, max(ended) OVER (PARTITION BY lock ORDER BY began ROWS BETWEEN "
                                       "UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM work) w WHERE began < before")
                                .at(0)
                                .integer(0));
}

// --------------------------------------------------------------------------------------------------------- the races

// What the threads of a race share.
class Race {
public:
    explicit Race(TestDatabase const& d) : database{d} {}

    // A span of work that ended, by groomer or another.
    void round(std::string const& lock, bool groomer) {
        std::lock_guard const guard{mutex_};
        ++rounds_[lock][groomer];
        last_ = Steady::now();
    }
    void problem(std::string const& who, std::string const& what) {
        std::lock_guard const guard{mutex_};
        problems_.push_back(who + ": " + what);
        over = true;
    }
    // A row that was left to go stale, and that somebody took.
    void stale_row_gone(std::string const& lock) {
        std::lock_guard const guard{mutex_};
        ++stale_rows_[lock];
    }
    // Runs until each id has had that many rounds that met no stale row, `each` of either side, and that many stale rows; false
    // where 10 s pass without a round, or a minute without an end.
    bool run_until(std::vector<std::string> const& locks, int all, int each, int stale = 0) {
        for (;; std::this_thread::sleep_for(5ms)) {
            std::lock_guard const guard{mutex_};
            bool enough = true;
            for (auto const& lock : locks) {
                auto& of = rounds_[lock];
                enough = enough && of[true] + of[false] - stale_rows_[lock] >= all && of[true] >= each && of[false] >= each &&
                         stale_rows_[lock] >= stale;
            }
            auto const now = Steady::now();
            bool const moves = now - last_ < 10s && now - began_ < 1min;
            if (enough || !moves || over) {
                over = true;
                return enough;
            }
        }
    }
    [[nodiscard]] std::string counts() {
        std::lock_guard const guard{mutex_};
        std::string out;
        for (auto& [lock, of] : rounds_)
            out += lock + ": groomer " + std::to_string(of[true]) + ", others " + std::to_string(of[false]) + ", stale rows " +
                   std::to_string(stale_rows_[lock]) + "; ";
        return out;
    }
    [[nodiscard]] std::vector<std::string> problems() {
        std::lock_guard const guard{mutex_};
        return problems_;
    }

    TestDatabase const& database;
    std::atomic<bool> over = false;

private:
    std::mutex mutex_;  // protects what follows
    std::map<std::string, std::map<bool, int>> rounds_;
    std::map<std::string, int> stale_rows_;
    Steady::time_point const began_ = Steady::now();
    Steady::time_point last_ = began_;
    std::vector<std::string> problems_;
};

// One contender's own knowledge that it holds the row, as a span by the database's clock.
class WorkLog {
public:
    WorkLog(TestDatabase const& database, std::string name) : connection_{database, "judge/" + name}, name_{std::move(name)} {}
    Text begin() { return connection_.run("SELECT clock_timestamp()").rows[0][0]; }
    void end(std::string const& lock, Text const& began) {
        connection_.run("INSERT INTO work VALUES ($1, $2, $3, clock_timestamp())", {lock, name_, began});
    }
    void work(std::string const& lock, milliseconds span) {
        auto const began = begin();
        std::this_thread::sleep_for(span);
        end(lock, began);
    }

private:
    Connection connection_;
    std::string name_;
};

void idle(std::mt19937& random, unsigned most = 6) { std::this_thread::sleep_for(milliseconds{random() % (most + 1)}); }

// Dies with the row in its hands, and looks on from the grave: somebody must take the row from it, soon.
void leave_stale(Race& race, OldProgram& program, std::string const& lock) {
    program.be_long_dead();
    auto const end = Steady::now() + 10s;
    while (program.read(lock).token == program.token()) {
        if (race.over) return;
        if (Steady::now() >= end) return race.problem(program.name(), "its stale row was taken by nobody");
        std::this_thread::sleep_for(1ms);
    }
    race.stale_row_gone(lock);
}

// Anything but its own unique violation is a problem; so is a row that is gone when it is to be released. Where it leaves a row of
// some rounds behind, it reclaims none: each is groomer's to take, while the others go on.
void race_the_old_way(Race& race, std::string const& name, std::string const& lock, Manner manner, unsigned rest,
                      unsigned leaves_every = 0) {
    try {
        OldProgram program{race.database, name, manner};
        program.reclaims = leaves_every == 0;
        WorkLog log{race.database, name};
        std::mt19937 random{static_cast<std::uint32_t>(std::hash<std::string>{}(name))};
        while (!race.over) {
            if (program.take(lock)) {
                log.work(lock, milliseconds{random() % 2});
                if (leaves_every > 0 && random() % leaves_every == 0) {
                    leave_stale(race, program, lock);
                } else {
                    if (!program.release()) race.problem(name, "its row was gone");
                    race.round(lock, false);
                }
            }
            idle(random, rest);
        }
    } catch (std::exception const& error) {
        race.problem(name, error.what());
    }
}

constexpr pg::Statement write_fenced{"test", GROOMER_FENCED
                                     ", written AS (INSERT INTO fenced (lock, token) SELECT $1, $2 FROM fence) SELECT (SELECT count(*) "
                                     "FROM fence)"};

// The lock's own code, tightly: look, decide, acquire, work, renew, release.
struct Driver {
    Driver(TestDatabase const& database, std::string const& name)
        : claimant{{name, "", "incarnation-" + name}, 5s, 30min, 0ms, false},
          pool{database.options("groomer/test/" + name), 2, {}},
          locks{lock::make_lock_store(pool, pool, claimant.identity)},
          store{pool, clock, [] {}} {}

    // Nothing where it has to wait, or has lost the race.
    std::shared_ptr<lock::Hold> take(std::string const& lock) {
        auto const sent = clock.now();
        auto const look = run_task(locks->look(lock));
        sight.saw(look.value(), sent, clock.now());
        auto next = lock::decide(lock, sight, claimant, clock.now());
        auto const* bid = std::get_if<lock::Bid>(&next);
        if (!bid) return nullptr;
        auto const bid_sent = clock.now();
        auto const grant = run_task(locks->acquire(*bid)).grant;
        if (!grant) return nullptr;
        lock::Hold::Terms const terms{lock, grant->token, grant->term, bid->ttl, grant->quarantine};
        return std::make_shared<lock::Hold>(clock, terms, bid_sent, clock.now());
    }
    bool renew(lock::Hold const& hold) {
        return patiently([&] { return run_task(locks->renew(hold.terms().lock, hold.terms().token, 5s)); });
    }
    bool release(lock::Hold const& hold) {
        lock::Release const request{hold.terms().lock, hold.terms().token, true, lock::Ended::finished, 0ms, 60s};
        return patiently([&] { return run_task(locks->release(request)); });
    }
    // False where the fence refuses it.
    bool write(lock::Hold& hold) {
        pg::Values none;
        try {
            run_task(store.write(hold, write_fenced, none));
            return true;
        } catch (store::HoldLost const&) {
            return false;
        }
    }

    // What ran out of its time (a disk may hang) is tried again, as the loop does.
    static bool patiently(std::function<bool()> const& statement) {
        for (int tries = 0;; ++tries) {
            try {
                return statement();
            } catch (pg::DatabaseError const& error) {
                if (tries == 3 || (error.sqlstate() != "57014" && error.sqlstate() != "55P03")) throw;
            }
        }
    }

    SystemClock clock;
    lock::Claimant claimant;
    lock::Sight sight;
    pg::Pool pool;
    std::unique_ptr<lock::LockStore> locks;
    store::Store store;
};

void race_as_groomer(Race& race, std::string const& name, std::string const& lock) {
    try {
        Driver driver{race.database, name};
        WorkLog log{race.database, name};
        std::mt19937 random{static_cast<std::uint32_t>(std::hash<std::string>{}(name))};
        while (!race.over) {
            if (auto const hold = driver.take(lock)) {
                log.work(lock, milliseconds{random() % 2});
                if (random() % 2 && !driver.write(*hold)) race.problem(name, "a fenced write was refused");
                if (random() % 2 && !driver.renew(*hold)) race.problem(name, "a renewal was refused");
                if (!driver.release(*hold)) race.problem(name, "the hold was lost");
                race.round(lock, true);
            }
            idle(random);
        }
    } catch (std::exception const& error) {
        race.problem(name, error.what());
    }
}

// The product's own loop with a tick of the test's, woken as often as notifications could wake it.
class LoopContender {
public:
    using OnTick = std::function<Task<reconcile::TickResult>(LoopContender&, std::shared_ptr<lock::Hold>)>;

    LoopContender(TestDatabase const& database, std::string const& name, reconcile::LoopSettings settings, OnTick on_tick)
        : driver{database, name}, on_tick_{std::move(on_tick)} {
        reconcile::LoopParts const parts{driver.clock,
                                         log,
                                         metrics,
                                         *driver.locks,
                                         driver.claimant.identity,
                                         context_.get_executor(),
                                         context_.get_executor(),
                                         std::hash<std::string>{}(name)};
        loop_ =
            std::make_unique<reconcile::Loop>(parts, std::move(settings), [this](auto hold) { return on_tick_(*this, std::move(hold)); });
    }
    ~LoopContender() {
        if (!thread_.joinable()) return;
        stop();
    }
    // Looks again every `every`, whatever it is waiting for; 0: as the protocol says.
    void start(milliseconds every) {
        thread_ = std::thread{[this, every] {
            asio::co_spawn(context_, loop_->run(), [this](std::exception_ptr error) {
                failure_ = error;
                context_.stop();
            });
            if (every > 0ms)
                asio::co_spawn(
                    context_, [this, every] { return keep_waking(every); }, asio::detached);
            context_.run();
        }};
    }
    void wake() {
        asio::post(context_, [this] { loop_->wake(); });
    }
    // Its warnings and errors, once it has ended: a lost race is none.
    std::string stop() {
        asio::post(context_, [this] { loop_->stop(); });
        thread_.join();
        return failure_ ? describe(failure_) : lines_.str();
    }

    std::ostringstream lines_;
    Log log{lines_, LogLevel::warning, Log::Format::json};
    metrics::Metrics metrics{{"0", "0", "0", "0", {"groomer", "global"}, {}, {}, {}}};
    Driver driver;

private:
    Task<> keep_waking(milliseconds every) {
        for (;;) {
            co_await driver.clock.sleep_for(every);
            loop_->wake();
        }
    }

    OnTick on_tick_;
    asio::io_context context_{1};
    std::unique_ptr<reconcile::Loop> loop_;
    std::exception_ptr failure_;
    std::thread thread_;
};

reconcile::TickResult done() { return {reconcile::TickOutcome::done, false, true, ""}; }

reconcile::LoopSettings settings_for(std::string const& lock) {
    reconcile::LoopSettings settings;
    settings.lock = lock;
    settings.job = lock == "global" ? "sync" : "groom";
    settings.every = 1ms;
    return settings;
}

void race_as_a_loop(Race& race, std::string const& name, std::string const& lock) {
    WorkLog log{race.database, name};
    auto const tick = [&](LoopContender& self, std::shared_ptr<lock::Hold> hold) -> Task<reconcile::TickResult> {
        log.work(lock, 0ms);
        pg::Values none;
        co_await self.driver.store.write(*hold, write_fenced, none);
        race.round(lock, true);
        co_return done();
    };
    LoopContender contender{race.database, name, settings_for(lock), tick};
    contender.start(3ms);
    while (!race.over) std::this_thread::sleep_for(5ms);
    auto const said = contender.stop();
    if (!said.empty()) race.problem(name, said);
}

class Beside : public testing::Test {
protected:
    void SetUp() override {
        GROOMER_NEEDS_DATABASE();
        database = std::make_unique<TestDatabase>();
        install_judge(*database);
    }
    std::string value(std::string const& sql) { return database->query(sql).at(0).text(0); }
    bool until(std::string const& sql, milliseconds limit) {
        auto const end = Steady::now() + limit;
        while (value(sql) != "t") {
            if (Steady::now() >= end) return false;
            std::this_thread::sleep_for(5ms);
        }
        return true;
    }
    // A row that an old program took and left behind.
    void leave_row(std::string const& id, std::string const& token, std::string const& age) {
        database->query("INSERT INTO sync_lock VALUES ('" + id + "', '" + token + "', clock_timestamp() - interval '" + age + "')");
    }
    void expect_clean_race(Race& race) {
        EXPECT_EQ(first(race.problems()), "");
        auto const verdict = judge(*database);
        EXPECT_EQ(first(verdict.wrongs), "");
        EXPECT_EQ(overlapping_work(*database), 0);
        EXPECT_EQ(value("SELECT count(*) FROM fenced WHERE token IS DISTINCT FROM row_token"), "0");
    }

    std::unique_ptr<TestDatabase> database;
};

TEST_F(Beside, TheJudgeSeesTheTwoWinnersOfTheOldProgram) {
    leave_row("groomer", "dead", "32 min");
    OldProgram a{*database, "old/a"}, b{*database, "old/b"};
    auto const seen_by_a = a.read("groomer"), seen_by_b = b.read("groomer");
    ASSERT_TRUE(seen_by_a.stale && seen_by_b.stale);
    WorkLog log_a{*database, "old/a"}, log_b{*database, "old/b"};
    ASSERT_TRUE(a.take_as_seen("groomer", seen_by_a));
    auto const began = log_a.begin();
    ASSERT_TRUE(b.take_as_seen("groomer", seen_by_b)) << "it deleted the fresh row by id";
    log_b.work("groomer", 0ms);
    log_a.end("groomer", began);
    EXPECT_FALSE(a.release());
    EXPECT_EQ(judge(*database).wrongs.size(), 1U);
    EXPECT_EQ(judge(*database).wrongs_of_ours.size(), 0U);
    EXPECT_EQ(overlapping_work(*database), 1);
}

TEST_F(Beside, ThousandsOfRoundsOnBothRowsWithoutAnOverlapAnExceptionOrAWedge) {
    Race race{*database};
    std::vector<std::thread> threads;
    std::vector<std::string> const locks{"groomer", "global"};
    auto const start = [&](auto run, std::string const& name, auto... more) {
        for (auto const& lock : locks)
            threads.emplace_back([&race, run, name, lock, more...] { run(race, name + "/" + lock, lock, more...); });
    };
    start(race_as_groomer, "tight-1");
    start(race_as_groomer, "tight-2");
    start(race_as_a_loop, "loop");
    constexpr unsigned rest = 6, leaves_every = 10;  // with groomer's own rounds, every 20th or so
    start(race_the_old_way, "old/plain-1", Manner::plain, rest, leaves_every);
    start(race_the_old_way, "old/plain-2", Manner::plain, rest, leaves_every);
    start(race_the_old_way, "old/transaction", Manner::in_transaction, rest, leaves_every);
    start(race_the_old_way, "old/leaves-null", Manner::leaves_null, rest, leaves_every);
    constexpr int rounds = 1050, stale = 50;  // docs/guarantees.md names both
    bool const done = race.run_until(locks, rounds, 250, stale);
    for (auto& thread : threads) thread.join();
    EXPECT_TRUE(done) << "it wedged: " << race.counts();
    expect_clean_race(race);
    auto const verdict = judge(*database);
    int holds = 0;
    for (auto const& lock : locks) {
        EXPECT_GE(verdict.holds.at(lock).at(true), 250);
        EXPECT_GE(verdict.holds.at(lock).at(false), 250);
        holds += verdict.holds.at(lock).at(true) + verdict.holds.at(lock).at(false);
    }
    EXPECT_GT(verdict.nulls_left, 50);
    EXPECT_GT(verdict.nulls_taken, 50);
    EXPECT_GE(verdict.stale_taken, 2 * stale);
    EXPECT_GE(holds - 2 * verdict.stale_taken, 2 * rounds) << "beside who left a row, and who took it";
    EXPECT_EQ(value("SELECT count(*) FROM seen WHERE op = 'DELETE' AND at - was_at > interval '31 min'"), "0") << "all were ours";
    RecordProperty("rounds", race.counts());

    for (auto const& lock : locks) {  // whatever the last holder left
        Driver driver{*database, "last/" + lock};
        auto const hold = driver.take(lock);
        ASSERT_TRUE(hold) << "the row is stuck: " << value("SELECT sync_lock::text FROM sync_lock WHERE id = '" + lock + "'");
        EXPECT_TRUE(driver.release(*hold));
        OldProgram program{*database, "old/last"};
        EXPECT_TRUE(program.take(lock)) << "and the other program's turn comes, too";
        EXPECT_TRUE(program.release());
    }
}

TEST_F(Beside, WhoHoldsOneRowInATransactionDelaysNobodyAtTheOther) {
    // Locks: those of a holder in the middle of its work, those of a reclaimer between DELETE and INSERT, and groomer's state row.
    for (auto const& [held, other] : std::vector<std::pair<std::string, std::string>>{{"groomer", "global"}, {"global", "groomer"}}) {
        Connection blocker{*database, "old/blocker"};
        leave_row(held, "blocked", "1 min");
        blocker.run("BEGIN");
        blocker.run("DELETE FROM sync_lock WHERE id = $1", {held});
        blocker.run("SELECT FROM groomer.lock_state WHERE lock = $1 FOR UPDATE", {held});
        database->query("TRUNCATE work");
        Race race{*database};
        std::vector<std::thread> threads;
        threads.emplace_back([&, lock = other] { race_as_groomer(race, "tight/" + lock, lock); });
        threads.emplace_back([&, lock = other] { race_as_a_loop(race, "loop/" + lock, lock); });
        threads.emplace_back([&, lock = other] { race_the_old_way(race, "old/" + lock, lock, Manner::plain, 6U); });
        bool const done = race.run_until({other}, 100, 20);
        for (auto& thread : threads) thread.join();
        EXPECT_TRUE(done) << race.counts();
        EXPECT_EQ(first(race.problems()), "");
        EXPECT_EQ(value("SELECT \"syncRunId\" FROM sync_lock WHERE id = '" + held + "'"), "blocked") << "untouched all the while";
        blocker.run("COMMIT");
    }
    EXPECT_EQ(overlapping_work(*database), 0);
}

TEST_F(Beside, ARowThatIsNotYetCommittedIsNeitherTakenNorAnError) {
    Race race{*database};
    Connection slow{*database, "old/slow"};
    slow.run("BEGIN");
    slow.run("INSERT INTO sync_lock (id, \"syncRunId\") VALUES ('groomer', 'perhaps')");
    std::thread tight{[&] { race_as_groomer(race, "tight", "groomer"); }};
    std::thread loop{[&] { race_as_a_loop(race, "loop", "groomer"); }};
    // Longer than an attempt waits for a lock.
    EXPECT_TRUE(
        until("SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE 'groomer/%'", 5s));
    std::this_thread::sleep_for(1200ms);
    EXPECT_EQ(value("SELECT count(*) FROM work"), "0");
    slow.run("ROLLBACK");
    bool const goes_on = race.run_until({"groomer"}, 20, 0);
    tight.join();
    loop.join();
    EXPECT_TRUE(goes_on) << race.counts();
    expect_clean_race(race);
}

// ------------------------------------------------------------------------------------------------------ stale rows

TEST_F(Beside, AFreshRowIsRespectedAndAStaleOneTakenAfterTheirLimitAndAMinute) {
    struct Case {
        milliseconds stale_after;
        std::string age;  // at the start
        double taken_at;  // seconds
    };
    for (auto const& [stale_after, age, taken_at] : {Case{30min, "30 min 58.5 s", 1860}, Case{1s, "59.5 s", 61}}) {
        database->query("TRUNCATE seen");
        leave_row("groomer", "5f0c1d7e-0000-4000-8000-000000000001", age);
        auto settings = settings_for("groomer");
        settings.foreign_stale_after = stale_after;
        settings.every = 1min;
        auto const tick = [](LoopContender&, std::shared_ptr<lock::Hold>) -> Task<reconcile::TickResult> { co_return done(); };
        database->query("UPDATE groomer.lock_state SET due_at = clock_timestamp()");
        std::vector<std::unique_ptr<LoopContender>> loops;
        for (int i = 0; i < 3; ++i) {
            loops.push_back(std::make_unique<LoopContender>(*database, "stale-" + std::to_string(i), settings, tick));
            loops.back()->start(i == 0 && stale_after > 1min ? 7ms : 0ms);  // one may look at it all the time
        }
        EXPECT_TRUE(until("SELECT count(*) > 0 FROM seen WHERE op = 'UPDATE'", 10s)) << age;
        for (auto& loop : loops) EXPECT_EQ(loop->stop(), "");
        auto const row =
            database->query("SELECT extract(epoch FROM at - was_at), app FROM seen WHERE was LIKE '5f0c%' AND now LIKE 'g1|%'").at(0);
        EXPECT_GE(row.number(0), taken_at) << age;
        EXPECT_LE(row.number(0), taken_at + 0.5) << age;
        EXPECT_EQ(value("SELECT count(*) FROM seen WHERE op = 'UPDATE' AND was LIKE '5f0c%'"), "1") << "by one alone";
        EXPECT_EQ(value("SELECT count(*) FROM sync_lock"), "0");
    }
}

TEST_F(Beside, OneOfManyTakesEachRowThatWasLeftBehind) {
    Race race{*database};
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) threads.emplace_back([&, i] { race_as_groomer(race, "many-" + std::to_string(i), "groomer"); });
    constexpr int rows = 60;
    int taken = 0;
    for (int i = 0; i < rows && !race.over; ++i) {
        auto const token = "left-" + std::to_string(i);
        // Between two holds, or it waits for the next gap.
        for (auto const end = Steady::now() + 10s; Steady::now() < end;) {
            auto const left = database->query("INSERT INTO sync_lock VALUES ('groomer', '" + token +
                                              "', clock_timestamp() - interval '32 min') ON CONFLICT DO NOTHING RETURNING id");
            if (!left.empty()) break;
        }
        if (until("SELECT count(*) = 1 FROM seen WHERE op = 'UPDATE' AND was = '" + token + "'", 10s)) ++taken;
    }
    race.over = true;
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(taken, rows);
    expect_clean_race(race);
    EXPECT_EQ(judge(*database).stale_taken, rows);
}

// An old program whose clock is an hour ahead: every row is stale to it. It reclaims in a transaction where a loop stands by, which
// would else have the row back between its DELETE and its INSERT.
class Reclaimer : public Beside {
protected:
    // Starts a hold whose tick writes all the time (or never), and returns when it is at work.
    void hold(bool writes) {
        auto settings = settings_for("groomer");
        settings.renew_every = renew_every;
        auto const tick = [this, writes](LoopContender& self, std::shared_ptr<lock::Hold> h) -> Task<reconcile::TickResult> {
            if (ticks++ == 0) {
                std::lock_guard const guard{mutex};
                held = h;
            }
            for (int i = 0; i < 500 && !h->winding_down() && ticks == 1; ++i) {
                pg::Values none;
                if (writes) co_await self.driver.store.write(*h, write_fenced, none);
                co_await self.driver.clock.sleep_for(10ms);
            }
            co_return done();
        };
        contender = std::make_unique<LoopContender>(*database, "holder", settings, tick);
        contender->start(0ms);
        ASSERT_TRUE(until("SELECT count(*) > 0 FROM sync_lock", 5s));
        for (auto const end = Steady::now() + 5s; !current() && Steady::now() < end;) std::this_thread::sleep_for(1ms);
        ASSERT_TRUE(current());
        if (writes) {
            ASSERT_TRUE(until("SELECT count(*) > 3 FROM fenced", 5s));
        }
    }
    std::shared_ptr<lock::Hold> current() {
        std::lock_guard const guard{mutex};
        return held;
    }
    // From the theft to the moment the holder knows.
    milliseconds noticed_after(Steady::time_point stolen) {
        auto const h = current();
        while (h->loss() == lock::Loss::none && Steady::now() - stolen < 10s) std::this_thread::sleep_for(1ms);
        return std::chrono::duration_cast<milliseconds>(Steady::now() - stolen);
    }
    // The new owner's row is as he made it until he ends it himself; then the next hold is ours.
    void expect_unharmed(OldProgram& thief) {
        auto const stamp = value("SELECT \"acquiredAt\"::text FROM sync_lock");
        for (auto const end = Steady::now() + 500ms; Steady::now() < end; std::this_thread::sleep_for(5ms)) {
            contender->wake();
            auto const row = database->query("SELECT \"syncRunId\", \"acquiredAt\"::text FROM sync_lock WHERE id = 'groomer'");
            ASSERT_EQ(row.size(), 1U);
            ASSERT_EQ(row[0].text(0), thief.token());
            ASSERT_EQ(row[0].text(1), stamp);
        }
        EXPECT_EQ(ticks, 1);
        EXPECT_TRUE(thief.release());
        for (auto const end = Steady::now() + 5s; ticks == 1 && Steady::now() < end; std::this_thread::sleep_for(5ms)) contender->wake();
        EXPECT_GE(ticks, 2);
        contender->stop();
        EXPECT_EQ(first(judge(*database).wrongs_of_ours), "");
        EXPECT_EQ(judge(*database).wrongs.size(), 1U) << "the theft itself";
        EXPECT_EQ(value("SELECT count(*) FROM fenced WHERE token IS DISTINCT FROM row_token"), "0");
        EXPECT_EQ(value("SELECT count(*) FROM fenced f, (SELECT min(at) AS at, was FROM seen WHERE op = 'DELETE' GROUP BY was) s "
                        "WHERE f.token = s.was AND f.at > s.at"),
                  "0")
            << "writes after the theft";
        EXPECT_EQ(value("SELECT ended FROM groomer.hold ORDER BY term LIMIT 1"), "lost");
    }

    static constexpr milliseconds renew_every{300};
    std::mutex mutex;
    std::shared_ptr<lock::Hold> held;
    std::atomic<int> ticks = 0;
    std::unique_ptr<LoopContender> contender;
};

TEST_F(Reclaimer, WhoDeletesOurFreshRowByIdIsNoticedByTheNextFencedWrite) {
    ASSERT_NO_FATAL_FAILURE(hold(true));
    OldProgram thief{*database, "old/thief", Manner::in_transaction, 60min};
    ASSERT_TRUE(thief.take("groomer"));
    EXPECT_LE(noticed_after(Steady::now()), 250ms) << "a write every 10 ms";
    EXPECT_EQ(current()->loss(), lock::Loss::fenced);
    expect_unharmed(thief);
}

TEST_F(Reclaimer, WhoDeletesOurFreshRowByIdIsNoticedByTheNextRenewal) {
    ASSERT_NO_FATAL_FAILURE(hold(false));
    OldProgram thief{*database, "old/thief", Manner::in_transaction, 60min};
    ASSERT_TRUE(thief.take("groomer"));
    EXPECT_LE(noticed_after(Steady::now()), renew_every + 250ms);
    EXPECT_EQ(current()->loss(), lock::Loss::replaced);
    expect_unharmed(thief);
}

TEST_F(Reclaimer, AReleaseThatComesAfterTheTheftTakesNothing) {
    Driver driver{*database, "holder"};
    auto const mine = driver.take("groomer");
    ASSERT_TRUE(mine);
    OldProgram thief{*database, "old/thief", Manner::plain, 60min};
    ASSERT_TRUE(thief.take("groomer"));
    auto const row = value("SELECT sync_lock::text FROM sync_lock");
    auto const state = value("SELECT lock_state::text FROM groomer.lock_state WHERE lock = 'groomer'");
    EXPECT_FALSE(driver.write(*mine));
    EXPECT_FALSE(driver.renew(*mine));
    EXPECT_FALSE(driver.release(*mine));
    EXPECT_EQ(value("SELECT sync_lock::text FROM sync_lock"), row);
    EXPECT_EQ(value("SELECT lock_state::text FROM groomer.lock_state WHERE lock = 'groomer'"), state) << "nothing is written";
    EXPECT_EQ(value("SELECT count(*) FROM fenced"), "0");
    EXPECT_TRUE(thief.release());
}

// Everybody reclaims stale rows at once. The old programs rob each other, and groomer; groomer robs nobody.
TEST_F(Beside, AmongOldReclaimersGroomerTakesOnlyWhatIsStaleAndWritesOnlyWhileItHolds) {
    Race race{*database};
    std::atomic<int> robbed = 0;
    auto const groomer = [&](std::string const& name) {
        try {
            Driver driver{*database, name};
            while (!race.over) {
                if (auto const hold = driver.take("groomer")) {
                    bool mine = true;
                    for (int i = 0; i < 3; ++i) mine = driver.write(*hold) && mine;
                    mine = driver.renew(*hold) && mine;
                    if (driver.release(*hold)) {
                        if (!mine) race.problem(name, "a release passed after a loss");
                    } else ++robbed;
                }
                std::this_thread::sleep_for(1ms);
            }
        } catch (std::exception const& error) {
            race.problem(name, error.what());
        }
    };
    auto const old = [&](std::string const& name, Manner manner) {
        try {
            OldProgram program{*database, name, manner};
            while (!race.over) {
                if (program.take("groomer")) program.release();
                std::this_thread::sleep_for(1ms);
            }
        } catch (std::exception const& error) {
            race.problem(name, error.what());
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back([&, i] { groomer("tight-" + std::to_string(i)); });
    for (int i = 0; i < 3; ++i) threads.emplace_back([&, i] { old("old/plain-" + std::to_string(i), Manner::plain); });
    threads.emplace_back([&] { old("old/transaction", Manner::in_transaction); });
    constexpr int rows = 80;
    int gone = 0;
    for (int i = 0; i < rows && !race.over; ++i) {
        auto const token = "left-" + std::to_string(i);
        for (auto const end = Steady::now() + 10s; Steady::now() < end;) {
            auto const left = database->query("INSERT INTO sync_lock VALUES ('groomer', '" + token +
                                              "', clock_timestamp() - interval '32 min') ON CONFLICT DO NOTHING RETURNING id");
            if (!left.empty()) break;
        }
        if (until("SELECT count(*) > 0 FROM seen WHERE op <> 'INSERT' AND was = '" + token + "'", 10s)) ++gone;
    }
    race.over = true;
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(gone, rows) << "a stale row wedged";
    EXPECT_EQ(first(race.problems()), "");
    auto const verdict = judge(*database);
    EXPECT_EQ(first(verdict.wrongs_of_ours), "");
    EXPECT_GT(verdict.holds.at("groomer").at(true), 0);
    EXPECT_GT(verdict.holds.at("groomer").at(false), rows);
    EXPECT_EQ(value("SELECT count(*) FROM fenced WHERE token IS DISTINCT FROM row_token"), "0");
    RecordProperty("robbed by old programs", robbed);
}

// --------------------------------------------------------------------------------------------------- whole processes

class ProcessesBeside : public Beside {
protected:
    void SetUp() override {
        Beside::SetUp();
        if (IsSkipped()) return;
        folder = std::filesystem::temp_directory_path() / ("groomer-beside-test-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder);
        std::ofstream{folder / "c.yaml"} << "database: {url: \"" << database->url()
                                         << "\"}\nschedule: {groom_every: 100ms, sync_every: 100ms}\npolicy: {mode: apply, batch: 5}\n"
                                         << "http: {listen: \"127.0.0.1:0\", metrics_listen: \"127.0.0.1:0\"}\n"
                                         << "repositories: [{name: local/backlog, tracker: file, path: " << (folder / "b.json").string()
                                         << "}]\n";
        std::ofstream out{folder / "b.json"};
        for (int i = 1; i <= issues; ++i)
            out << (i > 1 ? ",\n" : "[") << R"({"number":)" << i << R"(,"title":"crash of part )" << i
                << R"(","body":null,"state":"open","labels":[]})";
        out << "]";
    }
    void TearDown() override {
        if (!folder.empty()) std::filesystem::remove_all(folder);
    }
    std::unique_ptr<test::Process> start(std::vector<std::string> words, std::string const& pod) {
        words.insert(words.begin(), GROOMER_BINARY);
        words.insert(words.end(), {"--config", (folder / "c.yaml").string()});
        return std::make_unique<test::Process>(words, (folder / (pod + ".log")).string(),
                                               std::map<std::string, std::string>{{"POD_NAME", pod}});
    }

    static constexpr int issues = 40;
    std::filesystem::path folder;
};

TEST_F(ProcessesBeside, ReplicasGroomAndSyncBesideOldProgramsOnBothRows) {
    Race race{*database};
    std::vector<std::thread> threads;
    for (std::string const lock : {"groomer", "global"}) {
        for (int i = 0; i < 2; ++i)
            threads.emplace_back(
                [&, i, lock] { race_the_old_way(race, "old/plain-" + std::to_string(i) + "/" + lock, lock, Manner::plain, 40); });
        threads.emplace_back([&, lock] { race_the_old_way(race, "old/leaves-null/" + lock, lock, Manner::leaves_null, 40); });
    }
    std::vector<std::unique_ptr<test::Process>> replicas;
    for (auto const* pod : {"one", "two"}) replicas.push_back(start({"run"}, pod));
    // A replica looks every 5 s at a row of a program that notifies nobody: it is told to look, so that they race.
    auto const ours = [&](std::string const& lock) {
        database->query("SELECT pg_notify('groomer_lock', '" + lock + "')");
        return database->query("SELECT count(*) FROM seen WHERE id = '" + lock + "' AND app LIKE 'groomer/%' AND op = 'DELETE'")
            .at(0)
            .integer(0);
    };
    bool enough = false;
    for (auto const end = Steady::now() + 40s; !enough && Steady::now() < end && !race.over; std::this_thread::sleep_for(20ms))
        enough = (ours("groomer") >= 20) & (ours("global") >= 20) && value("SELECT pending = 0 FROM groomer.progress") == "t";
    EXPECT_TRUE(enough) << value("SELECT progress::text FROM groomer.progress");
    race.over = true;
    for (auto& thread : threads) thread.join();
    for (auto& replica : replicas) {
        EXPECT_TRUE(replica->running());
        replica->signal(SIGTERM);
        EXPECT_EQ(replica->wait(20s), 0);
        for (std::string const level : {"warning", "error"})
            EXPECT_EQ(replica->output().find("\"level\":\"" + level), std::string::npos) << replica->output();
    }
    EXPECT_EQ(first(race.problems()), "");
    auto const verdict = judge(*database);
    EXPECT_EQ(first(verdict.wrongs), "");
    EXPECT_EQ(overlapping_work(*database), 0);
    for (auto const* lock : {"groomer", "global"}) {
        EXPECT_GE(verdict.holds.at(lock).at(true), 20);
        EXPECT_GE(verdict.holds.at(lock).at(false), 20);
    }
    EXPECT_EQ(value("SELECT count(*) FROM sync_lock WHERE \"syncRunId\" IS NOT NULL"), "0");
    std::map<std::string, int> effects;
    std::ifstream in{folder / "b.json.groomer.jsonl"};
    for (std::string line; std::getline(in, line);) {
        auto const effect = boost::json::parse(line);
        ++effects[boost::json::serialize(effect.at("issue")) + boost::json::serialize(effect.at("label"))];
    }
    EXPECT_EQ(effects.size(), static_cast<std::size_t>(issues));
    for (auto const& [effect, count] : effects) EXPECT_EQ(count, 1) << effect;
}

TEST_F(ProcessesBeside, OneTickIsRefusedBeforeAFreshRowAndTakesAStaleOne) {
    auto const once = [&] { return start({"once"}, "once")->wait(30s); };
    leave_row("groomer", "theirs", "30 min 40 s");
    EXPECT_EQ(once(), 75) << "half an hour is what they call stale; clocks may differ by a minute";
    EXPECT_EQ(value("SELECT \"syncRunId\" FROM sync_lock WHERE id = 'groomer'"), "theirs");
    database->query("UPDATE sync_lock SET \"acquiredAt\" = clock_timestamp() - interval '31 min 1 s'");
    EXPECT_EQ(once(), 0);
    EXPECT_EQ(value("SELECT count(*) FROM sync_lock"), "0");
    database->query("INSERT INTO sync_lock VALUES ('groomer', NULL, clock_timestamp())");
    EXPECT_EQ(once(), 0) << "a null token is nobody's";
    EXPECT_EQ(value("SELECT count(*) FROM sync_lock"), "0");
    leave_row("global", "their sync", "1 s");
    database->query("UPDATE groomer.source SET synced_at = NULL");
    EXPECT_EQ(once(), 0) << "somebody syncs already: that is no failure";
    EXPECT_EQ(value("SELECT \"syncRunId\" FROM sync_lock WHERE id = 'global'"), "their sync");
    auto const verdict = judge(*database);
    EXPECT_EQ(first(verdict.wrongs), "");
    EXPECT_EQ(verdict.stale_taken, 1);
}

}  // namespace
}  // namespace groomer
