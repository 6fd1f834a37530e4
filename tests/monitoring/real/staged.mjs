// An installation in which everything is wrong that the alerts know of, without any groomer: what its replicas would expose, and what
// they would have exposed in the last two hours.
import http from 'http';

const at = () => Math.floor(Date.now() / 1000);
const began = at();

// Of each pod, by path: what it says, `seconds` after its start.
const pods = {
  a: seconds => `
groomer_lock_held{lock="groomer"} 1
groomer_lock_term{lock="groomer"} 7
groomer_lock_held{lock="global"} 1
groomer_lock_term{lock="global"} 5
groomer_config_hash{hash="aaaa"} 1
groomer_tick_interval_seconds{job="groom"} 60
groomer_tick_last_success_timestamp_seconds{job="groom"} ${began - 7200}
groomer_lock_lost_total{lock="groomer",cause="expired"} ${Math.floor(Math.max(seconds, 0) / 10)}
groomer_backlog_issues{repo="o/r"} 5
groomer_issues_groomed_total{repo="o/r",outcome="applied"} 0
groomer_issues_groomed_total{repo="o/r",outcome="failed"} ${4 * Math.max(seconds, 0)}
groomer_tracker_rate_limit_limit{resource="core"} 5000
groomer_tracker_rate_limit_remaining{resource="core"} 10
groomer_tracker_rate_limit_reset_timestamp_seconds{resource="core"} ${began + 3600}
`,
  b: () => `
groomer_lock_held{lock="groomer"} 1
groomer_lock_term{lock="groomer"} 8
groomer_lock_held{lock="global"} 1
groomer_lock_term{lock="global"} 5
groomer_config_hash{hash="bbbb"} 1
`, // and no groomer_build_info anywhere
};

// Pods for Prometheus.scrape().
export async function expose(namespace) {
  const server = http.createServer((request, response) => {
    response.setHeader('Content-Type', 'text/plain; version=0.0.4');
    response.end(pods[request.url.slice(1)]?.(at() - began).trimStart() ?? '');
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  server.unref();
  return Object.keys(pods).map(pod => ({namespace, pod, port: server.address().port, path: `/${pod}`}));
}

// The gauges of pod a, each quarter of a minute, in the OpenMetrics format.
export function history(namespace) {
  const scraped = `namespace="${namespace}",pod="a",container="groomer",service="groomer",endpoint="metrics",instance="before"`;
  const lines = pods.a(-1).trim().split('\n').filter(line => !line.includes('_total')).flatMap(line => {
    const [series, value] = line.split(' ');
    const own = series.replace('{', `{${scraped}${series.includes('job="') ? '' : ',job="groomer"'},`);
    return Array.from({length: 480}, (_, i) => `${own} ${value} ${began - 7200 + 15 * i}`);
  });
  return `${lines.join('\n')}\n# EOF\n`;
}
