#include "lock/shared_table.hpp"

#include "pg/session.hpp"

namespace groomer::lock {
namespace {

// One row: whether there is a table, and its faults, each with what to do.
constexpr pg::Statement shape_statement{"lock.shape", R"sql(
WITH t AS (SELECT c.oid, c.relkind, c.oid::regclass::text AS name FROM pg_class c WHERE c.oid = to_regclass('sync_lock'))
SELECT EXISTS (SELECT FROM t), current_setting('search_path'), (SELECT name FROM t), quote_ident(current_schema()), quote_ident(current_user),
has_schema_privilege(current_schema(), 'CREATE'), (SELECT CASE WHEN t.relkind <> 'r'
THEN 'it is no ordinary table: rename it, or give groomer a schema of its own in the search_path'
ELSE nullif(concat_ws('; ',
    (SELECT 'its column ' || string_agg(quote_ident(w.name) || ' must be ' || w.type, ' and ' ORDER BY w.at)
            || ': rename it, or give groomer a schema of its own in the search_path'
     FROM (VALUES (1, 'id', 'text'), (2, 'syncRunId', 'text'), (3, 'acquiredAt', 'timestamp with time zone')) w(at, name, type)
     WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND NOT a.attisdropped AND a.attname = w.name
                         AND format_type(a.atttypid, NULL) = w.type)),
    CASE WHEN NOT EXISTS (SELECT FROM pg_index x JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0]
                          WHERE x.indrelid = t.oid AND x.indisunique AND x.indisvalid AND x.indimmediate AND x.indnkeyatts = 1
                            AND x.indpred IS NULL AND a.attname = 'id')
         THEN 'two rows may have one id: ALTER TABLE ' || t.name || ' ADD PRIMARY KEY (id)' END,
    (SELECT 'its column ' || string_agg(quote_ident(a.attname), ' and ' ORDER BY a.attnum)
            || ' must be given a value, which groomer does not know: give it a default, or let it be null'
     FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND NOT a.atthasdef
       AND a.attidentity = '' AND a.attname NOT IN ('id', 'syncRunId', 'acquiredAt')),
    CASE WHEN EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = t.oid AND r.ev_type IN ('2', '3', '4'))
         THEN 'a rule rewrites what is written to it: drop the rule' END,
    CASE WHEN row_security_active(t.oid)
         THEN 'row-level security may hide rows from ' || quote_ident(current_user) || ': ALTER ROLE ' || quote_ident(current_user)
              || ' BYPASSRLS' END,
    (SELECT quote_ident(current_user) || ' may not ' || string_agg(p, ', ') || ': GRANT SELECT, INSERT, UPDATE, DELETE ON ' || t.name
            || ' TO ' || quote_ident(current_user)
     FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p WHERE NOT has_table_privilege(t.oid, p))), '') END FROM t))sql"};

constexpr char const* make =
    "CREATE TABLE sync_lock (id TEXT PRIMARY KEY, \"syncRunId\" TEXT, \"acquiredAt\" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP)";

}  // namespace

std::optional<std::string> fault_of_shared_table(pg::Session& session, Missing missing) {
    auto const rows = session.run(shape_statement, {});
    auto const& row = rows.at(0);
    if (row.truth(0)) {
        if (row.null(6)) return std::nullopt;
        return "the table " + row.text(2) + " is not one that can be shared: " + row.text(6);
    }
    auto const user = row.text(4);
    if (row.null(3))
        return "there is no place for sync_lock: no schema of the search_path \"" + row.text(1) + "\" exists, or " + user +
               " may not use it: ALTER ROLE " + user + " SET search_path = public, or name another schema";
    if (missing == Missing::fault) return "there is no table sync_lock in the search_path " + row.text(1) + ": bring it back, with " + make;
    if (row.truth(5)) return std::nullopt;
    return user + " may not make the table sync_lock in the schema " + row.text(3) + ": GRANT CREATE ON SCHEMA " + row.text(3) + " TO " +
           user + ", or make it for " + user + ", with " + make;
}

}  // namespace groomer::lock
