#include "api/access.hpp"

#include <gtest/gtest.h>

namespace groomer::api {
namespace {

struct Asked {
    int status;  // 0: it may go on
    std::string caller;
};

Asked ask(Auth auth, Access const& access, std::vector<net::Header> headers = {}) {
    net::Request request;
    request.headers = std::move(headers);
    auto const refused = refusal(auth, access, request);
    return {refused ? refused->status : 0, request.caller};
}

Asked with(std::string const& authorization, std::string const& tokens) {
    return ask(Auth::bearer, {tokens, false}, {{"authorization", authorization}});
}

TEST(MatchingLine, IsTheLineOfTheSecretAndNothingElse) {
    EXPECT_EQ(matching_line("new", "old\nnew"), 2);
    EXPECT_EQ(matching_line("old", "old\r\nnew"), 1);
    for (auto const* wrong : {"", "ol", "oldd", "old\nnew", "old\n", "NEW"}) EXPECT_FALSE(matching_line(wrong, "old\nnew")) << wrong;
    EXPECT_FALSE(matching_line("", "\n\n"));
    EXPECT_FALSE(matching_line("", ""));
}

TEST(AccessTest, TakesEitherTokenWhileTheyAreReplaced) {
    EXPECT_EQ(with("Bearer old", "old\nnew").caller, "token 1");
    EXPECT_EQ(with("bearer   new ", "old\nnew").caller, "token 2");
    EXPECT_EQ(with("Bearer new", "new").status, 0);
}

TEST(AccessTest, RefusesWhatIsNotTheToken) {
    for (auto const* wrong : {"", "new", "Bearer", "Bearer ", "Basic new", "Bearer newer", "Bearer ne", "Bearer new new", "Bearer\tnew"})
        EXPECT_EQ(with(wrong, "new").status, 401) << wrong;
    EXPECT_EQ(ask(Auth::bearer, {"new", false}).status, 401);
    EXPECT_EQ(ask(Auth::bearer, {"new", true}).status, 401) << "a page that is public opens nothing else";
}

TEST(AccessTest, SaysThatThereIsNoTokenToBeHad) {
    EXPECT_EQ(ask(Auth::bearer, {}).status, 401);
    EXPECT_EQ(ask(Auth::page, {}).status, 401);
    EXPECT_EQ(with("Bearer ", "").status, 401);
    net::Request request;
    auto const refused = refusal(Auth::bearer, {}, request);
    EXPECT_NE(refused->body.find("\"no_admin_token\""), std::string::npos) << "no token would be right";
}

TEST(AccessTest, OpensThePageWhereItIsPublic) {
    EXPECT_EQ(ask(Auth::page, {"new", true}).status, 0);
    EXPECT_EQ(ask(Auth::page, {"", true}).status, 0);
    EXPECT_EQ(ask(Auth::page, {"new", false}).status, 401);
    EXPECT_EQ(ask(Auth::none, {}).status, 0);
    EXPECT_EQ(ask(Auth::hmac, {}).status, 0) << "its handler looks at the signature";
}

}  // namespace
}  // namespace groomer::api
