#include "config/reload.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace groomer::config {
namespace {

namespace fs = std::filesystem;

// Files as Kubernetes mounts them: the names link into ..data, which links to a folder that is swapped as a whole.
class Reload : public testing::Test {
protected:
    Reload() {
        fs::create_directories(folder_);
        publish("1", config("5s", "7"), "token-1\n");
        for (auto name : {"groomer.yaml", "token"}) fs::create_symlink(fs::path{"..data"} / name, folder_ / name);
    }
    ~Reload() override { fs::remove_all(folder_); }

    [[nodiscard]] std::string path(std::string const& name) const { return (folder_ / name).string(); }

    [[nodiscard]] std::string config(std::string const& ttl, std::string const& batch) const {
        return "database: {url: postgresql://u@h/d}\nlock: {ttl: " + ttl + "}\npolicy: {batch: " + batch +
               "}\ngithub: {token_file: " + path("token") + "}\n";
    }

    void publish(std::string const& version, std::string const& yaml, std::string const& token) {
        auto const data = folder_ / (".." + version);
        fs::create_directories(data);
        std::ofstream{data / "groomer.yaml"} << yaml;
        std::ofstream{data / "token"} << token;
        fs::remove(folder_ / "..data_tmp");
        fs::create_directory_symlink(".." + version, folder_ / "..data_tmp");
        fs::rename(folder_ / "..data_tmp", folder_ / "..data");
    }

    Reloader reloader() {
        Source const source{path("groomer.yaml"), {}, {}, {}};
        return {source, load(source)};
    }

    fs::path folder_ = fs::path{testing::TempDir()} / ("groomer-reload-" + std::to_string(::getpid()));
};

TEST_F(Reload, nothing_changes_while_the_content_stays) {
    auto files = reloader();
    EXPECT_TRUE(std::holds_alternative<Unchanged>(files.check()));
    publish("2", config("5s", "7"), "token-1\n");
    EXPECT_TRUE(std::holds_alternative<Unchanged>(files.check())) << "only the folder is another";
}

TEST_F(Reload, a_changed_file_is_taken_over) {
    auto files = reloader();
    publish("2", config("5s", "8"), "token-1\n");
    auto const result = files.check();
    ASSERT_TRUE(std::holds_alternative<Reloaded>(result));
    EXPECT_EQ(std::get<Reloaded>(result).config.policy.batch, 8);
    EXPECT_TRUE(std::get<Reloaded>(result).secrets.empty());
    EXPECT_EQ(files.current().policy.batch, 8);
    EXPECT_TRUE(std::holds_alternative<Unchanged>(files.check()));
}

TEST_F(Reload, a_changed_secret_is_taken_over_and_named) {
    auto files = reloader();
    publish("2", config("5s", "7"), "token-2\n");
    auto const result = files.check();
    ASSERT_TRUE(std::holds_alternative<Reloaded>(result));
    auto const& reloaded = std::get<Reloaded>(result);
    EXPECT_EQ(reloaded.config.github.token.value, "token-2");
    ASSERT_EQ(reloaded.secrets.size(), 1U);
    EXPECT_EQ(reloaded.secrets[0].secret, "github.token");
    EXPECT_TRUE(reloaded.secrets[0].ok);
}

TEST_F(Reload, what_the_start_would_refuse_is_refused_then_too) {
    Source source{path("groomer.yaml"), {}, {}, {}};
    source.unsupported = {{"policy.mode", [](Repository const& r) { return r.policy.mode == Mode::apply; }, "leave it"}};
    Reloader files{source, load(source)};
    publish("2", config("5s", "7, mode: apply") + "repositories: [{name: a/b, tracker: file, path: x}]\n", "token-1\n");
    EXPECT_TRUE(std::holds_alternative<Failed>(files.check()));
    EXPECT_EQ(files.current().policy.mode, Mode::dry_run);
}

TEST_F(Reload, a_bad_file_keeps_the_old_and_is_reported_once) {
    auto files = reloader();
    publish("2", config("5x", "8"), "token-1\n");
    auto const result = files.check();
    ASSERT_TRUE(std::holds_alternative<Failed>(result));
    EXPECT_EQ(std::get<Failed>(result).sentence,
              path("groomer.yaml") + ":2:13: lock.ttl: \"5x\" is not a duration from 1s to 10m (a whole number and ms, s, m, h or d)");
    EXPECT_EQ(files.current().policy.batch, 7);
    EXPECT_FALSE(files.last_successful());
    EXPECT_TRUE(std::holds_alternative<Unchanged>(files.check()));
    EXPECT_FALSE(files.last_successful()) << "the file is still bad";
    publish("3", config("5s", "9"), "token-1\n");
    EXPECT_TRUE(std::holds_alternative<Reloaded>(files.check()));
    EXPECT_TRUE(files.last_successful());
    EXPECT_EQ(files.current().policy.batch, 9);
}

TEST_F(Reload, a_bad_secret_keeps_the_old_and_is_named_without_its_content) {
    auto files = reloader();
    publish("2", config("5s", "8"), "s3cret\nlines\n");
    auto const result = files.check();
    ASSERT_TRUE(std::holds_alternative<Failed>(result));
    auto const& failed = std::get<Failed>(result);
    EXPECT_EQ(failed.sentence.find("s3cret"), std::string::npos);
    ASSERT_EQ(failed.secrets.size(), 1U);
    EXPECT_EQ(failed.secrets[0].secret, "github.token");
    EXPECT_FALSE(failed.secrets[0].ok);
    EXPECT_EQ(files.current().github.token.value, "token-1");
    EXPECT_EQ(files.current().policy.batch, 7) << "all or nothing";
}

TEST_F(Reload, a_secret_that_waited_for_a_good_file_counts_when_it_is_taken_over) {
    auto files = reloader();
    publish("2", config("5x", "7"), "token-2\n");
    auto const failed = files.check();
    ASSERT_TRUE(std::holds_alternative<Failed>(failed));
    ASSERT_EQ(std::get<Failed>(failed).secrets.size(), 1U);
    publish("3", config("5s", "7"), "token-2\n");
    auto const result = files.check();
    ASSERT_TRUE(std::holds_alternative<Reloaded>(result));
    EXPECT_EQ(std::get<Reloaded>(result).config.github.token.value, "token-2");
    ASSERT_EQ(std::get<Reloaded>(result).secrets.size(), 1U);
    EXPECT_TRUE(std::get<Reloaded>(result).secrets[0].ok);
    publish("4", config("5s", "8"), "token-2\n");
    auto const later = files.check();
    ASSERT_TRUE(std::holds_alternative<Reloaded>(later));
    EXPECT_TRUE(std::get<Reloaded>(later).secrets.empty()) << "it has not changed again";
}

TEST_F(Reload, a_vanished_file_keeps_the_old_until_it_is_back) {
    auto files = reloader();
    fs::remove(folder_ / "token");
    EXPECT_TRUE(std::holds_alternative<Failed>(files.check()));
    EXPECT_EQ(files.current().github.token.value, "token-1");
    EXPECT_TRUE(std::holds_alternative<Unchanged>(files.check()));
    fs::create_symlink("..data/token", folder_ / "token");
    EXPECT_TRUE(std::holds_alternative<Reloaded>(files.check()));
    EXPECT_TRUE(files.last_successful());
}

TEST_F(Reload, a_new_secret_that_comes_later_than_its_key_is_noticed) {
    auto files = reloader();
    publish("2", config("5s", "8") + "http: {admin_token_file: " + path("admin") + "}\n", "token-1\n");
    EXPECT_TRUE(std::holds_alternative<Failed>(files.check()));
    EXPECT_TRUE(std::holds_alternative<Unchanged>(files.check()));
    std::ofstream{folder_ / "admin"} << "admin-1";
    auto const result = files.check();
    ASSERT_TRUE(std::holds_alternative<Reloaded>(result));
    EXPECT_EQ(std::get<Reloaded>(result).config.http.admin_token.value, "admin-1");
    ASSERT_EQ(std::get<Reloaded>(result).secrets.size(), 1U);
    EXPECT_EQ(std::get<Reloaded>(result).secrets[0].secret, "http.admin_token");
}

TEST_F(Reload, what_needs_a_restart_keeps_its_value_and_says_so) {
    auto files = reloader();
    publish("2", config("7s", "8") + "http: {listen: '0.0.0.0:81'}\n", "token-1\n");
    auto const result = files.check();
    ASSERT_TRUE(std::holds_alternative<Reloaded>(result));
    auto const& [config, secrets, notes] = std::get<Reloaded>(result);
    EXPECT_EQ(config.lock.ttl, std::chrono::seconds{5});
    EXPECT_EQ(config.http.listen, "0.0.0.0:8080");
    EXPECT_EQ(config.policy.batch, 8);
    ASSERT_GE(notes.size(), 2U);
    EXPECT_EQ(notes[0], "lock.ttl has changed: it takes effect after a restart");
    EXPECT_EQ(notes[1], "http.listen has changed: it takes effect after a restart");
}

TEST_F(Reload, a_new_password_in_the_connection_string_needs_no_restart_another_host_does) {
    auto const url = path("url");
    auto const source = Source{"g.yaml", "database: {url_file: " + url + "}", {}, {}};
    std::ofstream{url} << "postgresql://u:one@h/d";
    Reloader files{source, load(source)};
    std::ofstream{url} << "postgresql://u:two@h/d";
    auto const rotated = files.check();
    ASSERT_TRUE(std::holds_alternative<Reloaded>(rotated));
    EXPECT_EQ(std::get<Reloaded>(rotated).config.database.url, "postgresql://u:two@h/d");
    std::ofstream{url} << "postgresql://u:two@elsewhere/d";
    auto const moved = files.check();
    ASSERT_TRUE(std::holds_alternative<Reloaded>(moved));
    EXPECT_EQ(std::get<Reloaded>(moved).config.database.url, "postgresql://u:two@h/d");
    EXPECT_EQ(std::get<Reloaded>(moved).notes.at(0), "database.url has changed: it takes effect after a restart");
}

TEST(SecretNames, are_those_of_the_table) {
    auto const names = secret_names();
    EXPECT_EQ(names, (std::vector<std::string>{"database.url", "database.password", "github.token", "github.app.private_key",
                                               "github.webhook_secret", "model.api_key", "http.admin_token"}));
}

}  // namespace
}  // namespace groomer::config
