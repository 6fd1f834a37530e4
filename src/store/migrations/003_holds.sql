-- How often a hold was renewed; written by the renewal itself, in its statement.
ALTER TABLE groomer.hold ADD COLUMN renewals int NOT NULL DEFAULT 0;

-- The functions below replace those of 002; that acquire stays, under its old arguments, for replicas of the version before.
-- They are few statements with much in each: PL/pgSQL plans a statement once a session (if it is told to keep to a generic plan)
-- and runs it fast, but prepares every expression beside them anew in each transaction. What a CTE that locks a row yields is computed after the lock was had.
-- Against what others may have put on the table that they share with groomer, they say a sentence instead of winning and losing
-- holds again and again.

-- A row that a DELETE has not deleted, though it is there.
CREATE FUNCTION groomer.refuse_a_kept_row(p_lock text, p_token text) RETURNS void LANGUAGE plpgsql AS $kept$
BEGIN
    IF EXISTS (SELECT FROM sync_lock WHERE id = p_lock AND "syncRunId" = p_token) THEN
        RAISE EXCEPTION 'sync_lock keeps the row % though it was deleted: drop the trigger or policy on it that suppresses DELETE', p_lock;
    END IF;
END
$kept$;

-- As in 002, and when the server was started: together with the timeline that tells a cluster as surely as the system identifier
-- does, for which acquire would have to read a file.
DROP FUNCTION groomer.look(text);
CREATE FUNCTION groomer.look(p_lock text)
RETURNS TABLE (is_row boolean, token text, stamp text, age double precision, term bigint, state_token text,
               state_cluster text, cluster text, clean boolean, due_in double precision, requested boolean,
               paused boolean, database_time double precision, started text)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $look$
#variable_conflict use_column
BEGIN
    -- The stamp comes back as text: whatever the session's date style, it is to mean the same instant.
    PERFORM set_config('lock_timeout', '2s', true), set_config('datestyle', 'ISO', true), set_config('timezone', 'UTC', true),
            set_config('extra_float_digits', '1', true);
    RETURN QUERY
    SELECT l.id IS NOT NULL, l."syncRunId", l."acquiredAt"::text,
           (CASE WHEN isfinite(l."acquiredAt") THEN extract(epoch FROM clock_timestamp() - l."acquiredAt")
                 WHEN l."acquiredAt" < clock_timestamp() THEN 1e12 ELSE -1e12 END)::double precision,
           s.term, s.token, s.cluster,
           (SELECT system_identifier FROM pg_control_system())::text || left(pg_walfile_name(pg_current_wal_lsn()), 8), s.clean,
           CASE WHEN groomer.clock_went_back(s) THEN 0
                ELSE extract(epoch FROM s.due_at - clock_timestamp()) END::double precision,
           EXISTS (SELECT FROM groomer.request r
                   WHERE r.lock = s.lock AND r.at > s.requests_done AND r.at <= clock_timestamp()),
           (SELECT c.paused FROM groomer.control c), extract(epoch FROM clock_timestamp())::double precision,
           pg_postmaster_start_time()::text
    FROM groomer.lock_state s LEFT JOIN sync_lock l ON l.id = s.lock WHERE s.lock = p_lock;
END
$look$;

-- One attempt. Returns a row for a win, none for a lost race. The caller has looked (p_seen_*, p_cluster, p_started) and judged
-- why the row may be had (p_ground); everything that may have changed since is judged again here, under the state row's lock.
CREATE FUNCTION groomer.acquire(
    p_lock text, p_forced boolean, p_cluster text, p_started timestamptz, p_seen_term bigint, p_seen_at double precision,
    p_seen_token text, p_seen_stamp timestamptz, p_ground text, p_age_needed interval, p_contact boolean,
    p_settle interval, p_ttl_ms bigint, p_slot text, p_incarnation text, p_uuid text, p_pod text)
RETURNS TABLE (token text, term bigint, quarantine interval, handover double precision, how text)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $acquire$
#variable_conflict use_column
DECLARE
    s record;  -- the state row before, and the new term and token
    l record;  -- free: the row was; kept: it is now what was written
    done text;
BEGIN
    -- A win that a crash of the server forgets would be two winners.
    done := set_config('lock_timeout', '1s', true) || set_config('synchronous_commit', 'on', true);

    -- A look that is long past proves nothing: the clock may have stepped, or this message been delayed, since.
    WITH state AS MATERIALIZED (
        SELECT * FROM groomer.lock_state t
        WHERE t.lock = p_lock AND t.term = p_seen_term
          AND (p_forced OR (NOT (SELECT paused FROM groomer.control)
                            AND (t.due_at <= clock_timestamp() OR groomer.clock_went_back(t)
                                 OR EXISTS (SELECT FROM groomer.request r
                                            WHERE r.lock = t.lock AND r.at > t.requests_done AND r.at <= clock_timestamp()))))
        FOR UPDATE)
    SELECT state.token, state.term AS last_term, state.clean, state.cluster, state.released_at, state.due_at,
           greatest(state.acquired_at, state.released_at) > clock_timestamp() + interval '1 s' AS went_back, made.term,
           concat_ws('|', 'g1', p_ttl_ms, made.term, p_slot, p_incarnation, right(p_cluster, 8), p_uuid) AS new_token
    INTO s
    FROM state, LATERAL (
        -- Another cluster may lack terms that were given out: an hour is left for them, for each timeline since.
        SELECT greatest(state.term + CASE WHEN state.cluster IS NOT DISTINCT FROM p_cluster THEN 1
                                          ELSE 3600000000 * greatest(1, ('x' || right(p_cluster, 8))::bit(32)::int
                                               - coalesce(('x' || right(state.cluster, 8))::bit(32)::int, 0)) END,
                        (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) AS term) made
    WHERE pg_postmaster_start_time() = p_started AND left(pg_walfile_name(pg_current_wal_lsn()), 8) = right(p_cluster, 8)
      AND abs(extract(epoch FROM clock_timestamp()) - p_seen_at) <= 2;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    INSERT INTO sync_lock AS l (id, "syncRunId", "acquiredAt") VALUES (p_lock, s.new_token, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET "syncRunId" = s.new_token, "acquiredAt" = clock_timestamp()
        WHERE l."syncRunId" IS NOT DISTINCT FROM p_seen_token AND l."acquiredAt" IS NOT DISTINCT FROM p_seen_stamp
          AND (l."syncRunId" IS NULL
               OR p_ground IN ('reclaimed', 'own')
               OR p_ground = 'expired' AND l."acquiredAt" <= clock_timestamp() - p_age_needed
               OR p_ground = 'future' AND (l."acquiredAt" > clock_timestamp() OR l."acquiredAt" IS NULL))
    RETURNING xmax = 0 OR p_seen_token IS NULL AS free,
              l."syncRunId" = s.new_token AND abs(extract(epoch FROM l."acquiredAt" - clock_timestamp())) < 1 AS kept INTO l;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF l.kept IS NOT TRUE THEN
        RAISE EXCEPTION 'a trigger on sync_lock changes the token or the stamp that groomer writes: drop it, or exempt the row %', p_lock;
    END IF;
    IF s.token IS NOT NULL THEN
        UPDATE groomer.hold h SET ended_at = clock_timestamp(), ended = 'lost'
        WHERE h.lock = p_lock AND h.term = s.last_term AND h.ended_at IS NULL;
    END IF;

    RETURN QUERY
    WITH ruling AS (  -- how long a write of an earlier holder may still take effect on a tracker
        SELECT CASE WHEN l.free AND s.clean AND s.cluster = p_cluster THEN interval '0'
                    -- Time has made it clean, if the bidder vouches for the clock of that time.
                    WHEN l.free AND s.token IS NULL AND s.cluster = p_cluster AND p_contact
                         AND s.released_at <= clock_timestamp() - (p_settle + interval '4.5 s') THEN interval '0'
                    WHEN l.free AND s.clean OR NOT l.free AND p_ground = 'expired' AND p_contact THEN p_settle
                    ELSE p_settle + interval '4.5 s' END AS wait,
               CASE WHEN l.free THEN 'free'
                    WHEN p_ground IN ('reclaimed', 'own') THEN 'reclaimed'
                    WHEN p_seen_token = s.token THEN 'expired' ELSE 'foreign' END AS how,
               CASE WHEN p_forced THEN NULL WHEN l.free THEN greatest(s.released_at, s.due_at) ELSE p_seen_stamp END AS since
    ), recorded AS (
        INSERT INTO groomer.hold (lock, term, token, pod, how, acquired_at)
        SELECT p_lock, s.term, s.new_token, p_pod, ruling.how, clock_timestamp() FROM ruling
    ), state AS (
        UPDATE groomer.lock_state t
        SET token = s.new_token, term = s.term, cluster = p_cluster, clean = false, acquired_at = clock_timestamp(),
            quarantine_until = CASE WHEN s.went_back THEN clock_timestamp() + p_settle + interval '4.5 s'
                                    ELSE greatest(t.quarantine_until, clock_timestamp() + ruling.wait) END,
            due_at = CASE WHEN s.went_back THEN clock_timestamp() ELSE t.due_at END,
            requests_done = least(t.requests_done, clock_timestamp())
        FROM ruling
        WHERE t.lock = p_lock RETURNING greatest(t.quarantine_until, clock_timestamp()) - clock_timestamp() AS quarantine
    )
    SELECT s.new_token, s.term, state.quarantine,
           CASE WHEN isfinite(ruling.since) THEN greatest(extract(epoch FROM clock_timestamp() - ruling.since), 0)::double precision END,
           ruling.how
    FROM ruling, state;
END
$acquire$;

-- Ends a hold. False, and nothing written, where it was lost before. A hold whose acquire is ahead of the clock began before the
-- clock went back: what it leaves is put into the present, or the tick that has just ended would be due at once.
CREATE OR REPLACE FUNCTION groomer.release(
    p_lock text, p_token text, p_clean boolean, p_ended text, p_next interval, p_longest_wait interval)
RETURNS boolean LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $release$
DECLARE
    done text;
BEGIN
    -- A release that a crash of the server forgets would have its tick run again.
    done := set_config('lock_timeout', '2s', true) || set_config('synchronous_commit', 'on', true);
    WITH mine AS MATERIALIZED (
        SELECT s.term, s.acquired_at > clock_timestamp() + interval '1 s' AS went_back
        FROM groomer.lock_state s WHERE s.lock = p_lock AND s.token = p_token FOR UPDATE
    ), gone AS (
        DELETE FROM sync_lock l USING mine WHERE l.id = p_lock AND l."syncRunId" = p_token RETURNING mine.term, mine.went_back
    ), state AS (
        UPDATE groomer.lock_state s SET
            token = NULL, clean = p_clean, released_at = clock_timestamp(), acquired_at = least(s.acquired_at, clock_timestamp()),
            quarantine_until = CASE WHEN gone.went_back THEN clock_timestamp() + (s.quarantine_until - s.acquired_at)
                                    ELSE s.quarantine_until END,
            due_at = CASE p_ended
                WHEN 'finished' THEN clock_timestamp() + p_next
                WHEN 'failed' THEN clock_timestamp() + least(interval '1 s' * 2 ^ least(s.failures, 16), p_longest_wait)
                -- It was due when it was taken, whatever a clock said that has gone back since.
                ELSE CASE WHEN gone.went_back THEN least(s.due_at, clock_timestamp()) ELSE s.due_at END END,
            failures = CASE p_ended WHEN 'finished' THEN 0 WHEN 'failed' THEN s.failures + 1 ELSE s.failures END,
            -- A failed tick has seen them too: its back-off counts, not the request. Which of them a hold has seen that began
            -- before the clock went back, nobody can tell: they are served once more.
            requests_done = CASE WHEN p_ended IN ('finished', 'failed') AND NOT gone.went_back THEN s.acquired_at
                                 ELSE least(s.requests_done, clock_timestamp()) END
        FROM gone WHERE s.lock = p_lock
    ), closed AS (
        UPDATE groomer.hold h SET ended_at = clock_timestamp(), ended = p_ended FROM gone WHERE h.lock = p_lock AND h.term = gone.term
    )
    SELECT pg_notify('groomer_lock', p_lock)::text INTO done FROM gone;
    IF FOUND THEN
        RETURN true;
    END IF;
    IF EXISTS (SELECT FROM groomer.lock_state WHERE lock = p_lock AND token = p_token) THEN
        PERFORM groomer.refuse_a_kept_row(p_lock, p_token);
    END IF;
    RETURN false;
END
$release$;

-- Frees a row for a person who names what he saw: p_term of one of ours, or p_token of anybody's. The next holder waits
-- as after a crash, and the due time stays.
CREATE OR REPLACE FUNCTION groomer.release_by_hand(p_lock text, p_term bigint, p_token text)
RETURNS boolean LANGUAGE plpgsql AS $by_hand$
DECLARE
    s groomer.lock_state;
BEGIN
    PERFORM set_config('synchronous_commit', 'on', true);
    SELECT * INTO s FROM groomer.lock_state WHERE lock = p_lock FOR UPDATE;
    IF p_term IS NOT NULL AND (NOT FOUND OR s.term <> p_term OR s.token IS NULL) THEN
        RETURN false;
    END IF;
    DELETE FROM sync_lock WHERE id = p_lock AND "syncRunId" = coalesce(p_token, s.token);
    IF NOT FOUND THEN
        PERFORM groomer.refuse_a_kept_row(p_lock, coalesce(p_token, s.token));
        RETURN false;
    END IF;
    UPDATE groomer.lock_state SET token = NULL, clean = false, released_at = clock_timestamp() WHERE lock = p_lock;
    UPDATE groomer.hold SET ended_at = clock_timestamp(), ended = 'by hand'
    WHERE lock = p_lock AND term = s.term AND ended_at IS NULL;
    PERFORM pg_notify('groomer_lock', p_lock);
    RETURN true;
END
$by_hand$;
