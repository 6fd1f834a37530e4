// `POST /api/github/webhook`: signed events reach whoever may groom, and no event can do harm.
#include "integration/served.hpp"

#include "base/digest.hpp"

namespace groomer::test {
namespace {

class Webhooks : public Served {
protected:
    static constexpr char const* path = "/api/github/webhook";
    static inline std::string const audited = R"("msg":"taken","component":"audit")";

    HttpCall delivery(std::string const& kind, std::string const& body, std::string const& secret = hook_secret,
                      std::string const& id = "") {
        HttpCall call{"POST", path, body};
        call.headers = {{"X-GitHub-Event", kind},
                        {"X-GitHub-Delivery", id.empty() ? "delivery-" + std::to_string(++deliveries) : id},
                        {"X-Hub-Signature-256", "sha256=" + hmac_sha256_hex(secret, body)},
                        {"Content-Type", "application/json"}};
        return call;
    }
    static std::string payload(std::string const& action, int issue, std::string const& sender = "alice", std::string const& name = repo) {
        return R"({"action":")" + action + R"(","issue":{"number":)" + std::to_string(issue) + R"(},"repository":{"full_name":")" + name +
               R"("},"sender":{"login":")" + sender + R"("}})";
    }
    // As if it had been a while ago.
    void let_time_pass() { database->query("UPDATE groomer.issue SET groomed_at = groomed_at - interval '1 hour' RETURNING 1"); }
    std::string last_pod() { return text("SELECT pod FROM groomer.run ORDER BY id DESC LIMIT 1"); }

    int deliveries = 0;
};

TEST_F(Webhooks, AnEventAtOneReplicaMakesWhoeverHoldsTheLockGroomTheIssueWithinASecond) {
    std::vector<unsigned short> ports;
    for (auto const* pod : {"one", "two", "three"}) ports.push_back(start_replica(pod));
    ASSERT_TRUE(is_settled());
    let_time_pass();
    bool by_another = false;
    auto const open = database->query("SELECT number FROM groomer.issue WHERE open AND NOT gone ORDER BY number LIMIT 20");
    for (auto row = open.begin(); row != open.end() && !by_another; ++row) {
        auto const issue = static_cast<int>(row->integer(0));
        auto const before = runs(issue);
        auto const began = std::chrono::steady_clock::now();
        auto const answer = http_call(ports[0], delivery("issues", payload("edited", issue)));
        ASSERT_EQ(answer.status, 202) << answer.body;
        EXPECT_EQ(object(answer, "Taken").at("result"), "due");
        ASSERT_TRUE(until([&] { return runs(issue) > before; }, 10s)) << issue;
        auto const took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
        EXPECT_LT(took, 1500ms);
        EXPECT_TRUE(replicas[0]->says(audited, 5s));
        std::printf("issue %d was groomed by %s %lld ms after its event\n", issue, last_pod().c_str(),
                    static_cast<long long>(took.count()));
        by_another = last_pod() != "one";
    }
    EXPECT_TRUE(by_another);
}

TEST_F(Webhooks, ANewIssueIsSyncedAndGroomed) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    auto const issue = server.with_state([this](State& state) {
        auto const now = fake_github::seconds_of(server.now());
        return static_cast<int>(
            state.add_issue(state.at(repo), {.title = "It crashes", .body = "Segmentation fault", .created = now, .updated = now}).number);
    });
    EXPECT_EQ(http_call(port, delivery("issues", payload("opened", issue))).status, 202);
    EXPECT_TRUE(until([&] { return runs(issue) == 1; }, 10s)) << replicas[0]->output();
}

TEST_F(Webhooks, WhatGroomerHasDoneItselfIsNoEvent) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    let_time_pass();
    auto const syncs = [this] { return number("SELECT count(*) FROM groomer.request WHERE lock = 'global'"); };
    auto const syncs_before = syncs(), before = runs(3), before_4 = runs(4);
    // Titles, texts, closing and opening again, labels of the repository: all that it may do, and whatever it may learn to do.
    for (auto const* action : {"labeled", "unlabeled", "edited", "closed", "reopened", "opened"})
        EXPECT_EQ(http_call(port, delivery("issues", payload(action, 3, "Groomer"))).status, 202);
    for (auto const* action : {"created", "edited", "deleted"})
        EXPECT_EQ(http_call(port, delivery("issue_comment", payload(action, 3, "groomer"))).status, 202);
    for (auto const* kind : {"label", "repository", "installation"})
        EXPECT_EQ(http_call(port, delivery(kind, payload("created", 3, "groomer"))).status, 202);
    EXPECT_EQ(http_call(port, delivery("issues", payload("labeled", 4, "alice"))).status, 202);
    ASSERT_TRUE(until([&] { return runs(4) > before_4; }, 10s));
    EXPECT_EQ(runs(3), before) << "it came before";
    auto const log = replicas[0]->output();
    std::size_t taken = 0;
    for (auto at = log.find(audited); at != std::string::npos; at = log.find(audited, at + 1)) ++taken;
    EXPECT_EQ(taken, 1U) << "of alice's alone";
    EXPECT_EQ(syncs(), syncs_before);
    EXPECT_EQ(http_call(port, delivery("label", payload("created", 3, "alice"))).status, 202);
    EXPECT_TRUE(until([&] { return syncs() > syncs_before; }, 10s));
    EXPECT_EQ(http_call(port, delivery("issues", payload("edited", 3, "alice"))).status, 202);
    EXPECT_TRUE(until([&] { return runs(3) > before; }, 10s));
}

TEST_F(Webhooks, WhatWasAcceptedIsStoredBeforeAReplicaStopsAndNoMoreIsAccepted) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    let_time_pass();
    server.with_state([](State& state) {
        state.faults.add({.method = "GET", .path = "*/issues/3", .times = fake_github::Matcher::always}, {.delay_before = 2s});
    });
    HttpCaller running{port, to(run_path, of_issue(3))};
    ASSERT_TRUE(until([this] { return server.with_state([](State& state) { return state.faults.sprung() > 0; }); }));
    for (int const issue : {4, 5, 6}) EXPECT_EQ(http_call(port, delivery("issues", payload("edited", issue))).status, 202);
    replicas[0]->signal(SIGTERM);
    ASSERT_TRUE(replicas[0]->says("\"stopping", 5s));
    EXPECT_EQ(refusal(http_call(port, delivery("issues", payload("edited", 7)))), "503 shutting_down");
    EXPECT_EQ(running.answer().status, 200);
    EXPECT_EQ(replicas[0]->wait(10s), 0);
    EXPECT_EQ(text("SELECT string_agg(number::text, ',' ORDER BY number) FROM groomer.issue WHERE due_at <= clock_timestamp()"), "4,5,6");
}

TEST_F(Webhooks, AFormIsRefusedWithWhatToSet) {
    auto const port = start_replica("one");
    auto form = delivery("issues", "payload=%7B%7D");
    form.headers.back().second = "application/x-www-form-urlencoded";
    auto const answer = http_call(port, form);
    EXPECT_EQ(refusal(answer), "415 unsupported_media_type");
    EXPECT_NE(answer.body.find("of a webhook, choose it as the content type in its settings"), std::string::npos);
}

TEST_F(Webhooks, WhatIsNotSignedIsRefusedAndWhatIsOfNoInterestIgnored) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    let_time_pass();
    auto const runs_before = number("SELECT count(*) FROM groomer.run");
    EXPECT_EQ(refusal(http_call(port, delivery("issues", payload("edited", 3), "another"))), "401 unauthorized");
    EXPECT_EQ(refusal(http_call(port, {"POST", path, payload("edited", 3)})), "401 unauthorized");
    EXPECT_EQ(refusal(http_call(port, delivery("issues", "{}"))), "400 bad_request");
    EXPECT_EQ(refusal(http_call(port, delivery("issues", std::string(3'000'000, ' ')))), "413 too_large");
    EXPECT_EQ(object(http_call(port, delivery("ping", "{}")), "Taken").at("result"), "ignored");
    EXPECT_EQ(object(http_call(port, delivery("issues", payload("edited", 3, "alice", "no/where"))), "Taken").at("result"), "ignored");
    EXPECT_EQ(object(http_call(port, delivery("issues", std::string(1'000'000, ' ') + payload("assigned", 3))), "Taken").at("result"),
              "ignored");
    EXPECT_EQ(number("SELECT count(*) FROM groomer.run"), runs_before);
    EXPECT_EQ(replicas[0]->output().find(hook_secret), std::string::npos) << "no secret is logged";
}

TEST_F(Webhooks, AFloodCostsATickOrTwo) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    let_time_pass();
    auto const holds = number("SELECT count(*) FROM groomer.hold WHERE lock = 'groomer'"), before = runs(3);
    auto const replay = delivery("issues", payload("edited", 3));
    for (int i = 0; i < 300; ++i) {
        EXPECT_EQ(http_call(port, replay).status, 202);
        EXPECT_EQ(http_call(port, delivery("issue_comment", payload("created", 3))).status, 202);
    }
    ASSERT_TRUE(until([&] { return runs(3) > before; }, 10s));
    EXPECT_TRUE(is_settled());
    EXPECT_LE(runs(3), before + 2) << "after 10 s at the earliest it is groomed again";
    EXPECT_LE(number("SELECT count(*) FROM groomer.hold WHERE lock = 'groomer'"), holds + 3);
    EXPECT_LE(number("SELECT count(*) FROM groomer.request WHERE lock = 'groomer'"), 4);
    std::string shown;
    EXPECT_EQ(http_get(port, "/healthz", &shown), 200);
}

TEST_F(Webhooks, WhatCameWhileTheDatabaseWasAwayIsDueWhenItIsBack) {
    auto const port = start_replica("one");
    ASSERT_TRUE(is_settled());
    let_time_pass();
    auto const before = runs(3);
    let_connect(false);
    auto const began = std::chrono::steady_clock::now();
    EXPECT_EQ(http_call(port, delivery("issues", payload("edited", 3))).status, 202);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 1s) << "GitHub does not wait for a database";
    let_connect(true);
    EXPECT_TRUE(until([&] { return runs(3) > before; }, 40s)) << replicas[0]->output();
}

TEST_F(Webhooks, ASecretIsReplacedWithoutARestart) {
    environment.erase("GROOMER_GITHUB_WEBHOOK_SECRET");
    auto const put = [&](std::string const& secrets) {  // as a whole, like a mounted secret
        std::ofstream{folder / "new"} << secrets;
        std::filesystem::rename(folder / "new", folder / "hook");
    };
    put("old\n");
    auto const config = read_file(folder / "c.yaml");
    auto const at = config.find("settle: 0s");
    std::ofstream{folder / "c.yaml"} << config.substr(0, at) << "webhook_secret_file: " << (folder / "hook").string() << ", "
                                     << config.substr(at);
    auto const port = start_replica("one");
    auto const status = [&](std::string const& secret) { return http_call(port, delivery("ping", "{}", secret)).status; };
    EXPECT_EQ(status("old"), 202);
    EXPECT_EQ(status("new"), 401);
    put("old\nnew\n");
    EXPECT_TRUE(until([&] { return status("new") == 202; }, 20s));
    EXPECT_EQ(status("old"), 202);
    put("new\n");
    EXPECT_TRUE(until([&] { return status("old") == 401; }, 20s));
    EXPECT_EQ(status("new"), 202);
}

}  // namespace
}  // namespace groomer::test
