#include "net/http_incoming.hpp"

#include <gtest/gtest.h>

namespace groomer::net {
namespace {

TEST(Origin, IsTheAddressOrTheNetworkThatAnAddressOfIpv6IsOf) {
    auto const origin = [](char const* text) { return origin_of(asio::ip::make_address(text)); };
    EXPECT_EQ(origin("192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(origin("::ffff:192.0.2.7"), "::ffff:192.0.2.7");
    EXPECT_EQ(origin("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    EXPECT_EQ(origin("2001:db8:1:2::1"), origin("2001:db8:1:2:ffff::"));
    EXPECT_NE(origin("2001:db8:1:3::1"), origin("2001:db8:1:2::1"));
}

}  // namespace
}  // namespace groomer::net
