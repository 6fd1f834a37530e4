-- What a tracker said of its limits, and the pace of our own writes: whoever works next keeps it.
CREATE TABLE groomer.tracker_limits (
    tracker text PRIMARY KEY,   -- github
    limits text NOT NULL,       -- JSON, read and written by src/tracker/github/limits.cpp alone
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
