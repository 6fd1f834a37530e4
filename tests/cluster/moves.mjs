// What its operator does to groomer while it works.
import {goesOn, groomed, helm, k, namespace, number, pods, ready, rolled, sql, until, watchReady} from './cluster.mjs';
import {handOvers, percentile, told} from './hand_over.mjs';
import {chart, values} from './installs.mjs';
import {check, figure, seconds} from './report.mjs';

export async function upgraded() {
  const watched = watchReady(), before = groomed(), began = Date.now();
  helm('upgrade', 'groomer', chart, '-f', values, '--set', 'podAnnotations.test/round=upgraded');
  rolled();
  helm('rollback', 'groomer', '1');
  rolled();
  const runs = groomed() - before, {fewest, events} = await watched();
  figure(`helm upgrade and rollback in ${seconds(began)} s, ${runs} issues groomed meanwhile; ${fewest} replicas Ready at the fewest`);
  check('helm upgrade and rollback: three replicas are Ready at every moment, and work goes on', fewest >= 3 && events > 2 && runs > 0, `${fewest} at the fewest, ${events} events, ${runs} runs`);
  await goesOn('after the rollback');
}

export async function restarted(rounds) {
  const from = number('SELECT extract(epoch FROM clock_timestamp())'), began = Date.now(), watched = watchReady(), before = groomed();
  for (let round = 0; round < rounds; round++) {
    k('rollout', 'restart', 'deployment/groomer');
    rolled();
  }
  const runs = groomed() - before, took = seconds(began), {fewest, events} = await watched();
  const all = handOvers(from, false), another = handOvers(from, true);
  const holders = number(`SELECT count(DISTINCT pod) FROM groomer.hold WHERE lock = 'groomer' AND acquired_at > to_timestamp(${from})`);
  const ended = sql(`SELECT ended, count(*) FROM groomer.hold WHERE lock = 'groomer' AND ended IS NOT NULL AND acquired_at > to_timestamp(${from}) GROUP BY 1 ORDER BY 1`);
  figure(`${rounds} rolling restarts in ${took} s, ${runs} issues groomed meanwhile by ${holders} pods; ${fewest} Ready at the fewest, ${events} events`);
  figure(`hand-overs to another process ${told(another)}`);
  figure(`hand-overs of all kinds ${told(all)}; holds ended ${ended.map(row => row.join(' ')).join(', ')}`);
  check(`${rounds} rolling restarts: at every moment one replica at least is Ready`, fewest >= 1 && events > rounds, `${fewest} at the fewest, ${events} events`);
  check(`${rounds} rolling restarts: work goes on`, runs > rounds, `${runs} issues`);
  check('hand-over p95 is at most 250 ms, to another process and of all kinds', another.length > rounds && percentile(another, 0.95) <= 0.25 && percentile(all, 0.95) <= 0.25);
  check('no hold is lost in a rolling restart', !ended.some(([how]) => how === 'lost'), ended.join('; '));
}

const metric = (pod, pattern) => Number(pattern.exec(k('get', '--raw', `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}:9090/proxy/metrics`))?.[1] ?? 0);

export async function scaled() {
  const to = async count => {
    const began = Date.now();
    helm('upgrade', 'groomer', chart, '-f', values, '--set', `replicas=${count}`);
    await until(`${count} replicas`, () => pods().length === count && pods().every(ready));
    await goesOn(`by ${count} replicas`, 40);
    figure(`scaled to ${count} replicas, and 40 issues groomed by them, in ${seconds(began)} s`);
  };
  await to(1);
  await to(5);
  const each = pods().map(pod => ({
    held: metric(pod, /^groomer_lock_acquisitions_total\{how="free",lock="groomer"\} (\d+)/m),
    lost: metric(pod, /^groomer_lock_contention_total\{lock="groomer"\} (\d+)/m),
  }));
  figure(`five replicas: holds won ${each.map(one => one.held).join(', ')}; contention ${each.map(one => one.lost).join(', ')}`);
  check('the contention of five replicas is in the metrics of four of them at least', each.filter(one => one.lost > 0).length >= 4);
  await to(1);
}
