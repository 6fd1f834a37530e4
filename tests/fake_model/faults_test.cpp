// What goes wrong on purpose: when, and how it looks to the client.
#include "fake_model/faults.hpp"
#include "fake_model/scene.hpp"
#include "fake_model/spoil.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <vector>

namespace groomer::fake_model::test {
namespace {

using namespace std::chrono_literals;

std::vector<int> statuses(Scene& scene, int count, std::string const& text = "x") {
    std::vector<int> out;
    for (int i = 0; i < count; ++i) out.push_back(scene.openai(text).status);
    return out;
}

TEST(FakeModelFaults, a_rule_springs_when_it_says) {
    Scene scene;
    scene.fault("server_error");
    EXPECT_EQ(statuses(scene, 3), (std::vector{500, 500, 500}));
    scene.fault("server_error:nth=2,times=1");
    EXPECT_EQ(statuses(scene, 3), (std::vector{200, 500, 200}));
    scene.fault("server_error:every=3");
    EXPECT_EQ(statuses(scene, 5), (std::vector{500, 200, 200, 500, 200}));
    scene.fault("server_error:nth=2,every=2,times=2");
    EXPECT_EQ(statuses(scene, 7), (std::vector{200, 500, 200, 500, 200, 200, 200}));
    scene.fault("server_error:text=two, words");
    EXPECT_EQ(statuses(scene, 1), (std::vector{200}));
    EXPECT_EQ(statuses(scene, 1, "here are two, words"), (std::vector{500}));
    EXPECT_EQ(scene.last().fault, "server_error");
}

TEST(FakeModelFaults, by_chance_they_spring_as_often_as_told_and_the_same_for_the_same_seed) {
    Question const question;
    auto const run = [&](std::uint64_t seed) {
        Faults faults;
        faults.seed(seed);
        faults.add("gone:p=0.25");
        std::string out;
        for (int i = 0; i < 2000; ++i) out += faults.next(question) ? 'x' : '.';
        return out;
    };
    EXPECT_EQ(run(7), run(7));
    EXPECT_NE(run(7), run(8));
    auto const text = run(7);
    auto const count = std::count(text.begin(), text.end(), 'x');
    EXPECT_GT(count, 400);
    EXPECT_LT(count, 600);
}

TEST(FakeModelFaults, the_first_rule_that_springs_hides_the_request_from_the_others) {
    Question const question;
    Faults faults;
    faults.add({.every = 2}, {FaultKind::gone});
    faults.add({}, {FaultKind::refusal});
    std::vector<FaultKind> kinds;
    for (int i = 0; i < 4; ++i) kinds.push_back(faults.next(question)->kind);
    EXPECT_EQ(kinds, (std::vector{FaultKind::gone, FaultKind::refusal, FaultKind::gone, FaultKind::refusal}));
    EXPECT_EQ(faults.sprung(), 4U);
}

TEST(FakeModelFaults, a_rule_that_cannot_be_read_is_refused) {
    Faults faults;
    for (auto const* rule : {"", "no_such", "gone:every", "gone:every=", "gone:every=x", "gone:every=-1", "gone:nth=1x", "gone:p=often",
                             "gone:delay=5", "gone:what=1", "gone:retry_after=soon"})
        EXPECT_THROW(faults.add(rule), std::invalid_argument) << rule;
    EXPECT_NO_THROW(faults.add("gone:every=2,nth=3,times=1,p=0.5,delay=5ms,retry_after=2s,text=a,b=c"));
}

struct Case {
    char const* rule;
    int openai, anthropic;    // status; 0: does not spring there
    char const *code, *type;  // of OpenAI's error; of Anthropic's
};

TEST(FakeModelFaults, errors_look_as_each_service_makes_them) {
    Scene scene;
    for (Case const& c :
         {Case{"rate_limit", 429, 429, "rate_limit_exceeded", "rate_limit_error"},
          Case{"quota", 429, 402, "insufficient_quota", "billing_error"}, Case{"credit", 0, 400, "", "invalid_request_error"},
          Case{"spend_limit", 429, 400, "billing_hard_limit_reached", "invalid_request_error"},
          Case{"unauthorized", 401, 401, "invalid_api_key", "authentication_error"},
          Case{"forbidden", 403, 403, "unsupported_country_region_territory", "permission_error"},
          Case{"model_not_found", 404, 404, "model_not_found", "not_found_error"},
          Case{"gone", 410, 410, "model_deprecated", "not_found_error"}, Case{"no_json_schema", 400, 0, "", ""},
          Case{"no_json_object", 0, 0, "", ""}, Case{"context_length", 400, 400, "context_length_exceeded", "invalid_request_error"},
          Case{"too_large", 413, 413, "", "request_too_large"}, Case{"server_error", 500, 500, "", "api_error"},
          Case{"unavailable", 503, 503, "", "api_error"}, Case{"gateway_timeout", 504, 504, "", "timeout_error"},
          Case{"overloaded", 0, 529, "", "overloaded_error"}}) {
        scene.fault(c.rule);
        auto const here = scene.openai("x"), there = scene.anthropic("x");
        EXPECT_EQ(here.status, c.openai ? c.openai : 200) << c.rule;
        EXPECT_EQ(there.status, c.anthropic ? c.anthropic : 200) << c.rule;
        auto const code = c.openai ? here.json().at("error").at("code") : json::value(nullptr);
        EXPECT_EQ(code.is_null() ? "" : code.as_string(), c.code) << c.rule;
        auto const type = c.anthropic ? there.json().at("error").at("type") : json::value("");
        EXPECT_EQ(type, c.type) << c.rule;
    }
    scene.fault("bad_gateway");
    EXPECT_EQ(scene.openai("x").header("content-type"), "text/html");
}

TEST(FakeModelFaults, waiting_is_asked_for_in_three_ways) {
    Scene scene;
    scene.fault("rate_limit:retry_after=17s");
    EXPECT_EQ(scene.openai("x").header("retry-after"), "17");
    scene.fault("rate_limit");
    EXPECT_EQ(scene.openai("x").header("retry-after"), "1");
    scene.fault("rate_limit_date:retry_after=2h");
    auto const date = scene.openai("x").header("retry-after");
    EXPECT_TRUE(date.ends_with(" GMT")) << date;
    scene.fault("rate_limit_bare");
    EXPECT_EQ(scene.openai("x").header("retry-after"), "");
    scene.fault("overloaded:retry_after=3s");
    EXPECT_EQ(scene.anthropic("x").header("retry-after"), "3");
}

TEST(FakeModelFaults, the_ladder_has_to_be_climbed_down) {
    Scene scene;
    scene.server.with_state([](State& state) {
        state.faults.add("no_json_schema");
        state.faults.add("no_json_object");
    });
    auto const schema_refused = scene.openai("x");
    EXPECT_EQ(schema_refused.status, 400);
    EXPECT_EQ(schema_refused.json().at("error").at("param"), "response_format");
    EXPECT_NE(schema_refused.body.find("'json_schema' is not supported"), std::string::npos);
    EXPECT_EQ(scene.openai("x", Rung::json_object).status, 400);
    auto const plain = scene.openai("x", Rung::plain);
    EXPECT_EQ(plain.status, 200);
    EXPECT_TRUE(json::parse(content_of(plain)).as_object().contains("verdict"));  // of the first request's schema
}

TEST(FakeModelFaults, connections_fail_in_their_ways) {
    Scene scene;
    scene.fault("close_before");
    EXPECT_EQ(scene.openai("x").status, 0);
    EXPECT_EQ(scene.last().status, 0);
    scene.fault("close_in_body");
    auto const half = scene.openai("x");
    EXPECT_EQ(half.status, 200);
    EXPECT_FALSE(half.whole);
    EXPECT_FALSE(half.body.empty());
    scene.fault("garbage_body");
    auto const garbage_body = scene.openai("x");
    EXPECT_TRUE(garbage_body.whole);
    EXPECT_ANY_THROW(garbage_body.json());
    scene.fault("garbage");
    RawClient client{scene.server.port()};
    client.send(openai_bytes(openai_request("x")));
    auto const bytes = client.receive_all(1000);
    EXPECT_FALSE(bytes.empty());
    EXPECT_EQ(bytes.find("HTTP/1.1"), std::string::npos);
}

TEST(FakeModelFaults, silence_lasts_until_the_client_leaves_and_holds_up_nobody) {
    Scene scene;
    scene.fault("silent:times=1");
    RawClient waiting{scene.server.port()};
    waiting.send(openai_bytes(openai_request("x")));
    while (scene.server.with_state([](State& state) { return state.log.entries().empty(); })) std::this_thread::yield();
    EXPECT_EQ(scene.openai("x").status, 200);
    waiting.shut();
    EXPECT_EQ(waiting.receive().status, 0);
    EXPECT_FALSE(waiting.timed_out());
}

TEST(FakeModelFaults, an_answer_may_be_late) {
    Scene scene;
    scene.fault("delay:delay=150ms");
    auto const start = std::chrono::steady_clock::now();
    EXPECT_EQ(scene.openai("x").status, 200);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 150ms);
    EXPECT_EQ(scene.last().fault, "delay");
}

class Content : public testing::Test {
protected:
    // What is asked for with that fault, from OpenAI.
    json::value choice(std::string const& fault) {
        scene.fault(fault);
        auto const answer = scene.openai("x");
        EXPECT_EQ(answer.status, 200) << answer.body.substr(0, 200);
        return answer.json().at("choices").at(0);
    }
    std::string text(std::string const& fault) { return choice(fault).at("message").at("content").as_string().c_str(); }
    std::string raw_text(std::string const& fault) {
        auto const said = choice(fault).at("message").at("content").as_string();
        return {said.data(), said.size()};
    }
    json::value parsed(std::string const& fault) { return json::parse(raw_text(fault)); }
    // The first block, and why it ends, from Anthropic.
    json::value there(std::string const& fault) {
        scene.fault(fault);
        auto const answer = scene.anthropic("x");
        EXPECT_EQ(answer.status, 200) << answer.body.substr(0, 200);
        return answer.json();
    }

    Scene scene;
    std::string const right = content_of(scene.openai("x"));
};

TEST_F(Content, the_model_refuses_or_ends_too_soon) {
    auto const refusal = choice("refusal");
    EXPECT_TRUE(refusal.at("message").at("content").is_null());
    EXPECT_FALSE(refusal.at("message").at("refusal").as_string().empty());
    EXPECT_EQ(there("refusal").at("stop_reason"), "refusal");
    EXPECT_TRUE(there("refusal").at("content").as_array().empty());
    auto const cut = choice("length");
    EXPECT_EQ(cut.at("finish_reason"), "length");
    EXPECT_TRUE(right.starts_with(cut.at("message").at("content").as_string().c_str()));
    EXPECT_EQ(there("length").at("stop_reason"), "max_tokens");
    EXPECT_TRUE(there("length").at("content").at(0).at("input").as_object().empty());
    EXPECT_EQ(choice("content_filter").at("finish_reason"), "content_filter");
}

TEST_F(Content, there_is_no_answer) {
    EXPECT_EQ(text("empty"), "");
    EXPECT_EQ(there("empty").at("content").at(0).at("text"), "");
    EXPECT_TRUE(choice("null_content").at("message").at("content").is_null());
    EXPECT_TRUE(there("null_content").at("content").is_null());
    scene.fault("no_choices");
    EXPECT_TRUE(scene.openai("x").json().at("choices").as_array().empty());
    EXPECT_TRUE(there("no_choices").at("content").as_array().empty());
}

TEST_F(Content, it_is_not_what_was_asked_for) {
    EXPECT_ANY_THROW(json::parse(text("not_json")));
    EXPECT_EQ(there("not_json").at("content").at(0).at("type"), "text");
    EXPECT_EQ(there("not_json").at("stop_reason"), "end_turn");
    EXPECT_FALSE(parsed("other_shape").as_object().contains("verdict"));
    EXPECT_FALSE(there("other_shape").at("content").at(0).at("input").as_object().contains("verdict"));
    EXPECT_NE(text("fenced").find("```json\n" + right + "\n```"), std::string::npos);
    EXPECT_EQ(there("text_for_tool").at("content").at(0).at("text"), json::value(right));
    auto const blocks = there("several_blocks");
    EXPECT_EQ(blocks.at("content").as_array().size(), 3U);
    EXPECT_EQ(blocks.at("content").at(2).at("input"), json::parse(right));
    EXPECT_EQ(blocks.at("stop_reason"), "tool_use");
}

TEST_F(Content, it_has_bytes_that_nobody_wants) {
    auto const nuls = raw_text("nul_bytes");
    EXPECT_NE(nuls.find('\0'), std::string::npos);
    auto without = nuls;
    without.erase(std::remove(without.begin(), without.end(), '\0'), without.end());
    EXPECT_EQ(without, right);
    auto const escapes = parsed("nul_escapes");
    EXPECT_NE(escapes.at("decisions").at("type").at("reason").as_string().find('\0'), json::string::npos);
    EXPECT_GT(raw_text("huge").size(), huge_bytes);
    EXPECT_GT(json::serialize(there("huge")).size(), huge_bytes);
}

TEST_F(Content, it_says_what_cannot_be) {
    EXPECT_EQ(parsed("unknown_label").at("verdict").at("actionability"), "no-such-label");
    auto const contradiction = parsed("contradiction");
    EXPECT_EQ(contradiction.at("verdict").at("actionability"), "needs_info");
    EXPECT_TRUE(contradiction.at("gaps").as_array().empty());
    EXPECT_EQ(parsed("wrong_duplicate").at("duplicate_of"), nowhere);
    EXPECT_EQ(parsed("wrong_duplicate").at("related").at(0), nowhere);
    EXPECT_EQ(parsed("numbers_as_strings").at("verdict").at("confidence"), "0.9");
}

TEST_F(Content, it_says_everything_twice) {
    auto const twice = text("duplicate_keys");
    auto const first = twice.find("\"actionability\""), second = twice.find("\"actionability\"", first + 1);
    ASSERT_NE(second, std::string::npos);
    EXPECT_NE(twice.substr(first, 30), twice.substr(second, 30));
    scene.fault("duplicate_keys");
    auto const body = scene.anthropic("x").body;
    EXPECT_NE(body.find(twice), std::string::npos);
}

TEST_F(Content, what_it_cost_is_not_told_or_not_true) {
    auto const usage = [&](std::string const& fault) {
        scene.fault(fault);
        return scene.openai("x").json().at("usage");
    };
    scene.fault("no_usage");
    EXPECT_FALSE(scene.openai("x").json().as_object().contains("usage"));
    EXPECT_FALSE(scene.anthropic("x").json().as_object().contains("usage"));
    EXPECT_EQ(usage("absurd_usage").at("total_tokens"), std::int64_t{1} << 62U);
    EXPECT_EQ(usage("negative_usage").at("prompt_tokens"), -1);
    EXPECT_EQ(there("negative_usage").at("usage").at("output_tokens"), -1);
    EXPECT_EQ(usage("zero_usage").at("prompt_tokens"), 0);
    EXPECT_EQ(there("zero_usage").at("usage").at("output_tokens"), 0);
}

TEST(FakeModelFaults, each_is_told_of_in_the_readme_changes_something_and_has_a_name_of_its_own) {
    std::ifstream file{std::string{GROOMER_SOURCE_DIR} + "/tests/fake_model/README.md"};
    std::string const readme{std::istreambuf_iterator<char>{file}, {}};
    Scene scene;
    auto const plain_here = scene.openai("x"), plain_there = scene.anthropic("x");
    std::set<std::string_view> names;
    for (auto const& fault : fault_names()) {
        EXPECT_TRUE(names.insert(fault.name).second) << fault.name;
        EXPECT_EQ(name_of(fault.kind), fault.name);
        EXPECT_NE(readme.find("| `" + std::string{fault.name} + "` |"), std::string::npos) << fault.name;
        if (fault.kind == FaultKind::none || fault.kind == FaultKind::silent || fault.kind == FaultKind::garbage) continue;
        if (fault.kind == FaultKind::no_json_object) continue;  // of another rung
        scene.fault(std::string{fault.name});
        // Ids and times differ from one answer to the next, in digits alone and as many of them.
        auto const differs = [](Answer const& a, Answer const& b) { return a.status != b.status || a.body.size() != b.body.size(); };
        EXPECT_TRUE(differs(scene.openai("x"), plain_here) || differs(scene.anthropic("x"), plain_there)) << fault.name;
    }
    EXPECT_EQ(names.size(), static_cast<std::size_t>(FaultKind::several_blocks) + 1);
}

}  // namespace
}  // namespace groomer::fake_model::test
