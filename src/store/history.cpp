#include "store/history.hpp"

#include "store/json_strings.hpp"

namespace groomer::store {
namespace {

constexpr pg::Statement status_statement{"lock_status", R"sql(
SELECT s.lock IS NOT NULL, l.id IS NOT NULL AND l."syncRunId" IS NOT NULL, l."syncRunId", coalesce(h.pod, ''), s.term,
       to_char(h.acquired_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), l."acquiredAt"::text,
       CASE WHEN isfinite(l."acquiredAt") THEN extract(epoch FROM clock_timestamp() - l."acquiredAt") END,
       CASE WHEN isfinite(s.due_at) THEN extract(epoch FROM s.due_at - clock_timestamp()) WHEN s.due_at < clock_timestamp() THEN 0 END,
       (SELECT paused FROM groomer.control), s.clean, coalesce(h.renewals, 0), extract(epoch FROM clock_timestamp()),
       l."syncRunId" IS NOT NULL AND (l."acquiredAt" <= clock_timestamp() + interval '1 s') IS NOT TRUE
FROM (SELECT $1::text AS lock) w LEFT JOIN groomer.lock_state s ON s.lock = w.lock
LEFT JOIN sync_lock l ON l.id = w.lock
LEFT JOIN groomer.hold h ON h.lock = w.lock AND h.token = l."syncRunId" AND h.term = s.term)sql"};

constexpr pg::Statement holds_statement{"last_holds", R"sql(
SELECT h.term, h.pod, h.how, to_char(h.acquired_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
       to_char(h.ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
       coalesce(h.ended, CASE WHEN h.token IS DISTINCT FROM l."syncRunId" THEN 'lost' END),
       CASE WHEN h.ended_at IS NULL AND h.token IS DISTINCT FROM l."syncRunId" OR NOT isfinite(h.acquired_at) OR NOT isfinite(h.ended_at)
            THEN NULL ELSE extract(epoch FROM coalesce(h.ended_at, clock_timestamp()) - h.acquired_at) END,
       h.renewals
FROM groomer.hold h LEFT JOIN sync_lock l ON l.id = h.lock WHERE h.lock = $1 ORDER BY h.term DESC LIMIT 10)sql"};

constexpr pg::Statement release_statement{"release_by_hand", "SELECT groomer.release_by_hand($1, $2, $3)"};

constexpr pg::Statement story_statement{"story", R"sql(
SELECT i.id, i.title, coalesce(i.outcome, ''), coalesce(i.reason, ''),
       to_char(i.groomed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       to_char(i.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       i.open, i.gone, s.synced_at IS NOT NULL, EXISTS (SELECT FROM groomer.lease l JOIN groomer.lock_state k ON k.term = l.term AND k.token IS NOT NULL
               WHERE l.issue_id = i.id AND l.until > clock_timestamp()),
       i.rank, i.failures, extract(epoch FROM i.due_at - clock_timestamp()), array_to_json(i.labels), array_to_json(i.own_labels)
FROM groomer.issue i JOIN groomer.repository r ON r.id = i.repo_id JOIN groomer.source s ON s.name = r.source
WHERE lower(r.name) = lower($1) AND i.number = $2)sql"};

constexpr pg::Statement runs_statement{"runs_of", R"sql(
SELECT id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), mode, outcome, reason, judgement::text, pod,
       array_to_json(added), array_to_json(removed), undone_by
FROM groomer.run WHERE issue_id = $1 ORDER BY id DESC LIMIT 5)sql"};

}  // namespace

Task<LockStatus> lock_status(Store& store, std::string lock) {
    pg::Values values{lock};
    auto rows = co_await store.read(status_statement, values);
    auto const& row = rows.at(0);
    LockStatus status;
    status.known = row.truth(0);
    status.held = row.truth(1);
    status.token = row.maybe(2);
    status.pod = row.text(3);
    status.term = row.integer(4);
    status.since = row.text(5);
    status.renewed_at = row.text(6);
    if (!row.null(7)) status.age = row.number(7);
    if (!row.null(8)) status.due_in = row.number(8);
    status.paused = row.truth(9);
    status.clean = row.truth(10);
    status.renewals = row.integer(11);
    status.database_time = row.number(12);
    status.ahead = row.truth(13);
    co_return status;
}

Task<std::vector<HoldLine>> last_holds(Store& store, std::string lock) {
    pg::Values values{lock};
    auto rows = co_await store.read(holds_statement, values);
    std::vector<HoldLine> out;
    for (auto const& hold : rows)
        out.push_back({hold.integer(0), hold.text(1), hold.text(2), hold.text(3), hold.text(4), hold.text(5),
                       hold.null(6) ? std::nullopt : std::optional{hold.number(6)}, hold.integer(7)});
    co_return out;
}

Task<bool> release_by_hand(Store& store, std::string lock, std::optional<std::int64_t> term, std::optional<std::string> token) {
    pg::Values values{lock, term, token};
    auto rows = co_await store.read(release_statement, values);
    co_return rows.at(0).truth(0);
}

Task<std::optional<IssueStory>> story(Store& store, tracker::IssueRef ref) {
    pg::Values values{ref.repo, ref.number};
    auto rows = co_await store.read(story_statement, values);
    if (rows.empty()) co_return std::nullopt;
    auto const& row = rows.front();
    IssueStory story;
    story.title = row.text(1);
    story.outcome = row.text(2);
    story.reason = row.text(3);
    story.groomed_at = row.text(4);
    story.due_at = row.text(5);
    story.open = row.truth(6);
    story.gone = row.truth(7);
    story.synced = row.truth(8);
    story.leased = row.truth(9);
    story.rank = static_cast<int>(row.integer(10));
    story.failures = static_cast<int>(row.integer(11));
    story.due_in = row.number(12);
    story.labels = strings(row.text(13));
    story.own_labels = strings(row.text(14));
    pg::Values issue{row.integer(0)};
    auto runs = co_await store.read(runs_statement, issue);
    for (auto const& run : runs)
        story.runs.push_back({run.integer(0), run.text(1), run.text(2), run.text(3), run.text(4), run.text(5), run.text(6),
                              strings(run.text(7)), strings(run.text(8)), run.null(9) ? std::nullopt : std::optional{run.integer(9)}});
    co_return story;
}

}  // namespace groomer::store
