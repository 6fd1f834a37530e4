-- How often a hold was renewed; written by the renewal itself, in its statement.
ALTER TABLE groomer.hold ADD COLUMN renewals int NOT NULL DEFAULT 0;

-- As in 002, and: a hold whose acquire is ahead of the clock began before the clock went back. What it leaves is put into the
-- present, or the tick that has just ended would be due at once, as after a hold that nobody released.
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
