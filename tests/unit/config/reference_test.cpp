#include "config/reference.hpp"

#include "config/fingerprint.hpp"
#include "config/load.hpp"
#include "config/value.hpp"
#include "config/yaml.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace groomer::config {
namespace {

void expect_same(std::string const& name, std::string const& rendered) {
    auto const path = std::string{GROOMER_SOURCE_DIR} + "/docs/" + name;
    if (std::getenv("GROOMER_UPDATE_DOCS") != nullptr) std::ofstream{path, std::ios::binary} << rendered;
    std::ifstream in{path, std::ios::binary};
    std::ostringstream text;
    text << in.rdbuf();
    EXPECT_TRUE(text.str() == rendered)
        << path << " is not what the table of keys says. To refresh it, run this test again with GROOMER_UPDATE_DOCS=1 "
        << "in the environment, and look at the difference.";
}

TEST(Reference, the_page_in_docs_is_what_the_table_says) { expect_same("configuration.md", render_reference()); }

TEST(Reference, the_schema_in_docs_is_what_the_table_says) { expect_same("config.schema.json", render_schema()); }

TEST(Reference, every_key_is_on_the_page_with_its_variable) {
    auto const page = render_reference();
    for (Key const& key : keys()) {
        EXPECT_NE(page.find("| `" + std::string{key.path} + "` |"), std::string::npos) << key.path;
        EXPECT_NE(page.find(environment_name(key)), std::string::npos) << key.path;
        EXPECT_FALSE(key.help.empty()) << key.path;
    }
}

TEST(Reference, the_schema_is_json_and_knows_every_level) {
    auto const document = parse_yaml(render_schema());  // JSON is YAML; doubles would be errors
    ASSERT_TRUE(document.root);
    EXPECT_TRUE(document.errors.empty()) << document.errors.front().sentence;
    std::size_t closed = 0;
    for (auto at = std::string::npos; (at = render_schema().find("\"additionalProperties\": false", at + 1)) != std::string::npos;)
        ++closed;
    EXPECT_GE(closed, 15U);
}

TEST(Reference, the_example_loads_and_is_the_defaults) {
    auto const example = load({"example.yaml", render_example(), {}, {}}).config;
    auto const bare = load({"bare.yaml", "database: {url: 'postgresql://groomer@db.example/groomer'}", {}, {}}).config;
    ASSERT_EQ(example.repositories.size(), 2U);
    EXPECT_EQ(example.repositories[0].policy.mode, Mode::dry_run);
    EXPECT_EQ(example.repositories[1].policy.mode, Mode::apply);
    auto same = example;
    same.repositories.clear();
    EXPECT_EQ(config_hash(same), config_hash(bare));
}

TEST(Reference, the_commented_lines_of_the_example_are_keys_too) {
    for (Key const& key : keys()) {
        if (key.example.empty() || key.access.set == nullptr) continue;
        EXPECT_TRUE(parse_value(key, key.example)) << key.path << ' ' << key.example;
        auto const line = std::string{key.path.substr(key.path.rfind('.') + 1)} + ": " + std::string{key.example};
        EXPECT_NE(render_example().find(line), std::string::npos) << line;
    }
}

}  // namespace
}  // namespace groomer::config
