// What single values do.
import fs from 'fs';
import os from 'os';
import path from 'path';
import YAML from 'yaml';
import {root, chart, render, render_anew, check, one, all, pods, replica} from './lib.mjs';

const of = (file, ...args) => render(`ci/${file}-values.yaml`, ...args).objects;
// What stands in those blocks of a page that begin with this line, each as a file.
function blocks(page, first) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'groomer-blocks-'));
  process.on('exit', () => fs.rmSync(folder, {recursive: true}));
  const texts = fs.readFileSync(path.join(root, page), 'utf8').split('```').filter(text => text.startsWith(`yaml\n${first}\n`));
  return texts.map((text, i) => {
    fs.writeFileSync(path.join(folder, `${i}.yaml`), text.slice(5));
    return path.join(folder, `${i}.yaml`);
  });
}
const env = objects => Object.fromEntries(replica(objects).spec.template.spec.containers[0].env.map(e => [e.name, e.value]));
const image = objects => replica(objects).spec.template.spec.containers[0].image;
const config = (objects, key = 'groomer.yaml') => YAML.parse(one(objects, 'ConfigMap', replica(objects).metadata.name).data[key]);
const sources = pod => pod.spec.volumes.find(v => v.name === 'secrets').projected.sources.map(s => `${s.secret.name}/${s.secret.items[0].key}→${s.secret.items[0].path}`);
const restart = objects => replica(objects).spec.template.metadata.annotations['groomer/restart-keys'];

// ------------------------------------------------------------------------------------------------------------- image

const token = of('token');
check('the image has the appVersion for its tag', () => image(token) === 'registry.example/groomer:0.1.0');
check('that is the version of the source, and of the Dockerfile\'s label', () => {
  const read = file => fs.readFileSync(path.join(root, file), 'utf8');
  const [, version] = /project\(groomer VERSION ([0-9.]+)/.exec(read('CMakeLists.txt'));
  return YAML.parse(read('charts/groomer/Chart.yaml')).appVersion === version && read('Dockerfile').includes(`image.version="${version}"`);
});
check('a tag goes before the appVersion', () => image(of('single')) === 'registry.example/groomer:dev');
check('a digest goes before a tag', () => /^registry\.example\/groomer@sha256:[0-9a-f]{64}$/.test(image(of('app'))));
check('global.imageRegistry goes before both registries', () => image(of('everything')) === 'mirror.example/groomer:0.1.0');
check('global.imageRegistry goes for the trial PostgreSQL too', () => one(of('trial', '--set', 'global.imageRegistry=m.example'), 'Deployment', 'rel-groomer-trial-db').spec.template.spec.containers[0].image === 'm.example/library/postgres:17');
check('pull secrets are given to every pod', () => pods(of('everything')).every(pod => pod.spec.imagePullSecrets[0].name === 'pull'));

// --------------------------------------------------------------------------------------------- configuration and secrets

check('secrets are files of the names that the configuration has', () => {
  const {database, github} = config(token);
  const paths = sources({spec: replica(token).spec.template.spec});
  return database.password_file === '/run/secrets/groomer/db-password' && github.token_file === '/run/secrets/groomer/github-token' && paths.includes('groomer-db/password→db-password') && paths.includes('groomer-github/token→github-token');
});
check('the authority of the database is named to libpq', () => env(token).PGSSLROOTCERT === '/run/secrets/groomer/db-ca.crt' && sources({spec: replica(token).spec.template.spec}).includes('groomer-db-ca/ca.crt→db-ca.crt'));
check('without one it is not', () => !('PGSSLROOTCERT' in env(of('single'))));
check('a whole connection string is a file', () => JSON.stringify(config(of('app')).database) === '{"url_file":"/run/secrets/groomer/db-url"}');
check('an App has its key as a file, and ids stay whole numbers', () => {
  const {app} = config(of('app')).github;
  return app.id === 1234567 && app.installation_id === 87654321 && app.private_key_file === '/run/secrets/groomer/github-app.pem';
});
check('large numbers stay whole', () => /tokens_per_day: 2000000$/m.test(one(of('app'), 'ConfigMap').data['groomer.yaml']));
check('webhook, model and API have their files', () => {
  const {github, model, http} = config(of('app'));
  return github.webhook_secret_file === '/run/secrets/groomer/webhook' && model.api_key_file === '/run/secrets/groomer/model-key' && http.admin_token_file === '/run/secrets/groomer/admin-token';
});
check('a key of another name is mounted by the file\'s', () => sources({spec: replica(of('app')).spec.template.spec}).includes('groomer-app/webhook→webhook'));
check('the listeners are those of the ports', () => config(token).http.listen === '0.0.0.0:8080' && config(token).http.metrics_listen === '0.0.0.0:9090');
check('inline values go into a Secret', () => {
  const {data} = one(of('trial'), 'Secret');
  return Buffer.from(data['db-password'], 'base64').toString() === 'for-a-first-look' && Buffer.from(data['github-token'], 'base64').toString() === 'ghp_forafirstlook';
});
check('without inline values there is no Secret', () => all(token, 'Secret').length === 0);
check('another policy does not restart the pods', () => restart(token) === restart(of('token', '--set', 'config.policy.mode=apply', '--set', 'config.log.level=debug')));
check('what is read at the start alone does restart them', () => restart(token) !== restart(of('token', '--set', 'config.lock.ttl=9s')));

// ------------------------------------------------------------------------------------------------------ network, budget

check('in come two ports', () => one(token, 'NetworkPolicy').spec.ingress.flatMap(r => r.ports.map(p => p.port)).join() === 'http,metrics');
check('out go DNS, PostgreSQL and 443', () => one(token, 'NetworkPolicy').spec.egress.flatMap(r => r.ports.map(p => `${p.port}/${p.protocol}`)).join() === '53/UDP,53/TCP,5432/TCP,443/TCP');
check('the test and the Job reach what replicas do', () => JSON.stringify(one(token, 'NetworkPolicy', 'rel-groomer-others').spec.egress) === JSON.stringify(one(token, 'NetworkPolicy', 'rel-groomer').spec.egress));
for (const none of ['[]', 'null'])
  check(`no port of a database (${none}) is none, not all`, () => {
    const {egress} = one(of('token', '--set-json', `networkPolicy.databasePorts=${none}`, '--set', 'networkPolicy.extraEgress[0].to[0].ipBlock.cidr=10.0.0.7/32'), 'NetworkPolicy').spec;
    return egress.length === 3 && egress.filter(rule => !rule.ports).length === 1 && egress[2].to[0].ipBlock.cidr === '10.0.0.7/32';
  });
check('who comes in can be told', () => one(of('everything'), 'NetworkPolicy').spec.ingress[0].from.length === 1);
check('what else goes out can be told', () => one(of('everything'), 'NetworkPolicy').spec.egress.at(-1).ports[0].port === 8000);
check('the policy can be left away', () => all(of('single'), 'NetworkPolicy').length === 0);
check('the budget can be left away', () => all(of('token', '--set', 'podDisruptionBudget.enabled=false'), 'PodDisruptionBudget').length === 0);
check('no replica at all is possible, whatever is said of the budget', () => ['auto', 'true'].every(enabled => {
  const objects = of('token', '--set', `replicas=0,podDisruptionBudget.enabled=${enabled}`);
  return replica(objects).spec.replicas === 0 && all(objects, 'PodDisruptionBudget').length === 0;
}));
check('an old Kubernetes gets the budget that it knows', () => {
  const budget = one(of('token', '--kube-version', '1.20'), 'PodDisruptionBudget');
  return budget.apiVersion === 'policy/v1beta1' && !('unhealthyPodEvictionPolicy' in budget.spec);
});
check('1.26 has policy/v1 without the field that came later', () => {
  const budget = one(of('token', '--kube-version', '1.26'), 'PodDisruptionBudget');
  return budget.apiVersion === 'policy/v1' && !('unhealthyPodEvictionPolicy' in budget.spec);
});

// -------------------------------------------------------------------------------------------------------- where it runs

check('replicas are spread over nodes by their own selector', () => {
  const [spread] = replica(token).spec.template.spec.topologySpreadConstraints;
  return spread.topologyKey === 'kubernetes.io/hostname' && JSON.stringify(spread.labelSelector.matchLabels) === JSON.stringify({'app.kubernetes.io/instance': 'rel', 'app.kubernetes.io/name': 'groomer'});
});
check('a constraint of one\'s own gets the selector too', () => 'matchLabels' in replica(of('everything')).spec.template.spec.topologySpreadConstraints[0].labelSelector);
check('the platform may choose the user', () => {
  const {securityContext} = replica(of('single')).spec.template.spec;
  return securityContext.runAsNonRoot === true && !('runAsUser' in securityContext) && !('fsGroup' in securityContext);
});
check('else it is a numeric one', () => replica(token).spec.template.spec.securityContext.runAsUser === 65532);
check('node, toleration, affinity and priority arrive', () => {
  const {spec} = replica(of('everything')).spec.template;
  return spec.nodeSelector['kubernetes.io/arch'] === 'amd64' && spec.tolerations[0].key === 'dedicated' && !!spec.affinity.nodeAffinity && spec.priorityClassName === 'high';
});
check('labels and annotations arrive', () => {
  const objects = of('everything');
  const {labels, annotations} = replica(objects).spec.template.metadata;
  return labels['sidecar.istio.io/inject'] === 'false' && labels.team === 'triage' && annotations['example.com/note'] === 'hello' && one(objects, 'Service').metadata.annotations['example.com/owner'] === 'triage' && one(objects, 'ServiceAccount').metadata.annotations['example.com/owner'] === 'triage';
});
check('labels that the chart has too go before its own, and a pod\'s before all', () => {
  const {error, objects} = render('ci/split-roles-values.yaml', ...['app\\.kubernetes\\.io/part-of=ours', 'app\\.kubernetes\\.io/version=v1', 'app\\.kubernetes\\.io/managed-by=us', 'helm\\.sh/chart=x', 'team=triage']
    .flatMap(set => ['--set', `commonLabels.${set}`]), '--set', 'podLabels.team=pod', '--set', 'podLabels.app\\.kubernetes\\.io/part-of=pod');
  const pod = replica(objects).spec.template.metadata.labels;
  return error === '' && objects.every(o => o.metadata.labels['app.kubernetes.io/part-of'] === 'ours' && o.metadata.labels['helm.sh/chart'] === 'x' && o.metadata.labels.team === 'triage') &&
    pod.team === 'pod' && pod['app.kubernetes.io/part-of'] === 'pod' && pod['app.kubernetes.io/version'] === 'v1';
});
check('extra environment, volumes and mounts arrive', () => env(of('everything')).https_proxy === 'http://proxy.example:3128' && replica(of('single')).spec.template.spec.volumes.some(v => v.persistentVolumeClaim));
check('extra objects are templates, as maps and as text', () => {
  const objects = of('everything');
  return one(objects, 'ConfigMap', 'rel-grooming-extra').data.a === 'b' && one(objects, 'ConfigMap', 'from-text').data.release === 'rel';
});
check('an account of one\'s own is not made', () => all(of('single'), 'ServiceAccount').length === 0 && replica(of('single')).spec.template.spec.serviceAccountName === 'default');
check('names can be overridden', () => replica(of('single')).metadata.name === 'triage' && replica(of('everything')).metadata.name === 'rel-grooming');
check('a release, a namespace and a name of digits alone stay texts', () => {
  const {objects} = render_anew('ci/trial-values.yaml', ['--set-string', 'fullnameOverride=1234'], '123', '456');
  const texts = map => Object.values(map ?? {}).every(value => typeof value === 'string');
  return objects.length > 6 && objects.every(({metadata, spec}) => typeof metadata.name === 'string' && metadata.namespace === '456' && texts(metadata.labels) &&
    texts(spec?.selector?.matchLabels ?? spec?.podSelector?.matchLabels)) && pods(objects).every(pod => texts(pod.metadata.labels) && pod.spec.serviceAccountName === '1234' && pod.spec.volumes.every(v => !v.configMap || v.configMap.name === '1234'));
});
check('no name is too long for Kubernetes', () => {
  const objects = of('split-roles', '--set', `fullnameOverride=${'x'.repeat(60)}`, '--set', 'monitoring.dashboard.enabled=true');
  return objects.every(o => o.metadata.name.length <= 63) && objects.length > 6;
});

// --------------------------------------------------------------------------------------------------- docs/install.md

const [whole] = blocks('docs/install.md', '# values.yaml');
const [two_roles, webhook] = blocks('docs/install.md', '# part of values.yaml');
const [as_app] = blocks('docs/install.md', '# part of values.yaml, in the place of secrets.githubToken');
const installed = (...args) => {
  const {objects, error} = render('values.yaml', '-f', whole, ...args);
  if (error) throw new Error(error);
  return objects;
};
check('the page\'s values.yaml is a whole one', () => config(installed()).repositories.length === 1 && env(installed()).PGSSLROOTCERT !== undefined);
check('with its two roles there is a Job, and replicas are the other role', () => !!one(installed('-f', two_roles), 'Job') && config(installed('-f', two_roles)).database.url.includes('//groomer_app@'));
check('with its webhook there is an Ingress to the Service\'s port', () => {
  const objects = installed('-f', webhook, '--set', 'fullnameOverride=groomer');
  const {backend, path} = one(objects, 'Ingress').spec.rules[0].http.paths[0];
  return path === '/api/github/webhook' && one(objects, 'Service', backend.service.name).spec.ports.some(p => p.name === backend.service.port.name) && !!config(objects).github.webhook_secret_file;
});
check('with its App there is a key', () => !!config(installed('-f', as_app, '--set', 'secrets.githubToken.existingSecret=')).github.app.private_key_file);

// ------------------------------------------------------------------------------------------------------------- watching

const watched = of('monitored');
const rules = YAML.parse(fs.readFileSync(path.join(root, 'charts/groomer/files/rules.yaml'), 'utf8'));
check('nothing of Prometheus\'s operator by default', () => !token.some(o => o.apiVersion.startsWith('monitoring.')));
check('a ServiceMonitor finds the Service', () => one(watched, 'ServiceMonitor').spec.selector.matchLabels['app.kubernetes.io/instance'] === 'rel' && one(watched, 'ServiceMonitor').spec.endpoints[0].interval === '15s');
check('a PodMonitor has its interval', () => one(of('podmonitor'), 'PodMonitor').spec.podMetricsEndpoints[0].interval === '30s' && !one(of('podmonitor'), 'ServiceMonitor'));
check('labels for Prometheus\'s selector arrive', () => ['ServiceMonitor', 'PrometheusRule'].every(kind => one(watched, kind).metadata.labels.release === 'prometheus'));
check('the rules are those of the file, all of them', () => {
  const names = groups => groups.flatMap(g => g.rules.map(r => r.alert)).join();
  return names(one(watched, 'PrometheusRule').spec.groups) === names(rules.groups) && rules.groups[0].rules.length >= 9;
});
check('the rules ask for the release\'s namespace alone', () => {
  const text = JSON.stringify(one(watched, 'PrometheusRule').spec);
  return !text.includes('namespace=\\"groomer\\"') && text.includes('namespace=\\"prod\\"');
});
check('the rules\' own templates are left to Prometheus', () => JSON.stringify(one(watched, 'PrometheusRule').spec).includes('{{ $value }}'));
check('every alert names its runbook, which is there', () => one(watched, 'PrometheusRule').spec.groups.flatMap(g => g.rules).every(r => fs.existsSync(path.join(root, r.annotations.runbook_url.replace(/^.*\/main\//, '')))));
check('the dashboard is the file, byte by byte', () => {
  const map = one(watched, 'ConfigMap', 'rel-groomer-dashboard');
  return map.data['groomer.json'].trim() === fs.readFileSync(path.join(root, 'charts/groomer/files/dashboard.json'), 'utf8').trim() && map.metadata.labels.grafana_dashboard === '1' && map.metadata.annotations.grafana_folder === 'Groomer';
});
check('skipIfMissing leaves away what the cluster does not know', () => !of('monitored', '--set', 'monitoring.renderMode=skipIfMissing').some(o => o.apiVersion.startsWith('monitoring.')));
check('skipIfMissing renders what it knows', () => {
  const objects = of('monitored', '--set', 'monitoring.renderMode=skipIfMissing', '--api-versions', 'monitoring.coreos.com/v1/ServiceMonitor');
  return !!one(objects, 'ServiceMonitor') && !one(objects, 'PrometheusRule');
});

// ------------------------------------------------------------------------------------------------ Job and trial PostgreSQL

const split = of('split-roles');
const job = objects => one(objects, 'Job');
check('the Job migrates, by the owner\'s connection string', () => job(split).spec.template.spec.containers[0].args.join() === 'migrate' && config(split, 'migrate.yaml').database.url_file === '/run/secrets/groomer/migration-db-url');
check('the replicas do not see it', () => !sources({spec: replica(split).spec.template.spec}).some(s => s.includes('migration')) && sources({spec: job(split).spec.template.spec}).some(s => s.includes('migration')));
check('it sees nothing but the database, and asks for nothing else', () => {
  const objects = of('split-roles', '--set', 'config.model.provider=openai', '--set', 'config.model.name=m', '--set', 'secrets.modelKey.existingSecret=m', '--set', 'secrets.databaseCa.existingSecret=ca', '--set', 'config.database.url=postgresql://groomer_app@db.example/groomer?sslmode=verify-full', '--set', 'extraEnv[0].name=GROOMER_MODEL_TIMEOUT', '--set', 'extraEnv[0].value=9s', '--set', 'extraEnv[1].name=TZ', '--set', 'extraEnv[1].value=UTC');
  const names = job(objects).spec.template.spec.containers[0].env.map(e => e.name).join();
  return sources({spec: job(objects).spec.template.spec}).join() === 'groomer-db-owner/url→migration-db-url,ca/ca.crt→db-ca.crt' &&
    Object.keys(config(objects, 'migrate.yaml')).sort().join() === 'database,repositories' && names === 'GROOMER_CONFIG,POD_NAME,PGSSLROOTCERT,TZ';
});
// A Job's pod cannot be changed: the API server would refuse the upgrade for a day, or as long as the Job runs.
const same_job = (...sets) => job(of('split-roles', ...sets.flatMap(set => ['--set', set]))).metadata.name === job(split).metadata.name;
for (const set of ['image.tag=next', 'image.pullPolicy=Always', 'resources.limits.memory=1Gi', 'commonLabels.team=x', 'nodeSelector.disk=ssd', 'tolerations[0].operator=Exists', 'userId=1000',
  'serviceAccount.name=other', 'global.imagePullSecrets[0].name=pull', 'extraEnv[0].name=TZ,extraEnv[0].value=UTC', 'extraVolumes[0].name=a,extraVolumes[0].emptyDir.medium=Memory',
  'secrets.migrationDatabaseUrl.key=other', 'config.log.level=debug'])
  check(`another pod or configuration has another Job: ${set}`, () => !same_job(...set.split(',')));
check('so has another version of the chart', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'groomer-chart-'));
  fs.cpSync(chart, folder, {recursive: true});
  const about = path.join(folder, 'Chart.yaml');
  fs.writeFileSync(about, fs.readFileSync(about, 'utf8').replace(/^version: .*$/m, 'version: 9.9.9'));
  const {objects} = render_anew('ci/split-roles-values.yaml', [], 'rel', 'prod', folder);
  fs.rmSync(folder, {recursive: true});
  return job(objects).spec.template.metadata.labels['helm.sh/chart'] === 'groomer-9.9.9' && job(objects).metadata.name !== job(split).metadata.name;
});
check('what is the replicas\' alone leaves the Job as it is', () => same_job() && same_job('replicas=3', 'podLabels.a=b', 'config.policy.mode=dry-run', 'priorityClassName=high'));
check('the Job gives up at last, and goes a day later', () => job(split).spec.backoffLimit === 10 && job(split).spec.ttlSecondsAfterFinished === 86400 && job(split).spec.template.spec.restartPolicy === 'Never');
check('without it there is none', () => all(token, 'Job').length === 0 && !('migrate.yaml' in one(token, 'ConfigMap').data));
const trial = of('trial');
check('the trial PostgreSQL is where the configuration looks', () => config(trial).database.url === 'postgresql://groomer@rel-groomer-trial-db:5432/groomer?sslmode=disable' && !!one(trial, 'Service', 'rel-groomer-trial-db'));
check('it has the same password, as a file', () => {
  const {containers: [container], volumes} = one(trial, 'Deployment', 'rel-groomer-trial-db').spec.template.spec;
  return container.env.some(e => e.name === 'POSTGRES_PASSWORD_FILE') && volumes.find(v => v.name === 'password').projected.sources[0].secret.items[0].key === 'db-password';
});
check('no upgrade replaces its pod, and with it its data', () => {
  const template = objects => one(objects, 'Deployment', 'rel-groomer-trial-db').spec.template;
  const upgraded = of('trial', '--set', 'commonLabels.a=b', '--set', 'podLabels.c=d', '--set', 'podAnnotations.e=f', '--set', 'image.tag=next', '--set', 'config.lock.ttl=9s');
  return JSON.stringify(template(upgraded)) === JSON.stringify(template(trial)) && Object.keys(template(trial).metadata.labels).join() === 'app.kubernetes.io/name,app.kubernetes.io/instance';
});
check('its user can be left to the platform', () => !('runAsUser' in one(of('trial', '--set', 'trialPostgresql.userId=null'), 'Deployment', 'rel-groomer-trial-db').spec.template.spec.securityContext));
check('only this release reaches it, and it reaches nothing', () => {
  const {spec} = one(trial, 'NetworkPolicy', 'rel-groomer-trial-db');
  return spec.ingress[0].from[0].podSelector.matchLabels['app.kubernetes.io/instance'] === 'rel' && spec.policyTypes.includes('Egress') && !spec.egress;
});
check('it is off by default', () => all(token, 'Deployment').length === 1);
