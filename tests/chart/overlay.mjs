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
assert.equal(of('ConfigMap').data['groomer.yaml'], 'log: {level: debug}\n');
