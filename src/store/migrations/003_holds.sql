-- How often a hold was renewed; written by the renewal itself, in its statement.
ALTER TABLE groomer.hold ADD COLUMN renewals int NOT NULL DEFAULT 0;

-- The functions below replace those of 002. Against what others may have put on the table that they share with groomer, a
-- sentence instead of holds that are won and lost again and again.

-- A row that a DELETE has not deleted, though it is there.
CREATE FUNCTION groomer.refuse_a_kept_row(p_lock text, p_token text) RETURNS void LANGUAGE plpgsql AS $kept$
BEGIN
    IF EXISTS (SELECT FROM sync_lock WHERE id = p_lock AND "syncRunId" = p_token) THEN
        RAISE EXCEPTION 'sync_lock keeps the row % though it was deleted: drop the trigger or policy on it that suppresses DELETE', p_lock;
    END IF;
END
$kept$;

-- One attempt. Returns a row for a win, none for a lost race. The caller has looked (p_seen_*) and judged why the row may
-- be had (p_ground); everything that may have changed since is judged again here, under the state row's lock.
CREATE OR REPLACE FUNCTION groomer.acquire(
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
    v_kept boolean;
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
        WHERE l."syncRunId" IS NOT DISTINCT FROM p_seen_token AND l."acquiredAt" IS NOT DISTINCT FROM p_seen_stamp
          AND (l."syncRunId" IS NULL
               OR p_ground IN ('reclaimed', 'own')
               OR p_ground = 'expired' AND l."acquiredAt" <= clock_timestamp() - p_age_needed
               OR p_ground = 'future' AND (l."acquiredAt" > clock_timestamp() OR l."acquiredAt" IS NULL))
    RETURNING xmax = 0 OR p_seen_token IS NULL,
              l."syncRunId" = v_token AND abs(extract(epoch FROM l."acquiredAt" - clock_timestamp())) < 1 INTO v_free, v_kept;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF v_kept IS NOT TRUE THEN
        RAISE EXCEPTION 'a trigger on sync_lock changes the token or the stamp that groomer writes: drop it, or exempt the row %', p_lock;
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

-- Ends a hold. False, and nothing written, where it was lost before. A hold whose acquire is ahead of the clock began before the
-- clock went back: what it leaves is put into the present, or the tick that has just ended would be due at once.
CREATE OR REPLACE FUNCTION groomer.release(
    p_lock text, p_token text, p_clean boolean, p_ended text, p_next interval, p_longest_wait interval)
RETURNS boolean LANGUAGE plpgsql AS $release$
DECLARE
    s groomer.lock_state;
    v_back boolean;
BEGIN
    SELECT * INTO s FROM groomer.lock_state WHERE lock = p_lock AND token = p_token FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM sync_lock WHERE id = p_lock AND "syncRunId" = p_token;
    IF NOT FOUND THEN
        PERFORM groomer.refuse_a_kept_row(p_lock, p_token);
        RETURN false;
    END IF;
    v_back := s.acquired_at > clock_timestamp() + interval '1 s';
    UPDATE groomer.lock_state SET
        token = NULL, clean = p_clean, released_at = clock_timestamp(), acquired_at = least(acquired_at, clock_timestamp()),
        quarantine_until = CASE WHEN v_back THEN clock_timestamp() + (quarantine_until - acquired_at) ELSE quarantine_until END,
        due_at = CASE p_ended WHEN 'finished' THEN clock_timestamp() + p_next
                              WHEN 'failed' THEN clock_timestamp() + least(interval '1 s' * 2 ^ least(failures, 16), p_longest_wait)
                              ELSE due_at END,
        failures = CASE p_ended WHEN 'finished' THEN 0 WHEN 'failed' THEN failures + 1 ELSE failures END,
        -- A failed tick has seen them too: its back-off counts, not the request. Which of them a hold has seen that began
        -- before the clock went back, nobody can tell: they are served once more.
        requests_done = CASE WHEN p_ended IN ('finished', 'failed') AND NOT v_back THEN acquired_at
                             ELSE least(requests_done, clock_timestamp()) END
    WHERE lock = p_lock;
    UPDATE groomer.hold SET ended_at = clock_timestamp(), ended = p_ended WHERE lock = p_lock AND term = s.term;
    PERFORM pg_notify('groomer_lock', p_lock);
    RETURN true;
END
$release$;

-- Frees a row for a person who names what he saw: p_term of one of ours, or p_token of anybody's. The next holder waits
-- as after a crash, and the due time stays.
CREATE OR REPLACE FUNCTION groomer.release_by_hand(p_lock text, p_term bigint, p_token text)
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
