#include "net/url.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace groomer::net {
namespace {

std::string trouble(std::string_view text) {
    try {
        return "read as " + parse_url(text).text();
    } catch (BadUrl const& bad) {
        return bad.what();
    }
}

std::string at(std::string_view base, std::string_view reference) {
    try {
        return resolve_url(parse_url(base), reference).text();
    } catch (BadUrl const& bad) {
        return bad.what();
    }
}

TEST(Url, IsTakenApart) {
    Url const url = parse_url("HTTPS://API.Example.com:8443/a/b?q=1&r=/x#part");
    EXPECT_TRUE(url.secure);
    EXPECT_EQ(url.host, "api.example.com");
    EXPECT_EQ(url.port, 8443);
    EXPECT_EQ(url.target, "/a/b?q=1&r=/x");
    EXPECT_EQ(url.path(), "/a/b");
    EXPECT_EQ(url.authority(), "api.example.com:8443");
    EXPECT_EQ(url.origin(), "https://api.example.com:8443");
}

TEST(Url, KnowsTheSchemesOwnPort) {
    EXPECT_EQ(parse_url("https://a/").port, 443);
    EXPECT_EQ(parse_url("http://a:/").port, 80);
    EXPECT_EQ(parse_url("http://a:80/").authority(), "a");
    EXPECT_EQ(parse_url("https://a:80/").authority(), "a:80");
    EXPECT_EQ(parse_url("https://a").endpoint(), "a:443");
}

TEST(Url, HasATargetEvenWithoutAPath) {
    EXPECT_EQ(parse_url("http://a").target, "/");
    EXPECT_EQ(parse_url("http://a?x").target, "/?x");
    EXPECT_EQ(parse_url("http://a#x").target, "/");
    EXPECT_EQ(parse_url("http://a/b/../c/./d?x=/../y").target, "/c/d?x=/../y");
}

TEST(Url, TakesIpv6InBrackets) {
    Url const url = parse_url("http://[0:0::1]:8080/x");
    EXPECT_EQ(url.host, "::1");
    EXPECT_EQ(url.authority(), "[::1]:8080");
    EXPECT_EQ(url.text(), "http://[::1]:8080/x");
}

TEST(Url, IsRefusedWhereItIsNone) {
    for (std::string_view const bad : {"",
                                       "/path",
                                       "a/b",
                                       "ftp://a/",
                                       "http:/a",
                                       "http:a",
                                       "http://",
                                       "http:///x",
                                       "http://a:0/",
                                       "http://a:65536/",
                                       "http://a:x/",
                                       "http://a:-1/",
                                       "http://[::1/",
                                       "http://[::1]x/",
                                       "http://[1.2.3.4]/",
                                       "http://[fe80::1%251]/",
                                       "http://a b/",
                                       "http://a%20b/",
                                       "http://\xC3\xA9/",
                                       "javascript:alert(1)"})
        EXPECT_FALSE(trouble(bad).starts_with("read as ")) << bad << ": " << trouble(bad);
}

TEST(Url, IsRefusedWhereItCouldEndALineOrHideAHost) {
    using namespace std::string_view_literals;
    for (std::string_view const bad : {"http://a/\r\nX: y"sv, "http://a/\n"sv, "http://a/\0"sv, "http://a/\x7f"sv, "http://a/b c"sv,
                                       "http://good\\@evil/"sv, "http://a/\tb"sv, "http://a\r\n/"sv})
        EXPECT_EQ(trouble(bad), "it has a character that must be percent-encoded") << bad;
}

TEST(Url, IsRefusedWithAUserAndTheSentenceDoesNotQuoteIt) {
    std::string const sentence = trouble("https://user:secret@host/");
    EXPECT_EQ(sentence, "it holds a user or a password, which belong elsewhere");
    EXPECT_EQ(at("https://a/", "//user:secret@host/"), sentence);
}

TEST(Url, ResolvesReferencesAsTheStandardHasIt) {  // RFC 3986, 5.4, with what it says of "g" and the like
    std::string const base = "http://a/b/c/d?q";
    for (auto const& [reference, meant] :
         std::vector<std::pair<std::string, std::string>>{{"g", "http://a/b/c/g"},
                                                          {"./g", "http://a/b/c/g"},
                                                          {"g/", "http://a/b/c/g/"},
                                                          {"/g", "http://a/g"},
                                                          {"//g", "http://g/"},
                                                          {"?y", "http://a/b/c/d?y"},
                                                          {"g?y", "http://a/b/c/g?y"},
                                                          {"#s", "http://a/b/c/d?q"},
                                                          {"g#s", "http://a/b/c/g"},
                                                          {"", "http://a/b/c/d?q"},
                                                          {".", "http://a/b/c/"},
                                                          {"./", "http://a/b/c/"},
                                                          {"..", "http://a/b/"},
                                                          {"../", "http://a/b/"},
                                                          {"../g", "http://a/b/g"},
                                                          {"../..", "http://a/"},
                                                          {"../../g", "http://a/g"},
                                                          {"../../../g", "http://a/g"},
                                                          {"/./g", "http://a/g"},
                                                          {"/../g", "http://a/g"},
                                                          {"g.", "http://a/b/c/g."},
                                                          {"..g", "http://a/b/c/..g"},
                                                          {"./../g", "http://a/b/g"},
                                                          {"./g/.", "http://a/b/c/g/"},
                                                          {"g/./h", "http://a/b/c/g/h"},
                                                          {"g/../h", "http://a/b/c/h"},
                                                          {"g?y/../x", "http://a/b/c/g?y/../x"},
                                                          {"https://h:1/x#y", "https://h:1/x"},
                                                          {"x:/y", "it is not absolute, or neither of http nor of https"}})
        EXPECT_EQ(at(base, reference), meant) << reference;
}

TEST(Url, PercentEncodesWhatAServerForgotTo) {
    EXPECT_EQ(at("http://a/", "/\xC3\xA9 x?\xE2\x82\xAC"), "http://a/%C3%A9%20x?%E2%82%AC");
    EXPECT_EQ(at("http://a/", "/x\r\nY: z"), "it has a character that must be percent-encoded");
}

}  // namespace
}  // namespace groomer::net
