#include "config/yaml.hpp"

#include <gtest/gtest.h>

namespace groomer::config {
namespace {

std::string first_error(std::string const& text) {
    auto const document = parse_yaml(text);
    if (document.errors.empty()) return "";
    auto const& error = document.errors.front();
    auto const column = error.mark.line == 0 ? 0 : character_column(text, error.mark);
    return std::to_string(error.mark.line) + ':' + std::to_string(column) + ' ' + error.sentence;
}

TEST(Yaml, scalars_stay_as_written_with_their_place) {
    auto const document = parse_yaml("a: 010\nb:\n  - 'yes'\n  - x\n");
    ASSERT_TRUE(document.errors.empty());
    auto const& entries = document.root->entries;
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].key, "a");
    EXPECT_EQ(entries[0].value->text, "010");
    EXPECT_FALSE(entries[0].value->quoted);
    EXPECT_EQ(entries[0].value->mark.line, 1U);
    EXPECT_EQ(entries[0].value->mark.column, 4U);
    EXPECT_TRUE(entries[1].value->items.at(0)->quoted);
    EXPECT_EQ(entries[1].value->items.at(1)->mark.line, 4U);
    EXPECT_EQ(entries[1].value->items.at(1)->mark.column, 5U);
}

TEST(Yaml, an_empty_text_is_an_empty_document) {
    for (std::string const text : {"", "\n# nothing\n", "---\n", "\xEF\xBB\xBF"}) {
        auto const document = parse_yaml(text);
        ASSERT_TRUE(document.root) << text;
        EXPECT_EQ(document.root->kind, YamlNode::Kind::null);
        EXPECT_TRUE(document.errors.empty());
    }
}

TEST(Yaml, an_alias_stands_for_its_anchor) {
    auto const document = parse_yaml("a: &x [1, 2]\nb: *x\n");
    ASSERT_TRUE(document.errors.empty());
    EXPECT_EQ(document.root->entries.at(1).value->items.size(), 2U);
}

TEST(Yaml, a_billion_laughs_are_refused_at_once) {
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 10; ++i) {
        auto const below = "*a" + std::to_string(i - 1), own = "a" + std::to_string(i);
        text += own + ": &" + own + " [" + below;
        for (int n = 1; n < 10; ++n) text += ", " + below;
        text += "]\n";
    }
    EXPECT_EQ(first_error(text), "5:55 with its aliases written out the file has more than 100000 nodes");
}

TEST(Yaml, deep_nesting_is_refused_not_followed) {
    for (std::string const step : {"[", "{a: ", "- ", "? "}) {
        std::string text;
        for (int i = 0; i < 20'000; ++i) text += step;
        EXPECT_FALSE(parse_yaml(text).errors.empty()) << step;
    }
}

TEST(Yaml, what_is_wrong_is_named_with_its_place) {
    EXPECT_EQ(first_error("a: 1\nb: 2\na: 3\n"), "3:1 the key \"a\" is written twice; the first is on line 1");
    EXPECT_EQ(first_error("a: {b: 1, 'b': 2}\n"), "1:11 the key \"b\" is written twice; the first is on line 1");
    EXPECT_EQ(first_error("a: 1\n--- \nb: 2\n"), "3:1 the file has more than one document (---)");
    EXPECT_EQ(first_error("a: [1, 2\n").substr(0, 4), "2:1 ");
    EXPECT_EQ(first_error("a: &x [*x]\n"), "1:8 an alias stands inside its own anchor");
    EXPECT_EQ(first_error("<<: {a: 1}\n"), "1:1 merge keys (<<) are not supported: use an alias for a whole value");
    EXPECT_EQ(first_error("a: !!int 5\n"), "1:4 a tag (!) has no meaning here");
    EXPECT_EQ(first_error("[a]: 5\n"), "1:1 a key must be text");
    EXPECT_EQ(first_error("a: \"x\\0y\"\n"), "1:4 a value has a control character in it");
}

TEST(Yaml, bytes_that_are_no_text_are_named_with_their_place) {
    auto const sentence = " the file has a byte here that is not text (a control character or invalid UTF-8)";
    EXPECT_EQ(first_error(std::string("a: 1\nb: x\0y\n", 12)), std::string{"2:5"} + sentence);
    EXPECT_EQ(first_error("a: 1\nb: \xff\n"), std::string{"2:4"} + sentence);
    EXPECT_EQ(first_error("a: \x1b[0m\n"), std::string{"1:4"} + sentence);
    EXPECT_EQ(first_error("\xff\xfe"
                          "a\0"),
              std::string{"1:1"} + sentence);
}

TEST(Yaml, columns_count_characters) {
    EXPECT_EQ(first_error("{ä: 1, ö: 2, ä: 3}\n"), "1:14 the key \"ä\" is written twice; the first is on line 1");
    EXPECT_EQ(first_error("\xEF\xBB\xBF{ä: 1, ä: 3}\n"), "1:8 the key \"ä\" is written twice; the first is on line 1");
    EXPECT_EQ(first_error("a: 1\r\nb: 2\r\nb: 3\r\n"), "3:1 the key \"b\" is written twice; the first is on line 2");
}

}  // namespace
}  // namespace groomer::config
