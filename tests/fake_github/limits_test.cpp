// Limits, ETags, tokens and JWTs.
#include "fake_github/jwt.hpp"
#include "fake_github/scene.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

namespace groomer::fake_github::test {
namespace {

using namespace std::chrono_literals;

struct Key {
    Key() : key{EVP_RSA_gen(2048), &EVP_PKEY_free} {}
    [[nodiscard]] std::string public_pem() const {
        std::unique_ptr<BIO, decltype(&BIO_free)> const out{BIO_new(BIO_s_mem()), &BIO_free};
        PEM_write_bio_PUBKEY(out.get(), key.get());
        char* text = nullptr;
        auto const size = BIO_get_mem_data(out.get(), &text);
        return {text, static_cast<std::size_t>(size)};
    }
    [[nodiscard]] std::string sign(std::string const& claims, std::string const& header = R"({"alg":"RS256","typ":"JWT"})") const {
        auto const text = base64url(header) + "." + base64url(claims);
        std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const digest{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
        EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get());
        auto const* bytes = reinterpret_cast<unsigned char const*>(text.data());
        std::size_t size = 0;
        EVP_DigestSign(digest.get(), nullptr, &size, bytes, text.size());
        std::string signature(size, '\0');
        EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, text.size());
        signature.resize(size);
        return text + "." + base64url(signature);
    }
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key;
};

// An App 7, installed as 70 in octo/quill alone.
class AppScene : public Scene {
public:
    AppScene() {
        server.with_state([&](State& state) {
            state.access.add_app({7, "groomer", key.public_pem(), "Iv1.abc"});
            Installation installation;
            installation.id = 70;
            installation.app = 7;
            installation.account = "octo";
            installation.repositories[state.at("octo/quill").id] = Right::write;
            state.add_repository("octo/other").hidden = true;
            state.access.add_installation(installation);
        });
    }
    [[nodiscard]] std::string jwt(int issued, int expires, std::string const& issuer = "\"7\"") const {
        auto const now = seconds_of(server.now());
        return key.sign("{\"iat\":" + std::to_string(now + issued) + ",\"exp\":" + std::to_string(now + expires) + ",\"iss\":" + issuer +
                        "}");
    }
    Answer token(std::string const& jwt) { return ask({"POST", "/app/installations/70/access_tokens", "", jwt}); }

    Key const key;
};

TEST(FakeGithubLimits, the_primary_limit_refuses_until_the_hour_is_over) {
    Scene scene;
    EXPECT_EQ(scene.get("/rate_limit").header("x-ratelimit-remaining"), "1000000000");  // no limit is no limit of 0
    scene.server.with_state([](State& state) { state.limits.options.per_hour = 3; });
    for (int left = 2; left >= 0; --left) EXPECT_EQ(scene.get(issue_path).header("x-ratelimit-remaining"), std::to_string(left));
    auto const refused = scene.post(issue_path + "/labels", "[\"a\"]");
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.header("x-ratelimit-remaining"), "0");
    EXPECT_EQ(refused.header("x-ratelimit-reset"), std::to_string(seconds_of(Scene::start()) + 3600));
    EXPECT_EQ(refused.header("retry-after"), "");
    EXPECT_TRUE(refused.message().starts_with("API rate limit exceeded for user ID")) << refused.message();
    EXPECT_TRUE(scene.effects().empty());
    EXPECT_EQ(scene.get("/rate_limit").json().at("resources").at("core").at("used"), 3);
    scene.server.advance(3600s);
    EXPECT_EQ(scene.get(issue_path).status, 200);
}

TEST(FakeGithubLimits, points_are_one_for_a_read_and_five_for_a_write) {
    Scene scene;
    scene.server.with_state([](State& state) {
        state.limits.options.points_per_minute = 10;
        state.limits.options.secondary_status = 429;
    });
    for (int i = 0; i < 5; ++i) EXPECT_EQ(scene.get(issue_path).status, 200);
    scene.server.advance(20s);
    EXPECT_EQ(scene.post(issue_path + "/labels", "[\"a\"]").status, 200);
    auto const refused = scene.get(issue_path);
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.header("retry-after"), "40");
    EXPECT_TRUE(refused.message().starts_with("You have exceeded a secondary rate limit.")) << refused.message();
    scene.server.with_state([](State& state) { state.limits.options.retry_after = false; });
    EXPECT_EQ(scene.get(issue_path).header("retry-after"), "");
    scene.server.advance(40s);
    EXPECT_EQ(scene.get(issue_path).status, 200);
}

TEST(FakeGithubLimits, comments_are_content_by_the_minute_and_by_the_hour_and_labels_are_not) {
    Scene scene;
    scene.server.with_state([](State& state) {
        state.limits.options.content_per_minute = 2;
        state.limits.options.content_per_hour = 3;
    });
    auto const comment = [&] { return scene.post(issue_path + "/comments", R"({"body": "a"})"); };
    EXPECT_EQ(comment().status, 201);
    EXPECT_EQ(comment().status, 201);
    EXPECT_EQ(comment().header("retry-after"), "60");
    EXPECT_EQ(scene.post(issue_path + "/labels", "[\"a\"]").status, 200);
    scene.server.advance(60s);
    EXPECT_EQ(comment().status, 201);
    auto const refused = comment();
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.header("retry-after"), "3540");
    EXPECT_NE(refused.message().find("content creation"), std::string::npos);
    EXPECT_EQ(scene.server.with_state([](State& state) { return state.limits.refusals(Refusal::content); }), 2U);
}

TEST(FakeGithubLimits, more_requests_at_once_than_allowed_are_refused) {
    Scene scene;
    scene.server.with_state([](State& state) { state.limits.options.at_once = 2; });
    Fault slow;
    slow.delay_before = 1h;
    scene.fault({"GET", "*/events", 1, 2}, slow);
    RawClient one{scene.server.port()}, other{scene.server.port()};
    for (auto* client : {&one, &other}) client->send(request_bytes({"GET", issue_path + "/events"}));
    scene.await_faults(2);
    EXPECT_EQ(scene.get(issue_path).header("retry-after"), "60");
    scene.server.with_state([](State& state) { state.limits.options.at_once = 3; });
    EXPECT_EQ(scene.get(issue_path).status, 200);
    EXPECT_EQ(scene.server.with_state([](State& state) { return state.limits.highest_at_once(); }), 3);
}

TEST(FakeGithubLimits, an_etag_saves_quota_and_is_tied_to_who_asked) {
    Scene scene;
    scene.server.with_state([](State& state) {
        state.limits.options.per_hour = 100;
        state.access.add_token("another", Token{TokenKind::classic, "another"});
    });
    auto const first = scene.get(issue_path);
    auto const condition = "If-None-Match: " + first.header("etag") + "\r\n";
    auto const same = scene.ask({"GET", issue_path, "", "secret", condition});
    EXPECT_EQ(same.status, 304);
    EXPECT_TRUE(same.body.empty());
    EXPECT_EQ(same.header("x-ratelimit-used"), "1");
    EXPECT_EQ(scene.ask({"GET", issue_path, "", "another", condition}).status, 200);
    scene.server.advance(1s);
    scene.post(issue_path + "/labels", "[\"a\"]");
    EXPECT_EQ(scene.ask({"GET", issue_path, "", "secret", condition}).status, 200);
}

TEST(FakeGithubApps, a_jwt_is_exchanged_for_a_token_that_expires) {
    AppScene scene;
    EXPECT_EQ(scene.ask({"GET", "/app", "", scene.jwt(-60, 540)}).json().at("slug"), "groomer");
    auto const answer = scene.token(scene.jwt(-60, 540));
    ASSERT_EQ(answer.status, 201) << answer.body;
    EXPECT_EQ(answer.json().at("expires_at"), "2024-01-01T01:00:00Z");
    std::string const token = answer.json().at("token").as_string().c_str();
    auto const own = scene.ask({"GET", "/installation/repositories", "", token});
    EXPECT_EQ(own.json().at("total_count"), 1);
    EXPECT_EQ(scene.ask({"POST", issue_path + "/labels", "[\"a\"]", token}).status, 200);
    auto const event = scene.ask({"GET", issue_path + "/events", "", token}).json().at(0);
    EXPECT_EQ(event.at("actor").at("login"), "groomer[bot]");
    EXPECT_EQ(event.at("actor").at("type"), "Bot");
    EXPECT_EQ(event.at("performed_via_github_app").at("id"), 7);
    EXPECT_EQ(scene.ask({"GET", "/repos/octo/other", "", token}).status, 404);
    EXPECT_EQ(scene.ask({"GET", "/user", "", token}).status, 403);
    EXPECT_EQ(scene.ask({"GET", issue_path, "", token}).header("x-oauth-scopes"), "");
    scene.server.advance(3600s);
    EXPECT_EQ(scene.ask({"GET", issue_path, "", token}).status, 401);
}

TEST(FakeGithubApps, a_jwt_that_is_not_sound_is_refused_with_the_reason) {
    AppScene scene;
    auto const refusal = [&](std::string const& jwt) {
        auto const answer = scene.token(jwt);
        EXPECT_EQ(answer.status, 401);
        return answer.message();
    };
    EXPECT_NE(refusal(scene.jwt(0, 601)).find("too far in the future"), std::string::npos);
    EXPECT_NE(refusal(scene.jwt(-120, -1)).find("('exp') must be"), std::string::npos);
    EXPECT_NE(refusal(scene.jwt(61, 540)).find("('iat') must be"), std::string::npos);
    EXPECT_EQ(refusal(scene.jwt(0, 540, "\"8\"")), "Integration not found");
    EXPECT_EQ(refusal("a.b.c"), "A JSON web token could not be decoded");
    EXPECT_EQ(refusal("secret"), "A JSON web token could not be decoded");
    EXPECT_EQ(refusal(Key{}.sign(R"({"iat":1704067200,"exp":1704067300,"iss":7})")), "A JSON web token could not be decoded");
    EXPECT_EQ(refusal(scene.key.sign(R"({"iat":1704067200,"exp":1704067300,"iss":7})", R"({"alg":"none"})")),
              "A JSON web token could not be decoded");
    EXPECT_EQ(scene.token(scene.jwt(0, 540, "7")).status, 201);
    EXPECT_EQ(scene.token(scene.jwt(0, 540, "\"Iv1.abc\"")).status, 201);
    EXPECT_EQ(scene.ask({"POST", "/app/installations/71/access_tokens", "", scene.jwt(0, 540)}).status, 404);
}

}  // namespace
}  // namespace groomer::fake_github::test
