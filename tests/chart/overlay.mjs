// Standard input, rendered from overlay.yaml: is it as that asks for?
import assert from 'assert';
import fs from 'fs';
import YAML from 'yaml';

const objects = YAML.parseAllDocuments(fs.readFileSync(0, 'utf8')).map(document => document.toJSON());
const of = kind => objects.find(object => object.kind === kind);
assert(objects.every(object => object.metadata.namespace === 'triage'), 'namespace');
const {replicas, template} = of('Deployment').spec;
assert.equal(replicas, 3);
assert.equal(template.spec.containers[0].image, 'ghcr.example/me/groomer:1');
assert.equal(template.spec.volumes.find(volume => volume.name === 'config').configMap.name, 'groomer');
const secrets = template.spec.volumes.find(volume => volume.name === 'secrets').projected.sources;
assert(secrets.some(({secret}) => secret.name === 'groomer-admin'), 'a further secret');
// The paths that the page tells are those that the base has.
const mounted = secrets.flatMap(({secret}) => secret.items.map(item => `\`/run/secrets/groomer/${item.path}\``));
const page = fs.readFileSync(`${process.argv[2]}/deploy/kustomize/README.md`, 'utf8');
assert(mounted.every(file => file.includes('admin-token') || page.includes(file)), 'paths');
assert.equal(of('ConfigMap').data['groomer.yaml'], 'log: {level: debug}\n');
