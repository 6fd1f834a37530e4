// The history of runs in a database that has many.
#include "store/status.hpp"
#include "support/raw_client.hpp"
#include "support/test_database.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace groomer::test {
namespace {

class ManyRuns : public testing::Test {
protected:
    // 100,000 runs of 10,000 issues, one in a thousand of which failed, as long ago as can be.
    void SetUp() override {
        GROOMER_NEEDS_DATABASE();
        database.emplace();
        for (auto const* sql : {R"sql(INSERT INTO groomer.source (name) VALUES ('a/b') RETURNING 1)sql",
                                R"sql(INSERT INTO groomer.repository (name, source) VALUES ('a/b', 'a/b') RETURNING 1)sql",
                                R"sql(WITH made AS (
    INSERT INTO groomer.issue (repo_id, number, title, body, open, author, author_is_bot, labels, seen_pass)
    SELECT (SELECT id FROM groomer.repository), n, 'title', '', true, 'alice', false, '{}', 1 FROM generate_series(1, 10000) n RETURNING 1)
SELECT count(*) FROM made)sql",
                                R"sql(WITH made AS (
    INSERT INTO groomer.run (issue_id, term, pod, mode, revision, outcome, reason, judgement, added, removed, labels_before, duration_ms)
    SELECT (SELECT min(id) FROM groomer.issue) + n % 10000, 1, 'one', 'apply', '', CASE WHEN n <= 100 THEN 'failed' WHEN n % 2 = 0 THEN 'applied' ELSE 'noop' END,
           '', '{}', '{}', '{}', '{}', 1 FROM generate_series(1, 100000) n ORDER BY n RETURNING 1)
SELECT count(*) FROM made)sql"})
            ASSERT_EQ(database->query(sql).size(), 1U);
        database->query("ANALYZE");
    }
    // The plan that the database makes for the statement, as it is sent.
    std::string plan(store::RunFilter const& filter) {
        std::string const sql = "EXPLAIN (FORMAT JSON) " + std::string{store::runs_statement.sql};
        pg::Session session{database->options()};
        pg::Values const values{filter.repo, filter.issue, filter.outcome, filter.before, filter.limit + 1, "[]", ""};
        return session.run({"explain", sql}, values).at(0).text(0);
    }

    std::optional<TestDatabase> database;
};

TEST_F(ManyRuns, AreSearchedForAnOutcomeByItsIndex) {
    for (auto const* outcome : {"failed", "nothing-ends-so"}) {
        store::RunFilter filter;
        filter.outcome = outcome;
        auto const first = plan(filter);
        EXPECT_TRUE(says(first, "\"run_outcome\"")) << first;
        filter.before = 50;
        auto const next = plan(filter);
        EXPECT_TRUE(says(next, "\"run_outcome\"")) << next;
    }
}

}  // namespace
}  // namespace groomer::test
