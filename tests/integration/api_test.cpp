// The API of real replicas: what they answer, to whom, and what they make of all that is wrong.
#include "integration/api.hpp"
#include "support/json_schema.hpp"

#include <future>

namespace groomer::test {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

TEST_F(Api, TellsWhatIsInTheDatabaseOnEveryReplicaAndAsItsDescriptionSays) {
    auto const one = port(start("one")), two = port(start("two"));
    ASSERT_TRUE(all_groomed());
    JsonSchema const schema{ask(one, "/api/openapi.json", "").json()};
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
        EXPECT_TRUE(status.at_pointer("/budgets/0/repos").is_null()) << "it is for all";
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
    JsonSchema const schema{ask(to, "/api/openapi.json", "").json()};
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

TEST_F(Api, TellsOfTheLockThatIsAskedForAndOfNoOther) {
    auto const to = port(start());
    ASSERT_TRUE(all_groomed());
    JsonSchema const schema{ask(to, "/api/openapi.json", "").json()};
    database->query(
        "INSERT INTO sync_lock (id, \"syncRunId\") VALUES ('global', 'theirs') ON CONFLICT (id) DO UPDATE SET \"syncRunId\" = 'theirs', "
        "\"acquiredAt\" = now() RETURNING 1");
    std::string const path = "/api/groomer/lock";
    auto const of_sync = [&] { return ask(to, path + "?lock=global", "").json(); };
    ASSERT_TRUE(until([&] { return of_sync().at("foreign").as_bool(); }));
    EXPECT_EQ(schema.fault("Lock", of_sync()), "");
    EXPECT_EQ(of_sync().at("lock").as_string(), "global");
    EXPECT_TRUE(of_sync().at("until").is_string());
    // What another asks beside it, a later version or a proxy, is passed over.
    EXPECT_EQ(ask(to, path + "?lock=global&x=1", "").json().at("lock").as_string(), "global");
    for (auto const* groom : {"", "?lock=groomer", "?lock=%67roomer", "?id=global"}) {
        auto const answer = ask(to, path + groom, "");
        EXPECT_EQ(answer.status, 200) << answer.body;
        EXPECT_EQ(answer.json().at("lock").as_string(), "groomer") << groom;
        EXPECT_FALSE(answer.json().at("foreign").as_bool()) << groom;
    }
    for (auto const* wrong :
         {"?lock=", "?lock=none", "?lock=Global", "?lock", "?lock=global&lock=global", "?lock=%zz", "?lock=%00", "?lock=groomer%27"}) {
        auto const answer = ask(to, path + wrong, "");
        EXPECT_EQ(answer.status, 400) << wrong << answer.body;
        EXPECT_EQ(answer.json().at("error").as_string(), "bad_request");
        EXPECT_EQ(schema.fault("Error", answer.json()), "");
    }

    // Stamped in the future, nobody can tell until when; and what was taken from us is lost, wherever it is told.
    database->query("UPDATE sync_lock SET \"acquiredAt\" = 'infinity' WHERE id = 'global' RETURNING 1");
    EXPECT_TRUE(until([&] { return of_sync().at("until").is_null(); }));
    database->query(
        "UPDATE groomer.hold SET ended = NULL, ended_at = NULL WHERE (lock, term) IN (SELECT lock, max(term) FROM groomer.hold "
        "WHERE lock = 'global' GROUP BY 1) RETURNING 1");
    ASSERT_TRUE(until([&] { return of_sync().at("last_holds").at(0).at("ended_at").is_null(); }));
    EXPECT_EQ(schema.fault("Lock", of_sync()), "");
    EXPECT_EQ(of_sync().at("last_holds").at(0).at("ended").as_string(), "lost");
    auto const lost_of = [&](json::value const& status, char const* list, char const* name, char const* value, char const* how) {
        for (auto const& one : status.at(list).as_array())
            if (one.at(name).as_string() == value) return std::string{one.at(how).as_string()};
        return std::string{"none"};
    };
    auto status = ask(to, "/api/status").json();
    auto const is_told = [&] {
        status = ask(to, "/api/status").json();
        return lost_of(status, "ticks", "job", "sync", "outcome") == "lost";
    };
    EXPECT_TRUE(until(is_told)) << json::serialize(status.at("ticks"));
    EXPECT_EQ(lost_of(status, "holds", "lock", "global", "ended"), "lost");
    EXPECT_EQ(schema.fault("Status", status), "");

    // Moments that never come stop no answer. A later migration may keep them out.
    database->query(
        "DO 'DECLARE c record; BEGIN FOR c IN SELECT conrelid::regclass AS of, conname FROM pg_constraint WHERE contype = ''c'' AND "
        "connamespace = ''groomer''::regnamespace LOOP EXECUTE format(''ALTER TABLE %s DROP CONSTRAINT %I'', c.of, c.conname); END LOOP; "
        "END'");
    database->query("UPDATE groomer.hold SET ended_at = 'infinity' WHERE lock = 'global' RETURNING 1");
    EXPECT_TRUE(until([&] { return ask(to, "/api/status").status == 200 && of_sync().at("last_holds").at(0).at("seconds").is_null(); }));
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
    EXPECT_EQ(ask(to, "/api/groomer/runs", "").status, 401);
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
    JsonSchema const schema{ask(to, "/api/openapi.json", "").json()};
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
        ASSERT_FALSE(answer.body.empty()) << wrong.bytes.substr(0, 200);
        EXPECT_EQ(schema.fault("Error", answer.json()), "");
        EXPECT_FALSE(answer.json().at("error").as_string().empty());
        EXPECT_FALSE(answer.json().at("message").as_string().empty());
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

TEST_F(Api, LetsOnlySoManyWaitForTheFirstStatus) {
    auto const to = port(start());
    ASSERT_TRUE(all_groomed());
    pg::Session blocking{database->options()};
    std::promise<void> over;
    auto const blocked = std::async(std::launch::async, [&] {
        blocking.transaction([&](pg::Session::Transaction& transaction) {
            transaction.exec("LOCK TABLE groomer.control IN ACCESS EXCLUSIVE MODE");
            over.get_future().wait();
        });
    });
    std::shared_ptr<void> at_end{nullptr, [&](void*) { over.set_value(); }};
    ASSERT_TRUE(until([&] {
        return number(
                   "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = "
                   "'groomer.control'::regclass") == 1;
    }));
    std::vector<RawClient> waiting;
    for (int i = 0; i < 80; ++i) {
        waiting.emplace_back();
        ASSERT_TRUE(waiting.back().connect(to) && waiting.back().send(get("/api/status", "Authorization: Bearer the-token\r\n")));
    }
    EXPECT_EQ(ask(to, "/healthz", "").status, 200);
    std::map<std::string, int> errors;  // the statement that waits for the table has its time limit
    for (auto& client : waiting) {
        auto const answer = client.answer();
        ++errors[says(answer, R"({"error":"busy")") ? "busy" : says(answer, R"({"error":"no_database")") ? "no_database" : answer];
    }
    EXPECT_EQ(errors, (std::map<std::string, int>{{"busy", 16}, {"no_database", 64}}));
    at_end.reset();
    EXPECT_TRUE(until([&] { return ask(to, "/api/status").status == 200; }));
}

TEST_F(Api, EndsAStreamWhoseTokenIsNotValidAnyMore) {
    auto const to = port(start());
    ASSERT_TRUE(all_groomed());
    RawClient listener;
    ASSERT_TRUE(listener.connect(to) && listener.send(get("/api/events", "Authorization: Bearer the-token\r\n")));
    ASSERT_TRUE(says(listener.until("\n\n"), "event: status"));
    write("token", "the-next\n");
    ASSERT_TRUE(until([&] { return ask(to, "/api/status").status == 401; }));
    backlog(4);  // something to tell
    ASSERT_TRUE(listener.ended());
    EXPECT_FALSE(says(listener.until(R"("issue":4)"), R"("issue":4)"));
}

}  // namespace
}  // namespace groomer::test
