#include "tracker/github/link_header.hpp"

#include <gtest/gtest.h>

namespace groomer::tracker::github {
namespace {

std::string const base = "https://api.github.com/repos/o/r/issues?per_page=100";

TEST(GithubLinks, next_and_last_are_found_among_others) {
    auto const links = parse_links(
        "<https://api.github.com/repositories/1/issues?page=1>; rel=\"prev\", "
        "<https://api.github.com/repositories/1/issues?page=3&x=a,b>; title=\"a, <b>; c\"; rel=\"next\", "
        "<https://api.github.com/repositories/1/issues?page=50>; rel=\"last\"",
        base);
    EXPECT_EQ(links.next, "https://api.github.com/repositories/1/issues?page=3&x=a,b");
    EXPECT_EQ(links.last, "https://api.github.com/repositories/1/issues?page=50");
    EXPECT_FALSE(links.next_refused);
}

TEST(GithubLinks, a_relation_may_be_a_bare_word_one_of_several_and_in_any_case) {
    EXPECT_EQ(parse_links("</a?page=2>;rel=next", base).next, "https://api.github.com/a?page=2");
    EXPECT_EQ(parse_links("</a> ; REL = \"start NEXT\"", base).next, "https://api.github.com/a");
    EXPECT_EQ(parse_links("</a>; rel=\"nextone\"", base).next, "");
    EXPECT_EQ(parse_links("</a>; rel=first; rel=next", base).next, "");  // the first counts (RFC 8288, 3.3)
}

TEST(GithubLinks, another_origin_is_refused_however_it_is_written) {
    for (std::string const target :
         {"https://evil.example/a", "http://api.github.com/a", "//evil.example/a", "https://api.github.com@evil.example/",
          "https://api.github.com:8443/a", "https://api.github.com.evil.example/", "https://api.github.com\\@evil.example/",
          "javascript:alert(1)", "ftp://api.github.com/", "https://api.github.com/\xc3\xa4", "https://api.github.com/a b", ""}) {
        auto const links = parse_links("<" + target + ">; rel=\"next\"", base);
        EXPECT_EQ(links.next, "") << target;
        EXPECT_TRUE(links.next_refused) << target;
    }
    EXPECT_EQ(parse_links("<HTTPS://API.github.com:443/a>; rel=next", base).next, "HTTPS://API.github.com:443/a");
}

TEST(GithubLinks, hostile_headers_end) {
    std::string many;
    for (int i = 0; i < 100'000; ++i) many += "<https://api.github.com/x>; rel=\"other\",";
    EXPECT_EQ(parse_links(many + "</a>; rel=next", base).next, "");
    for (std::string const header : {"<", "<>", "<a", "<a>;", "<a>;;;;", "<a>; rel", "<a>; rel=", "<a>; rel=\"", "<a>; rel=\"\\", ",,,,",
                                     ">", "<a>=;=;=\"\"", "<a>; rel=\"next", ";;;"})
        EXPECT_EQ(parse_links(header, base).next, "") << header;
    EXPECT_EQ(parse_links("</" + std::string(5000, 'a') + ">; rel=next", base).next, "");
}

TEST(GithubLinks, the_number_of_a_page_is_read_from_the_query_alone) {
    EXPECT_EQ(page_of("https://h/a?per_page=100&page=12"), 12);
    EXPECT_EQ(page_of("https://h/a?page=3#x"), 3);
    EXPECT_EQ(page_of("https://h/page=3"), std::nullopt);
    EXPECT_EQ(page_of("https://h/?page=99999999999999999999"), std::nullopt);
    EXPECT_EQ(page_of("https://h/?page=-1&page=x&page="), std::nullopt);
    EXPECT_EQ(page_of(""), std::nullopt);
}

}  // namespace
}  // namespace groomer::tracker::github
