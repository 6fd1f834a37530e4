// Renders of the chart, and what is said of them.
import path from 'path';
import {spawnSync} from 'child_process';
import YAML from 'yaml';

export const root = process.argv[2];
export const files = process.argv.slice(3);
export const chart = path.join(root, 'charts/groomer');

// helm template, in the namespace prod as release rel: {error, objects}. Each once.
const rendered = new Map();
export function render(file, ...args) {
  const key = JSON.stringify([file, args]);
  if (!rendered.has(key)) rendered.set(key, render_anew(file, args));
  return rendered.get(key);
}
export function render_anew(file, args, release = 'rel', namespace = 'prod', from = chart) {
  const values = ['-f', path.join(chart, file)];
  const run = spawnSync(process.env.HELM, ['template', release, from, '-n', namespace, ...values, ...args], {encoding: 'utf8', maxBuffer: 1 << 26});
  if (run.status !== 0) return {error: run.stderr, objects: []};
  const documents = YAML.parseAllDocuments(run.stdout); // a key that a map has twice is an error of its document
  return {error: documents.flatMap(document => document.errors).join('\n'), objects: documents.map(document => document.toJSON()).filter(Boolean)};
}

export const one = (objects, kind, name) => objects.find(object => object.kind === kind && (!name || object.metadata.name === name));
export const all = (objects, kind) => objects.filter(object => object.kind === kind);

// Each pod that a render makes, as {object, metadata, spec}.
export function pods(objects) {
  return objects.flatMap(object => {
    if (object.kind === 'Pod') return [{object, metadata: object.metadata, spec: object.spec}];
    const template = object.spec?.template;
    return template?.spec?.containers ? [{object, metadata: template.metadata, spec: template.spec}] : [];
  });
}
export const containers = objects => pods(objects).flatMap(pod => [...(pod.spec.initContainers ?? []), ...pod.spec.containers]);
export const replica = objects => one(objects, 'Deployment', objects.find(o => o.kind === 'Deployment' && !o.metadata.name.endsWith('-trial-db')).metadata.name);
// Does the NetworkPolicy hold for this pod? Of expressions only In is known here.
export function governs(policy, pod) {
  const {matchLabels = {}, matchExpressions = []} = policy.spec.podSelector;
  return selects(matchLabels, pod.metadata.labels) && matchExpressions.every(({key, operator, values}) => operator === 'In' && values.includes(pod.metadata.labels[key]));
}
export const selects = (selector, labels) => Object.entries(selector).every(([key, value]) => labels[key] === value);

export function say(sentence, holds, shown = '') {
  console.log(`${holds ? 'ok' : 'not ok'} - chart: ${sentence}`);
  if (holds) return;
  if (shown) console.log(String(shown).replace(/^/gm, '    ').slice(0, 2000));
  process.exitCode = 1;
}
// What cannot be read, is not so.
export function check(sentence, holds) {
  let so, why = '';
  try {
    so = holds();
  } catch (error) {
    why = error.stack;
  }
  say(sentence, so === true, why);
}
