#include "tracker/github/examine.hpp"

#include "support/fake_http_client.hpp"
#include "support/jump_clock.hpp"
#include "support/run_task.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <utility>

namespace groomer::tracker::github {
namespace {

using groomer::test::FakeHttpClient;
using groomer::test::JumpClock;
using groomer::test::reply;
using groomer::test::run_task;
using groomer::test::sent_header;

// An installation whose token is at hand.
class AppOf34 final : public Credentials {
public:
    Task<std::string> authorization() override { co_return "Bearer installed"; }
    bool refused(std::string const&) override { return false; }
    SelfQuestion who_am_i() override {
        return {Route::app, [] { return std::string{"Bearer jwt"}; }, 34};
    }
};

class GithubExamine : public ::testing::Test {
protected:
    std::string const repository_ = "GET https://api.github.com/repos/o/r";
    std::string const issues_ = "GET https://api.github.com/repos/o/r/issues?state=all&per_page=1";
    std::string const installation_ = "GET https://api.github.com/repos/o/r/installation";

    Findings look(bool writes = true) {
        ApiParts parts{client_, clock_, log_, credentials_, [this] { return clock_.wall(); }};
        Repository repository{std::make_shared<Api>(parts, ApiOptions{}), "o/r"};
        auto found = run_task(examine(repository, writes));
        EXPECT_EQ(client_.left(), 0U);
        return found;
    }
    // permissions: as JSON; scopes: of a classic token.
    void expect_repository(std::string const& permissions, std::vector<net::Header> scopes = {}, std::string const& more = "") {
        client_.expect(repository_,
                       reply(200, R"({"full_name":"o/r","has_issues":true,"permissions":)" + permissions + more + "}", std::move(scopes)));
    }
    void expect_issues() { client_.expect(issues_, reply(200, "[]")); }
    static std::vector<net::Header> scopes(std::string const& all) { return {{"X-OAuth-Scopes", all}}; }
    // The one sentence of a kind, and nothing of another.
    static std::string only(std::vector<std::string> const& sentences, std::vector<std::string> const& others) {
        EXPECT_EQ(sentences.size(), 1U) << (sentences.empty() ? "none" : sentences.back());
        EXPECT_TRUE(others.empty()) << others.front();
        return sentences.empty() ? "" : sentences.front();
    }
    static bool is_clean(Findings const& found) { return found.refusals.empty() && found.obstacles.empty() && found.remarks.empty(); }

    JumpClock clock_;
    FakeHttpClient client_;
    std::ostringstream out_;
    Log log_{out_, LogLevel::debug, Log::Format::json};
    std::shared_ptr<Credentials> credentials_ = make_token_credentials([] { return std::string{"t"}; });
    std::string const writer_ = R"({"pull":true,"triage":true,"push":true})", reader_ = R"({"pull":true,"triage":false,"push":false})";
};

TEST_F(GithubExamine, two_requests_tell_that_a_classic_token_is_enough) {
    expect_repository(writer_, scopes("gist, repo"));
    expect_issues();
    EXPECT_TRUE(is_clean(look()));
    expect_repository(writer_, scopes("public_repo"));
    expect_issues();
    EXPECT_TRUE(is_clean(look()));
}

TEST_F(GithubExamine, a_token_that_may_only_read_is_enough_for_a_dry_run) {
    expect_repository(reader_, scopes(""));
    expect_issues();
    EXPECT_TRUE(is_clean(look(false)));
}

TEST_F(GithubExamine, scopes_that_do_not_allow_writing_are_told_with_those_that_would) {
    expect_repository(writer_, scopes("gist"));
    expect_issues();
    auto found = look();
    EXPECT_EQ(only(found.refusals, found.obstacles),
              "to write to o/r the token in github.token_file needs the scope public_repo, or repo; it has the scopes gist");
    expect_repository(writer_, scopes("public_repo"), R"(,"private":true)");
    expect_issues();
    found = look();
    EXPECT_EQ(only(found.refusals, found.obstacles),
              "to write to o/r the token in github.token_file needs the scope repo; it has the scopes public_repo");
    expect_repository(writer_, scopes(""));
    expect_issues();
    found = look();
    EXPECT_NE(only(found.refusals, found.obstacles).find("it has no scopes"), std::string::npos);
}

TEST_F(GithubExamine, an_account_that_may_only_read_needs_another_role) {
    expect_repository(reader_, scopes("repo"));
    expect_issues();
    auto const found = look();
    EXPECT_NE(only(found.refusals, found.obstacles).find("needs the role Triage at least"), std::string::npos);
}

TEST_F(GithubExamine, of_a_fine_grained_token_it_is_said_that_nobody_can_tell_before_the_first_write) {
    expect_repository(writer_);
    expect_issues();
    auto found = look();
    EXPECT_NE(only(found.remarks, found.refusals).find("shows at the first write"), std::string::npos);
    // As a workflow's token is told.
    expect_repository(R"({"pull":false,"push":false})");
    expect_issues();
    found = look();
    EXPECT_EQ(found.refusals.size(), 0U);
    expect_repository(writer_);
    client_.expect(issues_, reply(403, R"({"message":"Resource not accessible by personal access token"})"));
    found = look(false);
    EXPECT_EQ(only(found.refusals, found.obstacles),
              "the issues of o/r may not be read: the token in github.token_file needs the permission Issues (GitHub said: Resource not "
              "accessible by personal access token)");
}

TEST_F(GithubExamine, what_cannot_be_seen_is_told_by_who_is_looking) {
    std::string const not_found = R"({"message":"Not Found"})";
    client_.expect(repository_, reply(404, not_found, scopes("public_repo")));
    auto found = look();
    EXPECT_NE(only(found.refusals, found.obstacles).find("this token has the scopes public_repo"), std::string::npos);
    client_.expect(repository_, reply(404, not_found));
    found = look();
    EXPECT_EQ(only(found.refusals, found.obstacles).find("o/r cannot be seen: is its name right?"), 0U);
    credentials_ = make_token_credentials([] { return std::string{}; });
    client_.expect(repository_, reply(404, not_found));
    found = look();
    EXPECT_NE(only(found.refusals, found.obstacles).find("only public repositories can"), std::string::npos);
    expect_repository(reader_);
    expect_issues();
    found = look();
    EXPECT_NE(only(found.refusals, found.obstacles).find("set github.token_file or github.app"), std::string::npos);
    credentials_ = std::make_shared<AppOf34>();
    client_.expect(repository_, reply(404, not_found));
    found = look();
    EXPECT_EQ(only(found.refusals, found.obstacles).find("the App is not installed on o/r"), 0U);
}

TEST_F(GithubExamine, a_repository_that_takes_no_writes_or_has_no_issues_is_told_of) {
    expect_repository(writer_, scopes("repo"), R"(,"archived":true)");
    expect_issues();
    auto found = look();
    EXPECT_EQ(only(found.obstacles, found.refusals).find("o/r is archived"), 0U);
    expect_repository(writer_, scopes("repo"), R"(,"archived":true)");
    expect_issues();
    found = look(false);
    EXPECT_EQ(only(found.remarks, found.obstacles).find("o/r is archived"), 0U);
    client_.expect(repository_, reply(200, R"({"full_name":"o/r","has_issues":false})", scopes("repo")));
    found = look();
    EXPECT_EQ(only(found.obstacles, found.refusals).find("o/r has its issues switched off"), 0U);
}

TEST_F(GithubExamine, the_new_name_of_a_renamed_repository_is_told) {
    client_.expect(repository_, reply(200, R"({"full_name":"o/renamed"})", scopes("repo")));
    expect_issues();
    auto const found = look();
    EXPECT_EQ(only(found.remarks, found.refusals).find("o/r is called o/renamed now"), 0U);
}

TEST_F(GithubExamine, an_app_is_judged_by_its_installation_on_the_repository) {
    credentials_ = std::make_shared<AppOf34>();
    auto const look_with = [&](std::string const& installation, bool writes = true) {
        expect_repository(R"({"pull":false})");
        client_.expect(installation_, reply(200, installation));
        return look(writes);
    };
    EXPECT_TRUE(is_clean(look_with(R"({"id":34,"permissions":{"issues":"write","metadata":"read"}})")));
    EXPECT_EQ(sent_header(client_.requests().at(0), "Authorization"), "Bearer installed");
    EXPECT_EQ(sent_header(client_.requests().at(1), "Authorization"), "Bearer jwt");
    EXPECT_TRUE(is_clean(look_with(R"({"id":34,"permissions":{"issues":"read"}})", false)));
    auto found = look_with(R"({"id":34,"permissions":{"issues":"read"}})");
    EXPECT_EQ(only(found.refusals, found.obstacles),
              "installation 34 of the App needs the permission Issues: read and write, for o/r; it has read: set it in the App's settings, "
              "and let the owner of the installation accept it");
    found = look_with(R"({"id":34,"permissions":{"metadata":"read"}})", false);
    EXPECT_NE(only(found.refusals, found.obstacles).find("it has none"), std::string::npos);
    found = look_with(R"({"id":35,"permissions":{"issues":"write"}})");
    EXPECT_EQ(only(found.refusals, found.obstacles).find("o/r belongs to installation 35 of the App, not to 34"), 0U);
}

// It could be read all the same.
TEST_F(GithubExamine, a_public_repository_without_the_app_is_told_of) {
    credentials_ = std::make_shared<AppOf34>();
    expect_repository(R"({"pull":false})");
    client_.expect(installation_, reply(404, R"({"message":"Not Found"})"));
    auto const found = look();
    EXPECT_EQ(only(found.refusals, found.obstacles).find("the App is not installed on o/r"), 0U);
}

TEST_F(GithubExamine, credentials_that_are_refused_are_an_error) {
    client_.expect(repository_, reply(401, R"({"message":"Bad credentials"})"));
    try {
        look();
        ADD_FAILURE() << "nothing was thrown";
    } catch (Error const& error) {
        EXPECT_EQ(error.code(), ErrorCode::credentials);
        EXPECT_NE(std::string{error.what()}.find("o/r cannot be read: GitHub answered 401, Bad credentials"), std::string::npos);
    }
}

}  // namespace
}  // namespace groomer::tracker::github
