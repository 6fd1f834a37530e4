// `once --dry-run` with a paid model: what the rest of the backlog would cost.
#include "app/one_tick.hpp"
#include "integration/model/asking.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>

namespace groomer {
namespace {

using test::Asking;

class Foretelling : public Asking {
protected:
    std::string once(std::optional<std::string> repo = {}) {
        app::CommandLine line;
        line.dry_run = true;
        line.repo = repo;
        groom::Target target;
        target.dry_run = true;
        target.repo = repo;
        service->aim(target);
        testing::internal::CaptureStdout();
        app::OneTick const options{line, true};
        EXPECT_EQ(run(options), 0);
        return testing::internal::GetCapturedStdout();
    }
    int run(app::OneTick const& options) { return test::run_to_end(*context, app::one_tick(*service, loaded.config, options)); }
};

TEST_F(Foretelling, ASecondTrialTellsWhatTheRestWillCostToo) {
    for (int i = 0; i < 10; ++i) issue("It panics " + std::to_string(i), "On start.");
    for (int i = 0; i < 3; ++i) issue("It panics there " + std::to_string(i), "On start.", {}, "o/other");
    ask("", "openai", "mode: apply, batch: 4");
    auto const first = once();
    EXPECT_NE(first.find("Judging 4 issues took"), std::string::npos) << first;
    EXPECT_NE(first.find("The 9 issues that are left would take about"), std::string::npos) << first;
    EXPECT_EQ(asked().size(), 4U);
    auto const second = once();
    EXPECT_EQ(asked().size(), 4U) << "these are paid for";
    EXPECT_NE(second.find("judging the last 4 issues took"), std::string::npos) << second;
    EXPECT_NE(second.find("The 9 issues that are left would take about"), std::string::npos) << second;
    auto const of_one = once("o/other");
    EXPECT_NE(of_one.find("Judging 1 issue took"), std::string::npos) << "two of its three were in the first batch: " << of_one;
    EXPECT_EQ(of_one.find("that are left"), std::string::npos) << "of that repository: "
                                                               << "two of its three were in the first batch: " << of_one;
}

TEST_F(Foretelling, WhatIsNotPaidForIsNotCounted) {
    auto const other = folder / "other.json";
    for (int i = 0; i < 6; ++i) issue("It panics " + std::to_string(i), "On start.", {}, "o/other");
    write();
    std::filesystem::rename(path, other);
    issues.clear();
    for (int i = 0; i < 6; ++i) issue("It panics " + std::to_string(i), "On start.");
    write();
    start("mode: apply, batch: 8", "model: {provider: openai, name: m-1, base_url: \"" + model_server.url() + "/v1\"}\n",
          "  - {name: local/other, tracker: file, path: " + other.string() + ", model: {provider: local}}\n");
    sync();
    auto const told = once();
    EXPECT_EQ(asked().size(), 4U) << "of a batch of 8, half are of the other one";
    EXPECT_NE(told.find("The 2 issues that are left would"), std::string::npos) << told;
}

}  // namespace
}  // namespace groomer
