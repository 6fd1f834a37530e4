// What is installed, what is tried first, and what must be refused in words.
import fs from 'fs';
import path from 'path';
import {fileURLToPath} from 'url';
import {apply, container, goesOn, helm, k, namespace, pods, podsOf, ready, rolled, until} from './cluster.mjs';
import {watchRow} from './hand_over.mjs';
import {check, figure, seconds} from './report.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
export const chart = path.resolve(here, '../../charts/groomer'), values = path.join(here, 'values.yaml');

export function world(issues) {
  try { k('create', 'namespace', namespace); } catch (error) { if (!/AlreadyExists/.test(error.stderr)) throw error; }
  k('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted', '--overwrite');
  apply(fs.readFileSync(path.join(here, 'world.yaml'), 'utf8').replace('${ISSUES}', issues));
  k('rollout', 'status', 'deployment/world', '--timeout=180s');
}

export async function install() {
  const began = Date.now();
  helm('install', 'groomer', chart, '-f', values);
  rolled();
  figure(`three replicas Ready ${seconds(began)} s after helm install`);
  check('helm install: three replicas are Ready', pods().filter(ready).length === 3);
  const tested = helm('test', 'groomer');
  check('helm test passes', /Phase:\s+Succeeded/.test(tested), tested);
  watchRow();
  await goesOn('after the installation');
}

// A first look, as the chart offers one: its own PostgreSQL, and nothing is written to the tracker but the labels that are needed later.
export async function trial() {
  const began = Date.now();
  helm('install', 'trial', chart, '-f', values, '--set', 'replicas=1,config.policy.mode=dry-run,config.database=null,trialPostgresql.enabled=true',
    '--set', 'trialPostgresql.image.registry=localhost,trialPostgresql.image.repository=groomer-trial,trialPostgresql.image.tag=test');
  try {
    k('rollout', 'status', 'deployment/trial-groomer', '--timeout=120s');
    figure(`a trial with its own PostgreSQL Ready ${seconds(began)} s after helm install`);
    const planned = () => Number(k('exec', 'deploy/trial-groomer-trial-db', '--', 'psql', '-U', 'groomer', '-qAtXc', "SELECT count(*) FROM groomer.run WHERE outcome = 'planned'"));
    const count = await until('a trial grooms', () => planned() >= 20 && planned());
    check("the chart's PostgreSQL for trials comes up, and groomer grooms with it", count >= 20);
    k('exec', 'deploy/trial-groomer', '--', 'groomer', 'labels', '--repo', 'demo/backlog', '--create');
  } finally {
    helm('uninstall', 'trial');
    k('wait', '--for=delete', 'pods', '-l', 'app.kubernetes.io/instance=trial', '--timeout=90s');
  }
}

const say = (...args) => { try { return k(...args); } catch (error) { return String(error.stderr); } };
const events = () => say('get', 'events', '-o', 'jsonpath={range .items[*]}{.involvedObject.name} {.message}{"\\n"}{end}').split('\n').filter(line => line.startsWith('bad-')).join('\n');
const log = () => say('logs', '-l', 'app.kubernetes.io/instance=bad', '--tail=200') + say('logs', '-l', 'app.kubernetes.io/instance=bad', '--tail=200', '--previous');
const statusOf = pod => container(pod)?.lastState?.terminated?.exitCode ?? container(pod)?.state?.terminated?.exitCode;
const stays = pod => container(pod)?.state?.running && container(pod).restartCount === 0 && !ready(pod);
const waits = pod => container(pod)?.state?.waiting?.reason === 'ContainerCreating';

// What is wrong, how the chart is told, what is to be read and where, and how the pod stands then.
const bad = [
  ['a Secret that is missing', 'secrets.githubToken.existingSecret=absent', events, /secret "absent" not found/, waits],
  ['a key that its Secret lacks', 'secrets.githubToken.key=absent', events, /non-existent secret key: absent/, waits],
  ['a wrong password of the database', 'secrets.databasePassword.key=wrong', log, /password authentication failed/, stays],
  ['a database that is not there', 'config.database.url=postgresql://groomer@postgres:5433/groomer?sslmode=disable', log, /the schema cannot be brought up, waiting/, stays],
  ['a configuration that contradicts itself', 'config.lock.ttl=2s,config.lock.renew_every=5s', log, /renew_every/, pod => statusOf(pod) === 3],
  ['a value of the environment that is none', 'extraEnv[0].name=GROOMER_LOCK_TTL,extraEnv[0].value=soon', log, /GROOMER_LOCK_TTL/, pod => statusOf(pod) === 3],
  ['a wrong token of the tracker', 'secrets.githubToken.key=wrong,config.lock.id=bad', log, /GitHub answered 401/, pod => ready(pod) && container(pod).restartCount === 0],
  ['a wrong key of the model', 'secrets.modelKey.key=wrong,config.lock.id=bad,config.policy.mode=dry-run', log, /the model cannot be used/, pod => ready(pod) && container(pod).restartCount === 0],
];

export async function refused() {
  for (const [what, set, read, sentence, stands] of bad) {
    helm('install', 'bad', chart, '-f', values, '--set', `replicas=1,${set}`);
    let text = '', pod;
    try {
      await until(what, () => {
        [pod] = podsOf('bad');
        text = pod ? read() : '';
        return pod && sentence.test(text) && stands(pod);
      }, 60);
      check(`${what} is told in words`, true);
      figure(`${what}: ${text.split('\n').find(line => sentence.test(line)).slice(0, 400)}`);
    } catch (error) {
      check(`${what} is told in words`, false, String(error.stderr || error.message), text.slice(-1500), JSON.stringify(pod?.status?.containerStatuses));
    } finally {
      helm('uninstall', 'bad');
      k('delete', 'pods', '-l', 'app.kubernetes.io/instance=bad', '--grace-period=0', '--force');
      k('delete', 'events', '--all');
    }
  }
}
