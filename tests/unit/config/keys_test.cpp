#include "config/keys.hpp"

#include "config/families.hpp"
#include "config/load.hpp"
#include "config/value.hpp"

#include <gtest/gtest.h>

#include <set>

#include <regex.h>

namespace groomer::config {
namespace {

TEST(Keys, each_default_is_allowed_and_is_what_the_struct_says) {
    Config const config;
    for (Key const& key : keys()) {
        if (key.access.get == nullptr || key.type == Type::secret_file) continue;
        auto const in_struct = to_text(key.access.get(config));
        EXPECT_EQ(in_struct, key.fallback.empty() ? "" : to_text(parse_value(key, key.fallback).value())) << key.path;
    }
}

TEST(Keys, what_a_key_sets_is_what_it_gets) {
    for (Key const& key : keys()) {
        if (key.access.get == nullptr) continue;
        auto const text = key.example.empty() ? (key.fallback.empty() ? "some/label" : key.fallback) : key.example;
        Config config;
        auto const value = parse_value(key, text).value();
        key.access.set(config, value);
        EXPECT_EQ(to_text(key.access.get(config)), to_text(value)) << key.path;
    }
}

TEST(Keys, no_two_keys_share_a_path_or_a_variable) {
    std::set<std::string> seen;
    for (Key const& key : keys()) {
        EXPECT_TRUE(seen.insert(std::string{key.path}).second) << key.path;
        for (auto const& name : {environment_name(key), secret_name(key)}) EXPECT_TRUE(name.empty() || seen.insert(name).second) << name;
    }
}

TEST(Keys, variables_are_named_after_the_path) {
    EXPECT_EQ(environment_name(*find_key("lock.ttl")), "GROOMER_LOCK_TTL");
    EXPECT_EQ(environment_name(*find_key("github.pace.comments_per_hour")), "GROOMER_GITHUB_PACE_COMMENTS_PER_HOUR");
    EXPECT_EQ(environment_name(*find_key("github.token_file")), "GROOMER_GITHUB_TOKEN_FILE");
    EXPECT_EQ(secret_name(*find_key("github.token_file")), "GROOMER_GITHUB_TOKEN");
    EXPECT_EQ(secret_name(*find_key("http.admin_token_file")), "GROOMER_HTTP_ADMIN_TOKEN");
    EXPECT_EQ(secret_name(*find_key("model.api_key_file")), "GROOMER_MODEL_API_KEY");
    EXPECT_EQ(secret_name(*find_key("database.password_file")), "GROOMER_DATABASE_PASSWORD");
    EXPECT_EQ(secret_name(*find_key("database.url_file")), "");
    EXPECT_EQ(environment_name(*find_key("repositories[].name")), "");
}

struct ValueCase {
    char const* key;
    char const* text;
    char const* result;  // null: not allowed
};

class Values : public testing::TestWithParam<ValueCase> {};

TEST_P(Values, are_taken_as_written_or_refused) {
    auto const& [path, text, result] = GetParam();
    auto const value = parse_value(*find_key(path), text);
    ASSERT_EQ(value.has_value(), result != nullptr) << path << ' ' << text;
    EXPECT_EQ(value ? to_text(*value) : "", result == nullptr ? "" : result);
}

constexpr ValueCase cases[] = {{"lock.ttl", "1s", "1s"},
                               {"lock.ttl", "10m", "10m"},
                               {"lock.ttl", "999ms", nullptr},
                               {"lock.ttl", "601s", nullptr},
                               {"lock.ttl", "-5s", nullptr},
                               {"lock.ttl", "5", nullptr},
                               {"lock.ttl", "5 s", nullptr},
                               {"lock.ttl", "", nullptr},
                               {"policy.retention", "999999999999d", nullptr},
                               {"policy.retention", "0s", nullptr},
                               {"policy.cooldown", "0s", "0s"},
                               {"policy.batch", "1", "1"},
                               {"policy.batch", "0", nullptr},
                               {"policy.batch", "010", nullptr},
                               {"policy.batch", "0x10", nullptr},
                               {"policy.batch", "+5", nullptr},
                               {"policy.batch", "5.0", nullptr},
                               {"policy.batch", "99999999999999999999", nullptr},
                               {"github.pace.keep_for_people", "0.25", "0.25"},
                               {"github.pace.keep_for_people", "0", "0"},
                               {"github.pace.keep_for_people", ".5", nullptr},
                               {"github.pace.keep_for_people", "5.", nullptr},
                               {"github.pace.keep_for_people", "nan", nullptr},
                               {"github.pace.keep_for_people", "1e-1", nullptr},
                               {"github.pace.keep_for_people", "-0.1", nullptr},
                               {"policy.labels.*.min_precision", "0.5", nullptr},
                               {"policy.labels.*.min_precision", "0.51", "0.51"},
                               {"policy.labels.*.min_precision", "1", "1"},
                               {"policy.labels.*.min_precision", "1.01", nullptr},
                               {"model.budget.usd_per_day", "0", nullptr},
                               {"policy.close.enabled", "true", "true"},
                               {"policy.close.enabled", "yes", nullptr},
                               {"policy.close.enabled", "True", nullptr},
                               {"model.context_limit", "24KiB", "24KiB"},
                               {"model.context_limit", "24KB", nullptr},
                               {"model.context_limit", "11MiB", nullptr},
                               {"policy.mode", "apply", "apply"},
                               {"policy.mode", "dry-run|suggest", nullptr},
                               {"policy.mode", "", nullptr},
                               {"policy.exempt", "a, b c ,d", "a,b c,d"},
                               {"policy.exempt", "", ""},
                               {"policy.exempt", "a,,b", nullptr},
                               {"policy.exempt", "a,", nullptr},
                               {"policy.abstain_label", "", ""},
                               {"policy.abstain_label", " x", nullptr},
                               {"policy.abstain_label", "a,b", nullptr},
                               {"lock.id", "global", nullptr},
                               {"lock.id", "", nullptr},
                               {"lock.id", "team-a.1", "team-a.1"},
                               {"lock.id", "a b", nullptr},
                               {"http.listen", "0.0.0.0:0", "0.0.0.0:0"},
                               {"http.listen", "[::1]:8080", "[::1]:8080"},
                               {"http.listen", "::1:8080", nullptr},
                               {"http.listen", ":8080", nullptr},
                               {"http.listen", "8080", nullptr},
                               {"http.listen", "h:65536", nullptr},
                               {"http.listen", "h:-1", nullptr},
                               {"github.api_url", "https://ghe.example/api/v3", "https://ghe.example/api/v3"},
                               {"github.api_url", "ghe.example", nullptr},
                               {"github.api_url", "https://u:p@ghe.example", nullptr},
                               {"github.api_url", "https:///x", nullptr},
                               {"database.url", "postgres://a@h1,h2:5433/db", "postgres://a@h1,h2:5433/db"},
                               {"database.url", "host=h dbname=d", "host=h dbname=d"},
                               {"database.url", "mysql://h/d", nullptr},
                               {"database.url", "groomer", nullptr},
                               {"repositories[].name", "octocat/hello-world", "octocat/hello-world"},
                               {"repositories[].name", "octocat", nullptr},
                               {"repositories[].name", "a/b/c", nullptr},
                               {"repositories[].name", "a/..", nullptr}};
INSTANTIATE_TEST_SUITE_P(All, Values, testing::ValuesIn(cases));

TEST(Forms, a_label_has_at_most_fifty_characters_not_bytes) {
    std::string fifty;
    for (int i = 0; i < 50; ++i) fifty += "ä";
    EXPECT_TRUE(label_form.valid(fifty));
    EXPECT_FALSE(label_form.valid(fifty + "ä"));
    EXPECT_FALSE(label_form.valid("a\tb"));
    EXPECT_FALSE(label_form.valid("a\xff"));
}

// POSIX knows no \u; a tab stands for all control characters.
bool matches(std::string pattern, char const* text) {
    std::string const controls = "\\u0000-\\u001f\\u007f";
    for (auto at = pattern.find(controls); at != std::string::npos; at = pattern.find(controls)) pattern.replace(at, controls.size(), "\t");
    regex_t compiled;
    EXPECT_EQ(regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB), 0) << pattern;
    bool const found = regexec(&compiled, text, 0, nullptr, 0) == 0;
    regfree(&compiled);
    return found;
}

TEST(Forms, the_schema_refuses_nothing_that_is_valid) {
    std::pair<Form const*, char const*> const valid[] = {{&label_form, "a"},
                                                         {&label_form, "type: bug (1)"},
                                                         {&optional_label_form, ""},
                                                         {&listen_form, "[::]:0"},
                                                         {&listen_form, "localhost:9090"},
                                                         {&http_url_form, "http://127.0.0.1:11434/v1"},
                                                         {&repository_form, "o/r.js"},
                                                         {&database_form, "postgresql:///groomer"},
                                                         {&database_form, "host=x"},
                                                         {&path_form, "/a b"},
                                                         {&line_form, "gpt"}};
    for (auto const& [form, text] : valid) {
        EXPECT_TRUE(form->valid(text)) << text;
        EXPECT_TRUE(matches(std::string{form->pattern}, text)) << form->pattern << ' ' << text;
    }
}

TEST(Forms, no_password_survives_redaction) {
    EXPECT_EQ(redact_url("postgresql://groomer@db.example/groomer"), "postgresql://groomer@db.example/groomer");
    EXPECT_EQ(redact_url("postgresql://groomer:s3cret@db.example/groomer"), "postgresql://groomer:***@db.example/groomer");
    EXPECT_EQ(redact_url("postgres://u:s3:cr@et@h1,h2:5433/d?sslmode=require"), "postgres://u:***@h1,h2:5433/d?sslmode=require");
    EXPECT_EQ(redact_url("postgresql://h:5432/d?password=s3cret&user=u"), "postgresql://h:5432/d?password=***&user=u");
    EXPECT_EQ(redact_url("postgresql:///d?sslPassword=s3cret"), "postgresql:///d?sslPassword=***");
    EXPECT_EQ(redact_url("host=h password=s3cret dbname=d"), "host=h password=*** dbname=d");
    EXPECT_EQ(redact_url("host=h password = 's3 \\' cret' dbname=d"), "host=h password = *** dbname=d");
    EXPECT_EQ(redact_url("password=s3\\ cret user=u"), "password=*** user=u");
    EXPECT_EQ(redact_url("host=h s3cret"), "host=h***");
}

TEST(Values, what_is_shown_is_short_and_one_line) {
    EXPECT_EQ(show("a\nb"), "\"a b\"");
    EXPECT_EQ(show(std::string(80, 'x')), '"' + std::string(60, 'x') + "…\"");
}

TEST(Keys, a_slip_of_the_pen_finds_its_key) {
    EXPECT_EQ(nearest("tll", {"id", "ttl"}), "ttl");
    EXPECT_EQ(nearest("completely", {"id", "ttl"}), "");
}

}  // namespace
}  // namespace groomer::config
