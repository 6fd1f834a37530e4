#include "groom/apply.hpp"

#include <gtest/gtest.h>

namespace groomer::groom {
namespace {

std::vector<std::string> shown(std::vector<store::Step> const& steps) {
    std::vector<std::string> out;
    for (auto const& step : steps) out.push_back(step.op + "|" + step.label + "|" + step.text);
    return out;
}

TEST(StepsOfAPlan, BeginWithLabelsAndCloseLast) {
    Plan plan;
    plan.close = tracker::CloseReason::completed;
    plan.comments = {{"note", "thanks"}, {"other", "x"}};
    plan.title = "New";
    plan.sections = {{"triage", "known"}};
    plan.remove = {"old"};
    plan.add = {"a", "b"};
    auto const steps = steps_of(plan);
    EXPECT_EQ(shown(steps),
              (std::vector<std::string>{"label.add|a|", "label.add|b|", "label.remove|old|", "comment.set|note|thanks",
                                        "comment.set|other|x", "section.set|triage|known", "title.set||New", "issue.close|completed|"}));
    for (std::size_t i = 0; i < steps.size(); ++i) {
        EXPECT_EQ(steps[i].seq, static_cast<int>(i));
        EXPECT_EQ(steps[i].status, "planned");
    }
}

TEST(StepsOfAPlan, HaveTextsThatCanBeStored) {
    Plan plan;
    plan.comments = {{"note", std::string{"nul\0 and \xff", 10}}, {"long", std::string(70'000, 'x')}};
    auto const steps = steps_of(plan);
    EXPECT_EQ(steps.at(0).text, "nul  and \xEF\xBF\xBD");
    EXPECT_EQ(steps.at(1).text.size(), 65'536U);
}

TEST(APlan, IsEmptyWhereNothingIsWanted) {
    Plan plan;
    EXPECT_TRUE(plan.empty());
    plan.title = "x";
    EXPECT_FALSE(plan.empty());
    plan = {};
    plan.close = tracker::CloseReason::completed;
    EXPECT_FALSE(plan.empty());
    plan = {};
    plan.comments = {{"note", "x"}};
    EXPECT_FALSE(plan.empty());
    plan = {};
    plan.sections = {{"note", "x"}};
    EXPECT_FALSE(plan.empty());
}

}  // namespace
}  // namespace groomer::groom
