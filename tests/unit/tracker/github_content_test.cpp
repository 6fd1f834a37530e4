#include "base/error.hpp"
#include "support/fake_http_client.hpp"
#include "support/jump_clock.hpp"
#include "support/run_task.hpp"
#include "tracker/github/content.hpp"
#include "tracker/github/github_tracker.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <gtest/gtest.h>

#include <sstream>
#include <utility>

namespace groomer::tracker::github {
namespace {

using namespace std::chrono_literals;
using groomer::test::FakeHttpClient;
using groomer::test::JumpClock;
using groomer::test::reply;
using groomer::test::run_task;
using Stage = net::HttpError::Stage;

std::string const base = "https://api.github.com/repos/o/r";

TEST(GithubContent, a_section_is_put_at_the_end_and_then_kept_in_its_place) {
    auto const first = with_section("theirs\r\n\r\n", "triage", "one");
    EXPECT_EQ(first, "theirs\r\n\r\n\n\n<!-- groomer:triage -->\none\n<!-- /groomer:triage -->") << "people's words stay as they are";
    auto const second = with_section(*first + "\nmore of theirs", "triage", "two");
    EXPECT_EQ(second, "theirs\r\n\r\n\n\n<!-- groomer:triage -->\ntwo\n<!-- /groomer:triage -->\nmore of theirs");
    EXPECT_EQ(with_section(*second, "triage", "two\n"), second);
    EXPECT_EQ(with_section("", "triage", "x"), "<!-- groomer:triage -->\nx\n<!-- /groomer:triage -->");
    EXPECT_EQ(with_section(*first, "other", "x")->find(*first), 0U);
}

TEST(GithubContent, sections_are_taken_apart_from_what_people_wrote) {
    for (std::string const body : {"", "theirs", "theirs \n\n", "a\r\n\r\nb\r\n", "<!-- groomer: -->", "<!-- groomer:half -->"}) {
        auto const one = with_section(body, "note", "x\ny");
        auto const two = with_section(one.value(), "summary", "  z  ");
        auto const parted = part_sections(two.value());
        EXPECT_EQ(parted.body, body);
        ASSERT_EQ(parted.sections.size(), 2U) << body;
        EXPECT_EQ(parted.sections[0].name, "note");
        EXPECT_EQ(parted.sections[0].text, "x\ny");
        EXPECT_EQ(parted.sections[1].text, "  z");
        EXPECT_EQ(with_section(*two, "summary", ""), one) << "an empty text takes it out";
        EXPECT_EQ(with_section(body, "other", ""), body);
    }
    std::string const edited = "a\r\n\r\n<!-- groomer:note -->\r\nx\r\n<!-- /groomer:note -->\r\n\r\nb";
    EXPECT_EQ(part_sections(edited).body, "a\r\n\r\nb") << "GitHub's form ends lines so";
    EXPECT_EQ(part_sections(edited).sections.at(0).text, "x");
    for (std::string const damaged : {"<!-- groomer:a -->", "<!-- /groomer:a -->x<!-- groomer:a -->",
                                      "<!-- groomer:a --><!-- groomer:a --><!-- /groomer:a -->", "<!-- groomer:A -->x<!-- /groomer:A -->"})
        EXPECT_EQ(part_sections(damaged).body, damaged);
}

TEST(GithubContent, a_text_of_ours_cannot_hold_a_mark) {
    std::string const text = "see <!-- groomer\r:note --> and <!-- /groomer:note -->";
    auto const body = with_section("theirs", "note", text);
    ASSERT_TRUE(body);
    EXPECT_EQ(with_section(*body, "note", text), body);
    EXPECT_EQ(with_section(*body, "note", "two"), "theirs\n\n<!-- groomer:note -->\ntwo\n<!-- /groomer:note -->");
    EXPECT_EQ(marked("other", text).find("<!-- groomer:note"), std::string::npos);
    EXPECT_TRUE(reads_the_same(marked("other", text), marked("other", text + "\r\n")));
}

TEST(GithubContent, damaged_marks_are_left_alone) {
    for (std::string const body : {"<!-- groomer:a -->", "<!-- /groomer:a -->", "<!-- /groomer:a --><!-- groomer:a -->",
                                   "<!-- groomer:a --><!-- groomer:a --><!-- /groomer:a -->"})
        EXPECT_EQ(with_section(body, "a", "x"), std::nullopt) << body;
}

TEST(GithubContent, a_comment_is_ours_by_its_author_and_its_mark) {
    std::string const page = R"([{"id":1,"body":"<!-- groomer:note -->","user":{"login":"copycat","id":1}},
        {"id":2,"body":"no mark","user":{"login":"me","id":5}}, null, {"id":"x"},
        {"id":3,"body":"text\r\n\r\n<!-- groomer:note -->","user":{"login":"me","id":5}},
        {"id":4,"body":"<!-- groomer:note -->","user":{"login":"me","id":5}}])";
    auto const found = find_comment(page, "note", {"me", 5});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->id, 3);
    EXPECT_TRUE(reads_the_same(found->body, marked("note", "text\n")));
    EXPECT_FALSE(find_comment(page, "other", {"me", 5}));
    EXPECT_FALSE(find_comment(page, "note", {"", 0}));
    EXPECT_THROW(find_comment("{}", "note", {"me", 5}), Error);
}

TEST(GithubContent, names_cannot_close_the_mark) {
    EXPECT_TRUE(is_text_name("triage-note"));
    std::vector<std::string> const bad{"", "a--b", "a b", "a>", "A", "-->", std::string(41, 'a')};
    for (auto const& name : bad) EXPECT_FALSE(is_text_name(name)) << name;
}

class GithubTexts : public ::testing::Test {
protected:
    JumpClock clock_;
    FakeHttpClient client_;
    std::ostringstream out_;
    Log log_{out_, LogLevel::debug, Log::Format::json};
    std::shared_ptr<Tracker> tracker_ = make();
    std::string const comments_ = base + "/issues/1/comments";
    std::string const issue_ = base + "/issues/1";

    std::shared_ptr<Tracker> make() {
        ApiParts parts{client_, clock_, log_, make_token_credentials([] { return "t"; }), [this] { return clock_.wall(); }};
        Options options;
        options.repo = "o/r";
        return make_github_tracker({std::make_shared<Api>(parts, ApiOptions{})}, options);
    }
    static WriteGuard guard() {
        return {77, [] { return true; }};
    }
    static std::string issue(std::string const& body, std::string const& state = "open") {
        return boost::json::serialize(
            boost::json::object{{"number", 1}, {"title", "T"}, {"state", state}, {"body", body}, {"updated_at", "2020-01-01T00:00:00Z"}});
    }
    static std::string comment(int id, std::string const& body) {
        boost::json::object const user{{"login", "me"}, {"id", 5}};
        return boost::json::serialize(boost::json::object{{"id", id}, {"body", body}, {"user", user}});
    }
    void expect_me() { client_.expect("GET https://api.github.com/user", reply(200, R"({"login":"me","id":5})")); }
    void expect_issue(std::string const& body = "theirs") { client_.expect("GET " + issue_, reply(200, issue(body))); }
    void expect_comments(std::string const& body) { client_.expect("GET " + comments_ + "?per_page=100", reply(200, "[" + body + "]")); }
    WriteResult say(std::string const& text) { return run_task(tracker_->set_comment({"o/r", 1}, "note", text, {}, guard())); }
    void TearDown() override { EXPECT_EQ(client_.left(), 0U); }
};

TEST_F(GithubTexts, a_comment_is_made_once_and_then_edited) {
    expect_issue();
    expect_me();
    expect_comments("");
    client_.expect("POST " + comments_, reply(201, comment(9, "x")));
    EXPECT_EQ(say("hello").outcome, WriteOutcome::done);
    EXPECT_EQ(client_.requests().back().body, R"({"body":"hello\n\n<!-- groomer:note -->"})");
    expect_issue();
    expect_comments(comment(9, "hello\r\n\r\n<!-- groomer:note -->"));
    EXPECT_EQ(say("hello").outcome, WriteOutcome::already);
    expect_comments(comment(9, "hello\n\n<!-- groomer:note -->"));
    client_.expect("PATCH " + base + "/issues/comments/9", reply(200, comment(9, "x")));
    EXPECT_EQ(say("changed").outcome, WriteOutcome::done);
}

TEST_F(GithubTexts, a_comment_whose_answer_was_lost_is_found_and_not_made_again) {
    expect_issue();
    expect_me();
    expect_comments("");
    client_.expect("POST " + comments_, net::HttpError{Stage::receive, true, "connection reset"});
    expect_issue();
    expect_comments(comment(9, "hello\n\n<!-- groomer:note -->"));
    EXPECT_EQ(say("hello").outcome, WriteOutcome::done);
}

TEST_F(GithubTexts, a_comment_that_may_still_come_is_waited_for) {
    expect_issue();
    expect_me();
    expect_comments("");
    client_.expect("POST " + comments_, reply(502));
    expect_issue();
    expect_comments("");
    auto const lost = say("hello");
    EXPECT_EQ(lost.outcome, WriteOutcome::failed);
    EXPECT_EQ(lost.retry_after, 11'500ms);
    clock_.advance(5s);
    auto const early = say("hello");  // asks for nothing
    EXPECT_EQ(early.outcome, WriteOutcome::failed);
    EXPECT_GT(early.retry_after, 5s);
    clock_.advance(early.retry_after);
    expect_comments(comment(9, "hello\n\n<!-- groomer:note -->"));  // it came
    EXPECT_EQ(say("hello").outcome, WriteOutcome::already);
}

TEST_F(GithubTexts, a_comment_that_was_deleted_between_the_look_and_the_write_is_made_at_the_next_try) {
    expect_issue();
    expect_me();
    expect_comments(comment(7, marked("note", "one")));
    client_.expect("PATCH " + base + "/issues/comments/7", reply(404, R"({"message":"Not Found"})"));
    expect_issue();
    expect_comments("");
    auto const result = say("two");
    EXPECT_EQ(result.outcome, WriteOutcome::failed);
    EXPECT_EQ(result.retry_after, 1s);
    clock_.advance(1min);
    expect_issue();
    expect_comments("");
    client_.expect("POST " + comments_, reply(201, comment(8, marked("note", "two"))));
    EXPECT_EQ(say("two").outcome, WriteOutcome::done);
}

TEST_F(GithubTexts, comments_that_are_too_large_together_are_looked_through_in_smaller_pages) {
    net::HttpError const too_large{Stage::too_large, true, "the answer is larger than is read"};
    expect_issue();
    expect_me();
    client_.expect("GET " + comments_ + "?per_page=100", too_large);
    client_.expect("GET " + comments_ + "?per_page=25", reply(200, "[" + comment(7, marked("note", "one")) + "]"));
    EXPECT_EQ(say("one").outcome, WriteOutcome::already);
    clock_.advance(1min);
    expect_issue();
    for (auto const* size : {"100", "25"}) client_.expect("GET " + comments_ + "?per_page=" + size, too_large);
    EXPECT_EQ(say("one").outcome, WriteOutcome::failed);
}

TEST_F(GithubTexts, a_locked_conversation_is_that_issues_matter_alone) {
    expect_issue();
    expect_me();
    expect_comments("");
    client_.expect("POST " + comments_, reply(403, R"({"message":"Unable to create comment because issue is locked."})"));
    auto const result = say("one");
    EXPECT_EQ(result.outcome, WriteOutcome::failed);
    EXPECT_NE(result.detail.find("issue is locked"), std::string::npos);
    clock_.advance(1min);
    expect_issue();
    expect_comments("");
    client_.expect("POST " + comments_, reply(403, R"({"message":"You have been blocked by the owner."})"));
    EXPECT_THROW(say("one"), Error) << "of the whole repository";
}

TEST_F(GithubTexts, a_title_is_as_long_as_GitHub_counts_it) {
    std::string title;
    for (int i = 0; i < 256; ++i) title += "\u00e4";
    expect_issue();
    client_.expect("PATCH " + issue_, reply(200, issue("theirs")));
    EXPECT_EQ(run_task(tracker_->set_title({"o/r", 1}, title, guard())).outcome, WriteOutcome::done);
    EXPECT_EQ(run_task(tracker_->set_title({"o/r", 1}, title + "a", guard())).outcome, WriteOutcome::failed);
}

TEST_F(GithubTexts, without_knowing_who_we_are_no_comment_is_made) {
    expect_issue();
    client_.expect("GET https://api.github.com/user", reply(403, R"({"message":"Resource not accessible by integration"})"));
    EXPECT_EQ(say("hello").outcome, WriteOutcome::failed);
}

TEST_F(GithubTexts, comments_keep_their_own_pace) {
    std::string all;
    client_.answer_with([&](net::ClientRequest const& request) {
        if (request.method == "POST") return reply(201, comment(9, "x"));
        if (request.url.ends_with("/user")) return reply(200, R"({"login":"me","id":5})");
        return request.url.find("/comments") != std::string::npos ? reply(200, "[]") : reply(200, issue("b"));
    });
    for (int i = 0; i < 81; ++i) EXPECT_EQ(say("hello").outcome, WriteOutcome::done);
    EXPECT_GE(clock_.now().time_since_epoch(), 80s);
}

TEST_F(GithubTexts, a_section_leaves_the_rest_of_the_body_as_it_is) {
    expect_issue("theirs\ttab \xc3\xa4\r\nline");
    client_.expect("PATCH " + issue_, reply(200, issue("x")));
    EXPECT_EQ(run_task(tracker_->set_section({"o/r", 1}, "triage", "ours", guard())).outcome, WriteOutcome::done);
    auto const sent = boost::json::parse(client_.requests().back().body).as_object().at("body").as_string();
    EXPECT_EQ(sent, "theirs\ttab \xc3\xa4\r\nline\n\n<!-- groomer:triage -->\nours\n<!-- /groomer:triage -->");
    expect_issue(std::string{sent});
    EXPECT_EQ(run_task(tracker_->set_section({"o/r", 1}, "triage", "ours", guard())).outcome, WriteOutcome::already);
    expect_issue("<!-- groomer:triage --> damaged");
    EXPECT_EQ(run_task(tracker_->set_section({"o/r", 1}, "triage", "ours", guard())).outcome, WriteOutcome::failed);
}

TEST_F(GithubTexts, a_title_is_changed_once) {
    expect_issue();
    client_.expect("PATCH " + issue_, reply(200, issue("x")));
    EXPECT_EQ(run_task(tracker_->set_title({"o/r", 1}, "New", guard())).outcome, WriteOutcome::done);
    EXPECT_EQ(client_.requests().back().body, R"({"title":"New"})");
    expect_issue();
    EXPECT_EQ(run_task(tracker_->set_title({"o/r", 1}, "T", guard())).outcome, WriteOutcome::already);
    EXPECT_EQ(run_task(tracker_->set_title({"o/r", 1}, " ", guard())).outcome, WriteOutcome::failed);
}

TEST_F(GithubTexts, an_issue_is_closed_with_its_reason) {
    expect_issue();
    client_.expect("PATCH " + issue_, net::HttpError{Stage::receive, true, "timeout"});
    client_.expect("GET " + issue_, reply(200, issue("x", "closed")));
    EXPECT_EQ(run_task(tracker_->close({"o/r", 1}, CloseReason::not_planned, guard())).outcome, WriteOutcome::done);
    EXPECT_EQ(client_.requests().at(1).body, R"({"state":"closed","state_reason":"not_planned"})");
    client_.expect("GET " + issue_, reply(200, issue("x", "closed")));
    EXPECT_EQ(run_task(tracker_->close({"o/r", 1}, CloseReason::completed, guard())).outcome, WriteOutcome::already);
    client_.expect("GET " + issue_, reply(404));
    EXPECT_EQ(run_task(tracker_->close({"o/r", 1}, CloseReason::completed, guard())).outcome, WriteOutcome::gone);
}

TEST_F(GithubTexts, a_guard_that_says_no_withholds_them) {
    WriteGuard const no{7, [] { return false; }};
    EXPECT_EQ(run_task(tracker_->close({"o/r", 1}, CloseReason::completed, no)).outcome, WriteOutcome::withheld);
    EXPECT_EQ(run_task(tracker_->set_comment({"o/r", 1}, "note", "x", {}, no)).outcome, WriteOutcome::withheld);
    EXPECT_TRUE(client_.requests().empty());
}

}  // namespace
}  // namespace groomer::tracker::github
