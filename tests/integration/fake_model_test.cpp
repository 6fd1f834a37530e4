// The fake language model as a client sees it, by raw requests: what it answers, what it refuses, and what it writes down.
#include "base/digest.hpp"
#include "fake_model/scene.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <vector>

namespace groomer::fake_model::test {
namespace {

using namespace std::chrono_literals;

std::string why(Answer const& answer) { return answer.json().at("error").at("message").as_string().c_str(); }

TEST(FakeModel, an_answer_of_openai_has_its_shape) {
    Scene scene;
    auto const answer = scene.openai("It panics");
    ASSERT_EQ(answer.status, 200) << answer.body;
    auto const body = answer.json().as_object();
    EXPECT_EQ(body.at("object"), "chat.completion");
    EXPECT_EQ(body.at("model"), "m-1");
    auto const& choice = body.at("choices").at(0).as_object();
    EXPECT_EQ(choice.at("finish_reason"), "stop");
    EXPECT_EQ(choice.at("message").at("role"), "assistant");
    EXPECT_TRUE(choice.at("message").at("refusal").is_null());
    EXPECT_TRUE(json::parse(content_of(answer)).at("verdict").at("confidence").is_number());
    // "Answer in JSON." and "It panics"
    EXPECT_EQ(body.at("usage").at("prompt_tokens"), (15 + 9 + 3) / 4);
    EXPECT_EQ(body.at("usage").at("completion_tokens"), (content_of(answer).size() + 3) / 4);
    EXPECT_EQ(body.at("usage").at("total_tokens").as_int64(),
              body.at("usage").at("prompt_tokens").as_int64() + body.at("usage").at("completion_tokens").as_int64());
    EXPECT_FALSE(answer.header("x-request-id").empty());
}

TEST(FakeModel, an_answer_of_anthropic_has_its_shape) {
    Scene scene;
    auto const answer = scene.anthropic("It panics");
    ASSERT_EQ(answer.status, 200) << answer.body;
    auto const body = answer.json().as_object();
    EXPECT_EQ(body.at("type"), "message");
    EXPECT_EQ(body.at("stop_reason"), "tool_use");
    auto const& block = body.at("content").at(0).as_object();
    EXPECT_EQ(block.at("type"), "tool_use");
    EXPECT_EQ(block.at("name"), "answer");
    EXPECT_TRUE(block.at("input").at("verdict").at("confidence").is_number());
    EXPECT_EQ(body.at("usage").at("input_tokens"), (15 + 9 + 3) / 4);
    EXPECT_EQ(body.at("usage").at("output_tokens"), (json::serialize(block.at("input")).size() + 3) / 4);
    EXPECT_FALSE(answer.header("request-id").empty());
}

TEST(FakeModel, both_services_answer_the_same_and_again_the_same) {
    Scene scene;
    auto const text = content_of(scene.openai("It panics"));
    EXPECT_EQ(content_of(scene.openai("It panics")), text);
    EXPECT_EQ(input_of(scene.anthropic("It panics")), json::parse(text));
    EXPECT_NE(content_of(scene.openai("It panics again, and differently")), text);
}

TEST(FakeModel, any_path_that_ends_right_will_do) {
    Scene scene;
    auto const body = json::serialize(openai_request("x"));
    auto const key = std::string{"Authorization: Bearer sk-right\r\n"};
    EXPECT_EQ(scene.send(post("/chat/completions", key, body)).status, 200);
    EXPECT_EQ(scene.send(post("/a/proxy/v1/chat/completions?api-version=1", key, body)).status, 200);
    EXPECT_EQ(scene.send(post("/v1/completions", key, body)).status, 404);
    EXPECT_EQ(scene.send("GET /v1/chat/completions HTTP/1.1\r\nHost: x\r\n\r\n").status, 405);
    EXPECT_EQ(scene.send("nonsense\r\n\r\n").status, 400);
}

TEST(FakeModel, only_a_known_key_is_let_in) {
    Scene scene;
    auto const wrong = scene.send(openai_bytes(openai_request("x"), "sk-wrong"));
    EXPECT_EQ(wrong.status, 401);
    EXPECT_EQ(wrong.json().at("error").at("code"), "invalid_api_key");
    EXPECT_FALSE(scene.last().key_ok);
    auto const none = scene.send(post("/v1/chat/completions", "", json::serialize(openai_request("x"))));
    EXPECT_EQ(none.status, 401);
    EXPECT_TRUE(none.json().at("error").at("code").is_null());
    auto const there = scene.send(anthropic_bytes(anthropic_request("x"), "sk-wrong"));
    EXPECT_EQ(there.status, 401);
    EXPECT_EQ(there.json().at("type"), "error");
    EXPECT_EQ(there.json().at("error").at("type"), "authentication_error");
    EXPECT_EQ(scene
                  .send(post("/v1/messages", "Authorization: Bearer sk-right\r\nanthropic-version: 2023-06-01\r\n",
                             json::serialize(anthropic_request("x"))))
                  .status,
              401);
    scene.server.with_state([](State& state) { state.asks_key = false; });
    EXPECT_EQ(scene.send(post("/v1/chat/completions", "", json::serialize(openai_request("x")))).status, 200);
}

TEST(FakeModel, an_unknown_model_is_not_found_where_some_are_known) {
    Scene scene;
    scene.server.with_state([](State& state) { state.models = {"m-2"}; });
    auto const answer = scene.openai("x");
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(answer.json().at("error").at("code"), "model_not_found");
    EXPECT_EQ(scene.anthropic("x").json().at("error").at("type"), "not_found_error");
    auto known = openai_request("x");
    known["model"] = "m-2";
    EXPECT_EQ(scene.openai(known).status, 200);
}

struct Bad {
    std::string says;  // a part of the message
    std::function<void(json::object&)> change;
};

TEST(FakeModel, openai_refuses_bad_requests_in_its_own_words) {
    Scene scene;
    auto const in_schema = [](json::object& body) -> json::object& {
        return body.at("response_format").at("json_schema").at("schema").as_object();
    };
    auto const message = [](json::object& body, int index) -> json::object& { return body.at("messages").at(index).as_object(); };
    for (Bad const& bad : std::vector<Bad>{
             {"model parameter", [](auto& b) { b.erase("model"); }},
             {"'messages'", [](auto& b) { b.erase("messages"); }},
             {"empty array", [](auto& b) { b["messages"] = json::array{}; }},
             {"Supported values", [&](auto& b) { message(b, 1)["role"] = "human"; }},
             {"messages[1].content", [&](auto& b) { message(b, 1)["content"] = 7; }},
             {"messages[1].content", [&](auto& b) { message(b, 1).erase("content"); }},
             {"Unknown parameter: 'messages[0].text'", [&](auto& b) { message(b, 0)["text"] = "x"; }},
             {"Unknown parameter: 'maxtokens'", [](auto& b) { b["maxtokens"] = 1; }},
             {"same time", [](auto& b) { b["max_completion_tokens"] = 10; }},
             {"below minimum", [](auto& b) { b["max_tokens"] = 0; }},
             {"an integer", [](auto& b) { b["max_tokens"] = "10"; }},
             {"max_completion_tokens' instead", [](auto& b) { b["model"] = "o3-mini"; }},
             {"above maximum", [](auto& b) { b["temperature"] = 2.5; }},
             {"Supported values are: 'json_object'",
              [](auto& b) {
                  b["response_format"] = json::object{{"type", "json"}};
              }},
             {"'response_format.type'", [](auto& b) { b["response_format"] = json::object{}; }},
             {"json_schema.name'", [](auto& b) { b["response_format"].at("json_schema").as_object()["name"] = "my answer"; }},
             {"json_schema.schema'", [](auto& b) { b["response_format"].at("json_schema").as_object().erase("schema"); }},
             {"context=(), 'additionalProperties' is", [&](auto& b) { in_schema(b).erase("additionalProperties"); }},
             {"Missing 'gaps'",
              [&](auto& b) {
                  in_schema(b)["required"] = json::array{"verdict", "decisions"};
              }},
             {"('properties', 'gaps', 'items'), 'maxLength'",
              [&](auto& b) { in_schema(b)["properties"].at("gaps").at("items").as_object()["maxLength"] = 9; }},
             {"'$defs', 'type', 'properties', 'reason'), 'default'",
              [&](auto& b) { in_schema(b)["$defs"].at("type").at("properties").at("reason").as_object()["default"] = ""; }},
             {"array schema missing items", [&](auto& b) { in_schema(b)["properties"].at("gaps").as_object().erase("items"); }},
             {"'type' key", [&](auto& b) { in_schema(b)["properties"].as_object()["comment"] = json::object{}; }},
             {"type: \"object\"", [&](auto& b) { in_schema(b)["type"] = "array"; }},
             {"does not stream", [](auto& b) { b["stream"] = true; }}}) {
        auto request = openai_request("It panics");
        bad.change(request);
        auto const answer = scene.openai(request);
        EXPECT_EQ(answer.status, 400) << bad.says;
        ASSERT_TRUE(answer.json().as_object().contains("error")) << bad.says << ": " << answer.body;
        EXPECT_EQ(answer.json().at("error").at("type"), "invalid_request_error");
        EXPECT_NE(why(answer).find(bad.says), std::string::npos) << bad.says << ": " << why(answer);
        EXPECT_EQ(scene.last().status, 400);
    }
}

TEST(FakeModel, what_openai_takes_only_when_it_is_not_strict) {
    Scene scene;
    auto request = openai_request("x");
    auto& described = request.at("response_format").at("json_schema").as_object();
    described["strict"] = false;
    described.at("schema").as_object().erase("required");
    EXPECT_EQ(scene.openai(request).status, 200);
    auto no_word = openai_request("x", Rung::json_object);
    no_word.at("messages").at(0).as_object()["content"] = "Answer.";
    EXPECT_NE(why(scene.openai(no_word)).find("must contain the word 'json'"), std::string::npos);
    auto parts = openai_request("x");
    parts.at("messages").at(1).as_object()["content"] = json::array{json::object{{"type", "text"}, {"text", "x"}}};
    EXPECT_EQ(content_of(scene.openai(parts)), content_of(scene.openai("x")));
}

TEST(FakeModel, anthropic_refuses_bad_requests_in_its_own_words) {
    Scene scene;
    auto const tool = [](json::object& body) -> json::object& { return body.at("tools").at(0).as_object(); };
    auto const message = [](json::object& body) -> json::object& { return body.at("messages").at(0).as_object(); };
    for (Bad const& bad :
         std::vector<Bad>{{"model: Field required", [](auto& b) { b.erase("model"); }},
                          {"max_tokens: Field required", [](auto& b) { b.erase("max_tokens"); }},
                          {"max_tokens: Input should be greater", [](auto& b) { b["max_tokens"] = 0; }},
                          {"messages: Field required", [](auto& b) { b.erase("messages"); }},
                          {"at least one message", [](auto& b) { b["messages"] = json::array{}; }},
                          {"top-level `system`", [&](auto& b) { message(b)["role"] = "system"; }},
                          {"'user' or 'assistant'", [&](auto& b) { message(b)["role"] = "human"; }},
                          {"first message", [&](auto& b) { message(b)["role"] = "assistant"; }},
                          {"non-empty content", [&](auto& b) { message(b)["content"] = ""; }},
                          {"must be non-empty",
                           [&](auto& b) {
                               message(b)["content"] = json::array{json::object{{"type", "text"}, {"text", ""}}};
                           }},
                          {"response_format: Extra inputs",
                           [](auto& b) {
                               b["response_format"] = json::object{{"type", "json_object"}};
                           }},
                          {"temperature: Input should be less", [](auto& b) { b["temperature"] = 1.5; }},
                          {"tools.0.custom.name: Field required", [&](auto& b) { tool(b).erase("name"); }},
                          {"tools.0.custom.name: String should match", [&](auto& b) { tool(b)["name"] = "my answer"; }},
                          {"input_schema: Field required", [&](auto& b) { tool(b).erase("input_schema"); }},
                          {"input_schema.type: Field required", [&](auto& b) { tool(b).at("input_schema").as_object().erase("type"); }},
                          {"Tool 'other' not found", [](auto& b) { b["tool_choice"].as_object()["name"] = "other"; }},
                          {"expected tags", [](auto& b) { b["tool_choice"].as_object()["type"] = "must"; }},
                          {"while providing tools", [](auto& b) { b.erase("tools"); }}}) {
        auto request = anthropic_request("It panics");
        bad.change(request);
        auto const answer = scene.anthropic(request);
        EXPECT_EQ(answer.status, 400) << bad.says;
        ASSERT_TRUE(answer.json().as_object().contains("error")) << bad.says << ": " << answer.body;
        EXPECT_EQ(answer.json().at("type"), "error");
        EXPECT_EQ(answer.json().at("error").at("type"), "invalid_request_error");
        EXPECT_NE(why(answer).find(bad.says), std::string::npos) << bad.says << ": " << why(answer);
    }
    auto const body = json::serialize(anthropic_request("x"));
    EXPECT_EQ(why(scene.send(post("/v1/messages", "x-api-key: sk-right\r\n", body))), "anthropic-version: header is required");
}

TEST(FakeModel, schemas_that_are_none_do_it_no_harm) {
    Scene scene;
    for (auto const* bad :
         {R"({"anyOf": 7})", R"({"type": 7})", R"({"type": []})", R"({"enum": 7})", R"({"type": "array", "minItems": -1})",
          R"({"type": "object", "properties": [], "required": 7})", R"({"$ref": 7})", R"({"$defs": [], "$ref": "#/$defs/a/b"})",
          R"({"type": "integer", "minimum": 9, "maximum": 1})"})
        for (bool const strict : {true, false}) {
            auto request = openai_request("label this X");
            auto& described = request.at("response_format").at("json_schema").as_object();
            described["strict"] = strict;
            described["schema"] = json::object{{"type", "object"},
                                               {"additionalProperties", false},
                                               {"required", json::array{"a"}},
                                               {"properties", json::object{{"a", json::parse(bad)}}}};
            scene.server.with_state([](State& state) { state.mind = obedient_mind(); });
            EXPECT_NE(scene.openai(request).status, 0) << bad;
        }
    EXPECT_EQ(scene.openai("x").status, 200);
}

TEST(FakeModel, a_body_that_is_no_json_is_refused_by_both) {
    Scene scene;
    for (auto const& headers : {"Authorization: Bearer sk-right\r\n", "x-api-key: sk-right\r\nanthropic-version: 2023-06-01\r\n"})
        for (auto const& body : {"", "{", "[]", "{\"model\": \"\xff\"}"}) {
            auto const target = headers[0] == 'A' ? "/v1/chat/completions" : "/v1/messages";
            EXPECT_EQ(scene.send(post(target, headers, body)).status, 400) << body;
        }
}

TEST(FakeModel, a_rung_without_a_schema_finds_it_in_the_prompt_or_remembers_it) {
    Scene scene;
    EXPECT_EQ(content_of(scene.openai("x", Rung::plain)), "{}");
    auto told = openai_request("x", Rung::json_object);
    told.at("messages").at(0).as_object()["content"] =
        "Say JSON like {\"a\": 1}, by this schema: " + json::serialize(schema()) + " and {nothing} else.";
    auto const text = content_of(scene.openai(told));
    EXPECT_TRUE(json::parse(text).as_object().contains("verdict"));
    EXPECT_EQ(content_of(scene.openai("x", Rung::json_object)), text);
    EXPECT_EQ(content_of(scene.openai("x", Rung::plain)), text);
    auto const plain = scene.anthropic("x", Rung::plain).json();
    EXPECT_EQ(plain.at("content").at(0).at("type"), "text");
    EXPECT_EQ(plain.at("content").at(0).at("text"), json::value(text));
    EXPECT_EQ(plain.at("stop_reason"), "end_turn");
}

TEST(FakeModel, max_tokens_cuts_the_answer) {
    Scene scene;
    auto request = openai_request("x");
    request["max_tokens"] = 5;
    auto const answer = scene.openai(request);
    EXPECT_EQ(answer.json().at("choices").at(0).at("finish_reason"), "length");
    EXPECT_EQ(content_of(answer).size(), 20U);
    EXPECT_EQ(answer.json().at("usage").at("completion_tokens"), 5);
    auto there = anthropic_request("x");
    there["max_tokens"] = 5;
    EXPECT_EQ(scene.anthropic(there).json().at("stop_reason"), "max_tokens");
}

TEST(FakeModel, a_test_may_answer_itself) {
    Scene scene;
    std::vector<std::string> heard;
    scene.server.with_state([&](State& state) {
        state.mind = [&](Question const& question) -> std::string {
            heard.push_back(question.system + question.user + std::string{name_of(question.rung)});
            if (heard.size() > 1) throw std::runtime_error{"lost my mind"};
            return "{ \"mine\" :1.50,\"mine\":true}";
        };
    });
    EXPECT_NE(scene.anthropic("x").body.find("\"input\":{ \"mine\" :1.50,\"mine\":true}"), std::string::npos);  // letter by letter
    EXPECT_EQ(heard.at(0), "Answer in JSON.xtool");
    auto const failed = scene.openai("x");
    EXPECT_EQ(failed.status, 500);
    EXPECT_NE(failed.body.find("lost my mind"), std::string::npos);
}

TEST(FakeModel, writes_down_every_request_and_never_a_key) {
    Scene scene;
    auto const path = testing::TempDir() + "fake_model.log";
    std::remove(path.c_str());
    scene.server.with_state([&](State& state) { state.log.log_to(path); });
    scene.openai("It panics");
    scene.send(anthropic_bytes(anthropic_request("x"), "sk-wrong-but-secret"));
    scene.server.with_state([](State& state) { state.log.keep_text = true; });
    scene.anthropic("It panics");
    std::ifstream file{path};
    std::string const text{std::istreambuf_iterator<char>{file}, {}};
    std::remove(path.c_str());
    EXPECT_EQ(text.find("sk-"), std::string::npos);
    std::vector<json::object> lines;
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
        lines.push_back(json::parse(text.substr(at, text.find('\n', at) - at)).as_object());
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0].at("protocol"), "openai");
    EXPECT_EQ(lines[0].at("rung"), "json_schema");
    EXPECT_EQ(lines[0].at("model"), "m-1");
    EXPECT_EQ(lines[0].at("key_ok"), true);
    EXPECT_EQ(lines[0].at("bytes"), json::serialize(openai_request("It panics")).size());
    EXPECT_EQ(lines[0].at("prompt_tokens"), (15 + 9 + 3) / 4);
    EXPECT_EQ(lines[0].at("status"), 200);
    EXPECT_EQ(lines[0].at("user_sha256"), json::value(sha256_hex("It panics")));
    EXPECT_FALSE(lines[0].contains("user"));
    EXPECT_EQ(lines[1].at("key_ok"), false);
    EXPECT_EQ(lines[1].at("status"), 401);
    EXPECT_EQ(lines[2].at("user"), "It panics");
    EXPECT_EQ(lines[2].at("system"), "Answer in JSON.");
    EXPECT_TRUE(json::parse(lines[2].at("answer").as_string()).is_object());
    EXPECT_EQ(scene.server.with_state([](State& state) { return state.log.entries().size(); }), 3U);
}

TEST(FakeModel, a_connection_takes_many_requests_also_at_once) {
    Scene scene;
    RawClient client{scene.server.port()};
    for (int i = 0; i < 3; ++i) client.send(openai_bytes(openai_request("x")));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.receive().status, 200);
    auto last = openai_bytes(openai_request("x"));
    last.insert(last.find("Host:"), "Connection: close\r\n");
    client.send(last);
    EXPECT_EQ(client.receive().header("connection"), "close");
    EXPECT_EQ(client.receive_all(1), "");
}

TEST(FakeModel, a_thousand_requests_think_at_the_same_time) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 2100) GTEST_SKIP() << "no more than " << limit.rlim_cur << " descriptors are allowed";
    Scene scene;
    scene.server.with_state([](State& state) { state.delay = 1s; });
    auto const bytes = openai_bytes(openai_request("x", Rung::plain));
    std::vector<std::unique_ptr<RawClient>> clients;
    auto const start = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i) {
        clients.push_back(std::make_unique<RawClient>(scene.server.port()));
        clients.back()->send(bytes);
    }
    for (auto& client : clients) ASSERT_EQ(client->receive().status, 200);
    auto const took = std::chrono::steady_clock::now() - start;
    EXPECT_GE(took, 1s);
    EXPECT_LT(took, 9s);  // one after the other they would take 1,000 s; sanitizers and a busy machine are slow
    RecordProperty("milliseconds", std::to_string(took / 1ms));
    scene.server.with_state([](State& state) {
        EXPECT_GT(state.most_at_once, 100U);
        EXPECT_EQ(state.at_once, 0U);
    });
}

TEST(FakeModel, stops_in_the_middle_of_requests) {
    Scene scene;
    scene.server.with_state([](State& state) { state.delay = 1h; });
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 20; ++i) {
        clients.push_back(std::make_unique<RawClient>(scene.server.port()));
        if (i % 2) clients.back()->send(openai_bytes(openai_request("x")));
    }
    scene.server.stop();
    for (auto& client : clients) {
        EXPECT_EQ(client->receive().status, 0);
        ASSERT_FALSE(client->timed_out());
    }
}

}  // namespace
}  // namespace groomer::fake_model::test
