-- The lock. src/lock/README.md tells the protocol; the words are the same there. acquire, release and release_by_hand as they
-- are now stand in 003_holds.sql.

-- One row a lock. Only acquire, release and release_by_hand write it, always before sync_lock.
CREATE TABLE groomer.lock_state (
    lock text PRIMARY KEY,
    token text,                      -- of the current hold; null between holds
    term bigint NOT NULL DEFAULT 0,  -- of the last hold
    cluster text,                    -- where the last hold was acquired; null counts as another cluster
    clean boolean NOT NULL DEFAULT false,
    quarantine_until timestamptz NOT NULL DEFAULT '-infinity',
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    failures int NOT NULL DEFAULT 0,
    acquired_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    released_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    requests_done timestamptz NOT NULL DEFAULT '-infinity'  -- requests up to here were served by a finished hold
);

CREATE TABLE groomer.hold (
    lock text NOT NULL,
    term bigint NOT NULL,
    token text NOT NULL,
    pod text NOT NULL,
    how text NOT NULL,
    acquired_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended text,                      -- finished | kept | failed | lost | by hand; null while held
    PRIMARY KEY (lock, term)
);

-- What hastens a tick: a webhook, a person. Served by the first hold that finishes after having begun later.
CREATE TABLE groomer.request (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    lock text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON groomer.request (lock, at);

-- System identifier and timeline: another value means that a standby was promoted, or a backup restored.
CREATE FUNCTION groomer.cluster() RETURNS text LANGUAGE sql VOLATILE AS
'SELECT (SELECT system_identifier FROM pg_control_system())::text || left(pg_walfile_name(pg_current_wal_lsn()), 8)';

INSERT INTO groomer.lock_state (lock, cluster, clean) VALUES ('groomer', groomer.cluster(), true), ('global', groomer.cluster(), true);

-- Did the clock go back since the last hold? Then its moments prove nothing: not when the next tick is due, not which
-- requests it has served.
CREATE FUNCTION groomer.clock_went_back(s groomer.lock_state) RETURNS boolean LANGUAGE sql VOLATILE AS
$$SELECT greatest(s.acquired_at, s.released_at) > clock_timestamp() + interval '1 s'$$;

-- A request from the future was made by a clock that has gone back since; it would be new for ever.
CREATE FUNCTION groomer.is_requested(s groomer.lock_state) RETURNS boolean LANGUAGE sql VOLATILE AS
$$SELECT EXISTS (SELECT FROM groomer.request r
    WHERE r.lock = s.lock AND r.at > s.requests_done AND r.at <= clock_timestamp() + interval '1 s')$$;

-- One observation, for which an idle replica pays one statement, no WAL and no transaction id. It reads and can wait for
-- a lock alone, so lock_timeout bounds it; a stamp that is not finite is as old, or as far ahead, as a number can say.
CREATE FUNCTION groomer.look(p_lock text)
RETURNS TABLE (is_row boolean, token text, stamp text, age double precision, term bigint, state_token text,
               state_cluster text, cluster text, clean boolean, due_in double precision, requested boolean,
               paused boolean, database_time double precision)
LANGUAGE plpgsql AS $look$
#variable_conflict use_column
BEGIN
    -- The stamp comes back as text: whatever the session's date style, it is to mean the same instant.
    PERFORM set_config('lock_timeout', '2s', true), set_config('datestyle', 'ISO', true), set_config('timezone', 'UTC', true);
    RETURN QUERY
    SELECT l.id IS NOT NULL, l."syncRunId", l."acquiredAt"::text,
           (CASE WHEN isfinite(l."acquiredAt") THEN extract(epoch FROM clock_timestamp() - l."acquiredAt")
                 WHEN l."acquiredAt" < clock_timestamp() THEN 1e12 ELSE -1e12 END)::double precision,
           s.term, s.token, s.cluster, groomer.cluster(), s.clean,
           CASE WHEN groomer.clock_went_back(s) THEN 0
                ELSE extract(epoch FROM s.due_at - clock_timestamp()) END::double precision,
           groomer.is_requested(s),
           (SELECT c.paused FROM groomer.control c), extract(epoch FROM clock_timestamp())::double precision
    FROM groomer.lock_state s LEFT JOIN sync_lock l ON l.id = s.lock WHERE s.lock = p_lock;
END
$look$;

-- One attempt. Returns a row for a win, none for a lost race. The caller has looked (p_seen_*) and judged why the row may
-- be had (p_ground); everything that may have changed since is judged again here, under the state row's lock.
CREATE FUNCTION groomer.acquire(
    p_lock text, p_forced boolean, p_cluster text, p_seen_term bigint, p_seen_at double precision,
    p_seen_token text, p_seen_stamp timestamptz, p_ground text, p_age_needed interval, p_contact boolean,
    p_settle interval, p_ttl_ms bigint, p_slot text, p_incarnation text, p_uuid text, p_pod text)
RETURNS TABLE (token text, term bigint, quarantine interval, handover double precision, how text)
LANGUAGE plpgsql AS $acquire$
#variable_conflict use_column
DECLARE
    s groomer.lock_state;
    v_term bigint;
    v_token text;
    v_free boolean;
    v_wait interval;
    v_how text;
    v_since timestamptz;
    v_back boolean;
BEGIN
    -- A win that a crash of the server forgets would be two winners.
    PERFORM set_config('synchronous_commit', 'on', true);

    SELECT * INTO s FROM groomer.lock_state t
    WHERE t.lock = p_lock AND t.term = p_seen_term
      AND (p_forced OR (NOT (SELECT paused FROM groomer.control)
                        AND (t.due_at <= clock_timestamp() OR groomer.clock_went_back(t) OR groomer.is_requested(t))))
    FOR UPDATE;
    -- A look that is long past proves nothing: the clock may have stepped, or this message been delayed, since.
    IF NOT FOUND OR groomer.cluster() <> p_cluster
       OR abs(extract(epoch FROM clock_timestamp()) - p_seen_at) > 2 THEN
        RETURN;
    END IF;

    v_back := groomer.clock_went_back(s);
    v_term := greatest(s.term + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
    v_token := concat_ws('|', 'g1', p_ttl_ms, v_term, p_slot, p_incarnation, right(p_cluster, 8), p_uuid);
    INSERT INTO sync_lock AS l (id, "syncRunId", "acquiredAt") VALUES (p_lock, v_token, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET "syncRunId" = v_token, "acquiredAt" = clock_timestamp()
        WHERE l."syncRunId" IS NOT DISTINCT FROM p_seen_token AND l."acquiredAt" = p_seen_stamp
          AND (l."syncRunId" IS NULL
               OR p_ground IN ('reclaimed', 'own')
               OR p_ground = 'expired' AND l."acquiredAt" <= clock_timestamp() - p_age_needed
               OR p_ground = 'future' AND l."acquiredAt" > clock_timestamp())
    RETURNING xmax = 0 OR p_seen_token IS NULL INTO v_free;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    -- How long a write of an earlier holder may still take effect on a tracker.
    v_wait := CASE WHEN v_free AND s.clean AND s.cluster = p_cluster THEN interval '0'
                   WHEN v_free AND s.clean OR NOT v_free AND p_ground = 'expired' AND p_contact THEN p_settle
                   ELSE p_settle + interval '4.5 s' END;
    v_how := CASE WHEN v_free THEN 'free'
                  WHEN p_ground IN ('reclaimed', 'own') THEN 'reclaimed'
                  WHEN p_seen_token = s.token THEN 'expired' ELSE 'foreign' END;
    v_since := CASE WHEN p_forced THEN NULL WHEN v_free THEN greatest(s.released_at, s.due_at) ELSE p_seen_stamp END;

    UPDATE groomer.hold h SET ended_at = clock_timestamp(), ended = 'lost'
    WHERE s.token IS NOT NULL AND h.lock = p_lock AND h.term = s.term AND h.ended_at IS NULL;
    INSERT INTO groomer.hold (lock, term, token, pod, how, acquired_at)
    VALUES (p_lock, v_term, v_token, p_pod, v_how, clock_timestamp());
    UPDATE groomer.lock_state t
    SET token = v_token, term = v_term, cluster = p_cluster, clean = false, acquired_at = clock_timestamp(),
        quarantine_until = CASE WHEN v_back THEN clock_timestamp() + p_settle + interval '4.5 s'
                                ELSE greatest(t.quarantine_until, clock_timestamp() + v_wait) END,
        due_at = CASE WHEN v_back THEN clock_timestamp() ELSE t.due_at END,
        requests_done = least(t.requests_done, clock_timestamp())
    WHERE t.lock = p_lock RETURNING greatest(t.quarantine_until, clock_timestamp()) - clock_timestamp() INTO v_wait;

    RETURN QUERY SELECT v_token, v_term, v_wait,
        CASE WHEN isfinite(v_since) THEN greatest(extract(epoch FROM clock_timestamp() - v_since), 0)::double precision END,
        v_how;
END
$acquire$;

-- Ends a hold. False, and nothing written, where it was lost before.
CREATE FUNCTION groomer.release(
    p_lock text, p_token text, p_clean boolean, p_ended text, p_next interval, p_longest_wait interval)
RETURNS boolean LANGUAGE plpgsql AS $release$
DECLARE
    s groomer.lock_state;
BEGIN
    SELECT * INTO s FROM groomer.lock_state WHERE lock = p_lock AND token = p_token FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM sync_lock WHERE id = p_lock AND "syncRunId" = p_token;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE groomer.lock_state SET
        token = NULL, clean = p_clean, released_at = clock_timestamp(),
        due_at = CASE p_ended WHEN 'finished' THEN clock_timestamp() + p_next
                              WHEN 'failed' THEN clock_timestamp() + least(interval '1 s' * 2 ^ least(failures, 16), p_longest_wait)
                              ELSE due_at END,
        failures = CASE p_ended WHEN 'finished' THEN 0 WHEN 'failed' THEN failures + 1 ELSE failures END,
        -- A failed tick has seen them too: its back-off counts, not the request.
        requests_done = CASE WHEN p_ended IN ('finished', 'failed') THEN acquired_at ELSE requests_done END
    WHERE lock = p_lock;
    UPDATE groomer.hold SET ended_at = clock_timestamp(), ended = p_ended WHERE lock = p_lock AND term = s.term;
    PERFORM pg_notify('groomer_lock', p_lock);
    RETURN true;
END
$release$;

-- Frees a row for a person who names what he saw: p_term of one of ours, or p_token of anybody's. The next holder waits
-- as after a crash, and the due time stays.
CREATE FUNCTION groomer.release_by_hand(p_lock text, p_term bigint, p_token text)
RETURNS boolean LANGUAGE plpgsql AS $by_hand$
DECLARE
    s groomer.lock_state;
BEGIN
    SELECT * INTO s FROM groomer.lock_state WHERE lock = p_lock FOR UPDATE;
    IF p_term IS NOT NULL AND (NOT FOUND OR s.term <> p_term OR s.token IS NULL) THEN
        RETURN false;
    END IF;
    DELETE FROM sync_lock WHERE id = p_lock AND "syncRunId" = coalesce(p_token, s.token);
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE groomer.lock_state SET token = NULL, clean = false, released_at = clock_timestamp() WHERE lock = p_lock;
    UPDATE groomer.hold SET ended_at = clock_timestamp(), ended = 'by hand'
    WHERE lock = p_lock AND term = s.term AND ended_at IS NULL;
    PERFORM pg_notify('groomer_lock', p_lock);
    RETURN true;
END
$by_hand$;
