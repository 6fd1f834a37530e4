// A cluster's programs, and what stands in its database and in the tracker's log.
import {execFileSync, spawn} from 'child_process';

export const folder = process.argv[2];
export const namespace = 'groomer-test';
export const sleep = ms => new Promise(done => setTimeout(done, ms));

const call = (program, args, options = {}) => execFileSync(`${folder}/${program}`, args, {encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'], timeout: 300_000, ...options});
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
export const effects = () => k('exec', 'deploy/world', '-c', 'tracker', '--', 'cat', '/data/effects.log').split('\n').filter(Boolean).map(line => JSON.parse(line));

export const pods = () => JSON.parse(k('get', 'pods', '-l', 'app.kubernetes.io/instance=groomer,app.kubernetes.io/name=groomer', '-o', 'json')).items.filter(pod => !pod.metadata.deletionTimestamp);
export const ready = pod => (pod.status.conditions ?? []).some(one => one.type === 'Ready' && one.status === 'True');
export const holder = () => sql("SELECT pod FROM groomer.hold WHERE lock = 'groomer' ORDER BY term DESC LIMIT 1")[0][0];
export const groomed = () => number("SELECT count(*) FROM groomer.run WHERE outcome <> 'stale'");
export const lastTerm = () => number("SELECT coalesce(max(term), 0) FROM groomer.hold WHERE lock = 'groomer'");

// SIGKILL from outside, as the kernel's own would be.
export function killContainer(selector, container) {
  const pod = JSON.parse(k('get', 'pods', ...selector, '-o', 'json'));
  const id = (pod.items?.[0] ?? pod).status.containerStatuses.find(one => one.name === container).containerID.replace('containerd://', '');
  call('c', ['tasks', 'kill', '-s', 'SIGKILL', id]);
}

// Watches the Deployment from now on: the fewest Ready replicas that the API server told of, event by event.
export function watchReady() {
  const watch = spawn(`${folder}/k`, ['-n', namespace, 'get', 'deployment', 'groomer', '-w', '-o', 'jsonpath={.status.readyReplicas}{"\\n"}'], {stdio: ['ignore', 'pipe', 'ignore']});
  let fewest = Infinity, events = 0;
  watch.stdout.on('data', data => {
    for (const line of String(data).split('\n').slice(0, -1)) {
      events++;
      fewest = Math.min(fewest, Number(line || 0));
    }
  });
  return async () => {
    await sleep(500);
    watch.kill();
    return {fewest, events};
  };
}
