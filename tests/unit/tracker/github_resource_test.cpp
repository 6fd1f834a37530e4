#include "base/error.hpp"
#include "base/time_text.hpp"
#include "tracker/github/answer.hpp"
#include "tracker/github/closing_words.hpp"
#include "tracker/github/resource.hpp"

#include <gtest/gtest.h>

namespace groomer::tracker::github {
namespace {

std::string page_of(std::string const& elements) { return "[" + elements + "]"; }

std::string const good = R"({"number":7,"title":"T","state":"open","updated_at":"2024-02-29T12:00:00Z"})";

TEST(GithubIssues, an_issue_has_what_github_tells) {
    auto const page = parse_issue_page(page_of(R"({"number":7,"title":"A title","body":"text\nmore","state":"closed","comments":3,
        "user":{"login":"dependabot[bot]","type":"Bot"},"labels":[{"name":"bug"},{"name":"bug"},"old/form",{"id":1}],
        "created_at":"2024-02-28T12:00:00Z","updated_at":"2024-02-29T12:00:00Z",
        "repository_url":"https://api.github.com/repos/new/name"})"),
                                       "o/r");
    ASSERT_EQ(page.issues.size(), 1U);
    auto const& issue = page.issues[0].issue;
    EXPECT_EQ(issue.ref, (IssueRef{"o/r", 7}));  // the configured name, whatever it is called now
    EXPECT_EQ(issue.title, "A title");
    EXPECT_EQ(issue.body, "text\nmore");
    EXPECT_FALSE(issue.open);
    EXPECT_TRUE(issue.author_is_bot);
    EXPECT_EQ(issue.labels, (std::vector<std::string>{"bug", "old/form"}));
    EXPECT_EQ(issue.updated_at, "2024-02-29T12:00:00Z");
    EXPECT_EQ(page.issues[0].comments, 3);
}

TEST(GithubIssues, pull_requests_are_left_out_but_their_time_counts) {
    auto const page = parse_issue_page(
        page_of(good + R"(,{"number":8,"title":"P","pull_request":{"url":"x"},"updated_at":"2024-03-01T00:00:00Z"})"), "o/r");
    EXPECT_EQ(page.issues.size(), 1U);
    EXPECT_EQ(page.entries, 2U);
    EXPECT_EQ(page.skipped, 0U);
    EXPECT_EQ(page.last_updated, "2024-03-01T00:00:00Z");
}

TEST(GithubIssues, one_that_cannot_be_used_is_counted_and_the_rest_goes_on) {
    for (std::string const bad : {"null",
                                  "1",
                                  "\"x\"",
                                  "[]",
                                  "{}",
                                  "true",
                                  R"({"number":null,"title":"x"})",
                                  R"({"number":"1","title":"x"})",
                                  R"({"number":-1,"title":"x"})",
                                  R"({"number":1e300,"title":"x"})",
                                  R"({"number":99999999999999999999,"title":"x"})",
                                  R"({"number":1,"title":null})",
                                  R"({"number":1,"title":{}})",
                                  R"({"number":1,"title":"  "})",
                                  R"({"number":1,"title":"x","labels":{}})",
                                  R"({"number":1,"title":"x","state":3})",
                                  R"({"number":1,"title":"\ud800"})",
                                  R"({"number":1,"title":"x",})",
                                  R"({"number":1 "title":"x"})",
                                  R"({"number":1,"title":"\q"})",
                                  R"({"number":1,"title":"x","repository_url":"https://api.github.com/repos/../.."})"}) {
        auto const page = parse_issue_page(page_of(bad + "," + good), "o/r");
        EXPECT_EQ(page.issues.size(), 1U) << bad;
        EXPECT_EQ(page.skipped, 1U) << bad;
        EXPECT_EQ(page.skipped_example.rfind("o/r, entry 1 of a page: ", 0), 0U) << page.skipped_example;
    }
}

TEST(GithubIssues, members_of_another_type_are_as_good_as_missing) {
    auto const page = parse_issue_page(
        page_of(
            R"({"number":1,"title":"x","body":7,"user":"me","labels":[null,7,{"name":null},{"name":{}},[]],"comments":"many","updated_at":5,"created_at":{}})"),
        "o/r");
    ASSERT_EQ(page.issues.size(), 1U);
    auto const& issue = page.issues[0].issue;
    EXPECT_EQ(issue.body, "");
    EXPECT_EQ(issue.author, "");
    EXPECT_TRUE(issue.labels.empty());
    EXPECT_EQ(issue.updated_at, "");
    EXPECT_EQ(page.issues[0].comments, 0);
    EXPECT_TRUE(page.issues[0].issue.open);
}

TEST(GithubIssues, giants_and_bombs_are_refused_one_by_one) {
    std::string const deep(100'000, '[');
    std::string const closed(100'000, ']');
    auto const bomb = R"({"number":1,"title":"x","body":)" + deep + closed + "}";
    auto const giant = R"({"number":1,"title":"x","body":")" + std::string(9UL << 20U, 'a') + "\"}";
    auto const page = parse_issue_page(page_of(bomb + "," + giant + "," + good), "o/r");
    EXPECT_EQ(page.issues.size(), 1U);
    EXPECT_EQ(page.skipped, 2U);
    EXPECT_NE(page.skipped_example.find("nested"), std::string::npos);
}

TEST(GithubIssues, ten_thousand_labels_and_odd_ones) {
    std::string labels;
    for (int i = 0; i < 10'000; ++i) labels += "{\"name\":\"l" + std::to_string(i) + "\"},";
    labels += R"({"name":"a/b"},{"name":"100%"},{"name":"\ud83d\ude80"},{"name":"bell\u0007"},{"name":")" + std::string(300, 'x') + "\"}";
    auto const page = parse_issue_page(page_of(R"({"number":1,"title":"x","labels":[)" + labels + "]}"), "o/r");
    ASSERT_EQ(page.issues.size(), 1U);
    auto const& found = page.issues[0].issue.labels;
    ASSERT_EQ(found.size(), 10'004U);
    EXPECT_EQ(found[10'000], "a/b");
    EXPECT_EQ(found[10'002], "\xF0\x9F\x9A\x80");
    EXPECT_EQ(found[10'003], "bell ");
}

TEST(GithubIssues, text_is_cleaned) {
    auto const page = parse_issue_page(page_of("{\"number\":1,\"title\":\"a\\u0000b\\u001b[31m\",\"body\":\"\xff\xfe\"}"), "o/r");
    ASSERT_EQ(page.issues.size(), 1U);
    EXPECT_EQ(page.issues[0].issue.title, "a b [31m");
    EXPECT_EQ(page.issues[0].issue.body, "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(GithubIssues, what_is_no_list_is_an_error) {
    for (std::string const body : {"", "{}", R"({"message":"Not Found"})", "[", "[{", "[1", "[1,", "<html>", "null", R"([{"number":1)"})
        EXPECT_THROW(parse_issue_page(body, "o/r"), Error) << body;
    EXPECT_TRUE(parse_issue_page("[]", "o/r").issues.empty());
}

TEST(GithubIssues, a_single_one_keeps_the_name_of_its_repository) {
    auto const one = parse_issue(R"({"number":3,"title":"x","comments":2,"repository_url":"https://ghe.example/api/v3/repos/a/b"})", "o/r");
    ASSERT_TRUE(one);
    EXPECT_EQ(one->issue.ref, (IssueRef{"a/b", 3}));
    EXPECT_EQ(one->comments, 2);
    EXPECT_FALSE(parse_issue(R"({"number":3,"title":"x","pull_request":{}})", "o/r"));
    EXPECT_FALSE(parse_issue("{}", "o/r"));
    EXPECT_THROW(parse_issue(R"({"number":3,"ti)", "o/r"), Error);
    EXPECT_THROW(parse_issue("[]", "o/r"), Error);
}

TEST(GithubTimelines, comments_and_label_events_come_with_their_actors) {
    Issue history;
    add_timeline_page(history, R"([
        {"event":"labeled","label":{"name":"bug"},"actor":{"login":"alice","id":1,"type":"User"}},
        {"event":"unlabeled","label":{"name":"bug"},"actor":{"login":"renovate[bot]","type":"Bot"}},
        {"event":"labeled","label":{"name":"ours"},"actor":{"login":"Groomer-App[bot]","type":"Bot"}},
        {"event":"commented","body":"hi\u0000","user":{"login":"bob","type":"User"},"actor":{"login":"bob"}},
        {"event":"commented","body":"mine","actor":{"login":"renamed","id":42}},
        {"event":"closed"},{"event":"cross-referenced","source":{}},{"event":"labeled","actor":null,"label":{"name":"old"}}])",
                      {"groomer-app[bot]", 42});
    ASSERT_EQ(history.events.size(), 4U);
    EXPECT_EQ(history.events[0].actor, Actor::person);
    EXPECT_TRUE(history.events[0].added);
    EXPECT_EQ(history.events[1].actor, Actor::bot);
    EXPECT_FALSE(history.events[1].added);
    EXPECT_EQ(history.events[2].actor, Actor::self);
    EXPECT_EQ(history.events[3].actor, Actor::person);  // a deleted account
    ASSERT_EQ(history.comments.size(), 2U);
    EXPECT_EQ(history.comments[0].author, "bob");
    EXPECT_EQ(history.comments[0].body, "hi ");
    EXPECT_EQ(history.comments[1].actor, Actor::self);  // by its number, which a new name does not change
}

TEST(GithubTimelines, a_comment_of_ours_has_the_name_in_its_mark) {
    Issue history;
    add_timeline_page(history, R"([
        {"event":"commented","body":"a\n\n<!-- groomer:notice -->","user":{"login":"us","id":42}},
        {"event":"commented","body":"a\n\n<!-- groomer:notice -->","user":{"login":"bob","id":1}},
        {"event":"commented","body":"none","user":{"login":"us","id":42}},
        {"event":"commented","body":"<!-- groomer:Not one -->","user":{"login":"us","id":42}},
        {"event":"commented","body":"<!-- groomer:open","user":{"login":"us","id":42}}])",
                      {"us", 42});
    ASSERT_EQ(history.comments.size(), 5U);
    EXPECT_EQ(history.comments[0].name, "notice");
    for (std::size_t i = 1; i < 5; ++i) EXPECT_EQ(history.comments[i].name, "") << i;
}

TEST(GithubTimelines, renames_and_closings_come_with_their_actors) {
    Issue issue;
    add_timeline_page(issue, R"([
        {"event":"renamed","rename":{"from":"a","to":"b"},"actor":{"login":"bob","id":1}},
        {"event":"renamed","rename":{"from":"b","to":"c"},"actor":{"login":"us","id":42}},
        {"event":"renamed","rename":"c","actor":{"login":"us","id":42}},
        {"event":"closed","actor":{"login":"bob","id":1}},{"event":"closed","actor":{"login":"us","id":42}}])",
                      {"us", 42});
    ASSERT_EQ(issue.renames.size(), 2U);
    EXPECT_EQ(issue.renames[0].actor, Actor::person);
    EXPECT_EQ(issue.renames[1].from, "b");
    EXPECT_EQ(issue.renames[1].to, "c");
    EXPECT_EQ(issue.renames[1].actor, Actor::self);
    EXPECT_EQ(issue.closed_by, Actor::self);
    EXPECT_FALSE(issue.was_reopened);
    add_timeline_page(issue, R"([{"event":"reopened","actor":{"login":"bob","id":1}}])", {"us", 42});
    EXPECT_TRUE(issue.was_reopened);
    Issue other;
    take_history(other, issue);
    EXPECT_TRUE(other.was_reopened);
    EXPECT_EQ(other.closed_by, Actor::self);
    EXPECT_EQ(other.renames.size(), 2U);
}

std::string reference(std::string const& body, std::string const& repo = "O/R", std::string const& merged = R"("2026-01-01T00:00:00Z")",
                      std::string const& title = "mend it") {
    return R"([{"event":"cross-referenced","actor":{"login":"bob","id":1},"source":{"type":"issue","issue":{"number":12,"title":")" +
           title + R"(","body":")" + body + R"(","pull_request":{"merged_at":)" + merged + R"(},"repository":{"full_name":")" + repo +
           R"("}}}}])";
}

TEST(GithubTimelines, a_merged_pull_request_of_the_repository_that_says_so_closes_it) {
    auto const merged = [](std::string const& page) {
        Issue issue;
        issue.ref = {"o/r", 7};
        issue.created_at = "2025-06-01T00:00:00Z";
        add_timeline_page(issue, page, {"us", 42});
        add_timeline_page(issue, page, {"us", 42});
        return issue.merged;
    };
    auto const found = merged(reference("Fixes #7"));
    ASSERT_EQ(found.size(), 1U) << "once";
    EXPECT_EQ(found[0].number, 12);
    EXPECT_EQ(found[0].title, "mend it");
    EXPECT_TRUE(merged(reference("see #7")).empty());
    EXPECT_TRUE(merged(reference("Fixes #7", "mallory/r")).empty()) << "anybody merges what he likes in a repository of his own";
    EXPECT_TRUE(merged(reference("Fixes #7", "o/r", "null")).empty());
    EXPECT_TRUE(merged(reference("Fixes #7", "o/r", R"("2026-01-01T00:00:00Z")", "Revert: mend it")).empty());
    EXPECT_TRUE(merged(reference("", "o/r", R"("2026-01-01T00:00:00Z")", "Fixes #7")).empty()) << "GitHub looks at the description";
    EXPECT_TRUE(merged(reference("Fixes #7", "o/r", R"("2025-01-01T00:00:00Z")")).empty()) << "before there was the issue";
    EXPECT_TRUE(merged(R"([{"event":"cross-referenced","source":{"issue":{"pull_request":{"merged_at":7},"number":"x"}}}])").empty());
}

TEST(GithubTimelines, closing_words_are_those_of_github) {
    IssueRef const of{"o/r", 7};
    for (auto const* text : {"close #7", "Closes #7.", "CLOSED: #7", "x\nfix #7", "fixes o/R#7", "(fixed #7)", "resolve #7, and more",
                             "resolves  #7", "Resolved https://github.com/o/r/issues/7"})
        EXPECT_TRUE(says_it_closes(text, of)) << text;
    for (auto const* text : {"", "#7", "close", "closes#7", "closes #70", "closes #17", "encloses #7", "closes x/r#7",
                             "does not close the #7", "does not fix #7", "doesn't fix #7", "never fixes #7",
                             "fixes https://evil.example/o/r/issues/7", "closes: : #7", "disclose-fixes #7", "fixes #7a"})
        EXPECT_FALSE(says_it_closes(text, of)) << text;
}

TEST(GithubTimelines, an_unknown_account_of_ours_is_nobodys) {
    Issue history;
    add_timeline_page(history, R"([{"event":"labeled","label":{"name":"a"},"actor":{"login":"","id":0}}])", {});
    ASSERT_EQ(history.events.size(), 1U);
    EXPECT_EQ(history.events[0].actor, Actor::person);
}

TEST(GithubTimelines, nonsense_is_passed_over) {
    Issue history;
    add_timeline_page(history, R"([null,1,"x",[],{},{"event":7},{"event":"labeled"},{"event":"labeled","label":{"name":7}},
        {"event":"commented","body":7,"user":[]},{"event":"labeled","label":"plain"},{"event":"\ud800"}])",
                      {});
    ASSERT_EQ(history.events.size(), 1U);
    EXPECT_EQ(history.events[0].label, "plain");
    ASSERT_EQ(history.comments.size(), 1U);
    EXPECT_EQ(history.comments[0].body, "");
    EXPECT_THROW(add_timeline_page(history, "{}", {}), Error);
}

TEST(GithubObjects, tokens_accounts_and_names) {
    auto const token = parse_installation_token(R"({"token":"ghs_abc","expires_at":"2024-02-29T12:00:00Z"})");
    ASSERT_TRUE(token);
    EXPECT_EQ(token->token, "ghs_abc");
    EXPECT_EQ(token->ends, parse_time("2024-02-29T12:00:00Z"));
    EXPECT_FALSE(parse_installation_token(R"({"token":"two\r\nlines"})"));
    EXPECT_FALSE(parse_installation_token(R"({"token":7})"));
    EXPECT_FALSE(parse_installation_token("garbage"));
    EXPECT_EQ(parse_account(R"({"login":"me","id":9})")->id, 9);
    EXPECT_EQ(parse_account(R"({"slug":"groomer","id":9})")->login, "groomer[bot]");
    EXPECT_EQ(parse_account(R"({"slug":"groomer","id":9})")->id, 0);
    EXPECT_FALSE(parse_account(R"({"login":7})"));
    EXPECT_EQ(parse_full_name(R"({"full_name":"a/b"})"), "a/b");
    EXPECT_FALSE(parse_full_name("[]"));
}

TEST(GithubAnswers, a_refusal_says_why_on_one_line) {
    EXPECT_EQ(error_message(R"({"message":"Validation Failed","errors":[{"resource":"Label","field":"name","code":"too_long"},
        {"message":"own\nwords"},"plain",7]})"),
              "Validation Failed; Label: name is too_long; own words; plain;");
    EXPECT_EQ(error_message("<html>"), "");
    EXPECT_EQ(error_message(R"({"message":7,"errors":"x"})"), "");
    EXPECT_LT(error_message(R"({"message":")" + std::string(10'000, 'a') + "\"}").size(), 400U);
}

TEST(GithubAnswers, each_status_has_its_meaning) {
    using Kind = Answer::Kind;
    std::vector<std::pair<int, Kind>> const all{{200, Kind::ok},           {201, Kind::ok},      {204, Kind::ok},     {301, Kind::moved},
                                                {304, Kind::not_modified}, {307, Kind::moved},   {308, Kind::moved},  {400, Kind::invalid},
                                                {401, Kind::unauthorized}, {403, Kind::refused}, {404, Kind::gone},   {410, Kind::gone},
                                                {422, Kind::invalid},      {451, Kind::legal},   {500, Kind::failed}, {502, Kind::failed},
                                                {503, Kind::failed},       {0, Kind::failed}};
    for (auto const& [status, kind] : all) {
        net::ClientResponse response;
        response.status = status;
        EXPECT_EQ(to_answer(response).kind, kind) << status;
    }
}

TEST(GithubAnswers, where_a_write_is_sent_on_to_has_to_be_the_same_origin) {
    net::ClientResponse response;
    response.status = 307;
    response.url = "https://api.github.com/repos/o/r";
    response.headers = {{"Location", "https://api.github.com/repositories/1"}};
    EXPECT_EQ(to_answer(response).url, "https://api.github.com/repositories/1");
    response.headers = {{"Location", "https://evil.example/"}};
    EXPECT_EQ(to_answer(response).url, "");
    response.headers = {};
    EXPECT_EQ(to_answer(response).url, "");
}

}  // namespace
}  // namespace groomer::tracker::github
