#include "groom/revision.hpp"

#include <gtest/gtest.h>

#include <map>

namespace groomer::groom {
namespace {

using tracker::Actor;
using tracker::Issue;

Issue sample() {
    Issue issue;
    issue.ref = {"o/r", 7};
    issue.title = "title";
    issue.body = "body";
    issue.author = "alice";
    issue.labels = {"type/bug"};
    issue.updated_at = "2026-01-01T00:00:00Z";
    issue.events = {{"type/bug", true, Actor::person}};
    issue.comments = {{"bob", Actor::person, "me too"}};
    return issue;
}

TEST(Revision, IsADigestOfTheIssue) {
    EXPECT_EQ(revision(sample()).size(), 64U);
    EXPECT_EQ(revision(sample()), revision(sample()));
}

TEST(Revision, IsNotMovedByWhatWeDo) {
    auto issue = sample();
    issue.labels.push_back("status/ready");
    issue.events.push_back({"status/ready", true, Actor::self});
    issue.events.push_back({"needs-triage", false, Actor::self});
    issue.comments.push_back({"groomer", Actor::self, "hello"});
    issue.updated_at = "2026-02-02T00:00:00Z";
    EXPECT_EQ(revision(issue), revision(sample()));
}

TEST(Revision, IsNotMovedByOtherBots) {
    auto issue = sample();
    issue.labels.push_back("stale");
    issue.events.push_back({"stale", true, Actor::bot});
    issue.events.push_back({"stale", false, Actor::bot});
    issue.comments.insert(issue.comments.begin(), {"stale-bot", Actor::bot, "is this still so?"});
    EXPECT_EQ(revision(issue), revision(sample()));
}

TEST(Revision, IsMovedByEachActOfAPerson) {
    std::map<std::string, std::string> seen;  // which act by its revision
    seen[revision(sample())] = "none";
    auto expect_new = [&](std::string const& act, auto change) {
        auto issue = sample();
        change(issue);
        auto const [place, fresh] = seen.emplace(revision(issue), act);
        EXPECT_TRUE(fresh) << act << " reads like " << place->second;
    };
    expect_new("title", [](Issue& i) { i.title = "Title"; });
    expect_new("body", [](Issue& i) { i.body += " "; });
    expect_new("closed", [](Issue& i) { i.open = false; });
    expect_new("a comment", [](Issue& i) { i.comments.push_back({"bob", Actor::person, "again"}); });
    expect_new("an empty comment", [](Issue& i) { i.comments.push_back({"bob", Actor::person, ""}); });
    expect_new("a comment edited", [](Issue& i) { i.comments[0].body = "me not"; });
    expect_new("a comment deleted", [](Issue& i) { i.comments.clear(); });
    expect_new("another's comment", [](Issue& i) { i.comments[0].author = "carol"; });
    expect_new("a label set", [](Issue& i) { i.events.push_back({"p1", true, Actor::person}); });
    expect_new("a label removed", [](Issue& i) { i.events.push_back({"type/bug", false, Actor::person}); });
    expect_new("a label removed and set again", [](Issue& i) {
        i.events.push_back({"type/bug", false, Actor::person});
        i.events.push_back({"type/bug", true, Actor::person});
    });
}

TEST(Revision, DependsOnTheOrderOfActs) {
    auto one = sample(), other = sample();
    one.events = {{"a", true, Actor::person}, {"b", true, Actor::person}};
    other.events = {{"b", true, Actor::person}, {"a", true, Actor::person}};
    EXPECT_NE(revision(one), revision(other));
}

// Each pair has the same characters in the same order, cut apart elsewhere.
TEST(Revision, DoesNotMixUpOneFieldWithTheNext) {
    auto expect_apart = [](std::string const& what, auto change_one, auto change_other) {
        Issue one, other;
        change_one(one);
        change_other(other);
        EXPECT_NE(revision(one), revision(other)) << what;
    };
    expect_apart(
        "title and body", [](Issue& i) { i.title = "ab"; }, [](Issue& i) { i.title = "a", i.body = "b"; });
    expect_apart(
        "a length in the text", [](Issue& i) { i.title = "0:", i.body = ""; }, [](Issue& i) { i.title = "", i.body = "0:"; });
    expect_apart(
        "author and text",
        [](Issue& i) {
            i.comments = {{"ab", Actor::person, "c"}};
        },
        [](Issue& i) {
            i.comments = {{"a", Actor::person, "bc"}};
        });
    expect_apart(
        "two comments and one",
        [](Issue& i) {
            i.comments = {{"a", Actor::person, "b"}, {"c", Actor::person, "d"}};
        },
        [](Issue& i) {
            i.comments = {{"a", Actor::person, "bcd"}};
        });
    expect_apart(
        "two labels and one",
        [](Issue& i) {
            i.events = {{"a", true, Actor::person}, {"b", true, Actor::person}};
        },
        [](Issue& i) {
            i.events = {{"a+b", true, Actor::person}};
        });
    expect_apart(
        "set and removed",
        [](Issue& i) {
            i.events = {{"a", true, Actor::person}};
        },
        [](Issue& i) {
            i.events = {{"a", false, Actor::person}};
        });
    expect_apart(
        "a comment and a label act",
        [](Issue& i) {
            i.comments = {{"+", Actor::person, "a"}};
        },
        [](Issue& i) {
            i.events = {{"a", true, Actor::person}};
        });
}

TEST(Revision, ATitleOfOursDoesNotMoveIt) {
    auto issue = sample();
    issue.title = "ours";
    issue.renames = {{"first", "title", Actor::person}, {"title", "ours", Actor::self}};
    issue.sections = {{"summary", "ours"}};
    EXPECT_EQ(title_of_people(issue), "title");
    EXPECT_EQ(revision(issue), revision(sample()));
    issue.renames.push_back({"ours", "title", Actor::self});
    issue.title = "title";
    EXPECT_EQ(revision(issue), revision(sample())) << "taken back";
    issue.title = "a person's";
    issue.renames.push_back({"title", "a person's", Actor::person});
    EXPECT_EQ(title_of_people(issue), "a person's");
    EXPECT_NE(revision(issue), revision(sample()));
}

TEST(Revision, AMergedPullRequestMovesIt) {
    auto issue = sample();
    issue.merged = {{12, "mend it"}};
    EXPECT_NE(revision(issue), revision(sample()));
}

}  // namespace
}  // namespace groomer::groom
