#include "store/backlog.hpp"

#include "store/json_strings.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace groomer::store {
namespace {

using std::chrono::milliseconds;

constexpr pg::Statement labelled_statement{"labelled", R"sql(
SELECT r.name, w.label, i.title, left(i.body, $3::int)
FROM (SELECT json_array_elements_text($1::json) AS label) w
JOIN groomer.issue i ON i.labels @> ARRAY[w.label] AND NOT i.own_labels @> ARRAY[w.label]
JOIN groomer.repository r ON r.id = i.repo_id
WHERE NOT i.gone ORDER BY i.created_at DESC NULLS LAST, i.id DESC LIMIT $2::bigint)sql",
                                           milliseconds{30'000}};

constexpr pg::Statement neighbours_statement{"neighbours", R"sql(
WITH repo AS (
    SELECT r.id, r.name FROM groomer.repository r WHERE r.source IN (SELECT json_array_elements_text($1::json)))
SELECT repo.name, i.number, i.open, i.title, left(i.body, $3::int),
       array_to_json(ARRAY(SELECT unnest(i.labels) EXCEPT SELECT unnest(i.own_labels)))
FROM repo CROSS JOIN LATERAL (
    SELECT i.* FROM groomer.issue i WHERE i.repo_id = repo.id AND NOT i.gone
    ORDER BY i.number DESC LIMIT (SELECT greatest($2::bigint / greatest(count(*), 1), 100) FROM repo)) i)sql",
                                             milliseconds{30'000}};

constexpr pg::Statement by_number_statement{"neighbours_by_number", R"sql(
SELECT r.name, i.number, i.open, i.title, left(i.body, $3::int),
       array_to_json(ARRAY(SELECT unnest(i.labels) EXCEPT SELECT unnest(i.own_labels)))
FROM groomer.repository r JOIN groomer.issue i ON i.repo_id = r.id
WHERE lower(r.name) = lower($1) AND i.number IN (SELECT json_array_elements_text($2::json)::bigint) AND NOT i.gone)sql"};

constexpr pg::Statement changes_statement{"changes", R"sql(
SELECT coalesce(sum(changes), 0) FROM groomer.source WHERE name IN (SELECT json_array_elements_text($1::json)))sql"};

// The issues of a source that had no policy yet are due already. All at one moment, so that they are taken by number.
constexpr pg::Statement policy_statement{"apply_policy", GROOMER_FENCED R"sql(,
before AS (SELECT s.name FROM groomer.source s WHERE s.name = $3 AND s.policy <> $4),
changed AS (
    UPDATE groomer.source s SET policy = $4 FROM fence WHERE s.name = $3 AND s.policy IS DISTINCT FROM $4),
due AS (
    UPDATE groomer.issue i SET due_at = statement_timestamp(), rank = CASE WHEN i.groomed_at IS NULL THEN 0 ELSE 1 END
    FROM fence, before, groomer.repository r WHERE r.source = before.name AND i.repo_id = r.id AND i.open AND NOT i.gone
      AND i.undone IS NULL)
SELECT (SELECT count(*) FROM fence))sql",
                                         milliseconds{30'000}};

constexpr pg::Statement backlog_statement{"backlog", R"sql(
SELECT r.name, count(i.id), extract(epoch FROM min(i.due_at))
FROM groomer.repository r JOIN groomer.source s ON s.name = r.source AND s.configured LEFT JOIN groomer.issue i ON i.repo_id = r.id AND i.due_at <= statement_timestamp()
GROUP BY r.name)sql"};

// A row is keyed TRACKER/LOCK. One that nobody has changed for a day is of an hour that is long over, and perhaps of a lock that is
// not used any more. A comment that was begun may have been made, and so may one that failed. $3: more than that are of no use to anybody.
constexpr pg::Statement limits_statement{"tracker_limits", R"sql(
SELECT (
    SELECT json_object_agg(substr(tracker, length($1) + 2), limits) FROM groomer.tracker_limits
    WHERE starts_with(tracker, $1 || '/') AND at > clock_timestamp() - interval '1 day'), (
    SELECT json_agg(c.age ORDER BY c.age DESC) FROM (
        SELECT (extract(epoch FROM clock_timestamp() - t.ended_at) * 1000)::bigint AS age
        FROM groomer.step t JOIN groomer.issue i ON i.id = t.issue_id JOIN groomer.repository r ON r.id = i.repo_id
        WHERE t.op = 'comment.set' AND t.ended_at > clock_timestamp() - interval '1 hour' AND t.status IN ('begun', 'done', 'failed', 'unknown')
          AND r.source IN (SELECT json_array_elements_text($2::json))
        ORDER BY t.ended_at DESC LIMIT $3::bigint) c))sql"};

constexpr pg::Statement save_limits_statement{"save_tracker_limits", GROOMER_FENCED R"sql(,
saved AS (
    INSERT INTO groomer.tracker_limits (tracker, limits) SELECT $3, $4 FROM fence
    ON CONFLICT (tracker) DO UPDATE SET limits = excluded.limits, at = clock_timestamp())
SELECT (SELECT count(*) FROM fence))sql"};

constexpr pg::Statement forget_statement{"forget_old", GROOMER_FENCED R"sql(,
runs AS (DELETE FROM groomer.run WHERE id IN (
    SELECT id FROM groomer.run, fence WHERE at < clock_timestamp() - $3::interval ORDER BY at LIMIT $4::bigint)),
holds AS (DELETE FROM groomer.hold h USING fence WHERE (h.lock, h.term) IN (
    SELECT lock, term FROM groomer.hold WHERE ended_at < clock_timestamp() - $3::interval ORDER BY lock, term LIMIT $4::bigint)),
steps AS (DELETE FROM groomer.step t USING fence WHERE (t.key, t.seq) IN (
    SELECT key, seq FROM groomer.step WHERE planned_at < clock_timestamp() - $3::interval
      AND op NOT IN ('comment.set', 'section.set', 'title.set') LIMIT $4::bigint)),
-- What was said on an issue is not said again, however long ago a person deleted it.
texts AS (DELETE FROM groomer.step t USING fence WHERE (t.key, t.seq) IN (
    SELECT t.key, t.seq FROM groomer.step t JOIN groomer.issue i ON i.id = t.issue_id
    WHERE t.planned_at < clock_timestamp() - $3::interval AND t.op IN ('comment.set', 'section.set', 'title.set') AND (i.gone OR NOT i.open)
    LIMIT $4::bigint)),
-- What was decided of an issue as it still is may have been paid for.
decisions AS (DELETE FROM groomer.decision d USING fence WHERE (d.issue_id, d.revision, d.version) IN (
    SELECT d.issue_id, d.revision, d.version FROM groomer.decision d JOIN groomer.issue i ON i.id = d.issue_id
    WHERE d.decided_at < clock_timestamp() - $3::interval AND (i.revision IS DISTINCT FROM d.revision OR starts_with(d.version, 'local-')) LIMIT $4::bigint)),
answers AS (UPDATE groomer.model_call c SET answer = '' FROM fence WHERE c.id IN (
    SELECT id FROM groomer.model_call WHERE answer <> '' AND at < clock_timestamp() - $3::interval ORDER BY at LIMIT $4::bigint)),
requests AS (DELETE FROM groomer.request r USING fence, groomer.lock_state s
    WHERE s.lock = r.lock AND r.id <= s.requests_served AND r.at < clock_timestamp() - interval '1 day')
SELECT (SELECT count(*) FROM fence))sql",
                                         milliseconds{30'000}};

std::vector<Neighbour> to_neighbours(pg::Rows const& rows) {
    std::vector<Neighbour> out;
    out.reserve(rows.size());
    for (auto const& row : rows) out.push_back({row.text(0), row.integer(1), row.truth(2), row.text(3), row.text(4), strings(row.text(5))});
    return out;
}

}  // namespace

Task<std::vector<Labelled>> labelled(Store& store, std::vector<std::string> labels, std::int64_t limit, std::int64_t body_limit) {
    pg::Values values{boost::json::serialize(json_array(labels)), limit, body_limit};
    auto rows = co_await store.read(labelled_statement, values);
    std::vector<Labelled> out;
    out.reserve(rows.size());
    for (auto const& row : rows) out.push_back({row.text(0), row.text(1), row.text(2), row.text(3)});
    co_return out;
}

Task<std::vector<Neighbour>> neighbours(Store& store, std::vector<std::string> sources, std::int64_t limit, std::int64_t body_limit) {
    pg::Values values{boost::json::serialize(json_array(sources)), limit, body_limit};
    auto rows = co_await store.read(neighbours_statement, values);
    co_return to_neighbours(rows);
}

Task<std::vector<Neighbour>> neighbours_by_number(Store& store, std::string repo, std::vector<std::int64_t> numbers,
                                                  std::int64_t body_limit) {
    pg::Values values{repo, boost::json::serialize(json_array(numbers)), body_limit};
    auto rows = co_await store.read(by_number_statement, values);
    co_return to_neighbours(rows);
}

Task<std::int64_t> changes(Store& store, std::vector<std::string> sources) {
    pg::Values values{boost::json::serialize(json_array(sources))};
    auto rows = co_await store.read(changes_statement, values);
    co_return rows.at(0).integer(0);
}

Task<> apply_policy(Store& store, lock::Hold& hold, std::string source, std::string digest) {
    pg::Values values{source, digest};
    co_await store.write(hold, policy_statement, values);
}

Task<std::vector<Backlog>> backlog(Store& store) {
    pg::Values none;
    auto rows = co_await store.read(backlog_statement, none);
    std::vector<Backlog> out;
    for (auto const& row : rows) out.push_back({row.text(0), row.integer(1), row.number(2)});
    co_return out;
}

Task<TrackerLimits> tracker_limits(Store& store, std::string tracker, std::vector<std::string> sources) {
    constexpr std::int64_t most = 5000;
    pg::Values values{tracker, boost::json::serialize(json_array(sources)), most};
    auto rows = co_await store.read(limits_statement, values);
    TrackerLimits out;
    auto const& row = rows.front();
    if (!row.null(0)) {
        auto const known = boost::json::parse(row.text(0));
        for (auto const& [lock, limits] : known.as_object()) out.known[std::string{lock}] = std::string{limits.as_string()};
    }
    if (row.null(1)) co_return out;
    auto const ages = boost::json::parse(row.text(1));
    for (auto const& age : ages.as_array()) out.comments.emplace_back(age.to_number<std::int64_t>());
    co_return out;
}

Task<> save_tracker_limits(Store& store, lock::Hold& hold, std::string tracker, std::string limits) {
    pg::Values values{tracker + "/" + hold.terms().lock, limits};
    co_await store.write(hold, save_limits_statement, values);
}

Task<> forget_old(Store& store, lock::Hold& hold, milliseconds keep, std::int64_t limit) {
    pg::Values values{keep, limit};
    co_await store.write(hold, forget_statement, values);
}

}  // namespace groomer::store
