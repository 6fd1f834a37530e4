#include "tracker/file/effects.hpp"

#include <gtest/gtest.h>

namespace groomer::tracker::file {
namespace {

IssueRef const one{"a/b", 1};

std::string line_of(IssueRef const& ref, LabelChange const& change, std::int64_t term) {
    auto line = effect_line(ref, change, term, "2024-01-01T00:00:00.000Z");
    EXPECT_EQ(line.back(), '\n');
    line.pop_back();
    return line;
}

TEST(Effects, a_line_comes_back_as_it_was_written) {
    Effects effects;
    effects.apply(line_of(one, {"odd \"label\"\\ \u00e4", true}, 41));
    effects.apply(line_of(one, {"b", false}, 42));
    effects.apply(line_of({"a/b", 2}, {"c", true}, 40));
    auto const changes = effects.of(one);
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_EQ(changes[0].label, "odd \"label\"\\ \u00e4");
    EXPECT_TRUE(changes[0].added);
    EXPECT_EQ(changes[1].label, "b");
    EXPECT_FALSE(changes[1].added);
    EXPECT_EQ(effects.newest_term(), 42);
    EXPECT_TRUE(effects.of({"a/c", 1}).empty());
}

TEST(Effects, the_last_effect_on_a_label_counts) {
    Effects effects;
    EXPECT_FALSE(effects.last(one, "x"));
    effects.apply(line_of(one, {"x", true}, 1));
    effects.apply(line_of(one, {"y", true}, 1));
    EXPECT_TRUE(effects.last(one, "x")->added);
    effects.apply(line_of(one, {"x", false}, 1));
    EXPECT_FALSE(effects.last(one, "x")->added);
    EXPECT_FALSE(effects.last({"a/b", 2}, "x"));
}

TEST(Effects, what_is_no_effect_is_counted_and_without_consequence) {
    Effects effects;
    std::size_t bad = 0;
    for (auto const* line : {"", "x", "[]", "{}", R"({"repo":"a/b","issue":1,"op":"label.add","label":"x"})",
                             R"({"repo":"a/b","issue":1,"op":"label.set","label":"x","term":99})",
                             R"({"repo":"a/b","issue":0,"op":"label.add","label":"x","term":99})",
                             R"({"repo":"a/b","issue":"1","op":"label.add","label":"x","term":99})",
                             R"({"repo":"","issue":1,"op":"label.add","label":"x","term":99})",
                             R"({"repo":"a/b","issue":1,"op":"label.add","label":"","term":99})",
                             R"({"repo":"a/b","issue":1,"op":"label.add","label":"x","term":1e99})",
                             R"({"repo":"a/b","issue":1,"op":"label.add","label":"x","term":-1})"}) {
        effects.apply(line);
        EXPECT_EQ(effects.bad_lines(), ++bad) << line;
    }
    EXPECT_TRUE(effects.of(one).empty());
    EXPECT_EQ(effects.newest_term(), 0);
}

TEST(Effects, merge_into_labels_in_their_order) {
    using Labels = std::vector<std::string>;
    EXPECT_EQ(merge({"a", "b"}, {}), (Labels{"a", "b"}));
    EXPECT_EQ(merge({"a", "b"}, {{"a", false, true}, {"c", true}, {"d", true}, {"d", false}}), (Labels{"b", "c"}));
    EXPECT_EQ(merge({"a"}, {{"a", true}, {"x", false}}), (Labels{"a"}));
}

TEST(Effects, a_label_of_the_export_is_no_business_of_a_removal_of_our_own) {
    using Labels = std::vector<std::string>;
    EXPECT_EQ(merge({"p3"}, {{"p3", true}, {"p3", false}}), (Labels{"p3"})) << "a person set it since";
    EXPECT_EQ(merge({"p3"}, {{"p3", false, true}}), Labels{}) << "it was the export's own that was removed";
    EXPECT_EQ(merge({"p3"}, {{"p3", false, true}, {"p3", true}}), (Labels{"p3"}));
}

TEST(Effects, only_the_removal_of_an_exported_label_says_so_in_its_line) {
    EXPECT_EQ(effect_line(one, {"x", true, true}, 7, "T"), R"({"repo":"a/b","issue":1,"op":"label.add","label":"x","term":7,"at":"T"})"
                                                           "\n");
    EXPECT_EQ(effect_line(one, {"x", false}, 7, "T"), R"({"repo":"a/b","issue":1,"op":"label.remove","label":"x","term":7,"at":"T"})"
                                                      "\n");
    Effects effects;
    effects.apply(line_of(one, {"x", false, true}, 7));
    effects.apply(line_of(one, {"y", false}, 7));
    EXPECT_TRUE(effects.last(one, "x")->from_export);
    EXPECT_FALSE(effects.last(one, "y")->from_export);
}

}  // namespace
}  // namespace groomer::tracker::file
