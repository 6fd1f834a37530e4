// What is done to groomer on the cluster, and what must hold. usage: node scenario.mjs CLUSTER ROUNDS
import {asked, effects, groomed, helm, k, namespace, number, rolled, sql, until} from './cluster.mjs';
import {databaseKilled, deleted, drained, evicted, frozen, killed, starved} from './faults.mjs';
import {chart, install, refused, trial, values, world} from './installs.mjs';
import {addedTwice, answeredTwice, lost} from './judge.mjs';
import {restarted, scaled, upgraded} from './moves.mjs';
import {check, exitStatus, figure, seconds} from './report.mjs';

const rounds = Number(process.argv[3]);
const issues = 2500 + 80 * rounds; // seven of ten are open; they must outlast the rounds, or nothing is under load
let askedBefore = 0; // of the model, by what was tried first

// What is left is groomed by many at once, so that it can be told whether anything was lost.
async function toTheEnd() {
  const open = Array.from({length: issues}, (_, i) => i + 1).filter(issue => issue % 4 !== 0 && issue % 10 !== 0).length;
  const done = () => number("SELECT count(DISTINCT issue_id) FROM groomer.run WHERE outcome IN ('applied', 'noop', 'abstained', 'partial')");
  const began = Date.now(), left = open - done();
  check('there was work to the end', left > 0, `${left} issues were left`);
  helm('upgrade', 'groomer', chart, '-f', values, '--set', 'podAnnotations.test/round=last,config.model.concurrency=64,config.policy.batch=200');
  rolled();
  await until('everything is groomed', () => done() === open, 1200);
  figure(`the last ${left} of ${open} issues groomed in ${seconds(began)} s`);
}

// By what others wrote down, and by the rows that groomer has to leave.
function judged() {
  const log = effects().filter(one => one.actor === 'groomer' && one.issue);
  const twice = addedTwice(log), missing = lost(log, issues);
  check('the tracker saw writes', log.length > 0);
  check('no label was added twice', twice.length === 0, twice.slice(0, 5).join(', '));
  check('no issue was lost: each has its decision in the tracker', missing.length === 0, `${missing.length} were, such as ${missing.slice(0, 5)}`);
  const again = answeredTwice(asked().slice(askedBefore));
  check('the model was paid once for each question', again.length === 0, `${again.length} were asked again`);
  // A sync that comes between a label and its record sees a change, so the issue is looked at once more: it must find nothing to do.
  const runs = sql(`SELECT issue_id, count(*) FILTER (WHERE added <> '{}' OR removed <> '{}') FROM groomer.run
    WHERE mode = 'apply' AND outcome <> 'stale' GROUP BY 1 HAVING count(*) > 1`);
  const worked = runs.filter(([, writing]) => Number(writing) > 1);
  check('no issue was written to by two runs', worked.length === 0, `${worked.length} were, such as ${worked.slice(0, 5).map(([issue]) => issue)}`);
  figure(`${runs.length} issues were looked at again, and nothing was written`);
  const overlaps = number(`SELECT count(*) FROM (SELECT ended_at, lead(acquired_at) OVER (PARTITION BY lock ORDER BY term) AS next FROM groomer.hold WHERE ended IS DISTINCT FROM 'lost') h
    WHERE next < ended_at`);
  check('no two holds overlap', overlaps === 0, `${overlaps} do`);
  const outcomes = sql('SELECT outcome, count(*) FROM groomer.run GROUP BY 1 ORDER BY 1').map(row => row.join(' ')).join(', ');
  figure(`${groomed()} runs (${outcomes}), ${log.length} effects, ${number("SELECT count(*) FROM groomer.hold WHERE lock = 'groomer'")} holds`);
}

const steps = {
  world: () => world(issues), refused, trial, count: () => { askedBefore = asked().length; }, install,
  killed, evicted, starved, deleted, drained, frozen, databaseKilled,
  upgraded, restarted: () => restarted(rounds), scaled, toTheEnd, judged,
};
try {
  for (const [name, step] of Object.entries(steps)) {
    try { await step(); } catch (error) {
      check(`${name} can be done`, false, String(error.stderr || error.stack));
      if (['world', 'install'].includes(name)) break;
    }
  }
} finally {
  try { helm('uninstall', 'groomer'); } catch { /* it was not installed */ }
  k('delete', 'namespace', namespace, '--wait=false');
}
process.exitCode = exitStatus();
