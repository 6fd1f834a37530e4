#include "chaos/audit.hpp"

namespace groomer::chaos {
namespace {

// `seq` is taken under the row's lock, so it tells the order of the changes of one row; the commit's own moment is asked
// for later (track_commit_timestamp), for a trigger runs before it.
constexpr auto schema = R"sql(
CREATE SCHEMA judge;

CREATE FUNCTION judge.timeline() RETURNS text LANGUAGE sql VOLATILE AS 'SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)';
CREATE FUNCTION judge.pod() RETURNS text LANGUAGE sql STABLE AS
$$SELECT regexp_replace(current_setting('application_name'), '^groomer/.*/', '')$$;

CREATE TABLE judge.lock_event (
    seq bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL DEFAULT clock_timestamp(),
    timeline text NOT NULL DEFAULT judge.timeline(), op text, lock text, old_token text, new_token text,
    old_stamp timestamptz, new_stamp timestamptz, pod text NOT NULL DEFAULT judge.pod());
CREATE INDEX ON judge.lock_event (new_token) WHERE old_token IS DISTINCT FROM new_token;

CREATE TABLE judge.state_event (
    seq bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL DEFAULT clock_timestamp(),
    timeline text NOT NULL DEFAULT judge.timeline(), lock text, old jsonb, new jsonb, requested boolean, served boolean,
    newest_served timestamptz, ended text, pod text NOT NULL DEFAULT judge.pod());
CREATE INDEX ON judge.state_event (at);

CREATE TABLE judge.table_write (
    seq bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(), timeline text NOT NULL DEFAULT judge.timeline(), tbl text, op text, rows bigint,
    token text, fenced boolean, current boolean, pod text NOT NULL DEFAULT judge.pod());

CREATE FUNCTION judge.on_lock() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO judge.lock_event (op, lock, new_token, new_stamp) VALUES (TG_OP, NEW.id, NEW."syncRunId", NEW."acquiredAt");
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO judge.lock_event (op, lock, old_token, new_token, old_stamp, new_stamp)
        VALUES (TG_OP, NEW.id, OLD."syncRunId", NEW."syncRunId", OLD."acquiredAt", NEW."acquiredAt");
    ELSE
        INSERT INTO judge.lock_event (op, lock, old_token, old_stamp) VALUES (TG_OP, OLD.id, OLD."syncRunId", OLD."acquiredAt");
    END IF;
    RETURN NULL;
END
$f$;

CREATE FUNCTION judge.on_state() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
    INSERT INTO judge.state_event (lock, old, new, requested, served, newest_served) VALUES (NEW.lock, to_jsonb(OLD), to_jsonb(NEW),
        EXISTS (SELECT FROM groomer.request r WHERE r.lock = OLD.lock AND r.id > OLD.requests_served AND r.id <= NEW.requests_seen),
        NEW.requests_served <> OLD.requests_served,
        (SELECT max(r.at) FROM groomer.request r WHERE r.lock = NEW.lock AND r.id <= NEW.requests_served));
    RETURN NULL;
END
$f$;

-- A release writes the state before the hold, in one transaction.
CREATE FUNCTION judge.on_end() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
    UPDATE judge.state_event e SET ended = NEW.ended
    WHERE e.at > clock_timestamp() - interval '1 minute' AND e.lock = NEW.lock AND e.old ->> 'token' = NEW.token AND e.new ->> 'token' IS NULL;
    RETURN NULL;
END
$f$;

-- A statement's text names the token that it believes in. Which one is current is read anew here, past the statement's
-- own snapshot.
CREATE FUNCTION judge.on_write() RETURNS trigger LANGUAGE plpgsql AS $f$
DECLARE
    v_rows bigint;
    v_token text := substring(current_query() from 'g1\|[0-9]+\|[0-9]+\|[^'']*');
BEGIN
    SELECT count(*) INTO v_rows FROM changed;
    IF v_rows > 0 THEN
        INSERT INTO judge.table_write (tbl, op, rows, token, fenced, current) VALUES (TG_TABLE_NAME, TG_OP, v_rows, v_token,
            current_query() LIKE '%WITH fence AS%', EXISTS (SELECT FROM sync_lock WHERE "syncRunId" = v_token));
    END IF;
    RETURN NULL;
END
$f$;

CREATE TRIGGER judge AFTER INSERT OR UPDATE OR DELETE ON sync_lock FOR EACH ROW EXECUTE FUNCTION judge.on_lock();
CREATE TRIGGER judge AFTER UPDATE ON groomer.lock_state FOR EACH ROW EXECUTE FUNCTION judge.on_state();
CREATE TRIGGER judge AFTER UPDATE OF ended ON groomer.hold FOR EACH ROW EXECUTE FUNCTION judge.on_end();
DO $$
DECLARE
    v_table text;
BEGIN
    FOR v_table IN SELECT tablename FROM pg_tables WHERE schemaname = 'groomer' LOOP
        EXECUTE format('CREATE TRIGGER judge_i AFTER INSERT ON groomer.%I REFERENCING NEW TABLE AS changed '
                       'FOR EACH STATEMENT EXECUTE FUNCTION judge.on_write()', v_table);
        EXECUTE format('CREATE TRIGGER judge_u AFTER UPDATE ON groomer.%I REFERENCING NEW TABLE AS changed '
                       'FOR EACH STATEMENT EXECUTE FUNCTION judge.on_write()', v_table);
        EXECUTE format('CREATE TRIGGER judge_d AFTER DELETE ON groomer.%I REFERENCING OLD TABLE AS changed '
                       'FOR EACH STATEMENT EXECUTE FUNCTION judge.on_write()', v_table);
    END LOOP;
END
$$)sql";

// A moment as whole microseconds since the epoch.
std::string micros(std::string const& expression) { return "(extract(epoch FROM " + expression + ") * 1000000)::bigint"; }

std::int64_t integer(std::optional<std::string> const& field) { return field ? std::stoll(*field) : 0; }
bool truth(std::optional<std::string> const& field) { return field == "t"; }
Moment moment(std::optional<std::string> const& field) { return Moment{microseconds{integer(field)}}; }
std::optional<Moment> maybe_moment(std::optional<std::string> const& field) {
    if (!field) return std::nullopt;
    return moment(field);
}

std::vector<LockEvent> read_locks(Database& database, std::string const& where) {
    std::vector<LockEvent> out;
    auto const rows = database.query("SELECT seq, " + micros("at") + ", op, lock, old_token, new_token, " + micros("old_stamp") + ", " +
                                     micros("new_stamp") + ", pod FROM judge.lock_event" + where);
    for (auto const& row : rows)
        out.push_back({integer(row[0]), moment(row[1]), row[2].value(), row[3].value(), row[4], row[5], maybe_moment(row[6]),
                       maybe_moment(row[7]), row[8].value()});
    return out;
}

std::vector<StateEvent> read_states(Database& database, std::string const& where) {
    std::vector<StateEvent> out;
    auto const finite = [](std::string const& name) {
        return micros("CASE WHEN new ->> '" + name + "' LIKE '%infinity' THEN 'epoch' ELSE (new ->> '" + name + "') END::timestamptz");
    };
    auto const rows = database.query("SELECT seq, " + micros("at") + ", lock, old ->> 'token', new ->> 'token', " +
                                     micros("(old ->> 'due_at')::timestamptz") + ", " + finite("due_at") + ", " +
                                     finite("quarantine_until") + ", coalesce(ended, ''), requested, new ->> 'failures', pod, " +
                                     micros("coalesce(newest_served, 'epoch')") + ", served FROM judge.state_event" + where);
    for (auto const& row : rows)
        out.push_back({integer(row[0]), moment(row[1]), row[2].value(), row[3], row[4], moment(row[5]), moment(row[6]), moment(row[7]),
                       row[8].value(), truth(row[9]), static_cast<int>(integer(row[10])), row[11].value(), moment(row[12]),
                       truth(row[13])});
    return out;
}

std::vector<TableWrite> read_writes(Database& database, std::string const& where) {
    std::vector<TableWrite> out;
    auto const rows = database.query("SELECT seq, " + micros("at") + ", " + micros("pg_xact_commit_timestamp(xid::xid)") +
                                     ", tbl, op, pod, rows, token, fenced, current FROM judge.table_write" + where);
    for (auto const& row : rows)
        out.push_back({integer(row[0]), moment(row[1]), moment(row[2]), row[3].value(), row[4].value(), row[5].value(), integer(row[6]),
                       row[7].value_or(""), truth(row[8]), truth(row[9])});
    return out;
}

}  // namespace

void install_audit(Database& database) { database.query(schema); }

Segment read_audit(Database& database, std::string const& timeline) {
    auto const where = " WHERE timeline = '" + timeline + "' ORDER BY seq";
    return {timeline, read_locks(database, where), read_states(database, where), read_writes(database, where)};
}

std::string timeline_of(Database& database) { return database.value("SELECT judge.timeline()"); }

}  // namespace groomer::chaos
