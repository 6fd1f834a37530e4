#include "api/webhook.hpp"

#include "base/digest.hpp"

#include <gtest/gtest.h>

namespace groomer::api {
namespace {

std::string signature(std::string const& secret, std::string const& body) { return "sha256=" + hmac_sha256_hex(secret, body); }

// GitHub's own example: docs.github.com, "Validating webhook deliveries".
TEST(Signature, IsThatOfGithubsExample) {
    EXPECT_TRUE(is_signed("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", "Hello, World!",
                          "It's a Secret to Everybody"));
}

TEST(Signature, IsRefusedWhereAnythingDiffers) {
    auto const good = signature("secret", "{}");
    EXPECT_TRUE(is_signed(good, "{}", "secret"));
    EXPECT_FALSE(is_signed(good, "{} ", "secret"));
    EXPECT_FALSE(is_signed(good, "{}", "secret "));
    EXPECT_FALSE(is_signed(good.substr(0, good.size() - 1), "{}", "secret"));
    EXPECT_FALSE(is_signed(good + "0", "{}", "secret"));
    auto flipped = good;
    flipped.back() = flipped.back() == '0' ? '1' : '0';
    EXPECT_FALSE(is_signed(flipped, "{}", "secret"));
    EXPECT_FALSE(is_signed(good.substr(7), "{}", "secret")) << "no scheme";
    EXPECT_FALSE(is_signed("sha1=" + good.substr(7), "{}", "secret"));
    EXPECT_FALSE(is_signed("", "{}", "secret"));
    EXPECT_FALSE(is_signed("sha256=", "{}", "secret"));
}

TEST(Signature, OfNoSecretIsNone) {
    EXPECT_FALSE(is_signed(signature("", "{}"), "{}", ""));
    EXPECT_FALSE(is_signed(signature("", "{}"), "{}", "secret\n"));
    EXPECT_FALSE(is_signed(signature("", "{}"), "{}", "\n\r\n"));
}

TEST(Signature, MayBeByEitherOfTwoSecrets) {
    for (auto const* secret : {"old", "new"}) EXPECT_TRUE(is_signed(signature(secret, "{}"), "{}", "old\r\nnew")) << secret;
    EXPECT_FALSE(is_signed(signature("old\r\nnew", "{}"), "{}", "old\r\nnew"));
}

std::string payload(std::string const& action, std::string const& more = "") {
    return R"({"action":")" + action + R"(","issue":{"number":7)" + more +
           R"(},"repository":{"full_name":"octo/quill"},"sender":{"login":"alice","id":5}})";
}
Event of(std::string const& kind, std::string const& body) {
    auto const understood = understand(kind, body);
    EXPECT_EQ(understood.wrong, "");
    EXPECT_TRUE(understood.event) << kind << " " << body;
    return understood.event.value_or(Event{});
}

TEST(Webhook, OfAnIssueNamesItAndWhoDidIt) {
    auto const event = of("issues", payload("edited"));
    EXPECT_EQ(event.repo, "octo/quill");
    EXPECT_EQ(event.issue, 7);
    EXPECT_EQ(event.sender, "alice");
    EXPECT_EQ(event.sender_id, 5);
    EXPECT_FALSE(event.sync);
}

TEST(Webhook, OfAnIssueThatComesOrGoesAsksForASyncToo) {
    for (auto const* action : {"opened", "closed", "reopened", "deleted", "transferred"}) {
        auto const event = of("issues", payload(action));
        EXPECT_TRUE(event.sync && event.issue == 7) << action;
    }
}

TEST(Webhook, OfACommentAsksForItsIssue) {
    for (auto const* action : {"created", "edited", "deleted"}) {
        auto const event = of("issue_comment", payload(action));
        EXPECT_TRUE(!event.sync && event.issue == 7) << action;
    }
}

TEST(Webhook, OfNoInterestIsNone) {
    for (auto const* action : {"assigned", "pinned", "locked", "milestoned", ""}) {
        auto const understood = understand("issues", payload(action));
        EXPECT_TRUE(!understood.event && understood.wrong.empty()) << action;
    }
    for (auto const* kind : {"ping", "push", "pull_request", "star", ""}) {
        auto const understood = understand(kind, "not even JSON");
        EXPECT_TRUE(!understood.event && understood.wrong.empty()) << kind;
    }
    EXPECT_FALSE(understand("issue_comment", payload("created", R"(,"pull_request":{"url":"u"})")).event) << "on a pull request";
}

TEST(Webhook, OfLabelsRepositoriesAndInstallationsAsksForASync) {
    auto const label = of("label", R"({"action":"created","repository":{"full_name":"octo/quill"}})");
    EXPECT_TRUE(label.sync && label.issue == 0 && label.repo == "octo/quill");
    for (auto const* kind : {"installation", "installation_repositories"}) {
        auto const event = of(kind, R"({"action":"added","installation":{"id":1},"repositories":[]})");
        EXPECT_TRUE(event.sync && event.repo.empty()) << kind;
    }
    auto const renamed =
        of("repository",
           R"({"action":"renamed","changes":{"repository":{"name":{"from":"feather"}}},"repository":{"full_name":"octo/quill"}})");
    EXPECT_TRUE(renamed.sync);
    EXPECT_EQ(renamed.former, "octo/feather");
}

TEST(Webhook, ThatCannotBeReadSaysWhatIsWrong) {
    for (auto const* body : {"", "payload=%7B%7D", "[]", "null", "{\"action\":", "\xff"})
        EXPECT_NE(understand("issues", body).wrong.find("JSON"), std::string::npos) << body;
    for (auto const* body :
         {"{}", R"({"issue":7})", R"({"issue":{"number":7}})", R"({"issue":{"number":"7"},"repository":{"full_name":"o/r"}})",
          R"({"issue":{"number":-7},"repository":{"full_name":"o/r"}})", R"({"issue":{"number":7},"repository":"o/r"})",
          R"({"issue":{"number":7},"repository":{"full_name":"o\u0000r"}})"})
        EXPECT_NE(understand("issue_comment", body).wrong, "") << body;
    EXPECT_NE(understand("label", "{}").wrong, "");
    EXPECT_NE(understand("issues", std::string(100'000, '[')).wrong, "");
    EXPECT_NE(understand("issues", payload("edited", R"(,"number":8)")).wrong, "") << "which of the two?";
}

}  // namespace
}  // namespace groomer::api
