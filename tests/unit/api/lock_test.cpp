#include "api/lock.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

namespace groomer::api {
namespace {

using namespace std::chrono_literals;

store::LockStatus held_by(std::string const& token, std::optional<double> age) {
    store::LockStatus status;
    status.known = status.held = true;
    status.token = token;
    status.age = age;
    status.database_time = 1'000'000'000;
    return status;
}

std::string shown(store::LockStatus const& status) {
    auto const until = held_until(status, 30min);
    return until ? format_time(*until) : "";
}

auto constexpr ours = "g1|5000|7|slot|incarnation|00000001|uuid";

TEST(HeldUntil, IsTheStampAndTheTokensOwnTtl) { EXPECT_EQ(shown(held_by(ours, 2)), "2001-09-09T01:46:43.000Z"); }

TEST(HeldUntil, OfAForeignTokenIsWhenItMayBeTaken) { EXPECT_EQ(shown(held_by("5f0c", 60)), "2001-09-09T02:16:40.000Z"); }

// Two clocks, or two readings of one, are never quite the same.
TEST(HeldUntil, OfAStampThatIsAheadByLessThanASecondIsItsTtlFromNow) { EXPECT_EQ(shown(held_by(ours, -0.9)), "2001-09-09T01:46:45.000Z"); }

// It would recede with every look: the row is had by whoever has seen it unchanged for long enough.
TEST(HeldUntil, OfAStampInTheFutureNobodyCanTell) {
    for (std::optional<double> const age : {std::optional{-3e7}, std::optional{-0.001}, std::optional<double>{}}) {
        auto status = held_by(ours, age);
        status.ahead = true;
        EXPECT_EQ(shown(status), "");
        EXPECT_TRUE(lock_object(status, {"groomer", 30min, ""}).at("until").is_null());
        EXPECT_EQ(valid_for(status, 30min), 5s);
        status.token = "5f0c";
        EXPECT_EQ(shown(status), "");
        EXPECT_EQ(valid_for(status, 30min), 31min);
    }
}

TEST(HeldUntil, IsNothingForAFreeRowAndForAStampThatIsNoMoment) {
    EXPECT_EQ(shown({}), "");
    EXPECT_EQ(shown(held_by(ours, std::nullopt)), "");
    EXPECT_EQ(shown(held_by(ours, 2e11)), "") << "4713 BC";
}

TEST(HoldsArray, TellsOfAHoldOnlyWhatIsKnown) {
    store::HoldLine lost{7, "pod", "free", "", "", "lost", std::nullopt, 3};
    auto const told = holds_array({lost}).at(0).as_object();
    EXPECT_EQ(told.at("ended").as_string(), "lost");
    for (auto const* unknown : {"acquired_at", "ended_at", "seconds"}) EXPECT_TRUE(told.at(unknown).is_null()) << unknown;
    lost.seconds = 1.5;
    EXPECT_EQ(holds_array({lost}).at(0).at("seconds").as_double(), 1.5);
}

TEST(LockObject, TellsWhoseHoldItIs) {
    auto status = held_by(ours, 1);
    status.pod = "pod\x1b-1";
    auto const mine = lock_object(status, {"groomer", 30min, "incarnation"});
    EXPECT_TRUE(mine.at("mine").as_bool());
    EXPECT_FALSE(mine.at("foreign").as_bool());
    EXPECT_EQ(mine.at("holder").as_string(), "pod -1");
    EXPECT_FALSE(lock_object(status, {"groomer", 30min, "another"}).at("mine").as_bool());
    EXPECT_TRUE(lock_object(held_by("x", 1), {"groomer", 30min, ""}).at("foreign").as_bool());
}

}  // namespace
}  // namespace groomer::api
