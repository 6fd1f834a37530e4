// What is derived from charts/groomer/values.yaml: values.schema.json and the table in README.md.
//   generate.mjs ROOT MODULES [--check]    MODULES: a node_modules with `yaml`. --check writes nothing, and fails where something differs.
// A comment `# -- sentence` above a key describes it; `# @schema {…}` adds to, or replaces, what its default tells of the type.
// Maps take no other keys than they have, unless they are empty: then they take any. `config` is docs/config.schema.json.
import fs from 'fs';
import path from 'path';
import {createRequire} from 'module';

const [root, modules, check] = process.argv.slice(2);
const YAML = createRequire(path.join(path.resolve(modules), 'x.js'))('yaml');
const chart = path.join(root, 'charts/groomer');
const documented = YAML.parseDocument(fs.readFileSync(path.join(chart, 'values.yaml'), 'utf8'));

// What a comment says: {description, schema}. The first key of a map has its comment on the map.
function said(comment) {
  const lines = (comment ?? '').split('\n\n').pop().split('\n').map(line => line.trim());
  const start = lines.findIndex(line => line.startsWith('-- '));
  const schema = lines.filter(line => line.startsWith('@schema ')).map(line => YAML.parse(line.slice(8)));
  if (start < 0) return {description: '', schema: schema[0] ?? {}};
  const text = lines.slice(start).filter(line => !line.startsWith('@schema ')).join(' ').slice(3);
  return {description: text, schema: schema[0] ?? {}};
}

const rows = [];
function typed(node) {
  const value = node.toJSON();
  if (Array.isArray(value)) return {type: 'array'};
  if (value === null) return {};
  return {type: Number.isInteger(value) ? 'integer' : typeof value};
}

function schema_of(pair, comment, at) {
  const {description, schema} = said(comment);
  const name = at.concat(pair.key.value).join('.');
  const node = pair.value;
  if (name === 'config') return {description, ...configuration()};
  if (at[0] === 'secrets' && at.length === 1) {
    rows.push([name, node, description]);
    return {description, $ref: '#/$defs/secret'};
  }
  if (!YAML.isMap(node) || node.items.length === 0 || node.flow) {
    rows.push([name, node, description]);
    if (!description) throw new Error(`values.yaml: ${name} has no comment`);
    const free = YAML.isMap(node) ? {type: 'object', additionalProperties: true} : typed(node);
    return {description, ...free, ...schema};
  }
  return {...(description ? {description} : {}), ...object(node, at.concat(pair.key.value)), ...schema};
}

function object(map, at) {
  const properties = {};
  map.items.forEach((pair, index) => {
    const comment = pair.key.commentBefore ?? (index === 0 ? map.commentBefore : undefined);
    properties[pair.key.value] = schema_of(pair, comment, at);
  });
  return {type: 'object', additionalProperties: false, properties};
}

// helm compiles patterns as Go does: \x{…} for \u…, no look-ahead, at most 1000 repetitions; the binary checks those itself.
function go_pattern(key, value) {
  if (key !== 'pattern') return value;
  return value.includes('(?!') ? undefined : value.replace(/\\u([0-9a-f]{4})/g, '\\x{$1}').replace('{1,4096}', '+');
}
function configuration() {
  const text = fs.readFileSync(path.join(root, 'docs/config.schema.json'), 'utf8').replaceAll('"#/properties/', '"#/properties/config/properties/');
  rows.push(['config', documented.get('config', true), said(documented.contents.items.find(pair => pair.key.value === 'config').key.commentBefore).description]);
  const {type, properties} = JSON.parse(text, go_pattern);
  return {type: 'object', properties, additionalProperties: false};
}

const text = {type: 'string'};
const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Values of the chart groomer',
  ...object(documented.contents, []),
  $defs: {secret: {type: 'object', additionalProperties: false, properties: {existingSecret: text, key: text, value: text}}},
};
schema.properties.global.additionalProperties = true; // an umbrella chart's own

const shown = node => '`' + (YAML.isNode(node) ? JSON.stringify(node.toJSON()).replace(/^"(.*)"$/, '$1') || "''" : node) + '`';
const cell = value => value.replaceAll('|', '\\|');
const table = ['| Value | Default | Meaning |', '|---|---|---|', ...rows.map(([name, node, text]) => `| \`${name}\` | ${cell(shown(node))} | ${cell(text)} |`)];

const readme = path.join(chart, 'README.md');
const marks = /(<!-- values: [^\n]*-->\n)[^]*?(<!-- end -->)/;
const wanted = {
  [path.join(chart, 'values.schema.json')]: JSON.stringify(schema, null, 1) + '\n',
  [readme]: fs.readFileSync(readme, 'utf8').replace(marks, (_, begin, end) => begin + table.join('\n') + '\n' + end),
};
let differs = 0;
for (const [file, content] of Object.entries(wanted)) {
  if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === content) continue;
  if (!check) fs.writeFileSync(file, content);
  else if (++differs) console.log(`${path.relative(root, file)} is not what values.yaml makes: run tests/chart/generate`);
}
process.exit(differs ? 1 : 0);
