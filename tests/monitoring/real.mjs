// Dashboard and alerts on a real Prometheus. Three replicas race for a real PostgreSQL, under load and through a SIGKILL of the holder:
// every question of the dashboard has an answer, and no alert fires. Then faults are staged, in part with a made-up installation
// (real/staged.mjs): every alert fires. Waits `for` five seconds, where the rules say minutes: those are tested by promtool.
// Also what a replica costs, in series, memory and time. Prints "ok - …" or "not ok - …". Needs GROOMER_TEST_DATABASE_URL.
// usage: node real.mjs WORK
import fs from 'fs';
import path from 'path';
import {Prometheus, Replica, fake, groomer, makeDatabase, root, sleep, stop, until} from './real/world.mjs';
import {expose, history} from './real/staged.mjs';

const work = process.argv[2];
const secrets = {GROOMER_GITHUB_TOKEN: 'only-for-tests', GROOMER_MODEL_API_KEY: 'only-for-tests'};
const rules = fs.readFileSync(path.join(root, 'charts/groomer/files/rules.yaml'), 'utf8').replace(/for: \d+m/g, 'for: 5s');
const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(found => found[1]);
const dashboard = JSON.parse(fs.readFileSync(path.join(root, 'charts/groomer/files/dashboard.json'), 'utf8'));
const databases = [];

let status = 0;
function check(sentence, right, ...why) {
  console.log(`${right ? 'ok' : 'not ok'} - real: ${sentence}${right || !why.length ? '' : `\n    ${why.join('\n    ')}`}`);
  if (!right) status = 1;
}

function configure(name, database, repositories, more = '') {
  const file = path.join(work, `${name}.yaml`);
  fs.writeFileSync(file, `
database: {url: "${database.url}"}
schedule: {groom_every: 500ms, sync_every: 1s}
http: {listen: "127.0.0.1:0", metrics_listen: "127.0.0.1:0"}
policy: {mode: apply, batch: 20, cooldown: 2s}
repositories:
${repositories.map(one => `  - ${one}\n`).join('')}${more}`);
  return file;
}
function database(name) {
  const made = makeDatabase(name);
  databases.push(made);
  return made;
}

// A file that the local model grooms, and a repository on GitHub that a language model does, whose every ninth answer is of no use.
async function replicas() {
  const github = await fake(work, 'fake_github', ['--repo', 'demo/hub', '--fill', '400', '--token', secrets.GROOMER_GITHUB_TOKEN]);
  const model = await fake(work, 'fake_model', ['--key', secrets.GROOMER_MODEL_API_KEY, '--delay', '400ms', '--fault', 'not_json:every=9']);
  const backlog = path.join(work, 'backlog.json');
  fs.copyFileSync(path.join(root, 'deploy/local/sample-backlog.json'), backlog);
  const shared = database('replicas');
  const repositories = [`{name: local/backlog, tracker: file, path: "${backlog}", model: {provider: local}}`, '{name: demo/hub, tracker: github}'];
  const settings = `
github: {api_url: "${github}", pace: {between_writes: 0s}}
model: {provider: openai, base_url: "${model}/v1", name: m-1, concurrency: 4, budget: {usd_per_day: 1000}, prices: {input_usd_per_mtok: 1, output_usd_per_mtok: 2}}
`;
  const made = ['groomer-a', 'groomer-b', 'groomer-c'].map(pod => new Replica(work, pod, configure(pod, shared, repositories, settings), secrets));
  groomer(made[0].config, secrets, 'migrate');
  groomer(made[0].config, secrets, 'labels', '--repo', 'demo/hub', '--create');
  return made;
}

const target = replica => ({namespace: 'groomer', pod: replica.pod, port: replica.port});

// The replica that holds the row now; a hold may be short.
const holder = all => until('somebody holds', 20, async () => {
  const {holder: pod} = await all.find(replica => replica.child.exitCode === null).holder();
  return all.find(replica => replica.pod === pod);
});

async function killTheHolder(all, prometheus, targets) {
  for (let tries = 1; tries <= 5; tries++) {
    const killed = await holder(all);
    await killed.end('SIGKILL');
    await sleep(7000); // a ttl, and the scrapes to see it
    await killed.start();
    prometheus.scrape(targets());
    const replaced = await prometheus.query('sum(groomer_lock_acquisitions_total{how="expired"}) > 0');
    if (replaced.length) return tries;
  }
  return 0;
}

// ---------------------------------------------------------------------------------------------------------- what is asked
const substituted = expr => expr.replaceAll('$namespace', 'groomer').replaceAll('$repo', '.*').replaceAll('$__rate_interval', '10s').replaceAll('$__range', '90s');

async function dashboardAnswers(prometheus, from) {
  const asked = dashboard.panels.flatMap(panel => (panel.targets ?? []).map(({expr}) => ({title: panel.title, expr: substituted(expr)})));
  const silent = [];
  for (const {title, expr} of asked) {
    const values = await prometheus.values(expr, from).catch(error => [void silent.push(`${title}: ${error.message}`)]);
    if (!values.length) silent.push(`${title}: ${expr}`);
  }
  check(`every one of the dashboard's ${asked.length} expressions returns data`, asked.length > 30 && !silent.length, ...silent);
}

const fired = async (prometheus, namespace, from) => (await prometheus.query(
  `count by (alertname) (count_over_time(ALERTS{namespace="${namespace}", alertstate="firing"}[${Math.ceil(Date.now() / 1000 - from)}s]))`,
)).map(({metric}) => metric.alertname);

async function rulesAreWell(prometheus) {
  const all = (await prometheus.get('rules', {})).groups.flatMap(group => group.rules);
  const ill = all.filter(rule => rule.health !== 'ok').map(rule => `${rule.name}: ${rule.health} ${rule.lastError ?? ''}`);
  check(`Prometheus evaluates all ${alerts.length} rules`, all.length === 2 * alerts.length && !ill.length, ...ill);
}

const firesSoon = (prometheus, alert, namespace, sentence) => until(alert, 40, async () => (await fired(prometheus, namespace, Date.now() / 1000 - 2)).includes(alert))
  .then(() => check(sentence, true), error => check(sentence, false, error.message));

// ---------------------------------------------------------------------------------------------------------------- standby
// Both rows are another program's, so that it never holds one.
async function standby() {
  const own = database('standby');
  const file = path.join(work, 'standby.json');
  fs.writeFileSync(file, '[]');
  const replica = new Replica(work, 'standby', configure('standby', own, [`{name: o/r, tracker: file, path: "${file}"}`, '{name: demo/hub, tracker: github}']), secrets);
  groomer(replica.config, secrets, 'migrate');
  own.sql(`INSERT INTO sync_lock (id, "syncRunId", "acquiredAt") VALUES ('groomer', 'theirs', now()), ('global', 'theirs', now())
           ON CONFLICT (id) DO UPDATE SET "syncRunId" = 'theirs', "acquiredAt" = now()`);
  const took = [];
  do { // the best of three, since other work may have the processors
    if (took.length) await replica.end('SIGTERM');
    took.push(await replica.start());
  } while (Math.min(...took) > 1 && took.length < 3);
  const cpu = await replica.value('process_cpu_seconds_total');
  await sleep(20_000);
  const share = (await replica.value('process_cpu_seconds_total') - cpu) / 20;
  const resident = await replica.value('process_resident_memory_bytes') / 1e6;
  const series = (await replica.samples()).length;
  const held = await replica.value('groomer_lock_acquisitions_total{how="free",lock="groomer"}');
  check('the standby held nothing', held === 0, `acquisitions: ${held}`);
  check(`a standby is ready ${Math.min(...took).toFixed(2)} s after its start, of 1 s`, Math.min(...took) <= 1, took.join(' '));
  check(`a standby takes ${resident.toFixed(1)} MB, of 20 MB`, resident <= 20);
  check(`a standby takes ${(100 * share).toFixed(2)} % of a processor, of 1 %`, share <= 0.01);
  check(`a standby exposes ${series} series, of 300`, series > 50 && series <= 300);
}

// ----------------------------------------------------------------------------------------------------------- the whole run
async function quietRun(all, prometheus, targets, from) {
  await sleep(15_000);
  const tries = await killTheHolder(all, prometheus, targets);
  check('the holder is killed, and another takes over after its ttl', tries > 0);
  await sleep(8000);
  await rulesAreWell(prometheus);
  await dashboardAnswers(prometheus, from);
  const holders = await prometheus.query(`count(max_over_time(max by (pod) (groomer_lock_held{namespace="groomer"})[2m:1s]) > 0)`);
  check('all three replicas have held a lock', Number(holders[0]?.value[1]) === 3, JSON.stringify(holders));
  const series = await Promise.all(all.map(replica => replica.samples().then(lines => lines.length)));
  check(`a busy replica exposes ${Math.max(...series)} series, of 1000`, Math.max(...series) > 300 && Math.max(...series) <= 1000);
  const noise = await fired(prometheus, 'groomer', from);
  check('no alert fires in all that time', !noise.length, ...noise);
}

async function stagedFaults(all, prometheus, from) {
  for (const alert of alerts) await firesSoon(prometheus, alert, 'staged', `${alert} fires on staged faults`);
  const lost = async () => (await Promise.all(all.map(replica => replica.value('groomer_lock_lost_total{cause="expired",lock="groomer"}')))).some(n => n > 0);
  for (let tries = 0; tries < 5 && !await lost(); tries++) {
    const paused = await holder(all);
    paused.signal('SIGSTOP');
    await sleep(6000);
    paused.signal('SIGCONT');
    await sleep(1000);
  }
  const [a] = all;
  fs.writeFileSync(a.config, fs.readFileSync(a.config, 'utf8').replace('batch: 20', 'batch: 21'));
  await firesSoon(prometheus, 'LeaseMarginLow', 'groomer', 'LeaseMarginLow fires where a real holder was paused past its ttl');
  await firesSoon(prometheus, 'ConfigSkew', 'groomer', 'ConfigSkew fires where a real replica has another configuration');
  await Promise.all(all.map(replica => replica.end('SIGTERM')));
  await firesSoon(prometheus, 'MetricsAbsent', 'groomer', 'MetricsAbsent fires where all real replicas have ended');
  const others = (await fired(prometheus, 'groomer', from)).filter(alert => !['LeaseMarginLow', 'ConfigSkew', 'MetricsAbsent'].includes(alert));
  check('no other alert fires for the real replicas', !others.length, ...others);
}

async function main() {
  const all = await replicas();
  const staged = await expose('staged');
  const prometheus = new Prometheus(work, [rules, rules.replaceAll('namespace="groomer"', 'namespace="staged"')], history('staged'));
  for (const replica of all) await replica.start();
  const targets = () => [...all.map(target), ...staged];
  prometheus.scrape(targets());
  await prometheus.start();
  // Before it has asked all replicas there is nothing to be quiet about: how soon that is, is the machine's matter.
  await until('all replicas were scraped', 60, async () => {
    const [up] = await prometheus.query('count(groomer_build_info{namespace="groomer"})');
    const loud = await prometheus.query('ALERTS{namespace="groomer", alertstate="firing"}');
    return Number(up?.value[1]) === 3 && !loud.length;
  });
  const from = Date.now() / 1000;
  await Promise.all([quietRun(all, prometheus, targets, from), standby()]);
  await stagedFaults(all, prometheus, from);
}

process.on('SIGTERM', () => stop('SIGKILL').then(() => process.exit(143)));
await main().catch(error => check('the run comes to its end', false, error.stack));
await stop();
for (const one of databases) one.drop();
process.exit(status);
