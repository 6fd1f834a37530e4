// A cluster's programs, and what stands in its database and in the tracker's log.
import {execFileSync, spawn} from 'child_process';
import readline from 'readline';

export const folder = process.argv[2];
export const namespace = 'groomer-test';
export const sleep = ms => new Promise(done => setTimeout(done, ms));

const call = (program, args, options = {}) =>
  execFileSync(`${folder}/${program}`, args, {encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'], timeout: 300_000, maxBuffer: 2 ** 30, ...options});
export const k = (...args) => call('k', ['-n', namespace, ...args]);
export const apply = text => call('k', ['-n', namespace, 'apply', '-f', '-'], {input: text});
export const create = (path, object) => call('k', ['create', '--raw', path, '-f', '-'], {input: JSON.stringify(object)});
export const helm = (...args) => call('h', [...args, '-n', namespace]);
export const component = (verb, name) => call('comp', [verb, name]);

// Waits until `happened` tells something that is true, and gives that; throws after so many seconds. It looks four times a second.
export async function until(what, happened, seconds = 120) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(250)) {
    const told = happened();
    if (told) return told;
  }
  throw new Error(`${what}: not within ${seconds} s`);
}

// A question to the database; rows of texts. It is asked on the server's own socket, which no network outage reaches.
export const sql = text => k('exec', 'deploy/world', '-c', 'postgres', '--', 'psql', '-h', '/data', '-U', 'groomer', '-d', 'groomer', '-qAtX', '-F', '\t', '-c', text)
  .split('\n').filter(Boolean).map(row => row.split('\t'));
export const number = text => Number(sql(text)[0][0]);
// What the tracker and the model wrote down.
const written = file => k('exec', 'deploy/world', '-c', 'tracker', '--', 'cat', `/data/${file}`).split('\n').filter(Boolean).map(line => JSON.parse(line));
export const effects = () => written('effects.log');
export const asked = () => written('asked.log');

const listed = selector => JSON.parse(k('get', 'pods', '-l', selector, '-o', 'json')).items;
export const podsOf = release => listed(`app.kubernetes.io/instance=${release},app.kubernetes.io/name=groomer`).filter(pod => !pod.metadata.deletionTimestamp);
export const worldPod = () => listed('app=world')[0];
export const pods = () => podsOf('groomer');
export const podNamed = name => JSON.parse(k('get', 'pod', name, '-o', 'json'));
export const ready = pod => (pod.status.conditions ?? []).some(one => one.type === 'Ready' && one.status === 'True');
export const container = (pod, name = 'groomer') => (pod.status.containerStatuses ?? []).find(one => one.name === name);
const idOf = (pod, name) => container(pod, name).containerID.replace('containerd://', '');
export const rolled = () => k('rollout', 'status', 'deployment/groomer', '--timeout=180s');

export const holder = () => sql("SELECT pod FROM groomer.hold WHERE lock = 'groomer' ORDER BY term DESC LIMIT 1")[0][0];
export const groomed = () => number("SELECT count(*) FROM groomer.run WHERE outcome <> 'stale'");
export const goesOn = (what, more = 20) => {
  const before = groomed();
  return until(`issues are groomed ${what}`, () => groomed() >= before + more);
};

// The pod of a hold that has only just begun, so that what is done to it now is done to a holder. Only pods that have not been restarted:
// Kubernetes makes a container that fails again wait.
export async function freshHold() {
  const fresh = pods().filter(pod => container(pod)?.restartCount === 0).map(pod => `'${pod.metadata.name}'`).join();
  const [pod, term] = await until('a fresh hold', () => sql(`SELECT pod, term FROM groomer.hold WHERE lock = 'groomer' AND ended_at IS NULL
    AND acquired_at > clock_timestamp() - interval '0.7 s' AND pod IN (${fresh})`)[0]);
  return {pod, term: Number(term)};
}

// SIGKILL from outside, as the kernel's own would be.
export const killContainer = (pod, name = 'groomer') => call('c', ['tasks', 'kill', '-s', 'SIGKILL', idOf(pod, name)]);

// Takes the container's memory away, on the node, until the kernel kills it: its limit becomes what it uses, and again as that shrinks.
export function starve(pod) {
  const id = idOf(pod, 'groomer');
  const process = call('c', ['tasks', 'ls']).split('\n').map(line => line.split(/\s+/)).find(([one]) => one === id)[1];
  call('n', ['sh', '-c', `
    group=$(sed -n 's/^[0-9]*:memory:/memory/p; s/^0:://p' /proc/$1/cgroup | head -n 1)
    if [ -e /sys/fs/cgroup/$group/memory.max ]; then echo 1M >/sys/fs/cgroup/$group/memory.max; exit 0; fi
    for i in $(seq 400); do
      [ -e /sys/fs/cgroup/$group/memory.usage_in_bytes ] && [ -e /proc/$1 ] || exit 0
      cat /sys/fs/cgroup/$group/memory.usage_in_bytes 2>/dev/null >/tmp/starve
      cat /tmp/starve 2>/dev/null >/sys/fs/cgroup/$group/memory.limit_in_bytes
      sleep 0.02
    done 2>/dev/null`, 'sh', process]);
}

// Watches the Deployment from now on: the fewest Ready replicas that the API server told of, event by event.
export function watchReady() {
  const watch = spawn(`${folder}/k`, ['-n', namespace, 'get', 'deployment', 'groomer', '-w', '-o', 'jsonpath={.status.readyReplicas}{"\\n"}'], {stdio: ['ignore', 'pipe', 'ignore']});
  let fewest = Infinity, events = 0, over = false;
  watch.on('exit', () => { if (!over) fewest = NaN; }); // a watch that ends by itself has not seen all
  readline.createInterface({input: watch.stdout}).on('line', line => {
    events++;
    fewest = Math.min(fewest, Number(line || 0));
  });
  return async () => {
    await sleep(1000);
    over = true;
    watch.kill();
    return {fewest, events};
  };
}
