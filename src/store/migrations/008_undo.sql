-- What `groomer undo` takes back: the run that has done so, and the revision at which an issue was left so. It is groomed again when
-- people have changed it since, or when it is forced. (The views of 001 leave out such an issue or count it as left alone.)
ALTER TABLE groomer.run ADD COLUMN undone_by bigint;
ALTER TABLE groomer.issue ADD COLUMN undone text;

CREATE OR REPLACE VIEW groomer.progress AS
SELECT count(*) AS issues,
       count(*) FILTER (WHERE i.outcome IN ('applied', 'noop', 'planned')) AS groomed,
       count(*) FILTER (WHERE i.outcome IN ('abstained', 'skipped', 'undone')) AS abstained,
       count(*) FILTER (WHERE i.due_at <= statement_timestamp() OR i.groomed_at IS NULL
                              OR i.outcome IN ('partial', 'failed', 'stale')) AS pending,
       (SELECT count(DISTINCT term) FROM groomer.run) AS ticks,
       (SELECT coalesce(bool_and(synced_at IS NOT NULL), false) FROM groomer.source WHERE configured) AS synced
FROM groomer.issue i WHERE i.open AND NOT i.gone;
