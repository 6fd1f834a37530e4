// An answer of no use, and its repair that could not be asked for at once.
#include "integration/model/asking.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace groomer {
namespace {

using test::answer;
using test::Asking;
using test::State;

using Labels = std::vector<std::string>;

// The first answer was paid for, and may yet be mended: by whoever comes next, who asks that alone.
TEST_F(Asking, ARepairThatCouldNotBeAskedForIsAskedForLater) {
    auto const bug = issue("It panics", "On start.");
    mind([count = 0](auto const&) mutable { return answer(++count == 1 ? "type/bugs" : "type/bug", "priority/p2", 0.95); });
    fault("unavailable:text=That answer cannot be used");
    ask();
    groom_all();
    EXPECT_EQ(asked().size(), 4U) << "the question, and its repair three times";
    EXPECT_TRUE(judgement(bug).fallback.starts_with("it answered 503")) << judgement(bug).fallback;
    model_server.with_state([](State& state) { state.faults = {}; });
    ask();  // another replica
    make_due(bug);
    groom_all();
    ASSERT_EQ(asked().size(), 5U) << "and the question not once more";
    EXPECT_NE(asked().at(4).user.find("That answer cannot be used"), std::string::npos);
    EXPECT_EQ(judgement(bug).by, "openai/m-1");
    EXPECT_EQ(labels_set_on(bug), (Labels{"+needs-triage", "+priority/p2", "+status/ready", "+type/bug", "-needs-triage"}));
    make_due(bug);
    groom_all();
    EXPECT_EQ(asked().size(), 5U) << "what it said then is kept in its place";
}

TEST_F(Asking, WhatIsOfNoUseOnceAtAStopIsRepairedByTheNextHolder) {
    auto const bug = issue("It panics", "On start.");
    mind([this](auto const&) {
        asio::post(*context, [this] { service->groom_loop().stop(); });
        return std::string{"no \0 idea", 9};
    });
    ask();
    tick();
    EXPECT_EQ(asked().size(), 1U);
    EXPECT_EQ(value("SELECT count(*) FROM groomer.run"), "0") << "it is still due";
    mind([](auto const&) { return std::string{"still none"}; });
    ask();
    EXPECT_EQ(groom_all(), 1U);
    EXPECT_EQ(asked().size(), 2U);
    EXPECT_NE(judgement(bug).fallback, "");
    make_due(bug);
    groom_all();
    EXPECT_EQ(asked().size(), 2U) << "of no use twice";
}

}  // namespace
}  // namespace groomer
