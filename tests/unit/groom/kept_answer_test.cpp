#include "groom/kept_answer.hpp"

#include <gtest/gtest.h>

#include <tuple>

namespace groomer::groom {
namespace {

TEST(KeptAnswer, ComesBackAsItWas) {
    KeptAnswer const kept{R"({"a":"\u0000 \"b\""})", {4, 17}, "openai/m-1", "digest", ""};
    auto const back = parse_kept_answer(to_json(kept));
    ASSERT_TRUE(back);
    EXPECT_EQ(std::tie(back->answer, back->candidates, back->by, back->context, back->useless),
              std::tie(kept.answer, kept.candidates, kept.by, kept.context, kept.useless));
}

TEST(KeptAnswer, WhatIsNoneIsNone) {
    for (auto const* text :
         {"", "{}", "[]", R"({"decisions":[],"gaps":[]})", R"({"answer":1,"candidates":[],"by":"","context":"","useless":""})",
          R"({"answer":"","candidates":["x"],"by":"","context":"","useless":""})"})
        EXPECT_FALSE(parse_kept_answer(text)) << text;
}

}  // namespace
}  // namespace groomer::groom
