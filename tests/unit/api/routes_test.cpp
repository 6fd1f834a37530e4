#include "api/routes.hpp"

#include "api/endpoints.hpp"
#include "api/openapi.hpp"
#include "api/page.hpp"
#include "base/log.hpp"
#include "support/run_task.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

namespace groomer::api {
namespace {

net::Response answer(net::Router const& router, net::Request request) {
    auto const match = router.match(request);
    if (match.refusal) return *match.refusal;
    return test::run_task(match.route->handler(std::move(request)));
}

class Routes : public testing::Test {
protected:
    Routes() {
        for (auto const& endpoint : endpoints())
            handlers[std::string{endpoint.method} + ' ' + std::string{endpoint.path}] =
                [this](net::Request request) -> Task<net::Response> {
                seen = request;
                co_return net::Response{};
            };
    }
    net::Router router() {
        return net::Router{make_routes(
            handlers, [this] { return access; }, log)};
    }
    static net::Request request(Endpoint const& endpoint) {
        net::Request out;
        out.method = endpoint.method;
        out.target = endpoint.path;
        if (auto const open = out.target.find('{'); open != std::string::npos)
            out.target.replace(open, out.target.find('}') - open + 1, "1");
        return out;
    }

    Handlers handlers;
    Access access{"secret", false};
    net::Request seen;
    std::ostringstream out;
    Log log{out, LogLevel::debug, Log::Format::json};
};

TEST_F(Routes, AskForTheTokenWhereTheTableSaysSo) {
    auto const all = router();
    for (auto const& endpoint : endpoints()) {
        auto asked = request(endpoint);
        bool const open = endpoint.auth == Auth::none || endpoint.auth == Auth::hmac;
        EXPECT_EQ(answer(all, asked).status, open ? 200 : 401) << endpoint.path;
        asked.headers = {{"Authorization", "Bearer secret"}};
        EXPECT_EQ(answer(all, asked).status, 200) << endpoint.path;
    }
}

TEST_F(Routes, TakeATokenThatWasReplacedAtOnce) {
    auto const all = router();
    for (auto const& endpoint : endpoints()) {
        if (endpoint.auth != Auth::page) continue;
        auto asked = request(endpoint);
        asked.headers = {{"Authorization", "Bearer another"}};
        access.admin_tokens = "secret";
        EXPECT_EQ(answer(all, asked).status, 401);
        access.admin_tokens = "another";
        EXPECT_EQ(answer(all, asked).status, 200);
    }
}

TEST_F(Routes, EndAStreamWhoseTokenWasReplaced) {
    int sent = 0;
    handlers["GET /api/events"] = [](net::Request) -> Task<net::Response> {
        net::Response streaming;
        streaming.stream = [](net::Send send) -> Task<> {
            for (bool taken = true; taken;) {
                auto sending = send(std::make_shared<std::string const>("piece"));
                taken = co_await std::move(sending);
            }
        };
        co_return streaming;
    };
    auto const all = router();
    for (bool const is_public : {false, true}) {
        access = {"secret", is_public};
        net::Request asked{"GET", "/api/events", "", "", {}, {}, "", ""};
        if (!is_public) asked.headers = {{"Authorization", "Bearer secret"}};
        auto const response = answer(all, asked);
        ASSERT_TRUE(response.stream);
        sent = 0;
        net::Send const send = [&](auto) -> Task<bool> {
            if (++sent == 2) access.admin_tokens = "secret\nanother";
            if (sent == 3) access = {"another", false};
            co_return sent < 10;
        };
        test::run_task(response.stream(send));
        EXPECT_EQ(sent, 3) << is_public;
    }
}

TEST_F(Routes, LetNobodyStoreWhatTheyAnswer) {
    auto const all = router();
    for (auto const& endpoint : endpoints())
        EXPECT_EQ(net::find_header(answer(all, request(endpoint)).headers, "Cache-Control"), "no-store") << endpoint.path;
}

TEST_F(Routes, WriteDownWhoHasChangedWhat) {
    auto const all = router();
    for (auto const& endpoint : endpoints()) {
        bool const changes = endpoint.auth == Auth::bearer && endpoint.method != "GET";
        auto asked = request(endpoint);
        asked.client = "192.0.2.7";
        asked.body = "{\"of\": \"it\"}";
        asked.headers = {{"Authorization", "Bearer secret"}};
        out.str("");
        answer(all, asked);
        EXPECT_EQ(out.str().find("\"audit\"") != std::string::npos, changes) << endpoint.path << out.str();
        EXPECT_EQ(out.str().find("secret"), std::string::npos);
        if (changes) {
            EXPECT_NE(out.str().find(R"("by":"token 1")"), std::string::npos);
        }
        out.str("");
        asked.headers.clear();
        answer(all, asked);
        EXPECT_EQ(out.str().find("\"audit\"") != std::string::npos, changes) << endpoint.path << out.str();
        EXPECT_EQ(out.str().find("of"), std::string::npos) << "what a stranger sends is not written down";
    }
}

TEST_F(Routes, FitTheTable) {
    handlers["GET /nothing"] = {};
    EXPECT_THROW(router(), std::logic_error);
    handlers.erase("GET /nothing");
    handlers.erase("GET /healthz");
    EXPECT_THROW(router(), std::logic_error);
}

TEST(OpenApi, IsTheDocumentInTheDocs) {
    std::string const path = GROOMER_SOURCE_DIR "/docs/openapi.json";
    auto const rendered = openapi("0");
    if (std::getenv("GROOMER_UPDATE_DOCS") != nullptr) std::ofstream{path, std::ios::binary} << rendered;
    std::ifstream in{path, std::ios::binary};
    std::ostringstream found;
    found << in.rdbuf();
    EXPECT_EQ(found.str(), rendered) << path << " is not what the table of endpoints says: run this test again with GROOMER_UPDATE_DOCS=1";
}

// Every "$ref" in it.
void collect(boost::json::value const& value, std::set<std::string>& out) {
    if (auto const* array = value.if_array())
        for (auto const& item : *array) collect(item, out);
    auto const* object = value.if_object();
    if (!object) return;
    for (auto const& [name, member] : *object)
        if (name == "$ref") out.insert(std::string{member.as_string()});
        else collect(member, out);
}

TEST(OpenApi, NamesNoSchemaThatThereIsNot) {
    auto const document = boost::json::parse(openapi("1"));
    std::set<std::string> references;
    collect(document, references);
    EXPECT_GE(references.size(), 3U);
    for (auto const& reference : references) EXPECT_NO_THROW(document.at_pointer(reference.substr(1))) << reference;
}

TEST(ContentPolicy, AllowsTheStyleAndTheScriptByTheirHashesAndNothingElse) {
    auto const policy = content_policy("<style>a{}</style><script>1</script><script>2</script>");
    EXPECT_TRUE(policy.starts_with("default-src 'none'; style-src 'sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk=';")) << policy;
    EXPECT_NE(policy.find("script-src 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s=' 'sha256-"), std::string::npos) << policy;
    EXPECT_NE(policy.find("connect-src 'self'"), std::string::npos);
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
    EXPECT_NE(content_policy("").find("script-src 'none'"), std::string::npos);
}

TEST(StatusPage, IsSmallAndHasNothingThatThePolicyForbids) {
    auto const page = page_text();
    EXPECT_TRUE(page.starts_with("<!DOCTYPE html>"));
    EXPECT_LE(page.size(), 60U * 1024);
    for (auto const* forbidden : {" style=", "<link rel=\"stylesheet", "href=\"http", "src=\"http", "<script ", "<style ", " onclick="})
        EXPECT_EQ(page.find(forbidden), page.npos) << forbidden;
}

TEST(StatusPage, IsToldWhatTheReplicaTakes) {
    EXPECT_EQ(page_for({"secret", false}), page_text());
    EXPECT_NE(page_for({"secret", true}).find("<html lang=\"en\" data-takes=\"public token\">\n"), std::string::npos);
    EXPECT_NE(page_for({"", true}).find("data-takes=\"public\""), std::string::npos);
    EXPECT_NE(page_for({"", false}).find("data-takes=\"\""), std::string::npos);
}

}  // namespace
}  // namespace groomer::api
