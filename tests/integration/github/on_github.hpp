// What the tests of groomer's binary on the fake GitHub share.
#pragma once

#include "fake_github/seed.hpp"
#include "fake_github/server.hpp"
#include "support/process.hpp"
#include "support/test_database.hpp"

#include <boost/json/serialize.hpp>

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace groomer::test {

using namespace std::chrono_literals;
using fake_github::Server;
using fake_github::State;

inline constexpr char const* repo = "lanternfish/quill";
inline constexpr char const* labels[]{"type/bug",    "type/feature",      "type/question", "priority/p0",    "priority/p1",
                                      "priority/p2", "priority/p3",       "status/ready",  "status/backlog", "status/blocked",
                                      "status/done", "status/needs-info", "needs-triage"};

inline std::string read_file(std::filesystem::path const& path) {
    std::ifstream file{path};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// An App's key: the private half, and the public one.
inline std::pair<std::string, std::string> made_key() {
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> const key{EVP_RSA_gen(2048), EVP_PKEY_free};
    auto const pem = [&](auto write) {
        std::unique_ptr<BIO, decltype(&BIO_free)> const bio{BIO_new(BIO_s_mem()), BIO_free};
        write(bio.get());
        char* data = nullptr;
        auto const size = BIO_get_mem_data(bio.get(), &data);
        return std::string(data, static_cast<std::size_t>(size));
    };
    return {pem([&](BIO* out) { PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); }),
            pem([&](BIO* out) { PEM_write_bio_PUBKEY(out, key.get()); })};
}

// What groomer sends, line by line.
class Recorder : public fake_github::Watcher {
public:
    std::optional<fake_github::Fault> arrived(fake_github::Request const& request, std::string const&, fake_github::Peer const&) override {
        if (on_arrival) on_arrival(request);
        std::lock_guard const lock{mutex_};
        lines_ += request.method + " " + request.target + (request.body.empty() ? "" : " " + request.body);
        return std::nullopt;
    }
    void applied(std::string const&, int status) override {
        std::lock_guard const lock{mutex_};
        lines_ += " → " + std::to_string(status) + "\n";
    }
    void ended(std::string const&, bool) override {}
    // And begins anew.
    std::string take() {
        std::lock_guard const lock{mutex_};
        return std::exchange(lines_, {});
    }

    // Before it takes effect, on the server's thread; set while nobody asks.
    std::function<void(fake_github::Request const&)> on_arrival;

private:
    std::mutex mutex_;
    std::string lines_;
};

class OnGithub : public testing::Test {
protected:
    void SetUp() override {
        GROOMER_NEEDS_DATABASE();
        database = std::make_unique<TestDatabase>();
        folder = std::filesystem::temp_directory_path() / ("groomer-github-test-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder);
        auto const backlog = read_file(std::filesystem::path{GROOMER_SOURCE_DIR} / "deploy/local/sample-backlog.json");
        server.with_state([&](State& state) {
            state.access.add_token("secret", {.login = "groomer"});
            state.limits.options = {.per_hour = 0, .points_per_minute = 0, .at_once = 0, .content_per_minute = 0, .content_per_hour = 0};
            fake_github::import_issues(state, backlog, repo);
            for (auto const* label : labels)
                if (!fake_github::find_label(state.at(repo), label)) state.add_label(state.at(repo), {.name = label});
        });
        configure("apply", "0s");
    }
    void TearDown() override {
        if (!folder.empty()) std::filesystem::remove_all(folder);
    }
    void configure(std::string const& mode, std::string const& between_writes, std::string const& more_of_github = "",
                   std::string const& name = repo, std::string const& url = "") {
        std::ofstream{folder / "c.yaml"} << "database: {url: \"" << database->url() << "\"}\nschedule: {groom_every: 1s, sync_every: 1s}\n"
                                         << "lock: {ttl: 2s, renew_every: 500ms}\npolicy: {mode: " << mode << "}\ngithub: {api_url: \""
                                         << (url.empty() ? server.url() : url)
                                         << "\", settle: 0s, pace: {between_writes: " << between_writes << "}" << more_of_github << "}\n"
                                         << "http: {listen: \"127.0.0.1:0\", metrics_listen: \"127.0.0.1:0\"}\n"
                                         << "repositories: [{name: " << name << ", tracker: github}]\n";
    }
    std::unique_ptr<Process> start(std::vector<std::string> words, std::string const& token = "secret") {
        words.insert(words.begin(), GROOMER_BINARY);
        words.insert(words.end(), {"--config", (folder / "c.yaml").string()});
        auto const log = (folder / (std::to_string(++started) + ".log")).string();
        auto variables = environment;
        if (!token.empty()) variables["GROOMER_GITHUB_TOKEN"] = token;
        return std::make_unique<Process>(words, log, variables);
    }
    struct Ended {
        int status;
        std::string output;
    };
    Ended command(std::vector<std::string> words, std::string const& token = "secret") {
        auto const process = start(std::move(words), token);
        auto const status = process->wait(60s);
        return {status.value_or(-1), process->output()};
    }
    static fake_github::Repository& add_labelled(State& state, std::string const& name) {
        auto& repository = state.add_repository(name);
        for (auto const* label : labels) state.add_label(repository, {.name = label});
        return repository;
    }
    std::vector<boost::json::object> effects() {
        return server.with_state([](State& state) { return state.effects.parsed(); });
    }
    std::uint64_t requests() {
        return server.with_state([](State& state) { return state.effects.requests(); });
    }
    // Those that name one: it, its timeline, its labels.
    std::uint64_t requests_for_issues() {
        return server.with_state([](State& state) {
            std::uint64_t count = 0;
            for (auto const& [route, answers] : state.effects.routes())
                if (route.find("/issues/{}") != std::string::npos) count += state.effects.requests(route);
            return count;
        });
    }
    std::int64_t number(std::string const& sql) { return database->query(sql).at(0).integer(0); }
    // Each label is added or removed at most once an issue, by groomer, and never one of another family.
    void expect_each_once() {
        std::set<std::string> seen;
        for (auto const& effect : effects()) {
            auto const text = boost::json::serialize(effect);
            std::string const label{effect.at("label").as_string()};
            EXPECT_EQ(effect.at("actor"), "groomer") << text;
            EXPECT_TRUE(effect.at("what") == "label.add" || effect.at("what") == "label.remove") << text;
            EXPECT_NE(std::find(std::begin(labels), std::end(labels), label), std::end(labels)) << text;
            EXPECT_TRUE(seen.insert(std::to_string(effect.at("issue").to_number<int>()) + " " + label).second) << text;
        }
    }
    std::string left() { return "SELECT count(*) FROM groomer.issue WHERE open AND NOT gone AND due_at <= clock_timestamp()"; }

    std::unique_ptr<TestDatabase> database;
    std::filesystem::path folder;
    std::map<std::string, std::string> environment;  // of what is started
    Recorder recorder;
    Server server{{.watcher = &recorder}};
    int started = 0;
};

}  // namespace groomer::test
