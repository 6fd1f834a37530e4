// What groomer itself never writes: tokens, stamps and tables that only others can have made, and command lines that only
// people type. Each is handled, or refused with a sentence that says what is wrong and what to do; nothing stays stuck,
// crashes, or is tried in a hot loop.
#include "integration/program.hpp"
#include "lock/decision.hpp"
#include "lock/token.hpp"
#include "pg/pool.hpp"
#include "reconcile/loop.hpp"
#include "store/history.hpp"
#include "support/acquire_sql.hpp"
#include "support/run_task.hpp"
#include "support/test_database.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

namespace groomer {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using test::has;
using test::run_task;
using test::TestDatabase;
using Steady = std::chrono::steady_clock;

constexpr std::size_t one_megabyte = 1'000'000;

// Safe on a terminal: lines of text, without control characters (0x00–0x1f, 0x7f, U+0080–U+009F).
bool is_plain(std::string const& text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto const byte = static_cast<unsigned char>(text[i]);
        if ((byte < 0x20 && byte != '\n') || byte == 0x7f) return false;
        if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) return false;
    }
    return true;
}

std::vector<std::string> foreign_tokens() {
    std::string controls;
    for (char c = 1; c < 0x20; ++c) controls += c;
    return {
        "",
        " ",
        std::string(one_megabyte, 'x'),
        "g1|" + std::string(one_megabyte, '|'),
        controls +
            "\x7f\xC2\x9B"
            "2J\xC2\x80",
        "\xEF\xBF\xBE\xF4\x8F\xBF\xBF\xE2\x80\xAE",  // a non-character, the last code point, right to left
        "'; DROP TABLE sync_lock; --",
        "5f0c1d7e-0000-4000-8000-000000000000",
        "g1",
        "g1|",
        "g1|||||||",
        "g1|5000|1|slot|incarnation|00000001",                       // too few fields
        "g1|5000|1|slot|incarnation|00000001|uuid|more",             // too many
        "g2|5000|1|slot|incarnation|00000001|uuid",                  // another version
        "G1|5000|1|slot|incarnation|00000001|uuid",                  //
        " g1|5000|1|slot|incarnation|00000001|uuid",                 //
        "g1|0|1|slot|incarnation|00000001|uuid",                     // ttl
        "g1|999|1|slot|incarnation|00000001|uuid",                   //
        "g1|600001|1|slot|incarnation|00000001|uuid",                //
        "g1|1000000000|1|slot|incarnation|00000001|uuid",            //
        "g1|-5000|1|slot|incarnation|00000001|uuid",                 //
        "g1|5e3|1|slot|incarnation|00000001|uuid",                   //
        "g1|5000.0|1|slot|incarnation|00000001|uuid",                //
        "g1|18446744073709556616|1|slot|incarnation|00000001|uuid",  // 5000 after an overflow
        "g1|5000|-1|slot|incarnation|00000001|uuid",                 // term
        "g1|5000||slot|incarnation|00000001|uuid",                   //
        "g1|5000|9223372036854775808|slot|incarnation|00000001|uuid",
        "g1|5000|one|slot|incarnation|00000001|uuid",
        "g1|5000|1|slot||00000001|uuid",  // no incarnation
        "g1|5000|1|" + std::string(2000, 's') + "|incarnation|00000001|uuid",
    };
}

// Odd, and yet of groomer's layout: such a row lives for its ttl.
std::vector<std::string> odd_tokens() {
    return {
        "g1|5000|9223372036854775807|slot|incarnation|00000001|uuid",
        "g1|005000|0|slot|incarnation|00000001|uuid",
        "g1|5000|1||incarnation|00000001|",
        "g1|600000|1|slot|incarnation|00000001|uuid",
        "g1|1000|1|\x1b[2J|\x01|00000001|\xC2\x9B",
        "g1|5000|1|slot|incarnation||uuid",  // of no timeline: of another cluster
        "g1|5000|1|slot|incarnation|no hex!|uuid",
    };
}

// ------------------------------------------------------------------------------------------- the store and the decision

class BadRows : public testing::Test {
protected:
    void SetUp() override {
        GROOMER_NEEDS_DATABASE();
        database = std::make_unique<TestDatabase>();
        database->query("ALTER TABLE sync_lock ALTER \"acquiredAt\" DROP NOT NULL");
        pool = std::make_unique<pg::Pool>(database->options("groomer/test/bad-rows"), 2, pg::Observer{});
        locks = lock::make_lock_store(*pool, *pool, claimant.identity);
    }
    // stamp: an expression of SQL
    void set_row(std::optional<std::string> const& token, std::string const& stamp) {
        pg::Values const values{token};
        run_task(pool->run({"test", "INSERT INTO sync_lock VALUES ('groomer', $1, NULL) ON CONFLICT (id) DO UPDATE SET \"syncRunId\" = $1"},
                           values));
        database->query("UPDATE sync_lock SET \"acquiredAt\" = " + stamp);
    }
    // What would be done `later` than the first sight of the row, had nothing changed.
    std::variant<lock::Bid, lock::Wait> decide(BootTime::duration later = 0s) {
        lock::Sight sight;
        auto const seen = clock.now();
        sight.saw(run_task(locks->look("groomer")).value(), seen, seen);
        auto next = lock::decide("groomer", sight, claimant, seen + later);
        return next;
    }
    std::optional<lock::Grant> bid(std::variant<lock::Bid, lock::Wait> const& decision) {
        auto const* bid = std::get_if<lock::Bid>(&decision);
        if (!bid) return std::nullopt;
        return run_task(locks->acquire(*bid)).grant;
    }
    bool release(lock::Grant const& grant) {
        lock::Release const request{"groomer", grant.token, true, lock::Ended::finished, 0ms, 60s};
        return run_task(locks->release(request));
    }
    static std::string brief(std::string const& token) { return token.substr(0, 60) + " (" + std::to_string(token.size()) + ")"; }
    // A hold of a row that somebody left is an ordinary hold: it ends, and the row is free.
    void expect_ordinary(std::optional<lock::Grant> const& grant, std::string const& how) {
        ASSERT_TRUE(grant);
        EXPECT_EQ(grant->how, how);
        EXPECT_LE(grant->quarantine, 5s);
        EXPECT_TRUE(run_task(locks->renew("groomer", grant->token, 5s)));
        EXPECT_TRUE(release(*grant));
        EXPECT_EQ(database->query("SELECT FROM sync_lock").size(), 0U);
    }

    SystemClock clock;
    lock::Claimant claimant{{"bad", "my-slot", "my-incarnation"}, 5s, 30min, 0ms, true};
    std::unique_ptr<TestDatabase> database;
    std::unique_ptr<pg::Pool> pool;
    std::unique_ptr<lock::LockStore> locks;
};

TEST_F(BadRows, ATokenThatGroomerWouldNotWriteIsForeignRespectedWhileFreshAndTakenWhenStale) {
    for (auto const& token : foreign_tokens()) {
        SCOPED_TRACE(brief(token));
        EXPECT_FALSE(lock::parse_token(token));
        set_row(token, "clock_timestamp() - interval '30 min 30 s'");
        auto const fresh = decide();
        ASSERT_TRUE(std::holds_alternative<lock::Wait>(fresh));
        EXPECT_EQ(std::get<lock::Wait>(fresh).reason, lock::Reason::foreign);
        set_row(token, "clock_timestamp() - interval '32 min'");
        ASSERT_NO_FATAL_FAILURE(expect_ordinary(bid(decide()), "foreign"));
    }
}

TEST_F(BadRows, AnOddTokenOfGroomersLayoutLivesForItsTtl) {
    for (auto const& token : odd_tokens()) {
        SCOPED_TRACE(brief(token));
        auto const parsed = lock::parse_token(token);
        ASSERT_TRUE(parsed);
        auto const ttl = std::to_string(parsed->ttl.count()) + " ms'";
        set_row(token, "clock_timestamp() - interval '" + ttl + " + interval '200 ms'");
        EXPECT_TRUE(std::holds_alternative<lock::Wait>(decide())) << "still alive";
        set_row(token, "clock_timestamp() - interval '" + ttl);
        auto const now = decide();
        bool const of_another_cluster = parsed->timeline != "00000001";
        EXPECT_EQ(std::holds_alternative<lock::Wait>(now), of_another_cluster);
        ASSERT_NO_FATAL_FAILURE(expect_ordinary(bid(of_another_cluster ? decide(5s) : now), "foreign"));
    }
    EXPECT_EQ(database->query("SELECT count(*) FROM groomer.lock_state WHERE lock = 'groomer' AND term BETWEEN 10 ^ 15 AND 10 ^ 16")
                  .at(0)
                  .integer(0),
              1)
        << "a foreign term does not raise ours";
}

TEST_F(BadRows, AnyStampLeavesTheRowToBeHad) {
    struct Stamp {
        std::string sql;
        bool ahead;  // or none: had once it was seen unchanged for as long as it would live
    };
    std::vector<Stamp> const stamps{{"'-infinity'", false},
                                    {"'4714-11-24 00:00:00+00 BC'", false},
                                    {"'0001-01-01 00:00:00+00'", false},
                                    {"'1970-01-01 00:00:00+00'", false},
                                    {"clock_timestamp() + interval '2 min'", true},
                                    {"'2204-02-29 12:00:00+00'", true},
                                    {"'294276-12-31 23:59:59.999999+00'", true},
                                    {"'infinity'", true},
                                    {"NULL", true}};
    struct Token {
        std::optional<std::string> token;
        BootTime::duration lives;
    };
    std::vector<Token> const tokens{{std::nullopt, 0s}, {"foreign", 31min}, {"g1|5000|1|slot|incarnation|00000001|uuid", 5s}};
    store::Store store{*pool, clock, [] {}};
    for (auto const& [stamp, ahead] : stamps)
        for (auto const& [token, lives] : tokens) {
            SCOPED_TRACE(stamp + " " + token.value_or("NULL"));
            set_row(token, stamp);
            auto const status = run_task(store::lock_status(store, "groomer"));
            EXPECT_EQ(status.held, token.has_value());
            auto const first = decide();
            bool const waits = ahead && token;
            ASSERT_EQ(std::holds_alternative<lock::Wait>(first), waits);
            if (waits) {
                EXPECT_TRUE(std::holds_alternative<lock::Wait>(decide(lives - 10ms)));
                auto const late = decide(lives);
                set_row(token, "clock_timestamp()");
                EXPECT_FALSE(bid(late)) << "it was renewed meanwhile";
                set_row(token, stamp);
            }
            ASSERT_NO_FATAL_FAILURE(expect_ordinary(bid(waits ? decide(lives) : first), token ? "foreign" : "free"));
        }
}

TEST_F(BadRows, AManualReleaseEndsWhatItNamesToTheByte) {
    store::Store store{*pool, clock, [] {}};
    for (auto const& token : foreign_tokens()) {
        SCOPED_TRACE(brief(token));
        set_row(token, "'infinity'");
        EXPECT_FALSE(run_task(store::release_by_hand(store, "groomer", std::nullopt, token + "?")));
        EXPECT_FALSE(run_task(store::release_by_hand(store, "groomer", std::nullopt, "%")));
        EXPECT_FALSE(run_task(store::release_by_hand(store, "groomer", 0, std::nullopt)));
        EXPECT_EQ(database->query("SELECT FROM sync_lock").size(), 1U);
        EXPECT_TRUE(run_task(store::release_by_hand(store, "groomer", std::nullopt, token)));
        EXPECT_EQ(database->query("SELECT FROM sync_lock").size(), 0U);
    }
}

TEST_F(BadRows, AManualReleaseOfAThiefsRowIsNotTheEndOfOurHold) {
    ASSERT_TRUE(bid(decide()));
    set_row("theirs", "clock_timestamp()");  // as by DELETE and INSERT
    store::Store store{*pool, clock, [] {}};
    EXPECT_TRUE(run_task(store::release_by_hand(store, "groomer", std::nullopt, "theirs")));
    EXPECT_EQ(database->query("SELECT ended FROM groomer.hold").at(0).text(0), "lost");
}

TEST_F(BadRows, ARenewalThatIsNotInTheRowIsNone) {
    auto const grant = bid(decide());
    ASSERT_TRUE(grant);
    for (std::string const stamp : {"OLD.\"acquiredAt\"", "''infinity''", "NULL"}) {
        SCOPED_TRACE(stamp);
        database->query("CREATE OR REPLACE FUNCTION stamps() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.\"acquiredAt\" := " + stamp +
                        "; RETURN NEW; END'");
        database->query("UPDATE sync_lock SET \"acquiredAt\" = clock_timestamp() - interval '2 s'");
        database->query("CREATE TRIGGER stamps BEFORE UPDATE ON sync_lock FOR EACH ROW EXECUTE FUNCTION stamps()");
        EXPECT_THROW(run_task(locks->renew("groomer", grant->token, 5s)), pg::DatabaseError);
        database->query("DROP TRIGGER stamps ON sync_lock");
    }
}

TEST_F(BadRows, WhoKeepsTheRecordOfAHoldLockedHoldsUpNoRenewal) {
    auto const grant = bid(decide());
    ASSERT_TRUE(grant);
    pg::Session session{database->options()};
    session.transaction([&](auto& transaction) {
        transaction.exec("UPDATE groomer.hold SET pod = 'forgotten'");
        EXPECT_TRUE(run_task(locks->renew("groomer", grant->token, 5s)));
    });
    EXPECT_TRUE(run_task(locks->renew("groomer", grant->token, 5s)));
    EXPECT_EQ(database->query("SELECT renewals FROM groomer.hold").at(0).integer(0), 1) << "of those that could be counted";
}

TEST_F(BadRows, WhatNoClockSaysIsRefusedInTheStateRow) {
    for (std::string const moment : {"due_at = 'infinity'", "due_at = '-infinity'", "quarantine_until = 'infinity'"})
        EXPECT_THROW(database->query("UPDATE groomer.lock_state SET " + moment), pg::DatabaseError) << moment;
    database->query("UPDATE groomer.lock_state SET quarantine_until = '9999-12-31'");
    auto const grant = bid(decide());
    ASSERT_TRUE(grant);
    EXPECT_GE(grant->quarantine, 24h);
    EXPECT_LE(grant->quarantine, 24h + 1s) << "or it could not be reckoned with";
}

// ------------------------------------------------------------------------------------------- triggers of others, the loop

// A loop of its own lock id, so that many can be tried at once beside each other, with its statements counted.
class Troubled {
public:
    Troubled(TestDatabase const& database, std::string const& lock, milliseconds takes)
        : takes_{takes},
          pool_{database.options("groomer/test/" + lock), 2, observer()},
          locks_{lock::make_lock_store(pool_, pool_, {lock, "", "incarnation-of-" + lock})} {
        reconcile::LoopSettings settings;
        settings.lock = lock;
        settings.job = "groom";
        settings.ttl = 2s;
        settings.renew_every = 200ms;
        settings.every = 1min;
        reconcile::LoopParts const parts{
            clock_, log_, metrics_, *locks_, {lock, "", "incarnation-of-" + lock}, context_.get_executor(), context_.get_executor(), 7};
        loop_ = std::make_unique<reconcile::Loop>(parts, settings, [this](auto hold) { return tick(std::move(hold)); });
        thread_ = std::thread{[this] {
            asio::co_spawn(context_, loop_->run(), [this](std::exception_ptr error) {
                if (error) log_.error(describe(error));
                context_.stop();
            });
            context_.run();
        }};
    }
    ~Troubled() {
        asio::post(context_, [this] { loop_->stop(); });
        thread_.join();
    }
    void wake() {
        asio::post(context_, [this] { loop_->wake(); });
    }
    [[nodiscard]] int statements() const { return statements_; }
    // Of warnings and errors so far.
    std::string said() {
        std::string out;
        std::atomic<bool> done = false;
        asio::post(context_, [&] {
            out = lines_.str();
            done = true;
        });
        while (!done) std::this_thread::sleep_for(1ms);
        return out;
    }

private:
    pg::Observer observer() {
        pg::Observer observer;
        observer.ran = [this](auto, auto) { ++statements_; };
        return observer;
    }
    Task<reconcile::TickResult> tick(std::shared_ptr<lock::Hold> hold) {
        auto const until = clock_.now() + takes_;
        while (clock_.now() < until && !hold->winding_down()) co_await clock_.sleep_for(10ms);
        reconcile::TickResult const result{reconcile::TickOutcome::done, false, true, ""};
        co_return result;
    }

    milliseconds takes_;
    std::atomic<int> statements_ = 0;
    SystemClock clock_;
    std::ostringstream lines_;
    Log log_{lines_, LogLevel::warning, Log::Format::text};
    metrics::Metrics metrics_{{"0", "0", "0", "0", {"groomer"}, {}, {}, {}}};
    pg::Pool pool_;
    std::unique_ptr<lock::LockStore> locks_;
    asio::io_context context_{1};
    std::unique_ptr<reconcile::Loop> loop_;
    std::thread thread_;
};

// What others have put on the table, for the row of one lock.
struct Trouble {
    std::string lock, make, unmake, sentence;
    milliseconds takes{0};  // the tick
};

Trouble trigger(std::string const& lock, std::string const& event, std::string const& body, std::string const& sentence,
                milliseconds takes = 0ms) {
    auto const name = "\"" + lock + "\"";
    auto const row = event == "DELETE" ? "OLD" : "NEW";
    return {lock,
            "CREATE FUNCTION " + name + "() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN " + body + "; END$$; CREATE TRIGGER " + name +
                " BEFORE " + event + " ON sync_lock FOR EACH ROW WHEN (" + row + ".id = '" + lock + "') EXECUTE FUNCTION " + name + "()",
            "DROP TRIGGER " + name + " ON sync_lock", sentence, takes};
}

std::vector<Trouble> troubles() {
    return {trigger("raises-on-insert", "INSERT", "RAISE EXCEPTION 'closed for today'", "closed for today"),
            trigger("raises-much", "INSERT", "RAISE EXCEPTION '%', E'\\u009b2J\\x1b[31m' || repeat('no ', 400000)", "no no no"),
            trigger("raises-on-update", "UPDATE", "RAISE EXCEPTION 'nobody renews here'", "nobody renews here", 700ms),
            trigger("raises-on-delete", "DELETE", "RAISE EXCEPTION 'kept for the auditors'", "kept for the auditors"),
            trigger("skips-insert", "INSERT", "RETURN NULL", "a trigger on sync_lock that suppresses the write"),
            trigger("skips-update", "UPDATE", "RETURN NULL", "the hold was lost", 700ms),
            trigger("skips-delete", "DELETE", "RETURN NULL", "suppresses DELETE"),
            trigger("changes-the-token", "INSERT OR UPDATE", "NEW.\"syncRunId\" := NEW.\"syncRunId\" || 'x'; RETURN NEW",
                    "a trigger on sync_lock changes"),
            trigger("changes-the-stamp", "INSERT OR UPDATE", "NEW.\"acquiredAt\" := '2000-01-01'; RETURN NEW",
                    "a trigger on sync_lock changes"),
            trigger("keeps-the-stamp", "UPDATE",
                    "IF NEW.\"syncRunId\" = OLD.\"syncRunId\" THEN NEW.\"acquiredAt\" := OLD.\"acquiredAt\"; END IF; RETURN NEW",
                    "a trigger on sync_lock changes", 1500ms),
            trigger("stamps-ahead", "UPDATE", "NEW.\"acquiredAt\" := 'infinity'; RETURN NEW", "a trigger on sync_lock changes", 1500ms),
            {"checks", "ALTER TABLE sync_lock ADD CONSTRAINT short CHECK (id <> 'checks' OR length(\"syncRunId\") = 36)",
             "ALTER TABLE sync_lock DROP CONSTRAINT short", "violates check constraint \"short\""}};
}

TEST(TroublesOnTheTable, AreToldOfAreNoHotLoopAndWhenTheyAreGoneTheLockIsHeldAndReleasedAgain) {
    GROOMER_NEEDS_DATABASE();
    TestDatabase database;
    pg::Session session{database.options()};
    session.transaction([&](auto& transaction) {
        for (auto const& trouble : troubles()) {
            transaction.exec("INSERT INTO groomer.lock_state (lock, cluster, clean) VALUES ('" + trouble.lock +
                             "', groomer.cluster(), true)");
            transaction.exec(trouble.make);
        }
    });
    std::vector<std::unique_ptr<Troubled>> loops;
    for (auto const& trouble : troubles()) loops.push_back(std::make_unique<Troubled>(database, trouble.lock, trouble.takes));
    std::this_thread::sleep_for(3s);
    std::vector<int> statements;
    for (auto const& loop : loops) statements.push_back(loop->statements());
    auto const said_by_now = [&](std::size_t i) { return has(loops[i]->said(), troubles()[i].sentence); };
    for (std::size_t i = 0; i < loops.size(); ++i) {
        auto const end = Steady::now() + 15s;
        while (!said_by_now(i) && Steady::now() < end) std::this_thread::sleep_for(50ms);
        SCOPED_TRACE(troubles()[i].lock);
        auto const said = loops[i]->said();
        EXPECT_TRUE(said_by_now(i)) << said;
        EXPECT_LE(statements[i], 30) << "in 3 s";
        EXPECT_TRUE(is_plain(said));
        EXPECT_FALSE(has(said, "CONTEXT")) << said;
        EXPECT_LE(said.size(), 30'000U);
        EXPECT_LE(std::count(said.begin(), said.end(), '\n'), 25) << said;
    }
    for (auto const& trouble : troubles()) database.query(trouble.unmake);
    auto const mended = [&] {
        return database
            .query(
                "SELECT count(*) FROM groomer.lock_state s WHERE due_at > clock_timestamp() AND EXISTS "
                "(SELECT FROM groomer.hold h WHERE h.lock = s.lock AND h.term = s.term AND ended = 'finished')")
            .at(0)
            .integer(0);
    };
    auto const all = static_cast<std::int64_t>(loops.size());
    for (auto const end = Steady::now() + 10s; mended() < all && Steady::now() < end; std::this_thread::sleep_for(50ms))
        for (auto& loop : loops) loop->wake();  // as any notification does
    for (auto const& row : database.query(
             "SELECT lock, token FROM groomer.lock_state WHERE due_at <= clock_timestamp() AND lock NOT IN ('groomer', 'global')"))
        ADD_FAILURE() << row.text(0) << " was not mended";
    loops.clear();
    EXPECT_EQ(database.query("SELECT FROM sync_lock").size(), 0U);
}

// ------------------------------------------------------------------------------------------------ slow triggers of others

// Longer than a renewal may take (0.8 s), and longer than a replica waits for an acquire or a release (4 s), after which the server
// still goes on with it.
constexpr auto too_long = "1.5", longer_than_anybody_waits = "4.8";

Trouble slow_trigger(std::string const& lock, std::string const& event, std::string const& seconds, std::string const& sentence,
                     milliseconds takes = 0ms) {
    auto slow = trigger(lock, event, "PERFORM pg_sleep(" + seconds + "); RETURN " + (event == "DELETE" ? "OLD" : "NEW"), sentence, takes);
    // Dropping it would wait for who sleeps in it, and hold up all others meanwhile.
    slow.unmake = "CREATE OR REPLACE FUNCTION \"" + lock + "\"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN " +
                  (event == "DELETE" ? "OLD" : "NEW") + "; END'";
    return slow;
}

// Without a sentence: nothing is to be told of, and ticks are held and released as if there were no trigger.
std::vector<Trouble> slow_triggers() {
    return {slow_trigger("slow-write", "INSERT OR UPDATE", "0.3", "", 900ms),
            slow_trigger("slow-delete", "DELETE", "0.3", ""),
            slow_trigger("late-delete", "DELETE", too_long, ""),
            slow_trigger("late-insert", "INSERT", too_long, "a trigger on sync_lock"),
            slow_trigger("late-update", "UPDATE", too_long, "canceling statement due to statement timeout", 1200ms),
            slow_trigger("endless-insert", "INSERT", longer_than_anybody_waits, "the server does not answer"),
            slow_trigger("endless-update", "UPDATE", longer_than_anybody_waits, "canceling statement due to statement timeout", 1200ms),
            slow_trigger("endless-delete", "DELETE", longer_than_anybody_waits, "the server does not answer")};
}

TEST(SlowTriggersOnTheTable, AreWaitedForOrToldOfAndLeaveNoRowBehind) {
    GROOMER_NEEDS_DATABASE();
    TestDatabase database;
    auto const troubles = slow_triggers();
    pg::Session{database.options()}.transaction([&](auto& transaction) {
        for (auto const& trouble : troubles) {
            transaction.exec("INSERT INTO groomer.lock_state (lock, cluster, clean) VALUES ('" + trouble.lock +
                             "', groomer.cluster(), true)");
            transaction.exec(trouble.make);
        }
    });
    std::vector<std::unique_ptr<Troubled>> loops;
    for (auto const& trouble : troubles) loops.push_back(std::make_unique<Troubled>(database, trouble.lock, trouble.takes));
    auto const finished = [&](std::string const& lock) {
        return database.query("SELECT count(*) FROM groomer.hold WHERE ended = 'finished' AND lock = '" + lock + "'").at(0).integer(0) > 0;
    };
    auto const within = [](auto const& is_so, BootTime::duration limit) {
        for (auto const end = Steady::now() + limit; !is_so(); std::this_thread::sleep_for(20ms))
            if (Steady::now() > end) return false;
        return true;
    };
    for (std::size_t i = 0; i < loops.size(); ++i) {
        auto const& [lock, make, unmake, sentence, takes] = troubles[i];
        SCOPED_TRACE(lock);
        auto const is_as_told = [&] { return sentence.empty() ? finished(lock) : has(loops[i]->said(), sentence); };
        EXPECT_TRUE(within(is_as_told, 15s)) << loops[i]->said();
        EXPECT_TRUE(is_plain(loops[i]->said()));
        EXPECT_LE(loops[i]->statements(), 80) << "no hot loop";
        if (sentence.empty()) {
            EXPECT_FALSE(has(loops[i]->said(), "the hold was lost")) << loops[i]->said();
        }
    }
    for (auto const& trouble : troubles) database.query(trouble.unmake);
    for (std::size_t i = 0; i < loops.size(); ++i) {
        auto const is_mended = [&] {
            loops[i]->wake();  // as any notification does
            return finished(troubles[i].lock);
        };
        EXPECT_TRUE(within(is_mended, 15s)) << troubles[i].lock << " was not mended: " << loops[i]->said();
    }
    loops.clear();
    EXPECT_EQ(database.query("SELECT FROM sync_lock").size(), 0U);
    EXPECT_EQ(database.query("SELECT FROM groomer.lock_state WHERE token IS NOT NULL").size(), 0U);
}

// ---------------------------------------------------------------------------------------------------------- the program

class BadInput : public test::ProgramTest {
protected:
    void SetUp() override {
        GROOMER_NEEDS_DATABASE();
        database = std::make_unique<TestDatabase>();
        make_folder("bad-input");
        configure(database->url());
    }
    // One line for a person, and the status of a refused database.
    void expect_refused(Ended const& ended, std::string const& words, std::vector<std::string> const& sentence) {
        SCOPED_TRACE(words);
        EXPECT_EQ(ended.status, 4) << ended.output;
        for (auto const& part : sentence) EXPECT_TRUE(has(ended.output, part)) << part << " is not in: " << ended.output;
        EXPECT_TRUE(is_plain(ended.output));
        EXPECT_FALSE(has(ended.output, "CONTEXT") || has(ended.output, "LINE ") || has(ended.output, "PL/pgSQL")) << ended.output;
        EXPECT_LE(ended.output.size(), 1000U) << ended.output;
    }
    static unsigned short port(test::Process const& process, std::string const& name) {
        auto const text = process.output();
        auto const at = text.rfind("\"" + name + "\":");
        return at == std::string::npos ? 0 : static_cast<unsigned short>(std::stoi(text.substr(at + name.size() + 3)));
    }
    std::string value(std::string const& sql) { return database->query(sql).at(0).text(0); }
    bool until(std::string const& sql, milliseconds limit) {
        auto const end = Steady::now() + limit;
        while (value(sql) != "t") {
            if (Steady::now() >= end) return false;
            std::this_thread::sleep_for(20ms);
        }
        return true;
    }
    void set_row(std::string const& token, std::string const& stamp = "clock_timestamp()") {
        pg::Session session{database->options()};
        pg::Values const values{token};
        session.run({"test", "INSERT INTO sync_lock VALUES ('groomer', $1) ON CONFLICT (id) DO UPDATE SET \"syncRunId\" = $1"}, values);
        database->query("UPDATE sync_lock SET \"acquiredAt\" = " + stamp);
    }
    // Whatever it is.
    void drop_shared() {
        auto const kind = database->query("SELECT relkind FROM pg_class WHERE oid = to_regclass('sync_lock')");
        if (kind.empty()) return;
        auto const of = kind[0].text(0);
        database->query(std::string{"DROP "} + (of == "v" ? "VIEW" : of == "m" ? "MATERIALIZED VIEW" : "TABLE") + " sync_lock CASCADE");
    }

    static constexpr auto good_table =
        "CREATE TABLE sync_lock (id TEXT PRIMARY KEY, \"syncRunId\" TEXT, \"acquiredAt\" TIMESTAMPTZ(6) NOT NULL DEFAULT "
        "CURRENT_TIMESTAMP)";
    std::unique_ptr<TestDatabase> database;
};

struct Shape {
    std::string sql;
    std::vector<std::string> sentence;
};

std::vector<Shape> bad_shapes() {
    std::string const rest = "\"syncRunId\" TEXT, \"acquiredAt\" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP";
    std::string const no_key = "CREATE TABLE sync_lock (id TEXT, " + rest + ")";
    return {
        {no_key, {"ADD PRIMARY KEY"}},
        {no_key + "; INSERT INTO sync_lock VALUES ('groomer', 'a'), ('groomer', 'b')", {"ADD PRIMARY KEY"}},
        {no_key + "; CREATE UNIQUE INDEX ON sync_lock (id) WHERE id <> 'groomer'", {"ADD PRIMARY KEY"}},
        {no_key + "; CREATE UNIQUE INDEX ON sync_lock (id, \"syncRunId\")", {"ADD PRIMARY KEY"}},
        {no_key + "; CREATE UNIQUE INDEX ON sync_lock (lower(id))", {"ADD PRIMARY KEY"}},
        {"CREATE TABLE sync_lock (id TEXT UNIQUE DEFERRABLE, " + rest + ")", {"ADD PRIMARY KEY"}},
        {"CREATE TABLE sync_lock (id TEXT PRIMARY KEY, note TEXT NOT NULL, " + rest + ")", {"note", "default"}},
        {"CREATE TABLE sync_lock (id TEXT PRIMARY KEY, \"acquiredAt\" TIMESTAMPTZ)", {"\"syncRunId\" must be text"}},
        {"CREATE TABLE sync_lock (id TEXT PRIMARY KEY, \"syncRunId\" TEXT)", {"\"acquiredAt\" must be timestamp with time zone"}},
        {"CREATE TABLE sync_lock (id TEXT PRIMARY KEY, syncrunid TEXT, acquiredat TIMESTAMPTZ)", {"\"syncRunId\" must be text"}},
        {"CREATE TABLE sync_lock (id TEXT PRIMARY KEY, \"syncRunId\" TEXT, \"acquiredAt\" TIMESTAMP)",
         {"\"acquiredAt\" must be timestamp with time zone"}},
        {"CREATE TABLE sync_lock (id VARCHAR(64) PRIMARY KEY, " + rest + ")", {"id must be text"}},
        {"CREATE TABLE sync_lock (id TEXT PRIMARY KEY, \"syncRunId\" UUID, \"acquiredAt\" TIMESTAMPTZ)", {"\"syncRunId\" must be text"}},
        {"CREATE VIEW sync_lock AS SELECT ''::text AS id, ''::text AS \"syncRunId\", now() AS \"acquiredAt\"", {"it is no ordinary table"}},
        {"CREATE MATERIALIZED VIEW sync_lock AS SELECT ''::text AS id, ''::text AS \"syncRunId\", now() AS \"acquiredAt\"; "
         "CREATE UNIQUE INDEX ON sync_lock (id)",
         {"it is no ordinary table"}},
        {"CREATE TABLE sync_lock (id TEXT PRIMARY KEY, " + rest + ") PARTITION BY HASH (id)", {"it is no ordinary table"}},
        {"CREATE TABLE sync_lock (id TEXT PRIMARY KEY, " + rest +
             "); UPDATE pg_index SET indisvalid = false WHERE indrelid = 'sync_lock'::regclass",
         {"ADD PRIMARY KEY"}},
        {"CREATE TABLE sync_lock (id TEXT PRIMARY KEY, " + rest + "); CREATE RULE r AS ON DELETE TO sync_lock DO INSTEAD NOTHING",
         {"rule"}}};
}

TEST_F(BadInput, ATableThatCannotBeSharedIsRefusedBeforeAndAfterTheSchemaIsThere) {
    std::vector<std::vector<std::string>> const commands{
        {"migrate"}, {"migrate", "--check"}, {"validate", "--online"}, {"lock", "status"}, {"once"}};
    std::size_t at = 0;
    for (auto const& [sql, sentence] : bad_shapes()) {
        SCOPED_TRACE(sql);
        drop_shared();
        database->query(sql);
        auto all = sentence;
        all.insert(all.end(), {"sync_lock", "not one that can be shared"});
        pg::Session session{database->options()};
        // Each shape by one command; the first by all of them.
        for (std::size_t i = 0; i < commands.size(); ++i)
            if (at == 0 || i == at % commands.size()) {
                auto words = commands[i];
                auto const shown = words[0];
                auto const ended = command(std::move(words));
                auto const valid = std::string{"the configuration is valid: 1 repositories\n"};
                expect_refused(ended, shown, all);
            }
        ++at;
        // Before the first migration, by the same check; nothing is left behind.
        database->query("ALTER SCHEMA groomer RENAME TO groomer_aside");
        expect_refused(command({"migrate"}), "migrate at first", all);
        EXPECT_EQ(value("SELECT count(*) FROM pg_namespace WHERE nspname = 'groomer'"), "0");
        database->query("DROP SCHEMA IF EXISTS groomer CASCADE; ALTER SCHEMA groomer_aside RENAME TO groomer");
    }
    drop_shared();
    expect_refused(command({"once"}), "once", {"there is no table sync_lock", "CREATE TABLE"});
    database->query(good_table);
    EXPECT_EQ(command({"once"}).status, 0);
    EXPECT_EQ(command({"migrate", "--check"}).status, 0);
}

TEST_F(BadInput, ATableThatCanBeSharedMayHaveMoreThanGroomerKnows) {
    std::string const rest = "\"syncRunId\" TEXT, \"acquiredAt\" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP";
    for (auto const& sql :
         {"CREATE TABLE sync_lock (note TEXT, id TEXT PRIMARY KEY, " + rest + ", at TIMESTAMPTZ NOT NULL DEFAULT now())",
          "CREATE TABLE sync_lock (n INT GENERATED ALWAYS AS IDENTITY, id TEXT UNIQUE NOT NULL, " + rest + ")",
          "CREATE TABLE sync_lock (id TEXT, " + rest + ", PRIMARY KEY (id) INCLUDE (\"syncRunId\"))",
          "CREATE TABLE sync_lock (id TEXT PRIMARY KEY, " + rest + ", twice TEXT GENERATED ALWAYS AS (id || id) STORED)",
          "CREATE UNLOGGED TABLE sync_lock (id TEXT PRIMARY KEY, " + rest + ")",
          "CREATE TABLE sync_lock (id TEXT PRIMARY KEY, " + rest + ", UNIQUE (\"syncRunId\"))",
          std::string{"CREATE TABLE sync_lock (id TEXT PRIMARY KEY, \"syncRunId\" TEXT, \"acquiredAt\" TIMESTAMPTZ(0))"}}) {
        SCOPED_TRACE(sql);
        drop_shared();
        database->query(sql);
        database->query(
            "INSERT INTO sync_lock (id, \"syncRunId\", \"acquiredAt\") VALUES ('groomer', 'left', now() - interval '1 h'), "
            "('else', 'theirs', '-infinity')");
        auto const once = command({"once"});
        EXPECT_EQ(once.status, 0) << once.output;
        EXPECT_EQ(value("SELECT string_agg(id || \"syncRunId\", ' ') FROM sync_lock"), "elsetheirs");
    }
    drop_shared();
    // Wherever in the search_path it stands: there it is used, and no other is made.
    database->query(std::string{"CREATE SCHEMA theirs; CREATE SCHEMA ours; SET LOCAL search_path = theirs; "} + good_table);
    database->query("INSERT INTO theirs.sync_lock VALUES ('groomer', 'busy')");
    database->query("ALTER DATABASE " + database->name() + " SET search_path = ours, theirs");
    EXPECT_EQ(command({"migrate"}).status, 0);
    EXPECT_EQ(command({"once"}).status, 75);
    EXPECT_EQ(value("SELECT count(*) FROM pg_class WHERE relname = 'sync_lock'"), "1");
}

TEST_F(BadInput, WhatARoleMayNotDoIsToldWithTheGrantThatIsMissing) {
    auto const role = "guest_" + std::to_string(::getpid()) + "_" + value("SELECT (random() * 1e9)::int");
    auto const of_role = [&](std::string const& sql) { database->query(sql + " TO " + role); };
    database->query("CREATE ROLE " + role + " LOGIN");
    of_role("GRANT USAGE ON SCHEMA groomer");
    of_role("GRANT ALL ON ALL TABLES IN SCHEMA groomer");
    of_role("GRANT ALL ON ALL SEQUENCES IN SCHEMA groomer");
    auto url = database->url();
    url.replace(url.find("postgres@"), 8, role);
    configure(url, "guest.yaml");
    auto const refused = [&](std::vector<std::string> const& sentence) {
        expect_refused(command({"once"}, "guest.yaml"), "once", sentence);
        EXPECT_EQ(value("SELECT count(*) FROM sync_lock"), "0") << "no row is left behind";
    };
    refused({"sync_lock", role, "may not SELECT, INSERT, UPDATE, DELETE", "GRANT"});
    of_role("GRANT SELECT ON sync_lock");
    refused({"sync_lock", role, "may not INSERT, UPDATE, DELETE", "GRANT"});
    of_role("GRANT INSERT, UPDATE ON sync_lock");
    refused({"sync_lock", role, "may not DELETE", "GRANT"});
    of_role("GRANT DELETE ON sync_lock");
    EXPECT_EQ(command({"once"}, "guest.yaml").status, 0) << "all that it needs";

    // Rows that a policy hides cannot be told from rows that are not there.
    database->query("ALTER TABLE sync_lock ENABLE ROW LEVEL SECURITY");
    refused({"sync_lock", "row-level security", role, "BYPASSRLS"});
    database->query("CREATE POLICY all_but_delete ON sync_lock FOR INSERT WITH CHECK (true)");
    refused({"sync_lock", "row-level security", role, "BYPASSRLS"});
    EXPECT_EQ(command({"once"}).status, 0) << "the owner is not subject to it";
    database->query("ALTER ROLE " + role + " BYPASSRLS");
    EXPECT_EQ(command({"once"}, "guest.yaml").status, 0);

    database->query("ALTER ROLE " + role + " SET default_transaction_read_only = on");
    expect_refused(command({"once"}, "guest.yaml"), "once", {"database", "read-only"});
    database->query("DROP OWNED BY " + role);
    database->query("DROP ROLE " + role);
}

TEST_F(BadInput, ARoleThatMayNotMakeTheTableIsToldWhatItNeeds) {
    TestDatabase empty{TestDatabase::Schema::none};
    auto const role = "guest_" + std::to_string(::getpid()) + "_" + value("SELECT (random() * 1e9)::int");
    empty.query("CREATE ROLE " + role + " LOGIN");
    auto url = empty.url();
    url.replace(url.find("postgres@"), 8, role);
    configure(url, "guest.yaml");
    empty.query("REVOKE CREATE ON SCHEMA public FROM public");
    expect_refused(command({"migrate"}, "guest.yaml"), "migrate", {"sync_lock", "GRANT CREATE ON SCHEMA public TO " + role});
    configure(empty.url(), "empty.yaml");
    empty.query("ALTER DATABASE " + empty.name() + " SET search_path = ''");
    expect_refused(command({"migrate"}, "empty.yaml"), "migrate", {"sync_lock", "search_path", "ALTER ROLE"});
    empty.query("DROP ROLE " + role);
}

// What an administrator may have set for a whole database.
TEST_F(BadInput, TheDefaultsOfADatabaseChangeNothingOrAreRefused) {
    auto const set = [&](std::string const& what) { database->query("ALTER DATABASE " + database->name() + " SET " + what); };
    for (auto const* harmless :
         {"extra_float_digits = -10", "datestyle = 'SQL, DMY'", "timezone = 'Asia/Kathmandu'", "intervalstyle = 'sql_standard'",
          "standard_conforming_strings = off", "transform_null_equals = on", "row_security = off", "plan_cache_mode = force_custom_plan"}) {
        SCOPED_TRACE(harmless);
        set(harmless);
        set_row("left\\ b'ehind", "clock_timestamp() - interval '31 min 5 s'");
        auto const once = command({"once"});
        EXPECT_EQ(once.status, 0) << once.output;
        EXPECT_EQ(value("SELECT count(*) FROM sync_lock"), "0");
        set_row("theirs", "clock_timestamp() - interval '30 min'");
        EXPECT_EQ(command({"once"}).status, 75);
        database->query("DELETE FROM sync_lock");
        database->query("ALTER DATABASE " + database->name() + " RESET ALL");
    }
    for (std::string const level : {"serializable", "repeatable read"}) {
        set("default_transaction_isolation = '" + level + "'");
        std::vector<std::string> const sentence{"default_transaction_isolation", level, "ALTER ROLE", "read committed"};
        expect_refused(command({"once"}), "once", sentence);
        expect_refused(command({"migrate", "--check"}), "migrate", sentence);
    }
    set("default_transaction_isolation = 'read committed'");
    EXPECT_EQ(command({"once"}).status, 0);
}

TEST_F(BadInput, AReplicaWaitsForATableThatItCannotUseWithItsProbesAnsweringAndGoesOnOnceItIsMended) {
    database->query("ALTER TABLE sync_lock DROP CONSTRAINT sync_lock_pkey");
    auto const replica = start({"run"});
    ASSERT_TRUE(replica->says("ADD PRIMARY KEY", 10s)) << replica->output();
    auto const http = port(*replica, "http_port");
    EXPECT_EQ(test::http_get(http, "/healthz"), 200);
    EXPECT_EQ(test::http_get(http, "/readyz"), 503);
    EXPECT_EQ(test::http_get(http, "/startupz"), 503);
    std::this_thread::sleep_for(500ms);
    EXPECT_TRUE(replica->running());
    auto const log = replica->output();
    EXPECT_LE(std::count(log.begin(), log.end(), '\n'), 8) << log;
    database->query("ALTER TABLE sync_lock ADD PRIMARY KEY (id)");
    EXPECT_TRUE(until("SELECT count(*) > 0 FROM groomer.hold WHERE lock = 'groomer' AND ended = 'finished'", 15s)) << replica->output();
    EXPECT_EQ(test::http_get(http, "/readyz"), 200);

    // And so it does when somebody breaks the table under it.
    database->query("ALTER TABLE sync_lock RENAME TO aside");
    ASSERT_TRUE(replica->says("sync_lock\\\" does not exist", 10s)) << replica->output();
    auto const before = replica->output().size();
    std::this_thread::sleep_for(1500ms);
    EXPECT_EQ(test::http_get(http, "/healthz"), 200);
    EXPECT_EQ(test::http_get(http, "/readyz"), 200) << "the database answers";
    std::string body;
    EXPECT_EQ(test::http_get(http, "/api/groomer/lock", &body), 503);
    EXPECT_TRUE(has(body, "\"failed\"") && has(body, "`groomer lock status` says why")) << "and is not said not to: " << body;
    EXPECT_TRUE(replica->running());
    auto const since = replica->output().substr(before);
    EXPECT_LE(std::count(since.begin(), since.end(), '\n'), 10) << since;
    auto const holds = value("SELECT count(*) FROM groomer.hold");
    database->query("ALTER TABLE aside RENAME TO sync_lock");
    database->query("SELECT pg_notify('groomer_lock', 'groomer')");
    EXPECT_TRUE(until("SELECT count(*) > " + holds + " FROM groomer.hold WHERE ended = 'finished'", 10s)) << replica->output();
    replica->signal(SIGTERM);
    EXPECT_EQ(replica->wait(10s), 0);
}

TEST_F(BadInput, AMegabyteInTheRowHoldsUpNobody) {
    auto const replica = start({"run"});
    ASSERT_TRUE(until("SELECT count(*) > 0 FROM groomer.hold WHERE lock = 'groomer' AND ended = 'finished'", 15s)) << replica->output();
    auto const http = port(*replica, "http_port");
    database->query("DELETE FROM sync_lock");
    set_row("\x1b[2J" + std::string(one_megabyte, 'x'));
    std::this_thread::sleep_for(1500ms);
    auto const holds = value("SELECT count(*) FROM groomer.hold");
    for (auto const* path : {"/healthz", "/readyz", "/startupz"}) EXPECT_EQ(test::http_get(http, path), 200) << path;
    std::string body;
    EXPECT_EQ(test::http_get(http, "/api/groomer/lock", &body), 200);
    EXPECT_LE(body.size(), 8000U);
    EXPECT_TRUE(has(body, "\"foreign\":true"));
    EXPECT_EQ(value("SELECT count(*) FROM groomer.hold"), holds) << "it is respected";
    EXPECT_LE(replica->output().size(), 20'000U);
    database->query("UPDATE sync_lock SET \"acquiredAt\" = clock_timestamp() - interval '32 min'");
    database->query("SELECT pg_notify('groomer_lock', 'groomer')");
    EXPECT_TRUE(until("SELECT count(*) > 0 FROM groomer.hold WHERE how = 'foreign' AND ended = 'finished'", 7s)) << replica->output();
    replica->signal(SIGTERM);
    EXPECT_EQ(replica->wait(10s), 0);
}

TEST_F(BadInput, WhateverTheTokenTheCommandsShowALineOfPlainTextAndEndAsAlways) {
    EXPECT_EQ(command({"once"}).status, 0);
    for (auto const& token : foreign_tokens()) {
        bool const is_like_others = token.starts_with("g1|") && token.find('i') != std::string::npos;
        if (is_like_others) continue;
        SCOPED_TRACE(token.substr(0, 60));
        set_row(token);
        auto const text = command({"lock", "status"});
        EXPECT_EQ(text.status, 0);
        EXPECT_TRUE(has(text.output, "lock groomer: held by a foreign program, token \"")) << text.output.substr(0, 300);
        EXPECT_TRUE(is_plain(text.output)) << text.output.substr(0, 300);
        EXPECT_LE(text.output.size(), 3000U);
        auto const json = command({"lock", "status", "--output", "json"});
        EXPECT_EQ(json.status, 0);
        EXPECT_TRUE(is_plain(json.output));
        EXPECT_LE(json.output.size(), 8000U);
        auto const told = boost::json::parse(json.output.substr(0, json.output.find('\n')));
        EXPECT_TRUE(told.at("foreign").as_bool());
        if (token.size() <= 1000) {
            EXPECT_EQ(told.at("token").as_string(), token) << "to the byte: a script may hand it on";
        }
        auto const once = command({"once"});
        EXPECT_EQ(once.status, 75);
        EXPECT_TRUE(has(once.output, "held by another")) << once.output.substr(0, 300);
        EXPECT_TRUE(is_plain(once.output)) << once.output.substr(0, 300);
        EXPECT_LE(once.output.size(), 3000U);
    }
}

TEST_F(BadInput, WhateverTheStampTheStatusIsTrue) {
    struct Case {
        std::string stamp, text, until;  // a part of the status, the beginning of `until` in JSON; "" for null
    };
    auto const year = value("SELECT extract(year FROM now() + interval '31 min')");
    for (auto const& [stamp, text, until] :
         {Case{"'infinity'", "stamped infinity, in the future: taken after 31m of", ""}, Case{"'-infinity'", "stamped -infinity", ""},
          Case{"'294276-12-31 23:59:59+00'", "stamped 294276-12-31", ""},
          Case{"'4713-01-01 00:00:00+00 BC'", "stamped 4713-01-01 00:00:00+00 BC", ""},
          Case{"clock_timestamp() + interval '1 year'",
               ", in the future: taken after 31m of being seen unchanged by one running replica, or, if it is surely dead, "
               "`groomer lock release --token TEXT`\n",
               ""},
          Case{"clock_timestamp()", "valid for 18", year}, Case{"'2020-02-29 00:00:00+00'", "expired ", "2020-02-29T00:31:00.000Z"}}) {
        SCOPED_TRACE(stamp);
        set_row("theirs", stamp);
        auto const said = command({"lock", "status"});
        EXPECT_EQ(said.status, 0);
        EXPECT_TRUE(has(said.output, text)) << said.output;
        auto const json = command({"lock", "status", "--output", "json"}).output;
        auto const told = boost::json::parse(json.substr(0, json.find('\n'))).at("until");
        EXPECT_EQ(told.is_null(), until.empty()) << json;
        EXPECT_TRUE(told.is_null() || std::string{told.as_string()}.starts_with(until)) << json;
    }
    set_row("g1|5000|7|slot|incarnation|00000001|uuid", "clock_timestamp() + interval '1 min'");
    auto const of_ours = command({"lock", "status"}).output;
    EXPECT_TRUE(has(of_ours, "in the future: taken after 5s of")) << of_ours;
    EXPECT_TRUE(has(of_ours, "`groomer lock release --term T`") && !has(of_ours, "last stamped") && !has(of_ours, "until")) << of_ours;
}

TEST_F(BadInput, AHoldWhoseRowWasTakenAwayIsLostAndGrowsNoLonger) {
    database->query(test::acquire_sql("pod"));
    auto const last_hold = [&] {
        auto const json = command({"lock", "status", "--output", "json"}).output;
        return boost::json::parse(json.substr(0, json.find('\n'))).at("last_holds").at(0).as_object();
    };
    EXPECT_TRUE(has(command({"lock", "status"}).output, "taken: free  held for 0.")) << "it lasts";
    EXPECT_TRUE(last_hold().at("ended").is_null() && last_hold().at("seconds").is_double());
    for (auto const* gone : {"DELETE FROM sync_lock", "INSERT INTO sync_lock (id, \"syncRunId\") VALUES ('groomer', 'theirs')"}) {
        SCOPED_TRACE(gone);
        database->query(gone);
        auto const text = command({"lock", "status"}).output;
        EXPECT_TRUE(has(text, "pod  taken: free  lost  renewed 0\n")) << text;
        EXPECT_EQ(last_hold().at("ended").as_string(), "lost");
        for (auto const* unknown : {"ended_at", "seconds"}) EXPECT_TRUE(last_hold().at(unknown).is_null()) << unknown;
    }
}

// Whoever writes the state tables by hand may write such moments.
TEST_F(BadInput, MomentsThatNeverComeAreTold) {
    database->query(test::acquire_sql("pod"));
    // A later migration keeps them out by constraints of the tables.
    database->query(
        "DO 'DECLARE c record; BEGIN FOR c IN SELECT conrelid::regclass AS of, conname FROM pg_constraint WHERE contype = ''c'' AND "
        "connamespace = ''groomer''::regnamespace LOOP EXECUTE format(''ALTER TABLE %s DROP CONSTRAINT %I'', c.of, c.conname); END LOOP; "
        "END'");
    struct Case {
        std::string moment, due, due_json;
    };
    for (auto const& [moment, due, due_json] :
         {Case{"infinity", "next tick never due", "null"}, Case{"-infinity", "next tick due now", "0E0"}}) {
        SCOPED_TRACE(moment);
        database->query("UPDATE groomer.lock_state SET due_at = '" + moment + "', acquired_at = '" + moment + "'");
        for (auto const& ended : {std::string{"NULL"}, "'" + moment + "'"}) {
            database->query("UPDATE groomer.hold SET acquired_at = '" + moment + "', ended_at = " + ended);
            auto const text = command({"lock", "status"});
            EXPECT_EQ(text.status, 0) << text.output;
            EXPECT_TRUE(has(text.output, due)) << text.output;
            EXPECT_TRUE(has(text.output, "  at no moment  term ")) << text.output;
            auto const json = command({"lock", "status", "--output", "json"});
            EXPECT_EQ(json.status, 0) << json.output;
            auto const told = boost::json::parse(json.output.substr(0, json.output.find('\n')));
            EXPECT_EQ(boost::json::serialize(told.at("due_in_s")), due_json);
            EXPECT_TRUE(told.at("last_holds").at(0).at("acquired_at").is_null()) << json.output;
            EXPECT_TRUE(told.at("last_holds").at(0).at("seconds").is_null()) << json.output;
        }
    }
}

TEST_F(BadInput, AManualReleaseNeedsExactlyWhatHoldsTheRow) {
    auto const refuse = [&](std::vector<std::string> words, std::vector<int> const& statuses) {
        words.insert(words.begin(), {"lock", "release"});
        auto const ended = command(words);
        SCOPED_TRACE(words.back().substr(0, 60));
        EXPECT_TRUE(std::find(statuses.begin(), statuses.end(), ended.status) != statuses.end()) << ended.status << ended.output;
        EXPECT_EQ(std::count(ended.output.begin(), ended.output.end(), '\n'), 1) << ended.output;
        EXPECT_TRUE(is_plain(ended.output)) << ended.output.substr(0, 300);
        EXPECT_LE(ended.output.size(), 1000U) << ended.output.substr(0, 300);
        EXPECT_EQ(value("SELECT count(*) FROM sync_lock"), "1");
        return ended.output;
    };
    // One of ours, by its term alone.
    database->query(test::acquire_sql("pod"));
    auto const term = value("SELECT term FROM groomer.lock_state WHERE lock = 'groomer'");
    for (auto const& wrong :
         {std::to_string(std::stoll(term) - 1), std::string{"0"}, std::string{"-5"}, std::string{"9223372036854775807"}})
        EXPECT_TRUE(has(refuse({"--term", wrong}, {1}), "not held by that term"));
    for (auto const* wrong : {"99999999999999999999999", "1e3", "", "one", "\x1b[31m", "1 OR true"}) refuse({"--term", wrong}, {1, 2});
    EXPECT_TRUE(has(refuse({"--lock", "nope", "--term", term}, {1}), "lock nope is not held by that term"));
    refuse({"--term", term, "--token", "x"}, {2});
    refuse({"--lock", "global", "--term", term}, {1});
    EXPECT_EQ(command({"lock", "release", "--term", term}).status, 0);

    // One of others, by its text alone, whatever is in it.
    auto const odd = std::string{"a\nb'c\"d\\e $1 %s \x1b[31m\xC2\x9B; -- "};
    set_row(odd);
    for (std::string const wrong : {"", "a", "%", "a\nb'c\"d\\e $1 %s \x1b[31m\xC2\x9B; --", "NULL"})
        EXPECT_TRUE(has(refuse({"--token", wrong}, {1}), "not held by that token"));
    EXPECT_TRUE(has(refuse({"--token", std::string(120'000, 'x')}, {1}), "not held by that token"));
    for (std::string const bytes : {"\xff\xfe", "a\xC3(", "\xED\xA0\x80", "\xC0\x80"}) {
        EXPECT_TRUE(has(refuse({"--token", bytes}, {2}), "UTF-8"));
        EXPECT_TRUE(has(refuse({"--lock", bytes, "--term", term}, {2}), "--lock"));
    }
    for (std::string const id : {"", "\x1b[31mred", "two\nlines"}) refuse({"--lock", id, "--term", term}, {2});
    refuse({"--lock", std::string(100'000, 'x'), "--term", term}, {1, 2});
    EXPECT_EQ(command({"lock", "release", "--token", odd}).status, 0);
    EXPECT_EQ(value("SELECT count(*) FROM sync_lock"), "0");

    auto const unknown = command({"lock", "status", "--lock", "nope'; DROP TABLE sync_lock; --"});
    EXPECT_EQ(unknown.status, 0);
    EXPECT_TRUE(has(unknown.output, "free\ngroomer has no state for this lock yet")) << unknown.output;
    for (std::string const id : {"", "\xff", "\x1b[31mred", "two\nlines"}) {
        auto const ended = command({"lock", "status", "--lock", id});
        EXPECT_EQ(ended.status, 2) << ended.output;
        EXPECT_TRUE(is_plain(ended.output)) << ended.output;
    }
}

}  // namespace
}  // namespace groomer
