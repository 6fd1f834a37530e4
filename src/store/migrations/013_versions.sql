-- A row that is written again with the token and the stamp that it had may have been renewed in between: its xmin tells. By those two alone, a row that another
-- program stamps infinity twice, our holder renewing it in between, looked as if nobody had touched it.
DROP FUNCTION groomer.look(text);
DROP FUNCTION groomer.acquire(text, boolean, text, timestamptz, bigint, double precision, text, timestamptz, text, interval, boolean, interval,
                              bigint, text, text, text, text);

-- As in 012, and the row's version.
CREATE FUNCTION groomer.look(p_lock text)
RETURNS TABLE (is_row boolean, token text, stamp text, age double precision, term bigint, state_token text,
               state_cluster text, cluster text, clean boolean, due_in double precision, requested boolean,
               paused boolean, database_time double precision, started text, version text)
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
           EXISTS (SELECT FROM groomer.request r WHERE r.lock = s.lock AND r.id > s.requests_served),
           (SELECT c.paused FROM groomer.control c), extract(epoch FROM clock_timestamp())::double precision,
           pg_postmaster_start_time()::text, l.xmin::text
    FROM groomer.lock_state s LEFT JOIN sync_lock l ON l.id = s.lock WHERE s.lock = p_lock;
END
$look$;

-- As in 012, but for the row's version. Replicas of the version before name none, and compare the token and the stamp alone.
CREATE FUNCTION groomer.acquire(
    p_lock text, p_forced boolean, p_cluster text, p_started timestamptz, p_seen_term bigint, p_seen_at double precision,
    p_seen_token text, p_seen_stamp timestamptz, p_ground text, p_age_needed interval, p_contact boolean,
    p_settle interval, p_ttl_ms bigint, p_slot text, p_incarnation text, p_uuid text, p_pod text, p_seen_version text DEFAULT NULL)
RETURNS TABLE (token text, term bigint, quarantine interval, handover double precision, how text)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $acquire$
#variable_conflict use_column
DECLARE
    s record;  -- the state row before
    l record;  -- free: the row was; kept: it is now what was written
    v_now timestamptz;
    v_back boolean;  -- the clock went back since the last hold
    v_same boolean;  -- cluster as at the last acquire
    v_term bigint;
    v_token text;
    v_wait interval;
    v_how text;
    v_since timestamptz;  -- from when on the row could be had
    v_done text;
BEGIN
    -- A win that a crash of the server forgets would be two winners.
    v_done := set_config('lock_timeout', '1s', true) || set_config('synchronous_commit', 'on', true);

    SELECT t.*, (SELECT c.paused FROM groomer.control c) AS paused INTO s
    FROM groomer.lock_state t WHERE t.lock = p_lock AND t.term = p_seen_term FOR UPDATE;
    v_now := clock_timestamp();
    -- A look that is long past proves nothing: the clock may have stepped, or this message been delayed, since.
    IF s.lock IS NULL OR pg_postmaster_start_time() <> p_started OR left(pg_walfile_name(pg_current_wal_lsn()), 8) <> right(p_cluster, 8)
       OR abs(extract(epoch FROM v_now) - p_seen_at) > 2 OR s.paused AND NOT p_forced THEN
        RETURN;
    END IF;
    v_back := greatest(s.acquired_at, s.released_at) > v_now + interval '1 s';
    IF s.due_at > v_now AND NOT v_back AND NOT p_forced THEN
        PERFORM FROM groomer.request r WHERE r.lock = p_lock AND r.id > s.requests_served;
        IF NOT FOUND THEN
            RETURN;
        END IF;
    END IF;

    -- Another cluster may lack terms that were given out, by a clock that was ahead: an hour is left for them, for each timeline since.
    v_same := s.cluster IS NOT DISTINCT FROM p_cluster;
    v_term := greatest(s.term + 1, (extract(epoch FROM v_now) * 1000000)::bigint);
    IF NOT v_same THEN
        v_term := v_term + 3600000000 * greatest(1, ('x' || right(p_cluster, 8))::bit(32)::int
                                                - coalesce(('x' || right(s.cluster, 8))::bit(32)::int, 0));
    END IF;
    v_token := concat_ws('|', 'g1', p_ttl_ms, v_term, p_slot, p_incarnation, right(p_cluster, 8), p_uuid);

    INSERT INTO sync_lock AS l (id, "syncRunId", "acquiredAt") VALUES (p_lock, v_token, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET "syncRunId" = excluded."syncRunId", "acquiredAt" = clock_timestamp()
        WHERE l."syncRunId" IS NOT DISTINCT FROM p_seen_token AND l."acquiredAt" IS NOT DISTINCT FROM p_seen_stamp
          AND (p_seen_version IS NULL OR p_ground NOT IN ('expired', 'future') OR l.xmin::text = p_seen_version)
          AND (l."syncRunId" IS NULL
               OR p_ground IN ('reclaimed', 'own')
               OR p_ground = 'expired' AND l."acquiredAt" <= clock_timestamp() - p_age_needed
               OR p_ground = 'future' AND (l."acquiredAt" > clock_timestamp() OR l."acquiredAt" IS NULL))
    RETURNING xmax = 0 OR p_seen_token IS NULL AS free,
              l."syncRunId" = v_token AND abs(extract(epoch FROM l."acquiredAt" - clock_timestamp())) < 1 AS kept INTO l;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    v_now := clock_timestamp();
    IF l.kept IS NOT TRUE THEN
        RAISE EXCEPTION 'a trigger on sync_lock changes the token or the stamp that groomer writes: drop it, or exempt the row %', p_lock;
    END IF;
    IF s.token IS NOT NULL THEN
        UPDATE groomer.hold h SET ended_at = v_now, ended = 'lost'
        WHERE h.lock = p_lock AND h.term = s.term AND h.ended_at IS NULL;
    END IF;

    v_how := CASE WHEN l.free THEN 'free'
                  WHEN p_ground IN ('reclaimed', 'own') THEN 'reclaimed'
                  WHEN p_seen_token = s.token THEN 'expired' ELSE 'foreign' END;
    -- How long a write of an earlier holder may still take effect on a tracker.
    v_wait := CASE WHEN v_back THEN p_settle + interval '4.5 s'
                   WHEN l.free AND s.clean AND v_same THEN interval '0'
                   -- Time has made it clean, if the bidder vouches for it.
                   WHEN l.free AND s.token IS NULL AND v_same AND p_contact
                        AND s.released_at <= v_now - (p_settle + interval '4.5 s') THEN interval '0'
                   WHEN l.free AND s.clean OR NOT l.free AND p_ground = 'expired' AND p_contact THEN p_settle
                   ELSE p_settle + interval '4.5 s' END;
    INSERT INTO groomer.hold (lock, term, token, pod, how, acquired_at) VALUES (p_lock, v_term, v_token, p_pod, v_how, v_now);
    UPDATE groomer.lock_state t
    SET token = v_token, term = v_term, cluster = p_cluster, clean = false, acquired_at = v_now,
        quarantine_until = CASE WHEN v_back THEN v_now + v_wait ELSE greatest(t.quarantine_until, v_now + v_wait) END,
        due_at = CASE WHEN v_back THEN v_now ELSE t.due_at END,
        requests_seen = greatest(t.requests_served, (SELECT max(r.id) FROM groomer.request r WHERE r.lock = p_lock))
    WHERE t.lock = p_lock RETURNING greatest(t.quarantine_until, v_now) - v_now INTO quarantine;

    token := v_token;
    term := v_term;
    how := v_how;
    v_since := CASE WHEN p_forced THEN NULL WHEN l.free THEN greatest(s.released_at, s.due_at) ELSE p_seen_stamp END;
    handover := CASE WHEN isfinite(v_since) THEN greatest(extract(epoch FROM v_now - v_since), 0) END;
    RETURN NEXT;
END
$acquire$;
