#include "store/issues.hpp"

#include "base/text.hpp"
#include "store/json_strings.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdio>
#include <set>
#include <span>
#include <utility>

namespace groomer::store {
namespace {

constexpr pg::Statement sources_statement{"sources", R"sql(
SELECT name, cursor, pass, synced_at IS NOT NULL, extract(epoch FROM clock_timestamp() - synced_at),
       (SELECT coalesce(json_agg(r.name ORDER BY r.id), '[]') FROM groomer.repository r WHERE r.source = s.name)
FROM groomer.source s)sql"};

constexpr pg::Statement register_statement{"register_sources", GROOMER_FENCED R"sql(,
wanted AS (SELECT name FROM json_array_elements_text($3::json) AS name),
added AS (
    INSERT INTO groomer.source (name) SELECT name FROM wanted, fence
    ON CONFLICT (name) DO UPDATE SET configured = true WHERE NOT source.configured),
ended AS (
    UPDATE groomer.issue i SET gone = true, due_at = NULL FROM groomer.repository r, fence
    WHERE r.id = i.repo_id AND NOT i.gone AND r.source NOT IN (SELECT name FROM wanted)),
forgotten AS (
    UPDATE groomer.source s SET cursor = '', configured = false FROM fence
    WHERE s.name NOT IN (SELECT name FROM wanted) AND s.configured)
SELECT (SELECT count(*) FROM fence))sql"};

// Whose labels are ours after a page: as it tells ($6), or else those of before. One that is gone stays among them until the issue is
// groomed: a person has taken it away, and that is counted then. One that comes anew is a person's.
#define GROOMER_OWN_NOW                                                                    \
    "CASE WHEN $6::boolean THEN excluded.own_labels "                                      \
    "ELSE ARRAY(SELECT own.label FROM unnest(i.own_labels) WITH ORDINALITY own(label, n) " \
    "WHERE own.label = ANY (i.labels) OR NOT own.label = ANY (excluded.labels) ORDER BY own.n) END"
// Something is wanted of people: an answer, where something is missing or a notice stands, or any move at all where three tries have
// failed. Whatever moves there may be it. Comments themselves are not synced, and our own writes move it too, which costs a look.
#define GROOMER_WAITS_FOR_PEOPLE(issue)                                                        \
    "(" issue ".failures >= 3 OR EXISTS (SELECT FROM groomer.step t WHERE t.issue_id = " issue \
    ".id AND t.op = 'comment.set' AND t.label = 'notice' AND t.ended_at IS NOT NULL)"          \
    " OR (SELECT r.judgement #> '{gaps,0}' IS NOT NULL FROM groomer.run r"                     \
    " WHERE r.issue_id = " issue ".id AND r.mode <> 'undo' ORDER BY r.id DESC LIMIT 1) IS TRUE)"
// What makes an issue due again.
#define GROOMER_CONTENT_CHANGED                                                        \
    "((i.title, i.body, i.open, i.labels, i.own_labels, i.gone) IS DISTINCT FROM "     \
    "(excluded.title, excluded.body, excluded.open, excluded.labels, " GROOMER_OWN_NOW \
    ", false)"                                                                         \
    " OR i.updated_at IS DISTINCT FROM excluded.updated_at AND " GROOMER_WAITS_FOR_PEOPLE("i") ")"
// Also a comment may, where what was done was taken back: whether it is a person's is seen when the issue is read.
#define GROOMER_TOUCHED_SINCE_UNDONE "(i.undone IS NOT NULL AND i.updated_at IS DISTINCT FROM excluded.updated_at)"

// Labels are compared as sorted arrays: record() leaves them so too, and our own writes are no change of a person's.
constexpr pg::Statement page_statement{"apply_page", GROOMER_FENCED R"sql(,
input AS (
    SELECT * FROM json_to_recordset($4::json) AS x(
        repo text, number bigint, title text, body text, open boolean, author text, bot boolean, labels text[], own text[],
        created text, updated text)),
pass AS (
    UPDATE groomer.source s SET pass = s.pass + ($5::boolean)::int FROM fence WHERE s.name = $3 RETURNING s.pass),
repo AS (
    INSERT INTO groomer.repository (name, source) SELECT DISTINCT ON (lower(repo)) repo, $3 FROM input, fence
    ON CONFLICT (lower(name)) DO UPDATE SET source = excluded.source
        WHERE NOT EXISTS (SELECT FROM groomer.source s WHERE s.name = repository.source AND s.configured)
    RETURNING id, lower(name) AS name),
known AS (
    SELECT id, name FROM repo
    UNION SELECT id, lower(name) FROM groomer.repository WHERE source = $3 AND lower(name) IN (SELECT lower(repo) FROM input)),
changed AS (
    SELECT count(*) AS issues FROM input n JOIN known ON known.name = lower(n.repo)
    LEFT JOIN groomer.issue o ON o.repo_id = known.id AND o.number = n.number
    WHERE o.id IS NULL OR (o.title, o.body, o.open, o.labels, o.gone)
            IS DISTINCT FROM (n.title, n.body, n.open, coalesce(n.labels, '{}'), false)
        OR $6::boolean AND o.own_labels IS DISTINCT FROM coalesce(n.own, '{}')
        OR o.updated_at IS DISTINCT FROM nullif(n.updated, '')::timestamptz AND )sql" GROOMER_WAITS_FOR_PEOPLE("o") R"sql(),
written AS (
    INSERT INTO groomer.issue AS i (repo_id, number, title, body, open, author, author_is_bot, labels, own_labels,
                                    created_at, updated_at, seen_pass, due_at)
    SELECT known.id, n.number, n.title, n.body, n.open, n.author, n.bot, coalesce(n.labels, '{}'), coalesce(n.own, '{}'),
           nullif(n.created, '')::timestamptz, nullif(n.updated, '')::timestamptz, pass.pass,
           CASE WHEN n.open THEN statement_timestamp() END
    FROM input n JOIN known ON known.name = lower(n.repo), pass
    ON CONFLICT (repo_id, number) DO UPDATE SET
        title = excluded.title, body = excluded.body, open = excluded.open, author = excluded.author,
        author_is_bot = excluded.author_is_bot, labels = excluded.labels,
        own_labels = )sql" GROOMER_OWN_NOW R"sql(, created_at = excluded.created_at,
        taken_away = ARRAY((SELECT unnest(i.labels) EXCEPT SELECT unnest(i.own_labels)) UNION SELECT unnest(i.taken_away)
                           EXCEPT (SELECT unnest(excluded.labels) EXCEPT SELECT unnest()sql" GROOMER_OWN_NOW R"sql())),
        updated_at = excluded.updated_at, seen_pass = excluded.seen_pass, gone = false,
        undone = CASE WHEN i.open = excluded.open THEN i.undone END,
        rank = CASE WHEN i.groomed_at IS NULL THEN 0 WHEN )sql" GROOMER_CONTENT_CHANGED R"sql( THEN 1 ELSE i.rank END,
        due_at = CASE WHEN NOT excluded.open THEN NULL
                      WHEN )sql" GROOMER_CONTENT_CHANGED " OR " GROOMER_TOUCHED_SINCE_UNDONE R"sql( THEN statement_timestamp()
                      ELSE i.due_at END
    WHERE i.seen_pass <> excluded.seen_pass OR )sql" GROOMER_CONTENT_CHANGED " OR " GROOMER_TOUCHED_SINCE_UNDONE R"sql(
    RETURNING 1)
SELECT (SELECT count(*) FROM fence), (SELECT issues FROM changed),
       (SELECT count(*) FROM input WHERE lower(repo) NOT IN (SELECT name FROM known)))sql",
                                       std::chrono::milliseconds{30'000}};

// $6: the sync is complete; $5: it was a full pass; $7: it changed an issue.
constexpr pg::Statement cursor_statement{"sync_cursor", GROOMER_FENCED R"sql(,
ended AS (
    UPDATE groomer.issue i SET gone = true, due_at = NULL FROM groomer.repository r, groomer.source s, fence
    WHERE $5::boolean AND $6::boolean AND s.name = $3 AND r.source = $3 AND r.id = i.repo_id AND NOT i.gone
      AND i.seen_pass <> s.pass RETURNING 1),
moved AS (
    UPDATE groomer.source s SET cursor = $4,
        synced_at = CASE WHEN $6::boolean THEN clock_timestamp() ELSE s.synced_at END,
        changes = s.changes + CASE WHEN $7::boolean OR EXISTS (SELECT FROM ended) THEN 1 ELSE 0 END
    FROM fence WHERE s.name = $3)
SELECT (SELECT count(*) FROM fence), (SELECT count(*) FROM ended))sql",
                                         std::chrono::milliseconds{30'000}};

constexpr pg::Statement knows_statement{"knows_repository", "SELECT FROM groomer.repository WHERE lower(name) = lower($1)"};

constexpr pg::Statement request_statement{"request_tick", GROOMER_FENCED R"sql(,
requested AS (INSERT INTO groomer.request (lock) SELECT $3 FROM fence RETURNING lock)
SELECT (SELECT count(*) FROM fence), (SELECT pg_notify('groomer_lock', lock) IS NULL FROM requested))sql"};

// The tracker's text if PostgreSQL will read it as a time, else nothing: a bad date must not refuse a whole page.
std::string valid_time(std::string const& text) {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
    constexpr auto form = "%4d-%2d-%2dT%2d:%2d:%2dZ%n";
    if (std::sscanf(text.c_str(), form, &year, &month, &day, &hour, &minute, &second, &used) != 6) return {};
    std::chrono::year_month_day const date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    bool const in_range = date.ok() && year > 1900 && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60;
    return in_range && static_cast<std::size_t>(used) == text.size() ? text : std::string{};
}

// An issue that changed while the tracker was read may be there twice: what was read later counts.
std::vector<tracker::Issue const*> latest(std::vector<tracker::Issue> const& issues) {
    std::set<std::pair<std::string, std::int64_t>> seen;
    std::vector<tracker::Issue const*> out;
    for (auto issue = issues.rbegin(); issue != issues.rend(); ++issue)
        if (seen.emplace(to_lower(issue->ref.repo), issue->ref.number).second) out.push_back(&*issue);
    std::reverse(out.begin(), out.end());
    return out;
}

boost::json::object to_row(tracker::Issue const& issue) {
    auto labels = issue.labels;
    auto own = issue.own;
    std::sort(labels.begin(), labels.end());
    std::sort(own.begin(), own.end());
    return {{"repo", issue.ref.repo},
            {"number", issue.ref.number},
            {"title", issue.title},
            {"body", issue.body},
            {"open", issue.open},
            {"author", issue.author},
            {"bot", issue.author_is_bot},
            {"labels", boost::json::array(labels.begin(), labels.end())},
            {"own", boost::json::array(own.begin(), own.end())},
            {"created", valid_time(issue.created_at)},
            {"updated", valid_time(issue.updated_at)}};
}

// As many as one statement takes, and takes them away: on its way to the server a text is copied again and again.
std::string next_rows(std::span<tracker::Issue const* const>& issues) {
    constexpr std::size_t enough = 1UL << 20U;  // bytes
    std::string out;
    for (; !issues.empty() && out.size() < enough; issues = issues.subspan(1))
        out.append(out.empty() ? "[" : ",").append(boost::json::serialize(to_row(*issues.front())));
    return out.append(out.empty() ? "[]" : "]");
}

}  // namespace

Task<std::vector<SourceState>> sources(Store& store) {
    pg::Values none;
    auto rows = co_await store.read(sources_statement, none);
    std::vector<SourceState> out;
    for (auto const& row : rows)
        out.push_back({row.text(0), row.text(1), row.integer(2), row.truth(3), row.number(4), strings(row.text(5))});
    co_return out;
}

Task<> register_sources(Store& store, lock::Hold& hold, std::vector<std::string> names) {
    pg::Values values{boost::json::serialize(boost::json::array(names.begin(), names.end()))};
    co_await store.write(hold, register_statement, values);
}

Task<PageResult> apply_page(Store& store, lock::Hold& hold, std::string source, tracker::Page page) {
    PageResult result;
    auto const issues = latest(page.issues);
    bool first_of_full_pass = page.first_of_full_pass;
    for (std::span<tracker::Issue const* const> left{issues}; !left.empty() || first_of_full_pass; first_of_full_pass = false) {
        pg::Values values{source, next_rows(left), first_of_full_pass, page.tells_own};
        auto rows = co_await store.write(hold, page_statement, std::move(values));
        result.changed += rows.front().integer(1);
        result.refused += rows.front().integer(2);
    }
    pg::Values values{source, page.cursor, page.full_pass, page.last, result.changed > 0};
    auto rows = co_await store.write(hold, cursor_statement, values);
    result.changed += rows.front().integer(1);
    co_return result;
}

Task<> learn(Store& store, lock::Hold& hold, std::string source, tracker::Issue issue) {
    constexpr bool begins_pass = false, tells_own = false;  // what is known of whose its labels are, stays
    std::vector<tracker::Issue const*> const one{&issue};
    std::span<tracker::Issue const* const> rows{one};
    pg::Values values{source, next_rows(rows), begins_pass, tells_own};
    co_await store.write(hold, page_statement, std::move(values));
}

Task<bool> knows_repository(Store& store, std::string repo) {
    pg::Values values{repo};
    auto rows = co_await store.read(knows_statement, values);
    co_return !rows.empty();
}

Task<> request_tick(Store& store, lock::Hold& hold, std::string lock) {
    pg::Values values{lock};
    co_await store.write(hold, request_statement, values);
}

}  // namespace groomer::store
