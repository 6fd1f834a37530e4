// The API of real replicas: what they answer, to whom, and what they make of all that is wrong.
#include "support/json_schema.hpp"
#include "support/process.hpp"
#include "support/raw_client.hpp"
#include "support/test_database.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace groomer {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;
using std::chrono::steady_clock;
using test::get;
using test::post;
using test::RawClient;
using test::says;

struct Answer {
    int status = 0;
    std::string head, body;
    [[nodiscard]] json::value json() const { return json::parse(body); }
};

class Api : public testing::Test {
protected:
    void SetUp() override {
        GROOMER_NEEDS_DATABASE();
        database = std::make_unique<test::TestDatabase>(test::TestDatabase::Schema::migrated);
        folder =
            std::filesystem::temp_directory_path() / ("groomer-api-test-" + std::to_string(::getpid()) + "-" + std::to_string(++counter));
        std::filesystem::create_directories(folder);
        write("token", "the-token\n");
        backlog(3);
        configure();
    }
    void TearDown() override {
        replicas.clear();
        if (!folder.empty()) std::filesystem::remove_all(folder);
    }

    void write(std::string const& name, std::string const& text) const { std::ofstream{folder / name} << text; }
    void configure(std::string const& http = "", std::string const& policy = "mode: apply, batch: 20", std::string const& url = "") const {
        write("c.yaml",
              "database: {url: \"" + (url.empty() ? database->url() : url) +
                  "\"}\nschedule: {groom_every: 500ms, sync_every: 500ms}\nrepositories:\n  - {name: local/backlog, tracker: file, path: " +
                  (folder / "b.json").string() + "}\npolicy: {" + policy + "}\nmodel: {budget: {tokens_per_day: 1000}}\n" +
                  "http: {listen: \"127.0.0.1:0\", metrics_listen: \"127.0.0.1:0\"" +
                  (http.empty() ? ", admin_token_file: " + (folder / "token").string() : http) + "}\n");
    }
    // Issues that are full of what breaks pages and lines.
    void backlog(int issues) const {
        std::string text = "[";
        for (int i = 1; i <= issues; ++i)
            text += (i > 1 ? "," : "") + std::string{R"({"number":)"} + std::to_string(i) +
                    R"(,"title":"crash <script>alert(1)</script> \u2028 \"quoted\"","body":null,"state":"open","labels":[]})";
        write("b.json", text + "]");
    }
    test::Process& start(std::string const& pod = "one", std::string const& sign = "\"ready\"") {
        std::vector<std::string> const words{GROOMER_BINARY, "run", "--config", (folder / "c.yaml").string()};
        replicas.push_back(std::make_unique<test::Process>(words, (folder / (pod + ".log")).string(),
                                                           std::map<std::string, std::string>{{"POD_NAME", pod}}));
        EXPECT_TRUE(replicas.back()->says(sign, 20s)) << replicas.back()->output();
        return *replicas.back();
    }
    static unsigned short port(test::Process const& replica, std::string const& name = "http_port") {
        auto const text = replica.output();
        auto const at = text.find("\"" + name + "\":");
        return at == std::string::npos ? 0 : static_cast<unsigned short>(std::stoi(text.substr(at + name.size() + 3)));
    }
    static Answer send(unsigned short to, std::string const& bytes) {
        RawClient client;
        if (!client.connect(to) || !client.send(bytes)) return {};
        auto const all = client.answer();
        auto const end = all.find("\r\n\r\n");
        if (end == std::string::npos) return {};
        return {std::stoi(all.substr(9, 3)), all.substr(0, end + 2), all.substr(end + 4)};
    }
    static Answer ask(unsigned short to, std::string const& target, std::string const& token = "the-token") {
        return send(to, get(target, token.empty() ? "" : "Authorization: Bearer " + token + "\r\n"));
    }
    // True once it is so; asked every 50 ms.
    static bool until(std::function<bool()> const& is_so, std::chrono::seconds limit = 20s) {
        for (auto const end = steady_clock::now() + limit; steady_clock::now() < end; std::this_thread::sleep_for(50ms))
            if (is_so()) return true;
        return is_so();
    }
    bool all_groomed() {
        return until([&] { return database->query("SELECT pending = 0 AND synced AND issues > 0 FROM groomer.progress").at(0).truth(0); });
    }
    std::int64_t number(std::string const& sql) { return database->query(sql).at(0).integer(0); }

    static inline int counter = 0;
    std::unique_ptr<test::TestDatabase> database;
    std::filesystem::path folder;
    std::vector<std::unique_ptr<test::Process>> replicas;
};

TEST_F(Api, TellsWhatIsInTheDatabaseOnEveryReplicaAndAsItsDescriptionSays) {
    auto const one = port(start("one")), two = port(start("two"));
    ASSERT_TRUE(all_groomed());
    test::JsonSchema const schema{ask(one, "/api/openapi.json", "").json()};
    // What is cached is a second old at most.
    ASSERT_TRUE(until([&] { return ask(two, "/api/status").json().at("decisions").as_array().size() >= 3; }));
    for (auto const to : {one, two}) {
        auto const answer = ask(to, "/api/status");
        ASSERT_EQ(answer.status, 200) << answer.body;
        auto const status = answer.json();
        EXPECT_EQ(schema.fault("Status", status), "");
        EXPECT_EQ(status.at("replica").as_string(), to == one ? "one" : "two");
        EXPECT_EQ(status.at("mode").as_string(), "apply");
        EXPECT_EQ(status.at_pointer("/backlog/0/open").to_number<int>(), 3);
        EXPECT_EQ(status.at_pointer("/backlog/0/families").as_array().size(), 3U);
        EXPECT_EQ(status.at_pointer("/budgets/0/limit").to_number<int>(), 1000);
        EXPECT_EQ(status.at_pointer("/decisions/0/title").as_string(), "crash <script>alert(1)</script> \u2028 \"quoted\"");
        std::int64_t counted = 0;
        for (auto const& bar : status.at("day").as_array()) counted += bar.at("count").to_number<std::int64_t>();
        EXPECT_EQ(counted, number("SELECT count(*) FROM groomer.run"));
        std::vector<std::string> names;
        for (auto const& replica : status.at("replicas").as_array()) names.emplace_back(replica.at("name").as_string());
        EXPECT_EQ(names, (std::vector<std::string>{"one", "two"}));
        EXPECT_EQ(schema.fault("Lock", ask(to, "/api/groomer/lock", "").json()), "");
        EXPECT_TRUE(says(answer.head, "Cache-Control: no-store\r\n"));
    }
}

TEST_F(Api, TellsOfEveryRunAndOfEachInFull) {
    auto const to = port(start());
    ASSERT_TRUE(all_groomed());
    test::JsonSchema const schema{ask(to, "/api/openapi.json", "").json()};
    auto const all = ask(to, "/api/groomer/runs").json();
    EXPECT_EQ(schema.fault("Runs", all), "");
    ASSERT_GE(all.at("runs").as_array().size(), 3U);
    EXPECT_TRUE(all.at("before").is_null());

    // One by one, page by page, they are the same.
    std::vector<json::value> paged;
    std::string before;
    for (int i = 0; i < 20; ++i) {
        auto const page = ask(to, "/api/groomer/runs?limit=1" + before).json();
        for (auto const& run : page.at("runs").as_array()) paged.push_back(run);
        if (page.at("before").is_null()) break;
        before = "&before=" + json::serialize(page.at("before"));
    }
    EXPECT_EQ(json::value(json::array(paged.begin(), paged.end())), all.at("runs"));

    auto const of_two = ask(to, "/api/groomer/runs?repo=LOCAL%2Fbacklog&issue=2").json();
    ASSERT_GE(of_two.at("runs").as_array().size(), 1U);
    for (auto const& run : of_two.at("runs").as_array()) EXPECT_EQ(run.at("issue").to_number<int>(), 2);
    EXPECT_EQ(ask(to, "/api/groomer/runs?outcome=nothing").json().at("runs").as_array().size(), 0U);

    auto const& run = of_two.at("runs").as_array().front();
    auto const detail = ask(to, "/api/groomer/runs/" + json::serialize(run.at("id")));
    ASSERT_EQ(detail.status, 200);
    EXPECT_EQ(schema.fault("RunDetail", detail.json()), "");
    EXPECT_EQ(detail.json().at("replica").as_string(), "one");
    EXPECT_EQ(detail.json().at_pointer("/delta/add").as_array().size(), detail.json().at("steps").as_array().size());
    EXPECT_FALSE(detail.json().at_pointer("/plan/decisions").as_array().empty());
    for (auto const* none : {"999999999", "0", "-1", "x", "9223372036854775808", "%31"})
        EXPECT_EQ(ask(to, std::string{"/api/groomer/runs/"} + none).status, 404) << none;
}

TEST_F(Api, MarksWhatWasOnlyPlanned) {
    configure("", "mode: dry-run");
    auto const to = port(start());
    ASSERT_TRUE(all_groomed());
    ASSERT_TRUE(until([&] { return ask(to, "/api/status").json().at("decisions").as_array().size() >= 3; }));
    auto const status = ask(to, "/api/status").json();
    EXPECT_EQ(status.at("mode").as_string(), "dry-run");
    for (auto const& decision : status.at("decisions").as_array()) {
        EXPECT_TRUE(decision.at("dryRun").as_bool());
        EXPECT_TRUE(decision.at("before").as_array().empty());
    }
}

TEST_F(Api, CountsLabelsOfOursThatAPersonHasTakenAway) {
    auto const to = port(start());
    ASSERT_TRUE(all_groomed());
    database->query("UPDATE groomer.run SET overridden = '{type}' WHERE id = (SELECT min(id) FROM groomer.run) RETURNING 1");
    ASSERT_TRUE(until([&] { return !ask(to, "/api/status").json().at("overrides").as_array().empty(); }));
    EXPECT_EQ(json::serialize(ask(to, "/api/status").json().at("overrides")), R"([{"repo":"local/backlog","family":"type","count":1}])");
}

TEST_F(Api, IsForThoseWhoHaveTheToken) {
    auto& replica = start();
    auto const to = port(replica);
    for (auto const* path : {"/api/status", "/api/events", "/api/groomer/runs", "/api/groomer/runs/1"}) {
        for (auto const* wrong : {"", "the-toke", "the-token-", "THE-TOKEN"}) {
            auto const answer = ask(to, path, wrong);
            EXPECT_EQ(answer.status, 401) << path << wrong;
            EXPECT_EQ(answer.json().at("error").as_string(), "unauthorized");
            EXPECT_TRUE(says(answer.head, "WWW-Authenticate: Bearer"));
        }
    }
    for (auto const* path : {"/", "/api/openapi.json", "/api/groomer/lock", "/healthz", "/readyz", "/startupz"})
        EXPECT_EQ(ask(to, path, "").status, 200) << path;
    write("token", "the-token\nthe-next\n");
    EXPECT_TRUE(until([&] { return ask(to, "/api/status", "the-next").status == 200; }));
    EXPECT_EQ(ask(to, "/api/status").status, 200);
    write("token", "the-next\n");
    EXPECT_TRUE(until([&] { return ask(to, "/api/status").status == 401; }));
    EXPECT_EQ(ask(to, "/api/status", "the-next").status, 200);
    EXPECT_FALSE(says(replica.output(), "the-"));
}

TEST_F(Api, HasAPageThatIsPublicWhereThatIsAskedFor) {
    configure(", page: public");
    auto const to = port(start());
    EXPECT_EQ(ask(to, "/api/status", "").status, 200);
    EXPECT_EQ(ask(to, "/api/groomer/runs", "").status, 403);
    EXPECT_EQ(ask(to, "/api/groomer/runs").json().at("error").as_string(), "no_admin_token");
}

TEST_F(Api, ServesThePageWithAPolicyThatLetsItAskNobodyElse) {
    auto const answer = ask(port(start()), "/", "");
    EXPECT_TRUE(says(answer.head, "Content-Type: text/html; charset=utf-8\r\n"));
    EXPECT_TRUE(says(answer.head, "Content-Security-Policy: default-src 'none'; ")) << answer.head;
    for (auto const* header :
         {"frame-ancestors 'none'", "connect-src 'self'", "Referrer-Policy: no-referrer\r\n", "X-Content-Type-Options: nosniff\r\n"})
        EXPECT_TRUE(says(answer.head, header)) << header;
    EXPECT_LE(answer.body.size(), 60U * 1024);
}

TEST_F(Api, AnswersWhatIsWrongWithTheRightStatusAndOneError) {
    auto& replica = start();
    auto const to = port(replica);
    std::string const token = "Authorization: Bearer the-token\r\n";
    struct Wrong {
        int status;
        std::string bytes;
    };
    std::vector<Wrong> const all{
        {404, get("/nothing", token)},
        {404, get("/api/status/", token)},
        {404, get("//api/status", token)},
        {404, get("/api/../api/status", token)},
        {404, get("/\xff\xfe", token)},
        {404, get("/%00", token)},
        {405, "DELETE /api/status HTTP/1.1\r\nHost: a\r\n\r\n"},
        {405, "BREW /api/status HTTP/1.1\r\nHost: a\r\n\r\n"},
        {405, "OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {405, post("/healthz", "{}")},
        {400, get("/api/groomer/runs?limit=0", token)},
        {400, get("/api/groomer/runs?limit=201", token)},
        {400, get("/api/groomer/runs?limit=1&limit=2", token)},
        {400, get("/api/groomer/runs?issue=1", token)},
        {400, get("/api/groomer/runs?issue=x&repo=a/b", token)},
        {400, get("/api/groomer/runs?repo=%ff", token)},
        {400, get("/api/groomer/runs?repo=%00", token)},
        {400, get("/api/groomer/runs?unknown=1", token)},
        {400, get("/api/groomer/runs?before=1e3", token)},
        {400, "GET /api/status HTTP/1.1\r\n\r\n"},
        {400, "GET /api/status\r\n\r\n"},
        {400, "\x16\x03\x01\x02\r\n\r\n"},
        {401, get("/api/status", "Authorization: Bearer \xff\r\n")},
        {401, get("/api/status", "Authorization: Basic dGhlLXRva2Vu\r\n")},
        {401, get("/api/status?token=the-token")},
        {413, post("/api/status", std::string(70'000, '['))},
        {413, "POST /api/status HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\n"},
        {431, get("/api/status", "X-Large: " + std::string(9000, 'x') + "\r\n")},
        {431, get("/" + std::string(9000, 'x'))},
    };
    for (auto const& wrong : all) {
        auto const answer = send(to, wrong.bytes);
        EXPECT_EQ(answer.status, wrong.status) << wrong.bytes.substr(0, 200);
        if (answer.body.empty()) continue;
        auto const error = answer.json().as_object();
        EXPECT_EQ(error.size(), 2U) << answer.body;
        EXPECT_FALSE(error.at("error").as_string().empty());
        EXPECT_FALSE(error.at("message").as_string().empty());
    }
    EXPECT_EQ(ask(to, "/api/status").status, 200);
    EXPECT_FALSE(says(replica.output(), "the-token"));
}

TEST_F(Api, SaysThatTheDatabaseDoesNotAnswer) {
    configure("", "mode: apply", "postgresql://nobody@127.0.0.1:1/none");
    auto const to = port(start("one", "\"listening\""));
    for (auto const* path : {"/api/status", "/api/groomer/runs", "/api/groomer/runs/1", "/api/groomer/lock"}) {
        auto const answer = ask(to, path);
        EXPECT_EQ(answer.status, 503) << path;
        EXPECT_EQ(answer.json().at("error").as_string(), "no_database") << path;
    }
    EXPECT_EQ(ask(to, "/healthz").status, 200);
    EXPECT_EQ(ask(to, "/").status, 200);
    RawClient listener;
    ASSERT_TRUE(listener.connect(to) && listener.send(get("/api/events", "Authorization: Bearer the-token\r\n")));
    EXPECT_TRUE(says(listener.until("\n\n"), "event: unavailable\n"));
}

TEST_F(Api, TellsListenersWhatHasChanged) {
    auto const to = port(start());
    ASSERT_TRUE(all_groomed());
    RawClient listener;
    ASSERT_TRUE(listener.connect(to) && listener.send(get("/api/events", "Authorization: Bearer the-token\r\n")));
    auto const first = listener.until("\n\n");
    EXPECT_TRUE(says(first, "Content-Type: text/event-stream\r\n")) << first;
    EXPECT_TRUE(says(first, "\r\n\r\nevent: status\nid: "));
    auto const data = first.substr(first.find("data: ") + 6);
    EXPECT_EQ(json::parse(data.substr(0, data.find('\n'))).at("replica").as_string(), "one");
    backlog(4);
    auto const changed = listener.until(R"("issue":4)");
    EXPECT_TRUE(says(changed, R"("issue":4)"));
}

TEST_F(Api, LetsOnlySoManyListenAndGivesASeatBack) {
    configure(", page: public");
    auto const to = port(start());
    std::vector<RawClient> listeners;
    for (int i = 0; i < 128; ++i) {
        listeners.emplace_back();
        ASSERT_TRUE(listeners.back().connect(to) && listeners.back().send(get("/api/events")));
        ASSERT_TRUE(says(listeners.back().until("event: status"), "200 OK")) << i;
    }
    auto const refused = send(to, get("/api/events"));
    EXPECT_EQ(refused.status, 503);
    EXPECT_TRUE(says(refused.head, "Retry-After: "));
    EXPECT_EQ(ask(to, "/api/status", "").status, 200);
    listeners.pop_back();
    EXPECT_TRUE(until([&] {
        RawClient again;
        return again.connect(to) && again.send(get("/api/events")) && says(again.until("\r\n\r\n"), "200 OK");
    }));
}

// Slow, never-ending and countless at once: each has its limit, and whoever asks for health is answered.
TEST_F(Api, AnswersItsProbesWhateverStrangersDo) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    auto& replica = start();
    auto const to = port(replica);
    auto const before = replica.resident();
    std::atomic<bool> over = false;
    std::vector<std::thread> strangers;
    strangers.emplace_back([&] {  // drips a byte a moment on each of 300 connections
        std::vector<RawClient> slow;
        for (std::size_t i = 0; !over; ++i) {
            if (slow.size() < 300) {
                slow.emplace_back();
                if (!slow.back().connect(to) || !slow.back().send("GET /api/status HTTP/1.1\r\nX: ")) slow.pop_back();
            } else if (!slow[i % 300].send("x")) {
                slow.clear();
            }
            std::this_thread::sleep_for(1ms);
        }
    });
    strangers.emplace_back([&] {  // bodies that never end
        std::string const chunk = "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
        while (!over) {
            RawClient client;
            if (!client.connect(to) || !client.send("POST /api/status HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")) continue;
            for (int i = 0; i < 100 && !over && client.send(chunk); ++i) {
            }
        }
    });
    strangers.emplace_back([&] {  // connections, one after another, without a word
        while (!over) RawClient{}.connect(to);
    });
    strangers.emplace_back([&] {  // the status, as fast as it goes
        RawClient client;
        client.connect(to);
        while (!over && client.send(get("/api/status", "Authorization: Bearer the-token\r\n")) && !client.answer().empty()) {
        }
    });
    strangers.emplace_back([&] {  // nonsense
        while (!over) send(to, std::string(2000, '\x01') + "\r\n\r\n");
    });
    int answered = 0;
    for (auto const end = steady_clock::now() + 5s; steady_clock::now() < end;) {
        auto const began = steady_clock::now();
        EXPECT_EQ(ask(to, "/healthz", "").status, 200);
        EXPECT_LT(steady_clock::now() - began, 3s);
        ++answered;
    }
    over = true;
    for (auto& stranger : strangers) stranger.join();
    EXPECT_GT(answered, 10);
    EXPECT_TRUE(until([&] { return ask(to, "/api/status").status == 200; }));
    EXPECT_LT(replica.resident() - before, 64 * 1024) << "KiB";
    replica.signal(SIGTERM);
    EXPECT_EQ(replica.wait(20s), 0) << "it stops in good order";
}

}  // namespace
}  // namespace groomer
