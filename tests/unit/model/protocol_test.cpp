#include "model/protocol.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace groomer::model {
namespace {

namespace json = boost::json;

Question question() { return {"be brief", {{true, "what is it?"}, {false, "{\"bad\":1}"}, {true, "again"}}, R"({"type":"object"})", 100}; }

json::value body_of(std::string_view provider, Shape shape) { return json::parse(find_protocol(provider)->body(question(), "m-1", shape)); }

TEST(Protocols, an_unknown_provider_has_none) {
    EXPECT_EQ(find_protocol("local"), nullptr);
    EXPECT_EQ(find_protocol(""), nullptr);
}

TEST(OpenAi, asks_for_an_answer_that_follows_the_schema_and_not_for_a_stream) {
    auto const body = body_of("openai", {});
    EXPECT_EQ(body.at("model"), "m-1");
    EXPECT_EQ(body.at("stream"), false);
    EXPECT_EQ(body.at("max_tokens"), 100);
    EXPECT_EQ(body.at("response_format"), json::parse(R"({"type":"json_schema","json_schema":
        {"name":"groom","strict":true,"schema":{"type":"object"}}})"));
    EXPECT_EQ(body.at("messages"), json::parse(R"([{"role":"system","content":"be brief"},{"role":"user","content":"what is it?"},
        {"role":"assistant","content":"{\"bad\":1}"},{"role":"user","content":"again"}])"));
}

TEST(OpenAi, tells_the_schema_in_words_where_the_server_does_not_enforce_it) {
    auto const object = body_of("openai", {Rung::object, true}), plain = body_of("openai", {Rung::plain, false});
    EXPECT_EQ(object.at("response_format"), json::parse(R"({"type":"json_object"})"));
    EXPECT_EQ(object.at("max_completion_tokens"), 100);
    EXPECT_FALSE(object.as_object().contains("max_tokens"));
    EXPECT_FALSE(plain.as_object().contains("response_format"));
    for (auto const& body : {object, plain}) {
        std::string const system{body.at("messages").at(0).at("content").as_string()};
        EXPECT_NE(system.find(R"({"type":"object"})"), std::string::npos) << system;
    }
}

TEST(OpenAi, reads_the_answer_and_what_it_cost) {
    auto const reply = find_protocol("openai")->read(
        R"({"choices":[{"finish_reason":"stop","message":{"content":"{\"a\":1}","refusal":null}}],"usage":{"prompt_tokens":7,"completion_tokens":3}})");
    EXPECT_EQ(reply.text, R"({"a":1})");
    EXPECT_EQ(reply.flaw, Flaw::none);
    ASSERT_TRUE(reply.usage);
    EXPECT_EQ(reply.usage->input, 7);
    EXPECT_EQ(reply.usage->output, 3);
}

TEST(OpenAi, says_why_a_reply_is_of_no_use) {
    std::pair<std::string_view, Flaw> const replies[] = {
        {R"({"choices":[{"finish_reason":"stop","message":{"content":null,"refusal":"I cannot"}}]})", Flaw::refused},
        {R"({"choices":[{"finish_reason":"content_filter","message":{"content":""}}]})", Flaw::filtered},
        {R"({"choices":[{"finish_reason":"length","message":{"content":"{\"a\""}}]})", Flaw::cut_short},
        {R"({"choices":[{"finish_reason":"stop","message":{"content":" \n"}}]})", Flaw::empty},
        {R"({"choices":[{"finish_reason":"stop","message":{"content":null}}]})", Flaw::empty},
        {R"({"choices":[]})", Flaw::unreadable},
        {R"({"choices":{}})", Flaw::unreadable},
        {R"([])", Flaw::unreadable},
        {"<html>", Flaw::unreadable},
        {"", Flaw::unreadable},
        {std::string_view{"{\"choices\":\0}", 13}, Flaw::unreadable},
    };
    for (auto const& [body, flaw] : replies) EXPECT_EQ(find_protocol("openai")->read(body).flaw, flaw) << body;
}

TEST(OpenAi, a_usage_that_makes_no_sense_is_none) {
    for (auto const* usage : {"null", "{}", R"({"prompt_tokens":1})", R"({"prompt_tokens":-1,"completion_tokens":1})",
                              R"({"prompt_tokens":"1","completion_tokens":1})", R"({"prompt_tokens":1e30,"completion_tokens":1})",
                              R"({"prompt_tokens":999999999999,"completion_tokens":1})", R"({"prompt_tokens":0,"completion_tokens":0})",
                              R"({"prompt_tokens":0,"completion_tokens":9})", R"({"prompt_tokens":9,"completion_tokens":0})"}) {
        auto const body = std::string{R"({"choices":[{"message":{"content":"x"}}],"usage":)"} + usage + "}";
        EXPECT_FALSE(find_protocol("openai")->read(body).usage) << usage;
    }
}

TEST(Anthropic, a_usage_of_zeros_is_none) {
    auto const usage = [](std::string const& told, std::string const& content) {
        return find_protocol("anthropic")->read(R"({"content":[)" + content + R"(],"usage":)" + told + "}").usage;
    };
    std::string const said = R"({"type":"text","text":"x"})";
    EXPECT_FALSE(usage(R"({"input_tokens":0,"output_tokens":0})", said));
    EXPECT_FALSE(usage(R"({"input_tokens":5,"output_tokens":0})", said));
    EXPECT_TRUE(usage(R"({"input_tokens":5,"output_tokens":0})", "")) << "nothing was said";
    EXPECT_TRUE(usage(R"({"input_tokens":0,"cache_read_input_tokens":5,"output_tokens":1})", said)) << "all of it was cached";
}

TEST(Anthropic, asks_by_a_tool_that_has_to_be_called) {
    auto const body = body_of("anthropic", {});
    EXPECT_EQ(body.at("system"), "be brief");
    EXPECT_EQ(body.at("max_tokens"), 100);
    EXPECT_EQ(body.at("tools").at(0).at("input_schema"), json::parse(R"({"type":"object"})"));
    EXPECT_EQ(body.at("tool_choice"), json::parse(R"({"type":"tool","name":"groom"})"));
    EXPECT_EQ(body.at("messages").as_array().size(), 3U);
    EXPECT_EQ(body.at("messages").at(1).at("role"), "assistant");
    EXPECT_FALSE(body_of("anthropic", {Rung::plain, false}).as_object().contains("tools"));
}

TEST(Anthropic, reads_the_tools_input_or_else_the_words) {
    auto const& protocol = *find_protocol("anthropic");
    auto const tool = protocol.read(
        R"({"content":[{"type":"text","text":"Well."},{"type":"tool_use","name":"groom","input":{"a":1}}],"stop_reason":"tool_use",
            "usage":{"input_tokens":5,"cache_read_input_tokens":2,"output_tokens":3}})");
    EXPECT_EQ(tool.text, R"({"a":1})");
    EXPECT_EQ(tool.usage.value_or(Usage{}).input, 7);
    EXPECT_EQ(protocol.read(R"({"content":[{"type":"text","text":"{\"a\":"},{"type":"text","text":"2}"}],"stop_reason":"end_turn"})").text,
              R"({"a":2})");
    EXPECT_EQ(protocol.read(R"({"content":[],"stop_reason":"end_turn"})").flaw, Flaw::empty);
    EXPECT_EQ(protocol.read(R"({"content":[],"stop_reason":"refusal"})").flaw, Flaw::refused);
    EXPECT_EQ(protocol.read(R"({"content":[{"type":"tool_use","input":{}}],"stop_reason":"max_tokens"})").flaw, Flaw::cut_short);
    EXPECT_EQ(protocol.read(R"({"content":7})").flaw, Flaw::unreadable);
}

TEST(Protocols, each_has_its_addresses_and_its_header_for_the_key) {
    auto const &openai = *find_protocol("openai"), &anthropic = *find_protocol("anthropic");
    EXPECT_EQ(openai.url("https://h/v1/"), "https://h/v1/chat/completions");
    EXPECT_EQ(openai.models_url("https://h/v1"), "https://h/v1/models");
    EXPECT_EQ(anthropic.url("https://h"), "https://h/v1/messages");
    EXPECT_EQ(anthropic.url("https://h/v1"), "https://h/v1/messages");
    EXPECT_EQ(net::find_header(openai.headers("k"), "authorization"), "Bearer k");
    EXPECT_EQ(net::find_header(anthropic.headers("k"), "x-api-key"), "k");
    EXPECT_TRUE(openai.headers("").empty());
}

TEST(Protocols, the_ladder_goes_down_by_what_the_server_refuses) {
    auto const schema = R"({"error":{"message":"Invalid parameter: 'response_format' of type 'json_schema' is not supported"}})";
    EXPECT_EQ(next_shape({}, schema), (Shape{Rung::object, false}));
    EXPECT_EQ(next_shape({Rung::object, false}, schema), (Shape{Rung::plain, false}));
    EXPECT_EQ(next_shape({Rung::plain, false}, schema), std::nullopt);
    EXPECT_EQ(next_shape({}, "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."),
              (Shape{Rung::schema, true}));
    EXPECT_EQ(next_shape({}, "max_tokens is too large: 2048"), std::nullopt) << "this is no matter of names";
    EXPECT_EQ(next_shape({}, "This model's maximum context length is 8192 tokens"), std::nullopt);
}

}  // namespace
}  // namespace groomer::model
