// Every object of every render, by the validators of kubernetes-models; and, since those let unknown fields pass, by TypeScript, to which an
// unknown field of a literal is an error. That this finds something is tried with a misspelt field.
import fs from 'fs';
import path from 'path';
import {spawnSync} from 'child_process';
import {fileURLToPath} from 'url';
import {render, files, say} from './lib.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const home = object => object.apiVersion.startsWith('monitoring.coreos.com/') ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models';
const model = object => `${home(object)}/${object.apiVersion}/${object.kind}`;

async function faults(object) {
  try {
    const module = await import(model(object));
    new module[object.kind](object).validate();
    return [];
  } catch (error) {
    return [`${object.kind} ${object.metadata?.name}: ${error.message}`];
  }
}

// What tsc says of all objects at once, with their names: a start of it costs more than the rest.
function typed(objects) {
  const folder = fs.mkdtempSync(path.join(here, 'types-'));
  const lines = objects.flatMap(({object}, i) => [
    `import type {I${object.kind} as T${i}} from '${model(object)}';`,
    `export const o${i}: T${i} = ${JSON.stringify(object)};`,
  ]);
  fs.writeFileSync(path.join(folder, 'objects.ts'), lines.join('\n') + '\n');
  const options = '--noEmit --strict --skipLibCheck --module nodenext --moduleResolution nodenext --target es2022 --pretty false'.split(' ');
  const run = spawnSync(process.execPath, [path.join(here, 'node_modules/typescript/lib/tsc.js'), ...options, path.join(folder, 'objects.ts')], {encoding: 'utf8', cwd: here});
  fs.rmSync(folder, {recursive: true});
  if (run.status !== 0 && !run.stdout.includes('objects.ts(')) throw new Error(run.stdout + run.stderr);
  return run.stdout.split('\n').flatMap(line => {
    const at = /objects\.ts\((\d+),/.exec(line);
    return at ? [{...objects[Math.floor((at[1] - 1) / 2)], said: line.slice(line.indexOf('error'))}] : [];
  });
}

const known = files.flatMap(file => render(file, '--kube-version', '1.35').objects.map(object => ({file, object})));
const misspelt = {file: 'misspelt', object: {apiVersion: 'v1', kind: 'Service', metadata: {name: 'x'}, spec: {selektor: {a: 'b'}, ports: [{port: 1, protocol: 'TCP'}]}}};
const said = typed([...known, misspelt]);
say('a misspelt field would be seen', said.some(({file}) => file === 'misspelt'));
for (const file of files) {
  const objects = known.filter(entry => entry.file === file);
  const wrong = (await Promise.all(objects.map(({object}) => faults(object)))).flat();
  for (const entry of said.filter(entry => entry.file === file)) wrong.push(`${entry.object.kind} ${entry.object.metadata.name}: ${entry.said}`);
  say(`${file}: its ${objects.length} objects are what Kubernetes and Prometheus's operator know`, objects.length > 3 && wrong.length === 0, wrong.join('\n'));
}
