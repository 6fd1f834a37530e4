#include "groom/failing.hpp"

#include <gtest/gtest.h>

namespace groomer::groom {
namespace {

using namespace std::chrono_literals;

TEST(Failing, LastsFromTheFirstFailureUntilASuccess) {
    Failing failing;
    BootTime::time_point const start{};
    EXPECT_FALSE(failing.lasts(1, start));
    EXPECT_FALSE(failing.lasts(1, start + 119s));
    EXPECT_TRUE(failing.lasts(1, start + 120s));
    EXPECT_FALSE(failing.lasts(2, start + 120s)) << "another one";
    failing.succeeded(1);
    EXPECT_FALSE(failing.lasts(1, start + 121s));
    EXPECT_TRUE(failing.lasts(2, start + 240s));
    EXPECT_TRUE(failing.lasts(2, start + 240s + 14min));
    EXPECT_FALSE(failing.lasts(2, start + 240s + 29min)) << "another replica may have served it since";
}

}  // namespace
}  // namespace groomer::groom
