#include "tracker/file/cursor.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace groomer::tracker::file {
namespace {

TEST(FileCursor, comes_back_as_it_was_written) {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    for (auto const& cursor : {Cursor{}, Cursor{{1, 2, 3, -4}, 5, true, 0}, Cursor{{most, most, most, 7}, most, false, most}})
        EXPECT_EQ(parse_cursor(to_string(cursor)), cursor);
}

TEST(FileCursor, anything_else_is_no_cursor) {
    auto const good = to_string(Cursor{{1, 2, 3, 4}, 5, true, 6});
    for (auto const& text : {std::string{}, std::string{"x"}, good + " 1", good + "x", "x" + good, good.substr(0, good.size() - 1),
                             std::string{"file1 1 2 3 4 5 6 7"}, std::string{"2024-01-01T00:00:00Z"}})
        EXPECT_FALSE(parse_cursor(text)) << text;
}

}  // namespace
}  // namespace groomer::tracker::file
