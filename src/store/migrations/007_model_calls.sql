-- What was asked of a paid model. A row is stored before the request, with the most that it can cost, so that a holder that dies
-- leaves nothing uncounted, and nobody pays again for what it had asked; afterwards it has what it did cost. Budgets are sums over
-- these rows.
CREATE TABLE groomer.model_call (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    issue_id bigint REFERENCES groomer.issue ON DELETE SET NULL,
    revision text NOT NULL,           -- of the issue, and the version of the question: as in groomer.decision
    version text NOT NULL,
    term bigint NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled boolean NOT NULL DEFAULT false,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    usd double precision NOT NULL,
    flaw text NOT NULL DEFAULT '',    -- why the answer was of no use
    answer text NOT NULL DEFAULT ''   -- then: its beginning, kept for inspection until policy.retention has passed
);
CREATE INDEX ON groomer.model_call (at);
CREATE INDEX ON groomer.model_call (issue_id);
CREATE INDEX ON groomer.decision (decided_at);
CREATE INDEX model_call_kept ON groomer.model_call (at) WHERE answer <> '';
