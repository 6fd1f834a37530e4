// The dashboard, as Grafana imports it. After a change: node deploy/grafana/dashboard.mjs >charts/groomer/files/dashboard.json
// (tests/monitoring/run compares the two, and asks a real Prometheus every question that stands here).

const datasource = {type: 'prometheus', uid: '$datasource'};
const here = 'namespace="$namespace"';
const repo = `${here}, repo=~"$repo"`;
const rate = (metric, labels = here) => `rate(groomer_${metric}{${labels}}[$__rate_interval])`;
const quantile = (q, by, histogram) => `histogram_quantile(${q}, sum by (${[...by, 'le'].join(', ')}) (${rate(`${histogram}_bucket`)}))`;
// What a pod says, once, though it may be scraped twice.
const ofPods = (metric, ...by) => `max by (${['pod', ...by].join(', ')}) (${metric}{${here}})`;

const sinceTick = `time() - max by (job) (groomer_tick_last_success_timestamp_seconds{${here}} > 0)`;

let id = 0;
const targets = list => list.map(([expr, legendFormat], i) => ({refId: String.fromCharCode(65 + i), datasource, expr, legendFormat}));
const steps = (...above) => ({mode: 'absolute', steps: above.map(([color, value]) => ({color, value}))});

// Where the types of @grafana/schema want a member of an enum, no JSON will do; the values of overrides are free.
const enums = new Set(['thresholds', 'mappings', 'color']);
const fieldConfig = defaults => {
  const properties = Object.entries(defaults).filter(([key]) => enums.has(key)).map(([key, value]) => ({id: key, value}));
  return {
    defaults: Object.fromEntries(Object.entries(defaults).filter(([key]) => !enums.has(key))),
    overrides: properties.length ? [{matcher: {id: 'byRegexp', options: '.*'}, properties}] : [],
  };
};

// w: of 24 columns. more: what this panel has that others do not.
const panel = (type, w, title, description, unit, list, defaults = {}, options = {}, more = {}) => ({
  id: ++id, type, title, description, datasource, gridPos: {w, h: 8}, targets: targets(list),
  fieldConfig: fieldConfig({unit, ...defaults}), options, ...more,
});
const graph = (w, title, description, unit, list, defaults = {}) => panel('timeseries', w, title, description, unit, list,
  {min: 0, custom: {fillOpacity: 10, showPoints: 'never'}, ...defaults},
  {legend: {displayMode: 'list', placement: 'bottom', showLegend: true, calcs: []}, tooltip: {mode: 'multi', sort: 'desc'}});
const stat = (w, title, description, unit, list, defaults = {}, more = {}) => {
  const made = panel('stat', w, title, description, unit, list, {noValue: '–', ...defaults}, {
    reduceOptions: {calcs: ['lastNotNull'], fields: '', values: false}, colorMode: 'value', graphMode: 'none', justifyMode: 'auto',
    orientation: 'auto', textMode: 'auto', wideLayout: true, showPercentChange: false, percentChangeColorMode: 'standard',
  }, more);
  made.targets.forEach(target => Object.assign(target, {instant: true, range: false}));
  return made;
};
const row = title => ({id: ++id, type: 'row', title, collapsed: false, gridPos: {w: 24, h: 1}, panels: []});
const map = values => [{type: 'value', options: Object.fromEntries(Object.entries(values).map(([value, [text, color]], index) => [value, {text, color, index}]))}];

const panels = [
  row('Lock'),
  panel('state-timeline', 16, 'Who held the lock', 'What each replica said of itself, at each scrape. Short holds slip between two scrapes: see the holds a minute.', 'none',
    [[ofPods('groomer_lock_held', 'lock'), '{{lock}} {{pod}}']],
    {color: {mode: 'thresholds'}, thresholds: steps(['transparent', null], ['green', 1]), mappings: map({0: ['–', 'transparent'], 1: ['held', 'green']}), custom: {fillOpacity: 70, lineWidth: 0}},
    {mergeValues: true, showValue: 'never', alignValue: 'left', rowHeight: 0.8, legend: {displayMode: 'list', placement: 'bottom', showLegend: false, calcs: []}, tooltip: {mode: 'single', sort: 'none'}}),
  stat(4, 'Holders now', 'Of each lock, at most 1; 2 for a moment where a hand-over falls between two scrapes.', 'none',
    [[`sum by (lock) (${ofPods('groomer_lock_held', 'lock')})`, '{{lock}}']], {thresholds: steps(['green', null], ['red', 2])}),
  stat(4, 'Paused', 'For the whole installation, as the replicas saw it at their last look.', 'none',
    [[`max(groomer_paused{${here}})`, 'paused']], {mappings: map({0: ['no', 'green'], 1: ['paused', 'orange']})}),
  graph(8, 'Contention', 'Of the times that a replica wanted the row, how often it found it held by another. Near 1 where many replicas are idle; that costs nothing.', 'percentunit',
    [[`sum by (lock) (${rate('lock_contention_total')}) / (sum by (lock) (${rate('lock_contention_total')}) + sum by (lock) (${rate('lock_acquisitions_total')}))`, '{{lock}}']], {max: 1}),
  graph(8, 'Holds a minute', 'Wins of each lock, by pod.', 'short',
    [[`60 * sum by (pod, lock) (${rate('lock_acquisitions_total')})`, '{{lock}} {{pod}}']]),
  graph(8, 'Hand-over, p99', 'From free, or from the holder\'s death, to held, by the database\'s clock. expired: about a ttl.', 's',
    [[quantile(0.99, ['kind'], 'lock_handover_seconds'), '{{kind}}']]),
  graph(8, 'Lease left at a renewal, p1', 'The hundredth part of renewals is confirmed with less than this left. Under a tenth of the ttl is too little.', 's',
    [[quantile(0.01, ['lock'], 'lock_lease_margin_seconds'), '{{lock}}'], [`0.1 * max by (lock) (groomer_lock_ttl_seconds{${here}})`, 'too little: {{lock}}']]),
  graph(8, 'Hold time', 'From acquired to released.', 's',
    [[quantile(0.5, ['lock'], 'lock_hold_seconds'), '{{lock}} p50'], [quantile(0.95, ['lock'], 'lock_hold_seconds'), '{{lock}} p95']]),
  graph(8, 'Holds lost, writes refused', 'Within the interval. Both are 0 unless a holder was paused, cut off or too slow.', 'short',
    [[`sum by (lock, cause) (increase(groomer_lock_lost_total{${here}}[$__rate_interval]))`, '{{lock}} lost: {{cause}}'],
      [`sum by (target) (increase(groomer_fenced_writes_total{${here}}[$__rate_interval]))`, 'refused: {{target}}']]),

  row('Ticks and backlog'),
  graph(8, 'Ticks a minute', 'By outcome, over all replicas. aborted: the hold or the time was over before the tick was.', 'short',
    [[`60 * sum by (job, outcome) (${rate('ticks_total')})`, '{{job}} {{outcome}}']]),
  stat(3, 'Since the last good tick', 'Of any replica.', 's', [[sinceTick, '{{job}}']]),
  stat(3, 'Of what may be since then', 'Three intervals and ten minutes may pass, as the replicas are configured; after that TicksStopped fires.', 'percentunit',
    [[`(${sinceTick}) / (3 * max by (job) (groomer_tick_interval_seconds{${here}}) + 600)`, '{{job}}']], {thresholds: steps(['green', null], ['orange', 0.5], ['red', 1])}),
  graph(5, 'Backlog', 'Open issues that are due, as the replica says that ticked last.', 'short',
    [[`max by (repo) (groomer_backlog_issues{${repo}})`, '{{repo}}']]),
  graph(5, 'Oldest in the backlog', 'For how long the oldest of them has been due.', 's',
    [[`time() - max by (repo) (groomer_backlog_oldest_timestamp_seconds{${repo}} > 0)`, '{{repo}}']]),

  row('Decisions'),
  graph(8, 'Decisions an hour', 'On one family of labels of one issue, by who decided and what came of it.', 'short',
    [[`3600 * sum by (source, outcome) (${rate('decisions_total')})`, '{{source}} {{outcome}}']]),
  graph(8, 'Issues an hour', 'That ticks took in hand, by outcome.', 'short',
    [[`3600 * sum by (outcome) (${rate('issues_groomed_total', repo)})`, '{{outcome}}']]),
  graph(4, 'Issue, p95', 'One issue, from selection to done.', 's', [[quantile(0.95, [], 'issue_duration_seconds'), 'p95']]),
  stat(4, 'Changed by people later', 'Of the labels that were set in the time shown, how many a person has changed since.', 'percentunit',
    [[`sum(increase(groomer_human_overrides_total{${here}}[$__range])) / sum(increase(groomer_decisions_total{${here}, outcome="set"}[$__range]))`, 'changed']]),

  row('Language model'),
  graph(6, 'Model, p95', 'One request. Empty where only the local model decides, like all of this row but the budget.', 's',
    [[quantile(0.95, ['model'], 'model_request_duration_seconds'), '{{model}}']]),
  graph(6, 'Tokens an hour', 'As the answers told them.', 'short',
    [[`3600 * sum by (model, kind) (${rate('model_tokens_total')})`, '{{model}} {{kind}}']]),
  stat(3, 'Dollars today', 'By model.prices. Since midnight of the dashboard\'s time zone; the budget\'s day is UTC.', 'currencyUSD',
    [[`sum(increase(groomer_model_cost_usd_total{${here}}[$__range]))`, 'today']], {decimals: 2}, {timeFrom: 'now/d'}),
  stat(3, 'Budget left', 'Of the tightest budget; 1 where there is none.', 'percentunit',
    [[`min by (window) (groomer_model_budget_remaining_ratio{${here}})`, '{{window}}']], {thresholds: steps(['red', null], ['orange', 0.05], ['green', 0.2])}),
  graph(6, 'Requests and answers of no use', 'A minute, by class of status; and those answers that could not be used, by what was wrong.', 'short',
    [[`60 * sum by (code) (${rate('model_requests_total')})`, '{{code}}'], [`60 * sum by (reason) (${rate('model_invalid_responses_total')}) > 0`, 'of no use: {{reason}}']]),

  row('Tracker and database'),
  graph(8, 'Tracker: quota left', 'Of the replica that asked last, until its reset.', 'percentunit',
    [[`min by (resource) (groomer_tracker_rate_limit_remaining{${here}} / groomer_tracker_rate_limit_limit{${here}} and groomer_tracker_rate_limit_reset_timestamp_seconds{${here}} > time())`, '{{resource}}']], {max: 1}),
  graph(8, 'Tracker: requests a minute', 'By class of status; ok and error are those of files, none is no answer at all.', 'short',
    [[`60 * sum by (method, code) (${rate('tracker_requests_total')})`, '{{method}} {{code}}']]),
  graph(8, 'Database: statements, p99', 'All statements of a replica.', 's', [[quantile(0.99, ['pod'], 'db_query_duration_seconds'), '{{pod}}']]),

  row('Replicas'),
  stat(6, 'Versions', 'Replicas by what they run; more than one during a roll-out.', 'none',
    [[`count by (version, revision) (${ofPods('groomer_build_info', 'version', 'revision')})`, '{{version}} {{revision}}']]),
  stat(6, 'Configuration', 'Whether each replica could take the file as it is now.', 'none',
    [[`min by (pod) (groomer_config_last_reload_successful{${here}})`, '{{pod}}']], {mappings: map({0: ['refused', 'red'], 1: ['taken', 'green']})}),
  stat(4, 'Configurations in force', 'More than one: replicas do not agree.', 'none',
    [[`count(count by (hash) (groomer_config_hash{${here}}))`, 'different']], {thresholds: steps(['green', null], ['red', 2])}),
  graph(4, 'Memory', 'Resident.', 'bytes', [[`max by (pod) (process_resident_memory_bytes{${here}} and on (namespace, pod) groomer_build_info)`, '{{pod}}']]),
  graph(4, 'Lag of the event loop, p99', 'How late it ran what was due: a starved or paused process.', 's', [[quantile(0.99, ['pod'], 'loop_lag_seconds'), '{{pod}}']]),
];

// From left to right, a new line where the 24 columns are full, or a row begins.
let x = 0, y = 0, lineHeight = 0;
for (const {gridPos, type} of panels) {
  if (x + gridPos.w > 24 || type === 'row') [x, y, lineHeight] = [0, y + lineHeight, 0];
  Object.assign(gridPos, {x, y});
  x += gridPos.w;
  lineHeight = Math.max(lineHeight, gridPos.h);
}

const variable = (name, label, query, more) => ({
  type: 'query', name, label, datasource: {type: 'prometheus', uid: '$datasource'},
  query: {qryType: 1, query, refId: 'PrometheusVariableQueryEditor-VariableQuery'},
  refresh: 2, sort: 1, hide: 0, ...more,
});
const dashboard = {
  uid: 'groomer', title: 'groomer', description: 'The lock, ticks, decisions and upstreams of groomer. Alerts and runbooks: docs/runbooks.',
  tags: ['groomer'], schemaVersion: 39, version: 1, editable: true, timezone: 'browser', graphTooltip: 1, refresh: '30s',
  time: {from: 'now-6h', to: 'now'}, annotations: {list: []}, links: [],
  templating: {list: [
    {type: 'datasource', name: 'datasource', label: 'Data source', query: 'prometheus', refresh: 1, hide: 0, multi: false, includeAll: false},
    variable('namespace', 'Namespace', 'label_values(groomer_build_info, namespace)', {multi: false, includeAll: false}),
    variable('repo', 'Repository', `label_values(groomer_issues_groomed_total{${here}}, repo)`,
      {multi: true, includeAll: true, allValue: '.*', current: {text: ['All'], value: ['$__all']}}),
  ]},
  panels,
};
console.log(JSON.stringify(dashboard, null, 1));
