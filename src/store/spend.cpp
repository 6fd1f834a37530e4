#include "store/spend.hpp"

#include "base/text.hpp"

namespace groomer::store {
namespace {

constexpr pg::Statement spent_statement{"spent_today", R"sql(
SELECT coalesce(sum(input_tokens + output_tokens), 0)::bigint, coalesce(sum(usd), 0) FROM groomer.model_call
WHERE at >= date_trunc('day', statement_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')sql"};

constexpr pg::Statement reserve_statement{"reserve_call", GROOMER_FENCED R"sql(,
spent AS (SELECT coalesce(sum(usd), 0) AS usd FROM groomer.model_call WHERE issue_id = $3::bigint),
reserved AS (
    INSERT INTO groomer.model_call (issue_id, term, provider, model, input_tokens, output_tokens, usd)
    SELECT $3::bigint, s.term, $4, $5, $6::bigint, $7::bigint, $8::double precision
    FROM fence, spent, groomer.lock_state s
    WHERE s.lock = $1 AND ($9::double precision IS NULL OR spent.usd + $8::double precision <= $9::double precision)
    RETURNING id)
SELECT (SELECT count(*) FROM fence), (SELECT id FROM reserved))sql"};

constexpr pg::Statement settle_statement{"settle_call", GROOMER_FENCED R"sql(,
settled AS (
    UPDATE groomer.model_call c SET settled = true, input_tokens = $4::bigint, output_tokens = $5::bigint, usd = $6::double precision,
        flaw = $7, answer = $8
    FROM fence WHERE c.id = $3::bigint)
SELECT (SELECT count(*) FROM fence))sql"};

}  // namespace

Task<Spend> spent_today(Store& store) {
    auto rows = co_await store.read(spent_statement, {});
    co_return Spend{rows.at(0).integer(0), rows.at(0).number(1)};
}

Task<std::optional<std::int64_t>> reserve_call(Store& store, lock::Hold& hold, ModelCall most, std::optional<double> usd_per_issue) {
    pg::Values values{most.issue, most.provider, most.model, most.input_tokens, most.output_tokens, most.usd, usd_per_issue};
    auto rows = co_await store.write(hold, reserve_statement, values);
    if (rows.at(0).null(1)) co_return std::nullopt;
    co_return rows.at(0).integer(1);
}

Task<> settle_call(Store& store, lock::Hold& hold, std::int64_t call, CallEnd end) {
    constexpr std::size_t longest_answer = 16UL * 1024;
    auto const answer_text = clean_text(std::string_view{end.answer}.substr(0, longest_answer));
    std::string const answer{truncate_utf8(answer_text, longest_answer)};
    pg::Values values{call, end.input_tokens, end.output_tokens, end.usd, end.flaw, answer};
    co_await store.write(hold, settle_statement, values);
}

}  // namespace groomer::store
