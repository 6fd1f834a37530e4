// Whole processes: what a platform engineer does to them, and what they answer.
#include "support/process.hpp"
#include "support/test_database.hpp"

#include <gtest/gtest.h>
#include <unistd.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
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

    void configure(std::string const& url, std::string const& more = "") {
        std::ofstream{folder / "c.yaml"}
            << "database: {url: \"" << url << "\"}\nschedule: {groom_every: 1s, sync_every: 1s}\n"
            << "repositories:\n  - {name: local/backlog, tracker: file, path: " << (folder / "b.json").string()
            << "}\npolicy: {mode: apply, batch: 20}\nhttp: {listen: \"127.0.0.1:0\", metrics_listen: \"127.0.0.1:0\"}\n"
            << more;
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
    static unsigned short port(Process const& process, std::string const& name) {
        auto const text = process.output();
        auto const at = text.rfind("\"" + name + "\":");
        return at == std::string::npos ? 0 : static_cast<unsigned short>(std::stoi(text.substr(at + name.size() + 3)));
    }
    std::string value(std::string const& sql) {
        auto rows = database->query(sql);
        return rows.empty() ? "" : rows.front().text(0);
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
    database->query(
        "SELECT groomer.acquire('groomer', true, groomer.cluster(), 0, extract(epoch FROM clock_timestamp())::float8, NULL, NULL, 'free', "
        "'0', false, '0', 60000, 'uid/main', 'dead', 'uuid', 'pod')");
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

TEST_F(Replicas, StopsWhileTheSchemaIsWaitedFor) {
    pg::Session blocker{database->options("blocker")};
    // The migration of another replica that takes long.
    std::thread holder{[&] {
        try {
            blocker.run({"hold", "SELECT pg_advisory_xact_lock(x'67726f6f6d6572'::bigint), pg_sleep(3)", 10s}, {});
        } catch (std::exception const&) {
        }
    }};
    bool const locked = until("SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND granted", 5s);
    auto& replica = start("one");
    bool const waits = until("SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted", 2s);
    replica.signal(SIGTERM);
    auto const status = replica.wait(15s);
    holder.join();
    EXPECT_TRUE(locked && waits) << "it was not in the migration when it was stopped";
    EXPECT_EQ(status, 0) << replica.output();
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
    configure(database->url(), "nonsense: true\n");
    ASSERT_TRUE(replica.says("is not taken over", 15s));
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
