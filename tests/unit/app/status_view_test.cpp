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

std::string shown(config::Config const& config) {
    std::string out;
    for (auto const& budget : budgets_of(config)) {
        out += budget.unit + " " + std::to_string(static_cast<int>(budget.limit)) + ":";
        for (auto const& repo : budget.repos) out += " " + repo;
        out += "\n";
    }
    return out;
}

TEST(Budgets, AreThoseOfTheRepositoriesEachLimitOnce) {
    config::Config config;
    config.model.budget.usd_per_day = 9;  // of nobody: each repository has its own
    EXPECT_EQ(shown(config), "");
    config.repositories.resize(3);
    for (std::size_t i = 0; i < 3; ++i) {
        config.repositories[i].name = "a/" + std::to_string(i);
        config.repositories[i].model.budget.usd_per_day = 5;
    }
    EXPECT_EQ(shown(config), "usd 5:\n");
    config.repositories[1].model.budget = {1000, 2, {}, {}};
    EXPECT_EQ(shown(config), "tokens 1000: a/1\nusd 2: a/1\nusd 5: a/0 a/2\n");
    config.repositories[0].model.budget = {1000, {}, {}, {}};
    EXPECT_EQ(shown(config), "tokens 1000: a/0 a/1\nusd 2: a/1\nusd 5: a/2\n");
}

}  // namespace
}  // namespace groomer::app
