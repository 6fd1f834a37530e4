-- What people write by hand into groomer's own table. An infinite moment would stop every look, or every acquire: there is no interval
-- to or from it. It is refused where it is written.
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
