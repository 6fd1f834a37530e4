#include "store/said.hpp"

#include "store/json_strings.hpp"

namespace groomer::store {
namespace {

// The steps in the order in which they ended; one that was begun by a holder that died may have taken effect.
constexpr pg::Statement said_statement{"said", R"sql(
SELECT t.op, t.label, bool_or(t.status IN ('done', 'already')), (array_agg(t.status IN ('done', 'already') ORDER BY t.ended_at DESC))[1],
       (array_agg(t.text ORDER BY t.ended_at DESC))[1],
       (extract(epoch FROM clock_timestamp() - max(t.ended_at) FILTER (WHERE t.status IN ('begun', 'done', 'unknown'))) * 1000)::bigint,
       count(DISTINCT t.text), (array_agg(r.revision ORDER BY t.ended_at DESC) FILTER (WHERE t.status IN ('begun', 'done', 'unknown')))[1],
       array_to_json(array_agg(DISTINCT t.text))
FROM groomer.step t LEFT JOIN LATERAL (
    SELECT r.revision FROM groomer.run r WHERE r.issue_id = t.issue_id AND r.application = t.key ORDER BY r.id LIMIT 1) r ON true
WHERE t.issue_id = $1 AND t.op IN ('comment.set', 'section.set', 'title.set') AND t.ended_at IS NOT NULL AND t.status IN ('begun', 'done', 'already', 'failed', 'unknown')
GROUP BY t.op, t.label)sql"};

}  // namespace

Task<std::vector<Said>> said(Store& store, std::int64_t issue) {
    pg::Values values{issue};
    auto rows = co_await store.read(said_statement, values);
    std::vector<Said> out;
    for (auto const& row : rows) {
        Said one{row.text(0), row.text(1), row.truth(2), std::nullopt, std::nullopt};
        if (row.truth(3)) one.text = row.text(4);
        if (!row.null(5)) one.written_ago = std::chrono::milliseconds{row.integer(5)};
        one.versions = static_cast<int>(row.integer(6));
        one.revision = row.maybe(7).value_or("");
        one.texts = strings(row.text(8));
        out.push_back(std::move(one));
    }
    co_return out;
}

}  // namespace groomer::store
