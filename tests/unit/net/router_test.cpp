#include "net/router.hpp"

#include <gtest/gtest.h>

namespace groomer::net {
namespace {

Handler const nothing = [](Request) -> Task<Response> { co_return Response{}; };

using Parameters = std::optional<std::vector<std::string>>;

TEST(MatchPath, GivesWhatStandsForEachParameter) {
    EXPECT_EQ(match_path("/a/{x}/b/{y}", "/a/1/b/%32"), (Parameters{{"1", "%32"}}));
    EXPECT_EQ(match_path("/", "/"), (Parameters{std::vector<std::string>{}}));
}

TEST(MatchPath, IsForTheWholePathByteByByte) {
    for (auto const* path : {"/a", "/a/", "/a/1/", "/a//", "/A/1", "a/1", "//a/1", "/a/1/2", "/%61/1", "", "/"})
        EXPECT_FALSE(match_path("/a/{x}", path)) << path;
    EXPECT_FALSE(match_path("/a", "/a/"));
    EXPECT_FALSE(match_path("/", "//"));
}

TEST(RouterTest, FindsTheRouteOfMethodAndPath) {
    Router const router{{{"GET", "/runs", nothing}, {"POST", "/runs", nothing}, {"GET", "/runs/{id}", nothing}}};
    Request request;
    request.method = "GET";
    request.target = "/runs/7";
    auto const match = router.match(request);
    ASSERT_TRUE(match.route);
    EXPECT_EQ(match.path, "/runs/{id}");
    EXPECT_EQ(request.parameters, std::vector<std::string>{"7"});
}

TEST(RouterTest, TellsAnUnknownPathFromAWrongMethod) {
    Router const router{{{"GET", "/runs", nothing}, {"POST", "/runs", nothing}, {"POST", "/only", nothing}}};
    Request request;
    request.method = "DELETE";
    request.target = "/runs";
    auto match = router.match(request);
    EXPECT_EQ(match.refusal->status, 405);
    EXPECT_EQ(find_header(match.refusal->headers, "allow"), "GET, HEAD, POST");
    EXPECT_EQ(match.path, "/runs");
    request.target = "/nothing/of/it";
    match = router.match(request);
    EXPECT_EQ(match.refusal->status, 404);
    EXPECT_EQ(match.path, "") << "what a stranger has made up is no route";
}

}  // namespace
}  // namespace groomer::net
