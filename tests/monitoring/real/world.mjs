// The processes of a real run: replicas of groomer, what they talk to, and the Prometheus that scrapes them as a ServiceMonitor would
// have it. All end with this process (setpriv), and by stop().
import fs from 'fs';
import path from 'path';
import {spawn, spawnSync} from 'child_process';

export const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../../..');
const release = path.join(root, 'build/release');
const plain = {PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C.UTF-8'};
const children = new Set();

export const sleep = milliseconds => new Promise(done => setTimeout(done, milliseconds));

// The first answer that is something, polled for; an error where none comes in time.
export async function until(what, seconds, look) {
  for (const end = Date.now() + 1000 * seconds; Date.now() < end; await sleep(100)) {
    const found = await look();
    if (found) return found;
  }
  throw new Error(`not within ${seconds} s: ${what}`);
}

function start(log, command, args, environment = {}) {
  const to = fs.openSync(log, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {env: {...plain, ...environment}, stdio: ['ignore', to, to]});
  fs.closeSync(to);
  child.log = log;
  child.ended = new Promise(done => child.once('exit', done));
  children.add(child);
  child.ended.then(() => children.delete(child));
  return child;
}
export const said = (child, pattern, seconds = 20) => until(`${pattern} in ${child.log}`, seconds, () => fs.readFileSync(child.log, 'utf8').match(pattern));

export async function stop(signal = 'SIGTERM') {
  const all = [...children];
  for (const child of all) child.kill(signal);
  await Promise.race([Promise.all(all.map(child => child.ended)), sleep(20_000)]);
  for (const child of children) child.kill('SIGKILL');
}

function run(command, args, environment = {}) {
  const done = spawnSync(command, args, {env: {...plain, ...environment}, encoding: 'utf8'});
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr}${done.stdout}`);
  return done.stdout;
}

// A database of its own on the server of GROOMER_TEST_DATABASE_URL.
export function makeDatabase(name) {
  const server = process.env.GROOMER_TEST_DATABASE_URL;
  const own = `groomer_monitoring_${process.pid}_${name}`;
  run('psql', ['-X', '-q', server, '-c', `CREATE DATABASE ${own}`]);
  return {
    url: server.replace('/postgres?', `/${own}?`),
    sql: statement => run('psql', ['-X', '-q', '-At', server.replace('/postgres?', `/${own}?`), '-c', statement]),
    drop: () => run('psql', ['-X', '-q', server, '-c', `DROP DATABASE IF EXISTS ${own} WITH (FORCE)`]),
  };
}

export async function fake(work, name, args) {
  const child = start(path.join(work, `${name}.log`), path.join(release, 'tests', name), args);
  return (await said(child, /http:\/\/127\.0\.0\.1:\d+/))[0];
}

export const groomer = (config, secrets, ...command) => run(path.join(release, 'groomer'), [...command, '--config', config], secrets);

const ask = async url => {
  try {
    const answer = await fetch(url, {signal: AbortSignal.timeout(2000)});
    return {status: answer.status, text: await answer.text()};
  } catch {
    return {status: 0, text: ''};
  }
};

// One replica; a restarted one keeps its name and its slot.
export class Replica {
  constructor(work, pod, config, secrets) {
    const slots = path.join(work, `${pod}.slots`);
    fs.mkdirSync(slots);
    Object.assign(this, {pod, config, logs: path.join(work, pod), starts: 0});
    this.environment = {POD_NAME: pod, GROOMER_POD_UID: pod, GROOMER_CONTAINER: 'groomer', GROOMER_SLOT_DIR: slots, ...secrets};
  }
  // Resolves when it is ready, with how long that took, in seconds.
  async start() {
    this.log = `${this.logs}.${++this.starts}.log`;
    const began = process.hrtime.bigint();
    this.child = start(this.log, path.join(release, 'groomer'), ['run', '--config', this.config], this.environment);
    for (;;) {
      const text = fs.readFileSync(this.log, 'utf8');
      this.http = text.match(/"http_port": ?(\d+)/)?.[1];
      this.port = text.match(/"metrics_port": ?(\d+)/)?.[1];
      if (this.http && (await ask(`http://127.0.0.1:${this.http}/readyz`)).status === 200) break;
      if (this.child.exitCode !== null || process.hrtime.bigint() - began > 20_000_000_000n) throw new Error(`${this.pod} is not ready: ${text}`);
      await sleep(5);
    }
    return Number(process.hrtime.bigint() - began) / 1e9;
  }
  async end(signal) { this.child.kill(signal); await this.child.ended; }
  signal(signal) { this.child.kill(signal); }
  async holder() { return JSON.parse((await ask(`http://127.0.0.1:${this.http}/api/groomer/lock`)).text || '{}'); }
  // The lines of /metrics that are samples.
  async samples() { return (await ask(`http://127.0.0.1:${this.port}/metrics`)).text.split('\n').filter(line => line && !line.startsWith('#')); }
  async value(series) { return Number((await this.samples()).find(line => line.startsWith(`${series} `))?.split(' ')[1]); }
}

export class Prometheus {
  // rules: texts. history: samples in the OpenMetrics format, which were there before.
  constructor(work, rules, history) {
    this.work = path.join(work, 'prometheus');
    fs.mkdirSync(this.work);
    this.write('prometheus.yml', JSON.stringify({
      global: {scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s'},
      rule_files: rules.map((_, i) => `rules-${i}.yaml`),
      scrape_configs: [{job_name: 'groomer', honor_labels: true, file_sd_configs: [{files: ['targets.json'], refresh_interval: '1s'}]}],
    }));
    rules.forEach((text, i) => this.write(`rules-${i}.yaml`, text));
    this.write('history', history);
    run('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', path.join(this.work, 'history'), path.join(this.work, 'data')]);
  }
  write(name, text) {
    fs.writeFileSync(path.join(this.work, `${name}.new`), text);
    fs.renameSync(path.join(this.work, `${name}.new`), path.join(this.work, name));
  }
  // pods: [{namespace, pod, port, path?}]
  scrape(pods) {
    this.write('targets.json', JSON.stringify(pods.map(({namespace, pod, port, path: at = '/metrics'}) => ({
      targets: [`127.0.0.1:${port}`],
      labels: {namespace, pod, container: 'groomer', service: 'groomer', endpoint: 'metrics', job: 'groomer', __metrics_path__: at},
    }))));
  }
  async start() {
    const child = start(path.join(this.work, 'log'), 'prometheus', ['--config.file', path.join(this.work, 'prometheus.yml'),
      '--storage.tsdb.path', path.join(this.work, 'data'), '--web.listen-address', '127.0.0.1:0']);
    this.url = `http://${(await said(child, /address=(127\.0\.0\.1:[1-9]\d*)/))[1]}`;
    await until('Prometheus is ready', 20, async () => (await ask(`${this.url}/-/ready`)).status === 200);
  }
  async get(what, parameters) {
    const answer = await ask(`${this.url}/api/v1/${what}?${new URLSearchParams(parameters)}`);
    const {status, data, error} = JSON.parse(answer.text || '{}');
    if (status !== 'success') throw new Error(`${parameters?.query ?? what}: ${error ?? answer.status}`);
    return data;
  }
  async query(query) { return (await this.get('query', {query})).result; }
  // The finite values of all its series from a time on.
  async values(query, from) {
    const found = await this.get('query_range', {query, start: from, end: Date.now() / 1000, step: 2});
    return found.result.flatMap(({values}) => values.map(([, value]) => Number(value))).filter(Number.isFinite);
  }
}
