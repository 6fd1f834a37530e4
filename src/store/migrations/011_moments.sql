-- What people write by hand into groomer's own table. An infinite moment would stop every look, or every acquire: there is no interval
-- to or from it. It is refused where it is written.
-- Whoever waits for this lock holds up everybody else's looks meanwhile, so it is had at once, or tried again later.
SELECT set_config('lock_timeout', '300ms', true);
LOCK TABLE groomer.lock_state IN ACCESS EXCLUSIVE MODE;
UPDATE groomer.lock_state SET due_at = clock_timestamp() WHERE NOT isfinite(due_at);
UPDATE groomer.lock_state SET quarantine_until = clock_timestamp() + interval '16 s' WHERE quarantine_until = 'infinity';
ALTER TABLE groomer.lock_state ADD CONSTRAINT moments_are_finite CHECK (isfinite(due_at) AND quarantine_until < 'infinity');

-- As in 003, but a hold whose row another program has taken was not ended by whoever frees that program's row.
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
    UPDATE groomer.hold SET ended_at = clock_timestamp(), ended = CASE WHEN coalesce(p_token, s.token) = s.token THEN 'by hand' ELSE 'lost' END
    WHERE lock = p_lock AND term = s.term AND ended_at IS NULL;
    PERFORM pg_notify('groomer_lock', p_lock);
    RETURN true;
END
$by_hand$;

-- As in 004, but after a hold during which the clock went back all requests that are kept count once more: one that was made during it
-- was lost where the last one served was dated ahead.
CREATE OR REPLACE FUNCTION groomer.release(
    p_lock text, p_token text, p_clean boolean, p_ended text, p_next interval, p_longest_wait interval)
RETURNS boolean LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $release$
DECLARE
    s groomer.lock_state;
    v_now timestamptz;
    v_back boolean;
    v_done text;
BEGIN
    -- A release that a crash of the server forgets would have its tick run again.
    v_done := set_config('lock_timeout', '2s', true) || set_config('synchronous_commit', 'on', true);
    SELECT * INTO s FROM groomer.lock_state t WHERE t.lock = p_lock AND t.token = p_token FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM sync_lock l WHERE l.id = p_lock AND l."syncRunId" = p_token;
    IF NOT FOUND THEN
        PERFORM groomer.refuse_a_kept_row(p_lock, p_token);
        RETURN false;
    END IF;
    v_now := clock_timestamp();
    v_back := s.acquired_at > v_now + interval '1 s';
    UPDATE groomer.lock_state t SET
        token = NULL, clean = p_clean, released_at = v_now, acquired_at = least(t.acquired_at, v_now),
        quarantine_until = CASE WHEN v_back THEN v_now + (t.quarantine_until - t.acquired_at) ELSE t.quarantine_until END,
        due_at = CASE p_ended
            WHEN 'finished' THEN v_now + p_next
            WHEN 'failed' THEN v_now + least(interval '1 s' * 2 ^ least(t.failures, 16), p_longest_wait)
            -- It was due when it was taken, whatever a clock said that has gone back since.
            ELSE CASE WHEN v_back THEN least(t.due_at, v_now) ELSE t.due_at END END,
        failures = CASE p_ended WHEN 'finished' THEN 0 WHEN 'failed' THEN t.failures + 1 ELSE t.failures END,
        -- A failed tick has seen them too: its back-off counts, not the request. Which of them a hold has seen that began
        -- before the clock went back, nobody can tell, and what was done before may be dated ahead of one that was made since.
        requests_done = CASE WHEN p_ended NOT IN ('finished', 'failed') THEN least(t.requests_done, v_now)
                             WHEN v_back THEN '-infinity' ELSE t.acquired_at END
    WHERE t.lock = p_lock;
    UPDATE groomer.hold h SET ended_at = v_now, ended = p_ended WHERE h.lock = p_lock AND h.term = s.term;
    v_done := pg_notify('groomer_lock', p_lock);
    RETURN true;
END
$release$;
