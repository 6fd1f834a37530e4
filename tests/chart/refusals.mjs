// What is refused, and by which sentence; and what umbrella charts may do.
import path from 'path';
import {spawnSync} from 'child_process';
import {root, render, say} from './lib.mjs';

const values = name => `ci/${name}-values.yaml`;
function refused(what, file, sets, sentence) {
  const {error} = render(values(file), ...sets.flatMap(set => ['--set', set]));
  say(`refused: ${what}`, error.includes(sentence), error || 'it renders');
}

refused('no image', 'token', ['image.repository='], 'image.repository is empty: no image is published');
refused('no repositories', 'token', ['config.repositories=null'], 'config.repositories is empty');
refused('no database', 'token', ['config.database=null'], 'No database is named');
refused('two databases', 'token', ['secrets.databaseUrl.existingSecret=x'], 'The database is named by config.database.url and by secrets.databaseUrl');
refused('the trial PostgreSQL beside a database', 'token', ['trialPostgresql.enabled=true'], 'and by trialPostgresql.enabled');
refused('the trial PostgreSQL without a password', 'trial', ['secrets.databasePassword.value='], 'trialPostgresql.enabled needs secrets.databasePassword');
refused('a password in the address', 'token', ['config.database.url=postgresql://groomer:oh@db/groomer'], 'config.database.url has a password in it');
refused('a password in its query', 'token', ['config.database.url=postgresql://db/groomer?password=oh'], 'config.database.url has a password in it');
refused('a password of its key', 'token', ['config.database.url=postgresql://db/groomer?sslpassword=oh'], 'config.database.url has a password in it');
refused('a password among key=value pairs', 'token', ['config.database.url=host=db password=oh'], 'config.database.url has a password in it');
const port = (what, number, ...sets) => refused(what, 'token', ['secrets.databaseCa.existingSecret=', ...sets], `The database is at port ${number}, which the network policy lets nothing out to`);
port('a port of the database that the policy keeps shut', 6432, 'config.database.url=postgresql://groomer@db.example:6432/groomer');
port('one of two hosts at such a port', 5433, 'config.database.url=postgresql://a:5432\\,b:5433/groomer');
port('such a port in the query', 5433, 'config.database.url=postgresql:///groomer?host=a&port=5433');
port('such a port among key=value pairs', 5433, 'config.database.url=host=a port=5433');
port('such a port of an IPv6 address', 5433, 'config.database.url=postgresql://[::1]\\,[::2]:5433/groomer');
port('no port at all', 5432, 'networkPolicy.databasePorts=null');
port('an exception for another port', 6432, 'config.database.url=postgresql://db:6432/x', 'networkPolicy.extraEgress[0].ports[0].port=6433');
refused('the trial PostgreSQL at a port that is shut', 'trial', ['networkPolicy.databasePorts={6432}'], 'The database is at port 5432');
refused('a port that is none', 'token', ['networkPolicy.databasePorts={70000}'], '/networkPolicy/databasePorts/0');
refused('a secret in both ways', 'token', ['secrets.githubToken.value=x'], 'secrets.githubToken has an existingSecret and a value');
refused('a Secret without a key', 'token', ['secrets.githubToken.key='], 'which key of the Secret groomer-github is it?');
refused('a token beside an App', 'app', ['secrets.githubToken.existingSecret=x'], 'groomer acts either by a token or as an App');
refused('an App without a key', 'app', ['secrets.githubAppKey.existingSecret='], 'an App needs its private key');
refused('an App without its ids', 'token', ['secrets.githubToken.existingSecret=', 'secrets.githubAppKey.existingSecret=x', 'config.github.app.id=1'], 'config.github.app lacks id or installation_id');
refused('a model without its key', 'app', ['secrets.modelKey.existingSecret='], 'config.model.provider is openai, and secrets.modelKey is not set');
refused('both monitors', 'monitored', ['monitoring.podMonitor.enabled=true'], 'every pod would be scraped twice');
refused('a budget with one replica', 'token', ['replicas=1', 'podDisruptionBudget.enabled=true'], 'would block every drain');
refused('the Job without its owner', 'token', ['migrationJob.enabled=true'], 'migrationJob.enabled needs secrets.migrationDatabaseUrl');
refused('an owner without the Job', 'token', ['secrets.migrationDatabaseUrl.existingSecret=x'], 'nothing would use it');
refused('a backlog on the read-only root', 'single', ['config.repositories[0].path=backlog.json'], 'must begin with /');
refused('a backlog in no volume', 'single', ['config.repositories[0].path=/backlogs/backlog.json'], 'the path of demo/backlog must begin with /, and lie below a mountPath');
refused('a certificate that nobody would look at', 'token', ['config.database.url=postgresql://db.example/groomer?sslmode=require'], 'add sslmode=verify-full');
refused('a password beside a connection string', 'app', ['secrets.databasePassword.existingSecret=x'], 'secrets.databaseUrl and secrets.databasePassword are both set');
refused('a key of a model for the local one', 'token', ['secrets.modelKey.existingSecret=x'], 'config.model.provider is local: nothing would use it');
for (const mode of ['config.policy.mode', 'config.repositories[0].policy.mode'])
  for (const value of ['apply', 'suggest']) refused(`writing without an account: ${mode}=${value}`, 'token', [`${mode}=${value}`, 'secrets.githubToken.existingSecret='], `The policy.mode of octocat/hello-world is ${value}, and groomer has no account`);
for (const name of ['GROOMER_CONFIG', 'POD_NAME', 'GROOMER_POD_UID', 'GROOMER_CONTAINER', 'GROOMER_SLOT_DIR', 'GROOMER_HTTP_LISTEN', 'GROOMER_HTTP_METRICS_LISTEN', 'PGSSLROOTCERT'])
  refused(`${name}, which is the chart's`, 'token', [`extraEnv[0].name=${name}`, 'extraEnv[0].value=x'], `extraEnv sets ${name}, which is the chart's own`);
for (const name of ['GROOMER_GITHUB_TOKEN', 'GROOMER_DATABASE_PASSWORD', 'GROOMER_MODEL_API_KEY', 'GROOMER_GITHUB_WEBHOOK_SECRET', 'GROOMER_DATABASE_URL', 'PGPASSWORD'])
  refused(`a secret in the environment: ${name}`, 'token', [`extraEnv[0].name=${name}`, 'extraEnv[0].value=x'], `extraEnv has the value of ${name}`);
for (const [kind, field] of [['hostPath', 'path=/srv'], ['nfs', 'server=nas'], ['iscsi', 'iqn=x'], ['gitRepo', 'repository=x'], ['image', 'reference=x']])
  refused(`a volume that Pod Security restricted does not let in: ${kind}`, 'single', [`extraVolumes[0].${kind}.${field}`], `extraVolumes: backlog is a ${kind}, which`);
refused('a token of Kubernetes in a volume', 'token', ['extraVolumes[0].name=token', 'extraVolumes[0].projected.sources[0].configMap.name=x', 'extraVolumes[0].projected.sources[1].serviceAccountToken.path=token'], 'extraVolumes: token has a serviceAccountToken');
for (const where of ['commonLabels', 'podLabels'])
  for (const label of ['name', 'instance']) refused(`${where} that select`, 'token', [`${where}.app\\.kubernetes\\.io/${label}=x`], `${where} has app.kubernetes.io/${label}`);
refused('alerts on what nobody scrapes', 'token', ['monitoring.prometheusRule.enabled=true'], 'MetricsAbsent would fire for ever');
for (const interval of ['31s', '1m', '30001ms']) refused(`scrapes that are too rare for the alerts: ${interval}`, 'monitored', [`monitoring.interval=${interval}`], `monitoring.interval is ${interval}`);
for (const [path, instead] of [
  ['database.url_file', 'secrets.databaseUrl'], ['database.password_file', 'secrets.databasePassword'], ['github.token_file', 'secrets.githubToken'], ['github.webhook_secret_file', 'secrets.webhook'],
  ['model.api_key_file', 'secrets.modelKey'], ['http.admin_token_file', 'secrets.adminToken']])
  refused(`config.${path}, which is the chart's`, 'token', [`config.${path}=/x`], `config.${path} is written by the chart: use ${instead}`);
refused('config.github.app.private_key_file, which is the chart\'s', 'app', ['config.github.app.private_key_file=/x'], 'config.github.app.private_key_file is written by the chart: use secrets.githubAppKey');
for (const key of ['listen', 'metrics_listen']) refused(`another ${key}`, 'token', [`config.http.${key}=0.0.0.0:80`], `config.http.${key} is written by the chart`);

// By the schema.
refused('an unknown value', 'token', ['replicaCount=3'], "additional properties 'replicaCount' not allowed");
refused('an unknown value deeper down', 'token', ['image.name=x'], "additional properties 'name' not allowed");
refused('an unknown key of the configuration', 'token', ['config.policy.mod=apply'], "additional properties 'mod' not allowed");
refused('an unknown mode', 'token', ['config.policy.mode=yes'], '/config/policy/mode');
refused('an ill-typed number', 'token', ['replicas=two'], '/replicas');
refused('too many replicas', 'token', ['replicas=21'], '/replicas');
refused('root', 'token', ['userId=0'], '/userId');
refused('a grace that is too short', 'token', ['terminationGracePeriodSeconds=30'], '/terminationGracePeriodSeconds');
refused('a wrong digest', 'token', ['image.digest=latest'], '/image/digest');
refused('a wrong way to render', 'token', ['monitoring.renderMode=never'], '/monitoring/renderMode');
refused('a wrong budget', 'token', ['podDisruptionBudget.enabled=maybe'], '/podDisruptionBudget/enabled');

const accepted_of = (what, file, ...sets) => {
  const {error} = render(values(file), ...sets.flatMap(set => ['--set', set]));
  say(`accepted: ${what}`, error === '', error);
};
const accepted = (what, ...sets) => accepted_of(what, 'token', ...sets);
accepted('what an umbrella chart puts under global', 'global.storageClass=fast', 'global.other.deep=1');
accepted('enabled, by which an umbrella chart switches it', 'enabled=false');
accepted('a model of one\'s own without a key', 'config.model.provider=openai', 'config.model.name=llama', 'config.model.base_url=http://llama:8000/v1');
accepted('a user at a host without a password', 'config.database.url=postgresql://groomer@a\\,b:5433/groomer?sslmode=verify-full', 'networkPolicy.databasePorts={5432,5433}');
accepted('a way to look at the certificate that PGSSLMODE tells', 'config.database.url=postgresql://db.example/groomer', 'extraEnv[0].name=PGSSLMODE', 'extraEnv[0].value=verify-full');
accepted('an account from the environment, which a Secret has', 'config.policy.mode=apply', 'secrets.githubToken.existingSecret=', 'extraEnv[0].name=GROOMER_GITHUB_TOKEN', 'extraEnv[0].valueFrom.secretKeyRef.name=x', 'extraEnv[0].valueFrom.secretKeyRef.key=y');
accepted('a dry run without an account', 'secrets.githubToken.existingSecret=');
accepted('a key of a model for one repository alone', 'secrets.modelKey.existingSecret=x', 'config.repositories[0].model.provider=openai', 'config.repositories[0].model.name=m');
for (const [kind, field] of [['configMap', 'name=x'], ['csi', 'driver=x'], ['downwardAPI', 'defaultMode=288'], ['emptyDir', 'sizeLimit=1Mi'], ['ephemeral', 'volumeClaimTemplate.spec.accessModes[0]=ReadWriteOnce'],
  ['persistentVolumeClaim', 'claimName=x'], ['projected', 'sources[0].secret.name=x'], ['secret', 'secretName=x']])
  accepted(`a volume that it lets in: ${kind}`, 'extraVolumes[0].name=more', `extraVolumes[0].${kind}.${field}`);
accepted('rare scrapes without the alerts', 'monitoring.podMonitor.enabled=true', 'monitoring.interval=1m');
accepted_of('a scrape every 30 s with them', 'monitored', 'monitoring.interval=30s');
accepted('a port of the database that an exception covers', 'config.database.url=postgresql://db:6432/groomer?sslmode=verify-full', 'networkPolicy.extraEgress[0].ports[0].port=6400', 'networkPolicy.extraEgress[0].ports[0].endPort=6500');
accepted('any port of the database without a policy', 'config.database.url=postgresql://db:6432/groomer?sslmode=verify-full', 'networkPolicy.enabled=false');

// NOTES, which helm template does not show: an installation that only pretends.
function notes(file, ...sets) {
  const run = spawnSync(process.env.HELM, ['install', 'rel', path.join(root, 'charts/groomer'), '--dry-run=client', '-n', 'prod', '-f', path.join(root, 'charts/groomer', values(file)), ...sets.flatMap(set => ['--set', set])], {encoding: 'utf8'});
  return run.stdout.split('\nNOTES:\n')[1] ?? run.stderr;
}
const told = (what, text, ...parts) => say(`notes: ${what}`, parts.every(part => text.includes(part)), text);
told('what to do next', notes('token'), 'rollout status deployment/rel-groomer', 'helm -n prod test rel', 'policy.mode: dry-run', 'Nothing scrapes it yet');
told('how to take back, where it writes', notes('token', 'config.policy.mode=apply'), 'policy.mode is apply', 'groomer undo');
told('the status page, and where its token is', notes('app'), 'port-forward service/rel-groomer 8080', `get secret groomer-admin -o go-template='{{index .data "token" | base64decode}}'`);
told('the token of a trial', notes('trial', 'secrets.adminToken.value=for-a-first-look'), `get secret rel-groomer-inline -o go-template='{{index .data "admin-token" | base64decode}}'`);
told('that the status page needs a token', notes('token'), 'It wants a token: set secrets.adminToken');
told('that the status page is public', notes('everything'), 'It shows itself to everybody');
told('how to go on from a dry run, as a whole command', notes('token'), 'helm -n prod upgrade rel charts/groomer -f values.yaml');
told('that the database\'s certificate is not looked at', notes('single'), 'config.database.url does not say sslmode=verify-full');
told('what the policy keeps shut', notes('token', 'config.github.api_url=https://ghe.example:8443/api/v3', 'config.model.provider=openai', 'config.model.name=m', 'config.model.base_url=http://llama/v1'), 'lets nothing out to config.github.api_url (port 8443), config.model.base_url (port 80).');
told('that of one repository\'s model', notes('token', 'config.repositories[0].model.base_url=http://llama:8000/v1'), 'the model.base_url of octocat/hello-world (port 8000)');
const silent = (what, text, part) => say(`notes: nothing of ${what}`, text.includes('Next:') && !text.includes(part), text);
silent('verify-full where it is', notes('token'), 'sslmode=verify-full');
silent('verify-full of the trial PostgreSQL', notes('trial'), 'sslmode=verify-full');
silent('ports that an exception opens', notes('everything'), 'lets nothing out');
silent('ports without a policy', notes('token', 'config.github.api_url=https://ghe.example:8443/api/v3', 'networkPolicy.enabled=false'), 'lets nothing out');
told('what the trial PostgreSQL is not, and that values are kept', notes('trial'), 'keeps its data in its pod', 'an upgrade of groomer leaves it', 'secrets.databasePassword, secrets.githubToken are given as values');
told('what one replica costs', notes('single'), 'With one replica nobody works while it is replaced');
say('notes: no secret is shown', !/for-a-first-look|ghp_forafirstlook/.test(notes('trial')));
