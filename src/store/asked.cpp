#include "store/asked.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace groomer::store {
namespace {

using std::chrono::milliseconds;

constexpr pg::Statement paused_statement{"is_paused", "SELECT paused FROM groomer.control", milliseconds{2000}, true};

constexpr pg::Statement set_paused_statement{"set_paused", R"sql(
WITH changed AS (
    UPDATE groomer.control SET paused = $1::boolean, changed_at = clock_timestamp(), changed_by = $2
    WHERE paused <> $1::boolean RETURNING 1)
SELECT pg_notify('groomer_lock', s.lock)::text FROM changed, groomer.lock_state s)sql"};

constexpr pg::Statement find_statement{"find_issue", R"sql(
SELECT r.source, EXISTS (SELECT FROM groomer.issue i WHERE i.repo_id = r.id AND i.number = $2::bigint AND NOT i.gone)
FROM groomer.repository r JOIN groomer.source s ON s.name = r.source AND s.configured WHERE lower(r.name) = lower($1))sql"};

// A request is served by the first hold that finishes after having begun later. So one that was made since the last hold began serves for
// what is asked now, too; and no hold may begin while that is found out, hence the share of the state row, which its holder takes for
// its writes as well.
#define GROOMER_STATE_OF(parameter)                          \
    "state AS MATERIALIZED (SELECT s.lock, s.requests_seen " \
    "FROM groomer.lock_state s WHERE s.lock = " parameter " FOR SHARE)"
#define GROOMER_NOT_YET_ASKED "NOT EXISTS (SELECT FROM groomer.request r WHERE r.lock = state.lock AND r.id > state.requests_seen)"

constexpr pg::Statement ask_statement{"ask_for_tick", "WITH " GROOMER_STATE_OF("$1") R"sql(,
asked AS (INSERT INTO groomer.request (lock) SELECT lock FROM state WHERE )sql" GROOMER_NOT_YET_ASKED R"sql( RETURNING lock)
SELECT pg_notify('groomer_lock', lock)::text FROM asked)sql",
                                      milliseconds{2000}};

// What is due already stays where it is in the queue, unless it is being groomed: then what is asked for may have come after it was
// read, and it is due again (see record()). Rows that a sync writes to at this moment are left to the caller's next attempt: waiting
// for several in any order could make a deadlock of it.
constexpr pg::Statement make_due_statement{"make_due", "WITH " GROOMER_STATE_OF("$2") R"sql(,
wanted AS MATERIALIZED (
    SELECT DISTINCT n.repo, n.number, i.id
    FROM json_to_recordset($1::json) AS n(repo text, number bigint)
    LEFT JOIN groomer.repository r ON lower(r.name) = lower(n.repo)
    LEFT JOIN groomer.issue i ON i.repo_id = r.id AND i.number = n.number AND i.open AND NOT i.gone),
free AS MATERIALIZED (
    SELECT i.id FROM groomer.issue i WHERE i.id IN (SELECT id FROM wanted) FOR UPDATE SKIP LOCKED),
due AS (
    UPDATE groomer.issue i
    SET rank = CASE WHEN i.groomed_at IS NULL THEN 0 ELSE 1 END,
        due_at = CASE WHEN i.due_at <= clock_timestamp() AND NOT EXISTS (SELECT FROM groomer.lease l WHERE l.issue_id = i.id)
                      THEN i.due_at ELSE greatest(clock_timestamp(), i.groomed_at + interval '10 s') END
    FROM free, state WHERE i.id = free.id
    RETURNING i.due_at <= clock_timestamp() AS now),
asked AS (
    INSERT INTO groomer.request (lock) SELECT state.lock FROM state
    WHERE EXISTS (SELECT FROM due WHERE now) AND )sql" GROOMER_NOT_YET_ASKED R"sql( RETURNING lock)
SELECT (SELECT count(pg_notify('groomer_lock', lock)::text) FROM asked), w.repo, w.number, w.id IS NULL
FROM (SELECT 1) AS always LEFT JOIN (
    SELECT * FROM wanted WHERE id IS NULL OR id NOT IN (SELECT id FROM free)) w ON true)sql",
                                           milliseconds{5000}};

}  // namespace

Task<bool> is_paused(Store& store) {
    pg::Values none;
    auto rows = co_await store.read(paused_statement, none);
    co_return !rows.empty() && rows.front().truth(0);
}

Task<> set_paused(Store& store, bool paused, std::string by) {
    pg::Values values{paused, by};
    co_await store.read(set_paused_statement, values);
}

Task<std::optional<Place>> find(Store& store, tracker::IssueRef ref) {
    pg::Values values{ref.repo, ref.number};
    auto rows = co_await store.read(find_statement, values);
    if (rows.empty()) co_return std::nullopt;
    co_return Place{rows.front().text(0), rows.front().truth(1)};
}

Task<MadeDue> make_due(Store& store, std::string lock, std::vector<tracker::IssueRef> issues) {
    boost::json::array asked;
    for (auto const& issue : issues) asked.push_back({{"repo", issue.repo}, {"number", issue.number}});
    pg::Values values{boost::json::serialize(asked), lock};
    auto rows = co_await store.read(make_due_statement, values);
    MadeDue out;
    for (auto const& row : rows)
        if (!row.null(1)) (row.truth(3) ? out.unknown : out.busy).push_back({row.text(1), row.integer(2)});
    co_return out;
}

Task<> ask_for_tick(Store& store, std::string lock) {
    pg::Values values{lock};
    co_await store.read(ask_statement, values);
}

}  // namespace groomer::store
