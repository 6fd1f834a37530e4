// A transaction that somebody has left open on a row of the lock, in psql or in a program that hangs: groomer waits for it a moment at
// a time, says what keeps it, which is no trigger, and goes on by itself when it is over. Each is the program against a real one.
#include "integration/program.hpp"
#include "support/test_database.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>

namespace groomer {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using test::TestDatabase;
using test::times;
using Steady = std::chrono::steady_clock;

constexpr auto row_locked = "another session keeps the row", suppressed = "suppresses the write", over = "has moved on";

// Begun and left open, until it is ended.
class OpenTransaction {
public:
    OpenTransaction(TestDatabase const& database, std::string const& sql) {
        std::promise<std::string> begun;
        auto ready = begun.get_future();
        thread_ = std::thread{[this, options = database.options("left-open"), sql, begun = std::move(begun)]() mutable {
            pg::Session session{options};
            session.transaction([&](pg::Session::Transaction& transaction) {
                transaction.exec(sql);
                begun.set_value(transaction.exec("SELECT pg_backend_pid()").at(0).text(0));
                end_.get_future().wait();
            });
        }};
        pid_ = ready.get();
    }
    ~OpenTransaction() {
        end_.set_value();
        thread_.join();
    }
    [[nodiscard]] std::string const& pid() const { return pid_; }

private:
    std::promise<void> end_;
    std::string pid_;
    std::thread thread_;
};

class LockBlocked : public test::ProgramTest {
protected:
    void SetUp() override {
        GROOMER_NEEDS_DATABASE();
        database = std::make_unique<TestDatabase>();
        make_folder("lock-blocked");
        configure(database->url());
        patience = 40s;
    }
    std::string value(std::string const& sql) { return database->query(sql).at(0).text(0); }
    void stale_foreign_row() { database->query("INSERT INTO sync_lock VALUES ('groomer', 'theirs', clock_timestamp() - interval '3 h')"); }
    // It says what keeps the row, once and nothing else, works when that is over, and says so.
    void expect_told_and_over(test::Process& replica, std::unique_ptr<OpenTransaction>& open) {
        ASSERT_TRUE(replica.says(row_locked, 15s)) << replica.output();
        EXPECT_TRUE(replica.says("pg_blocking_pids", 0ms));
        std::this_thread::sleep_for(7s);  // for a bid or two more
        EXPECT_EQ(times(replica.output(), row_locked), 1) << replica.output();
        EXPECT_EQ(times(replica.output(), suppressed), 0) << replica.output();
        EXPECT_EQ(value("SELECT count(*) FROM groomer.hold WHERE lock = 'groomer'"), "0");
        open.reset();
        EXPECT_TRUE(replica.says(over, 10s)) << replica.output();
        auto const end = Steady::now() + 10s;
        while (value("SELECT count(*) > 0 FROM groomer.hold WHERE lock = 'groomer' AND ended = 'finished'") != "t" && Steady::now() < end)
            std::this_thread::sleep_for(20ms);
        EXPECT_EQ(value("SELECT count(*) > 0 FROM groomer.hold WHERE lock = 'groomer' AND ended = 'finished'"), "t") << replica.output();
        replica.signal(SIGTERM);
        EXPECT_EQ(replica.wait(10s), 0);
    }

    std::unique_ptr<TestDatabase> database;
};

constexpr auto lock_the_row = "SELECT FROM sync_lock WHERE id = 'groomer' FOR UPDATE";

TEST_F(LockBlocked, OnceEndsAsBeforeAnyHolderAndSaysWhatKeepsTheRow) {
    database->query("INSERT INTO sync_lock VALUES ('groomer', NULL)");
    OpenTransaction const open{*database, lock_the_row};
    auto const text = command({"once"});
    EXPECT_EQ(text.status, 75) << text.output;
    EXPECT_NE(text.output.find("the lock cannot be had: its row was locked"), std::string::npos) << text.output;
    EXPECT_GE(times(text.output, row_locked), 1) << text.output;
    EXPECT_EQ(times(text.output, suppressed), 0) << text.output;
    EXPECT_LE(text.took, 15s) << "a ttl of 5 s, and what a bid and a start take";
    auto const json = command({"once", "--output", "json"});
    EXPECT_EQ(json.status, 75) << json.output;
    EXPECT_NE(json.output.find(R"("outcome":"lock_held")"), std::string::npos) << json.output;
    EXPECT_EQ(times(json.output, row_locked), 1) << json.output;
}

TEST_F(LockBlocked, ARowOfTheSyncThatIsLockedDoesNotKeepOnceFromGrooming) {
    database->query("INSERT INTO sync_lock VALUES ('global', NULL)");
    OpenTransaction const open{*database, "SELECT FROM sync_lock WHERE id = 'global' FOR UPDATE"};
    auto const ended = command({"once"});
    EXPECT_EQ(ended.status, 0) << ended.output;
    EXPECT_EQ(times(ended.output, row_locked), 1) << ended.output;
    EXPECT_EQ(times(ended.output, "another replica syncs"), 0) << ended.output;
}

TEST_F(LockBlocked, AReplicaSaysThatAStaleForeignRowIsKeptLocked) {
    stale_foreign_row();
    auto open = std::make_unique<OpenTransaction>(*database, lock_the_row);
    auto const replica = start({"run"});
    expect_told_and_over(*replica, open);
}

TEST_F(LockBlocked, AReplicaSaysThatTheStateRowIsKeptLocked) {
    auto open = std::make_unique<OpenTransaction>(*database, "UPDATE groomer.lock_state SET due_at = now() WHERE lock = 'groomer'");
    auto const replica = start({"run"});
    expect_told_and_over(*replica, open);
}

TEST_F(LockBlocked, ATriggerThatSuppressesTheTakingOfAStaleForeignRowIsToldAndTheRowNotCalledFree) {
    stale_foreign_row();
    database->query(
        "CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER suppress BEFORE UPDATE ON "
        "sync_lock "
        "FOR EACH ROW EXECUTE FUNCTION suppress()");
    auto const replica = start({"run"});
    EXPECT_TRUE(replica->says(suppressed, 15s)) << replica->output();
    auto const once = command({"once"});
    EXPECT_EQ(once.status, 4) << once.output;
    EXPECT_NE(once.output.find(suppressed), std::string::npos) << once.output;
    for (auto const& output : {once.output, replica->output()}) {
        EXPECT_EQ(times(output, "free"), 0) << output;
        EXPECT_EQ(times(output, row_locked), 0) << output;
    }
}

// The statement of docs/operations.md that finds such a transaction.
std::string documented_statement() {
    std::ifstream file{std::string{GROOMER_SOURCE_DIR} + "/docs/operations.md"};
    std::stringstream text;
    text << file.rdbuf();
    auto const all = text.str();
    auto const from = all.find("FROM pg_locks");
    auto const begin = all.rfind("```sql\n", from), end = all.find("```", from);
    return from == std::string::npos || begin == std::string::npos ? "" : all.substr(begin + 7, end - begin - 7);
}

TEST_F(LockBlocked, AManualReleaseSaysWhatKeepsTheRowAndTheDocumentedStatementFindsIt) {
    stale_foreign_row();
    OpenTransaction const open{*database, lock_the_row};
    auto const release = command({"lock", "release", "--token", "theirs"});
    EXPECT_EQ(release.status, 4) << release.output;
    EXPECT_NE(release.output.find(row_locked), std::string::npos) << release.output;
    EXPECT_EQ(times(release.output, "canceling statement"), 0) << release.output;
    EXPECT_EQ(times(release.output, "\n"), 1) << release.output;

    auto const found = database->query(documented_statement());
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].text(0), open.pid());
    OpenTransaction const in_the_state{*database, "UPDATE groomer.lock_state SET due_at = now() WHERE lock = 'groomer'"};
    auto const end = Steady::now() + 10s;
    while (database->query(documented_statement()).size() < 2 && Steady::now() < end) std::this_thread::sleep_for(100ms);
    EXPECT_EQ(database->query(documented_statement()).size(), 2U);
}

}  // namespace
}  // namespace groomer
