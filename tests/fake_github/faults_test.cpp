// What goes wrong on purpose: what the client then sees, and what truly happened.
#include "fake_github/scene.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace groomer::fake_github::test {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

Ask const write{"POST", issue_path + "/comments", R"({"body": "a"})"};

Fault of(FaultKind kind, int status = 502) {
    Fault fault;
    fault.kind = kind;
    fault.status = status;
    return fault;
}

class FakeGithubFaults : public testing::Test {
protected:
    // The answer to one write under the fault, and whether it took effect.
    Answer write_under(Fault const& fault) {
        before_ = scene.effects().size();
        scene.fault({}, fault);
        return scene.ask(write);
    }
    [[nodiscard]] bool took_effect() { return scene.effects().size() == before_ + 1; }

    Scene scene;

private:
    std::size_t before_ = 0;
};

TEST_F(FakeGithubFaults, what_comes_before_the_effect_has_none) {
    for (int const status : {500, 502, 503, 504, 429}) {
        EXPECT_EQ(write_under(of(FaultKind::status, status)).status, status);
        EXPECT_FALSE(took_effect());
    }
    auto later = of(FaultKind::status, 503);
    later.headers = {{"Retry-After", "7"}};
    EXPECT_EQ(write_under(later).header("retry-after"), "7");
    auto const page = write_under(of(FaultKind::html, 503));
    EXPECT_EQ(page.status, 503);
    EXPECT_TRUE(page.body.starts_with("<!DOCTYPE html>"));
    EXPECT_EQ(page.header("content-type"), "text/html; charset=utf-8");
    EXPECT_FALSE(took_effect());
    EXPECT_EQ(write_under(of(FaultKind::close_before)).status, 0);
    EXPECT_FALSE(took_effect());
    EXPECT_EQ(write_under(of(FaultKind::reset_before)).status, 0);
    EXPECT_FALSE(took_effect());
    EXPECT_EQ(scene.ask(write).status, 201);
}

TEST_F(FakeGithubFaults, what_comes_after_the_effect_leaves_it) {
    for (auto const kind : {FaultKind::close_after, FaultKind::reset_after}) {
        EXPECT_EQ(write_under(of(kind)).status, 0);
        EXPECT_TRUE(took_effect());
    }
    auto const truncated = write_under(of(FaultKind::truncated));
    EXPECT_EQ(truncated.status, 201);
    EXPECT_FALSE(truncated.whole);
    EXPECT_FALSE(truncated.body.empty());
    EXPECT_TRUE(took_effect());
    auto const garbage = write_under(of(FaultKind::garbage_body));
    EXPECT_EQ(garbage.status, 201);
    EXPECT_TRUE(garbage.whole);
    EXPECT_ANY_THROW(garbage.json());
    EXPECT_TRUE(took_effect());
    auto const unasked = write_under(of(FaultKind::not_modified));
    EXPECT_EQ(unasked.status, 304);
    EXPECT_TRUE(took_effect());
    auto const other_type = write_under(of(FaultKind::content_type));
    EXPECT_TRUE(other_type.header("content-type").starts_with("text/plain"));
    EXPECT_TRUE(took_effect());
}

TEST_F(FakeGithubFaults, connections_end_as_they_are_told_to) {
    scene.fault({}, of(FaultKind::reset_after));
    RawClient reset{scene.server.port()};
    reset.send(request_bytes(write));
    EXPECT_EQ(reset.receive_all(1), "");
    EXPECT_TRUE(reset.was_reset());

    scene.fault({}, of(FaultKind::garbage));
    RawClient garbage{scene.server.port()};
    garbage.send(request_bytes(write));
    EXPECT_FALSE(garbage.receive_all(1000).starts_with("HTTP/"));

    scene.fault({}, of(FaultKind::half_close));
    RawClient half{scene.server.port()};
    half.send(request_bytes(write));
    EXPECT_EQ(half.receive_all(1), "");
    EXPECT_FALSE(half.was_reset());
    half.send(request_bytes(write));  // it is still taken, and nobody listens
    half.shut();
    EXPECT_EQ(scene.effects().size(), 3U);

    scene.fault({}, of(FaultKind::endless));
    RawClient endless{scene.server.port()};
    endless.send(request_bytes({"GET", issue_path}));
    EXPECT_GE(endless.receive_all(8UL << 20U).size(), 8UL << 20U);

    auto bounded = of(FaultKind::endless);
    bounded.endless_limit = 100'000;
    scene.fault({}, bounded);
    RawClient ends{scene.server.port()};
    ends.send(request_bytes({"GET", issue_path}));
    EXPECT_LT(ends.receive_all(8UL << 20U).size(), 300'000U);
}

TEST_F(FakeGithubFaults, a_delay_before_the_effect_and_one_after_it_differ) {
    Fault early, late, brief;
    early.delay_before = late.delay_after = 1h;
    brief.delay_before = brief.delay_after = 20ms;
    RawClient one{scene.server.port()}, other{scene.server.port()};
    std::uint64_t sprung = 0;
    auto const effects_while_it_waits = [&](RawClient& client, Fault const& fault) {
        scene.fault({"POST"}, fault);
        client.send(request_bytes(write));
        scene.await_faults(++sprung);
        scene.get(issue_path);  // by the same thread, after the other one came to its delay
        return scene.effects().size();
    };
    EXPECT_EQ(effects_while_it_waits(one, early), 0U);
    EXPECT_EQ(effects_while_it_waits(other, late), 1U);
    scene.fault({"POST"}, brief);
    auto const start = std::chrono::steady_clock::now();
    EXPECT_EQ(scene.ask(write).status, 201);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 40ms);
}

TEST_F(FakeGithubFaults, fields_are_missing_null_of_another_type_or_gigantic) {
    auto const read_under = [&](std::string const& field, FieldForm form) {
        auto fault = of(FaultKind::field);
        fault.field = field;
        fault.form = form;
        scene.fault({"GET"}, fault);
        return scene.get("/repos/octo/quill/issues").json().as_array().at(0).as_object();
    };
    EXPECT_FALSE(read_under("title", FieldForm::missing).contains("title"));
    EXPECT_TRUE(read_under("user", FieldForm::null).at("user").is_null());
    EXPECT_TRUE(read_under("number", FieldForm::other_type).at("number").is_object());
    EXPECT_TRUE(read_under("labels", FieldForm::other_type).at("labels").is_object());
    EXPECT_TRUE(read_under("labels.name", FieldForm::null).at("labels").at(0).at("name").is_null());
    EXPECT_EQ(read_under("user.login", FieldForm::gigantic).at("user").at("login").as_string().size(), 4UL << 20U);
    auto whole = of(FaultKind::field);
    whole.form = FieldForm::null;
    scene.fault({}, whole);
    EXPECT_EQ(scene.get(issue_path).body, "null");
    EXPECT_EQ(scene.get(issue_path).json().at("title"), "It panics");
}

TEST_F(FakeGithubFaults, rules_spring_at_the_request_that_they_name) {
    scene.fault({"POST", "/repos/*/issues/1/*", 2, 2}, of(FaultKind::status, 500));
    Texts statuses;
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(scene.get(issue_path + "/comments").status, 200);
        statuses.push_back(std::to_string(scene.ask(write).status));
    }
    EXPECT_EQ(statuses, (Texts{"201", "500", "500", "201"}));
    EXPECT_EQ(scene.server.with_state([](State& state) { return state.faults.sprung(); }), 2U);
}

TEST(Faults, chance_is_the_same_with_the_same_seed) {
    auto const springs = [](std::uint64_t seed) {
        Faults faults;
        faults.seed(seed);
        faults.add({"", "*", 1, Matcher::always, 0.3}, of(FaultKind::close_before));
        std::string out;
        for (int i = 0; i < 1000; ++i) out += faults.next("GET", "/x") ? '1' : '0';
        return out;
    };
    EXPECT_EQ(springs(1), springs(1));
    EXPECT_NE(springs(1), springs(2));
    auto const at_one = springs(1);
    auto const count = std::count(at_one.begin(), at_one.end(), '1');
    EXPECT_GT(count, 200);
    EXPECT_LT(count, 400);
}

TEST(Faults, a_star_stands_for_anything) {
    EXPECT_TRUE(matches("*", ""));
    EXPECT_TRUE(matches("/repos/*/labels", "/repos/a/b/labels"));
    EXPECT_TRUE(matches("*/labels/*x", "/a/labels/yxx"));
    EXPECT_FALSE(matches("/repos/*/labels", "/repos/a/b/labels/c"));
    EXPECT_FALSE(matches("", "x"));
}

}  // namespace
}  // namespace groomer::fake_github::test
