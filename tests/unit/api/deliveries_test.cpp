#include "api/deliveries.hpp"

#include "base/digest.hpp"
#include "support/fake_clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <sstream>

namespace groomer::api {
namespace {

// The inbox is not run: what it holds is what was put.
class OneDelivery : public testing::Test {
protected:
    static std::string payload(std::string const& action = "edited", int issue = 7, std::string const& repo = "octo/quill") {
        return R"({"action":")" + action + R"(","issue":{"number":)" + std::to_string(issue) + R"(},"repository":{"full_name":")" + repo +
               R"("},"sender":{"login":"alice","id":5}})";
    }
    net::Response send(std::string const& kind, std::string const& body, std::string const& id = "", std::string const& secret = "secret") {
        net::Request request;
        request.method = "POST";
        request.client = "192.0.2.7";
        request.body = body;
        request.headers = {{"X-GitHub-Event", kind},
                           {"X-GitHub-Delivery", id.empty() ? "d-" + std::to_string(++count_) : id},
                           {"X-Hub-Signature-256", "sha256=" + hmac_sha256_hex(secret, body)}};
        return deliveries_.take(request);
    }
    // As lines were written since it was asked last.
    std::string audit() {
        std::string out;
        std::istringstream all{lines_.str()};
        lines_.str("");
        for (std::string line; std::getline(all, line);)
            if (line.find(R"("component":"audit")") != std::string::npos)
                out += line.substr(line.find(',') + 1) + '\n';  // without its time
        return out;
    }
    std::string result(net::Response const& response) {
        EXPECT_EQ(response.status, 202) << response.body;
        return response.status == 202 ? std::string{boost::json::parse(response.body).at("result").as_string()} : "";
    }

    asio::io_context context_{1};
    test::FakeClock clock_{context_};
    std::ostringstream lines_;
    Log log_{lines_, LogLevel::debug, Log::Format::json};
    Inbox inbox_{{clock_, log_, context_.get_executor(), {}, {}, {}, [](std::string_view) { return true; }}};
    std::string secrets_ = "secret";
    bool stopping_ = false;
    Deliveries deliveries_{{inbox_, log_, [this] { return secrets_; }, [](std::string_view repo) { return repo == "octo/quill"; },
                            [this] { return stopping_; }}};
    int count_ = 0;
};

TEST_F(OneDelivery, ThatIsSignedIsAccepted) {
    EXPECT_EQ(result(send("issues", payload())), "due");
    EXPECT_EQ(inbox_.size(), 1U);
    EXPECT_EQ(result(send("label", payload("created"))), "sync");
    EXPECT_EQ(result(send("installation", R"({"action":"created"})")), "sync");
    EXPECT_EQ(result(send("ping", R"({"zen":"Keep it logically awesome."})")), "ignored");
    EXPECT_EQ(result(send("issues", payload("assigned", 9))), "ignored");
    EXPECT_EQ(inbox_.size(), 1U);
}

TEST_F(OneDelivery, ThatChangesSomethingIsInTheAuditAtEachLevelAndNoOther) {
    log_.set(LogLevel::error, Log::Format::json);
    auto const begin = std::string{R"("level":"info","msg":"taken","component":"audit","method":"POST","route":"/api/github/webhook",)"} +
                       R"("by":"webhook","client":"192.0.2.7","what":"{)";
    auto const told =
        R"({"action":"edited","issue":{"number":7,"title":"a title","body":"a text"},"repository":{"full_name":"octo/quill"}})";
    EXPECT_EQ(result(send("issues", told, "d1")), "due");
    EXPECT_EQ(
        audit(),
        begin + R"(\"event\":\"issues\",\"delivery\":\"d1\",\"repoFullName\":\"octo/quill\",\"issueNumber\":7}","outcome":"due"})" + "\n");
    EXPECT_EQ(result(send("installation", R"({"action":"created"})", "d2\x1b\xff")), "sync");
    EXPECT_EQ(audit(), begin +
                           R"(\"event\":\"installation\",\"delivery\":\"d2 )"
                           "\xEF\xBF\xBD"
                           R"(\"}","outcome":"sync"})" +
                           "\n");

    EXPECT_EQ(result(send("issues", told, "d1")), "repeated");
    EXPECT_EQ(result(send("issues", payload("edited", 7, "octo/other"))), "ignored");
    EXPECT_EQ(result(send("ping", R"({"zen":"a text"})")), "ignored");
    EXPECT_EQ(send("issues", "{}").status, 400);
    EXPECT_EQ(send("issues", told, "", "another").status, 401);
    stopping_ = true;
    EXPECT_EQ(send("issues", told).status, 503);
    EXPECT_EQ(lines_.str(), "") << "nor anything else, at this level";
}

TEST_F(OneDelivery, ThatIsNotSignedIsRefusedBeforeItIsRead) {
    for (auto const& body : {payload(), std::string{"no JSON"}, std::string{}}) {
        auto const response = send("issues", body, "", "another");
        EXPECT_EQ(response.status, 401);
        EXPECT_EQ(boost::json::parse(response.body).at("error").as_string(), "unauthorized");
    }
    net::Request bare;
    bare.body = payload();
    EXPECT_EQ(deliveries_.take(bare).status, 401);
    EXPECT_EQ(inbox_.size(), 0U);
    EXPECT_EQ(lines_.str().find("secret"), std::string::npos);
}

TEST_F(OneDelivery, IsRefusedWhereNoSecretIsConfigured) {
    secrets_ = "";
    auto const response = send("issues", payload(), "", "");
    EXPECT_EQ(response.status, 401);
    EXPECT_NE(response.body.find("github.webhook_secret_file"), std::string::npos);
}

TEST_F(OneDelivery, MayBeSignedWithTheOldOrTheNewSecret) {
    secrets_ = "old\nnew";
    EXPECT_EQ(result(send("issues", payload("edited", 1), "", "old")), "due");
    EXPECT_EQ(result(send("issues", payload("edited", 2), "", "new")), "due");
    secrets_ = "new";
    EXPECT_EQ(send("issues", payload("edited", 3), "", "old").status, 401);
}

TEST_F(OneDelivery, ThatCannotBeReadIsABadRequest) {
    EXPECT_EQ(send("issues", "payload=%7B%7D").status, 400);
    EXPECT_EQ(send("issues", "{}").status, 400);
}

TEST_F(OneDelivery, OfARepositoryThatIsNotConfiguredIsIgnored) {
    EXPECT_EQ(result(send("issues", payload("edited", 7, "octo/other"))), "ignored");
    EXPECT_EQ(inbox_.size(), 0U);
    auto const renamed =
        R"({"action":"renamed","changes":{"repository":{"name":{"from":"quill"}}},"repository":{"full_name":"octo/plume"}})";
    EXPECT_EQ(result(send("repository", renamed)), "sync") << "it was called as it is configured";
}

TEST_F(OneDelivery, ThatComesAgainIsTakenOnce) {
    EXPECT_EQ(result(send("issues", payload("edited", 1), "same")), "due");
    EXPECT_EQ(result(send("issues", payload("edited", 1), "same")), "repeated");
    for (int i = 0; i < 1000; ++i) send("ping", "{}");
    EXPECT_EQ(result(send("issues", payload("edited", 1), "same")), "due") << "only the last are remembered";
    EXPECT_EQ(result(send("issues", payload("edited", 1), std::string(5000, 'x'))), "due") << "no id of GitHub's is as long";
    EXPECT_EQ(result(send("issues", payload("edited", 1), std::string(5000, 'x'))), "due");
}

TEST_F(OneDelivery, ThatWasRefusedIsAsGoodAsNewWhenItComesAgain) {
    EXPECT_EQ(send("issues", payload("edited", 1), "same", "another").status, 401);
    EXPECT_EQ(send("issues", "{}", "same").status, 400);
    stopping_ = true;
    EXPECT_EQ(send("issues", payload("edited", 1), "same").status, 503);
    stopping_ = false;
    EXPECT_EQ(result(send("issues", payload("edited", 1), "same")), "due");
    EXPECT_EQ(result(send("issues", payload("edited", 1), "same")), "repeated");
}

TEST_F(OneDelivery, ThatComesWhileTheReplicaStopsIsNotTaken) {
    stopping_ = true;
    auto const response = send("issues", payload());
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(boost::json::parse(response.body).at("error").as_string(), "shutting_down");
    EXPECT_EQ(send("issues", payload(), "", "another").status, 401) << "a stranger is told nothing of it";
    EXPECT_EQ(inbox_.size(), 0U);
}

TEST_F(OneDelivery, OneOfAFloodTakesBoundedRoom) {
    for (int i = 1; i <= 12'000; ++i) send("issues", payload("edited", i));
    EXPECT_EQ(inbox_.size(), 10'000U) << "the others are left to a sync";
    for (int i = 1; i <= 1000; ++i) send("issues", payload("labeled", 5));
    EXPECT_EQ(inbox_.size(), 10'000U);
}

}  // namespace
}  // namespace groomer::api
