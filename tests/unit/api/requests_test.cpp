#include "api/requests.hpp"

#include <gtest/gtest.h>

namespace groomer::api {
namespace {

using namespace std::string_literals;

std::string wrong(std::string const& body) {
    auto const parsed = parse_run_request(body);
    auto const* sentence = std::get_if<std::string>(&parsed);
    return sentence ? *sentence : "";
}

std::string wrong_pause(std::string const& body) {
    auto const parsed = parse_pause_request(body);
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

TEST(RunRequest, IsRefusedWhereAFieldStandsTwice) {
    EXPECT_EQ(wrong(R"({"dryRun":true,"force":false,"dryRun":false})"), "The body has /dryRun twice.");
    EXPECT_EQ(wrong(R"({"dryRun":true,"dry\u0052un":false})"), "The body has /dryRun twice.") << "however it is written";
}

TEST(RunRequest, OfTheAuditIsWhatWasUnderstood) {
    EXPECT_EQ(told_of_run(""), "{}");
    EXPECT_EQ(told_of_run(R"({ "force": true, "issueNumber": 7, "dryRun": false, "repoFullName": "o/r" })"),
              R"({"repoFullName":"o/r","issueNumber":7,"force":true})");
    for (auto const* body : {"{", R"({"force":"secret"})", R"({"secret":1})"}) EXPECT_EQ(told_of_run(body), "") << body;
}

TEST(PauseRequest, MayHaveAReasonOfOneLine) {
    for (auto const* body : {"", "{}"}) EXPECT_EQ(std::get<PauseRequest>(parse_pause_request(body)).reason, "") << body;
    EXPECT_EQ(std::get<PauseRequest>(parse_pause_request(R"({"reason":"a\nnight\u001b[31m  off"})")).reason, "a night [31m off");
    EXPECT_EQ(std::get<PauseRequest>(parse_pause_request("{\"reason\":\"" + std::string(200, 'x') + "\"}")).reason.size(), 200U);
    EXPECT_EQ(told_of_pause(R"({"reason":"a night off"})"), R"({"reason":"a night off"})");
    EXPECT_EQ(told_of_pause("nonsense"), "");
}

TEST(PauseRequest, IsRefusedWhereItIsAnythingElse) {
    EXPECT_EQ(wrong_pause("nonsense"), "The body is no JSON.");
    EXPECT_EQ(wrong_pause("[]"), "The body is no JSON object.");
    EXPECT_NE(wrong_pause(R"({"paused":true})").find("no field \"paused\""), std::string::npos);
    for (auto const& body : {R"({"reason":7})"s, "{\"reason\":\"" + std::string(201, 'x') + "\"}", R"({"reason":"a","reason":"b"})"s})
        EXPECT_NE(wrong_pause(body), "") << body;
}

}  // namespace
}  // namespace groomer::api
