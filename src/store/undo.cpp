#include "store/undo.hpp"

#include "store/json_strings.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace groomer::store {
namespace {

// A step that was let go may have had an effect, whatever became of its answer: the issue tells. `undo` keeps its own steps under keys
// of their own (groom/apply.cpp), and ends what was there before it. $5 to $9: the selection. Before a time nothing counts but the steps
// of a run that was recorded after it, which took an hour at most. Open issues first: closed ones are left, again and again.
constexpr pg::Statement claim_statement{"claim_to_undo", GROOMER_FENCED R"sql(,
held AS (SELECT s.term FROM groomer.lock_state s, fence WHERE s.lock = $1),
since AS (SELECT coalesce($8::timestamptz, clock_timestamp() - $9::interval) AS at),
candidate AS (
    SELECT r.issue_id FROM groomer.run r WHERE r.id = $5::bigint
    UNION SELECT i.id FROM groomer.repository r JOIN groomer.issue i ON i.repo_id = r.id
        WHERE lower(r.name) = lower($6) AND i.number = $7::bigint
    UNION SELECT r.issue_id FROM groomer.run r, since WHERE r.at >= since.at AND r.application IS NOT NULL
    UNION SELECT t.issue_id FROM groomer.step t, since WHERE t.planned_at >= since.at),
act AS (
    SELECT t.issue_id, t.op, t.label, t.text, t.planned_at, t.seq, r.id AS run,
           CASE WHEN $5::bigint IS NOT NULL THEN r.id IS NOT DISTINCT FROM $5::bigint
                ELSE $6::text IS NOT NULL OR coalesce(r.at, t.planned_at) >= since.at END AS selected
    FROM since, candidate JOIN groomer.step t ON t.issue_id = candidate.issue_id LEFT JOIN LATERAL (
        SELECT r.id, r.at, r.mode, r.undone_by FROM groomer.run r
        WHERE r.issue_id = t.issue_id AND r.at >= t.planned_at
          AND (r.mode = 'apply' OR r.mode = 'undo' AND r.outcome IN ('undone', 'noop'))
        ORDER BY r.id LIMIT 1) r ON true
    WHERE t.status NOT IN ('fenced', 'withheld', 'stale', 'gone', 'lost') AND NOT starts_with(t.key, 'undo ')
      AND NOT (t.status = 'planned' AND NOT starts_with(t.op, 'label.'))  -- a text is marked before it is sent
      -- What was suggested wrote no label, and what is said there stays.
      AND NOT EXISTS (SELECT FROM groomer.run s WHERE s.issue_id = t.issue_id AND s.mode = 'suggest' AND s.application = t.key)
      AND (since.at IS NULL OR t.planned_at >= since.at - interval '1 hour')
      AND (r.id IS NULL OR r.mode = 'apply' AND r.undone_by IS NULL)),
told AS (
    SELECT issue_id, json_agg(json_build_object('run', run, 'op', op, 'label', label, 'selected', selected, 'text', text)
                              ORDER BY run NULLS LAST, planned_at, seq) AS acts
    FROM act GROUP BY issue_id HAVING bool_or(selected)),
chosen AS (
    SELECT i.id FROM held, told JOIN groomer.issue i ON i.id = told.issue_id JOIN groomer.repository r ON r.id = i.repo_id
    WHERE r.source IN (SELECT json_array_elements_text($3::json)) AND NOT i.gone
      AND NOT EXISTS (SELECT FROM groomer.lease l WHERE l.issue_id = i.id AND l.term >= held.term)
    ORDER BY NOT i.open, r.id, i.number LIMIT $10::bigint),
taken AS (SELECT i.id FROM groomer.issue i WHERE i.id IN (SELECT id FROM chosen) FOR UPDATE SKIP LOCKED),
leased AS (
    INSERT INTO groomer.lease (issue_id, term, until) SELECT taken.id, held.term, clock_timestamp() + $4::interval FROM taken, held
    ON CONFLICT (issue_id) DO UPDATE SET term = excluded.term, until = excluded.until WHERE lease.term < excluded.term
    RETURNING issue_id)
SELECT (SELECT count(*) FROM fence), i.id, r.name, i.number, r.source, i.failures, array_to_json(i.own_labels),
    array_to_json(i.taken_away), (extract(epoch FROM i.due_at) * 1000000)::bigint, i.undone, told.acts
FROM (SELECT 1) AS always LEFT JOIN (leased JOIN told ON told.issue_id = leased.issue_id
     JOIN groomer.issue i ON i.id = leased.issue_id JOIN groomer.repository r ON r.id = i.repo_id) ON true
ORDER BY r.id, i.number)sql",
                                        std::chrono::milliseconds{30'000}};

constexpr pg::Statement begin_statement{"begin_undo", GROOMER_FENCED R"sql(,
parked AS (
    UPDATE groomer.issue i SET undone = $4,
        due_at = CASE WHEN (extract(epoch FROM i.due_at) * 1000000)::bigint IS DISTINCT FROM $5::bigint THEN i.due_at END
    FROM fence WHERE i.id = $3::bigint)
SELECT (SELECT count(*) FROM fence))sql"};

constexpr pg::Statement about_statement{"about_run", "SELECT mode, outcome, undone_by FROM groomer.run WHERE id = $1"};

std::vector<Act> to_acts(std::string const& text) {
    std::vector<Act> out;
    auto const acts = boost::json::parse(text);
    for (auto const& act : acts.as_array()) {
        auto const& run = act.at("run");
        out.push_back({run.is_null() ? std::nullopt : std::optional{run.to_number<std::int64_t>()}, std::string{act.at("op").as_string()},
                       std::string{act.at("label").as_string()}, act.at("selected").as_bool(), std::string{act.at("text").as_string()}});
    }
    return out;
}

}  // namespace

Task<Claim> claim_to_undo(Store& store, lock::Hold& hold, UndoOptions options) {
    auto const& selection = options.selection;
    std::optional<std::string> repo;
    std::optional<std::int64_t> number;
    if (selection.issue) {
        repo = selection.issue->repo;
        number = selection.issue->number;
    }
    boost::json::array const sources(options.sources.begin(), options.sources.end());
    pg::Values values{
        boost::json::serialize(sources), options.lease, selection.run, repo, number, selection.since, selection.last, options.limit};
    auto rows = co_await store.write(hold, claim_statement, values);
    Claim out;
    for (auto const& row : rows) {
        if (row.null(1)) continue;
        out.issues.push_back({row.integer(1),
                              {row.text(2), row.integer(3)},
                              row.text(4),
                              static_cast<int>(row.integer(5)),
                              strings(row.text(6)),
                              strings(row.text(7)),
                              row.null(8) ? std::nullopt : std::optional{row.integer(8)},
                              row.maybe(9),
                              to_acts(row.text(10))});
    }
    out.full = static_cast<std::int64_t>(out.issues.size()) == options.limit;
    co_return out;
}

Task<> begin_undo(Store& store, lock::Hold& hold, Claimed const& issue, std::string revision) {
    pg::Values values{issue.id, revision, issue.due};
    co_await store.write(hold, begin_statement, values);
}

Task<std::optional<RunAbout>> about_run(Store& store, std::int64_t run) {
    pg::Values values{run};
    auto rows = co_await store.read(about_statement, values);
    if (rows.empty()) co_return std::nullopt;
    auto const& row = rows.front();
    co_return RunAbout{row.text(0), row.text(1), row.null(2) ? std::nullopt : std::optional{row.integer(2)}};
}

}  // namespace groomer::store
