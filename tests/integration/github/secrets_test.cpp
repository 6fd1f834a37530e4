// Whatever is told, at whatever level and of whatever went wrong: a secret is not in it.
#include "fake_model/server.hpp"
#include "integration/served.hpp"

#include "base/digest.hpp"

namespace groomer::test {
namespace {

class Secrets : public Served {
protected:
    void SetUp() override {
        Served::SetUp();
        if (IsSkipped()) return;
        environment["GROOMER_LOG_LEVEL"] = "debug";
        environment["GROOMER_HTTP_ADMIN_TOKEN"] = admin;
        environment["GROOMER_GITHUB_WEBHOOK_SECRET"] = hook;
        environment["GROOMER_MODEL_API_KEY"] = model_key;
        server.with_state([](State& state) { state.access.add_token(github_token, {.login = "groomer"}); });
        model_server.with_state([](fake_model::State& state) { state.keys.insert(model_key); });
        use(with_password());
    }
    // Everything that knows a secret is asked, at `url` and with what `more` adds.
    void use(std::string const& url, std::string const& of_github = "") {
        std::ofstream{folder / "c.yaml"} << "database: {url: \"" << url << "\"}\nschedule: {groom_every: 10m, sync_every: 10m}\n"
                                         << "lock: {ttl: 2s, renew_every: 500ms}\npolicy: {mode: apply}\ngithub: {api_url: \""
                                         << server.url() << "\", settle: 0s, pace: {between_writes: 0s}" << of_github << "}\n"
                                         << "http: {listen: \"127.0.0.1:0\", metrics_listen: \"127.0.0.1:0\"}\n"
                                         << "model: {provider: openai, name: m-1, base_url: \"" << model_server.url() << "/v1\"}\n"
                                         << "repositories: [{name: " << repo << ", tracker: github}]\n";
    }
    // A server that trusts whoever may open its socket takes any.
    std::string with_password() {
        return database->url() + (database->url().find('?') == std::string::npos ? "?" : "&") + "password=" + password;
    }

    void expect_none(std::string const& told, std::string const& where) {
        for (auto const& secret : secrets) {
            auto const at = told.find(secret);
            if (at == std::string::npos) continue;
            ADD_FAILURE() << "a secret is told by " << where << ": " << told.substr(at > 300 ? at - 300 : 0, 700);
        }
    }
    void run_command(std::vector<std::string> const& words, std::string const& of_github = github_token) {
        std::string line;
        for (auto const& word : words) line += word + " ";
        auto const ended = command(words, of_github);
        EXPECT_FALSE(ended.output.empty()) << line;
        expect_none(ended.output, line);
    }
    static std::string command_line(int pid) {
        auto line = read_file("/proc/" + std::to_string(pid) + "/cmdline");
        std::replace(line.begin(), line.end(), '\0', ' ');
        return line;
    }
    void ask_all(unsigned short api, unsigned short metrics) {
        for (std::string const& with : {admin, wrong_admin, std::string{}}) {
            auto const call = [&](std::string const& method, std::string const& path, std::string const& body) {
                HttpCall one{method, path, body};
                if (!with.empty()) one.headers.emplace_back("Authorization", "Bearer " + with);
                auto const answer = http_call(api, one);
                EXPECT_NE(answer.status, 0) << path;
                expect_none(answer.head + answer.body, method + " " + path);
            };
            for (std::string const path :
                 {"/", "/api/status", "/api/groomer/lock", "/api/groomer/runs", "/api/openapi.json", "/healthz", "/none"})
                call("GET", path, "");
            call("POST", run_path, of_issue(1, R"(,"force":true)"));
            call("POST", run_path, "{\"token\":");
            call("POST", "/api/groomer/pause", "{}");
            call("POST", "/api/groomer/resume", "{}");
        }
        std::string const body = R"({"action":"edited","issue":{"number":1},"repository":{"full_name":")" + std::string{repo} +
                                 R"("},"sender":{"login":"alice"}})";
        for (std::string const& with : {hook, wrong_hook}) {
            HttpCall delivery{"POST", "/api/github/webhook", body};
            delivery.headers = {{"X-GitHub-Event", "issues"},
                                {"X-GitHub-Delivery", "delivery-" + with.substr(0, 5)},
                                {"X-Hub-Signature-256", "sha256=" + hmac_sha256_hex(with, body)},
                                {"Content-Type", "application/json"}};
            auto const answer = http_call(api, delivery);
            EXPECT_EQ(answer.status, with == hook ? 202 : 401) << answer.body;
            expect_none(answer.head + answer.body, "the webhook");
        }
        std::string text;
        EXPECT_EQ(http_get(metrics, "/metrics", &text), 200);
        expect_none(text, "/metrics");
    }
    // All that is stored, row by row.
    void look_through_the_database() {
        auto const tables = database->query(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')");
        EXPECT_GT(tables.size(), 10U);
        for (auto const& table : tables)
            expect_none(text("SELECT coalesce(string_agg(t::text, ' '), '') FROM " + table.text(0) + " t"), table.text(0));
    }

    static inline std::string const github_token = "ghp-marks-the-token", wrong_token = "ghp-marks-a-wrong-token",
                                    model_key = "sk-marks-the-key", wrong_key = "sk-marks-a-wrong-key", admin = "marks-the-admin-token",
                                    wrong_admin = "marks-a-wrong-admin-token", hook = "marks-the-signer",
                                    wrong_hook = "wrong-signer-marked", password = "marks-the-password";
    std::vector<std::string> secrets{github_token, wrong_token, model_key, wrong_key, admin, wrong_admin, hook, wrong_hook, password};
    fake_model::Server model_server;
};

TEST_F(Secrets, AreToldByNothingThatARunningReplicaSaysOrStores) {
    environment["POD_NAME"] = "one";
    auto const process = start({"run"}, github_token);
    ASSERT_TRUE(process->says("\"ready\"", 20s)) << process->output();
    expect_none(command_line(process->pid()), "the command line");
    ASSERT_TRUE(until("SELECT count(*) > 5 FROM groomer.run")) << process->output();
    ask_all(port(*process, "http_port"), port(*process, "metrics_port"));
    // Its rights end while it runs.
    server.with_state([](State& state) { state.access.revoke_all(); });
    model_server.with_state([](fake_model::State& state) { state.keys.clear(); });
    EXPECT_NE(http_call(port(*process, "http_port"), to(run_path, of_issue(2, R"(,"force":true)"), admin)).status, 0);
    EXPECT_TRUE(process->says("401", 20s)) << process->output();
    process->signal(SIGTERM);
    EXPECT_EQ(process->wait(30s), 0);
    EXPECT_NE(process->output().find("\"level\":\"debug\""), std::string::npos) << "or little is shown";
    expect_none(process->output(), "the log");
    look_through_the_database();
}

TEST_F(Secrets, AreToldByNoCommandWhateverIsWrong) {
    std::vector<std::vector<std::string>> const commands{
        {"validate"},       {"validate", "--online"},  {"once", "--dry-run"}, {"once"}, {"explain", std::string{repo} + "#1"},
        {"lock", "status"}, {"labels", "--repo", repo}};
    for (auto const& words : commands) run_command(words);
    EXPECT_EQ(command({"validate", "--online"}, github_token).status, 0) << "or all that follows shows nothing";
    environment["GROOMER_MODEL_API_KEY"] = wrong_key;
    for (auto const& words : commands) run_command(words, wrong_token);
    // A server that nobody has, and one that is no URL.
    for (std::string const& url :
         {"postgresql://somebody:" + password + "@127.0.0.1:1/none", "postgresql://somebody:" + password + "@[::1:/none"}) {
        use(url);
        for (auto const& words : commands) run_command(words);
    }
    // In the wrong place, or in a shape that cannot be read.
    auto const [key, unused] = made_key();
    auto const middle = key.substr(key.find('\n') + 65, 64);
    secrets.push_back(middle);
    std::ofstream{folder / "app.pem"} << "-----BEGIN PRIVATE KEY-----\n" << middle << "\n-----END PRIVATE KEY-----\n";
    use(with_password(), ", app: {id: 7, installation_id: 70, private_key_file: \"" + (folder / "app.pem").string() + "\"}");
    for (auto const& words : commands) run_command(words, "");
    std::ofstream{folder / "app.pem"} << key;
    for (auto const& words : commands) run_command(words, "");
    use(with_password(), ", token: " + github_token);
    run_command({"validate"}, "");
    environment["GROOMER_MODEL_API_KEY"] = model_key + "\nX-Header: 1";
    use(with_password());
    for (auto const& words : commands) run_command(words, github_token + "\r\nX-Header: 1");
}

}  // namespace
}  // namespace groomer::test
