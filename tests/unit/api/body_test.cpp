#include "api/body.hpp"

#include <gtest/gtest.h>

namespace groomer::api {
namespace {

int status(std::vector<net::Header> headers, std::string body = "{}") {
    net::Request request;
    request.headers = std::move(headers);
    request.body = std::move(body);
    auto const refused = refused_form(request);
    return refused ? refused->status : 0;
}

TEST(Body, IsTakenWhereItIsJsonOrSaysNothingOfItself) {
    for (auto const* type : {"application/json", "Application/JSON", "application/json; charset=utf-8", " application/json ;x"})
        EXPECT_EQ(status({{"Content-Type", type}}), 0) << type;
    EXPECT_EQ(status({}), 0);
    for (auto const* encoding : {"identity", "Identity", ""}) EXPECT_EQ(status({{"content-encoding", encoding}}), 0) << encoding;
}

TEST(Body, OfAnotherTypeIsRefused) {
    for (auto const* type :
         {"application/x-www-form-urlencoded", "text/plain", "", "application/jsonx", "json", "application/json, text/plain"})
        EXPECT_EQ(status({{"content-type", type}}), 415) << type;
    EXPECT_EQ(status({{"Content-Type", "application/json"}, {"Content-Type", "text/plain"}}), 415);
    net::Request form;
    form.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    form.body = "payload=%7B%7D";
    EXPECT_NE(refused_form(form)->body.find("of a webhook, choose it"), std::string::npos) << "GitHub's default is a form";
}

TEST(Body, ThatIsPackedIsRefused) {
    for (auto const* encoding : {"gzip", "deflate", "br", "identity, gzip", "x"})
        EXPECT_EQ(status({{"Content-Type", "application/json"}, {"Content-Encoding", encoding}}), 415) << encoding;
    EXPECT_EQ(status({{"Content-Encoding", "identity"}, {"Content-Encoding", "gzip"}}), 415);
    net::Request packed;
    packed.headers = {{"Content-Encoding", "gzip"}};
    packed.body = "{}";
    EXPECT_EQ(net::find_header(refused_form(packed)->headers, "Accept-Encoding"), "identity");
}

TEST(Body, ThatIsNotThereMayBeOfAnyForm) { EXPECT_EQ(status({{"Content-Type", "text/plain"}, {"Content-Encoding", "gzip"}}, ""), 0); }

std::string wrong(std::string const& body) {
    auto const parsed = parse_body(body);
    auto const* sentence = std::get_if<std::string>(&parsed);
    return sentence ? *sentence : "";
}

TEST(Body, IsRefusedWhereAKeyStandsTwiceHoweverDeep) {
    EXPECT_EQ(wrong(R"({"a":{"b":1},"c":{"b":1}})"), "");
    EXPECT_EQ(wrong(R"({"a":1,"a":1})"), "The body has /a twice.");
    EXPECT_EQ(wrong(R"({"a":[{"b":1},{"c":1,"c":2}]})"), "The body has /a/-/c twice.");
    EXPECT_LT(wrong("{\"" + std::string(5000, 'x') + "\":1,\"" + std::string(5000, 'x') + "\":1}").size(), 200U);
}

TEST(Body, IsRefusedWhereItIsDeeperThanAnybodyWrites) {
    auto const nested = [](std::size_t depth) { return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}"; };
    EXPECT_EQ(wrong(nested(31)), "");
    for (std::size_t const depth : {32U, 1000U, 1'000'000U}) EXPECT_EQ(wrong(nested(depth)), "The body is no JSON.") << depth;
    EXPECT_EQ(wrong(std::string(1'000'000, '{')), "The body is no JSON.");
}

}  // namespace
}  // namespace groomer::api
