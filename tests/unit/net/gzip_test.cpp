#include "net/gzip.hpp"

#include "support/packed.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace groomer::net {
namespace {

using Outcome = Decoded::Outcome;

using test::gzip, test::packed, test::raw, test::zlib;

std::string noise(std::size_t size) {
    std::mt19937 random{1};
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
}

TEST(Gzip, IsDecoded) {
    for (std::string const& text : {std::string{}, std::string{"text"}, std::string(1'000'000, 'x'), noise(300'000)}) {
        Decoded const decoded = decode_gzip(packed(text, gzip), 1'000'000);
        EXPECT_EQ(decoded.outcome, Outcome::whole);
        EXPECT_TRUE(decoded.data == text);
    }
}

TEST(Gzip, MayBeOfSeveralMembers) {
    Decoded const decoded = decode_gzip(packed("one ", gzip) + packed("", gzip) + packed("two", gzip), 100);
    EXPECT_EQ(decoded.outcome, Outcome::whole);
    EXPECT_EQ(decoded.data, "one two");
}

TEST(Gzip, StopsAtTheLimit) {
    std::string const text(200'000, 'x');
    EXPECT_EQ(decode_gzip(packed(text, gzip), 200'000).outcome, Outcome::whole);
    EXPECT_EQ(decode_gzip(packed(text, gzip), 199'999).outcome, Outcome::too_large);
    EXPECT_EQ(decode_gzip(packed(text, gzip) + packed("x", gzip), 200'000).outcome, Outcome::too_large);
    EXPECT_EQ(decode_deflate(packed(text, raw), 199'999).outcome, Outcome::too_large);
    EXPECT_EQ(decode_gzip(packed("", gzip), 0).outcome, Outcome::whole);
    EXPECT_TRUE(decode_gzip(packed(text, gzip), 199'999).data.empty());
}

TEST(Gzip, IsBrokenWhereverItIsCut) {
    std::string const whole = packed("a text that is long enough to be cut anywhere", gzip);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_EQ(decode_gzip(whole.substr(0, size), 100).outcome, Outcome::broken) << size;
}

TEST(Gzip, IsBrokenWhereABitIsWrongOrMoreFollows) {
    std::string const whole = packed(noise(1000), gzip);
    std::string wrong = whole;
    wrong[500] = static_cast<char>(wrong[500] ^ 1);
    EXPECT_EQ(decode_gzip(wrong, 2000).outcome, Outcome::broken);
    EXPECT_EQ(decode_gzip(whole + "more", 2000).outcome, Outcome::broken);
    EXPECT_EQ(decode_gzip("plain text", 2000).outcome, Outcome::broken);
    EXPECT_EQ(decode_gzip(packed("x", zlib), 2000).outcome, Outcome::broken);
}

TEST(Deflate, IsDecodedWithItsHeaderOrWithout) {
    std::string const text = noise(1000) + std::string(1000, 'y');
    for (int const window : {zlib, raw}) {
        EXPECT_EQ(decode_deflate(packed(text, window), 2000).data, text);
        EXPECT_EQ(decode_deflate(packed(text, window) + "more", 2000).outcome, Outcome::broken);
    }
}

}  // namespace
}  // namespace groomer::net
