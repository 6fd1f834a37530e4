#include "store/spend.hpp"

#include "base/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace groomer::store {
namespace {

constexpr pg::Statement spent_statement{"spent_today", R"sql(
SELECT coalesce(sum(input_tokens + output_tokens), 0)::bigint, coalesce(sum(usd), 0) FROM groomer.model_call
WHERE at >= date_trunc('day', statement_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')sql"};

constexpr pg::Statement lately_statement{"spent_lately", R"sql(
SELECT count(DISTINCT (issue_id, revision, version)), coalesce(sum(input_tokens + output_tokens), 0)::bigint, coalesce(sum(usd), 0)
FROM (SELECT issue_id, revision, version, input_tokens, output_tokens, usd FROM groomer.model_call
      WHERE settled AND provider = $1 AND model = $2 AND issue_id IS NOT NULL ORDER BY at DESC LIMIT 1000) c)sql"};

constexpr pg::Statement left_statement{"left_to_judge", R"sql(
SELECT count(*) FROM groomer.issue i JOIN groomer.repository r ON r.id = i.repo_id
WHERE i.due_at <= statement_timestamp() AND r.source IN (SELECT json_array_elements_text($1::json))
  AND ($2::text IS NULL OR lower(r.name) = lower($2))
  AND r.name || '#' || i.number NOT IN (SELECT json_array_elements_text($3::json)))sql"};

constexpr pg::Statement reserve_statement{"reserve_call", GROOMER_FENCED R"sql(,
before AS (
    SELECT coalesce(sum(c.usd), 0) AS usd,
           coalesce(bool_or(NOT c.settled AND c.term <> s.term AND c.revision = $10 AND c.version = $11), false) AS asked
    FROM groomer.lock_state s LEFT JOIN groomer.model_call c ON c.issue_id = $3::bigint WHERE s.lock = $1),
reserved AS (
    INSERT INTO groomer.model_call (issue_id, revision, version, term, provider, model, input_tokens, output_tokens, usd)
    SELECT $3::bigint, $10, $11, s.term, $4, $5, $6::bigint, $7::bigint, $8::double precision
    FROM fence, before, groomer.lock_state s
    WHERE s.lock = $1 AND ($9::double precision IS NULL OR before.usd + $8::double precision <= $9::double precision)
      AND ($12::boolean OR NOT before.asked)
    RETURNING id)
SELECT (SELECT count(*) FROM fence), (SELECT id FROM reserved), (SELECT asked AND NOT $12::boolean FROM before))sql"};

constexpr pg::Statement settle_statement{"settle_call", GROOMER_FENCED R"sql(,
settled AS (
    UPDATE groomer.model_call c SET settled = true, input_tokens = $4::bigint, output_tokens = $5::bigint, usd = $6::double precision,
        flaw = $7, answer = $8
    FROM fence WHERE c.id = $3::bigint
    RETURNING c.issue_id, c.revision, c.version, c.term),
saved AS (
    INSERT INTO groomer.decision (issue_id, revision, version, judgement, term)
    SELECT t.issue_id, t.revision, t.version, $9::jsonb, t.term FROM settled t WHERE $9::jsonb IS NOT NULL AND t.issue_id IS NOT NULL
    ON CONFLICT (issue_id, revision, version) DO UPDATE
    SET judgement = excluded.judgement, term = excluded.term, decided_at = clock_timestamp() WHERE $10::boolean)
SELECT (SELECT count(*) FROM fence))sql"};

constexpr pg::Statement drop_statement{"drop_call", GROOMER_FENCED R"sql(,
dropped AS (DELETE FROM groomer.model_call c USING fence WHERE c.id = $3::bigint)
SELECT (SELECT count(*) FROM fence))sql"};

std::string array_of(std::vector<std::string> const& texts) {
    return boost::json::serialize(boost::json::array(texts.begin(), texts.end()));
}

}  // namespace

Task<Spent> spent_lately(Store& store, std::string provider, std::string model) {
    pg::Values const values{provider, model};
    auto rows = co_await store.read(lately_statement, values);
    auto const& row = rows.at(0);
    co_return Spent{row.integer(0), {row.integer(1), row.number(2)}};
}

Task<std::int64_t> left_to_judge(Store& store, std::vector<std::string> sources, std::optional<std::string> repo,
                                 std::vector<std::string> besides) {
    pg::Values const values{array_of(sources), repo, array_of(besides)};
    auto rows = co_await store.read(left_statement, values);
    co_return rows.at(0).integer(0);
}

Task<Spend> spent_today(Store& store) {
    pg::Values const none;
    auto rows = co_await store.read(spent_statement, none);
    co_return Spend{rows.at(0).integer(0), rows.at(0).number(1)};
}

Task<Reservation> reserve_call(Store& store, lock::Hold& hold, ModelCall call) {
    pg::Values values{call.issue, call.provider,      call.model,    call.input_tokens, call.output_tokens,
                      call.usd,   call.usd_per_issue, call.revision, call.version,      call.again};
    auto rows = co_await store.write(hold, reserve_statement, values);
    Reservation out;
    if (!rows.at(0).null(1)) out.call = rows.at(0).integer(1);
    out.asked_before = rows.at(0).truth(2);
    co_return out;
}

Task<> settle_call(Store& store, lock::Hold& hold, std::int64_t call, ModelCall const& what, CallEnd end) {
    constexpr std::size_t longest_answer = 16UL * 1024;
    auto const clean = clean_text(std::string_view{end.answer}.substr(0, longest_answer));
    std::string const answer{truncate_utf8(clean, longest_answer)};
    pg::Values values{call, end.input_tokens, end.output_tokens, end.usd, end.flaw, answer, end.decision, what.again || end.replaces};
    co_await store.write(hold, settle_statement, values);
}

Task<> drop_call(Store& store, lock::Hold& hold, std::int64_t call) {
    pg::Values values{call};
    co_await store.write(hold, drop_statement, values);
}

}  // namespace groomer::store
