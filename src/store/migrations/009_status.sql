-- What the status page shows that was not stored yet: in which families a run found a label of ours that a person had changed.
ALTER TABLE groomer.run ADD COLUMN overridden text[] NOT NULL DEFAULT '{}';
CREATE INDEX run_overridden ON groomer.run (at) WHERE overridden <> '{}';

-- A moment as every answer tells it; null for one that is none.
CREATE FUNCTION groomer.utc(t timestamptz) RETURNS text LANGUAGE sql STABLE AS
$$SELECT to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')$$;

-- Who has judged an issue: of the sources of its decisions the one that knows most.
CREATE FUNCTION groomer.judged_by(judgement jsonb) RETURNS text LANGUAGE sql STABLE AS
$$SELECT CASE WHEN judgement @> '{"decisions": [{"source": "model"}]}' THEN 'model'
              WHEN judgement @> '{"decisions": [{"source": "local"}]}' THEN 'local' ELSE 'rule' END$$;

-- The labels of an issue after a run, or as they would be where it has only planned.
CREATE FUNCTION groomer.labels_after(r groomer.run) RETURNS json LANGUAGE sql STABLE AS
$$SELECT coalesce(json_agg(l ORDER BY l COLLATE "C"), '[]') FROM (
    SELECT unnest(r.labels_before) EXCEPT SELECT unnest(r.removed) UNION SELECT unnest(r.added)) x(l)$$;
