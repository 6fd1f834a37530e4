// Statuses as a replica tells them. `now` is when the scene is asked for, so that ages are the same in each run.

const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();
const replicas = ['groomer-7d9f8b6c5d-q2x4m', 'groomer-7d9f8b6c5d-tk8vw', 'groomer-7d9f8b6c5d-zz1pl'];
const repo = 'lanternfish/quill';

// Titles are strangers' texts. If any of these runs, window.pwned is set, or something is asked of another host.
export const hostileTitles = [
  '<img src=x onerror="window.pwned=1">',
  '<script>window.pwned=1</script>',
  '"><svg onload=window.pwned=1>',
  '{{constructor.constructor("window.pwned=1")()}}',
  '\u202egnp.exe \u2066mirrored',
  'a'.repeat(300),
];
const titles = [
  '`quill find` panics when a note has a Windows-1252 byte in it',
  'Sync deletes a note that was renamed on both sides',
  'Dark theme for the preview',
  'How do I keep attachments out of the index?',
  'Search is slow with 40,000 notes',
  ...hostileTitles,
];

function hold(index) {
  const since = 40 + index * 58;
  const sync = index % 6 === 5;
  return {
    lock: sync ? 'global' : 'groomer',
    term: 1795730000000000 - index * 1000,
    holder: replicas[(index * 7 + (index >> 2)) % 3],
    since: ago(since),
    until: ago(since - (index === 9 ? 21 : 2 + (index % 4) * 3.1)),
    ended: index === 9 ? 'lost' : 'finished',
  };
}

const outcomes = ['applied', 'applied', 'noop', 'abstained', 'applied', 'partial', 'failed'];
function decision(index) {
  const outcome = outcomes[index % outcomes.length];
  const changes = outcome !== 'noop' && outcome !== 'abstained';
  return {
    run: 4711 - index,
    repo,
    issue: 103 - index,
    title: titles[index % titles.length],
    url: index === 1 ? 'javascript:window.pwned=1' : `https://github.com/${repo}/issues/${103 - index}`,
    at: ago(12 + index * 37),
    outcome,
    dryRun: false,
    before: index % 3 ? ['needs-triage'] : ['area/search', 'needs-triage'],
    after: changes
      ? [...(index % 3 ? [] : ['area/search']), 'priority/p2', 'status/ready', 'type/bug']
      : index % 3
        ? ['needs-triage']
        : ['area/search', 'needs-triage'],
    source: ['local', 'model', 'rule'][index % 3],
    reason: outcome === 'abstained' ? 'type: 0.62 is less than 0.90' : 'like 4 issues that people labelled type/bug',
  };
}

function day() {
  const counts = [];
  for (let hour = 0; hour < 24; hour++) {
    for (const [source, most] of [
      ['local', 40],
      ['model', 26],
      ['rule', 12],
    ]) {
      for (const [outcome, part] of [
        ['applied', 0.5],
        ['noop', 0.25],
        ['abstained', 0.2],
        ['partial', hour === 5 ? 0.2 : 0],
        ['failed', hour === 5 ? 0.2 : 0],
        ['skipped', hour === 8 ? 0.3 : 0],
      ]) {
        const count = Math.round(most * part * (1 + Math.sin(hour * 1.7 + most)) * 0.5);
        if (count) counts.push({ hour: new Date(Math.floor(Date.now() / 3600000 - hour) * 3600000).toISOString(), source, outcome, count });
      }
    }
  }
  return counts;
}

// An installation at work, without anything of note.
export function atWork() {
  return {
    version: '0.1.0',
    replica: replicas[1],
    now: ago(0),
    mode: 'apply',
    page: 'token',
    paused: { paused: false, since: null, by: null },
    lock: { held: true, holder: replicas[0], term: 1795730001234567, since: ago(9), until: ago(-4), mine: false, foreign: false },
    schedule: { groomEverySeconds: 60, syncEverySeconds: 300, nextGroom: ago(-51), nextSync: ago(-222) },
    holds: [
      { lock: 'groomer', term: 1795730001234567, holder: replicas[0], since: ago(9), until: ago(-4), ended: null },
      ...Array.from({ length: 49 }, (_, i) => hold(i)),
    ],
    ticks: Array.from({ length: 20 }, (_, i) => ({
      job: i % 6 === 5 ? 'sync' : 'groom',
      replica: replicas[i % 3],
      term: 1795730000000000 - i,
      at: ago(40 + i * 58),
      seconds: 0.4 + (i % 5) * 1.7,
      outcome: i === 7 ? 'aborted' : i % 3 ? 'done' : 'nothing_to_do',
      issues: i % 3 ? 50 : 0,
    })),
    backlog: [
      {
        repo,
        open: 1342,
        due: 212,
        oldest: ago(86400 * 3),
        families: [
          { family: 'type', undecided: 212, oldest: ago(86400 * 410) },
          { family: 'priority', undecided: 655, oldest: ago(86400 * 700) },
          { family: 'status', undecided: 90, oldest: ago(86400 * 12) },
        ],
      },
      {
        repo: 'lanternfish/quill-mobile',
        open: 88,
        due: 0,
        oldest: null,
        families: [
          { family: 'type', undecided: 4, oldest: ago(86400 * 33) },
          { family: 'priority', undecided: 31, oldest: ago(86400 * 60) },
          { family: 'status', undecided: 0, oldest: null },
        ],
      },
    ],
    day: day(),
    decisions: Array.from({ length: 50 }, (_, i) => decision(i)),
    overrides: [
      { repo, family: 'priority', count: 7 },
      { repo, family: 'type', count: 2 },
    ],
    budgets: [
      { window: 'day', unit: 'tokens', used: 1234567, limit: 2000000, repos: null },
      { window: 'day', unit: 'usd', used: 4.21, limit: 5, repos: [repo] },
    ],
    quotas: [{ resource: 'core', remaining: 4711, limit: 5000, reset: ago(-1800) }],
    replicas: replicas.map((name, i) => ({ name, version: '0.1.0', since: ago(86400 + i * 3600) })),
  };
}

export const dryRun = () => ({
  ...atWork(),
  mode: 'dry-run',
  decisions: atWork().decisions.map((one) => ({ ...one, dryRun: true, outcome: 'planned' })),
});
export const paused = () => ({
  ...atWork(),
  paused: { paused: true, since: ago(600), by: 'groomer-7d9f8b6c5d-q2x4m' },
  lock: { ...atWork().lock, held: false, holder: null, since: null, until: null },
});
export const empty = () => ({
  ...atWork(),
  lock: { held: false, holder: null, term: null, since: null, until: null, mine: false, foreign: false },
  schedule: { groomEverySeconds: 60, syncEverySeconds: 300, nextGroom: null, nextSync: null },
  holds: [],
  ticks: [],
  backlog: [],
  day: [],
  decisions: [],
  overrides: [],
  budgets: [],
  quotas: [],
  replicas: [],
});
export const inTrouble = () => ({
  ...atWork(),
  mode: 'mixed',
  lock: { ...atWork().lock, held: false, holder: null, since: null, until: null },
  schedule: { ...atWork().schedule, nextGroom: ago(900) },
  quotas: [{ resource: 'core', remaining: 20, limit: 5000, reset: ago(-60) }],
  replicas: atWork().replicas.map((one, i) => ({ ...one, version: i ? '0.1.0' : '0.2.0' })),
});

export const aRun = () => ({
  id: 4711,
  repo,
  issue: 103,
  title: hostileTitles[0],
  url: `https://github.com/${repo}/issues/103`,
  at: ago(12),
  outcome: 'applied',
  dryRun: false,
  source: 'model',
  before: ['needs-triage'],
  after: ['priority/p2', 'status/ready', 'type/bug'],
  reason: 'It names the steps and the panic.',
  revision: 'a3f1'.repeat(16),
  replica: replicas[0],
  term: 1795730001234567,
  seconds: 2.31,
  model: 'openai gpt-4o-mini',
  promptVersion: 'prompt-3',
  contextDigest: '9c02'.repeat(16),
  tokens: { input: 2811, output: 214 },
  costUsd: 0.00055,
  plan: {
    decisions: [
      { family: 'type', value: 'type/bug', confidence: 0.97, source: 'model', reason: 'a panic with steps to reproduce' },
      { family: 'priority', value: 'priority/p2', confidence: 0.71, source: 'model', reason: 'a work-around is named' },
      { family: 'status', value: 'status/ready', confidence: 1, source: 'rule', reason: 'nothing is missing' },
    ],
    gaps: [],
    summary: 'Search panics at a byte that is not UTF-8.',
  },
  validation: { fallback: null, flaws: ['no answer: it was cut off'] },
  overridden: [],
  undoneBy: null,
  delta: { add: ['priority/p2', 'status/ready', 'type/bug'], remove: ['needs-triage'] },
  steps: [
    { op: 'label.add', label: 'priority/p2', result: 'done', detail: null, at: ago(11) },
    { op: 'label.add', label: 'status/ready', result: 'done', detail: null, at: ago(11) },
    { op: 'label.add', label: 'type/bug', result: 'done', detail: null, at: ago(11) },
    { op: 'label.remove', label: 'needs-triage', result: 'done', detail: null, at: ago(10) },
  ],
});
