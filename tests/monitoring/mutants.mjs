// Every rule, broken in one place at a time: its own tests (rules/ALERT.yaml, rules/ALERT.*.yaml) must fail for each. What promtool takes for no rules
// at all proves nothing, and counts as a mutant that was not found.
// usage: node mutants.mjs RULES.yaml TESTS_FOLDER [FIRST STEP]; so that several share the work, every STEP-th rule from FIRST on
import fs from 'fs';
import os from 'os';
import path from 'path';
import {spawnSync} from 'child_process';

const [rulesFile, testsFolder, first = 0, step = 1] = process.argv.slice(2);
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'groomer-mutants-'));
process.on('exit', () => fs.rmSync(work, {recursive: true}));

const promtool = (...args) => spawnSync('promtool', args, {cwd: work, encoding: 'utf8'});

// Each test of an alert, in a file of its own, so that no more are run on a mutant than up to the first that finds it. Those of days last.
function testsOf(alert) {
  const files = fs.readdirSync(testsFolder).filter(file => file.startsWith(`${alert}.`)).sort((a, b) => a.length - b.length);
  return files.flatMap(file => {
    const [head, ...tests] = fs.readFileSync(path.join(testsFolder, file), 'utf8').split(/(?=^ {2}- )/m);
    return tests.map((test, i) => {
      fs.writeFileSync(path.join(work, `${i}.${file}`), head + test);
      return `${i}.${file}`;
    });
  });
}

// {alert, head, expr, tail} of each: the text before its expression, the expression, and what follows.
function rulesOf(text) {
  return text.split(/(?=^ {6}- alert: )/m).slice(1).map(block => {
    const [, head, expr, tail] = block.match(/^(.*?\n {8}expr: )(.*?)(^ {8}(?:for|keep_firing_for|labels): .*)$/ms);
    return {alert: block.match(/alert: (\w+)/)[1], head, expr, tail};
  });
}

// Each place where the pattern stands, with what comes there instead; or all places at once.
const each = (text, pattern, ...others) => [...text.matchAll(pattern)].flatMap(found => others.map(other => {
  const to = typeof other === 'string' ? other : other(found[0]);
  return {what: `${found[0].trim()} → ${to.trim() || 'nothing'}`, text: text.slice(0, found.index) + to + text.slice(found.index + found[0].length)};
}));
const together = (text, pattern, other) => [...new Set([...text.matchAll(pattern)].map(found => found[0]))]
  .map(found => ({what: `all ${found} → ${other(found)}`, text: text.replaceAll(found, other(found))}));

// Each line that begins with and, or, unless, with what continues it; also those within another.
const clauses = text => [...text.matchAll(/^ +(and|or|unless) /gm)]
  .map(({index}) => text.slice(index).match(/^( +)\S.*\n( +\/ .*\n|\1 +.*\n)*/)[0]);

const scaled = (text, factor) => text.replace(/\d+/, number => number * factor);
const number = /(?<![\w.\["])\d+(\.\d+)?(?![\w."\]])/g;
const moved = by => text => String(+text <= 1 && Number.isInteger(+text) ? +text + by : +text * (by > 0 ? 1.5 : 1 / 1.5));

function mutantsOf({expr, tail}) {
  const waits = [...tail.matchAll(/\b(?:keep_firing_)?for: \w+/g)].map(found => found[0]);
  const inExpr = [
    ...each(expr, /[<>](?= )/g, sign => (sign === '<' ? '>' : '<')),
    ...each(expr, / == /g, ' != '),
    ...each(expr, number, moved(+1), moved(-1)),
    ...each(expr, /max by/g, 'min by'),
    ...each(expr, /min by/g, 'max by'),
    ...each(expr, /sum by/g, 'max by'),
    ...each(expr, /max by \(namespace, pod, lock\)(?= \(groomer_lock_(held|term))/g, '').slice(0, 1), // where it counts scrapes
    ...clauses(expr).map(clause => ({what: `${clause.trim()} → nothing`, text: expr.replace(clause, '')})),
    ...together(expr, /\[\w+\]/g, range => scaled(range, 0.5).replace('0.5d', '12h').replace('0.5h', '30m').replace('2.5m', '150s')),
    ...each(expr, /offset \w+/g, offset => scaled(offset, 0.5).replace('0.5h', '30m')),
    ...each(expr, /namespace="groomer"/g, 'namespace=~".*"').slice(0, expr.includes('absent') ? 1 : 0),
  ].map(mutant => ({what: mutant.what, expr: mutant.text, tail}));
  const inFor = waits.flatMap(wait => [['', 'nothing'], [scaled(wait, 2), scaled(wait, 2)]]
    .map(([to, what]) => ({what: `${wait} → ${what}`, expr, tail: tail.replace(wait, to)})));
  return [...inExpr, ...inFor];
}

const textOf = ({head, expr, tail}) => `groups:\n  - name: mutant\n    rules:\n${head}${expr}${tail}`;
function fails(test, rules) {
  fs.writeFileSync(path.join(work, 'rules.yaml'), rules);
  return promtool('test', 'rules', test).status !== 0;
}

// Those of the mutants that the tests do not find. The test that found the one before is tried first: neighbours are often found by the same.
function alive(rule, tests, mutants) {
  const texts = mutants.map(({expr, tail}) => textOf({...rule, expr, tail}));
  const files = texts.map((text, i) => {
    fs.writeFileSync(path.join(work, `mutant-${i}.yaml`), text);
    return `mutant-${i}.yaml`;
  });
  const checked = promtool('check', 'rules', ...files);
  if (checked.status !== 0) return [{what: `not all of them are rules:\n${checked.stderr}`}];
  const failed = tests.filter(test => fails(test, textOf(rule)));
  if (failed.length) return [{what: `nothing is broken yet, and these fail: ${failed.join(' ')}`}];
  return mutants.filter((_, i) => {
    const found = tests.find(test => fails(test, texts[i]));
    if (found) tests = [found, ...tests.filter(test => test !== found)];
    return !found;
  });
}

let failed = false;
for (const rule of rulesOf(fs.readFileSync(rulesFile, 'utf8')).filter((_, i) => i % step === +first)) {
  const tests = testsOf(rule.alert);
  if (!tests.length) { failed = true; console.log(`not ok - rules: ${rule.alert} has no tests`); continue; }
  const mutants = mutantsOf(rule);
  const missed = alive(rule, tests, mutants).map(mutant => mutant.what);
  failed ||= missed.length > 0;
  console.log(missed.length ? `not ok - rules: ${rule.alert}: of ${mutants.length} mutants its tests do not find ${missed.length}\n    ${missed.join('\n    ')}`
    : `ok - rules: ${rule.alert}: its tests find each of ${mutants.length} mutants`);
}
process.exit(failed ? 1 : 0);
