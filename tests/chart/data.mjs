// One entry of the ConfigMap on standard input: data.mjs KEY
import fs from 'fs';
import YAML from 'yaml';
process.stdout.write(YAML.parse(fs.readFileSync(0, 'utf8')).data[process.argv[2]]);
