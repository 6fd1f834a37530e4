// Every way to write a configuration wrong, and the one line that says so.
#include "config/load.hpp"

#include <gtest/gtest.h>

namespace groomer::config {
namespace {

// The first line is database, so that what a case adds starts on line 2.
std::string errors_of(std::string const& yaml) {
    return try_load({"g.yaml", "database: {url: postgresql://groomer@db/groomer}\n" + yaml, {}, {}}).errors;
}

struct BadInput {
    char const* name;
    char const* yaml;
    char const* errors;
};

class BadInputs : public testing::TestWithParam<BadInput> {};

TEST_P(BadInputs, are_named_with_place_key_and_what_is_allowed) { EXPECT_EQ(errors_of(GetParam().yaml), GetParam().errors); }

std::string name_of(testing::TestParamInfo<BadInput> const& info) { return info.param.name; }

constexpr BadInput keys_cases[] = {
    {"unknown_key", "lock:\n  tll: 5s\n", "g.yaml:3:3: lock.tll: unknown key; did you mean ttl?"},
    {"unknown_key_far_from_all", "lock: {completely: 5s}\n",
     "g.yaml:2:8: lock.completely: unknown key; known here: id, ttl, renew_every, foreign_stale_after"},
    {"unknown_section", "schedul: {}\n", "g.yaml:2:1: schedul: unknown key; did you mean schedule?"},
    {"a_path_as_key", "lock.ttl: 5s\n",
     "g.yaml:2:1: lock.ttl: unknown key; known here: database, lock, schedule, repositories, github, model, policy, http, log"},
    {"odd_key", "\"a\\nb c\": 5\n",
     "g.yaml:2:1: \"a b c\": unknown key; known here: database, lock, schedule, repositories, github, model, policy, http, log"},
    {"key_twice", "lock:\n  ttl: 5s\n  ttl: 6s\n", "g.yaml:4:3: the key \"ttl\" is written twice; the first is on line 3"},
    {"section_is_text", "lock: 5s\n", "g.yaml:2:7: lock: must be a map of keys, not a single value"},
    {"section_is_list", "lock: [ttl]\n", "g.yaml:2:7: lock: must be a map of keys, not a list"},
    {"value_is_map", "lock: {ttl: {s: 5}}\n",
     "g.yaml:2:13: lock.ttl: must be a duration from 1s to 10m (a whole number and ms, s, m, h or d), not a map"},
    {"value_is_missing", "lock:\n  id:\n",
     "g.yaml:3:3: lock.id: must be 1 to 64 letters, digits, '.', '_' or '-', and not global, which serialises the sync, not nothing"},
    {"secret_in_the_file", "github: {token: ghp_abc}\n",
     "g.yaml:2:10: github.token: a secret never stands here: write github.token_file, or set GROOMER_GITHUB_TOKEN"},
    {"merge_key", "lock:\n  <<: {ttl: 5s}\n", "g.yaml:3:3: merge keys (<<) are not supported: use an alias for a whole value"},
    {"not_yaml", "lock: [\n", "g.yaml:3:1: this is not YAML: end of sequence flow not found"},
    {"tab", "lock:\n\tttl: 5s\n", "g.yaml:3:5: this is not YAML: illegal map value"}};
INSTANTIATE_TEST_SUITE_P(Keys, BadInputs, testing::ValuesIn(keys_cases), name_of);

constexpr BadInput scalars_cases[] = {
    {"duration", "lock:\n  ttl: 5x\n",
     "g.yaml:3:8: lock.ttl: \"5x\" is not a duration from 1s to 10m (a whole number and ms, s, m, h or d)"},
    {"negative_duration", "schedule: {sync_every: -5m}\n",
     "g.yaml:2:24: schedule.sync_every: \"-5m\" is not a duration from 100ms to 7d (a whole number and ms, s, m, h or d)"},
    {"overflow", "policy: {retention: 999999999999d}\n",
     "g.yaml:2:21: policy.retention: \"999999999999d\" is not a duration from 1h to 3650d (a whole number and ms, s, m, h or d)"},
    {"zero", "policy: {batch: 0}\n", "g.yaml:2:17: policy.batch: \"0\" is not a whole number from 1 to 1000"},
    {"octal", "policy: {batch: 010}\n", "g.yaml:2:17: policy.batch: \"010\" is not a whole number from 1 to 1000"},
    {"number_in_quotes", "policy: {batch: \"50\"}\n", "g.yaml:2:17: policy.batch: \"50\" is a text: write it without quotes"},
    {"boolean", "policy: {close: {enabled: yes}}\n", "g.yaml:2:27: policy.close.enabled: \"yes\" is not true or false"},
    {"size", "model: {context_limit: 24K}\n",
     "g.yaml:2:24: model.context_limit: \"24K\" is not a size from 1KiB to 10MiB (a whole number and B, KiB or MiB)"},
    {"choice", "policy: {mode: Apply}\n", "g.yaml:2:16: policy.mode: \"Apply\" is not dry-run, suggest or apply"},
    {"log_level", "log: {level: trace}\n", "g.yaml:2:14: log.level: \"trace\" is not debug, info, warning or error"},
    {"log_format", "log: {format: xml}\n", "g.yaml:2:15: log.format: \"xml\" is not json or text"},
    {"listen", "http: {listen: 8080}\n", "g.yaml:2:16: http.listen: \"8080\" is not an address and a port, like 0.0.0.0:8080 or [::]:8080"},
    {"lock_id_of_the_sync", "lock: {id: global}\n",
     "g.yaml:2:12: lock.id: \"global\" is not 1 to 64 letters, digits, '.', '_' or '-', and not global, which serialises the sync"},
    {"list_is_text", "policy: {exempt: a}\n", "g.yaml:2:18: policy.exempt: must be a list of at most 200 labels, not a single value"},
    {"label_in_list", "policy: {exempt: [ok, 'a,b']}\n",
     "g.yaml:2:23: policy.exempt: \"a,b\" is not a label: 1 to 50 characters, no comma or control character, no space at either end"},
    {"label_in_list_twice", "policy: {exempt: [a, a]}\n", "g.yaml:2:22: policy.exempt: \"a\" is there twice"},
    {"column_after_umlauts", "policy: {abstain_label: ä, batch: x}\n",
     "g.yaml:2:35: policy.batch: \"x\" is not a whole number from 1 to 1000"},
    {"all_at_once", "lock: {ttl: 1x}\npolicy:\n  batch: 0\n  nope: 1\n",
     "g.yaml:2:13: lock.ttl: \"1x\" is not a duration from 1s to 10m (a whole number and ms, s, m, h or d)\n"
     "g.yaml:4:10: policy.batch: \"0\" is not a whole number from 1 to 1000\n"
     "g.yaml:5:3: policy.nope: unknown key; did you mean mode?"}};
INSTANTIATE_TEST_SUITE_P(Scalars, BadInputs, testing::ValuesIn(scalars_cases), name_of);

constexpr BadInput families_cases[] = {
    {"family_is_list", "policy:\n  labels:\n    type: [a]\n",
     "g.yaml:4:11: policy.labels.type: must be a map with values, min_precision, never_set and promoted, or false for no such family"},
    {"labels_is_list", "policy: {labels: [type]}\n", "g.yaml:2:18: policy.labels: must be a map from the name of a family to its values"},
    {"family_name", "policy: {labels: {Type: {values: [a]}}}\n",
     "g.yaml:2:19: policy.labels: \"Type\" is no name for a family: a lower-case letter, then up to 31 letters, digits, _ or -"},
    {"no_values", "policy: {labels: {area: {min_precision: 0.8}}}\n", "g.yaml:2:19: policy.labels.area: a family needs values"},
    {"empty_values", "policy: {labels: {area: {values: []}}}\n",
     "g.yaml:2:34: policy.labels.area.values: a family needs at least one label"},
    {"values_is_text", "policy: {labels: {area: {values: a}}}\n",
     "g.yaml:2:34: policy.labels.area.values: must be a list of labels, or a map from label to meaning"},
    {"unknown_key_of_family", "policy: {labels: {area: {value: [a], values: [b]}}}\n",
     "g.yaml:2:26: policy.labels.area.value: unknown key; did you mean values?"},
    {"label_of_family", "policy: {labels: {area: {values: ['']}}}\n",
     "g.yaml:2:35: policy.labels.area.values: \"\" is not a label: 1 to 50 characters, no comma or control character, no space at either "
     "end"},
    {"label_twice_in_family", "policy: {labels: {area: {values: [a, A]}}}\n",
     "g.yaml:2:38: policy.labels.area.values: \"A\" is there twice"},
    {"label_in_two_families", "policy:\n  labels:\n    area: {values: [x, Type/Bug]}\n",
     "g.yaml:4:24: policy.labels: \"Type/Bug\" is in two families, type and area"},
    {"never_set_outside_values", "policy: {labels: {priority: {never_set: [priority/p9]}}}\n",
     "g.yaml:2:42: policy.labels.priority.never_set: \"priority/p9\" is none of the values of priority"},
    {"min_precision_at_the_edge", "policy: {labels: {type: {min_precision: 0.5}}}\n",
     "g.yaml:2:41: policy.labels.type.min_precision: \"0.5\" is not a number above 0.5 and up to 1"},
    {"status_is_list", "policy: {labels: {status: {values: [a]}}}\n",
     "g.yaml:2:36: policy.labels.status.values: must be a map from role to label"},
    {"status_role_unknown",
     "policy:\n  labels:\n    status:\n      values: {ready: r, needs_info: n, backlog: b, blocked: l, already_done: d, done: x}\n",
     "g.yaml:5:82: policy.labels.status.values: \"done\" is no role; known here: ready, needs_info, backlog, blocked, already_done"},
    {"status_role_missing", "policy:\n  labels:\n    status:\n      values: {ready: r, needs_info: n, backlog: b, blocked: l}\n",
     "g.yaml:5:15: policy.labels.status.values: the role already_done is missing"},
    {"meaning_is_list", "policy: {labels: {area: {values: {a: [b]}}}}\n",
     "g.yaml:2:38: policy.labels.area.values: the meaning of a label is a text of at most 1000 bytes"},
    {"abstain_label_in_family", "policy:\n  abstain_label: Type/bug\n",
     "g.yaml:3:18: policy.abstain_label: \"Type/bug\" is a label of the family type too"},
    {"abstain_label_exempt", "policy: {exempt: [needs-triage]}\n",
     "g.yaml:2:1: policy.abstain_label: \"needs-triage\" is in policy.exempt too: groomer would lock itself out"}};
INSTANTIATE_TEST_SUITE_P(Families, BadInputs, testing::ValuesIn(families_cases), name_of);

constexpr BadInput contradictions_cases[] = {
    {"lock_too_slow", "lock:\n  renew_every: 4s\n",
     "g.yaml:3:16: lock.renew_every: lock.ttl 5s and lock.renew_every 4s leave 450ms for a write, where 500ms are needed: lower "
     "renew_every to 3950ms or raise ttl"},
    {"lock_too_short", "lock:\n  ttl: 1s\n",
     "g.yaml:3:8: lock.ttl: lock.ttl 1s and lock.renew_every 1500ms leave 0ms for a write, where 500ms are needed: raise ttl"},
    {"renewal_after_the_end", "lock: {ttl: 5s, renew_every: 6s}\n",
     "g.yaml:2:30: lock.renew_every: lock.ttl 5s and lock.renew_every 6s leave 0ms for a write, where 500ms are needed: lower renew_every "
     "to 3950ms or raise ttl"},
    {"provider_without_name", "model:\n  provider: openai\n  base_url: http://localhost:11434/v1\n",
     "g.yaml:2:1: model.name: is missing: the provider openai needs the name of a model"},
    {"provider_without_key", "model: {provider: anthropic, name: claude}\n",
     "g.yaml:2:1: model.api_key_file: is missing: the provider anthropic needs a key at its own address"},
    {"budget_without_prices", "model: {budget: {usd_per_day: 5}}\n",
     "g.yaml:2:31: model.budget.usd_per_day: needs model.prices: without them no cost can be counted"},
    {"half_a_price", "model: {prices: {input_usd_per_mtok: 5}}\n",
     "g.yaml:2:9: model.prices.output_usd_per_mtok: is missing: prices are for input and output"},
    {"one_address_for_both", "http:\n  metrics_listen: 0.0.0.0:8080\n",
     "g.yaml:3:19: http.metrics_listen: is the same as http.listen: metrics have a port of their own"},
    {"half_an_app", "github: {app: {id: 5, installation_id: 6}}\n",
     "g.yaml:2:10: github.app.private_key_file: is missing: an app needs id, installation_id and private_key_file"}};
INSTANTIATE_TEST_SUITE_P(Contradictions, BadInputs, testing::ValuesIn(contradictions_cases), name_of);

constexpr BadInput repositories_cases[] = {
    {"not_a_list", "repositories: {name: a/b}\n",
     "g.yaml:2:15: repositories: must be a list of maps like {name: octocat/hello-world, tracker: github}"},
    {"entry_is_text", "repositories: [a/b]\n",
     "g.yaml:2:16: repositories: must be a list of maps like {name: octocat/hello-world, tracker: github}"},
    {"name_missing", "repositories:\n  - {tracker: github}\n",
     "g.yaml:3:5: repositories[0].name: is missing: a repository needs a name and a tracker (github or file)"},
    {"tracker_missing", "repositories:\n  - name: a/b\n",
     "g.yaml:3:5: repositories[0].tracker: is missing: a repository needs a name and a tracker (github or file)"},
    {"tracker_unknown", "repositories:\n  - {name: a/b, tracker: gitlab}\n",
     "g.yaml:3:26: repositories[0].tracker: \"gitlab\" is not github or file"},
    {"name_wrong", "repositories:\n  - {name: ab, tracker: github}\n",
     "g.yaml:3:12: repositories[0].name: \"ab\" is not a repository like octocat/hello-world"},
    {"key_unknown", "repositories:\n  - {name: a/b, tracker: github, polcy: {}}\n",
     "g.yaml:3:34: repositories[0].polcy: unknown key; did you mean policy?"},
    {"twice", "repositories:\n  - {name: a/b, tracker: github}\n  - {name: A/b, tracker: github}\n",
     "g.yaml:4:12: repositories[1].name: \"A/b\" is there twice, first on line 3"},
    {"path_twice", "repositories:\n  - {name: a/b, tracker: file, path: x.json}\n  - {name: a/c, tracker: file, path: ./y/../x.json}\n",
     "g.yaml:4:38: repositories[1].path: \"./y/../x.json\" is there twice, first on line 3"},
    {"file_without_path", "repositories:\n  - {name: a/b, tracker: file}\n",
     "g.yaml:3:5: repositories[0].path: is missing: the tracker file needs the path of an export"},
    {"github_with_path", "repositories:\n  - {name: a/b, tracker: github, path: x}\n",
     "g.yaml:3:40: repositories[0].path: has no meaning for the tracker github"},
    {"own_value_wrong", "repositories:\n  - {name: a/b, tracker: github}\n  - name: a/c\n    tracker: github\n    policy: {batch: 0}\n",
     "g.yaml:6:21: repositories[1].policy.batch: \"0\" is not a whole number from 1 to 1000"},
    {"own_contradiction", "repositories:\n  - name: a/c\n    tracker: github\n    model: {provider: openai, base_url: http://x}\n",
     "g.yaml:5:5: repositories[0].model.name: is missing: the provider openai needs the name of a model"},
    {"own_half_a_price",
     "repositories:\n  - name: a/c\n    tracker: github\n    model: {provider: openai, base_url: http://x, name: m, prices: "
     "{input_usd_per_mtok: 3}}\n",
     "g.yaml:5:60: repositories[0].model.prices.output_usd_per_mtok: is missing: prices are for input and output"},
    {"own_family_wrong", "repositories:\n  - name: a/c\n    tracker: github\n    policy: {labels: {area: {values: [type/bug]}}}\n",
     "g.yaml:5:39: repositories[0].policy.labels: \"type/bug\" is in two families, type and area"},
    {"not_everything_may_be_own", "repositories:\n  - {name: a/b, tracker: github, model: {http: 1}}\n",
     "g.yaml:3:42: repositories[0].model.http: unknown key; known here: provider, base_url, api_key_file, name, timeout, concurrency, "
     "context_limit, budget, prices"}};
INSTANTIATE_TEST_SUITE_P(Repositories, BadInputs, testing::ValuesIn(repositories_cases), name_of);

TEST(Errors, a_missing_database_is_named_at_its_section_or_at_the_start) {
    auto const sentence = "database.url: is missing: write it or database.url_file, or set GROOMER_DATABASE_URL";
    EXPECT_EQ(try_load({"g.yaml", "lock: {id: x}\ndatabase:\n", {}, {}}).errors, std::string{"g.yaml:2:1: "} + sentence);
    EXPECT_EQ(try_load({"g.yaml", "lock: {id: x}\n", {}, {}}).errors, std::string{"g.yaml:1:1: "} + sentence);
    EXPECT_EQ(try_load({"g.yaml", "", {}, {}}).errors, std::string{"g.yaml:1:1: "} + sentence);
    EXPECT_EQ(try_load({"", {}, {}, {}}).errors, std::string{"configuration: "} + sentence);
}

TEST(Errors, a_missing_file_is_named) {
    EXPECT_EQ(try_load({"/nowhere/groomer.yaml", {}, {}, {}}).errors, "the configuration file /nowhere/groomer.yaml does not exist");
    EXPECT_EQ(try_load({"/", {}, {}, {}}).errors, "the configuration file / is not a regular file");
}

TEST(Errors, a_file_over_one_mebibyte_is_refused) {
    EXPECT_EQ(try_load({"g.yaml", std::string(1024 * 1024 + 1, '\n'), {}, {}}).errors,
              "the configuration file g.yaml is larger than 1024 KiB");
}

TEST(Errors, the_connection_string_is_never_shown) {
    auto const errors = try_load({"g.yaml", "database: {url: 'mysql://u:s3cret@h/d'}", {}, {}}).errors;
    EXPECT_EQ(errors,
              "g.yaml:1:17: database.url: the value is not a PostgreSQL connection string: postgresql://user@host/database (@ / ? of a "
              "password as %40 %2F %3F), or key=value pairs");
}

TEST(Errors, lists_have_an_end) {
    std::string labels, families;
    for (int i = 0; i < 201; ++i) labels += "l" + std::to_string(i) + ", ";
    for (int i = 0; i < 51; ++i) families += "f" + std::to_string(i) + ": {values: [f" + std::to_string(i) + "]}, ";
    EXPECT_EQ(errors_of("policy: {exempt: [" + labels + "]}"), "g.yaml:2:18: policy.exempt: has more than 200 labels");
    EXPECT_EQ(errors_of("policy: {labels: {area: {values: [" + labels + "]}}}"),
              "g.yaml:2:34: policy.labels.area.values: has more than 200 labels");
    EXPECT_EQ(errors_of("policy: {labels: {" + families + "}}"), "g.yaml:2:18: policy.labels: has more than 50 families");
}

TEST(Errors, a_long_list_of_them_is_cut) {
    std::string yaml;
    for (int i = 0; i < 60; ++i) yaml += "k" + std::to_string(i) + ": 1\n";
    auto const errors = errors_of(yaml);
    EXPECT_TRUE(errors.ends_with("\nand 10 more")) << errors;
}

}  // namespace
}  // namespace groomer::config
