#include "store/work.hpp"

#include "store/json_strings.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <map>

namespace groomer::store {
namespace {

using std::chrono::milliseconds;

// For each repository and rank, the index issue_due gives the first rows: the cost is that of the batch, whatever the
// backlog. A lease ends with its term, so that what a dead holder had claimed is taken at once. $3: the sources with their
// batches; $4: the largest of these; $9: due or not, which a person asks for and may cost a scan.
constexpr pg::Statement claim_statement{"claim", GROOMER_FENCED R"sql(,
held AS (SELECT s.term FROM groomer.lock_state s, fence WHERE s.lock = $1),
repo AS (
    SELECT r.id, r.source, w.batch FROM groomer.repository r JOIN json_to_recordset($3::json) AS w(name text, batch bigint) ON w.name = r.source
    WHERE $8::text IS NULL OR lower(r.name) = lower($8)),
due AS (
    SELECT i.id, k.rank, row_number() OVER (PARTITION BY repo.id, k.rank ORDER BY i.due_at, i.number) AS turn, repo.id AS repo_id,
           repo.source, repo.batch
    FROM held, repo CROSS JOIN (VALUES (0), (1), (2)) AS k(rank)
    CROSS JOIN LATERAL (
        SELECT i.id, i.due_at, i.number FROM groomer.issue i
        WHERE i.repo_id = repo.id AND i.rank = k.rank AND i.due_at <= statement_timestamp()
          AND NOT EXISTS (SELECT FROM groomer.lease l WHERE l.issue_id = i.id AND l.term >= held.term)
        ORDER BY i.due_at, i.number LIMIT repo.batch) i
    WHERE $6::text IS NULL AND NOT $9::boolean),
forced AS (
    SELECT i.id, 0, row_number() OVER (PARTITION BY repo.id ORDER BY i.groomed_at NULLS FIRST, i.number), repo.id, repo.source, repo.batch
    FROM held, repo CROSS JOIN LATERAL (
        SELECT i.id, i.groomed_at, i.number FROM groomer.issue i
        WHERE i.repo_id = repo.id AND i.open AND NOT i.gone
          AND NOT EXISTS (SELECT FROM groomer.lease l WHERE l.issue_id = i.id AND l.term >= held.term)
        ORDER BY i.groomed_at NULLS FIRST, i.number LIMIT repo.batch) i
    WHERE $6::text IS NULL AND $9::boolean),
candidate AS (SELECT * FROM due UNION ALL SELECT * FROM forced),
fair AS (
    SELECT id, rank, turn, repo_id, batch, row_number() OVER (PARTITION BY source ORDER BY rank, turn, repo_id) AS place FROM candidate),
one AS (
    SELECT i.id FROM fence, groomer.repository r JOIN groomer.issue i ON i.repo_id = r.id
    WHERE lower(r.name) = lower($6) AND i.number = $7::bigint AND NOT i.gone),
chosen AS (
    SELECT id, (row_number() OVER (ORDER BY rank, turn, repo_id)) AS place FROM fair WHERE place <= batch
    UNION ALL SELECT id, 1 FROM one
    ORDER BY 2 LIMIT $4::bigint),
taken AS (SELECT i.id FROM groomer.issue i WHERE i.id IN (SELECT id FROM chosen) FOR UPDATE SKIP LOCKED),
leased AS (
    INSERT INTO groomer.lease (issue_id, term, until) SELECT taken.id, held.term, clock_timestamp() + $5::interval FROM taken, held
    ON CONFLICT (issue_id) DO UPDATE SET term = excluded.term, until = excluded.until WHERE lease.term < excluded.term
    RETURNING issue_id)
SELECT (SELECT count(*) FROM fence), i.id, r.name, i.number, r.source, i.failures, array_to_json(i.own_labels),
    array_to_json(i.taken_away), (extract(epoch FROM i.due_at) * 1000000)::bigint, i.undone
FROM (SELECT 1) AS always LEFT JOIN (leased JOIN chosen ON chosen.id = leased.issue_id
     JOIN groomer.issue i ON i.id = leased.issue_id JOIN groomer.repository r ON r.id = i.repo_id) ON true
ORDER BY chosen.place)sql",
                                        milliseconds{10'000}};

constexpr pg::Statement unclaim_statement{"unclaim", GROOMER_FENCED R"sql(,
ended AS (
    DELETE FROM groomer.lease l USING fence, groomer.lock_state s
    WHERE s.lock = $1 AND l.term = s.term AND l.issue_id IN (SELECT json_array_elements_text($3::json)::bigint))
SELECT (SELECT count(*) FROM fence))sql"};

constexpr pg::Statement put_last_statement{"put_last", GROOMER_FENCED R"sql(,
later AS (
    UPDATE groomer.issue i SET due_at = clock_timestamp() + $4::interval
    FROM fence, json_to_recordset($3::json) AS x(id bigint, due bigint)
    WHERE i.id = x.id AND i.due_at <= clock_timestamp() AND (extract(epoch FROM i.due_at) * 1000000)::bigint = x.due)
SELECT (SELECT count(*) FROM fence))sql"};

constexpr pg::Statement find_decision_statement{
    "find_decision", "SELECT judgement::text FROM groomer.decision WHERE issue_id = $1 AND revision = $2 AND version = $3"};

constexpr pg::Statement save_decision_statement{"save_decision", GROOMER_FENCED R"sql(,
saved AS (
    INSERT INTO groomer.decision (issue_id, revision, version, judgement, term)
    SELECT $3::bigint, $4, $5, $6::jsonb, s.term FROM fence, groomer.lock_state s WHERE s.lock = $1
    ON CONFLICT (issue_id, revision, version) DO UPDATE
    SET judgement = excluded.judgement, term = excluded.term, decided_at = clock_timestamp() WHERE $7::boolean)
SELECT (SELECT count(*) FROM fence))sql"};

constexpr pg::Statement begin_steps_statement{"begin_steps", GROOMER_FENCED R"sql(,
added AS (
    INSERT INTO groomer.step (key, seq, issue_id, op, label, text, term)
    SELECT $4, x.seq + (SELECT coalesce(max(seq) + 1, 0) FROM groomer.step WHERE key = $4), $3::bigint, x.op, x.label, x.text, s.term
    FROM json_to_recordset($5::json) AS x(seq int, op text, label text, text text), fence, groomer.lock_state s
    WHERE s.lock = $1
    RETURNING seq, op, label, status, text)
SELECT (SELECT count(*) FROM fence), t.seq, t.op, t.label, t.status, t.text
FROM (SELECT 1) AS always LEFT JOIN added t ON true ORDER BY t.seq)sql"};

constexpr pg::Statement mark_step_statement{"mark_step", GROOMER_FENCED R"sql(,
marked AS (
    UPDATE groomer.step t SET status = $5, detail = $6, ended_at = clock_timestamp() FROM fence WHERE t.key = $3 AND t.seq = $4::int)
SELECT (SELECT count(*) FROM fence))sql"};

constexpr pg::Statement record_statement{"record", GROOMER_FENCED R"sql(,
x AS (
    SELECT x.* FROM fence, json_to_record($4::json) AS x(
        mode text, revision text, outcome text, reason text, judgement jsonb, added text[], removed text[], before text[],
        after text[], own text[], application text, duration_ms int, due_ms bigint, failures int, pod text, trial boolean,
        claimed_due_us bigint, undone text, undoes bigint[], open boolean, title text, overridden text[])),
run AS (
    INSERT INTO groomer.run (issue_id, term, pod, mode, revision, outcome, reason, judgement, added, removed, labels_before,
                             application, duration_ms, overridden)
    SELECT $3::bigint, s.term, x.pod, x.mode, coalesce(x.revision, ''), x.outcome, x.reason, x.judgement, x.added, x.removed, x.before,
           nullif(x.application, ''), x.duration_ms, coalesce(x.overridden, '{}')
    FROM x, groomer.lock_state s WHERE s.lock = $1 RETURNING id),
undone AS (UPDATE groomer.run r SET undone_by = run.id FROM x, run WHERE r.issue_id = $3::bigint AND r.id = ANY (x.undoes)),
stepped AS (
    UPDATE groomer.step t SET status = r.status, detail = r.detail, ended_at = coalesce(t.ended_at, clock_timestamp())
    FROM x, json_to_recordset($5::json) AS r(seq int, status text, detail text) WHERE t.key = x.application AND t.seq = r.seq),
-- What a holder that died did not come to store: the issue tells.
found AS (
    UPDATE groomer.step t SET ended_at = clock_timestamp(), detail = 'found at a later look',
        status = CASE WHEN (t.op = 'label.add') = EXISTS (SELECT FROM unnest(x.before) b WHERE lower(b) = lower(t.label))
                      THEN 'done' ELSE 'lost' END
    FROM x, groomer.lock_state s
    WHERE s.lock = $1 AND x.revision IS NOT NULL AND NOT x.trial AND t.ended_at IS NULL AND t.issue_id = $3::bigint AND t.term <> s.term AND t.status = 'planned'
      AND t.op IN ('label.add', 'label.remove')),
groomed AS (
    UPDATE groomer.issue i SET groomed_at = clock_timestamp(), revision = coalesce(x.revision, i.revision), outcome = x.outcome,
        reason = x.reason, labels = coalesce(x.after, i.labels), own_labels = coalesce(x.own, i.own_labels), failures = x.failures,
        open = coalesce(x.open, i.open), title = coalesce(x.title, i.title),
        undone = CASE WHEN x.revision IS NULL THEN i.undone ELSE x.undone END,
        -- What a sync, a policy or a person has made due since it was claimed has not been looked at: it stays due.
        rank = CASE WHEN (extract(epoch FROM i.due_at) * 1000000)::bigint IS DISTINCT FROM x.claimed_due_us THEN i.rank ELSE 2 END,
        due_at = CASE WHEN NOT coalesce(x.open, i.open) OR i.gone THEN NULL
                      WHEN (extract(epoch FROM i.due_at) * 1000000)::bigint IS DISTINCT FROM x.claimed_due_us THEN i.due_at
                      ELSE clock_timestamp() + x.due_ms * interval '1 ms' END
    FROM x WHERE i.id = $3::bigint AND NOT x.trial),
unleased AS (DELETE FROM groomer.lease l USING x WHERE l.issue_id = $3::bigint)
SELECT (SELECT count(*) FROM fence), (SELECT id FROM run))sql"};

boost::json::array to_json(std::vector<Step> const& steps) {
    boost::json::array out;
    for (Step const& step : steps)
        out.emplace_back(boost::json::object{{"seq", step.seq},
                                             {"op", step.op},
                                             {"label", step.label},
                                             {"status", step.status},
                                             {"detail", step.detail},
                                             {"text", step.text}});
    return out;
}

boost::json::object to_json(Record const& record) {
    boost::json::object out{{"mode", record.mode},
                            {"revision", record.revision},
                            {"outcome", record.outcome},
                            {"reason", record.reason},
                            {"added", json_array(record.added)},
                            {"removed", json_array(record.removed)},
                            {"before", json_array(record.labels_before)},
                            {"after", json_array(record.labels_after)},
                            {"own", json_array(record.own_labels)},
                            {"application", record.application},
                            {"duration_ms", record.duration.count()},
                            {"failures", record.failures},
                            {"trial", record.keep_schedule},
                            {"pod", record.pod}};
    out["judgement"] = boost::json::parse(record.judgement);
    if (record.unread)
        for (auto const* key : {"revision", "after", "own"}) out.erase(key);
    if (record.due_in) out["due_ms"] = record.due_in->count();
    if (record.claimed_due) out["claimed_due_us"] = *record.claimed_due;
    if (record.undone) out["undone"] = *record.undone;
    if (record.open) out["open"] = *record.open;
    if (record.title) out["title"] = *record.title;
    if (!record.undoes.empty()) out["undoes"] = json_array(record.undoes);
    if (!record.overridden.empty()) out["overridden"] = json_array(record.overridden);
    return out;
}

}  // namespace

Task<Claim> claim(Store& store, lock::Hold& hold, ClaimOptions options) {
    std::optional<std::string> repo;
    std::optional<std::int64_t> number;
    if (options.only) {
        repo = options.only->repo;
        number = options.only->number;
    }
    boost::json::array sources;
    std::int64_t limit = 1;
    for (auto const& source : options.sources) {
        sources.push_back({{"name", source.name}, {"batch", source.batch}});
        limit = std::max(limit, source.batch);
    }
    pg::Values values{boost::json::serialize(sources), limit, options.lease, repo, number, options.repo, options.due_or_not};
    auto rows = co_await store.write(hold, claim_statement, values);
    Claim out;
    std::map<std::string, std::int64_t> taken;  // by source
    for (auto const& row : rows) {
        if (row.null(1)) continue;
        out.issues.push_back({row.integer(1),
                              {row.text(2), row.integer(3)},
                              row.text(4),
                              static_cast<int>(row.integer(5)),
                              strings(row.text(6)),
                              strings(row.text(7)),
                              row.null(8) ? std::nullopt : std::optional{row.integer(8)},
                              row.maybe(9)});
        ++taken[row.text(4)];
    }
    out.full = static_cast<std::int64_t>(out.issues.size()) == limit ||
               std::any_of(options.sources.begin(), options.sources.end(), [&](auto const& s) { return taken[s.name] == s.batch; });
    co_return out;
}

Task<> unclaim(Store& store, lock::Hold& hold, std::vector<std::int64_t> issues) {
    pg::Values values{boost::json::serialize(json_array(issues))};
    co_await store.write(hold, unclaim_statement, values);
}

Task<> put_last(Store& store, lock::Hold& hold, std::vector<Claimed> issues, std::chrono::milliseconds delay) {
    boost::json::array told;
    for (auto const& issue : issues)
        if (issue.due) told.push_back({{"id", issue.id}, {"due", *issue.due}});
    pg::Values values{boost::json::serialize(told), delay};
    co_await store.write(hold, put_last_statement, values);
}

Task<std::optional<std::string>> find_decision(Store& store, std::int64_t issue, std::string revision, std::string version) {
    pg::Values values{issue, revision, version};
    auto rows = co_await store.read(find_decision_statement, values);
    if (rows.empty()) co_return std::nullopt;
    co_return rows.front().text(0);
}

Task<> save_decision(Store& store, lock::Hold& hold, std::int64_t issue, std::string revision, std::string version, std::string judgement,
                     bool replace) {
    pg::Values values{issue, revision, version, judgement, replace};
    co_await store.write(hold, save_decision_statement, values);
}

Task<std::vector<Step>> begin_steps(Store& store, lock::Hold& hold, std::int64_t issue, std::string key, std::vector<Step> steps) {
    pg::Values values{issue, key, boost::json::serialize(to_json(steps))};
    auto rows = co_await store.write(hold, begin_steps_statement, values);
    std::vector<Step> out;
    for (auto const& row : rows)
        if (!row.null(1)) out.push_back({static_cast<int>(row.integer(1)), row.text(2), row.text(3), row.text(4), "", row.text(5)});
    co_return out;
}

Task<> mark_step(Store& store, lock::Hold& hold, std::string key, Step step) {
    pg::Values values{key, step.seq, step.status, step.detail};
    co_await store.write(hold, mark_step_statement, values);
}

Task<std::int64_t> record(Store& store, lock::Hold& hold, Record record) {
    pg::Values values{record.issue, boost::json::serialize(to_json(record)), boost::json::serialize(to_json(record.steps))};
    auto rows = co_await store.write(hold, record_statement, values);
    co_return rows.front().integer(1);
}

}  // namespace groomer::store
