#include "model/breaker.hpp"

#include <gtest/gtest.h>

namespace groomer::model {
namespace {

using namespace std::chrono_literals;

BootTime::time_point at(std::chrono::milliseconds time) { return BootTime::time_point{time}; }

void fail(Breaker& breaker, std::chrono::milliseconds time, int times) {
    for (int i = 0; i < times; ++i) breaker.failed(at(time), "it answered 500");
}

TEST(Breaker, opens_after_five_failures_in_a_row) {
    Breaker breaker;
    fail(breaker, 0ms, 4);
    EXPECT_TRUE(breaker.may_go(at(0ms), 60s));
    breaker.succeeded();
    fail(breaker, 0ms, 4);
    EXPECT_TRUE(breaker.may_go(at(0ms), 60s)) << "they are no more in a row";
    fail(breaker, 0ms, 1);
    EXPECT_FALSE(breaker.may_go(at(29s), 60s));
    EXPECT_EQ(breaker.why(), "it answered 500");
}

TEST(Breaker, after_the_pause_one_request_tries_it_for_all) {
    Breaker breaker;
    fail(breaker, 0ms, 5);
    EXPECT_TRUE(breaker.may_go(at(30s), 60s));
    EXPECT_FALSE(breaker.may_go(at(30s), 60s)) << "one is on trial";
    breaker.succeeded();
    EXPECT_TRUE(breaker.may_go(at(30s), 60s));
    EXPECT_TRUE(breaker.may_go(at(30s), 60s));
}

TEST(Breaker, pauses_double_up_to_ten_minutes) {
    Breaker breaker;
    fail(breaker, 0ms, 5);
    auto now = std::chrono::milliseconds{0};
    for (auto const pause : {30s, 60s, 120s, 240s, 480s, 600s, 600s}) {
        EXPECT_FALSE(breaker.may_go(at(now + pause - 1ms), 60s)) << pause.count();
        ASSERT_TRUE(breaker.may_go(at(now + pause), 60s)) << pause.count();
        now += pause;
        fail(breaker, now, 1);
    }
}

TEST(Breaker, what_was_under_way_when_it_opened_makes_the_pause_no_longer) {
    Breaker breaker;
    fail(breaker, 0ms, 64);
    EXPECT_TRUE(breaker.may_go(at(30s), 60s));
}

TEST(Breaker, a_trial_that_never_ends_gives_way_to_another) {
    Breaker breaker;
    fail(breaker, 0ms, 5);
    EXPECT_TRUE(breaker.may_go(at(30s), 60s));
    EXPECT_FALSE(breaker.may_go(at(89s), 60s));
    EXPECT_TRUE(breaker.may_go(at(90s), 60s));
}

TEST(Breaker, a_refusal_opens_it_at_once_for_five_minutes) {
    Breaker breaker;
    breaker.refused(at(0ms), "it answered 401");
    EXPECT_FALSE(breaker.may_go(at(299s), 60s));
    EXPECT_TRUE(breaker.may_go(at(300s), 60s));
}

}  // namespace
}  // namespace groomer::model
