// Which sync_lock is used where others have, or may have, one too; and what is told when somebody changes it under a replica.
#include "integration/program.hpp"
#include "pg/session.hpp"
#include "store/store.hpp"
#include "support/test_database.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

namespace groomer {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using test::has;
using test::TestDatabase;
using test::times;
using Steady = std::chrono::steady_clock;
using Parts = std::vector<std::string>;

class SharedTable : public test::ProgramTest {
protected:
    void SetUp() override {
        GROOMER_NEEDS_DATABASE();
        make_folder("shared-table");
    }
    void TearDown() override {
        database.reset();
        if (!role.empty()) TestDatabase{TestDatabase::Schema::none}.query("DROP ROLE " + role);
        ProgramTest::TearDown();
    }
    // In which the program is the superuser, or a role of its own that may nothing yet.
    void make(TestDatabase::Schema schema, bool as_guest = false) {
        database = std::make_unique<TestDatabase>(schema);
        auto url = database->url();
        if (as_guest) {
            role = "guest_" + std::to_string(::getpid()) + "_" + value("SELECT (random() * 1e9)::int");
            database->query("CREATE ROLE " + role + " LOGIN");
            url.replace(url.find("postgres@"), 8, role);
        }
        configure(url);
    }
    // For all connections from now on, those of the test included.
    void set_path(std::string const& path) {
        database->query("ALTER DATABASE " + database->name() + " SET search_path = " + path);
        database->query("SELECT set_config('search_path', '" + path + "', false)");
    }
    // The status of a refused database, a line for a person, and no table that was not there before.
    void expect_refused(Parts words, Parts const& sentence) {
        auto const before = tables();
        auto const ended = command(words);
        SCOPED_TRACE(words[0]);
        EXPECT_EQ(ended.status, 4) << ended.output;
        for (auto const& part : sentence) EXPECT_TRUE(has(ended.output, part)) << part << " is not in: " << ended.output;
        EXPECT_LE(ended.output.size(), 1000U) << ended.output;
        EXPECT_EQ(tables(), before);
    }
    std::string value(std::string const& sql) { return database->query(sql).at(0).text(0); }
    std::string tables() {
        return value(
            "SELECT coalesce(string_agg(n.nspname, ' ' ORDER BY 1), '') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relname = 'sync_lock'");
    }
    static std::string good_table(std::string const& schema) {
        return "CREATE TABLE " + schema +
               ".sync_lock (id TEXT PRIMARY KEY, \"syncRunId\" TEXT, \"acquiredAt\" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP)";
    }
    // What the program says to do, from its first word to the end of the line.
    static std::string told(Ended const& ended, std::string const& first) {
        auto const at = ended.output.rfind(first);
        if (at == std::string::npos) return {};
        return ended.output.substr(at, ended.output.find('\n', at) - at);
    }

    std::unique_ptr<TestDatabase> database;
    std::string role;
};

// The role is called groomer as a rule: after the first migration an unqualified CREATE TABLE of its goes to groomer's own schema.
TEST_F(SharedTable, IsBroughtBackWhereOthersLookForIt) {
    make(TestDatabase::Schema::migrated);
    set_path("groomer, public");
    database->query("ALTER TABLE sync_lock RENAME TO aside");
    auto const refused = command({"once"});
    EXPECT_EQ(refused.status, 4) << refused.output;
    database->query(told(refused, "CREATE TABLE"));
    EXPECT_EQ(tables(), "public") << refused.output;
    EXPECT_EQ(command({"once"}).status, 0);
    EXPECT_TRUE(has(command({"lock", "status"}).output, "its table is public.sync_lock\n"));
    EXPECT_TRUE(has(command({"validate", "--online"}).output, "the locks are rows of public.sync_lock\n"));
    auto const json = command({"lock", "status", "--output", "json"}).output;
    EXPECT_EQ(boost::json::parse(json.substr(0, json.find('\n'))).at("table").as_string(), "public.sync_lock");
}

TEST_F(SharedTable, IsNotMadeBesideOneThatTheRoleMayNotSee) {
    make(TestDatabase::Schema::none, true);
    database->query(good_table("public"));
    database->query("INSERT INTO public.sync_lock VALUES ('groomer', 'theirs')");
    database->query("REVOKE ALL ON SCHEMA public FROM public");
    database->query("CREATE SCHEMA groomer AUTHORIZATION " + role);
    database->query("GRANT CREATE ON DATABASE " + database->name() + " TO " + role);
    set_path("groomer, public");
    for (auto const& words : {Parts{"migrate"}, {"migrate", "--check"}, {"validate", "--online"}, {"once"}})
        expect_refused(words, {"there is public.sync_lock", "GRANT USAGE ON SCHEMA public TO " + role});
    database->query("GRANT USAGE ON SCHEMA public TO " + role);
    expect_refused({"migrate"}, {"public.sync_lock", "GRANT SELECT, INSERT, UPDATE, DELETE ON public.sync_lock TO " + role});
    database->query("GRANT SELECT, INSERT, UPDATE, DELETE ON public.sync_lock TO " + role);
    EXPECT_EQ(command({"migrate"}).status, 0);
    EXPECT_EQ(command({"once"}).status, 75) << "another has it";
    EXPECT_EQ(tables(), "public");

    // And one that was made earlier is not used beside it.
    database->query(good_table("groomer") + "; ALTER TABLE groomer.sync_lock OWNER TO " + role);
    for (auto const& words : {Parts{"migrate"}, {"validate", "--online"}, {"once"}, {"lock", "status"}})
        expect_refused(words, {"groomer.sync_lock is in groomer's own schema", "there is public.sync_lock", "DROP TABLE"});
    database->query("REVOKE USAGE ON SCHEMA public FROM " + role);
    expect_refused({"once"}, {"DROP TABLE groomer.sync_lock", "GRANT USAGE ON SCHEMA public TO " + role});
    database->query("GRANT USAGE ON SCHEMA public TO " + role + "; DROP TABLE groomer.sync_lock");
    EXPECT_EQ(command({"once"}).status, 75);
    database->query("DROP OWNED BY " + role);
}

TEST_F(SharedTable, IsNotMadeBesideOneThatTheSearchPathDoesNotReach) {
    make(TestDatabase::Schema::none);
    database->query("CREATE SCHEMA theirs");
    database->query(good_table("theirs"));
    expect_refused({"migrate"}, {"there is theirs.sync_lock", "SET search_path = theirs;", "CREATE TABLE public.sync_lock"});
    EXPECT_EQ(value("SELECT count(*) FROM pg_namespace WHERE nspname = 'groomer'"), "0");
    set_path("theirs");
    EXPECT_EQ(command({"once"}).status, 0);
    EXPECT_EQ(tables(), "theirs");
    // Another program's own, as people say by making one for groomer: they are told of both.
    set_path("public");
    database->query(good_table("public"));
    auto const once = command({"once"});
    EXPECT_EQ(once.status, 0);
    EXPECT_EQ(times(once.output, "groomer uses public.sync_lock, and not theirs.sync_lock"), 1) << once.output;
}

TEST_F(SharedTable, IsNotMadeInGroomersOwnSchema) {
    make(TestDatabase::Schema::none);
    database->query("CREATE SCHEMA groomer");
    set_path("groomer, public");
    expect_refused({"once"}, {"sync_lock would be made in groomer's own schema"});
    database->query(told(command({"migrate"}), "CREATE TABLE"));
    EXPECT_EQ(command({"migrate"}).status, 0);
    EXPECT_EQ(tables(), "public");
    database->query("ALTER TABLE sync_lock SET SCHEMA groomer");
    set_path("public");
    expect_refused({"once"}, {"ALTER TABLE groomer.sync_lock SET SCHEMA public"});
}

TEST_F(SharedTable, OfAnOlderInstallationInGroomersOwnSchemaIsUsedWithAWordWhileThereIsNoOther) {
    make(TestDatabase::Schema::none);
    database->query("CREATE SCHEMA groomer");
    set_path("groomer, public");
    pg::Session session{database->options()};
    pg::try_migrate(session, store::migrations());  // without the look at the table
    ASSERT_EQ(tables(), "groomer");
    auto const once = command({"once"});
    EXPECT_EQ(once.status, 0) << once.output;
    EXPECT_EQ(times(once.output, "groomer's own schema"), 1) << once.output;
    EXPECT_TRUE(has(command({"validate", "--online"}).output, "the locks are rows of groomer.sync_lock\n"));
    // Somebody else's, where nobody looks for it.
    database->query("CREATE SCHEMA tenant");
    database->query(good_table("tenant"));
    auto const both = command({"once"});
    EXPECT_EQ(both.status, 0) << both.output;
    EXPECT_EQ(times(both.output, "there is tenant.sync_lock: if other programs use that"), 1) << both.output;
    // Where each of many tenants has one, a few are named.
    for (auto const* more : {"t2", "t3", "t4", "t5", "t6"}) database->query("CREATE SCHEMA " + std::string{more} + ";" + good_table(more));
    auto const many = command({"once"});
    EXPECT_EQ(many.status, 0) << many.output;
    EXPECT_EQ(times(many.output, "there is t2.sync_lock and t3.sync_lock and t4.sync_lock and t5.sync_lock: if"), 1) << many.output;
    database->query("DROP SCHEMA t2, t3, t4, t5, t6 CASCADE");
    database->query("DROP TABLE tenant.sync_lock; ALTER TABLE groomer.sync_lock SET SCHEMA public");
    auto const moved = command({"once"});
    EXPECT_EQ(moved.status, 0) << moved.output;
    EXPECT_FALSE(has(moved.output, "own schema")) << moved.output;
}

TEST_F(SharedTable, WhatARoleLacksForMigratingIsTold) {
    make(TestDatabase::Schema::none, true);
    database->query("GRANT CREATE ON SCHEMA public TO " + role);
    for (auto const& words : {Parts{"migrate"}, {"validate", "--online"}})
        expect_refused(words, {role + " may not make the schema groomer", "GRANT CREATE ON DATABASE " + database->name() + " TO " + role});
    database->query("GRANT CREATE ON DATABASE " + database->name() + " TO " + role);
    database->query("CREATE SCHEMA groomer; GRANT USAGE ON SCHEMA groomer TO " + role);
    expect_refused({"migrate"}, {"GRANT CREATE ON SCHEMA groomer TO " + role});
    database->query("DROP SCHEMA groomer");
    EXPECT_EQ(command({"migrate"}).status, 0);
    // A later version, and the schema is another's.
    database->query("ALTER TABLE groomer.schema_version OWNER TO postgres; GRANT ALL ON groomer.schema_version TO " + role);
    EXPECT_EQ(command({"migrate"}).status, 0) << "there is nothing to do";
    database->query("DELETE FROM groomer.schema_version WHERE version = (SELECT max(version) FROM groomer.schema_version)");
    expect_refused({"migrate"}, {"the tables in the schema groomer belong to postgres", "run groomer migrate as postgres"});
    database->query("DROP OWNED BY " + role + " CASCADE");
}

TEST_F(SharedTable, IsNoReasonToHoldUpADumpForAMigrationNorTheOthersMeanwhile) {
    make(TestDatabase::Schema::none);
    auto before = store::migrations();
    before.resize(10);  // 011 changes lock_state
    pg::Session session{database->options()};
    pg::try_migrate(session, before);
    std::unique_ptr<test::Process> migrating;
    session.transaction([&](pg::Session::Transaction& dump) {
        dump.exec("SELECT FROM groomer.lock_state");
        migrating = start({"migrate"});
        auto const end = Steady::now() + 15s;
        while (!has(migrating->output(), "another session uses its tables") && Steady::now() < end) std::this_thread::sleep_for(20ms);
        auto const asked = Steady::now();
        EXPECT_EQ(value("SELECT count(*) FROM groomer.lock_state"), "2");
        EXPECT_LE(Steady::now() - asked, 2s) << "a look's patience";
    });
    EXPECT_EQ(migrating->wait(15s), 0) << migrating->output();
    EXPECT_EQ(times(migrating->output(), "another session uses its tables"), 1) << migrating->output();
}

struct Change {
    std::string make, unmake, sentence;
};

std::vector<Change> changes() {
    return {{"CREATE TABLE known (token TEXT PRIMARY KEY); ALTER TABLE sync_lock ADD CONSTRAINT k FOREIGN KEY (\"syncRunId\") REFERENCES "
             "known NOT VALID",
             "ALTER TABLE sync_lock DROP CONSTRAINT k; DROP TABLE known",
             "its foreign key k refuses what groomer writes to \"syncRunId\": ALTER TABLE public.sync_lock DROP CONSTRAINT k"},
            {"CREATE TABLE child () INHERITS (sync_lock); INSERT INTO child VALUES ('groomer', 'a'), ('groomer', 'b')", "DROP TABLE child",
             "inherit from it count as its own: ALTER TABLE child NO INHERIT public.sync_lock"},
            {"ALTER TABLE sync_lock DROP CONSTRAINT sync_lock_pkey", "ALTER TABLE sync_lock ADD PRIMARY KEY (id)",
             "two rows may have one id: ALTER TABLE public.sync_lock ADD PRIMARY KEY (id)"},
            {"ALTER TABLE sync_lock RENAME TO aside", "ALTER TABLE aside RENAME TO sync_lock", "CREATE TABLE public.sync_lock"}};
}

TEST_F(SharedTable, WithAShapeThatRefusesOrDoublesRowsIsRefused) {
    make(TestDatabase::Schema::migrated);
    database->query("ALTER TABLE sync_lock ADD CONSTRAINT named CHECK (id <> '')");  // does not touch what groomer writes
    for (auto const& [make, unmake, sentence] : changes()) {
        SCOPED_TRACE(make);
        database->query(make);
        expect_refused({"validate", "--online"}, {sentence});
        database->query(unmake);
        EXPECT_EQ(command({"once"}).status, 0);
    }
    database->query(
        "DROP TABLE sync_lock; CREATE TABLE whole (id TEXT, \"syncRunId\" TEXT, \"acquiredAt\" TIMESTAMPTZ) PARTITION BY LIST (id);"
        "CREATE TABLE sync_lock PARTITION OF whole (PRIMARY KEY (id)) DEFAULT");
    expect_refused({"once"}, {"it is a partition of another: detach it"});
}

TEST_F(SharedTable, WithACheckOfTokensIsUsedWithAWord) {
    make(TestDatabase::Schema::migrated);
    database->query("ALTER TABLE sync_lock ADD CONSTRAINT k CHECK (id <> '' AND \"syncRunId\" <> '')");
    auto const once = command({"once"});
    EXPECT_EQ(once.status, 0) << once.output;
    EXPECT_EQ(times(once.output, "its CHECK k must let every token pass"), 1) << once.output;
}

TEST_F(SharedTable, IsLookedAtAgainWhenAReplicaMeetsAnErrorAndItsFaultToldOnceAChange) {
    make(TestDatabase::Schema::migrated);
    auto const replica = start({"run"});
    auto const finished = [&] {
        return std::stoll(value("SELECT count(*) FROM groomer.hold WHERE lock = 'groomer' AND ended = 'finished'"));
    };
    auto const until = [&](auto const& is_so, milliseconds limit) {
        for (auto const end = Steady::now() + limit; !is_so(); std::this_thread::sleep_for(50ms)) {
            database->query("SELECT pg_notify('groomer_lock', 'groomer')");  // cuts a back-off short
            if (Steady::now() > end) return false;
        }
        return true;
    };
    ASSERT_TRUE(until([&] { return finished() > 0; }, 15s)) << replica->output();
    std::string said = replica->output();
    EXPECT_FALSE(has(said, "sync_lock")) << "nothing is wrong: " << said;
    auto all = changes();
    all.insert(all.begin(), all.front());  // mended and done again: told again
    for (auto const& [make, unmake, sentence] : all) {
        SCOPED_TRACE(make);
        auto const before = replica->output().size();
        auto const since = [&] { return replica->output().substr(before); };
        auto const quoted = [](std::string text) {  // as in JSON
            for (auto at = text.find('"'); at != std::string::npos; at = text.find('"', at + 2)) text.insert(at, "\\");
            return text;
        }(sentence);
        database->query(make);
        EXPECT_TRUE(until([&] { return has(since(), quoted); }, 10s)) << since();
        auto const errors = [&] {
            return times(since(), "\"an attempt at the lock failed\"") + times(since(), "\"cannot look at the lock, waiting\"");
        };
        auto const met = errors();
        EXPECT_TRUE(until([&] { return errors() >= met + 6; }, 15s)) << since();  // longer than it rests between two looks
        EXPECT_EQ(times(since(), quoted), 1) << since();
        database->query(unmake);
        auto const ended = finished();
        EXPECT_TRUE(until([&] { return finished() > ended; }, 15s)) << since();
    }
    replica->signal(SIGTERM);
    EXPECT_EQ(replica->wait(15s), 0);
}

}  // namespace
}  // namespace groomer
