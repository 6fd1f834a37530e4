#include "api/run.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace groomer::api {
namespace {

using namespace std::string_literals;

std::string wrong(std::string const& body) {
    auto const parsed = parse_run_request(body);
    auto const* sentence = std::get_if<std::string>(&parsed);
    return sentence ? *sentence : "";
}

TEST(RunRequest, MayBeEmptyAndThenAsksForOneBatch) {
    for (auto const* body : {"", "{}", " {\n} "}) {
        auto const request = std::get<RunRequest>(parse_run_request(body));
        EXPECT_FALSE(request.repo || request.issue || request.dry_run || request.force) << body;
    }
}

TEST(RunRequest, TakesEachOfItsFields) {
    auto const request = std::get<RunRequest>(parse_run_request(R"({"dryRun":true,"repoFullName":"o/r","issueNumber":7,"force":true})"));
    EXPECT_EQ(request.repo, "o/r");
    EXPECT_EQ(request.issue, 7);
    EXPECT_TRUE(request.dry_run && request.force);
}

TEST(RunRequest, IsRefusedWhereItIsNoJsonObject) {
    for (auto const& body : {"{"s, "nonsense"s, "{} {}"s, "{\"force\":true,}"s, "\xff{}"s, "{\"repoFullName\":\"\xc3\x28\"}"s,
                             std::string(5000, '['), R"({"force":)"s + std::string(200, '[') + std::string(200, ']') + "}", "\0"s})
        EXPECT_EQ(wrong(body), "The body is no JSON.") << body.substr(0, 40);
    for (auto const* body : {"[]", "null", "7", "\"force\""}) EXPECT_EQ(wrong(body), "The body is no JSON object.") << body;
}

TEST(RunRequest, NamesAFieldThatThereIsNot) {
    EXPECT_NE(wrong(R"({"dryrun":true})").find("no field \"dryrun\""), std::string::npos);
    EXPECT_NE(wrong("{\"a\\u001b[31m\":1}").find("no field \"a [31m\""), std::string::npos) << "nothing for a terminal to obey";
    EXPECT_LT(wrong("{\"" + std::string(5000, 'x') + "\":1}").size(), 300U);
}

TEST(RunRequest, IsRefusedWhereAFieldIsOfAnotherType) {
    for (auto const* body : {R"({"dryRun":"true"})", R"({"dryRun":1})", R"({"dryRun":null})", R"({"force":[]})", R"({"issueNumber":"7"})",
                             R"({"issueNumber":7.0})", R"({"issueNumber":0})", R"({"issueNumber":-1})", R"({"issueNumber":1e3})",
                             R"({"issueNumber":99999999999999999999})", R"({"repoFullName":7})", R"({"repoFullName":""})",
                             R"({"repoFullName":"o/r\u0000x"})", R"({"repoFullName":"o\nr"})"})
        EXPECT_NE(wrong(std::string{R"({"repoFullName":"o/r",)"} + (body + 1)), "") << body;
    EXPECT_NE(wrong(R"({"repoFullName":")" + std::string(301, 'x') + "\"}"), "");
}

TEST(RunRequest, OfAnIssueNeedsItsRepository) { EXPECT_EQ(wrong(R"({"issueNumber":7})"), "issueNumber needs repoFullName."); }

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
