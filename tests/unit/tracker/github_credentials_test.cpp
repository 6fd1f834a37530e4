#include "base/error.hpp"
#include "base/time_text.hpp"
#include "support/fake_http_client.hpp"
#include "support/jump_clock.hpp"
#include "support/run_task.hpp"
#include "tracker/github/credentials.hpp"
#include "tracker/github/jwt.hpp"
#include "tracker/tracker.hpp"

#include <boost/json/parse.hpp>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace groomer::tracker::github {
namespace {

using namespace std::chrono_literals;
using groomer::test::FakeHttpClient;
using groomer::test::JumpClock;
using groomer::test::reply;
using groomer::test::run_task;
using groomer::test::run_tasks;
using groomer::test::sent_header;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key make_rsa(unsigned bits) { return {EVP_RSA_gen(bits), EVP_PKEY_free}; }

EVP_PKEY* app_key() {
    static Key const key = make_rsa(2048);
    return key.get();
}

template <class Write>
std::string pem_of(Write write) {
    std::unique_ptr<BIO, decltype(&BIO_free)> const bio{BIO_new(BIO_s_mem()), BIO_free};
    EXPECT_EQ(write(bio.get()), 1);
    char* data = nullptr;
    auto const size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string pkcs1(EVP_PKEY* key) {
    return pem_of([&](BIO* bio) { return PEM_write_bio_PrivateKey_traditional(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}
std::string pkcs8(EVP_PKEY* key, EVP_CIPHER const* cipher = nullptr) {
    char word[] = "secret";
    return pem_of([&](BIO* bio) {
        return PEM_write_bio_PKCS8PrivateKey(bio, key, cipher, cipher ? word : nullptr, cipher ? 6 : 0, nullptr, nullptr);
    });
}
std::string public_pem(EVP_PKEY* key) {
    return pem_of([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key); });
}

std::string decoded(std::string text) {
    for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
    auto const padding = (4 - text.size() % 4) % 4;
    text.append(padding, '=');
    std::string out(text.size() / 4 * 3, '\0');
    auto const size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<unsigned char const*>(text.data()),
                                      static_cast<int>(text.size()));
    EXPECT_GE(size, 0);
    out.resize(static_cast<std::size_t>(size) - padding);
    return out;
}

bool is_signed_by(EVP_PKEY* key, std::string const& jwt) {
    auto const dot = jwt.rfind('.');
    auto const text = jwt.substr(0, dot), signature = decoded(jwt.substr(dot + 1));
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
    return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
           EVP_DigestVerify(context.get(), reinterpret_cast<unsigned char const*>(signature.data()), signature.size(),
                            reinterpret_cast<unsigned char const*>(text.data()), text.size()) == 1;
}

boost::json::object claims_of(std::string const& jwt) {
    auto const first = jwt.find('.'), second = jwt.rfind('.');
    return boost::json::parse(decoded(jwt.substr(first + 1, second - first - 1))).as_object();
}

std::string what(std::function<void()> const& action, ErrorCode code = ErrorCode::credentials) {
    try {
        action();
    } catch (Error const& e) {
        EXPECT_EQ(e.code(), code) << e.what();
        return e.what();
    }
    return "nothing was thrown";
}

TEST(GithubJwt, is_signed_by_the_key_in_either_form) {
    auto const now = from_epoch_seconds(1'709'208'000);
    for (auto const& pem : {pkcs1(app_key()), pkcs8(app_key())}) {
        auto const jwt = make_jwt(pem, 12345, now);
        EXPECT_TRUE(is_signed_by(app_key(), jwt));
        EXPECT_EQ(decoded(jwt.substr(0, jwt.find('.'))), R"({"alg":"RS256","typ":"JWT"})");
        auto const claims = claims_of(jwt);
        EXPECT_EQ(claims.at("iat"), 1'709'208'000 - 60);
        EXPECT_EQ(claims.at("exp").as_int64() - claims.at("iat").as_int64(), 9 * 60);
        EXPECT_EQ(claims.at("iss"), "12345");
        EXPECT_EQ(jwt.find_first_of("+/= \n"), std::string::npos);
    }
    EXPECT_NE(pkcs1(app_key()).find("BEGIN RSA PRIVATE KEY"), std::string::npos);
    EXPECT_FALSE(is_signed_by(make_rsa(2048).get(), make_jwt(pkcs1(app_key()), 1, now)));
}

TEST(GithubJwt, base64url_has_no_padding) {
    EXPECT_EQ(base64url(""), "");
    EXPECT_EQ(base64url("f"), "Zg");
    EXPECT_EQ(base64url("fo"), "Zm8");
    EXPECT_EQ(base64url("foo"), "Zm9v");
    EXPECT_EQ(base64url("\xfb\xff\xfe"), "-__-");
}

TEST(GithubJwt, a_wrong_key_is_refused_with_what_to_do_and_without_its_content) {
    auto const good = pkcs1(app_key());
    std::string cut = good;
    cut.erase(cut.size() / 2, 200);
    Key const curve{EVP_EC_gen("P-256"), EVP_PKEY_free};
    std::vector<std::pair<std::string, std::string>> const all{
        {"", "is empty"},
        {" \n", "is empty"},
        {"SECRET-garbage", "no private key in PEM form"},
        {public_pem(app_key()), "a public key, not the private one"},
        {"-----BEGIN CERTIFICATE-----\nSECRET\n-----END CERTIFICATE-----\n", "a certificate"},
        {pkcs8(app_key(), EVP_aes_128_cbc()), "is encrypted"},
        {pkcs8(curve.get()), "not RSA"},
        {pkcs1(make_rsa(1024).get()), "fewer than 2048 bits"},
        {cut, "cannot be read"},
        {"-----BEGIN RSA PRIVATE KEY-----\nSECRET\n-----END RSA PRIVATE KEY-----\n", "cannot be read"},
    };
    for (auto const& [pem, expected] : all) {
        auto const said = what([&] { make_jwt(pem, 1, from_epoch_seconds(1)); });
        EXPECT_NE(said.find(expected), std::string::npos) << said;
        EXPECT_NE(said.find("github.app.private_key_file"), std::string::npos) << said;
        EXPECT_EQ(said.find("SECRET"), std::string::npos);
        bool const has_content = pem.size() > 100;
        EXPECT_TRUE(!has_content || said.find(pem.substr(pem.size() / 2, 12)) == std::string::npos) << said;
    }
}

TEST(GithubToken, is_asked_for_each_time_and_trimmed) {
    std::string token = " ghp_abc\n";
    auto const credentials = make_token_credentials([&] { return token; });
    EXPECT_EQ(run_task(credentials->authorization()), "Bearer ghp_abc");
    EXPECT_FALSE(credentials->refused("Bearer ghp_abc"));  // asking for the same one again does not help
    token = "ghp_new";
    EXPECT_TRUE(credentials->refused("Bearer ghp_abc"));
    EXPECT_EQ(run_task(credentials->authorization()), "Bearer ghp_new");
    EXPECT_EQ(credentials->who_am_i().route, Route::user);
    token = "\n";
    EXPECT_EQ(run_task(credentials->authorization()), "");
    EXPECT_EQ(credentials->who_am_i().route, std::nullopt);
    token = "SECRET\r\nX-Evil: 1";
    auto const said = what([&] { run_task(credentials->authorization()); });
    EXPECT_EQ(said.find("SECRET"), std::string::npos);
}

class GithubApp : public ::testing::Test {
protected:
    std::string const line_ = "POST https://api.github.com/app/installations/7/access_tokens";
    JumpClock clock_;
    FakeHttpClient client_;
    std::string pem_ = pkcs1(app_key());
    std::shared_ptr<Credentials> credentials_ = make();

    std::shared_ptr<Credentials> make() {
        AppOptions options;
        options.id = 12;
        options.installation_id = 7;
        options.private_key = [this] { return pem_; };
        return make_app_credentials(
            client_, [this] { return clock_.wall(); }, options);
    }
    net::ClientResponse token(std::string const& name, std::chrono::seconds life = 1h) {
        return reply(201, R"({"token":")" + name + R"(","expires_at":")" + format_seconds(clock_.wall() + life) + "\"}");
    }
    std::string authorization() { return run_task(credentials_->authorization()); }
};

TEST_F(GithubApp, fetches_a_token_with_its_jwt_and_keeps_it_until_five_minutes_before_its_end) {
    client_.expect(line_, token("ghs_one"));
    EXPECT_EQ(authorization(), "Bearer ghs_one");
    auto const& request = client_.requests().at(0);
    auto const sent = sent_header(request, "Authorization");
    ASSERT_EQ(sent.rfind("Bearer ", 0), 0U);
    EXPECT_TRUE(is_signed_by(app_key(), sent.substr(7)));
    EXPECT_EQ(claims_of(sent.substr(7)).at("iss"), "12");
    EXPECT_EQ(sent_header(request, "X-GitHub-Api-Version"), "2022-11-28");
    clock_.advance(54min);
    EXPECT_EQ(authorization(), "Bearer ghs_one");
    clock_.advance(2min);
    client_.expect(line_, token("ghs_two"));
    EXPECT_EQ(authorization(), "Bearer ghs_two");
    EXPECT_EQ(client_.left(), 0U);
}

TEST_F(GithubApp, requests_under_way_share_one_fetch) {
    client_.expect(line_, token("ghs_one"));
    std::vector<Task<std::string>> tasks;
    for (int i = 0; i < 20; ++i) tasks.push_back(credentials_->authorization());
    for (auto const& value : run_tasks(std::move(tasks))) EXPECT_EQ(value, "Bearer ghs_one");
    EXPECT_EQ(client_.requests().size(), 1U);
}

TEST_F(GithubApp, a_failed_fetch_is_not_the_others_last) {
    client_.expect(line_, net::HttpError{net::HttpError::Stage::connect, false, "no route"});
    client_.expect(line_, token("ghs_one"));
    EXPECT_NE(what([&] { authorization(); }, ErrorCode::failure).find("no route"), std::string::npos);
    EXPECT_EQ(authorization(), "Bearer ghs_one");
}

TEST_F(GithubApp, a_refused_token_is_replaced) {
    client_.expect(line_, token("ghs_one"));
    EXPECT_EQ(authorization(), "Bearer ghs_one");
    EXPECT_TRUE(credentials_->refused("Bearer ghs_one"));
    client_.expect(line_, token("ghs_two"));
    EXPECT_EQ(authorization(), "Bearer ghs_two");
    EXPECT_TRUE(credentials_->refused("Bearer ghs_one"));  // that one is replaced already
    EXPECT_EQ(authorization(), "Bearer ghs_two");
}

TEST_F(GithubApp, a_clock_that_is_wrong_is_corrected_by_githubs) {
    net::ClientResponse refused = reply(401, R"({"message":"'Expiration time' claim ('exp') is too far in the future"})");
    refused.headers = {{"Date", "Thu, 29 Feb 2024 10:00:00 GMT"}};
    client_.expect(line_, refused);
    client_.expect(line_, reply(201, R"({"token":"ghs_one","expires_at":"2024-02-29T11:00:00Z"})"));
    EXPECT_EQ(authorization(), "Bearer ghs_one");
    auto const claims = claims_of(sent_header(client_.requests().at(1), "Authorization").substr(7));
    EXPECT_EQ(claims.at("iat").as_int64(), epoch_seconds(*parse_http_date("Thu, 29 Feb 2024 10:00:00 GMT")) - 60);
    clock_.advance(54min);
    EXPECT_EQ(authorization(), "Bearer ghs_one");  // its end, too, is by GitHub's clock
}

TEST_F(GithubApp, a_jwt_that_is_refused_for_another_reason_is_not_tried_again) {
    net::ClientResponse refused = reply(401, R"({"message":"A JSON web token could not be decoded"})");
    client_.expect(line_, refused);
    auto const said = what([&] { authorization(); });
    EXPECT_NE(said.find("github.app.id"), std::string::npos) << said;
    EXPECT_NE(said.find("could not be decoded"), std::string::npos) << said;
    EXPECT_EQ(client_.requests().size(), 1U);
}

TEST_F(GithubApp, each_refusal_says_what_to_do) {
    client_.expect(line_, reply(404, R"({"message":"Not Found"})"));
    EXPECT_NE(what([&] { authorization(); }).find("no installation 7"), std::string::npos);
    client_.expect(line_, reply(403, R"({"message":"This installation has been suspended"})"));
    EXPECT_NE(what([&] { authorization(); }).find("suspended"), std::string::npos);
    client_.expect(line_, reply(502));
    EXPECT_NE(what([&] { authorization(); }, ErrorCode::failure).find("502"), std::string::npos);
    client_.expect(line_, reply(201, "garbage"));
    EXPECT_NE(what([&] { authorization(); }, ErrorCode::failure).find("holds none"), std::string::npos);
    pem_ = "";
    EXPECT_NE(what([&] { authorization(); }).find("private_key_file"), std::string::npos);
}

TEST_F(GithubApp, a_limit_is_waited_for) {
    auto refused = reply(403, R"({"message":"You have exceeded a secondary rate limit"})");
    refused.headers.push_back({"Retry-After", "90"});
    client_.expect(line_, refused);
    EXPECT_THROW(authorization(), LimitReached);
    clock_.advance(89s);
    EXPECT_THROW(authorization(), LimitReached);
    EXPECT_EQ(client_.requests().size(), 1U) << "nobody asks before it is over";
    clock_.advance(2s);
    client_.expect(line_, token("ghs_one"));
    EXPECT_EQ(authorization(), "Bearer ghs_one");
}

TEST_F(GithubApp, the_key_is_read_again_each_time) {
    pem_ = "";
    EXPECT_NE(what([&] { authorization(); }).find("is empty"), std::string::npos);
    pem_ = pkcs8(app_key());
    client_.expect(line_, token("ghs_one"));
    EXPECT_EQ(authorization(), "Bearer ghs_one");
}

}  // namespace
}  // namespace groomer::tracker::github
