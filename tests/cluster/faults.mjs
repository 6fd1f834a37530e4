// What happens to pods, nodes, the API server and the database.
import {component, container, create, freshHold, goesOn, groomed, holder, k, killContainer, namespace, number, podNamed, pods, ready, rolled, sleep, sql, starve, until, worldPod} from './cluster.mjs';
import {check, figure, seconds} from './report.mjs';

// The container of a holder dies in the middle of its tick, and comes back in its pod: does it wait for its own row to expire?
async function takesBack(what, die, reason) {
  const {pod, term} = await freshHold(), began = Date.now();
  die(podNamed(pod));
  const [by, ground, at] = await until(`a hold after ${what}`, () => sql(`SELECT pod, how, extract(epoch FROM acquired_at) FROM groomer.hold
    WHERE lock = 'groomer' AND term > (SELECT min(term) FROM groomer.hold WHERE lock = 'groomer' AND term >= ${term} AND ended = 'lost') ORDER BY term LIMIT 1`)[0]);
  const started = await until('the container is back', () => container(podNamed(pod)).restartCount === 1 && Date.parse(JSON.parse(k('logs', pod).split('\n')[0]).ts));
  const {terminated} = container(podNamed(pod)).lastState, after = at * 1000 - started;
  figure(`${what} of the holder's container (${terminated.reason}, ${terminated.exitCode}): its pod holds again (${ground}) ` +
    `${(at - began / 1000).toFixed(1)} s later, ${after.toFixed(0)} ms after the first line of its log`);
  check(`${what}: the container ends by ${reason}`, terminated.reason === reason && terminated.exitCode === 137, JSON.stringify(terminated));
  check(`${what}: the restarted container takes back its own pod's row at once`, by === pod && ground === 'reclaimed' && after < 1000, `${by} took it, ${ground}, ${after} ms after ${pod} was back`);
  await goesOn(`after ${what}`);
}

export const killed = () => takesBack('SIGKILL', pod => killContainer(pod), 'Error');
export const starved = () => takesBack('death for want of memory', starve, 'OOMKilled');

export async function deleted() {
  const pod = holder(), began = Date.now();
  k('delete', 'pod', pod, '--grace-period=0', '--force');
  await goesOn('after the holder was deleted without grace');
  figure(`groomed on ${seconds(began)} s after the holder was deleted without grace`);
  rolled();
  check('a holder that is deleted without grace is replaced', !pods().some(one => one.metadata.name === pod));
}

export async function evicted() {
  const {pod} = await freshHold();
  const version = /^policy\/v1$/m.test(k('api-versions')) ? 'policy/v1' : 'policy/v1beta1';
  create(`/api/v1/namespaces/${namespace}/pods/${pod}/eviction`, {apiVersion: version, kind: 'Eviction', metadata: {name: pod, namespace}});
  await goesOn('after the eviction');
  rolled();
  const [last] = sql(`SELECT ended FROM groomer.hold WHERE lock = 'groomer' AND pod = '${pod}' ORDER BY term DESC LIMIT 1`);
  check('an evicted holder releases its row', ['finished', 'kept'].includes(last[0]), `it ended ${last[0]}`);
}

export async function drained() {
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

export async function frozen() {
  const from = number('SELECT extract(epoch FROM clock_timestamp())'), before = pods().map(pod => pod.metadata.name).sort().join();
  component('freeze', 'apiserver');
  try { await sleep(20_000); } finally { component('thaw', 'apiserver'); }
  await until('the API server answers', () => { try { return k('get', 'pods'); } catch { return ''; } });
  const runs = number(`SELECT count(*) FROM groomer.run WHERE at BETWEEN to_timestamp(${from} + 2) AND to_timestamp(${from} + 18)`);
  figure(`${runs} issues groomed in 16 s of a frozen API server`);
  check('groomer works on while the API server is frozen', runs > 0 && pods().map(pod => pod.metadata.name).sort().join() === before);
}

const restarts = () => pods().reduce((sum, pod) => sum + container(pod).restartCount, 0);

export async function databaseKilled() {
  const began = Date.now(), before = restarts();
  killContainer(worldPod(), 'postgres');
  await until('PostgreSQL is back', () => { try { return groomed() >= 0; } catch { return false; } });
  const back = seconds(began);
  await goesOn('after PostgreSQL was killed');
  figure(`SIGKILL of PostgreSQL: it answers again after ${back} s, groomed on after ${seconds(began)} s`);
  check('no replica restarts because PostgreSQL was killed', restarts() === before);
}
