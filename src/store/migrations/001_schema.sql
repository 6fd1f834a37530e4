-- The row that other programs share with groomer: created only if missing, never altered. Looked up first, since
-- CREATE TABLE IF NOT EXISTS asks for the right to create even where there is nothing to create.
DO $$
BEGIN
    IF to_regclass('sync_lock') IS NULL THEN
        CREATE TABLE sync_lock (
            id TEXT PRIMARY KEY,
            "syncRunId" TEXT NULL,
            "acquiredAt" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP
        );
    ELSIF (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = to_regclass('sync_lock') AND NOT a.attisdropped
             AND (a.attname, format_type(a.atttypid, NULL)) IN
                 (('id', 'text'), ('syncRunId', 'text'), ('acquiredAt', 'timestamp with time zone'))) < 3
          OR NOT EXISTS (SELECT FROM pg_index x JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0]
             WHERE x.indrelid = to_regclass('sync_lock') AND x.indisunique AND x.indnkeyatts = 1 AND x.indpred IS NULL AND a.attname = 'id') THEN
        RAISE EXCEPTION 'the table sync_lock is not one that can be shared: it needs id TEXT PRIMARY KEY, "syncRunId" TEXT, "acquiredAt" TIMESTAMPTZ; rename it, or give groomer a schema of its own in the search_path';
    END IF;
END
$$;

CREATE SCHEMA IF NOT EXISTS groomer;

CREATE TABLE groomer.schema_version (
    version int PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Settings of the whole installation that people change while it runs: one row.
CREATE TABLE groomer.control (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    paused boolean NOT NULL DEFAULT false,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by text NOT NULL DEFAULT ''
);
INSERT INTO groomer.control DEFAULT VALUES;

-- The repositories that the trackers named, and how far the sync has come with each configured source.
CREATE TABLE groomer.source (
    name text PRIMARY KEY,             -- of the configured entry
    cursor text NOT NULL DEFAULT '',   -- the tracker's own
    pass bigint NOT NULL DEFAULT 0,    -- counts full passes
    synced_at timestamptz,             -- of the last complete sync
    configured boolean NOT NULL DEFAULT true,
    changes bigint NOT NULL DEFAULT 0, -- counts syncs that changed an issue: what learns from the issues learns anew
    policy text                        -- digest of the policy that its issues are due under
);
CREATE TABLE groomer.repository (
    id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    source text NOT NULL REFERENCES groomer.source
);
CREATE UNIQUE INDEX ON groomer.repository (lower(name)); -- case tells none apart, as GitHub has it
CREATE INDEX ON groomer.repository (source);

CREATE TABLE groomer.issue (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    repo_id int NOT NULL REFERENCES groomer.repository,
    number bigint NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    open boolean NOT NULL,
    gone boolean NOT NULL DEFAULT false,  -- the tracker has it no more
    author text NOT NULL,
    author_is_bot boolean NOT NULL,
    labels text[] NOT NULL,               -- sorted, as last seen or left by us
    own_labels text[] NOT NULL DEFAULT '{}', -- those of them that we set
    taken_away text[] NOT NULL DEFAULT '{}', -- not ours, seen once and gone since: people do not want them here
    created_at timestamptz,
    updated_at timestamptz,
    seen_pass bigint NOT NULL,
    -- the schedule: null = not due until something changes
    rank smallint NOT NULL DEFAULT 0,     -- 0 never groomed, 1 changed by a person, 2 its window has passed
    due_at timestamptz,
    failures int NOT NULL DEFAULT 0,
    -- the last groom
    groomed_at timestamptz,
    revision text,
    outcome text,
    reason text,                          -- why it was left alone, in one sentence
    UNIQUE (repo_id, number)
);
CREATE INDEX issue_due ON groomer.issue (repo_id, rank, due_at, number) WHERE due_at IS NOT NULL;
CREATE INDEX issue_labels ON groomer.issue USING gin (labels);
CREATE INDEX issue_pass ON groomer.issue (repo_id, seen_pass) WHERE NOT gone;

-- Who works on an issue now; ends with the term, or at `until`.
CREATE TABLE groomer.lease (
    issue_id bigint PRIMARY KEY REFERENCES groomer.issue ON DELETE CASCADE,
    term bigint NOT NULL,
    until timestamptz NOT NULL
);

-- What was judged of an issue at a revision, by a version of model and policy: never paid for twice.
CREATE TABLE groomer.decision (
    issue_id bigint NOT NULL REFERENCES groomer.issue ON DELETE CASCADE,
    revision text NOT NULL,
    version text NOT NULL,
    judgement jsonb NOT NULL,
    term bigint NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (issue_id, revision, version)
);

-- The steps of one application, stored before the first takes effect; key = SHA-256 of repository, issue, revision, plan.
CREATE TABLE groomer.step (
    key text NOT NULL,
    seq int NOT NULL,
    issue_id bigint NOT NULL REFERENCES groomer.issue ON DELETE CASCADE,
    op text NOT NULL,
    label text NOT NULL,
    status text NOT NULL DEFAULT 'planned', -- planned | done | already | gone | failed | fenced | withheld
    detail text NOT NULL DEFAULT '',
    term bigint NOT NULL,
    planned_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    PRIMARY KEY (key, seq)
);
CREATE INDEX ON groomer.step (issue_id);

-- Append-only: what was done with an issue, and why.
CREATE TABLE groomer.run (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    issue_id bigint NOT NULL REFERENCES groomer.issue ON DELETE CASCADE,
    term bigint NOT NULL,
    pod text NOT NULL,
    mode text NOT NULL,
    revision text NOT NULL,
    outcome text NOT NULL,
    reason text NOT NULL,
    judgement jsonb NOT NULL,
    added text[] NOT NULL,
    removed text[] NOT NULL,
    labels_before text[] NOT NULL,
    application text,                     -- key of the steps
    duration_ms int NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON groomer.run (issue_id, id);
CREATE INDEX ON groomer.run (at);

CREATE VIEW groomer.progress AS
SELECT count(*) AS issues,
       count(*) FILTER (WHERE i.outcome IN ('applied', 'noop', 'planned')) AS groomed,
       count(*) FILTER (WHERE i.outcome IN ('abstained', 'skipped')) AS abstained,
       count(*) FILTER (WHERE i.due_at <= statement_timestamp() OR i.groomed_at IS NULL
                              OR i.outcome IN ('partial', 'failed', 'stale')) AS pending,
       (SELECT count(DISTINCT term) FROM groomer.run) AS ticks,
       (SELECT coalesce(bool_and(synced_at IS NOT NULL), false) FROM groomer.source WHERE configured) AS synced
FROM groomer.issue i WHERE i.open AND NOT i.gone;

CREATE VIEW groomer.decided AS
SELECT r.name AS repo, d ->> 'family' AS family,
       CASE WHEN d ->> 'value' IS NULL THEN '(left alone)'
            WHEN d ->> 'value' = ANY (last.added) OR d ->> 'value' = ANY (i.own_labels) THEN d ->> 'value'
            ELSE '(as people set it)' END AS label,
       count(*) AS issues, d ->> 'source' AS by
FROM groomer.issue i
JOIN groomer.repository r ON r.id = i.repo_id
JOIN LATERAL (SELECT judgement, added FROM groomer.run WHERE issue_id = i.id ORDER BY id DESC LIMIT 1) last ON true
CROSS JOIN LATERAL jsonb_array_elements(last.judgement -> 'decisions') d
WHERE i.open AND NOT i.gone
GROUP BY 1, 2, 3, 5 ORDER BY 1, 2, 4 DESC, 3;
