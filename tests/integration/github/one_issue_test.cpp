// One issue that cannot be read holds up no other.
#include "integration/github/on_github.hpp"

namespace groomer::test {
namespace {

class OneIssueOfGithub : public OnGithub {
protected:
    void SetUp() override {
        OnGithub::SetUp();
        if (!database) return;
        configure("dry-run", "0s");
        ASSERT_EQ(command({"once"}).status, 0);
        configure("apply", "0s");
        database->query("UPDATE groomer.source SET synced_at = clock_timestamp() + interval '1 hour' RETURNING 1");  // no sync is due
        // The first of all, whatever comes.
        database->query("UPDATE groomer.issue SET due_at = clock_timestamp() WHERE open RETURNING 1");
        database->query("UPDATE groomer.issue SET rank = 0, due_at = due_at - interval '1 day' WHERE number = 3 RETURNING 1");
    }
    std::string of_it(std::string const& column) { return "SELECT " + column + " FROM groomer.issue WHERE number = 3"; }
    std::string text(std::string const& sql) { return database->query(sql).at(0).text(0); }
};

TEST_F(OneIssueOfGithub, ThatKeepsFailingHoldsUpNoOther) {
    server.with_state([](State& state) {
        state.faults.add({.path = "*/issues/3/timeline", .times = fake_github::Matcher::always},
                         {.kind = fake_github::FaultKind::status, .status = 500});
    });
    auto const before = text(of_it("labels"));
    for (bool first = true; first || number(left()) > 1; first = false) {
        auto const ended = command({"once"});
        ASSERT_EQ(ended.status, 1) << ended.output;
        EXPECT_NE(ended.output.find("an issue cannot be read or written, it waits"), std::string::npos) << ended.output;
        EXPECT_EQ(ended.output.find("a tracker cannot be read or written"), std::string::npos) << ended.output;
        ASSERT_LT(started, 10);
    }
    EXPECT_GT(effects().size(), 0U);
    EXPECT_EQ(number(of_it("failures")), 0) << "it may be GitHub's fault";
    EXPECT_EQ(number(of_it("(due_at > clock_timestamp() - interval '1 hour')::int")), 1) << "it comes last";
    EXPECT_EQ(text(of_it("labels")), before);
    server.with_state([](State& state) { state.faults.clear(); });
    EXPECT_EQ(command({"once"}).status, 0);
    EXPECT_EQ(number(left()), 0);
}

TEST_F(OneIssueOfGithub, TellsWhatBecameOfTheStepsOfAHolderThatDied) {
    server.with_state([this](State& state) {
        state.add_labels(state.at(repo), state.issue(repo, 3), {"type/bug"}, {.login = "groomer", .now = server.now()});
    });
    database->query(
        "INSERT INTO groomer.step (key, seq, issue_id, op, label, text, term) SELECT 'of old', n, id, op, label, '', 1 "
        "FROM groomer.issue, (VALUES (0, 'label.add', 'Type/Bug'), (1, 'label.add', 'priority/p0'), (2, 'label.remove', 'needs-triage')) "
        "AS old(n, op, label) WHERE number = 3 RETURNING 1");
    auto const ended = command({"once", "--repo", repo, "--issue", "3"});
    ASSERT_EQ(ended.status, 0) << ended.output;
    EXPECT_EQ(text("SELECT string_agg(label || ' ' || status, ', ' ORDER BY seq) FROM groomer.step WHERE key = 'of old'"),
              "Type/Bug done, priority/p0 lost, needs-triage done");
}

// As long as GitHub takes them, in four bytes a character: a page of a hundred is more than an answer may hold.
TEST_F(OneIssueOfGithub, WithEndlessCommentsIsReadInSmallerPages) {
    server.with_state([this](State& state) {
        std::string text;
        for (int i = 0; i < 65'536; ++i) text += "\xF0\x9F\x90\x9B";
        for (int i = 0; i < 80; ++i)
            state.add_comment(state.at(repo), state.issue(repo, 3), text, {.login = "somebody", .now = server.now()});
    });
    auto const ended = command({"once", "--repo", repo, "--issue", "3"});
    EXPECT_EQ(ended.status, 0) << ended.output;
    EXPECT_NE(recorder.take().find("/issues/3/timeline?per_page=25"), std::string::npos);
    EXPECT_EQ(number(of_it("failures")), 0);
    EXPECT_NE(text(of_it("outcome")), "failed");
}

}  // namespace
}  // namespace groomer::test
