#include "api/run.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace groomer::api {
namespace {

TEST(RunAnswer, TellsEachIssueAndWhetherThereWasAny) {
    groom::TickReport report;
    auto const none = boost::json::parse(run_answer(report, true));
    EXPECT_EQ(none.at("outcome").as_string(), "nothing_to_do");
    EXPECT_TRUE(none.at("dryRun").as_bool());
    EXPECT_TRUE(none.at("results").as_array().empty());
    report.issues.push_back({{"o/r", 7}, "applied", "it crashes", {"type/bug"}, {"needs-triage"}});
    report.failed = 2;
    auto const one = boost::json::parse(run_answer(report, false));
    EXPECT_EQ(one.at("outcome").as_string(), "groomed");
    EXPECT_FALSE(one.at("dryRun").as_bool());
    EXPECT_EQ(one.at("failed").as_int64(), 2);
    EXPECT_EQ(one.at("results"),
              boost::json::parse(R"([{"repo":"o/r","issue":7,"outcome":"applied","reason":"it crashes","added":["type/bug"],)"
                                 R"("removed":["needs-triage"]}])"));
}

}  // namespace
}  // namespace groomer::api
