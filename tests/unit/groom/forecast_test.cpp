#include "groom/forecast.hpp"

#include <gtest/gtest.h>

namespace groomer::groom {
namespace {

config::Model priced() {
    config::Model model;
    model.prices = config::Prices{1, 2};
    return model;
}

TEST(Forecast, a_backlog_costs_as_its_first_batch_does) {
    auto const told = forecast({50, {70'000, 0.014}, 20}, 5000, priced());
    EXPECT_EQ(told.rest.spent.tokens, 7'000'000);
    EXPECT_DOUBLE_EQ(told.rest.spent.usd, 1.4);
    EXPECT_DOUBLE_EQ(told.rest.seconds, 2000);
    EXPECT_EQ(told.text,
              "Judging 50 issues took 70000 tokens, $0.014 and 20 s. The 5000 issues that are left would take about 7000000 tokens, $1.4 "
              "and 33 min.");
}

TEST(Forecast, budgets_stretch_it_over_days) {
    auto model = priced();
    model.budget.usd_per_day = 0.5;
    EXPECT_NE(forecast({50, {70'000, 0.014}, 20}, 5000, model).text.find("33 min, over 3 days by the budget."), std::string::npos);
    model.budget.tokens_per_day = 1'000'000;
    EXPECT_DOUBLE_EQ(forecast({50, {70'000, 0.014}, 20}, 5000, model).days, 7);
    EXPECT_EQ(forecast({50, {70'000, 0.014}, 20}, 50, model).text.find("days"), std::string::npos) << "it fits into one";
}

TEST(Forecast, without_prices_only_tokens_are_told) {
    EXPECT_EQ(forecast({1, {1400, 0}, 2.5}, 0, {}).text, "Judging 1 issue took 1400 tokens and 2.5 s.");
}

TEST(Forecast, a_batch_that_was_paid_for_is_told_by_the_last_that_were) {
    EXPECT_EQ(
        forecast({40, {60'000, 0.012}, 0}, 400, priced(), true).text,
        "Nothing was paid for now; judging the last 40 issues took 60000 tokens, $0.012. The 400 issues that are left would take about "
        "600000 tokens, $0.12.");
}

TEST(Forecast, where_nothing_was_paid_for_nothing_is_foretold) { EXPECT_EQ(forecast({0, {0, 0}, 3}, 1000, priced()).text, ""); }

}  // namespace
}  // namespace groomer::groom
