// Replicas of groomer's binary on a file of issues, and what their API is asked.
#pragma once

#include "support/process.hpp"
#include "support/raw_client.hpp"
#include "support/test_database.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace groomer::test {

struct Answer {
    int status = 0;
    std::string head, body;
    [[nodiscard]] boost::json::value json() const { return boost::json::parse(body); }
};

class Api : public testing::Test {
protected:
    void SetUp() override {
        GROOMER_NEEDS_DATABASE();
        database = std::make_unique<TestDatabase>(TestDatabase::Schema::migrated);
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
    Process& start(std::string const& pod = "one", std::string const& sign = "\"ready\"") {
        std::vector<std::string> const words{binary, "run", "--config", (folder / "c.yaml").string()};
        replicas.push_back(
            std::make_unique<Process>(words, (folder / (pod + ".log")).string(), std::map<std::string, std::string>{{"POD_NAME", pod}}));
        EXPECT_TRUE(replicas.back()->says(sign, std::chrono::seconds{20})) << replicas.back()->output();
        return *replicas.back();
    }
    static unsigned short port(Process const& replica, std::string const& name = "http_port") {
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
    static bool until(std::function<bool()> const& is_so, std::chrono::seconds limit = std::chrono::seconds{20}) {
        for (auto const end = std::chrono::steady_clock::now() + limit; std::chrono::steady_clock::now() < end;
             std::this_thread::sleep_for(std::chrono::milliseconds{50}))
            if (is_so()) return true;
        return is_so();
    }
    bool all_groomed() {
        return until([&] { return database->query("SELECT pending = 0 AND synced AND issues > 0 FROM groomer.progress").at(0).truth(0); });
    }
    std::int64_t number(std::string const& sql) { return database->query(sql).at(0).integer(0); }

    static inline int counter = 0;
    std::string binary = GROOMER_BINARY;
    std::unique_ptr<TestDatabase> database;
    std::filesystem::path folder;
    std::vector<std::unique_ptr<Process>> replicas;
};

}  // namespace groomer::test
