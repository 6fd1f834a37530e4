// Replicas of groomer's binary on the fake GitHub, and what their API is asked.
#pragma once

#include "api/openapi.hpp"
#include "integration/github/on_github.hpp"
#include "support/http_call.hpp"
#include "support/json_schema.hpp"

#include <boost/json/parse.hpp>

#include <csignal>
#include <functional>
#include <thread>

namespace groomer::test {

class Served : public OnGithub {
protected:
    static constexpr char const* token = "admin-1";
    static constexpr char const* hook_secret = "signs-webhooks";
    static constexpr char const* run_path = "/api/groomer/run";

    void SetUp() override {
        OnGithub::SetUp();
        if (IsSkipped()) return;
        environment["GROOMER_HTTP_ADMIN_TOKEN"] = token;
        environment["GROOMER_GITHUB_WEBHOOK_SECRET"] = hook_secret;
        serve();
    }
    void TearDown() override {
        replicas.clear();
        OnGithub::TearDown();
    }
    // Nothing is due by itself for as long as a test lasts.
    void serve(std::string const& mode = "apply", std::string const& more = "") {
        std::ofstream{folder / "c.yaml"} << "database: {url: \"" << database->url()
                                         << "\"}\nschedule: {groom_every: 10m, sync_every: 10m}\n"
                                         << "lock: {ttl: 2s, renew_every: 500ms}\npolicy: {mode: " << mode << "}\ngithub: {api_url: \""
                                         << server.url() << "\", settle: 0s, pace: {between_writes: 0s}}\n"
                                         << "http: {listen: \"127.0.0.1:0\", metrics_listen: \"127.0.0.1:0\"}\n"
                                         << "repositories: [{name: " << repo << ", tracker: github}]\n"
                                         << more;
    }
    unsigned short start_replica(std::string const& pod) {
        environment["POD_NAME"] = pod;
        replicas.push_back(start({"run"}));
        EXPECT_TRUE(replicas.back()->says("\"ready\"", 20s)) << replicas.back()->output();
        return port(*replicas.back(), "http_port");
    }
    static unsigned short port(Process const& process, std::string const& name) {
        auto const text = process.output();
        auto const at = text.find("\"" + name + "\":");
        return at == std::string::npos ? 0 : static_cast<unsigned short>(std::stoi(text.substr(at + name.size() + 3)));
    }
    static HttpCall to(std::string const& path, std::string const& body = "", std::string const& with = token) {
        HttpCall call{"POST", path, body};
        if (!with.empty()) call.headers.emplace_back("Authorization", "Bearer " + with);
        return call;
    }
    static boost::json::object object(HttpAnswer const& answer) {
        boost::system::error_code error;
        auto const parsed = boost::json::parse(answer.body, error);
        EXPECT_TRUE(!error && parsed.is_object()) << answer.status << " " << answer.body;
        return parsed.is_object() ? parsed.get_object() : boost::json::object{};
    }
    // As the description of the API has it.
    static boost::json::object object(HttpAnswer const& answer, std::string const& schema) {
        static JsonSchema const described{boost::json::parse(api::openapi("0"))};
        auto body = object(answer);
        EXPECT_EQ(described.fault(schema, boost::json::value(body)), "");
        return body;
    }
    // The status and the code of an error, which has a sentence, too.
    static std::string refusal(HttpAnswer const& answer) {
        auto const body = object(answer);
        if (!body.contains("error")) return std::to_string(answer.status) + " " + answer.body;
        object(answer, body.at("error") == "lock_held" ? "LockHeld" : "Error");
        EXPECT_FALSE(body.at("message").as_string().empty());
        return std::to_string(answer.status) + " " + std::string{body.at("error").as_string()};
    }
    static std::string of_issue(int issue, std::string const& more = "") {
        return R"({"repoFullName":")" + std::string{repo} + R"(","issueNumber":)" + std::to_string(issue) + more + "}";
    }
    bool until(std::function<bool()> const& holds, std::chrono::milliseconds limit = 30s) {
        auto const end = std::chrono::steady_clock::now() + limit;
        while (!holds()) {
            if (std::chrono::steady_clock::now() > end) return false;
            std::this_thread::sleep_for(5ms);
        }
        return true;
    }
    bool until(std::string const& sql, std::chrono::milliseconds limit = 30s) {
        return until([&] { return database->query(sql).at(0).text(0) == "t"; }, limit);
    }
    std::string text(std::string const& sql) {
        auto const rows = database->query(sql);
        return rows.empty() ? "" : rows.front().text(0);
    }
    // Synced and groomed, and nobody holds anything.
    bool is_settled() { return until("SELECT pending = 0 AND synced AND NOT EXISTS (SELECT FROM sync_lock) FROM groomer.progress"); }
    // Replicas lose their database, or have it back; the test keeps its own connection.
    void let_connect(bool may) {
        TestDatabase const other;
        pg::Session admin{other.options("admin")};
        admin.run({"test", "ALTER DATABASE " + database->name() + " ALLOW_CONNECTIONS " + (may ? "true" : "false")}, {});
        if (may) return;
        admin.run(
            {"test", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'groomer/%/one' AND datname = '" +
                         database->name() + "'"},
            {});
    }
    std::int64_t runs(int issue) {
        return number("SELECT count(*) FROM groomer.run r JOIN groomer.issue i ON i.id = r.issue_id WHERE i.number = " +
                      std::to_string(issue));
    }

    std::vector<std::unique_ptr<Process>> replicas;
};

}  // namespace groomer::test
