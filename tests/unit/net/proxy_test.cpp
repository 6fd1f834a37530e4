#include "net/proxy.hpp"

#include "base/error.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace groomer::net {
namespace {

using Environment = std::map<std::string, std::string>;

// "host:port user:password", or "" for none.
std::string chosen(Environment const& environment, std::string const& url) {
    auto const proxy = ProxyRules{environment}.proxy_for(parse_url(url));
    if (!proxy) return "";
    return proxy->host + ":" + std::to_string(proxy->port) + (proxy->credentials.empty() ? "" : " " + proxy->credentials);
}

bool direct(std::string const& no_proxy, std::string const& url) {
    return chosen({{"http_proxy", "p:1"}, {"https_proxy", "p:1"}, {"no_proxy", no_proxy}}, url).empty();
}

std::string sentence(std::string const& address) {
    try {
        ProxyRules const rules{{{"https_proxy", address}}};
        return "read";
    } catch (Error const& error) {
        EXPECT_EQ(error.code(), ErrorCode::config);
        return error.what();
    }
}

TEST(Proxy, IsChosenByTheSchemeOfTheAddress) {
    Environment const both{{"https_proxy", "http://s:3128"}, {"http_proxy", "http://h:8080/"}};
    EXPECT_EQ(chosen(both, "https://a/"), "s:3128");
    EXPECT_EQ(chosen(both, "http://a/"), "h:8080");
    EXPECT_EQ(chosen({{"https_proxy", "s:1"}}, "http://a/"), "");
    EXPECT_EQ(chosen({}, "https://a/"), "");
}

TEST(Proxy, IsReadInEitherCaseTheLowerFirstAndEmptyIsNone) {
    EXPECT_EQ(chosen({{"HTTPS_PROXY", "up:1"}}, "https://a/"), "up:1");
    EXPECT_EQ(chosen({{"HTTP_PROXY", "up:1"}}, "http://a/"), "up:1");
    EXPECT_EQ(chosen({{"HTTPS_PROXY", "up:1"}, {"https_proxy", "low:2"}}, "https://a/"), "low:2");
    EXPECT_EQ(chosen({{"https_proxy", ""}}, "https://a/"), "");
    EXPECT_EQ(chosen({{"https_proxy", "p:1"}, {"NO_PROXY", "a"}}, "https://a/"), "");
}

TEST(Proxy, NeedsNoSchemeAndNoPort) {
    EXPECT_EQ(chosen({{"http_proxy", "proxy"}}, "http://a/"), "proxy:1080");
    EXPECT_EQ(chosen({{"http_proxy", "http://[::1]:8"}}, "http://a/"), "::1:8");
}

TEST(Proxy, HasItsCredentialsDecoded) {
    EXPECT_EQ(chosen({{"http_proxy", "http://us%40er:p%3Aw%2f@proxy:1"}}, "http://a/"), "proxy:1 us@er:p:w/");
    EXPECT_EQ(chosen({{"http_proxy", "user@proxy:1"}}, "http://a/"), "proxy:1 user:");
    EXPECT_EQ(chosen({{"http_proxy", "http://a%:b%2@proxy:1"}}, "http://a/"), "proxy:1 a%:b%2");
}

TEST(Proxy, IsRefusedWhereItIsNoneAndTheSentenceDoesNotQuoteIt) {
    for (std::string const bad : {"http://user:secret@", "socks5://user:secret@proxy:1", "https://user:secret@proxy:1",
                                  "http://user:secret@proxy:99999", "user:secret@pro xy"}) {
        EXPECT_NE(sentence(bad), "read") << bad;
        EXPECT_EQ(sentence(bad).find("secret"), std::string::npos) << bad;
        EXPECT_EQ(sentence(bad).find("https_proxy"), 0U) << bad;
    }
}

TEST(NoProxy, MeansANameAndAllBelowIt) {
    for (std::string const list :
         {"example.com", ".example.com", "x, example.com", "x example.com", "x,,example.com,", "EXAMPLE.com", "example.com."}) {
        EXPECT_TRUE(direct(list, "https://example.com/")) << list;
        EXPECT_TRUE(direct(list, "http://api.Example.com/")) << list;
        EXPECT_TRUE(direct(list, "http://api.example.com./")) << list;
        EXPECT_FALSE(direct(list, "https://notexample.com/")) << list;
        EXPECT_FALSE(direct(list, "https://example.com.evil/")) << list;
    }
}

TEST(NoProxy, MeansEveryHostOnlyWhereAStarStandsAlone) {
    EXPECT_TRUE(direct("*", "https://anything/"));
    EXPECT_TRUE(direct("*", "http://1.2.3.4/"));
    EXPECT_FALSE(direct("*.example.com", "https://a.example.com/"));
}

TEST(NoProxy, ComparesAddressesAsAddresses) {
    EXPECT_TRUE(direct("10.1.2.3", "http://10.1.2.3/"));
    EXPECT_FALSE(direct("1.2.3", "http://10.1.2.3/"));
    EXPECT_FALSE(direct("2.3", "http://10.1.2.3/"));
    EXPECT_TRUE(direct("::1", "http://[0:0::1]/"));
    EXPECT_TRUE(direct("[::1]", "http://[::1]:8/"));
    EXPECT_TRUE(direct("10.0.0.0/8", "http://10.255.0.1/"));
    EXPECT_FALSE(direct("10.0.0.0/8", "http://11.0.0.1/"));
    EXPECT_TRUE(direct("192.168.4.0/23", "http://192.168.5.9/"));
    EXPECT_FALSE(direct("192.168.4.0/23", "http://192.168.6.9/"));
    EXPECT_TRUE(direct("fd00::/8", "http://[fd12::1]/"));
    EXPECT_FALSE(direct("fd00::/8", "http://253.0.0.1/"));
    EXPECT_FALSE(direct("10.0.0.0/33", "http://10.0.0.0/"));
    EXPECT_FALSE(direct("10.0.0.0/8", "http://host/"));
}

TEST(NoProxy, TakesAnyEntryAndWhatIsNoneCoversNothing) {
    EXPECT_TRUE(direct(".10.0.0.1", "http://10.0.0.1/"));
    for (auto const* entry : {"10.0.0.1/", "10.0.0.1/33", "10.0.0.1/x", "/8", "[/:8", ".", "..", ".[::1", "a:b", "[::1]:99999"})
        EXPECT_FALSE(direct(entry, "http://10.0.0.1/")) << entry;
}

TEST(NoProxy, MayNameAPort) {
    EXPECT_TRUE(direct("example.com:8443", "https://a.example.com:8443/"));
    EXPECT_FALSE(direct("example.com:8443", "https://a.example.com/"));
    EXPECT_TRUE(direct("example.com:443", "https://a.example.com/"));
    EXPECT_TRUE(direct("127.0.0.1:80", "http://127.0.0.1/"));
    EXPECT_FALSE(direct("127.0.0.1:80", "http://127.0.0.1:81/"));
    EXPECT_TRUE(direct("[::1]:81", "http://[::1]:81/"));
    EXPECT_FALSE(direct("[::1]:81", "http://[::1]/"));
}

}  // namespace
}  // namespace groomer::net
