// What is done to groomer on the cluster, and what must hold. usage: node scenario.mjs CLUSTER ROUNDS
import fs from 'fs';
import path from 'path';
import {fileURLToPath} from 'url';
import {apply, component, create, effects, groomed, helm, holder, k, killContainer, lastTerm, namespace, number, pods, ready, sleep, sql, until, watchReady} from './cluster.mjs';
import {addedTwice} from './judge.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const chart = path.resolve(here, '../../charts/groomer'), values = path.join(here, 'values.yaml');
const rounds = Number(process.argv[3]);
let status = 0;
function check(sentence, right, ...why) {
  console.log(`${right ? 'ok' : 'not ok'} - cluster: ${sentence}${right ? '' : `\n    ${why.join('\n    ')}`}`);
  if (!right) status = 1;
}
const figure = sentence => console.log(`# ${sentence}`);
const seconds = since => ((Date.now() - since) / 1000).toFixed(1);
const rolled = () => k('rollout', 'status', 'deployment/groomer', '--timeout=180s');
const goesOn = (what, more = 20) => {
  const before = groomed();
  return until(`issues are groomed ${what}`, () => groomed() >= before + more);
};

async function install() {
  try { k('create', 'namespace', namespace); } catch (error) { if (!/AlreadyExists/.test(error.stderr)) throw error; }
  apply(fs.readFileSync(path.join(here, 'world.yaml'), 'utf8'));
  k('rollout', 'status', 'deployment/world', '--timeout=180s');
  const began = Date.now();
  helm('install', 'groomer', chart, '-f', values);
  rolled();
  figure(`three replicas Ready ${seconds(began)} s after helm install`);
  check('helm install: three replicas are Ready, and one of them holds', pods().filter(ready).length === 3);
  k('exec', 'deploy/groomer', '--', 'groomer', 'labels', '--repo', 'demo/backlog', '--create');
  // What the lock's own table tells at each new term, kept by a trigger: it asks groomer for nothing.
  sql(`CREATE TABLE public.seen (at timestamptz DEFAULT clock_timestamp(), lock text, free boolean, handover double precision);
       CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO public.seen (lock, free, handover) VALUES (NEW.lock, OLD.token IS NULL, greatest(extract(epoch FROM NEW.acquired_at - greatest(OLD.released_at, OLD.due_at)), 0));
         RETURN NULL; END $$;
       CREATE TRIGGER note AFTER UPDATE ON groomer.lock_state FOR EACH ROW WHEN (NEW.term > OLD.term) EXECUTE FUNCTION public.note()`);
  await goesOn('after the installation');
}

async function killed() {
  const pod = holder(), term = lastTerm(), began = Date.now();
  killContainer([pod], 'groomer');
  const how = () => sql(`SELECT pod, how FROM groomer.hold WHERE lock = 'groomer' AND term > ${term} ORDER BY term LIMIT 1`)[0];
  const [by, ground] = await until('a hold after SIGKILL', how);
  figure(`after SIGKILL of the holder's container ${by === pod ? 'the same pod' : 'another pod'} holds (${ground}) within ${seconds(began)} s`);
  check("a restarted container takes back its own pod's row", by === pod && ['reclaimed', 'free'].includes(ground), `${by} took it: ${ground}`);
  await goesOn('after the SIGKILL');
}

async function deleted() {
  const pod = holder(), began = Date.now();
  k('delete', 'pod', pod, '--grace-period=0', '--force');
  await goesOn('after the holder was deleted without grace');
  figure(`groomed on ${seconds(began)} s after the holder was deleted without grace`);
  rolled();
  check('a holder that is deleted without grace is replaced', !pods().some(one => one.metadata.name === pod));
}

async function evicted() {
  const pod = holder();
  const kinds = k('api-versions');
  const version = /^policy\/v1$/m.test(kinds) ? 'policy/v1' : 'policy/v1beta1';
  create(`/api/v1/namespaces/${namespace}/pods/${pod}/eviction`, {apiVersion: version, kind: 'Eviction', metadata: {name: pod, namespace}});
  await goesOn('after the eviction');
  rolled();
  const [last] = sql(`SELECT ended FROM groomer.hold WHERE lock = 'groomer' AND pod = '${pod}' ORDER BY term DESC LIMIT 1`);
  check('an evicted holder releases its row', ['finished', 'kept'].includes(last[0]), `it ended ${last[0]}`);
}

async function drained() {
  const node = pods()[0].spec.nodeName;
  let refused = '';
  try {
    k('drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--pod-selector=app.kubernetes.io/instance=groomer', '--timeout=20s');
  } catch (error) { refused = error.stderr; }
  const left = pods().filter(ready).length;
  await goesOn('while the node is being drained');
  k('uncordon', node);
  rolled();
  check('a drain of the only node takes one replica, and the budget keeps the others', left === 2 && /disruption budget/.test(refused), `${left} are Ready; ${refused}`);
}

async function frozen() {
  const from = number('SELECT extract(epoch FROM clock_timestamp())'), before = pods().map(pod => pod.metadata.name).sort().join();
  component('freeze', 'apiserver');
  try { await sleep(20_000); } finally { component('thaw', 'apiserver'); }
  await until('the API server answers', () => { try { return k('get', 'pods'); } catch { return ''; } });
  const runs = number(`SELECT count(*) FROM groomer.run WHERE at BETWEEN to_timestamp(${from} + 2) AND to_timestamp(${from} + 18)`);
  figure(`${runs} issues groomed in 16 s of a frozen API server`);
  check('groomer works on while the API server is frozen', runs > 0 && pods().map(pod => pod.metadata.name).sort().join() === before);
}

async function databaseKilled() {
  const began = Date.now(), restarts = () => pods().reduce((sum, pod) => sum + pod.status.containerStatuses[0].restartCount, 0), before = restarts();
  killContainer(['-l', 'app=world'], 'postgres');
  await until('PostgreSQL is back', () => { try { return groomed() >= 0; } catch { return false; } });
  await goesOn('after PostgreSQL was killed');
  figure(`groomed on ${seconds(began)} s after SIGKILL of PostgreSQL`);
  check('no replica restarts because PostgreSQL was killed', restarts() === before);
}

async function upgraded() {
  const told = watchReady();
  helm('upgrade', 'groomer', chart, '-f', values, '--set', 'podAnnotations.test/round=upgraded');
  rolled();
  helm('rollback', 'groomer', '1');
  rolled();
  const {fewest, events} = await told();
  check('helm upgrade and rollback: three replicas are Ready at every moment', fewest >= 3 && events > 2, `${fewest} at the fewest, ${events} events`);
  await goesOn('after the rollback');
}

const percentile = (sorted, share) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];

async function restarted() {
  const from = number('SELECT extract(epoch FROM clock_timestamp())'), began = Date.now(), told = watchReady();
  for (let round = 0; round < rounds; round++) {
    k('rollout', 'restart', 'deployment/groomer');
    rolled();
  }
  const {fewest, events} = await told();
  check(`${rounds} rolling restarts: at every moment one replica at least is Ready`, fewest >= 1 && events > rounds, `${fewest} at the fewest, ${events} events`);
  const took = sql(`SELECT handover FROM public.seen WHERE lock = 'groomer' AND free AND at > to_timestamp(${from}) ORDER BY handover`).map(row => Number(row[0]));
  const holders = number(`SELECT count(DISTINCT pod) FROM groomer.hold WHERE lock = 'groomer' AND acquired_at > to_timestamp(${from})`);
  const ms = share => (1000 * percentile(took, share)).toFixed(0);
  figure(`${rounds} rolling restarts in ${seconds(began)} s: ${took.length} hand-overs among ${holders} pods, p50 ${ms(0.5)} ms, p95 ${ms(0.95)} ms, p99 ${ms(0.99)} ms, most ${ms(1)} ms; ${fewest} Ready at the fewest`);
  check('hand-over p95 is at most 250 ms', took.length > rounds && percentile(took, 0.95) <= 0.25);
  const lost = number(`SELECT count(*) FROM groomer.hold WHERE lock = 'groomer' AND ended = 'lost' AND acquired_at > to_timestamp(${from})`);
  check('no hold is lost in a rolling restart', lost === 0, `${lost} were`);
}

async function scaled() {
  const to = async count => {
    k('scale', 'deployment/groomer', `--replicas=${count}`);
    await until(`${count} replicas`, () => pods().length === count && pods().every(ready));
    await goesOn(`by ${count} replicas`);
  };
  await to(1);
  await to(5);
  const contended = pods().map(pod => /^groomer_lock_contention_total\{lock="groomer"\} (\d+)/m.exec(k('get', '--raw', `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}:9090/proxy/metrics`))?.[1] ?? 0);
  figure(`contention of five replicas: ${contended.join(', ')}`);
  check('contention of five replicas is in their metrics', contended.some(count => Number(count) > 0));
  await to(1);
}

// By what others wrote down, and by the rows that groomer has to leave.
function judged() {
  const log = effects().filter(one => one.actor === 'groomer' && one.issue);
  const twice = addedTwice(log);
  check('the tracker saw writes', log.length > 0);
  check('no label was added twice', twice.length === 0, twice.slice(0, 5).join(', '));
  const again = sql("SELECT issue_id, count(*) FROM groomer.run WHERE outcome = 'applied' GROUP BY issue_id HAVING count(*) > 1");
  check('no issue was groomed twice', again.length === 0, `${again.length} were, such as ${again[0]}`);
  const terms = number("SELECT count(*) FROM groomer.hold a JOIN groomer.hold b ON a.lock = b.lock AND b.term = a.term + 1 WHERE b.acquired_at < a.ended_at AND a.ended IN ('finished', 'kept')");
  check('no two holds overlap', terms === 0, `${terms} do`);
  figure(`${groomed()} runs, ${log.length} effects, ${number("SELECT count(*) FROM groomer.hold WHERE lock = 'groomer'")} holds`);
}

const steps = {install, killed, deleted, evicted, drained, frozen, databaseKilled, upgraded, restarted, scaled, judged};
try {
  for (const [name, step] of Object.entries(steps)) {
    try { await step(); } catch (error) {
      check(`${name} can be done`, false, String(error.stderr || error.stack));
      if (name === 'install') break;
    }
  }
} finally {
  try { helm('uninstall', 'groomer'); } catch { /* it was not installed */ }
  k('delete', 'namespace', namespace, '--wait=false');
}
process.exitCode = status;
