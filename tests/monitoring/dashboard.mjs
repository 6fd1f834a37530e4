// The dashboard by Grafana's own types, and by what it promises: fixed uid, its three variables, a sentence and a unit for each panel.
// And every metric that dashboard, rules and runbooks name is one that groomer has. Prints "ok - …" or "not ok - …".
// usage: node dashboard.mjs ROOT MODULES
import fs from 'fs';
import path from 'path';
import {spawnSync} from 'child_process';

const [root, modules] = process.argv.slice(2);
const file = path.join(root, 'charts/groomer/files/dashboard.json');
const dashboard = JSON.parse(fs.readFileSync(file, 'utf8'));
const panels = dashboard.panels.filter(panel => panel.type !== 'row');
const asked = panels.flatMap(panel => panel.targets.map(target => target.expr));

let status = 0;
function check(sentence, violations) {
  console.log(violations.length ? `not ok - dashboard: ${sentence}\n    ${violations.join('\n    ')}` : `ok - dashboard: ${sentence}`);
  if (violations.length) status = 1;
}
const titles = list => list.map(panel => `panel ${panel.id} "${panel.title}"`);

// A JSON has no members of enums: Json<T> takes their values for them. Options and custom fields are typed by each kind of panel.
const preamble = `
import type {Dashboard} from '@grafana/schema';
import type {Options as StatOptions} from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type {Options as TimeSeriesOptions, FieldConfig as TimeSeriesField}
  from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type {Options as TimelineOptions, FieldConfig as TimelineField}
  from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
type Json<T> = T extends string ? \`\${T}\` : T extends (infer E)[] ? Json<E>[] : T extends object ? {[K in keyof T]: Json<T[K]>} : T;
`;
const kinds = {stat: ['StatOptions', '{}'], timeseries: ['TimeSeriesOptions', 'TimeSeriesField'], 'state-timeline': ['TimelineOptions', 'TimelineField']};

function typeErrors() {
  const unknown = panels.filter(panel => !kinds[panel.type]);
  if (unknown.length) return titles(unknown).map(title => `${title}: its kind is not known here`);
  const source = path.join(modules, '..', 'dashboard.ts');
  const parts = panels.map(({type, id, options, fieldConfig}) => `
export const options${id}: Json<${kinds[type][0]}> = ${JSON.stringify(options)};
export const field${id}: Json<${kinds[type][1]}> = ${JSON.stringify(fieldConfig.defaults.custom ?? {})};`);
  fs.writeFileSync(source, `${preamble}export const dashboard: Dashboard = ${JSON.stringify(dashboard, null, 1)};${parts.join('')}\n`);
  const made = spawnSync(process.execPath, [path.join(modules, 'typescript/lib/tsc.js'), '--noEmit', '--strict', '--skipLibCheck', '--module',
    'esnext', '--moduleResolution', 'bundler', '--target', 'es2022', source], {encoding: 'utf8'});
  return made.status === 0 ? [] : [made.stdout + made.stderr];
}

const overlap = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

function unknownMetrics() {
  const known = new Set([...fs.readFileSync(path.join(root, 'docs/metrics.md'), 'utf8').matchAll(/^\| `(\w+)`/gm)].map(found => found[1]));
  const runbooks = path.join(root, 'docs/runbooks');
  const texts = [file, path.join(root, 'charts/groomer/files/rules.yaml'), ...fs.readdirSync(runbooks).map(name => path.join(runbooks, name))];
  return texts.flatMap(text => [...new Set(fs.readFileSync(text, 'utf8').match(/\b(groomer|process)_[a-z_]+\b/g))]
    .filter(name => !known.has(name) && !known.has(name.replace(/_(bucket|sum|count)$/, '')))
    .map(name => `${path.relative(root, text)}: ${name}`));
}

const drawn = spawnSync(process.execPath, [path.join(root, 'deploy/grafana/dashboard.mjs')], {encoding: 'utf8'});
check('dashboard.json is what deploy/grafana/dashboard.mjs draws', drawn.stdout === fs.readFileSync(file, 'utf8') ? [] : [drawn.stderr || 'it is not']);
check('Grafana\'s types take it, and each panel\'s options', typeErrors());
check('its uid and its variables are fixed', dashboard.uid === 'groomer' && dashboard.id === undefined &&
  dashboard.templating.list.map(({name}) => name).join() === 'datasource,namespace,repo' ? [] : ['uid, id or variables']);
const ids = dashboard.panels.map(panel => panel.id);
check('each panel has an id of its own', ids.filter((id, i) => ids.indexOf(id) !== i).map(id => `id ${id}`));
check('no two panels overlap', dashboard.panels.flatMap((a, i) => titles(dashboard.panels.slice(i + 1).filter(b => overlap(a.gridPos, b.gridPos)))));
check('each panel has a title, a description and a unit', titles(panels.filter(p => !p.title || !p.description || !p.fieldConfig.defaults.unit)));
check('each panel asks the data source that is chosen, and groomer in the namespace that is chosen', [
  ...titles(panels.filter(panel => [panel, ...panel.targets].some(({datasource}) => datasource?.uid !== '$datasource'))),
  ...asked.filter(expr => [...expr.matchAll(/\w+_[a-z_]+\{([^}]*)\}/g)].some(found => !found[1].includes('namespace="$namespace"'))),
]);
check('no time turns red at a number of the default configuration\'s', titles(panels.filter(({fieldConfig}) =>
  fieldConfig.defaults.unit === 's' && fieldConfig.overrides.some(({properties}) => properties.some(({id}) => id === 'thresholds')))));
check('rates look as far back as Grafana says', asked.filter(expr => /\[(?!\$__rate_interval\]|\$__range\])/.test(expr)));
check('every metric that dashboard, rules and runbooks name is in docs/metrics.md', unknownMetrics());
process.exit(status);
