// Reading requests, living with many issues, and the time that both take.
#include "fake_github/http.hpp"
#include "fake_github/scene.hpp"
#include "fake_github/seed.hpp"

#include <gtest/gtest.h>

#include <malloc.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <memory>
#include <vector>

namespace groomer::fake_github::test {
namespace {

using namespace std::chrono_literals;

std::optional<Request> read_in_pieces(std::string const& bytes, std::size_t size, int* refused = nullptr) {
    RequestReader reader;
    std::optional<Request> request;
    for (std::size_t at = 0; at < bytes.size() && !request; at += size) {
        reader.feed(std::string_view{bytes}.substr(at, size));
        request = reader.next();
    }
    if (refused) *refused = reader.refused();
    return request;
}

int refusal_of(std::string const& bytes) {
    int refused = 0;
    EXPECT_FALSE(read_in_pieces(bytes, bytes.size(), &refused));
    return refused;
}

TEST(RequestReader, takes_bodies_by_length_and_in_chunks_however_they_arrive) {
    auto const head = std::string{"POST /a%20b?c=d HTTP/1.1\r\nHost: x\r\nX-Thing:  two words \r\n"};
    for (auto const& rest :
         {"Content-Length: 7\r\n\r\n{\"a\":1}", "Transfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4;x=y\r\n\":1}\r\n0\r\n\r\n"}) {
        for (std::size_t size = 1; size < 200; ++size) {
            auto const request = read_in_pieces(head + rest, size);
            ASSERT_TRUE(request);
            EXPECT_EQ(request->body, "{\"a\":1}");
            EXPECT_EQ(request->path(), "/a%20b");
            EXPECT_EQ(request->header("x-thing"), "two words");
        }
    }
}

TEST(RequestReader, refuses_what_is_no_request) {
    auto const get = [](std::string const& fields) { return "GET / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n"; };
    EXPECT_EQ(refusal_of("GET /\r\n\r\n"), 400);
    EXPECT_EQ(refusal_of("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), 400);
    EXPECT_EQ(refusal_of("GET a HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
    EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\n\r\n"), 400);
    EXPECT_EQ(refusal_of(get("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")), 400);
    EXPECT_EQ(refusal_of(get("Content-Length: -1\r\n")), 400);
    EXPECT_EQ(refusal_of(get("Content-Length: 99999999\r\n")), 413);
    EXPECT_EQ(refusal_of(get("Bad Name: 1\r\n")), 400);
    EXPECT_EQ(refusal_of(get("Transfer-Encoding: chunked\r\n") + "zz\r\n"), 400);
    EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nX: " + std::string(70'000, 'x')), 431);
}

TEST(FakeGithubServer, a_connection_takes_many_requests_also_at_once) {
    Scene scene;
    RawClient client{scene.server.port()};
    for (int i = 0; i < 3; ++i) client.send(request_bytes({"GET", issue_path}));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.receive().status, 200);
    client.send(request_bytes({"GET", issue_path, "", "secret", "Connection: close\r\n"}));
    EXPECT_EQ(client.receive().header("connection"), "close");
    EXPECT_EQ(client.receive_all(1), "");
    RawClient other{scene.server.port()};
    other.send("nonsense\r\n\r\n");
    EXPECT_EQ(other.receive().status, 400);
    other.shut();
}

TEST(FakeGithubServer, answers_in_chunks_where_that_is_asked_for) {
    Scene scene{true};
    auto const answer = scene.get(issue_path);
    EXPECT_EQ(answer.header("transfer-encoding"), "chunked");
    EXPECT_TRUE(answer.whole);
    EXPECT_EQ(answer.json().at("title"), "It panics");
}

TEST(FakeGithubServer, a_request_without_user_agent_or_of_another_version_is_refused) {
    Scene scene;
    RawClient client{scene.server.port()};
    client.send("GET /user HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(client.receive().status, 403);
    EXPECT_EQ(scene.ask({"GET", "/user", "", "secret", "X-GitHub-Api-Version: 1999-01-01\r\n"}).status, 400);
    EXPECT_EQ(scene.get("/user").json().at("login"), "groomer");
    EXPECT_EQ(scene.get("/teapot").status, 404);
}

TEST(FakeGithubServer, stops_in_the_middle_of_requests) {
    Scene scene;
    Fault slow;
    slow.delay_before = 1h;
    scene.fault({"GET", "*", 1, Matcher::always}, slow);
    RawClient waiting{scene.server.port()};
    waiting.send(request_bytes({"GET", issue_path}));
    scene.await_faults(1);
    std::vector<std::unique_ptr<RawClient>> clients;  // some of them accepted, and not yet served
    for (int i = 0; i < 20; ++i) clients.push_back(std::make_unique<RawClient>(scene.server.port()));
    scene.server.stop();
    EXPECT_EQ(waiting.receive().status, 0);
    EXPECT_FALSE(waiting.timed_out());
    for (auto& idle : clients) {
        EXPECT_EQ(idle->receive().status, 0);
        ASSERT_FALSE(idle->timed_out());
    }
}

TEST(FakeGithubServer, counts_requests_by_route) {
    Scene scene;
    scene.get(issue_path);
    scene.get("/repos/octo/quill/issues/99");
    scene.server.with_state([](State& state) {
        EXPECT_EQ(state.effects.requests("GET /repos/{owner}/{repo}/issues/{}"), 2U);
        EXPECT_EQ(state.effects.routes().at("GET /repos/{owner}/{repo}/issues/{}").at(404), 1U);
        EXPECT_EQ(state.effects.requests(), 2U);
    });
}

TEST(FakeGithubSeed, the_sample_backlog_is_read_as_it_is) {
    std::ifstream file{std::string{GROOMER_SOURCE_DIR} + "/deploy/local/sample-backlog.json", std::ios::binary};
    std::string const text{std::istreambuf_iterator<char>{file}, {}};
    State state;
    auto const imported = import_issues(state, text, "demo/backlog");
    EXPECT_EQ(imported.issues + imported.skipped, boost::json::parse(text).as_array().size());
    EXPECT_EQ(imported.skipped, 0U) << imported.skipped_example;
    auto const& first = state.issue("lanternfish/quill", 1);
    EXPECT_EQ(format_seconds(first.updated), "2024-01-18T23:04:53Z");
    EXPECT_EQ(first.comments(), 3U);
    EXPECT_EQ(state.label_names(state.at("lanternfish/quill"), first), (std::vector<std::string>{"type/bug"}));
    EXPECT_ANY_THROW(import_issues(state, "{}", "demo/backlog"));
    EXPECT_EQ(import_issues(state, R"([7, {"number": 1}, {"number": 1, "title": "t"}])", "a/b").skipped, 2U);
}

// The processor's time for a page, of client and server together: what else the machine does is not in it.
std::chrono::nanoseconds cost_of(Scene& scene, std::string const& target) {
    auto least = std::chrono::nanoseconds::max();
    for (int i = 0; i < 5; ++i) {
        auto const start = std::clock();
        auto const answer = scene.get(target);
        auto const cost = std::chrono::nanoseconds{(std::clock() - start) * (1'000'000'000 / CLOCKS_PER_SEC)};
        EXPECT_EQ(answer.json().as_array().size(), 100U);
        least = std::min(least, cost);
    }
    return least;
}

TEST(FakeGithubSeed, the_last_page_of_a_million_issues_costs_what_the_first_does) {
#ifdef __SANITIZE_ADDRESS__
    constexpr std::int64_t count = 20'000;
#else
    constexpr std::int64_t count = 1'000'000;
#endif
    Scene scene;
    auto const in_use = [] { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; };
    auto const before = in_use();
    scene.server.with_state([&](State& state) { fill(state, state.at("octo/quill"), {count - 1}); });
#ifndef __SANITIZE_ADDRESS__
    EXPECT_LT(in_use() - before, 600UL << 20U);
#endif
    RecordProperty("bytes", std::to_string(in_use() - before));
    auto const list = std::string{"/repos/octo/quill/issues?sort=updated&direction=asc&per_page=100"};
    auto const first = list + "&state=all&page=1", last = list + "&state=all&page=" + std::to_string(count / 100);
    EXPECT_NE(scene.get(first).link("last").find("&page=" + std::to_string(count / 100)), std::string::npos);
    auto const cost = cost_of(scene, first);
    EXPECT_LT(cost_of(scene, last), 4 * cost);
#ifndef __SANITIZE_ADDRESS__
    EXPECT_GT(cost_of(scene, list + "&state=open"), 4 * cost);  // a walk: the measure tells the two apart
#endif
}

}  // namespace
}  // namespace groomer::fake_github::test
