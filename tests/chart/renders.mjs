// What holds of every render, whatever the values are.
import {render, files, check, one, all, pods, containers, replica, selects, governs} from './lib.mjs';

const secret_words = ['for-a-first-look', 'ghp_forafirstlook']; // the inline values of ci/trial-values.yaml
const namespaced = object => object.metadata.namespace === 'prod' || /-extra$|^from-text$/.test(object.metadata.name);
const restricted = spec =>
  spec.securityContext.runAsNonRoot === true && spec.securityContext.runAsUser !== 0 && spec.securityContext.seccompProfile.type === 'RuntimeDefault' &&
  !spec.hostNetwork && !spec.hostPID && !spec.hostIPC &&
  spec.volumes.every(volume => ['configMap', 'projected', 'emptyDir', 'persistentVolumeClaim', 'secret'].some(kind => kind in volume));
const contained = container => {
  const security = container.securityContext;
  return security.allowPrivilegeEscalation === false && security.readOnlyRootFilesystem === true && !security.privileged &&
    security.capabilities.drop.includes('ALL') && !security.capabilities.add && !(container.ports ?? []).some(port => port.hostPort);
};

for (const file of files) {
  const {objects, error} = render(file, '--kube-version', '1.35');
  const holds = (sentence, predicate) => check(`${file}: ${sentence}`, predicate);
  holds('it renders', () => error === '' && objects.length > 3);
  holds('every object is in the namespace of the release', () => objects.every(namespaced));
  holds('no two objects have one kind and name', () => new Set(objects.map(o => `${o.kind}/${o.metadata.name}`)).size === objects.length);
  holds('Pod Security restricted: the pods', () => pods(objects).every(pod => restricted(pod.spec)));
  holds('Pod Security restricted, and a read-only root: the containers', () => containers(objects).every(contained));
  holds('no token of Kubernetes is mounted', () => pods(objects).every(pod => pod.spec.automountServiceAccountToken === false) && all(objects, 'ServiceAccount').every(a => a.automountServiceAccountToken === false));
  holds('no rights are asked for', () => !objects.some(o => /Role/.test(o.kind)));
  holds('no pod is told of the services beside it', () => pods(objects).every(pod => pod.spec.enableServiceLinks === false));
  holds('no secret outside of a Secret', () => {
    const text = JSON.stringify(objects.filter(o => o.kind !== 'Secret'));
    return secret_words.every(word => !text.includes(word) && !text.includes(Buffer.from(word).toString('base64')));
  });
  holds('no secret as an environment variable or an argument', () => containers(objects).every(c => !(c.env ?? []).some(e => e.valueFrom?.secretKeyRef) && !c.envFrom && !/password|token/.test((c.args ?? []).join(' '))));
  holds('configuration and secrets are directories, no subPath', () => containers(objects).every(c => (c.volumeMounts ?? []).every(m => !m.subPath && !m.subPathExpr)));
  holds('each mount has its volume, and each volume its mount', () => pods(objects).every(pod => {
    const mounted = new Set(pod.spec.containers.flatMap(c => c.volumeMounts.map(m => m.name)));
    return pod.spec.volumes.every(v => mounted.has(v.name)) && mounted.size === pod.spec.volumes.length;
  }));
  holds('every container has a request and a limit of memory', () => containers(objects).every(c => c.resources.requests.memory && c.resources.limits.memory));
  holds('a mounted inline secret is in the Secret', () => {
    const inline = one(objects, 'Secret')?.data ?? {};
    return pods(objects).every(pod => pod.spec.volumes.every(v => (v.projected?.sources ?? []).every(s => !s.secret.name.endsWith('-inline') || s.secret.items.every(i => i.key in inline))));
  });

  holds('the selector is name and instance, and finds the pods', () => {
    const {selector, template} = replica(objects).spec;
    return Object.keys(selector.matchLabels).sort().join() === 'app.kubernetes.io/instance,app.kubernetes.io/name' && selects(selector.matchLabels, template.metadata.labels);
  });
  holds('Service, budget and policy select the replicas, and nothing else', () => {
    const name = replica(objects).metadata.name;
    const selectors = [one(objects, 'Service', name).spec.selector, one(objects, 'PodDisruptionBudget')?.spec.selector.matchLabels, one(objects, 'NetworkPolicy', name)?.spec.podSelector.matchLabels];
    return selectors.filter(Boolean).every(s => pods(objects).every(pod => selects(s, pod.metadata.labels) === (pod.object.kind === 'Deployment' && pod.object.metadata.name === name)));
  });
  holds('no rule of egress lets everything out', () => all(objects, 'NetworkPolicy').every(p => (p.spec.egress ?? []).every(rule => rule.ports?.length > 0 || rule.to?.length > 0)));
  holds('where there is a policy, each pod has one, and only replicas and a trial PostgreSQL let anybody in', () => {
    const policies = all(objects, 'NetworkPolicy');
    return policies.length === 0 || pods(objects).every(pod => {
      const [own, ...more] = policies.filter(policy => governs(policy, pod));
      return own.spec.policyTypes.join() === 'Ingress,Egress' && more.length === 0 && !!own.spec.ingress === (pod.object.kind === 'Deployment');
    });
  });
  holds('a new replica is there before an old one goes', () => {
    const {type, rollingUpdate} = replica(objects).spec.strategy;
    return type === 'RollingUpdate' && rollingUpdate.maxUnavailable === 0 && rollingUpdate.maxSurge === 1;
  });
  holds('a budget above one replica, and none with one', () => !!one(objects, 'PodDisruptionBudget') === replica(objects).spec.replicas > 1);
  holds('the budget lets replicas go that are not Ready', () => all(objects, 'PodDisruptionBudget').every(b => b.apiVersion === 'policy/v1' && b.spec.unhealthyPodEvictionPolicy === 'AlwaysAllow' && b.spec.maxUnavailable === 1));
  holds('the probes ask the right paths, and liveness not the database', () => {
    const [container] = replica(objects).spec.template.spec.containers;
    const path = probe => `${container[probe].httpGet.path} ${container[probe].httpGet.port}`;
    return path('livenessProbe') === '/healthz http' && path('readinessProbe') === '/readyz http' && path('startupProbe') === '/startupz http';
  });
  holds('a start without a database is waited for, at least half an hour', () => {
    const probe = replica(objects).spec.template.spec.containers[0].startupProbe;
    return probe.failureThreshold * probe.periodSeconds >= 1800 && probe.periodSeconds === 1;
  });
  holds('it has 60 s to stop, and no preStop', () => replica(objects).spec.template.spec.terminationGracePeriodSeconds === 60 && !replica(objects).spec.template.spec.containers[0].lifecycle);
  holds('a restarted container can take its row back', () => {
    const {containers: [container], volumes} = replica(objects).spec.template.spec;
    const env = Object.fromEntries(container.env.map(e => [e.name, e.value ?? e.valueFrom.fieldRef.fieldPath]));
    const slot = container.volumeMounts.find(m => m.mountPath === env.GROOMER_SLOT_DIR && !m.readOnly);
    return env.POD_NAME === 'metadata.name' && env.GROOMER_POD_UID === 'metadata.uid' && env.GROOMER_CONTAINER === container.name && 'emptyDir' in volumes.find(v => v.name === slot.name);
  });
  holds('secrets are to be read by the group alone', () => pods(objects).every(pod => pod.spec.volumes.every(v => !v.projected || v.projected.defaultMode === 0o440)));
  holds('the test and the Job are no replicas: they have no slot to reclaim', () => pods(objects).filter(p => p.object.kind !== 'Deployment').every(p => p.spec.containers[0].env.every(e => e.name !== 'GROOMER_POD_UID')));
  holds('ports have their protocol, without which helm cannot apply twice', () => all(objects, 'Service').every(s => s.spec.ports.every(p => p.protocol === 'TCP')));
  holds('monitors leave groomer\'s own labels', () => [...all(objects, 'ServiceMonitor').flatMap(m => m.spec.endpoints), ...all(objects, 'PodMonitor').flatMap(m => m.spec.podMetricsEndpoints)].every(e => e.honorLabels === true && e.port === 'metrics'));
  holds('helm test validates online', () => one(objects, 'Pod').spec.containers[0].args.join(' ') === 'validate --online' && one(objects, 'Pod').metadata.annotations['helm.sh/hook'] === 'test');
  holds('nothing but the test is a hook', () => objects.filter(o => o.metadata.annotations?.['helm.sh/hook']).length === 1);
}
