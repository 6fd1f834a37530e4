-- Runs that ended in a certain way, the newest first: those that failed are few among very many.
CREATE INDEX run_outcome ON groomer.run (outcome, id);
