#include "lock/shared_table.hpp"

#include "pg/session.hpp"

namespace groomer::lock {
namespace {

// One row: which table it is, which others have its name (a few of them), and its faults, each with what to do. pg_class tells everybody of all
// tables; to_regclass passes over schemas that the role may not use.
constexpr pg::Statement shape_statement{"lock.shape", R"sql(
WITH t AS (SELECT c.oid, c.relkind, c.relispartition, n.nspname AS schema, quote_ident(n.nspname) || '.sync_lock' AS name
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass('sync_lock')),
other AS (SELECT n.nspname = 'groomer' AS own, quote_ident(n.nspname) AS schema, has_schema_privilege(n.oid, 'USAGE') AS usable,
                 n.nspname = ANY (SELECT trim(BOTH ' "' FROM s) FROM unnest(string_to_array(current_setting('search_path'), ',')) s) AS in_path
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE c.relname = 'sync_lock' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
            AND c.oid IS DISTINCT FROM to_regclass('sync_lock') ORDER BY own DESC, in_path DESC, n.nspname LIMIT 4)
SELECT (SELECT name FROM t), current_setting('search_path'), quote_ident(current_user), quote_ident(current_schema()),
has_schema_privilege(current_schema(), 'CREATE'), (SELECT schema = 'groomer' FROM t),
coalesce((SELECT quote_ident(s) FROM unnest(current_schemas(false)) WITH ORDINALITY p(s, at) WHERE s <> 'groomer' ORDER BY at LIMIT 1), 'public'),
(SELECT string_agg(schema || '.sync_lock', ' and ' ORDER BY schema) FROM other WHERE NOT own),
(SELECT string_agg(schema, ', ' ORDER BY schema) FROM other WHERE NOT own AND NOT usable),
(SELECT string_agg(schema, ', ' ORDER BY schema) FROM other WHERE NOT own AND usable), EXISTS (SELECT FROM other WHERE own), EXISTS (SELECT FROM other WHERE in_path AND NOT own),
(SELECT string_agg('its CHECK ' || quote_ident(k.conname) || ' must let every token pass', '; ' ORDER BY k.conname)
 FROM t JOIN pg_constraint k ON k.conrelid = t.oid JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
 WHERE k.contype = 'c' AND a.attname = 'syncRunId'),
(SELECT CASE WHEN t.relkind <> 'r'
THEN 'it is no ordinary table: rename it, or give groomer a schema of its own in the search_path'
WHEN t.relispartition THEN 'it is a partition of another: detach it'
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
    (SELECT 'the rows of others that inherit from it count as its own: '
            || string_agg('ALTER TABLE ' || i.inhrelid::regclass || ' NO INHERIT ' || t.name, '; ' ORDER BY i.inhrelid)
     FROM pg_inherits i WHERE i.inhparent = t.oid),
    (SELECT string_agg('its foreign key ' || quote_ident(k.conname) || ' refuses what groomer writes to "syncRunId": ALTER TABLE ' || t.name
            || ' DROP CONSTRAINT ' || quote_ident(k.conname), '; ' ORDER BY k.conname)
     FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
     WHERE k.conrelid = t.oid AND k.contype = 'f' AND a.attname = 'syncRunId'),
    CASE WHEN EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = t.oid AND r.ev_type IN ('2', '3', '4'))
         THEN 'a rule rewrites what is written to it: drop the rule' END,
    CASE WHEN row_security_active(t.oid)
         THEN 'row-level security may hide rows from ' || quote_ident(current_user) || ': ALTER ROLE ' || quote_ident(current_user)
              || ' BYPASSRLS' END,
    (SELECT quote_ident(current_user) || ' may not ' || string_agg(p, ', ') || ': GRANT SELECT, INSERT, UPDATE, DELETE ON ' || t.name
            || ' TO ' || quote_ident(current_user)
     FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p WHERE NOT has_table_privilege(t.oid, p))), '') END FROM t))sql"};

struct Shape {
    explicit Shape(pg::Row const& row)
        : name{row.text(0)},
          path{row.text(1)},
          user{row.text(2)},
          first{row.text(3)},
          may_make{row.truth(4)},
          is_in_ours{row.truth(5)},
          place{row.text(6)},
          others{row.text(7)},
          closed{row.text(8)},
          open{row.text(9)},
          ours_besides{row.truth(10)},
          in_path{row.truth(11)},
          doubt{row.text(12)},
          fault{row.text(13)} {}
    std::string name, path, user;
    std::string first;  // schema of the search_path that exists, in which an unqualified CREATE TABLE makes it
    bool may_make;
    bool is_in_ours;
    std::string place;   // the first such schema that is not groomer's own
    std::string others;  // tables of that name elsewhere, groomer's own schema apart
    std::string closed;  // their schemas that the role may not use
    std::string open;    // their other schemas
    bool ours_besides;   // another one is in groomer's own schema
    bool in_path;        // one of the others is, behind the one that is used, or would be if the role might use its schema
    std::string doubt;   // what may refuse a token, and need not
    std::string fault;

    [[nodiscard]] std::string make() const {
        return "CREATE TABLE " + place +
               ".sync_lock (id TEXT PRIMARY KEY, \"syncRunId\" TEXT, \"acquiredAt\" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP)";
    }
    [[nodiscard]] std::string move() const { return "ALTER TABLE groomer.sync_lock SET SCHEMA " + place; }
    [[nodiscard]] std::string reach() const {
        return (closed.empty() ? "" : "GRANT USAGE ON SCHEMA " + closed + " TO " + user) + (closed.empty() || open.empty() ? "" : " and ") +
               (open.empty() ? "" : "ALTER ROLE " + user + " SET search_path = " + open);
    }
};

constexpr char const* unseen = "groomer's own schema, where no other program looks for it";

// Another one is never made beside one that is there: two programs that each have one exclude nobody.
std::optional<std::string> fault_where_none_is_seen(Shape const& shape, Missing missing) {
    if (!shape.others.empty())
        return "there is " + shape.others + ", which " + shape.user + " does not reach by its search_path " + shape.path + ": " +
               shape.reach() + "; or, where that is not to be shared, make another, with " + shape.make();
    if (shape.ours_besides) return "groomer.sync_lock is in " + std::string{unseen} + ": " + shape.move();
    if (shape.first.empty())
        return "there is no place for sync_lock: no schema of the search_path \"" + shape.path + "\" exists, or " + shape.user +
               " may not use it: ALTER ROLE " + shape.user + " SET search_path = public, or name another schema";
    if (missing == Missing::fault)
        return "there is no table sync_lock in the search_path " + shape.path + ": bring it back, with " + shape.make();
    if (shape.first == "groomer") return "sync_lock would be made in " + std::string{unseen} + ": make it first, with " + shape.make();
    if (shape.may_make) return std::nullopt;
    return shape.user + " may not make the table sync_lock in the schema " + shape.first + ": GRANT CREATE ON SCHEMA " + shape.first +
           " TO " + shape.user + ", or make it for " + shape.user + ", with " + shape.make();
}

}  // namespace

SharedTable examine_shared_table(pg::Session& session, Missing missing) {
    auto const rows = session.run(shape_statement, {});
    Shape const shape{rows.at(0)};
    SharedTable table{shape.name, std::nullopt, ""};
    if (table.name.empty()) {
        table.fault = fault_where_none_is_seen(shape, missing);
    } else if (shape.is_in_ours && !shape.others.empty()) {
        auto const sentence = table.name + " is in " + unseen + ", and there is " + shape.others +
                              ": if other programs use that, exclude them by it: with nobody at work, DROP TABLE groomer.sync_lock" +
                              (shape.closed.empty() ? "" : ", after " + shape.reach());
        (shape.in_path ? table.fault.emplace() : table.warning) = sentence;
    } else if (!shape.fault.empty()) {
        table.fault = "the table " + table.name + " is not one that can be shared: " + shape.fault;
    } else if (shape.is_in_ours) {  // made by earlier versions, where that schema came first
        table.warning = table.name + " is in " + unseen + ": " + shape.move();
    } else if (!shape.others.empty()) {
        table.warning = "groomer uses " + table.name + ", and not " + shape.others;
    } else if (!shape.doubt.empty()) {
        table.warning = "the table " + table.name + " may refuse what groomer writes: " + shape.doubt;
    }
    return table;
}

}  // namespace groomer::lock
