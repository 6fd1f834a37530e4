-- How often a hold was renewed; written by the renewal itself, in its statement.
ALTER TABLE groomer.hold ADD COLUMN renewals int NOT NULL DEFAULT 0;
