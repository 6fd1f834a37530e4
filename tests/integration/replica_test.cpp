// Whole processes: what a platform engineer does to them, and what they answer.
#include "support/acquire_sql.hpp"
#include "support/process.hpp"
#include "support/test_database.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <thread>

namespace groomer {
namespace {

using namespace std::chrono_literals;
using test::Process;
using test::TestDatabase;

class Replicas : public testing::Test {
protected:
    void SetUp() override {
        GROOMER_NEEDS_DATABASE();
        database = std::make_unique<TestDatabase>(TestDatabase::Schema::none);
        folder = std::filesystem::temp_directory_path() /
                 ("groomer-replica-test-" + std::to_string(::getpid()) + "-" + std::to_string(++counter));
        std::filesystem::create_directories(folder);
        configure(database->url());
        backlog(0);
    }
    void TearDown() override {
        replicas.clear();
        std::filesystem::remove_all(folder);
    }

    void configure(std::string const& url, std::string const& more = "") { configure_with("url: \"" + url + "\"", more); }
    void configure_with(std::string const& url, std::string const& more = "") {
        std::ofstream{folder / "c.yaml"}
            << "database: {" << url << "}\nschedule: {groom_every: 1s, sync_every: 1s}\n"
            << "repositories:\n  - {name: local/backlog, tracker: file, path: " << (folder / "b.json").string()
            << "}\npolicy: {mode: apply, batch: 20}\nhttp: {listen: \"127.0.0.1:0\", metrics_listen: \"127.0.0.1:0\"}\n"
            << more;
    }
    // As often as by default: after the first ticks it waits for a minute.
    void configure_idle() {
        std::ofstream{folder / "c.yaml"} << "database: {url: \"" << database->url()
                                         << "\"}\nhttp: {listen: \"127.0.0.1:0\", metrics_listen: \"127.0.0.1:0\"}\nrepositories: [{name: "
                                            "local/backlog, tracker: file, path: "
                                         << (folder / "b.json").string() << "}]\n";
    }
    void backlog(int issues) {
        std::ofstream out{folder / "b.json"};
        out << "[";
        for (int i = 1; i <= issues; ++i)
            out << (i > 1 ? ",\n" : "") << R"({"number":)" << i << R"(,"title":"crash of part )" << i
                << R"(","body":null,"state":"open","labels":[]})";
        out << "]";
    }
    Process& start(std::string const& pod, std::map<std::string, std::string> variables = {}) {
        variables["POD_NAME"] = pod;
        replicas.push_back(
            std::make_unique<Process>(arguments({"run"}), (folder / (pod + std::to_string(replicas.size()) + ".log")).string(), variables));
        return *replicas.back();
    }
    std::vector<std::string> arguments(std::vector<std::string> words) {
        words.insert(words.begin(), GROOMER_BINARY);
        words.push_back("--config");
        words.push_back((folder / "c.yaml").string());
        return words;
    }
    struct Ended {
        int status;
        std::string output;
    };
    Ended command(std::vector<std::string> words) {
        Process process{arguments(std::move(words)), (folder / "command.log").string()};
        auto const status = process.wait(30s);
        return {status.value_or(-1), process.output()};
    }
    static std::string last_line(std::string text) {
        while (text.ends_with('\n')) text.pop_back();
        return text.substr(text.rfind('\n') + 1);
    }
    static unsigned short port(Process const& process, std::string const& name) {
        auto const text = process.output();
        auto const at = text.rfind("\"" + name + "\":");
        return at == std::string::npos ? 0 : static_cast<unsigned short>(std::stoi(text.substr(at + name.size() + 3)));
    }
    std::string value(std::string const& sql) {
        auto rows = database->query(sql);
        return rows.empty() ? "" : rows.front().text(0);
    }
    // Stops the server's processes that serve a pod: they are the test's own. Returns them, to be continued.
    std::vector<int> freeze(std::string const& pod) {
        std::vector<int> pids;
        for (auto const& row : database->query(
                 "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'groomer/%/" + pod + "'"))
            pids.push_back(static_cast<int>(row.integer(0)));
        for (int const pid : pids) ::kill(pid, SIGSTOP);
        return pids;
    }
    // True once the query says "t"; asked every 20 ms.
    bool until(std::string const& sql, std::chrono::seconds limit) {
        auto const end = std::chrono::steady_clock::now() + limit;
        while (std::chrono::steady_clock::now() < end) {
            try {
                if (value(sql) == "t") return true;
            } catch (std::exception const&) {  // the schema may not be there yet
            }
            std::this_thread::sleep_for(20ms);
        }
        return false;
    }
    // Repository, issue, operation and label → how often it took effect.
    std::map<std::string, int> effects() {
        std::map<std::string, int> out;
        std::ifstream in{folder / "b.json.groomer.jsonl"};
        for (std::string line; std::getline(in, line);) {
            auto const effect = boost::json::parse(line);
            ++out[boost::json::serialize(effect.at("issue")) + boost::json::serialize(effect.at("op")) +
                  boost::json::serialize(effect.at("label"))];
        }
        return out;
    }

    static constexpr auto all_groomed = "SELECT pending = 0 AND synced AND issues > 0 FROM groomer.progress";
    static inline int counter = 0;
    std::unique_ptr<TestDatabase> database;
    std::filesystem::path folder;
    std::vector<std::unique_ptr<Process>> replicas;
};

TEST_F(Replicas, BecomesReadyAnswersItsProbesAndStopsWithZero) {
    ASSERT_EQ(command({"migrate"}).status, 0);
    auto const began = std::chrono::steady_clock::now();
    auto& replica = start("one");
    ASSERT_TRUE(replica.says("\"ready\"", 10s)) << replica.output();
    EXPECT_LT(std::chrono::steady_clock::now() - began, 3s) << "the goal is 1 s";
    auto const http = port(replica, "http_port"), metrics = port(replica, "metrics_port");
    EXPECT_EQ(test::http_get(http, "/healthz"), 200);
    EXPECT_EQ(test::http_get(http, "/readyz"), 200);
    EXPECT_EQ(test::http_get(http, "/startupz"), 200);
    EXPECT_EQ(test::http_get(http, "/metrics"), 404) << "metrics have a listener of their own";
    std::string text;
    EXPECT_EQ(test::http_get(metrics, "/metrics", &text), 200);
    EXPECT_NE(text.find("groomer_build_info{"), std::string::npos);
    EXPECT_NE(text.find("groomer_lock_acquisitions_total"), std::string::npos);
    replica.signal(SIGTERM);
    EXPECT_EQ(replica.wait(10s), 0) << replica.output();
    EXPECT_EQ(value("SELECT count(*) FROM sync_lock"), "0");
}

TEST_F(Replicas, TellsWhoHoldsTheLockOverHttpAndOnTheCommandLine) {
    ASSERT_EQ(command({"migrate"}).status, 0);
    auto& replica = start("one");
    ASSERT_TRUE(until("SELECT count(*) > 0 FROM groomer.hold WHERE lock = 'groomer' AND ended = 'finished'", 30s)) << replica.output();
    database->query("UPDATE groomer.control SET paused = true");
    ASSERT_TRUE(until("SELECT count(*) = 0 FROM sync_lock", 10s));
    auto const asked = [&] {
        std::string body;
        EXPECT_EQ(test::http_get(port(replica, "http_port"), "/api/groomer/lock", &body), 200);
        return boost::json::parse(body.substr(body.find("\r\n\r\n") + 4)).as_object();
    };
    auto const free = asked();
    EXPECT_FALSE(free.at("held").as_bool());
    EXPECT_TRUE(free.at("holder").is_null() && free.at("until").is_null());
    auto const told = boost::json::parse(last_line(command({"lock", "status", "--output", "json"}).output));
    ASSERT_FALSE(told.at("last_holds").as_array().empty());
    EXPECT_EQ(told.at("last_holds").at(0).at("pod").as_string(), "one");
    EXPECT_EQ(told.at("last_holds").at(0).at("ended").as_string(), "finished");

    database->query(test::acquire_sql("two"));
    std::this_thread::sleep_for(1100ms);  // an answer is good for a second
    auto const held = asked();
    EXPECT_TRUE(held.at("held").as_bool());
    EXPECT_FALSE(held.at("mine").as_bool() || held.at("foreign").as_bool());
    EXPECT_EQ(held.at("holder").as_string(), "two");
    EXPECT_GT(held.at("term").as_int64(), free.at("term").as_int64());
    EXPECT_GT(held.at("until").as_string(), held.at("since").as_string());
    EXPECT_EQ(held.at("renewals").as_int64(), 0);

    auto const text = command({"lock", "status"});
    EXPECT_EQ(text.status, 0);
    EXPECT_NE(text.output.find("lock groomer: held by two, term " + std::to_string(held.at("term").as_int64()) + ", since 2"),
              std::string::npos)
        << text.output;
    EXPECT_NE(text.output.find("valid for"), std::string::npos) << text.output;
    auto const json = boost::json::parse(last_line(command({"lock", "status", "--output", "json"}).output)).as_object();
    for (auto const* key : {"holder", "term", "since", "until", "renewals", "foreign"}) EXPECT_EQ(json.at(key), held.at(key)) << key;

    database->query("UPDATE sync_lock SET \"syncRunId\" = E'5f0c\\u001b[2J\\n' || repeat('x', 100000) WHERE id = 'groomer'");
    auto const foreign = command({"lock", "status"}).output;
    EXPECT_NE(foreign.find("held by a foreign program, token \"5f0c [2J xxx"), std::string::npos) << foreign.substr(0, 300);
    EXPECT_LT(foreign.size(), 5000U);
    EXPECT_EQ(foreign.find('\x1b'), std::string::npos);
}

TEST_F(Replicas, AStandbyIsSmall) {
    backlog(5);
    start("one");
    ASSERT_TRUE(until(all_groomed, 30s));
    auto& standby = start("two");
    ASSERT_TRUE(standby.says("\"ready\"", 10s));
    ASSERT_TRUE(until("SELECT count(*) > 0 FROM groomer.hold WHERE pod = 'two'", 30s));
    EXPECT_LE(standby.resident(), 20 * 1024);
}

TEST_F(Replicas, AnyReplicaMayBeKilledAtAnyMomentAndEachIssueIsStillGroomedOnce) {
    backlog(300);
    std::mt19937 random{7};
    for (int i = 0; i < 3; ++i) start("r" + std::to_string(i));
    std::set<std::string> killed;
    for (int kill = 0; kill < 8 && !until(all_groomed, 0s); ++kill) {
        std::this_thread::sleep_for(std::chrono::milliseconds{100 + random() % 400});
        auto& victim = *replicas[replicas.size() - 1 - random() % 3];
        victim.signal(SIGKILL);
        victim.wait(5s);
        start("r" + std::to_string(kill % 3));
    }
    ASSERT_TRUE(until(all_groomed, 60s)) << value("SELECT progress::text FROM groomer.progress");
    auto const done = effects();
    for (auto const& [effect, count] : done) EXPECT_EQ(count, 1) << effect;
    EXPECT_EQ(done.size(), 300U);
}

TEST_F(Replicas, AKilledHolderIsReplacedWithinItsTtl) {
    backlog(20'000);
    configure(database->url(), "lock: {ttl: 3s, renew_every: 800ms}\n");
    auto& holder = start("holder");
    ASSERT_TRUE(until("SELECT count(*) > 0 FROM groomer.run", 60s));
    start("standby");
    holder.signal(SIGKILL);
    holder.wait(5s);
    auto const began = std::chrono::steady_clock::now();
    ASSERT_TRUE(until("SELECT count(*) > 0 FROM groomer.hold WHERE pod = 'standby' AND lock = 'groomer'", 20s));
    EXPECT_LT(std::chrono::steady_clock::now() - began, 6s);
}

TEST_F(Replicas, ARestartedContainerTakesItsPredecessorsRowBackAtOnce) {
    ASSERT_EQ(command({"migrate"}).status, 0);
    // What a predecessor in the same slot left when it was killed in the middle of a hold.
    database->query(test::acquire_sql("pod", "uid/main", "dead"));
    std::map<std::string, std::string> slot{
        {"GROOMER_POD_UID", "uid"}, {"GROOMER_CONTAINER", "other"}, {"GROOMER_SLOT_DIR", folder.string()}};
    auto& neighbour = start("neighbour", slot);
    ASSERT_TRUE(neighbour.says("\"ready\"", 10s));
    EXPECT_FALSE(until("SELECT count(*) > 1 FROM groomer.hold WHERE lock = 'groomer'", 1s)) << "it is another container's";
    slot["GROOMER_CONTAINER"] = "main";
    start("pod", slot);
    ASSERT_TRUE(until("SELECT count(*) > 0 FROM groomer.hold WHERE how = 'reclaimed' AND pod = 'pod'", 10s));
}

TEST_F(Replicas, StopsInTheMiddleOfABacklogWithoutLosingTheRowOrAnIssue) {
    backlog(2'000);
    auto& replica = start("one");
    ASSERT_TRUE(until("SELECT count(*) > 20 FROM groomer.run", 60s));
    replica.signal(SIGTERM);
    EXPECT_EQ(replica.wait(20s), 0) << replica.output();
    EXPECT_EQ(value("SELECT count(*) FROM sync_lock"), "0");
    EXPECT_EQ(value("SELECT count(*) FROM groomer.hold WHERE ended_at IS NULL"), "0");
    for (auto const& [effect, count] : effects()) EXPECT_EQ(count, 1) << effect;
}

TEST_F(Replicas, BackendsThatAreTerminatedAreReplaced) {
    backlog(300);
    start("one");
    start("two");
    for (int i = 0; i < 5; ++i) {
        std::this_thread::sleep_for(150ms);
        try {
            database->query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'groomer/%/%' AND datname = "
                "current_database()");
        } catch (std::exception const&) {
        }
    }
    ASSERT_TRUE(until(all_groomed, 60s));
    for (auto const& [effect, count] : effects()) EXPECT_EQ(count, 1) << effect;
    for (auto& replica : replicas) EXPECT_TRUE(replica->running());
}

TEST_F(Replicas, WaitsForADatabaseThatIsNotThereAndStopsCleanly) {
    configure("postgresql://groomer:topsecret@127.0.0.1:1/nowhere");
    auto& replica = start("one");
    ASSERT_TRUE(replica.says("waiting", 10s));
    auto const http = port(replica, "http_port");
    EXPECT_EQ(test::http_get(http, "/healthz"), 200);
    EXPECT_EQ(test::http_get(http, "/readyz"), 503);
    EXPECT_EQ(test::http_get(http, "/startupz"), 503);
    replica.signal(SIGTERM);
    EXPECT_EQ(replica.wait(10s), 0);
    EXPECT_EQ(replica.output().find("topsecret"), std::string::npos);
}

TEST_F(Replicas, StopsWhileAnotherProcessMigrates) {
    pg::Session blocker{database->options("blocker")};
    blocker.run({"hold", "SELECT pg_advisory_lock(x'67726f6f6d6572'::bigint)"}, {});  // for as long as the session lives
    auto& replica = start("one");
    bool const tries = until(
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE query IN ('COMMIT', 'ROLLBACK') AND application_name LIKE 'groomer/%/one'", 10s);
    replica.signal(SIGTERM);
    EXPECT_EQ(replica.wait(15s), 0) << replica.output();
    EXPECT_TRUE(tries) << "it was not in the migration when it was stopped";
    EXPECT_EQ(value("SELECT count(*) FROM pg_namespace WHERE nspname = 'groomer'"), "0") << "it did not wait for its turn";
}

TEST_F(Replicas, StopsThoughItsConnectionsAreFrozen) {
    configure_idle();
    auto& replica = start("one");
    ASSERT_TRUE(until("SELECT count(*) = 2 FROM groomer.hold WHERE ended = 'finished'", 15s));
    ASSERT_TRUE(until("SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()", 5s));
    auto const frozen = freeze("one");
    ASSERT_GE(frozen.size(), 2U);
    replica.signal(SIGTERM);
    auto const status = replica.wait(30s);
    for (int const backend : frozen) ::kill(backend, SIGCONT);
    EXPECT_EQ(status, 0) << replica.output();
}

TEST_F(Replicas, ASecondSignalEndsItAtOnce) {
    backlog(2'000);
    auto& replica = start("one");
    ASSERT_TRUE(until("SELECT count(*) > 0 FROM groomer.run", 30s));
    auto const frozen = freeze("one");  // a tick that cannot end before its statements are given up
    replica.signal(SIGTERM);
    bool const stops = replica.says("stopping", 5s);
    replica.signal(SIGTERM);
    auto const status = replica.wait(2s);
    for (int const backend : frozen) ::kill(backend, SIGCONT);
    EXPECT_TRUE(stops);
    EXPECT_EQ(status, 128 + SIGTERM);
}

TEST_F(Replicas, ARotatedPasswordInTheUrlsFileIsUsedWithoutARestart) {
    auto const url = folder / "url";
    std::ofstream{url} << database->url();
    configure_with("url_file: " + url.string());
    auto& replica = start("one");
    ASSERT_TRUE(until("SELECT count(*) > 0 FROM groomer.hold WHERE lock = 'groomer' AND ended = 'finished'", 15s));
    auto const with_password = [&](std::string const& password) {
        auto text = database->url();
        return text.replace(text.find("postgres@"), 9, "postgres:" + password + "@");
    };
    std::ofstream{url} << with_password("second");
    ASSERT_TRUE(replica.says("was reloaded", 15s));
    database->query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'groomer/%/one'");
    auto const before = value("SELECT count(*) FROM groomer.hold WHERE ended = 'finished'");
    EXPECT_TRUE(until("SELECT count(*) > " + before + " FROM groomer.hold WHERE ended = 'finished'", 15s)) << replica.output();
    std::string text;
    test::http_get(port(replica, "metrics_port"), "/metrics", &text);
    EXPECT_NE(text.find("groomer_secret_reloads_total{result=\"ok\",secret=\"database.url\"} 1"), std::string::npos);
    EXPECT_EQ(replica.output().find("second"), std::string::npos) << "a password in a log";
}

TEST_F(Replicas, CommandsEndWithTheStatusOfTheirTrouble) {
    EXPECT_EQ(command({"once", "--nonsense"}).status, 2);
    EXPECT_EQ(command({"explain", "no-issue"}).status, 2);
    EXPECT_EQ(command({"lock", "release"}).status, 2);
    EXPECT_EQ(command({"migrate", "--check"}).status, 4) << "there is no schema yet";
    EXPECT_EQ(command({"once"}).status, 0);
    EXPECT_EQ(command({"migrate", "--check"}).status, 0);
    EXPECT_EQ(command({"validate", "--online"}).status, 0);

    database->query("INSERT INTO sync_lock (id, \"syncRunId\") VALUES ('groomer', 'a foreign program')");
    auto const held = command({"once"});
    EXPECT_EQ(held.status, 75);
    EXPECT_NE(held.output.find("a foreign program"), std::string::npos);

    database->query("INSERT INTO groomer.schema_version VALUES (999, 'newer')");
    auto const newer = command({"once"});
    EXPECT_EQ(newer.status, 4);
    EXPECT_NE(newer.output.find("newer than this binary"), std::string::npos);

    configure(database->url(), "lok: {}\n");
    auto const wrong = command({"validate"});
    EXPECT_EQ(wrong.status, 3);
    EXPECT_NE(wrong.output.find("c.yaml:7:1"), std::string::npos) << wrong.output;

    configure("postgresql://groomer:topsecret@127.0.0.1:1/nowhere");
    auto const unreachable = command({"once"});
    EXPECT_EQ(unreachable.status, 4);
    EXPECT_EQ(std::count(unreachable.output.begin(), unreachable.output.end(), '\n'), 1) << unreachable.output;
    EXPECT_EQ(unreachable.output.find("topsecret"), std::string::npos);
}

TEST_F(Replicas, CommandsSayWhatPeopleAskFor) {
    backlog(3);
    ASSERT_EQ(command({"once"}).status, 0);
    auto const explained = command({"explain", "local/backlog#2"}).output;
    EXPECT_NE(explained.find("crash of part 2"), std::string::npos) << explained;
    EXPECT_NE(explained.find("not due before 20"), std::string::npos) << explained;
    EXPECT_NE(explained.find("added needs-triage"), std::string::npos) << explained;
    EXPECT_NE(explained.find("because: "), std::string::npos) << explained;
    EXPECT_NE(explained.find("judged type: nothing"), std::string::npos) << explained;
    database->query("UPDATE groomer.run SET judgement = judgement || '{\"related\": [3]}'");
    EXPECT_NE(command({"explain", "local/backlog#2"}).output.find("about the same matter: #3\n"), std::string::npos);

    auto const free_text = command({"lock", "status"}).output;
    EXPECT_NE(free_text.find("lock groomer: free"), std::string::npos) << free_text;
    EXPECT_NE(free_text.find("taken: free"), std::string::npos) << free_text;
    database->query("INSERT INTO sync_lock (id, \"syncRunId\") VALUES ('groomer', 'theirs')");
    auto const held = boost::json::parse(last_line(command({"lock", "status", "--output", "json"}).output));
    EXPECT_EQ(held.at("token"), "theirs");
    EXPECT_EQ(held.at("foreign"), true);
    EXPECT_EQ(held.at("last_holds").as_array().size(), 1U);
    EXPECT_EQ(command({"lock", "release", "--term", "1"}).status, 1) << "that is not what holds it";
    EXPECT_EQ(command({"lock", "release", "--token", "theirs"}).status, 0);
    EXPECT_EQ(value("SELECT count(*) FROM sync_lock"), "0");

    auto const forced = boost::json::parse(last_line(command({"once", "--repo", "local/backlog", "--force", "--output", "json"}).output));
    EXPECT_EQ(forced.at("outcome"), "groomed");
    EXPECT_EQ(forced.at("results").as_array().size(), 3U);
    EXPECT_EQ(command({"once", "--policy.batch", "0"}).status, 3) << "a flag is checked as the file is";
    EXPECT_NE(command({"once", "--policy.batch", "1", "--policy.batch", "2"}).output.find("--policy.batch"), std::string::npos);
    EXPECT_NE(command({"frobnicate"}).output.find("there is no command frobnicate"), std::string::npos);
    EXPECT_NE(command({"lock", "frob"}).output.find("there is no command lock frob"), std::string::npos);
    EXPECT_EQ(command({"once", "--help"}).output.find("--policy.batch"), std::string::npos) << "they would hide the others";
    EXPECT_NE(command({"migrate", "--database.url", "postgresql://u:topsecret@h/d"}).output.find("never stands on the command line"),
              std::string::npos);
}

TEST_F(Replicas, APartThatFailsLeavesTheScheduleAloneAndAWholeRunDoesNot) {
    ASSERT_EQ(command({"once"}).status, 0);
    database->query("UPDATE groomer.lock_state SET due_at = clock_timestamp() + interval '1 hour'");
    auto const schedule = [&] { return value("SELECT due_at::text || ' ' || failures FROM groomer.lock_state WHERE lock = 'groomer'"); };
    auto const before = schedule();
    database->query("ALTER TABLE groomer.lease RENAME TO gone");
    for (auto const& part :
         {std::vector<std::string>{"--repo", "local/backlog"}, {"--dry-run"}, {"--repo", "local/backlog", "--issue", "1"}}) {
        std::vector<std::string> words{"once"};
        words.insert(words.end(), part.begin(), part.end());
        auto const ended = command(words);
        EXPECT_NE(ended.status, 0) << ended.output;
        EXPECT_EQ(schedule(), before) << ended.output;
    }
    EXPECT_NE(command({"once"}).status, 0);
    EXPECT_NE(schedule(), before);
}

TEST_F(Replicas, AResultThatCannotBeWrittenIsAFailure) {
    Process process{{"/bin/sh", "-c", "exec " GROOMER_BINARY " version >/dev/full"}, (folder / "full.log").string()};
    EXPECT_EQ(process.wait(10s), 1);
    EXPECT_NE(process.output().find("standard output cannot be written"), std::string::npos) << process.output();
}

TEST_F(Replicas, OnlyAReplicaTakesTheSlotOfItsPod) {
    std::map<std::string, std::string> const slot{
        {"GROOMER_POD_UID", "uid"}, {"GROOMER_CONTAINER", "main"}, {"GROOMER_SLOT_DIR", folder.string()}};
    auto const slots = [&] {
        std::filesystem::directory_iterator const entries{folder};
        return std::count_if(begin(entries), end(entries), [](auto const& entry) { return entry.path().extension() == ".slot"; });
    };
    Process once{arguments({"once"}), (folder / "once.log").string(), slot};
    EXPECT_EQ(once.wait(30s), 0) << once.output();
    EXPECT_EQ(slots(), 0) << "a command would keep a starting replica from reclaiming";
    auto& replica = start("one", slot);
    ASSERT_TRUE(replica.says("\"ready\"", 10s));
    EXPECT_EQ(slots(), 1);
}

TEST_F(Replicas, NoSecretIsSaidAnywhere) {
    std::ofstream{folder / "password"} << "topsecret-password";
    std::ofstream{folder / "token"} << "topsecret-token";
    std::ofstream{folder / "key"} << "topsecret-key";
    std::ofstream{folder / "admin"} << "topsecret-admin-token-of-some-length";
    auto const in = [&](char const* name) { return (folder / name).string(); };
    std::ofstream{folder / "c.yaml"} << "database: {url: \"" << database->url() << "\", password_file: " << in("password")
                                     << "}\nschedule: {groom_every: 1s}\ngithub: {token_file: " << in("token")
                                     << ", webhook_secret_file: " << in("key") << "}\nmodel: {api_key_file: " << in("key")
                                     << "}\nhttp: {listen: \"127.0.0.1:0\", metrics_listen: \"127.0.0.1:0\", admin_token_file: "
                                     << in("admin")
                                     << "}\nlog: {level: debug}\nrepositories: [{name: local/backlog, tracker: file, path: " << in("b.json")
                                     << "}]\n";
    backlog(3);
    auto& replica = start("one", {{"GROOMER_GITHUB_WEBHOOK_SECRET_FILE", in("key")}});
    ASSERT_TRUE(until("SELECT count(*) > 0 FROM groomer.run", 30s)) << replica.output();
    std::string said;
    test::http_get(port(replica, "metrics_port"), "/metrics", &said);
    for (auto const& words : std::vector<std::vector<std::string>>{
             {"validate", "--online"}, {"lock", "status"}, {"explain", "local/backlog#1"}, {"once", "--output", "json"}})
        said += command(words).output;
    std::ofstream{folder / "c.yaml", std::ios::app} << "nonsense: 1\n";
    ASSERT_TRUE(replica.says("is not taken over", 15s));
    said += command({"validate"}).output;
    replica.signal(SIGTERM);
    EXPECT_EQ(replica.wait(10s), 0);
    said += replica.output();
    EXPECT_EQ(said.find("topsecret"), std::string::npos) << said.substr(std::min(said.size(), said.find("topsecret") - 200), 400);
    for (auto const& row : database->query("SELECT application_name || query FROM pg_stat_activity"))
        EXPECT_EQ(row.text(0).find("topsecret"), std::string::npos);
}

TEST_F(Replicas, AnIdleReplicaAsksTheDatabaseSeldom) {
    configure_idle();
    start("one");
    start("two");
    for (auto& replica : replicas) ASSERT_TRUE(replica->says("\"ready\"", 10s));
    ASSERT_TRUE(until("SELECT count(*) = 2 FROM groomer.hold WHERE ended = 'finished'", 15s));
    auto const asked = [&] {
        double sum = 0;
        for (auto& replica : replicas) {
            std::string text;
            test::http_get(port(*replica, "metrics_port"), "/metrics", &text);
            std::istringstream lines{text};
            for (std::string line; std::getline(lines, line);)
                if (line.starts_with("groomer_db_query_duration_seconds_count")) sum += std::stod(line.substr(line.rfind(' ')));
        }
        return sum;
    };
    std::this_thread::sleep_for(1s);  // what follows the holds
    auto const before = asked();
    constexpr auto span = 16s;
    std::this_thread::sleep_for(span);
    EXPECT_LE(asked() - before, 0.25 * 2 * std::chrono::duration<double>(span).count());
}

TEST_F(Replicas, ListensAgainOnceADescriptorIsThereToWaitForNotificationsWith) {
    configure_idle();
    std::ofstream{folder / "c.yaml", std::ios::app} << "log: {level: debug}\n";
    auto& replica = start("one");
    ASSERT_TRUE(until("SELECT count(*) = 2 FROM groomer.hold WHERE ended = 'finished'", 15s)) << replica.output();
    std::string const listening = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    ASSERT_TRUE(until("SELECT count(*) = 1 " + listening, 5s));
    std::this_thread::sleep_for(1500ms);  // what follows the holds takes descriptors, too; the next look is long after
    // The connection takes the lowest number that is free; to wait for it takes another, which there is not to be.
    std::set<int> used;
    std::map<std::string, std::set<int>> by_socket;
    std::filesystem::path const descriptors = "/proc/" + std::to_string(replica.pid()) + "/fd";
    for (auto const& entry : std::filesystem::directory_iterator{descriptors}) {
        int const number = std::stoi(entry.path().filename().string());
        used.insert(number);
        by_socket[std::filesystem::read_symlink(entry.path()).string()].insert(number);
    }
    for (auto const& [name, numbers] : by_socket)
        if (name.starts_with("socket:") && numbers.size() == 2)
            for (int const number : numbers) used.erase(number);  // the session's own, and the one to wait with
    rlim_t first = 0;
    while (used.contains(static_cast<int>(first))) ++first;
    rlim_t second = first + 1;
    while (used.contains(static_cast<int>(second))) ++second;
    rlimit before{};
    ASSERT_EQ(::prlimit(replica.pid(), RLIMIT_NOFILE, nullptr, &before), 0);
    rlimit const tight{second, before.rlim_max};
    ASSERT_EQ(::prlimit(replica.pid(), RLIMIT_NOFILE, &tight, nullptr), 0);
    EXPECT_EQ(value("SELECT pg_terminate_backend(pid) " + listening), "t");
    EXPECT_TRUE(replica.says("no file descriptor is left to wait for notifications with", 10s)) << replica.output();
    EXPECT_TRUE(replica.running());
    ASSERT_EQ(::prlimit(replica.pid(), RLIMIT_NOFILE, &before, nullptr), 0);
    EXPECT_TRUE(until("SELECT count(*) = 1 " + listening, 10s)) << replica.output();
    // And it is told again: whoever asks for a tick has it at once, long before the next look.
    std::this_thread::sleep_for(300ms);
    database->query("INSERT INTO groomer.request (lock) VALUES ('groomer')");
    database->query("SELECT pg_notify('groomer_lock', 'groomer')");
    EXPECT_TRUE(until("SELECT count(*) = 3 FROM groomer.hold WHERE ended = 'finished'", 5s)) << replica.output();
    replica.signal(SIGTERM);
    EXPECT_EQ(replica.wait(10s), 0);
}

TEST_F(Replicas, ABadBacklogIsSaidInOneLineWithLineAndColumn) {
    std::ofstream{folder / "b.json"} << "[{\"number\": 1,\n \"title\": \"x\"}\n oops]";
    ASSERT_EQ(command({"migrate"}).status, 0);
    auto const again = command({"validate", "--online"});
    EXPECT_EQ(again.status, 1);
    EXPECT_NE(again.output.find("b.json:3:2"), std::string::npos) << again.output;
    EXPECT_EQ(command({"once"}).status, 1);
}

TEST_F(Replicas, ABadChangeOfTheConfigurationKeepsTheOldAndAGoodOneIsTakenOver) {
    auto& replica = start("one");
    ASSERT_TRUE(replica.says("\"ready\"", 10s));
    configure(database->url(), "model: {provider: openai, name: gpt, base_url: \"http://127.0.0.1:1\", context_limit: 1KiB}\n");
    ASSERT_TRUE(replica.says("leaves no room for an issue", 15s)) << "what the start refuses, a reload refuses";
    configure(database->url(), "nonsense: true\n");
    ASSERT_TRUE(replica.says("unknown key", 15s));
    std::string text;
    test::http_get(port(replica, "metrics_port"), "/metrics", &text);
    EXPECT_NE(text.find("groomer_config_last_reload_successful 0"), std::string::npos);
    configure(database->url(), "log: {level: debug}\n");
    ASSERT_TRUE(replica.says("was reloaded", 15s));
    test::http_get(port(replica, "metrics_port"), "/metrics", &text);
    EXPECT_NE(text.find("groomer_config_last_reload_successful 1"), std::string::npos);
}

}  // namespace
}  // namespace groomer
