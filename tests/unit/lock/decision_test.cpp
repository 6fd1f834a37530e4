#include "lock/decision.hpp"

#include <gtest/gtest.h>

namespace groomer::lock {
namespace {

using namespace std::chrono_literals;

constexpr char const* cluster_a =
    "7711448632594576810"
    "00000001";
constexpr char const* cluster_b =
    "7711448632594576810"
    "00000002";

std::string token(std::string const& incarnation, std::string const& slot = "slot-2", std::string const& timeline = "00000001") {
    return "g1|5000|7|" + slot + "|" + incarnation + "|" + timeline + "|uuid";
}

// A lock as one replica sees it over time: the database's clock and ours run together unless a test says otherwise.
class LockDecision : public testing::Test {
protected:
    LockDecision() {
        look.state_cluster = look.cluster = cluster_a;
        look.clean = true;
        look.database_time = 1000;
        me.identity = {"pod-1", "slot-1", "incarnation-1"};
    }

    // Both clocks go on; a look takes no time.
    void pass(std::chrono::milliseconds time) {
        now += time;
        double const seconds = std::chrono::duration<double>(time).count();
        look.database_time += seconds;
        look.age += seconds;
        look.due_in -= seconds;
    }
    void see() { sight.saw(look, now, now); }
    void hold_by(std::string text) {
        look.row = true;
        look.token = std::move(text);
        look.state_token = look.token;
        look.stamp = "t" + std::to_string(++stamps);
        look.age = 0;
    }
    void renew() {
        look.stamp = "t" + std::to_string(++stamps);
        look.age = 0;
    }
    std::variant<Bid, Wait> decided() { return decide("groomer", sight, me, now); }
    std::optional<Ground> ground() {
        auto const what = decided();
        if (auto const* bid = std::get_if<Bid>(&what)) return bid->ground;
        return std::nullopt;
    }
    Wait wait() { return std::get<Wait>(decided()); }

    Look look;
    Sight sight;
    Claimant me;
    BootTime::time_point now{1h};
    int stamps = 0;
};

TEST_F(LockDecision, TakesAFreeRowThatIsDue) {
    see();
    EXPECT_EQ(ground(), Ground::free);
}

TEST_F(LockDecision, TakesARowWithANullToken) {
    look.row = true;
    see();
    EXPECT_EQ(ground(), Ground::free);
}

TEST_F(LockDecision, WaitsUntilTheTickIsDue) {
    look.due_in = 12;
    see();
    EXPECT_EQ(wait().reason, Reason::not_due);
    EXPECT_EQ(wait().until, now + 12s);
}

TEST_F(LockDecision, LooksAgainAfterHalfAMinuteAtTheLatest) {
    look.due_in = 3600;
    see();
    EXPECT_EQ(wait().until, now + 30s);
}

TEST_F(LockDecision, ARequestMakesTheTickDue) {
    look.due_in = 3600;
    look.requested = true;
    see();
    EXPECT_EQ(ground(), Ground::free);
}

TEST_F(LockDecision, PausedIsNeverDueUnlessForced) {
    look.paused = true;
    look.requested = true;
    see();
    EXPECT_EQ(wait().reason, Reason::paused);
    me.forced = true;
    EXPECT_EQ(ground(), Ground::free);
}

TEST_F(LockDecision, WaitsForTheExpiryOfAHolderAndThenTakesTheRow) {
    hold_by(token("other"));
    see();
    EXPECT_EQ(wait().reason, Reason::held);
    EXPECT_EQ(wait().until, now + 4600ms) << "looks are closer together than a ttl";
    pass(4600ms);
    see();
    EXPECT_EQ(wait().until, now + 400ms);
    pass(399ms);
    see();
    EXPECT_FALSE(ground());
    pass(1ms);
    see();
    EXPECT_EQ(ground(), Ground::expired);
}

TEST_F(LockDecision, TheTokensOwnTtlCounts) {
    hold_by("g1|60000|7|s|other|00000001|u");
    pass(59s);
    see();
    EXPECT_FALSE(ground());
    pass(1s);
    see();
    EXPECT_EQ(ground(), Ground::expired);
}

TEST_F(LockDecision, RespectsAForeignRowForHalfAnHourAndAMinute) {
    hold_by("5f0c1d7e-7a0f-4c7e-9d69-2f8e2c1b9a11");
    see();
    EXPECT_EQ(wait().reason, Reason::foreign);
    EXPECT_EQ(wait().until, now + 5s);
    pass(30min + 59s);
    see();
    EXPECT_FALSE(ground());
    pass(1s);
    see();
    EXPECT_EQ(ground(), Ground::expired);
}

TEST_F(LockDecision, TakesBackTheRowOfItsOwnLostReply) {
    hold_by(token("incarnation-1"));
    see();
    EXPECT_EQ(ground(), Ground::own);
}

TEST_F(LockDecision, TakesBackThePredecessorsRowInItsSlotAtOnce) {
    hold_by(token("incarnation-0", "slot-1"));
    see();
    EXPECT_EQ(ground(), Ground::reclaimed);
}

TEST_F(LockDecision, WithoutASlotNothingIsReclaimed) {
    me.identity.slot = "";
    hold_by(token("incarnation-0", ""));
    see();
    EXPECT_FALSE(ground());
}

TEST_F(LockDecision, AStampInTheFutureIsJudgedByWhatWasSeenUnchanged) {
    hold_by(token("other"));
    look.age = -3600;
    see();
    EXPECT_FALSE(ground());
    EXPECT_EQ(wait().until, now + 4600ms);
    pass(4999ms);
    see();
    EXPECT_FALSE(ground());
    pass(1ms);
    see();
    EXPECT_EQ(ground(), Ground::future);
}

TEST_F(LockDecision, ARenewedFutureStampStartsAnew) {
    hold_by(token("other"));
    look.age = -3600;
    see();
    pass(3s);
    renew();
    look.age = -3600;
    see();
    pass(3s);
    see();
    EXPECT_FALSE(ground());
}

// By its token and its stamp alone, one that another program stamps infinity twice looked as if nobody had touched it.
TEST_F(LockDecision, ARowThatWasWrittenAgainAsItWasIsAnother) {
    hold_by(token("other"));
    look.age = -1e12;
    look.stamp = "infinity";
    look.version = "700";
    see();
    pass(3s);
    look.age = -1e12;
    look.version = "702";
    see();
    pass(3s);
    look.age = -1e12;
    see();
    EXPECT_FALSE(ground());
    pass(2s);
    look.age = -1e12;
    see();
    EXPECT_EQ(ground(), Ground::future);
}

TEST_F(LockDecision, AStampFromBeforeAStepThatIsWrittenAgainProvesNoMore) {
    hold_by("foreign");
    pass(1min);
    look.version = "700";
    see();
    look.age += 2400;
    look.database_time += 2400;
    pass(1s);
    see();
    auto const stepped = now;
    for (int version = 701; now < stepped + 31min; ++version) {
        EXPECT_FALSE(ground()) << version;
        look.version = std::to_string(version);
        pass(30s);
        see();
    }
    EXPECT_EQ(ground(), Ground::expired) << "it says the same as long as a foreign row may";
}

// Its holder may have renewed while the clock was another one, by which that stamp was ahead when it was written back.
TEST_F(LockDecision, AnOldStampThatIsWrittenAgainAcrossAStepIsWatchedAnew) {
    hold_by(token("other"));
    pass(1s);
    look.version = "700";
    see();
    pass(3s);
    look.age += 10;
    look.database_time += 10;
    look.version = "702";
    see();
    pass(4900ms);
    see();
    EXPECT_FALSE(ground());
    pass(200ms);
    see();
    EXPECT_EQ(ground(), Ground::expired);
}

// While its stamp was still ahead, its holder may have renewed, and the stamp been written back.
TEST_F(LockDecision, AStampThatHasComeToPassSinceTheLastLookIsWatchedAnewIfItWasWrittenAgain) {
    for (bool const again : {false, true}) {
        SCOPED_TRACE(again);
        sight = {};
        hold_by(token("other"));
        look.age = -0.5;
        look.version = "700";
        see();
        pass(4800ms);  // longer than a step forth and back would be seen
        if (again) look.version = "702";
        see();
        pass(800ms);
        see();
        EXPECT_EQ(ground(), Ground::expired);
        EXPECT_EQ(std::get<Bid>(decided()).contact, !again);
    }
}

TEST_F(LockDecision, ARowThatIsWrittenAgainHidesAsMuchOfAStepAsBefore) {
    hold_by(token("other"));
    see();
    pass(1s);
    renew();
    auto const sent = now;
    pass(2s);
    sight.saw(look, sent, now);
    see();  // the last that the long look is part of
    auto const hidden = sight.unseen();
    EXPECT_GT(hidden, 0s);
    look.version = "702";
    pass(100ms);
    see();
    EXPECT_EQ(sight.unseen(), hidden);
}

TEST_F(LockDecision, ARowOfADeadHolderThatIsWrittenAgainAsItWasIsTakenAfterItsTtl) {
    hold_by(token("other"));
    look.version = "700";
    see();
    for (int i = 0; i < 6; ++i) {
        pass(800ms);
        look.version = std::to_string(701 + i);
        see();
    }
    EXPECT_FALSE(ground());
    pass(200ms);
    see();
    EXPECT_EQ(ground(), Ground::expired);
    EXPECT_TRUE(std::get<Bid>(decided()).contact) << "no step was seen";
}

TEST_F(LockDecision, AfterAStepOfTheDatabasesClockAnOldStampProvesNothingUntilSeenForATtl) {
    hold_by(token("other"));
    see();
    pass(1s);
    look.database_time += 3600;
    look.age += 3600;
    see();
    EXPECT_FALSE(ground());
    pass(5s);
    see();
    EXPECT_EQ(ground(), Ground::expired);
}

TEST_F(LockDecision, AHolderThatRenewsAfterAStepIsRespected) {
    hold_by(token("other"));
    see();
    pass(1s);
    look.database_time += 3600;
    look.age += 3600;
    see();
    for (int i = 0; i < 10; ++i) {
        pass(1500ms);
        renew();
        see();
        ASSERT_FALSE(ground());
    }
}

TEST_F(LockDecision, AStampFromBeforeTheLastLookIsOfAClockThatWasAnotherOneMeanwhile) {
    hold_by(token("other"));
    see();
    pass(4s);
    renew();
    look.age = 487;  // by a clock that had gone back and was set right before the next look
    see();
    EXPECT_EQ(ground(), std::nullopt);
    pass(4900ms);
    see();
    EXPECT_EQ(ground(), std::nullopt);
    pass(200ms);
    see();
    EXPECT_EQ(ground(), Ground::expired) << "a ttl unchanged";
}

TEST_F(LockDecision, ASmallDriftIsNoStep) {
    hold_by(token("other"));
    see();
    pass(5s);
    look.database_time += 0.2;
    see();
    EXPECT_EQ(ground(), Ground::expired);
}

TEST_F(LockDecision, TakesNothingInAnotherClusterBeforeAFullTtl) {
    look.cluster = cluster_b;  // promoted: the state row names the old timeline
    see();
    EXPECT_EQ(wait().reason, Reason::care);
    EXPECT_EQ(wait().until, now + 5s);
    pass(4999ms);
    see();
    EXPECT_FALSE(ground());
    pass(1ms);
    see();
    EXPECT_EQ(ground(), Ground::free);
}

TEST_F(LockDecision, ATokenOfAnotherTimelineIsLeftForATtlEvenIfItLooksExpired) {
    hold_by(token("other", "slot-2", "00000002"));
    look.age = 60;
    see();
    EXPECT_EQ(wait().reason, Reason::care);
}

TEST_F(LockDecision, NeitherOwnNorPredecessorIsTakenAtOnceAcrossAFailover) {
    for (auto const& text : {token("incarnation-1", "slot-1"), token("incarnation-0", "slot-1")}) {
        hold_by(text);
        look.cluster = cluster_b;
        see();
        EXPECT_EQ(wait().reason, Reason::care) << text;
    }
}

TEST_F(LockDecision, ObservationStartsAnewWithEachCluster) {
    look.cluster = cluster_b;
    see();
    pass(4s);
    look.cluster = cluster_a;
    look.state_cluster = cluster_b;
    see();
    pass(2s);
    see();
    EXPECT_EQ(wait().reason, Reason::care);
}

TEST_F(LockDecision, CareLastsTheTokensTtlWhereThatIsLonger) {
    hold_by("g1|60000|7|s|other|00000001|u");
    look.cluster = cluster_b;
    see();
    pass(6s);
    see();
    EXPECT_EQ(wait().reason, Reason::care);
}

TEST_F(LockDecision, AStateRowOfNoClusterCountsAsAnother) {
    look.state_cluster = std::nullopt;
    see();
    EXPECT_EQ(wait().reason, Reason::care);
}

TEST_F(LockDecision, InfiniteStampsStickNowhere) {
    hold_by(token("other"));
    look.age = 1e12;
    see();
    EXPECT_EQ(ground(), Ground::expired);
    hold_by(token("another"));
    look.age = -1e12;
    see();
    pass(5s);
    see();
    EXPECT_EQ(ground(), Ground::future);
}

TEST_F(LockDecision, ContactIsATtlOfWatchingThisCluster) {
    hold_by(token("other"));
    look.age = 1;
    see();
    pass(4s);
    see();
    EXPECT_FALSE(std::get<Bid>(decided()).contact);
    pass(1s);
    renew();
    look.age = 0.5;
    see();
    pass(4500ms);
    see();
    EXPECT_TRUE(std::get<Bid>(decided()).contact);
}

TEST_F(LockDecision, LooksFurtherApartThanATtlAreNoContact) {
    look.due_in = 20;
    see();
    pass(20s);
    hold_by(token("other"));
    look.age = 5;
    see();
    EXPECT_EQ(ground(), Ground::expired);
    EXPECT_FALSE(std::get<Bid>(decided()).contact) << "it may have been renewed just now, by a clock that was behind for a while";
    pass(4599ms);
    see();
    EXPECT_FALSE(std::get<Bid>(decided()).contact);
    pass(1ms);
    see();
    EXPECT_TRUE(std::get<Bid>(decided()).contact) << "no renewal for as long as its holder may rely on one";
}

TEST_F(LockDecision, AFreeRowIsCleanOnlyByWhatWasSeenOfIt) {
    look.clean = false;
    me.settle = 11500ms;
    see();
    pass(15999ms);
    see();
    EXPECT_FALSE(std::get<Bid>(decided()).contact);
    pass(1ms);
    see();
    EXPECT_TRUE(std::get<Bid>(decided()).contact);
    look.term = 8;
    see();
    EXPECT_FALSE(std::get<Bid>(decided()).contact) << "somebody held it between two looks";
}

TEST_F(LockDecision, AStrangersRowIsNeverKnownToBeDead) {
    hold_by("f47ac10b-58cc-4372-a567-0e02b2c3d479");
    look.age = 7200;
    see();
    pass(2h);
    see();
    EXPECT_EQ(ground(), Ground::expired);
    EXPECT_FALSE(std::get<Bid>(decided()).contact);
}

TEST_F(LockDecision, LooksThatTakeLongMayHideAStepThatMadeTheRowOlder) {
    hold_by(token("other"));
    see();
    pass(3s);
    renew();
    auto const sent = now;
    look.database_time += 1.2;  // less than what the look takes
    look.age += 1.2;
    auto const seen = look;
    pass(1250ms);
    sight.saw(seen, sent, now);
    EXPECT_FALSE(sight.age_is_doubtful());
    pass(2550ms);
    see();
    EXPECT_GE(look.age, 5);
    EXPECT_FALSE(ground());
    EXPECT_EQ(wait().until, now + 2s) << "as much of the look's time as a step may have been, once for each look it is part of";
    pass(2s);
    see();
    EXPECT_EQ(ground(), Ground::expired);
}

TEST_F(LockDecision, WhatALongLookHidesCountsNoLongerThanTheRowIsSeenUnchanged) {
    hold_by(token("other"));
    see();
    pass(1s);
    renew();
    auto const sent = now;
    pass(4s);
    sight.saw(look, sent, now);
    pass(1s);
    see();
    EXPECT_GE(look.age, 5);
    EXPECT_EQ(wait().until, now + 4s);
    pass(4s);
    see();
    EXPECT_EQ(ground(), Ground::expired);
}

}  // namespace
}  // namespace groomer::lock
