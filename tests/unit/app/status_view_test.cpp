#include "app/status_view.hpp"

#include <gtest/gtest.h>

namespace groomer::app {
namespace {

TEST(WebAddress, IsWherePeopleLookAtWhatAnApiIsAbout) {
    EXPECT_EQ(web_address("https://api.github.com"), "https://github.com");
    EXPECT_EQ(web_address("https://api.github.com/"), "https://github.com");
    EXPECT_EQ(web_address("https://github.example/api/v3"), "https://github.example");
    EXPECT_EQ(web_address("https://github.example/api/v3/"), "https://github.example");
    EXPECT_EQ(web_address("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
}

}  // namespace
}  // namespace groomer::app
