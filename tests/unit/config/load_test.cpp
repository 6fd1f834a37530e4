#include "config/load.hpp"

#include "base/error.hpp"
#include "config/fingerprint.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

namespace groomer::config {
namespace {

std::string const database = "database: {url: postgresql://groomer@db/groomer}\n";

Config loaded(std::string const& yaml, std::map<std::string, std::string> environment = {}, std::map<std::string, std::string> flags = {}) {
    return load({"g.yaml", database + yaml, std::move(environment), std::move(flags)}).config;
}

std::string errors_of(std::string const& yaml, std::map<std::string, std::string> environment = {},
                      std::map<std::string, std::string> flags = {}) {
    return try_load({"g.yaml", database + yaml, std::move(environment), std::move(flags)}).errors;
}

// A folder of its own, gone at the end.
class LoadFiles : public testing::Test {
protected:
    LoadFiles() { std::filesystem::create_directories(folder_); }
    ~LoadFiles() override { std::filesystem::remove_all(folder_); }

    std::string write(std::string const& name, std::string const& content) {
        auto const path = (folder_ / name).string();
        std::ofstream{path, std::ios::binary} << content;
        return path;
    }

    std::filesystem::path folder_ = std::filesystem::path{testing::TempDir()} / ("groomer-load-" + std::to_string(::getpid()));
};

TEST(Load, defaults_are_those_of_the_contract) {
    auto const config = loaded("");
    EXPECT_EQ(config.lock.ttl, std::chrono::seconds{5});
    EXPECT_EQ(config.lock.renew_every, Duration{1500});
    EXPECT_EQ(config.github.settle, Duration{11500});
    EXPECT_EQ(config.model.context_limit, 24U * 1024);
    EXPECT_EQ(config.policy.mode, Mode::dry_run);
    ASSERT_EQ(config.policy.labels.size(), 3U);
    EXPECT_EQ(config.policy.labels[1].name, "priority");
    EXPECT_EQ(config.policy.labels[1].never_set, std::vector<std::string>{"priority/p0"});
    EXPECT_EQ(config.policy.labels[2].values[4].role, "already_done");
    EXPECT_EQ(config.policy.labels[2].values[4].label, "status/done");
}

TEST(Load, a_flag_goes_before_the_environment_before_the_file) {
    std::string const yaml = "lock: {ttl: 6s}\n";
    EXPECT_EQ(loaded(yaml).lock.ttl, std::chrono::seconds{6});
    EXPECT_EQ(loaded(yaml, {{"GROOMER_LOCK_TTL", "7s"}}).lock.ttl, std::chrono::seconds{7});
    EXPECT_EQ(loaded(yaml, {{"GROOMER_LOCK_TTL", "7s"}}, {{"lock.ttl", "8s"}}).lock.ttl, std::chrono::seconds{8});
}

TEST(Load, lists_in_the_environment_are_separated_by_commas) {
    EXPECT_EQ(loaded("", {{"GROOMER_POLICY_EXEMPT", "wontfix, on hold"}}).policy.exempt, (std::vector<std::string>{"wontfix", "on hold"}));
    EXPECT_TRUE(loaded("", {{"GROOMER_POLICY_IN_FLIGHT", ""}}).policy.in_flight.empty());
}

TEST(Load, mistakes_of_environment_and_flags_name_the_variable_and_the_flag) {
    EXPECT_EQ(errors_of("", {{"GROOMER_POLICY_BATCH", "0"}}),
              "environment GROOMER_POLICY_BATCH: policy.batch: \"0\" is not a whole number from 1 to 1000");
    EXPECT_EQ(errors_of("", {}, {{"policy.batch", "0"}}), "flag --policy.batch: policy.batch: \"0\" is not a whole number from 1 to 1000");
    EXPECT_EQ(errors_of("", {{"GROOMER_LOCK_TLL", "5s"}}), "environment GROOMER_LOCK_TLL: no such setting; did you mean GROOMER_LOCK_TTL?");
    EXPECT_EQ(errors_of("", {}, {{"lock.tll", "5s"}}), "flag --lock.tll: no such setting; did you mean lock.ttl?");
    EXPECT_EQ(errors_of("", {}, {{"github.token", "ghp_abc"}}), "flag --github.token: no such setting");
    EXPECT_EQ(errors_of("", {{"GROOMER_LOCK_RENEW_EVERY", "4s"}}).substr(0, 44), "environment GROOMER_LOCK_RENEW_EVERY: lock.r");
}

TEST(Load, a_password_on_the_command_line_is_refused_unseen) {
    EXPECT_EQ(errors_of("", {}, {{"database.url", "postgresql://u:s3cret@h/d"}}),
              "flag --database.url: database.url: a password never stands on the command line: use database.password_file");
    EXPECT_EQ(loaded("", {}, {{"database.url", "postgresql://u@h/d"}}).database.url, "postgresql://u@h/d");
}

TEST(Load, what_one_entry_writes_is_no_other_entrys_file) {
    auto const errors = [&](std::string const& yaml) {
        Source source{"g.yaml", database + yaml, {}, {}};
        source.writes = [](Repository const& r) -> std::vector<std::string> { return {r.path + ".out"}; };
        return try_load(source).errors;
    };
    EXPECT_EQ(errors("repositories:\n- {name: a/b, tracker: file, path: x}\n- {name: c/d, tracker: file, path: y}\n"), "");
    EXPECT_EQ(errors("repositories:\n- {name: a/b, tracker: file, path: x}\n- {name: c/d, tracker: file, path: x.out}\n"),
              "g.yaml:4:36: repositories[1].path: \"x.out\" is there twice, first on line 3");
    EXPECT_EQ(errors("repositories:\n- {name: a/b, tracker: file, path: x.out}\n- {name: c/d, tracker: file, path: ./x}\n"),
              "g.yaml:4:36: repositories[1].path: \"./x.out\", which is written for \"./x\", is there twice, first on line 3");
}

TEST(Load, a_connection_string_that_libpq_cannot_read_is_refused_where_it_stands) {
    Source source{"g.yaml", "database:\n  url: postgresql://u@h/d\n", {}, {}};
    source.connects = [](std::string const& url) { return url != "postgresql://u@h/d"; };
    EXPECT_EQ(try_load(source).errors, "g.yaml:2:8: database.url: is not a connection string that libpq can read");
}

TEST(Load, a_password_that_would_fall_apart_in_the_url_is_refused_unseen) {
    for (std::string const url :
         {"postgresql://groomer:s3cr/et@db/g", "postgresql://groomer:s3@cret@db/g", "postgresql://groomer:s3?cret@db/g",
          "postgresql://groomer:s3cret", "postgresql://u@h:s3cret/d", "postgresql://u@[::1/d", "postgresql://u@h/d?s3cret"}) {
        auto const errors = try_load({"g.yaml", "database: {url: '" + url + "'}", {}, {}}).errors;
        EXPECT_NE(errors.find("database.url: the value is not a PostgreSQL connection string"), std::string::npos) << url << errors;
        EXPECT_EQ(errors.find("s3"), std::string::npos) << errors;
    }
    for (std::string const url :
         {"postgresql://u:p%40%2F@h/d", "postgresql://u@h1:5432,h2/d?target_session_attrs=any", "postgresql://u@/d?host=%2Frun%2Fpg",
          "postgres://[::1]:5432/d", "postgresql://u@[::1]/d", "host=h password='a/b@c'"})
        EXPECT_EQ(try_load({"g.yaml", "database: {url: \"" + url + "\"}", {}, {}}).errors, "") << url;
}

TEST(Load, what_this_program_cannot_do_is_refused_where_it_is_asked_for) {
    std::vector<Unsupported> const unsupported{
        {"tracker", [](Repository const& r) { return r.tracker != "file"; }, "use file"},
        {"policy.mode", [](Repository const& r) { return r.policy.mode == Mode::suggest; }, "use apply"}};
    auto const errors = [&](std::string const& yaml) { return try_load({"g.yaml", database + yaml, {}, {}, unsupported}).errors; };
    EXPECT_EQ(errors("repositories: [{name: a/b, tracker: file, path: x}]\n"), "");
    EXPECT_EQ(errors("repositories:\n- name: a/b\n  tracker: github\n"),
              "g.yaml:4:12: repositories[0].tracker: asks for what is not in this version of groomer: use file");
    EXPECT_EQ(errors("policy:\n  mode: suggest\nrepositories: [{name: a/b, tracker: file, path: x}]\n"),
              "g.yaml:3:9: policy.mode: asks for what is not in this version of groomer: use apply");
    EXPECT_EQ(errors("repositories:\n- {name: a/b, tracker: file, path: x, policy: {mode: suggest}}\n"),
              "g.yaml:3:54: repositories[0].policy.mode: asks for what is not in this version of groomer: use apply");
    EXPECT_EQ(errors("policy: {mode: suggest}\nrepositories: [{name: a/b, tracker: file, path: x, policy: {mode: apply}}]\n"), "");
    std::vector<Unsupported> const for_a_reason{{"tracker", [](Repository const&) { return true; }, "use none", "is not good enough"}};
    EXPECT_EQ(try_load({"g.yaml", database + "repositories: [{name: a/b, tracker: github}]\n", {}, {}, for_a_reason}).errors,
              "g.yaml:2:37: repositories[0].tracker: is not good enough: use none");
}

TEST(Load, variables_of_others_are_not_looked_at) {
    EXPECT_EQ(errors_of("", {{"GROOMER_POD_UID", "x"},
                             {"GROOMER_CONTAINER", "x"},
                             {"GROOMER_SLOT_DIR", "x"},
                             {"GROOMER_SHARED", "x"},
                             {"GROOMER_CONFIG", "x"},
                             {"POD_NAME", "x"},
                             {"PATH", "x"}}),
              "");
}

TEST(Load, variables_that_kubernetes_makes_of_a_service_are_not_looked_at) {
    EXPECT_EQ(errors_of("", {{"GROOMER_SERVICE_HOST", "10.0.0.1"},
                             {"GROOMER_SERVICE_PORT", "80"},
                             {"GROOMER_SERVICE_PORT_HTTP", "80"},
                             {"GROOMER_PORT", "tcp://10.0.0.1:80"},
                             {"GROOMER_PORT_80_TCP", "x"},
                             {"GROOMER_PORT_80_TCP_ADDR", "x"},
                             {"GROOMER_PORT_80_TCP_PORT", "x"},
                             {"GROOMER_PORT_80_TCP_PROTO", "x"},
                             {"GROOMER_METRICS_SERVICE_HOST", "x"},
                             {"GROOMER_METRICS_PORT_9090_TCP", "x"}}),
              "");
    EXPECT_NE(errors_of("", {{"GROOMER_PORT_X_TCP", "x"}}), "");
}

TEST_F(LoadFiles, a_secret_is_read_from_its_file_without_the_line_break) {
    auto const token = write("token", "ghp_s3cret\n"), key = write("key", "sk-s3cret\r\n");
    auto const result = load({"g.yaml", database + "github: {token_file: " + token + "}\nmodel: {api_key_file: " + key + "}\n", {}, {}});
    EXPECT_EQ(result.config.github.token.value, "ghp_s3cret");
    EXPECT_EQ(result.config.model.api_key.value, "sk-s3cret");
    ASSERT_EQ(result.files.size(), 2U);
    EXPECT_EQ(result.files[0].path, token);
    EXPECT_EQ(result.files[0].secret, "github.token");
    EXPECT_EQ(result.files[1].secret, "model.api_key");
}

TEST_F(LoadFiles, a_secret_in_the_environment_goes_before_its_file_which_is_then_not_read) {
    auto const config = loaded("github: {token_file: /nowhere/token}\n", {{"GROOMER_GITHUB_TOKEN", "from-environment"}});
    EXPECT_EQ(config.github.token.value, "from-environment");
    auto const file = write("token", "from-file");
    EXPECT_EQ(loaded("", {{"GROOMER_GITHUB_TOKEN", "x"}}, {{"github.token_file", file}}).github.token.value, "from-file");
    EXPECT_EQ(errors_of("", {{"GROOMER_GITHUB_TOKEN", "x"}, {"GROOMER_GITHUB_TOKEN_FILE", file}}),
              "environment GROOMER_GITHUB_TOKEN_FILE: github.token_file: stands beside GROOMER_GITHUB_TOKEN: keep one of the two");
}

TEST_F(LoadFiles, the_connection_string_may_be_a_secret) {
    auto const file = write("url", "postgresql://u:s3cret@h/d\n");
    EXPECT_EQ(load({"g.yaml", "database: {url_file: " + file + "}", {}, {}}).config.database.url, "postgresql://u:s3cret@h/d");
    EXPECT_EQ(load({"g.yaml", "database: {url_file: /nowhere/x}", {{"GROOMER_DATABASE_URL", "host=h"}}, {}}).config.database.url, "host=h");
    EXPECT_EQ(errors_of("", {{"GROOMER_DATABASE_URL_FILE", file}}), "");
    auto const both = try_load({"g.yaml", "database:\n  url: postgresql://h/d\n  url_file: " + file, {}, {}}).errors;
    EXPECT_EQ(both, "g.yaml:3:13: database.url_file: stands beside database.url: keep one of the two");
}

TEST_F(LoadFiles, a_bad_secret_is_named_by_key_and_path_but_never_shown) {
    auto const error = [&](std::string const& path) { return errors_of("github:\n  token_file: " + path + "\n"); };
    auto const start = std::string{"g.yaml:3:15: github.token_file: "};
    EXPECT_EQ(error("/nowhere/token"), start + "the file /nowhere/token does not exist");
    auto const empty = write("empty", "\n\n"), lines = write("lines", "s3cret\nmore"),
               large = write("large", std::string(64 * 1024 + 1, 'x'));
    EXPECT_EQ(error(empty), start + "the file " + empty + " is empty");
    EXPECT_EQ(error(lines), start + "the file " + lines + " does not hold one line without control characters");
    EXPECT_EQ(error(large), start + "the file " + large + " is larger than 64 KiB");
    EXPECT_EQ(error(folder_.string()), start + "the file " + folder_.string() + " is not a regular file");
    EXPECT_EQ(error("ghp_s3cret"), start + "the file (not named here: it looks like the secret itself) does not exist");
    EXPECT_EQ(errors_of("", {{"GROOMER_GITHUB_TOKEN", ""}}), "environment GROOMER_GITHUB_TOKEN: github.token_file: the value is empty");
    EXPECT_EQ(errors_of("", {{"GROOMER_GITHUB_TOKEN", "s3cret\nx"}}),
              "environment GROOMER_GITHUB_TOKEN: github.token_file: the value does not hold one line without control characters");
}

TEST_F(LoadFiles, a_pipe_is_refused_instead_of_waited_for) {
    auto const path = (folder_ / "pipe").string();
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_EQ(try_load({path, {}, {}, {}}).errors, "the configuration file " + path + " is not a regular file");
}

TEST_F(LoadFiles, an_unreadable_file_is_named) {
    if (::geteuid() == 0) GTEST_SKIP() << "root can read every file";
    auto const path = write("g.yaml", database);
    ASSERT_EQ(::chmod(path.c_str(), 0), 0);
    EXPECT_EQ(try_load({path, {}, {}, {}}).errors, "the configuration file " + path + " cannot be read: Permission denied");
}

TEST_F(LoadFiles, an_app_has_three_keys_and_no_token_beside_it) {
    auto const pem = write("app.pem", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n"),
               token = write("token", "x");
    std::string const app = "  app: {id: 5, installation_id: 6, private_key_file: " + pem + "}\n";
    auto const config = loaded("github:\n" + app);
    ASSERT_TRUE(config.github.app.has_value());
    EXPECT_EQ(config.github.app->id, 5);
    EXPECT_TRUE(config.github.app->private_key.value.ends_with("-----END RSA PRIVATE KEY-----"));
    EXPECT_EQ(errors_of("github:\n  token_file: " + token + "\n" + app),
              "g.yaml:3:15: github.token_file: stands beside github.app: keep one of the two");
    EXPECT_EQ(errors_of("github:\n  app: {id: 5, installation_id: 6, private_key_file: " + token + "}\n"),
              "g.yaml:3:54: github.app.private_key_file: the file " + token + " does not hold a private key in PEM form");
}

TEST(Load, anthropic_has_an_address_of_its_own) {
    std::string const yaml = "model: {provider: anthropic, name: claude}\n";
    EXPECT_EQ(loaded(yaml, {{"GROOMER_MODEL_API_KEY", "k"}}).model.base_url, "https://api.anthropic.com/v1");
    EXPECT_EQ(loaded("model: {provider: openai, name: llama, base_url: http://localhost:11434/v1}\n").model.base_url,
              "http://localhost:11434/v1");
}

TEST(Load, a_repository_overrides_what_it_names_and_inherits_the_rest) {
    auto const config = loaded(
        "policy: {batch: 7, mode: suggest}\n"
        "model: {concurrency: 3}\n"
        "repositories:\n"
        "  - {name: a/b, tracker: github}\n"
        "  - name: a/c\n"
        "    tracker: github\n"
        "    policy: {mode: apply, exempt: [x], labels: {type: {values: {bug: broken, idea: }}}}\n"
        "    model: {provider: openai, name: llama, base_url: http://localhost/v1}\n",
        {{"GROOMER_POLICY_BATCH", "9"}});
    ASSERT_EQ(config.repositories.size(), 2U);
    auto const& [first, second] = std::pair{config.repositories[0], config.repositories[1]};
    EXPECT_EQ(first.policy.batch, 9);
    EXPECT_EQ(first.policy.mode, Mode::suggest);
    EXPECT_EQ(first.policy.labels.size(), 3U);
    EXPECT_EQ(second.policy.batch, 9);
    EXPECT_EQ(second.policy.mode, Mode::apply);
    EXPECT_EQ(second.policy.exempt, std::vector<std::string>{"x"});
    EXPECT_EQ(second.model.concurrency, 3);
    EXPECT_EQ(second.model.provider, "openai");
    ASSERT_EQ(second.policy.labels.size(), 3U);
    ASSERT_EQ(second.policy.labels[0].values.size(), 2U);
    EXPECT_EQ(second.policy.labels[0].values[0].label, "bug");
    EXPECT_EQ(second.policy.labels[0].values[0].meaning, "broken");
    EXPECT_EQ(second.policy.labels[1].values.size(), 4U);
    EXPECT_EQ(config.policy.labels[0].values[0].label, "type/bug");
}

TEST(Load, a_family_is_replaced_changed_added_or_switched_off) {
    auto const labels = loaded(
                            "policy:\n  labels:\n    type: {min_precision: 0.75}\n    priority: false\n    area: {values: [area/ui], "
                            "never_set: [area/ui]}\n")
                            .policy.labels;
    ASSERT_EQ(labels.size(), 3U);
    EXPECT_EQ(labels[0].name, "type");
    EXPECT_EQ(labels[0].values.size(), 3U);
    EXPECT_DOUBLE_EQ(labels[0].min_precision, 0.75);
    EXPECT_EQ(labels[1].name, "status");
    EXPECT_EQ(labels[2].name, "area");
    EXPECT_EQ(labels[2].never_set, std::vector<std::string>{"area/ui"});
}

TEST(Load, the_top_priority_and_security_are_left_to_people_whatever_their_labels_are) {
    using Labels = std::vector<std::string>;
    auto const never_set = [](std::string const& families, std::size_t at) {
        return loaded("policy: {labels: {" + families + "}}\n").policy.labels.at(at).never_set;
    };
    EXPECT_EQ(never_set("priority: {values: [high, low]}", 1), Labels{"high"});
    EXPECT_EQ(never_set("priority: {values: [P1, p2, 'Security: urgent']}", 1), (Labels{"P1", "Security: urgent"}));
    EXPECT_EQ(never_set("type: {values: {bug: , kind/SECURITY: }}", 0), Labels{"kind/SECURITY"});
    EXPECT_EQ(never_set("area: {values: [area/ui, area/security-model]}", 3), Labels{"area/security-model"});
    EXPECT_EQ(never_set("priority: {values: [high, low], never_set: []}", 1), Labels{}) << "who says so switches it off";
    EXPECT_EQ(never_set("priority: {values: [high, low], never_set: [low]}", 1), Labels{"low"});
    EXPECT_EQ(never_set("priority: {min_precision: 0.8}", 1), Labels{"priority/p0"}) << "what is inherited stays";
    auto const own = loaded(
        "policy: {labels: {priority: {values: [high, low], never_set: []}}}\nrepositories:\n"
        "  - {name: a/b, tracker: github, policy: {labels: {priority: {values: [now, later]}}}}\n  - {name: a/c, tracker: github}\n");
    EXPECT_EQ(own.repositories[0].policy.labels[1].never_set, Labels{"now"});
    EXPECT_EQ(own.repositories[1].policy.labels[1].never_set, Labels{});
}

TEST(Load, a_repository_with_another_address_does_not_get_the_key) {
    std::string const yaml =
        "model: {provider: openai, name: gpt}\nrepositories:\n  - {name: a/b, tracker: github}\n"
        "  - {name: a/c, tracker: github, model: {base_url: 'http://elsewhere/v1'}}\n";
    auto const config = loaded(yaml, {{"GROOMER_MODEL_API_KEY", "s3cret"}});
    EXPECT_EQ(config.repositories[0].model.api_key.value, "s3cret");
    EXPECT_TRUE(config.repositories[1].model.api_key.empty());
}

TEST(Load, an_alias_serves_several_repositories) {
    auto const config =
        loaded("repositories:\n  - {name: a/b, tracker: github, policy: &p {batch: 3}}\n  - {name: a/c, tracker: github, policy: *p}\n");
    EXPECT_EQ(config.repositories[1].policy.batch, 3);
}

TEST(Load, a_section_whose_keys_are_commented_out_is_like_none) {
    EXPECT_EQ(errors_of("lock:\n  # ttl: 5s\npolicy:\nrepositories:\n"), "");
}

TEST(Load, both_listeners_may_ask_for_any_free_port) { EXPECT_EQ(errors_of("http: {listen: 'h:0', metrics_listen: 'h:0'}\n"), ""); }

TEST(Load, what_will_hardly_be_meant_is_a_warning) {
    auto const none = load({"g.yaml", database, {}, {}}).warnings;
    ASSERT_EQ(none.size(), 1U);
    EXPECT_EQ(none[0], "no repository is configured: there is nothing to groom");
    auto const anonymous = load({"g.yaml", database + "repositories: [{name: a/b, tracker: github}]\n", {}, {}}).warnings;
    ASSERT_EQ(anonymous.size(), 1U);
    EXPECT_EQ(anonymous[0], "github has neither token_file nor app: only public repositories can be read, 60 requests an hour");
}

TEST(Load, throws_what_is_wrong_with_status_3) {
    try {
        load({"g.yaml", "lock: {ttl: 1x}\n", {}, {}});
        FAIL() << "this is not allowed";
    } catch (Error const& error) {
        EXPECT_EQ(error.exit_status(), 3);
        EXPECT_TRUE(std::string{error.what()}.starts_with("g.yaml:1:13: lock.ttl: ")) << error.what();
    }
}

TEST(Load, any_bytes_end_in_a_configuration_or_a_sentence) {
    std::string const good =
        database + "lock: {ttl: 5s}\nrepositories:\n  - {name: a/b, tracker: github, policy: &p {exempt: ['x', \"y\"]}}\n";
    for (std::size_t at = 0; at < good.size(); ++at)
        for (char c : {'\0', '\n', '{', '*', '"', '\xff', '-', ':'}) {
            auto bad = good;
            bad[at] = c;
            auto const attempt = try_load({"g.yaml", bad, {}, {}});
            EXPECT_NE(attempt.config.has_value(), !attempt.errors.empty()) << bad;
        }
}

TEST(Fingerprint, the_hash_changes_with_what_is_set_and_not_with_secrets) {
    auto const base = loaded("repositories: [{name: a/b, tracker: github}]\n");
    EXPECT_EQ(config_hash(base).size(), 16U);
    auto secret = base;
    secret.github.token.value = "s3cret";
    secret.repositories[0].model.api_key.value = "s3cret";
    secret.database.url = "postgresql://groomer:s3cret@db/groomer";
    auto plain = base;
    plain.database.url = "postgresql://groomer:other@db/groomer";
    EXPECT_EQ(config_hash(secret), config_hash(plain));
    auto changed = base;
    changed.repositories[0].policy.batch = 8;
    EXPECT_NE(config_hash(changed), config_hash(base));
    changed = base;
    changed.github.pace.keep_for_people = 0.3;
    EXPECT_NE(config_hash(changed), config_hash(base));
}

TEST(Fingerprint, the_model_digest_covers_the_question_alone) {
    auto const config = loaded("");
    auto const base = model_digest(config.policy, config.model);
    auto const with = [&](auto change) {
        auto policy = config.policy;
        auto model = config.model;
        change(policy, model);
        return model_digest(policy, model);
    };
    EXPECT_EQ(with([](Policy& policy, Model&) { policy.mode = Mode::apply; }), base);
    EXPECT_EQ(with([](Policy& policy, Model&) { policy.abstain_label = ""; }), base);
    EXPECT_EQ(with([](Policy& policy, Model&) { policy.exempt = {"x"}; }), base);
    EXPECT_EQ(with([](Policy& policy, Model&) { policy.labels.at(0).min_precision = 0.5; }), base);
    EXPECT_EQ(with([](Policy& policy, Model&) {
                  for (auto& family : policy.labels)
                      if (family.name == "status") family.values.at(0).label = "other";
              }),
              base)
        << "the status is derived";
    EXPECT_EQ(with([](Policy& policy, Model&) { std::swap(policy.labels[0], policy.labels[1]); }), base);
    EXPECT_EQ(with([](Policy&, Model& model) { model.timeout = std::chrono::seconds{1}; }), base);
    EXPECT_NE(with([](Policy& policy, Model&) { policy.labels.at(0).values.at(0).label = "other"; }), base);
    EXPECT_NE(with([](Policy& policy, Model&) { policy.labels.at(0).values.at(0).meaning = "other"; }), base);
    EXPECT_EQ(with([](Policy& policy, Model&) { policy.labels.at(0).never_set = {"x"}; }), base) << "it may be chosen all the same";
    EXPECT_NE(with([](Policy& policy, Model&) { policy.comments_enabled = true; }), base);
    EXPECT_NE(with([](Policy&, Model& model) { model.name = "other"; }), base);
    EXPECT_NE(with([](Policy&, Model& model) { model.context_limit += 1; }), base);
}

TEST(Fingerprint, the_policy_digest_covers_what_changes_decisions_and_writes_alone) {
    auto const config = loaded("");
    auto const base = policy_digest(config.policy, config.model);
    auto const with = [&](auto change) {
        auto policy = config.policy;
        auto model = config.model;
        change(policy, model);
        return policy_digest(policy, model);
    };
    EXPECT_NE(with([](Policy& p, Model&) { p.mode = Mode::apply; }), base);
    EXPECT_NE(with([](Policy& p, Model&) { p.labels[0].min_precision = 0.8; }), base);
    EXPECT_NE(with([](Policy& p, Model&) { p.labels[0].values[0].meaning = "x"; }), base);
    EXPECT_NE(with([](Policy& p, Model&) { p.labels[1].never_set.clear(); }), base);
    EXPECT_NE(with([](Policy& p, Model&) { p.labels.pop_back(); }), base);
    EXPECT_NE(with([](Policy& p, Model&) { p.abstain_label = ""; }), base);
    EXPECT_NE(with([](Policy& p, Model&) { p.exempt = {"x"}; }), base);
    EXPECT_NE(with([](Policy& p, Model&) { p.in_flight = {}; }), base);
    EXPECT_NE(with([](Policy&, Model& m) { m.provider = "openai"; }), base);
    EXPECT_NE(with([](Policy&, Model& m) { m.name = "x"; }), base);
    EXPECT_NE(with([](Policy& p, Model&) {
                  p.exempt = {"a"};
                  p.in_flight = {"b"};
              }),
              with([](Policy& p, Model&) {
                  p.exempt = {"b"};
                  p.in_flight = {"a"};
              }));
    EXPECT_EQ(with([](Policy& p, Model&) { std::swap(p.in_flight[0], p.in_flight[1]); }), base);
    EXPECT_EQ(with([](Policy& p, Model&) { std::swap(p.labels[0], p.labels[1]); }), base);
    EXPECT_EQ(with([](Policy& p, Model& m) {
                  p.batch = 1;
                  p.cooldown = Duration{1};
                  p.retention = Duration{1};
                  m.concurrency = 1;
                  m.timeout = Duration{1};
                  m.api_key.value = "x";
              }),
              base);
}

}  // namespace
}  // namespace groomer::config
