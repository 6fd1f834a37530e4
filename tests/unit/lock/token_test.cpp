#include "lock/token.hpp"

#include <gtest/gtest.h>

namespace groomer::lock {
namespace {

TEST(Token, ReadsWhatTheDatabaseMakes) {
    auto const token = parse_token("g1|5000|1795462224385130|pod-uid/main|inc-1|00000001|7b5d");
    ASSERT_TRUE(token);
    EXPECT_EQ(token->ttl, std::chrono::seconds{5});
    EXPECT_EQ(token->term, 1795462224385130);
    EXPECT_EQ(token->slot, "pod-uid/main");
    EXPECT_EQ(token->incarnation, "inc-1");
    EXPECT_EQ(token->timeline, "00000001");
    EXPECT_EQ(token->uuid, "7b5d");
}

TEST(Token, MayHaveNoSlot) {
    auto const token = parse_token("g1|5000|7||inc|00000001|u");
    ASSERT_TRUE(token);
    EXPECT_TRUE(token->slot.empty());
}

class ForeignToken : public testing::TestWithParam<std::string> {};

TEST_P(ForeignToken, IsNotOurs) { EXPECT_FALSE(parse_token(GetParam())) << GetParam(); }

INSTANTIATE_TEST_SUITE_P(Shapes, ForeignToken,
                         testing::Values("", "5f0c1d7e-7a0f-4c7e-9d69-2f8e2c1b9a11", "g1", "g1|5000|7|s|i|00000001",
                                         "g1|5000|7|s|i|00000001|u|more", "g2|5000|7|s|i|00000001|u", "g1||7|s|i|00000001|u",
                                         "g1|5000||s|i|00000001|u", "g1|x|7|s|i|00000001|u", "g1|5000|7x|s|i|00000001|u",
                                         "g1|5000|-7|s|i|00000001|u", "g1|0|7|s|i|00000001|u", "g1|999|7|s|i|00000001|u",
                                         "g1|600001|7|s|i|00000001|u", "g1|1000000000|7|s|i|00000001|u",
                                         "g1|5000|99999999999999999999|s|i|00000001|u", "g1|5000|7|s||00000001|u",
                                         std::string(1 << 20, '|'), std::string("g1|5000|7|s|i|00000001|") + std::string(2000, 'u')));

TEST(Token, TakesTheBoundsOfTheTtl) {
    EXPECT_TRUE(parse_token("g1|1000|7|s|i|00000001|u"));
    EXPECT_TRUE(parse_token("g1|600000|7|s|i|00000001|u"));
}

}  // namespace
}  // namespace groomer::lock
