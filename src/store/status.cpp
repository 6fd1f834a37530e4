#include "store/status.hpp"

namespace groomer::store {
namespace {

constexpr pg::Statement recent_statement{"status_recent", R"sql(
-- As store/history.cpp has them. One that began at no moment has no place among the others.
WITH last_holds AS MATERIALIZED (
    SELECT h.lock, h.term, h.pod, h.acquired_at, h.ended_at,
           coalesce(h.ended, CASE WHEN h.token IS DISTINCT FROM l."syncRunId" THEN 'lost' END) AS ended
    FROM (
        (SELECT * FROM groomer.hold WHERE lock = $1 ORDER BY term DESC LIMIT 50) UNION ALL
        (SELECT * FROM groomer.hold WHERE lock = $2 ORDER BY term DESC LIMIT 50)) h
    LEFT JOIN sync_lock l ON l.id = h.lock WHERE isfinite(h.acquired_at)
    ORDER BY h.acquired_at DESC, h.term DESC LIMIT 50),
-- The runs of a hold are those of its term, which no index has: they are between its beginning and its end.
last_ticks AS (
    SELECT h.*, CASE WHEN h.lock = $1 THEN (
        SELECT count(*) FROM groomer.run r
        WHERE r.term = h.term AND r.at >= h.acquired_at AND r.at <= coalesce(h.ended_at, clock_timestamp())) END AS issues
    FROM (SELECT * FROM last_holds ORDER BY acquired_at DESC, term DESC LIMIT 20) h),
last_runs AS (SELECT * FROM groomer.run ORDER BY id DESC LIMIT 50),
-- Asked for since the last tick began, or due by the clock.
due AS (
    SELECT s.lock, least(s.due_at, (SELECT min(least(r.at, clock_timestamp())) FROM groomer.request r
        WHERE r.lock = s.lock AND r.id > s.requests_served)) AS at
    FROM groomer.lock_state s WHERE s.lock IN ($1, $2))
SELECT (SELECT json_build_object('paused', c.paused, 'since', CASE WHEN c.paused THEN groomer.utc(c.changed_at) END,
            'by', CASE WHEN c.paused THEN nullif(c.changed_by, '') END) FROM groomer.control c),
    json_build_object('groom', (SELECT groomer.utc(at) FROM due WHERE lock = $1), 'sync', (SELECT groomer.utc(at) FROM due WHERE lock = $2)),
    (SELECT coalesce(json_agg(json_build_object('lock', h.lock, 'term', h.term, 'holder', h.pod, 'since', groomer.utc(h.acquired_at),
            'until', groomer.utc(h.ended_at), 'ended', h.ended) ORDER BY h.acquired_at DESC, h.term DESC), '[]') FROM last_holds h),
    (SELECT coalesce(json_agg(json_build_object('job', CASE WHEN t.lock = $1 THEN 'groom' ELSE 'sync' END, 'replica', t.pod, 'term', t.term,
            'at', groomer.utc(t.acquired_at), 'seconds', CASE WHEN isfinite(t.ended_at) THEN round(extract(epoch FROM t.ended_at - t.acquired_at)::numeric, 3) END,
            'outcome', CASE WHEN t.ended IS NULL THEN 'running' WHEN t.ended = 'finished' AND t.issues = 0 THEN 'nothing_to_do'
                            WHEN t.ended = 'finished' THEN 'done' WHEN t.ended = 'kept' THEN 'aborted' WHEN t.ended = 'failed' THEN 'error'
                            ELSE t.ended END,
            'issues', t.issues) ORDER BY t.acquired_at DESC, t.term DESC), '[]') FROM last_ticks t),
    (SELECT coalesce(json_agg(json_build_object('run', r.id, 'repo', p.name, 'issue', i.number, 'title', i.title,
            'url', CASE WHEN p.source IN (SELECT json_array_elements_text($3::json)) THEN $4 || '/' || p.name || '/issues/' || i.number END,
            'at', groomer.utc(r.at), 'outcome', r.outcome, 'dryRun', r.mode = 'dry-run', 'before', r.labels_before,
            'after', groomer.labels_after(r), 'source', groomer.judged_by(r.judgement), 'reason', r.reason) ORDER BY r.id DESC), '[]')
        FROM last_runs r JOIN groomer.issue i ON i.id = r.issue_id JOIN groomer.repository p ON p.id = i.repo_id),
    -- A replica that does nothing writes nothing: it is known by its sessions, which commands call otherwise (app/identity.hpp).
    (SELECT coalesce(json_agg(json_build_object('name', name, 'version', version, 'since', groomer.utc(since)) ORDER BY name, version), '[]')
        FROM (SELECT regexp_replace(a.application_name, '^groomer/[^/]*/', '') AS name, split_part(a.application_name, '/', 2) AS version,
                     min(a.backend_start) AS since
              FROM pg_stat_activity a
              WHERE a.datname = current_database() AND a.application_name LIKE 'groomer/%/%' GROUP BY 1, 2) x))sql"};

constexpr pg::Statement counts_statement{"status_counts", R"sql(
WITH family AS MATERIALIZED (SELECT * FROM json_to_recordset($1::json) AS f(source text, family text, labels text[])),
repo AS MATERIALIZED (
    SELECT r.id, r.name, r.source, count(i.id) AS open, count(i.id) FILTER (WHERE i.due_at <= statement_timestamp()) AS due,
           min(i.due_at) FILTER (WHERE i.due_at <= statement_timestamp()) AS oldest
    FROM groomer.repository r JOIN groomer.source s ON s.name = r.source AND s.configured
    LEFT JOIN groomer.issue i ON i.repo_id = r.id AND i.open AND NOT i.gone GROUP BY r.id),
undecided AS MATERIALIZED (
    SELECT i.repo_id, f.family, count(*) AS issues, min(i.created_at) AS oldest
    FROM groomer.issue i JOIN groomer.repository r ON r.id = i.repo_id JOIN family f ON f.source = r.source
    WHERE i.open AND NOT i.gone AND NOT lower(i.labels::text)::text[] && f.labels GROUP BY 1, 2)
SELECT (SELECT coalesce(json_agg(json_build_object('repo', p.name, 'open', p.open, 'due', p.due, 'oldest', groomer.utc(p.oldest),
            'families', (SELECT coalesce(json_agg(json_build_object('family', f.family, 'undecided', coalesce(u.issues, 0),
                    'oldest', groomer.utc(u.oldest)) ORDER BY f.family), '[]')
                FROM family f LEFT JOIN undecided u ON u.repo_id = p.id AND u.family = f.family WHERE f.source = p.source)) ORDER BY p.name), '[]')
        FROM repo p),
    (SELECT coalesce(json_agg(json_build_object('hour', groomer.utc(d.hour), 'source', d.source, 'outcome', d.outcome, 'count', d.n)
            ORDER BY d.hour, d.source, d.outcome), '[]')
        FROM (SELECT date_trunc('hour', r.at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS hour, groomer.judged_by(r.judgement) AS source,
                     r.outcome, count(*) AS n
              FROM groomer.run r WHERE r.at > statement_timestamp() - interval '24 hours' GROUP BY 1, 2, 3) d),
    (SELECT coalesce(json_agg(json_build_object('repo', o.name, 'family', o.family, 'count', o.n) ORDER BY o.n DESC, o.name, o.family), '[]')
        FROM (SELECT p.name, f.family, count(*) AS n
              FROM groomer.run r CROSS JOIN unnest(r.overridden) AS f(family) JOIN groomer.issue i ON i.id = r.issue_id
              JOIN groomer.repository p ON p.id = i.repo_id
              WHERE r.overridden <> '{}' AND r.at > statement_timestamp() - interval '30 days' GROUP BY 1, 2) o))sql",
                                         std::chrono::milliseconds{30'000}};

// What a language model was asked is kept by issue, revision and term; of a run there may be several questions, or none.
constexpr pg::Statement run_statement{"run", R"sql(
SELECT json_build_object('id', r.id, 'repo', p.name, 'issue', i.number, 'title', i.title,
        'url', CASE WHEN p.source IN (SELECT json_array_elements_text($2::json)) THEN $3 || '/' || p.name || '/issues/' || i.number END,
        'at', groomer.utc(r.at), 'outcome', r.outcome, 'dryRun', r.mode = 'dry-run', 'mode', r.mode,
        'source', groomer.judged_by(r.judgement), 'before', r.labels_before, 'after', groomer.labels_after(r), 'reason', r.reason,
        'revision', nullif(r.revision, ''), 'replica', r.pod, 'term', r.term, 'seconds', round(r.duration_ms / 1000.0, 3),
        'model', nullif(r.judgement ->> 'by', ''), 'promptVersion', substring(m.version from 'prompt-[^ ]+'),
        'contextDigest', nullif(r.judgement ->> 'context', ''),
        'tokens', json_build_object('input', m.input, 'output', m.output), 'costUsd', m.usd,
        'plan', r.judgement,
        'validation', json_build_object('fallback', nullif(r.judgement ->> 'fallback', ''), 'flaws', coalesce(m.flaws, '[]'::json)),
        'delta', json_build_object('add', r.added, 'remove', r.removed), 'overridden', r.overridden, 'undoneBy', r.undone_by,
        'steps', (SELECT coalesce(json_agg(json_build_object('op', t.op, 'label', nullif(t.label, ''), 'text', nullif(t.text, ''),
                'result', t.status, 'detail', nullif(t.detail, ''), 'at', groomer.utc(t.ended_at)) ORDER BY t.seq), '[]')
            FROM groomer.step t WHERE t.key = r.application))
FROM groomer.run r JOIN groomer.issue i ON i.id = r.issue_id JOIN groomer.repository p ON p.id = i.repo_id
CROSS JOIN LATERAL (
    SELECT sum(c.input_tokens) AS input, sum(c.output_tokens) AS output, sum(c.usd) AS usd, max(c.version) AS version,
           json_agg(c.flaw ORDER BY c.id) FILTER (WHERE c.flaw <> '') AS flaws
    FROM groomer.model_call c WHERE c.issue_id = r.issue_id AND c.term = r.term AND c.revision = r.revision) m
WHERE r.id = $1::bigint)sql"};

}  // namespace

pg::Statement const runs_statement{"runs", R"sql(
SELECT coalesce(json_agg(json_build_object('id', r.id, 'repo', r.repo, 'issue', r.number, 'title', r.title,
        'url', CASE WHEN r.source IN (SELECT json_array_elements_text($6::json)) THEN $7 || '/' || r.repo || '/issues/' || r.number END,
        'at', groomer.utc(r.at), 'outcome', r.outcome, 'dryRun', r.mode = 'dry-run', 'source', groomer.judged_by(r.judgement),
        'before', r.labels_before, 'after', r.labels_after, 'reason', r.reason) ORDER BY r.id DESC), '[]')
FROM (SELECT r.*, groomer.labels_after(r) AS labels_after, p.name AS repo, p.source, i.number, i.title
      FROM groomer.run r JOIN groomer.issue i ON i.id = r.issue_id JOIN groomer.repository p ON p.id = i.repo_id
      WHERE ($1::text IS NULL OR lower(p.name) = lower($1)) AND ($2::bigint IS NULL OR i.number = $2::bigint)
        AND ($3::text IS NULL OR r.outcome = $3) AND ($4::bigint IS NULL OR r.id < $4::bigint)
      ORDER BY r.id DESC LIMIT $5::bigint) r)sql"};

Task<Recent> recent(Store& store, std::string groom_lock, std::string sync_lock, Links links) {
    pg::Values values{groom_lock, sync_lock, links.sources, links.base};
    auto rows = co_await store.read(recent_statement, values);
    auto const& row = rows.at(0);
    co_return Recent{row.text(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5)};
}

Task<Counts> counts(Store& store, std::string families) {
    pg::Values values{families};
    auto rows = co_await store.read(counts_statement, values);
    auto const& row = rows.at(0);
    co_return Counts{row.text(0), row.text(1), row.text(2)};
}

Task<std::string> runs(Store& store, RunFilter filter, Links links) {
    pg::Values values{filter.repo, filter.issue, filter.outcome, filter.before, filter.limit + 1, links.sources, links.base};
    auto rows = co_await store.read(runs_statement, values);
    co_return rows.at(0).text(0);
}

Task<std::optional<std::string>> run(Store& store, std::int64_t id, Links links) {
    pg::Values values{id, links.sources, links.base};
    auto rows = co_await store.read(run_statement, values);
    if (rows.empty()) co_return std::nullopt;
    co_return rows.front().text(0);
}

}  // namespace groomer::store
