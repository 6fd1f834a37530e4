#include "tracker/tracker.hpp"

#include <gtest/gtest.h>

namespace groomer::tracker {
namespace {

TEST(IssueRefText, comes_back_as_it_was_written) {
    IssueRef const ref{"octocat/hello-world", 42};
    EXPECT_EQ(to_string(ref), "octocat/hello-world#42");
    EXPECT_EQ(parse_issue_ref(to_string(ref)), ref);
}

TEST(IssueRefText, anything_else_is_refused) {
    for (auto const* text : {"", "#7", "a#7", "a/#7", "/b#7", "a/b", "a/b#", "a/b#0", "a/b#-1", "a/b#7x", "a/b# 7", "a/b#7 ", "a/b/c#7",
                             "a b/c#7", "a/b#99999999999999999999"})
        EXPECT_FALSE(parse_issue_ref(text)) << text;
}

}  // namespace
}  // namespace groomer::tracker
