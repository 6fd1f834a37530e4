#include "api/query.hpp"

#include <gtest/gtest.h>

namespace groomer::api {
namespace {

TEST(ParseQuery, DecodesNamesAndValues) {
    EXPECT_EQ(parse_query("repo=a%2Fb&x=1+2&&flag&y=%C3%A9&z=="),
              (Query{{"repo", "a/b"}, {"x", "1 2"}, {"flag", ""}, {"y", "é"}, {"z", "="}}));
    EXPECT_EQ(parse_query(""), Query{});
    EXPECT_EQ(parse_query("a=1&a=2")->size(), 2U);
}

TEST(ParseQuery, RefusesWhatIsNotWellFormed) {
    for (auto const* bad :
         {"a=%", "a=%2", "a=%zz", "a=%-1", "a=%+1", "%ff=1", "a=%c3", "a=%00", "a=%0a", "a=\x7f", "a=\xff", "a=%ed%a0%80"})
        EXPECT_FALSE(parse_query(bad)) << bad;
}

TEST(ParsePositive, TakesWholeNumbersAboveZero) {
    EXPECT_EQ(parse_positive("1"), 1);
    EXPECT_EQ(parse_positive("9223372036854775807"), 9223372036854775807);
    for (auto const* bad : {"", "0", "-1", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808", "one"})
        EXPECT_FALSE(parse_positive(bad)) << bad;
}

}  // namespace
}  // namespace groomer::api
