#include "net/http_request.hpp"

#include "net/failed.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace groomer::net {
namespace {

std::string trouble(ClientRequest const& request) {
    try {
        check_request(request);
        return "";
    } catch (Failed const& failed) {
        EXPECT_EQ(failed.stage(), Stage::url);
        return failed.what();
    }
}

ClientRequest with(std::string name, std::string value) {
    ClientRequest request;
    request.headers = {{std::move(name), std::move(value)}};
    return request;
}

TEST(HttpRequest, IsWrittenWithWhatItNeeds) {
    ClientRequest request = with("Accept", "text/plain");
    Form form;
    form.user_agent = "groomer";
    EXPECT_EQ(to_bytes(request, parse_url("https://a:8443/b?c"), form),
              "GET /b?c HTTP/1.1\r\nHost: a:8443\r\nUser-Agent: groomer\r\nAccept-Encoding: gzip\r\nAccept: text/plain\r\n\r\n");
    request.method = "POST";
    EXPECT_NE(to_bytes(request, parse_url("https://a/"), form).find("\r\nContent-Length: 0\r\n\r\n"), std::string::npos);
    request.method = "DELETE";
    request.body = "body";
    EXPECT_TRUE(to_bytes(request, parse_url("https://a/"), form).ends_with("\r\nContent-Length: 4\r\n\r\nbody"));
}

TEST(HttpRequest, LeavesToTheCallerWhatHeSets) {
    ClientRequest request;
    request.headers = {{"user-agent", "mine"}, {"ACCEPT-ENCODING", "identity"}};
    Form form;
    form.user_agent = "groomer";
    EXPECT_EQ(to_bytes(request, parse_url("http://a/"), form),
              "GET / HTTP/1.1\r\nHost: a\r\nuser-agent: mine\r\nACCEPT-ENCODING: identity\r\n\r\n");
}

TEST(HttpRequest, HasTheWholeAddressForAProxy) {
    Form form;
    form.for_proxy = true;
    form.proxy_credentials = "Basic eDp5";
    EXPECT_EQ(to_bytes({}, parse_url("http://a/b?c"), form),
              "GET http://a/b?c HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nProxy-Authorization: Basic eDp5\r\n\r\n");
}

TEST(HttpRequest, KeepsCredentialsFromOtherOrigins) {
    ClientRequest request;
    request.headers = {{"AUTHORIZATION", "token"}, {"cookie", "c"}, {"X", "y"}};
    Form form;
    EXPECT_NE(to_bytes(request, parse_url("http://a/"), form).find("token"), std::string::npos);
    form.same_origin = false;
    EXPECT_EQ(to_bytes(request, parse_url("http://a/"), form), "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nX: y\r\n\r\n");
}

TEST(HttpRequest, IsRefusedWhereAPartCouldBeTakenForAnother) {
    using namespace std::string_literals;
    for (std::string const& value : {"a\r\nX: y"s, "a\n"s, "\r"s, "a\0b"s, "\x7f"s}) {
        EXPECT_EQ(trouble(with("X", value)), "the value of X has a control character");
        EXPECT_NE(trouble(with("X" + value, "y")), "");
        ClientRequest request;
        request.method = "GET" + value;
        EXPECT_NE(trouble(request), "");
    }
    EXPECT_EQ(trouble(with("X", "tab\tand \xC3\xA9")), "");
    for (std::string const name :
         {"", "a b", "a:", "host", "Content-Length", "TRANSFER-ENCODING", "Connection", "Proxy-Authorization", "Expect"})
        EXPECT_NE(trouble(with(name, "y")), "") << name;
    ClientRequest tunnel;
    tunnel.method = "CONNECT";
    EXPECT_NE(trouble(tunnel), "");
}

}  // namespace
}  // namespace groomer::net
