#include "pg/direct_session.hpp"

#include "support/process.hpp"
#include "support/run_task.hpp"
#include "support/test_database.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace groomer::test {
namespace {

using namespace std::chrono_literals;

constexpr auto long_enough = 5000ms;

// Prepared, where the connection allows it, since it bounds itself.
pg::Statement statement(std::string_view name, std::string_view sql) { return {name, sql, pg::bounds_itself, true}; }

class DirectSessions : public testing::Test {
protected:
    void SetUp() override {
        GROOMER_NEEDS_DATABASE();
        database = std::make_unique<TestDatabase>(TestDatabase::Schema::none);
        session = std::make_unique<pg::DirectSession>(database->options("groomer/direct"));
    }
    pg::Rows run(pg::Statement const& what, pg::Values const& values = {}, std::chrono::milliseconds limit = long_enough) {
        return run_task(session->run(what, values, limit));
    }
    std::int64_t prepared() {
        return run({"count", "SELECT count(*) FROM pg_prepared_statements WHERE name = 'echo'", 1000ms, true}).at(0).integer(0);
    }

    std::unique_ptr<TestDatabase> database;
    std::unique_ptr<pg::DirectSession> session;
};

constexpr pg::Statement echo{"echo", "SELECT $1::text, $2::int + 1, $3::text IS NULL", pg::bounds_itself, true};

TEST_F(DirectSessions, PrepareWhatRunsAgainAndAgain) {
    for (int i = 0; i < 20; ++i) {
        auto const rows = run(echo, {"it's \\ 'quoted' 💡", i, std::nullopt});
        ASSERT_EQ(rows.size(), 1U);
        EXPECT_EQ(rows[0].text(0), "it's \\ 'quoted' 💡");
        EXPECT_EQ(rows[0].integer(1), i + 1);
        EXPECT_TRUE(rows[0].truth(2));
    }
    EXPECT_EQ(prepared(), 1);
}

TEST_F(DirectSessions, GoOnByTextWhereThePreparedStatementIsGone) {
    run(echo, {"a", 1, "b"});
    run(statement("forget", "DEALLOCATE ALL"));
    EXPECT_EQ(run(echo, {"a", 1, "b"}).at(0).integer(1), 2);
    EXPECT_EQ(run(echo, {"a", 2, "b"}).at(0).integer(1), 3);
    EXPECT_EQ(prepared(), 0);
}

TEST_F(DirectSessions, GoOnWhereAnotherVersionHasReplacedTheFunction) {
    database->query("CREATE FUNCTION answer() RETURNS TABLE (a int) LANGUAGE sql AS 'SELECT 1'");
    auto const answer = statement("answer", "SELECT * FROM answer()");
    EXPECT_EQ(run(answer).at(0).integer(0), 1);
    database->query("DROP FUNCTION answer(); CREATE FUNCTION answer() RETURNS TABLE (a int, b text) LANGUAGE sql AS 'SELECT 2, ''more'''");
    EXPECT_EQ(run(answer).at(0).integer(0), 2);
    EXPECT_EQ(run(answer).at(0).text(1), "more");
}

TEST_F(DirectSessions, TellWhatTheServerRefused) {
    for (int i = 0; i < 2; ++i) {
        try {
            run(statement("divide", "SELECT 1 / $1::int"), {0});
            FAIL() << "it was no error";
        } catch (pg::DatabaseError const& error) {
            EXPECT_EQ(error.sqlstate(), "22012");
            EXPECT_FALSE(error.broken());
            EXPECT_NE(std::string{error.what()}.find("divide"), std::string::npos) << error.what();
        }
    }
    EXPECT_THROW(run(statement("nonsense", "SELECT FROM nothing_there")), pg::DatabaseError);
    EXPECT_EQ(run(echo, {"a", 1, "b"}).at(0).integer(1), 2) << "the session lives on";
}

TEST_F(DirectSessions, GiveUpAServerThatDoesNotAnswer) {
    run(statement("once", "SELECT 1"));
    auto const start = std::chrono::steady_clock::now();
    try {
        run(statement("sleep", "SELECT pg_sleep(20)"), {}, 200ms);
        FAIL() << "it answered";
    } catch (pg::DatabaseError const& error) {
        EXPECT_TRUE(error.broken());
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
}

TEST_F(DirectSessions, TellThatTheConnectionIsBroken) {
    auto const pid = run(statement("pid", "SELECT pg_backend_pid()")).at(0).text(0);
    database->query("SELECT pg_terminate_backend(" + pid + ", 5000)");
    try {
        run(echo, {"a", 1, "b"});
        FAIL() << "it answered";
    } catch (pg::DatabaseError const& error) {
        EXPECT_TRUE(error.broken()) << error.what();
    }
}

// What a standby says, or a server that gives up the session: another connection, perhaps to another host, is to be made.
TEST_F(DirectSessions, EndWhereTheServerIsNoPrimaryOrEndsThem) {
    for (auto const* state : {"25006", "55000", "25P03", "57P01"}) {
        auto const refuse = std::string{"DO 'BEGIN RAISE EXCEPTION USING ERRCODE = ''"} + state + "'', MESSAGE = ''no''; END'";
        try {
            run(statement("refuse", refuse));
            ADD_FAILURE() << "it was no error";
        } catch (pg::DatabaseError const& error) {
            EXPECT_EQ(error.sqlstate(), state);
            EXPECT_TRUE(error.broken()) << state;
        }
        session = std::make_unique<pg::DirectSession>(database->options("groomer/direct"));
        pg::Session blocking{database->options()};
        try {
            blocking.run({"refuse", refuse}, {});
            ADD_FAILURE() << "it was no error";
        } catch (pg::DatabaseError const& error) {
            EXPECT_TRUE(error.broken()) << state;
        }
    }
}

TEST_F(DirectSessions, SendMoreThanASocketTakesAtOnce) {
    std::string const much(8 << 20, 'x');
    EXPECT_EQ(run(statement("length", "SELECT length($1::text)"), {much}).at(0).integer(0), 8 << 20);
    EXPECT_EQ(run({"length.text", "SELECT $1::text", 5000ms, true}, {much}).at(0).text(0), much);
}

TEST_F(DirectSessions, ThatCannotBeMadeSayWhatTheServerSays) {
    auto options = database->options();
    options.url.replace(options.url.find(database->name()), database->name().size(), "no_such_database");
    try {
        pg::DirectSession const none{options};
        FAIL() << "it was made";
    } catch (pg::DatabaseError const& error) {
        EXPECT_TRUE(error.broken());
        EXPECT_NE(std::string{error.what()}.find("no_such_database"), std::string::npos) << error.what();
    }
}

// PgBouncer hands each transaction to whichever server connection is free: what one client prepares, another meets.
class DirectSessionsThroughAPooler : public testing::Test {
protected:
    void SetUp() override {
        GROOMER_NEEDS_DATABASE();
        if (::access("/usr/sbin/pgbouncer", X_OK) != 0) GTEST_SKIP() << "there is no PgBouncer";
        database = std::make_unique<TestDatabase>(TestDatabase::Schema::none);
        auto const made = std::filesystem::temp_directory_path() / "groomer-pooler.XXXXXX";
        folder = made.string();
        ASSERT_NE(::mkdtemp(folder.data()), nullptr);
        std::filesystem::permissions(folder, std::filesystem::perms{0777});
        auto const socket = database->url().substr(database->url().find("host=") + 5);
        std::ofstream{folder + "/pgbouncer.ini"} << "[databases]\n* = host=" << decoded(socket) << " user=postgres\n[pgbouncer]\n"
                                                 << "listen_port = 6432\nunix_socket_dir = " << folder
                                                 << "\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 1\n"
                                                 << "ignore_startup_parameters = extra_float_digits\n";
        std::vector<std::string> command{"/usr/sbin/pgbouncer", folder + "/pgbouncer.ini"};
        if (::geteuid() == 0) command.insert(command.begin(), {"/usr/bin/setpriv", "--reuid=postgres", "--clear-groups"});
        pooler = std::make_unique<Process>(command, folder + "/log");
        ASSERT_TRUE(pooler->says("process up", 10s)) << pooler->output();
        options = database->options("groomer/pooled");
        options.url = "postgresql://postgres@/" + database->name() + "?port=6432&host=" + folder;
    }
    void TearDown() override {
        pooler.reset();
        if (!folder.empty()) std::filesystem::remove_all(folder);
    }
    static std::string decoded(std::string text) {
        for (auto at = text.find("%2F"); at != std::string::npos; at = text.find("%2F")) text.replace(at, 3, "/");
        return text.substr(0, text.find('&'));
    }

    std::unique_ptr<TestDatabase> database;
    std::string folder;
    std::unique_ptr<Process> pooler;
    pg::ConnectOptions options;
};

TEST_F(DirectSessionsThroughAPooler, PrepareNothing) {
    pg::DirectSession one{options}, two{options};
    for (int i = 0; i < 3; ++i)
        for (auto* session : {&one, &two}) EXPECT_EQ(run_task(session->run(echo, {"a", i, "b"}, long_enough)).at(0).integer(1), i + 1);
    auto const count = statement("count", "SELECT count(*) FROM pg_prepared_statements");
    EXPECT_EQ(run_task(one.run(count, {}, long_enough)).at(0).integer(0), 0) << "on the server connection that all share";
}

}  // namespace
}  // namespace groomer::test
