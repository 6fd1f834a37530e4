#include "tracker/scanner.hpp"

#include <gtest/gtest.h>

#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace groomer::tracker::file {
namespace {

// "LINE:COLUMN BYTES" for each element, or the error last; fed in chunks of `size` bytes.
std::vector<std::string> scan(std::string_view text, std::size_t size) {
    std::vector<std::string> found;
    Scanner scanner{"f"};
    try {
        for (std::size_t at = 0; at < text.size(); at += size)
            scanner.feed(text.substr(at, size), [&](Element const& e) {
                std::ostringstream line;
                line << e.line << ':' << e.column << ' ' << text.substr(e.offset, e.length) << (e.too_deep ? " too deep" : "");
                found.push_back(line.str());
            });
        scanner.finish();
    } catch (Error const& e) {
        found.push_back(e.what());
    }
    return found;
}

using Lines = std::vector<std::string>;

constexpr std::string_view pages = R"([ {"a":"]}\"\\","b":[1,{}]},
  [], "x\"]",-1.5e3 ,null,true]
[][{"c":"\\"}])";

TEST(Scanner, finds_every_element_of_every_page_with_its_place) {
    EXPECT_EQ(scan(pages, pages.size()), (Lines{R"(1:3 {"a":"]}\"\\","b":[1,{}]})", "2:3 []", R"(2:7 "x\"]")", "2:14 -1.5e3", "2:22 null",
                                                "2:27 true", R"(3:4 {"c":"\\"})"}));
}

TEST(Scanner, finds_the_same_wherever_the_chunks_are_cut) {
    auto const whole = scan(pages, pages.size());
    for (std::size_t size = 1; size < pages.size(); ++size) EXPECT_EQ(scan(pages, size), whole) << "chunks of " << size;
    for (std::size_t cut = 0; cut <= pages.size(); ++cut) {
        std::size_t elements = 0;
        Scanner scanner{"f"};
        scanner.feed(pages.substr(0, cut), [&](Element const&) { ++elements; });
        scanner.feed(pages.substr(cut), [&](Element const&) { ++elements; });
        scanner.finish();
        EXPECT_EQ(elements, whole.size()) << "cut at " << cut;
    }
}

TEST(Scanner, says_where_the_structure_breaks_wherever_the_chunks_are_cut) {
    struct Case {
        std::string_view text, error;
    };
    for (auto const& [text, error] : std::vector<Case>{
             {"", "f: is empty: a list of issues was expected"},
             {"\n\n", "f: is empty: a list of issues was expected"},
             {"x", "f:1:1: expected a list of issues, '['"},
             {"\n {\"message\":1}", "f:2:2: an object where a list of issues ('[') was expected"},
             {"[}", "f:1:2: expected an issue"},
             {"[,", "f:1:2: expected an issue"},
             {"[:", "f:1:2: expected an issue"},
             {"[{}\n{}]", "f:2:1: expected ',' or ']' after an issue"},
             {"[{},]", "f:1:5: expected an issue"},
             {"[{]]", "f:1:3: ']' closes an object that '{' began"},
             {"[[\n}]", "f:2:1: '}' closes a list that '[' began"},
             {"[]]", "f:1:3: expected a list of issues, '['"},
             {"[", "f:1:2: the file ends before its list of issues does: was it cut, or is it still being written?"},
         }) {
        for (std::size_t size = 1; size <= text.size() + 1; ++size) {
            auto const found = scan(text, size);
            ASSERT_FALSE(found.empty()) << text;
            EXPECT_EQ(found.back(), error) << text << " in chunks of " << size;
        }
    }
}

TEST(Scanner, every_cut_of_a_page_is_told_from_a_whole_one) {
    constexpr std::string_view page = R"([{"a":"x"},{"b":[1,"\"]"]},7])";
    for (std::size_t length = 0; length < page.size(); ++length)
        EXPECT_NE(scan(page.substr(0, length), 4).back().find("f:"), std::string::npos);
    EXPECT_EQ(scan(page, 4).size(), 3U);
}

TEST(Scanner, marks_what_is_nested_too_deep_and_goes_on_behind_it) {
    auto const nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    auto const found = scan("[" + nested(max_depth) + "," + nested(max_depth + 1) + "," + nested(100'000) + ",1]", 1000);
    ASSERT_EQ(found.size(), 4U);
    EXPECT_EQ(found[0].find("too deep"), std::string::npos);
    EXPECT_NE(found[1].find("too deep"), std::string::npos);
    EXPECT_NE(found[2].find("too deep"), std::string::npos);
    EXPECT_TRUE(found[3].ends_with(" 1"));
}

TEST(Scanner, random_bytes_end_in_elements_or_in_one_error_whatever_the_chunks) {
    constexpr std::string_view alphabet = "[]{}\",:\\ \n1tx\0\xff";
    std::mt19937 random{1};
    for (int round = 0; round < 20'000; ++round) {
        std::string text = "[";
        for (auto n = random() % 40; n > 0; --n) text += alphabet[random() % alphabet.size()];
        auto const whole = scan(text, text.size());
        EXPECT_EQ(scan(text, 1 + random() % 7), whole) << text;
        EXPECT_LE(whole.size(), text.size() + 1);
    }
}

}  // namespace
}  // namespace groomer::tracker::file
