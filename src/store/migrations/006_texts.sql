-- Steps that write texts, and close: comment.set, section.set, title.set, issue.close. They are marked one by one: `begun` just before
-- the effect, `ended_at` being when, and with the result after it. So whoever works next knows of each comment, also of a holder that
-- was killed.
ALTER TABLE groomer.step ADD COLUMN text text NOT NULL DEFAULT '';
CREATE INDEX step_comments ON groomer.step (ended_at) WHERE op = 'comment.set';
