#include "groom/kept_answer.hpp"

#include <gtest/gtest.h>

#include <tuple>

namespace groomer::groom {
namespace {

TEST(KeptAnswer, ComesBackAsItWas) {
    KeptAnswer const kept{R"({"a":"\u0000 \"b\""})",
                          {4, 17},
                          "openai/m-1",
                          "digest",
                          {3000, 1000, true},
                          "",
                          Repair{"no \"idea\"", "That answer cannot be used.", true}};
    auto const back = parse_kept_answer(to_json(kept));
    ASSERT_TRUE(back);
    EXPECT_EQ(std::tie(back->answer, back->candidates, back->by, back->context, back->size, back->useless),
              std::tie(kept.answer, kept.candidates, kept.by, kept.context, kept.size, kept.useless));
    ASSERT_TRUE(back->repair);
    EXPECT_EQ(std::tie(back->repair->said, back->repair->request, back->repair->cut_short),
              std::tie(kept.repair->said, kept.repair->request, kept.repair->cut_short));
}

TEST(KeptAnswer, OneOfAnEarlierVersionIsRead) {
    auto const kept = parse_kept_answer(R"({"answer":"{}","candidates":[4],"by":"openai/m-1","context":"digest","useless":""})");
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->size, model::ContextSize{});
    EXPECT_FALSE(kept->repair);
}

TEST(KeptAnswer, WhatIsNoneIsNone) {
    for (auto const* text :
         {"", "{}", "[]", R"({"decisions":[],"gaps":[]})", R"({"answer":1,"candidates":[],"by":"","context":"","useless":""})",
          R"({"answer":"","candidates":[],"by":"","context":"","useless":"","repair":{}})",
          R"({"answer":"","candidates":[],"by":"","context":"","useless":"","size":7})",
          R"({"answer":"","candidates":["x"],"by":"","context":"","useless":""})"})
        EXPECT_FALSE(parse_kept_answer(text)) << text;
}

}  // namespace
}  // namespace groomer::groom
