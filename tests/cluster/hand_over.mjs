// How long the row was free though it was wanted, as a trigger of ours saw it: it asks groomer for nothing but when a tick is due.
import {sql} from './cluster.mjs';

export const watchRow = () => sql(`
  CREATE TABLE public.seen (n bigint GENERATED ALWAYS AS IDENTITY, at timestamptz DEFAULT clock_timestamp(), lock text, token text, due_at timestamptz);
  CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO public.seen (lock, token, due_at) VALUES (NEW.lock, NEW.token, NEW.due_at);
    RETURN NULL; END $$;
  CREATE TRIGGER note AFTER UPDATE ON groomer.lock_state FOR EACH ROW WHEN (NEW.token IS DISTINCT FROM OLD.token) EXECUTE FUNCTION public.note()`);

// Since a moment: the seconds of each hand-over, ascending; those to another process alone, or all of them. Field 5 of a token is the
// process that has it.
export const handOvers = (from, toAnother) => sql(`
  WITH turns AS (
    SELECT *, lag(token) OVER w AS freed, lag(token, 2) OVER w AS last, lag(at) OVER w AS freed_at, lag(due_at) OVER w AS due
    FROM public.seen WHERE lock = 'groomer' WINDOW w AS (ORDER BY n))
  SELECT greatest(extract(epoch FROM at - greatest(freed_at, due)), 0) FROM turns
  WHERE token IS NOT NULL AND freed IS NULL AND last IS NOT NULL AND at > to_timestamp(${from})
    AND (${!toAnother} OR split_part(token, '|', 5) <> split_part(last, '|', 5)) ORDER BY 1`).map(row => Number(row[0]));

export const percentile = (sorted, share) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
export const told = sorted => `${sorted.length}: ` + [['p50', 0.5], ['p95', 0.95], ['p99', 0.99], ['most', 1]]
  .map(([name, share]) => `${name} ${(1000 * percentile(sorted, share)).toFixed(0)} ms`).join(', ');
