// Three real replicas that groom a copy of the sample backlog, with a database of their own on GROOMER_TEST_DATABASE_URL.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { eventually } from './checks.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const groomer = `${root}build/release/groomer`;
const work = process.env.GROOMER_PAGE_WORK;
const server = process.env.GROOMER_TEST_DATABASE_URL;
const newest = readdirSync('/usr/lib/postgresql')
  .map(Number)
  .sort((a, b) => a - b)
  .at(-1);
const psql = `/usr/lib/postgresql/${newest}/bin/psql`;

export const token = 'a-token-of-the-test';
const ask = (sql, url) =>
  execFileSync(psql, ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', sql, url], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
const onServer = (sql) => ask(sql, server);

// Issues of the sample, and some with other titles; those are open, so that each is groomed.
function writeBacklog(path, titles) {
  const issues = JSON.parse(readFileSync(`${root}deploy/local/sample-backlog.json`, 'utf8'));
  const last = issues.at(-1);
  titles.forEach((title, i) =>
    issues.push({ ...last, id: 9000000 + i, number: 9000 + i, title, state: 'open', labels: [], html_url: `${last.html_url}-${i}` }),
  );
  writeFileSync(path, JSON.stringify(issues));
}

// titles: of issues beside those of the sample.
export function installation(titles) {
  const database = `page_${process.pid}`,
    tokenFile = `${work}/token`;
  const url = server.replace(/\/postgres\?/, `/${database}?`);
  writeBacklog(`${work}/backlog.json`, titles);
  writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
  onServer(`CREATE DATABASE ${database}`);
  const configure = (listen, path) =>
    writeFileSync(
      path,
      `
database: {url: ${JSON.stringify(url)}}
schedule: {groom_every: 2s, sync_every: 5s}
repositories:
  - {name: local/backlog, tracker: file, path: ${JSON.stringify(`${work}/backlog.json`)}}
policy: {mode: apply}
http: {listen: ${JSON.stringify(listen)}, metrics_listen: "127.0.0.1:0", admin_token_file: ${JSON.stringify(tokenFile)}}
`,
    );

  const running = new Map();
  const log = (name) => `${work}/${name}.jsonl`;
  const listening = (name) =>
    readFileSync(log(name), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"listening"'))
      .at(-1);
  const portOf = (name) => eventually(() => listening(name)?.match(/"http_port": ?(\d+)/)[1], 30);

  // On the port that it had before, or on a free one. Done when it is ready: until the schema is in place it answers 503, of which a
  // page that is open tells in its console.
  async function start(name, port = 0) {
    const path = `${work}/${name}.yaml`,
      out = openSync(log(name), port ? 'a' : 'w');
    configure(`127.0.0.1:${port}`, path);
    mkdirSync(`${work}/slots-${name}`, { recursive: true });
    const child = spawn(groomer, ['run', '--config', path], {
      stdio: ['ignore', out, out],
      env: {
        POD_NAME: name,
        PATH: process.env.PATH,
        GROOMER_POD_UID: name,
        GROOMER_CONTAINER: 'groomer',
        GROOMER_SLOT_DIR: `${work}/slots-${name}`,
      },
    });
    closeSync(out);
    running.set(name, { child, port: Number(await portOf(name)) });
    await eventually(async () => (await fetch(`http://127.0.0.1:${running.get(name).port}/readyz`)).ok, 30);
    return running.get(name);
  }

  const end = (name, signal) =>
    new Promise((resolve) => {
      const { child } = running.get(name);
      running.delete(name);
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.on('exit', resolve);
      child.kill(signal);
    });

  return {
    start,
    end,
    write: (more) => writeBacklog(`${work}/backlog.json`, more),
    url: (name) => `http://127.0.0.1:${running.get(name).port}/`,
    port: (name) => running.get(name).port,
    sql: (text) => ask(text, url),
    async close() {
      await Promise.all([...running.keys()].map((name) => end(name, 'SIGTERM')));
      onServer(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    },
  };
}
