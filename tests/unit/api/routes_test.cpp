#include "api/routes.hpp"

#include "api/endpoints.hpp"
#include "api/openapi.hpp"
#include "api/page.hpp"
#include "base/log.hpp"
#include "support/run_task.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdlib>
#include <fstream>
#include <map>
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

    std::vector<boost::json::object> audit() {
        std::vector<boost::json::object> lines;
        std::istringstream in{out.str()};
        for (std::string line; std::getline(in, line);)
            if (auto parsed = boost::json::parse(line).as_object(); parsed.contains("component") && parsed.at("component") == "audit")
                lines.push_back(std::move(parsed));
        return lines;
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

TEST_F(Routes, WriteDownWhoChangesWhatBeforeAndAfterwardsWhateverTheLevel) {
    access.admin_tokens = "another\nsecret";
    log.set(LogLevel::error, Log::Format::json);
    auto const all = router();
    for (auto const& endpoint : endpoints()) {
        bool const changes = endpoint.auth == Auth::bearer && endpoint.method != "GET";
        auto asked = request(endpoint);
        asked.client = "192.0.2.7";
        asked.headers = {{"Authorization", "Bearer secret"}};
        out.str("");
        answer(all, asked);
        auto const lines = audit();
        ASSERT_EQ(lines.size(), changes ? 2U : 0U) << endpoint.path << out.str();
        EXPECT_EQ(out.str().find("secret"), std::string::npos);
        if (!changes) continue;
        for (auto const& line : lines) {
            EXPECT_EQ(line.at("by").as_string(), "token 2");
            EXPECT_EQ(line.at("client").as_string(), "192.0.2.7");
            EXPECT_EQ(line.at("route").as_string(), endpoint.path);
            EXPECT_EQ(line.at("call"), lines[0].at("call")) << "of one call";
        }
        EXPECT_EQ(lines[0].at("msg").as_string(), "begun");
        EXPECT_EQ(lines[1].at("msg").as_string(), "ended");
        EXPECT_EQ(lines[1].at("outcome").as_string(), "done");
        EXPECT_EQ(lines[1].at("status").as_int64(), 200);
    }
}

TEST_F(Routes, WriteDownACallThatFailsOrIsCutOff) {
    handlers["POST /api/groomer/run"] = [](net::Request) -> Task<net::Response> { throw std::runtime_error{"no memory"}; };
    handlers["POST /api/groomer/pause"] = [](net::Request) -> Task<net::Response> {
        throw boost::system::system_error{asio::error::operation_aborted};
    };
    handlers["POST /api/groomer/resume"] = [](net::Request) -> Task<net::Response> {
        co_return net::error_response(409, "paused", "Not now.");
    };
    auto const all = router();
    std::map<std::string, std::string> const outcomes{
        {"/api/groomer/run", "failed"}, {"/api/groomer/pause", "cut off"}, {"/api/groomer/resume", "refused"}};
    for (auto const& [path, outcome] : outcomes) {
        out.str("");
        net::Request asked;
        asked.method = "POST";
        asked.target = path;
        asked.headers = {{"Authorization", "Bearer secret"}};
        if (outcome == "refused") answer(all, asked);
        else EXPECT_ANY_THROW(answer(all, asked));
        auto const lines = audit();
        ASSERT_EQ(lines.size(), 2U) << path;
        EXPECT_EQ(lines[1].at("outcome").as_string(), outcome);
    }
}

TEST_F(Routes, WriteDownWhatWasUnderstoodAndNothingElse) {
    auto const all = router();
    auto const what = [&](std::string const& path, std::string const& body) {
        out.str("");
        net::Request asked;
        asked.method = "POST";
        asked.target = path;
        asked.body = body;
        asked.headers = {{"Authorization", "Bearer secret"}};
        answer(all, asked);
        return std::string{audit().at(0).at("what").as_string()};
    };
    EXPECT_EQ(what("/api/groomer/run", R"({"issueNumber": 7, "repoFullName": "o/r"})"), R"({"repoFullName":"o/r","issueNumber":7})");
    EXPECT_EQ(what("/api/groomer/pause", R"({"reason": "a night\noff"})"), R"({"reason":"a night off"})");
    for (auto const* path : {"/api/groomer/run", "/api/groomer/pause"}) {
        EXPECT_EQ(what(path, "anything"), "");
        EXPECT_EQ(out.str().find("anything"), std::string::npos);
    }
}

TEST_F(Routes, WriteDownWhoWasRefusedAndNothingOfWhatTheySent) {
    auto const all = router();
    for (auto const& endpoint : endpoints()) {
        bool const changes = endpoint.auth == Auth::bearer && endpoint.method != "GET";
        auto asked = request(endpoint);
        asked.body = "of a stranger";
        asked.client = "192.0.2.7";
        out.str("");
        answer(all, asked);
        auto const lines = audit();
        ASSERT_EQ(lines.size(), changes ? 1U : 0U) << endpoint.path << out.str();
        EXPECT_EQ(out.str().find("stranger"), std::string::npos);
        if (!changes) continue;
        EXPECT_EQ(lines[0].at("msg").as_string(), "refused");
        EXPECT_EQ(lines[0].at("level").as_string(), "warning");
        EXPECT_EQ(lines[0].at("client").as_string(), "192.0.2.7");
        EXPECT_EQ(lines[0].at("status").as_int64(), 401);
    }
}

TEST_F(Routes, TakeBodiesThatAreJson) {
    auto const all = router();
    for (auto const& endpoint : endpoints()) {
        auto asked = request(endpoint);
        asked.body = "{}";
        asked.headers = {{"Authorization", "Bearer secret"}, {"Content-Type", "text/plain"}};
        EXPECT_EQ(answer(all, asked).status, endpoint.body.empty() ? 200 : 415) << endpoint.path;
        asked.headers.pop_back();
        EXPECT_EQ(answer(all, asked).status, 200) << endpoint.path;
        if (endpoint.body.empty()) continue;
        asked.headers = {{"Content-Type", "text/plain"}};
        EXPECT_EQ(answer(all, asked).status, endpoint.auth == Auth::hmac ? 415 : 401) << "who has no token is told no more";
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

TEST(OpenApi, TellsWhatElseAConflictMayLookLike) {
    auto const document = boost::json::parse(openapi("1"));
    auto const& responses = document.at_pointer("/paths/~1api~1groomer~1run/post/responses").as_object();
    EXPECT_EQ(boost::json::serialize(responses.at("409").at_pointer("/content/application~1json/schema")),
              R"({"anyOf":[{"$ref":"#/components/schemas/LockHeld"},{"$ref":"#/components/schemas/Error"}]})");
    EXPECT_EQ(boost::json::serialize(responses.at("429").at_pointer("/content/application~1json/schema")),
              R"({"$ref":"#/components/schemas/Error"})");
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
