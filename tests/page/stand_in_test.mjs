// The page before a replica that is played: every state it can be in, every answer it can get.
import { readFileSync } from 'node:fs';
import { accessibilityFaults, launch, narrow, open, paintedWithin, scrollsSideways, wide } from './browser.mjs';
import { assert, check, eventually } from './checks.mjs';
import * as scenes from './scenes.mjs';
import { pagePath, standIn } from './stand_in.mjs';

const browser = await launch();
const token = 'let-me-in';

// A replica that shows a scene, and a page before it, closed whatever happens.
async function before(scene, options, body) {
  const stage = await standIn(scene);
  stage.answers['GET /api/groomer/runs/4711'] = [200, scenes.aRun()];
  let page;
  try {
    page = await open(browser, stage.url, { token, ...options });
    await body(page, stage);
  } finally {
    await page?.context().close();
    await stage.close();
  }
}

const text = (page, selector) => page.locator(selector).innerText();
const connection = (page, words) => eventually(async () => (await text(page, '#connection')) === words, 15);
const shows = (page) => page.locator('#now .sentence').waitFor();
const bodiesOf = (stage, name) => stage.asked.filter((one) => one.name === name).map((one) => JSON.parse(one.body));

// ------------------------------------------------------------------------------------------------------ size, safety

await check('it is one file of at most 60 KB that names no other host', () => {
  const page = readFileSync(pagePath, 'utf8');
  assert.ok(Buffer.byteLength(page) <= 60 * 1024, `${Buffer.byteLength(page)} bytes`);
  const addresses = page.match(/\bhttps?:\/\/[^\s'"/)]+/g).filter((one) => one !== 'http://www.w3.org'); // the namespace of SVG
  assert.deepEqual(addresses, []);
  for (const way of ['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'document.write', 'eval(', 'new Function'])
    assert.ok(!page.includes(way), way);
});

await check('the first paint is within 300 ms', () =>
  before(scenes.atWork, {}, (page, stage) => paintedWithin(browser, stage.url, token, 300)),
);

await check('an ordinary hour leaves no error, no violation of the policy, no request to another host', () =>
  before(scenes.atWork, {}, async (page, stage) => {
    await shows(page);
    stage.show(scenes.paused);
    await page.locator('.band.paused').waitFor();
    await page.locator('.decisions a.title').first().click();
    await page.locator('#run pre').waitFor({ state: 'attached' });
    await page.locator('#run a[href="#/"]').click();
    await page.locator('#now').waitFor();
    assert.deepEqual([page.faults, page.refused], [[], []]);
  }),
);

await check('hostile titles, labels and addresses are text', () => {
  const scene = () => {
    const status = scenes.atWork();
    status.decisions[0].after = scenes.hostileTitles.slice(0, 3);
    status.decisions[0].reason = status.backlog[0].repo = status.holds[1].holder = status.paused.by = scenes.hostileTitles[0];
    status.overrides[0].family = status.replicas[0].name = status.lock.holder = scenes.hostileTitles[1];
    return status;
  };
  return before(scene, {}, async (page) => {
    await shows(page);
    const titles = await page.locator('.decisions a.title').allTextContents();
    for (const title of scenes.hostileTitles) assert.ok(titles.includes(title), title);
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    assert.equal(await page.locator('main img, main script, main iframe, main foreignObject').count(), 0);
    assert.deepEqual(
      await page.locator('a').evaluateAll((links) => links.map((link) => link.protocol).filter((one) => !/^https?:$/.test(one))),
      [],
    );
    assert.equal(await page.locator('.decisions li').nth(1).locator('a').count(), 1); // the javascript: address is none
    assert.deepEqual(page.faults, []);
  });
});

// ----------------------------------------------------------------------------------------------------------- content

await check('it says what the status says', () =>
  before(scenes.atWork, {}, async (page, stage) => {
    await shows(page);
    const status = stage.status();
    assert.equal(await text(page, '#now .sentence'), `${status.lock.holder} is grooming.`);
    assert.match(await text(page, '#now'), /Open issues\s+1,430\s+Due\s+212/);
    assert.match(
      await text(page, '#backlog'),
      /lanternfish\/quill · 1,342 open, 212 due, oldest 3 d ago\s+type\s+212\s+410 d ago\s+priority\s+655/,
    );
    assert.match(await text(page, '#limits'), /Model, usd per day, for lanternfish\/quill\s+4.21 of 5\s+Tracker, core\s+289 of 5,000, reset in 30 min/);
    assert.match(await text(page, '#overrides'), /lanternfish\/quill\s+priority\s+7/);
    assert.equal(await page.locator('#replicas tbody tr').count(), 3);
    assert.equal(await page.locator('#ticks tbody tr').count(), 20);
    assert.equal(await page.locator('#decisions li').count(), 50);
    const first = page.locator('#decisions li').first();
    assert.deepEqual(await first.locator('del').allTextContents(), ['removed needs-triage']);
    assert.deepEqual(
      await first.locator('ins').allTextContents(),
      ['priority/p2', 'status/ready', 'type/bug'].map((label) => `added ${label}`),
    );
    assert.match(await first.innerText(), /like 4 issues that people labelled/);
  }),
);

await check('the timeline has each hold in the row and lane of its replica', () =>
  before(scenes.atWork, {}, async (page, stage) => {
    await shows(page);
    const { holds } = stage.status();
    const drawn = await page
      .locator('#holds g')
      .evaluateAll((groups) =>
        groups
          .filter((group) => group.querySelector('text.name'))
          .map((group) => [
            group.querySelector('text').textContent,
            [...group.querySelectorAll('rect')].map((bar) => bar.textContent.split(',')[0]),
            group.querySelectorAll('.sync').length,
            group.querySelectorAll('.cut').length,
          ]),
      );
    for (const [name, owners, syncs, cut] of drawn) {
      const own = holds.filter((hold) => hold.holder === name);
      assert.deepEqual(
        owners,
        own.map(() => name),
      );
      assert.equal(syncs, own.filter((hold) => hold.lock === 'global').length);
      assert.equal(cut, own.filter((hold) => hold.ended === 'lost').length);
    }
    assert.equal(await page.locator('#holds rect').count(), 50);
    assert.equal(await page.locator('#holds-table tbody tr').count(), 50);
  }),
);

await check('a hold that was lost nobody knows when is told without an end, and does not grow', () => {
  const scene = () => {
    const status = scenes.atWork();
    Object.assign(status.holds[40], { lock: 'groomer', until: null, ended: 'lost' });
    status.lock.until = null;
    return status;
  };
  return before(scene, {}, async (page) => {
    await shows(page);
    const bar = page.locator('#holds rect.cut').filter({ hasText: /\d\d:\d\d:\d\d, lost$/ });
    assert.equal(await bar.getAttribute('width'), '3.0');
    assert.equal(await page.locator('#holds-table tbody tr').nth(40).locator('td').last().textContent(), 'lost');
    assert.match(await text(page, '#now .facts'), /Lease until\s*not known/i);
  });
});

await check('the chart adds up to the counts, by source and outcome', () =>
  before(scenes.atWork, {}, async (page, stage) => {
    await shows(page);
    const { day } = stage.status();
    const sum = (counts) => counts.reduce((total, one) => total + one.count, 0);
    for (const source of ['local', 'model', 'rule']) {
      const figure = page.locator('#day figure', { has: page.getByText(source, { exact: true }) });
      const drawn = await figure
        .locator('rect')
        .evaluateAll((bars) =>
          bars.map((bar) => [
            Number(bar.textContent.match(/: (\d+) /)[1]),
            bar.textContent.split(' ').at(-1),
            Number(bar.getAttribute('height')),
          ]),
        );
      for (const kind of ['applied', 'noop', 'abstained', 'partial', 'failed', 'skipped']) {
        assert.equal(
          drawn.filter((one) => one[1] === kind).reduce((total, one) => total + one[0], 0),
          sum(day.filter((one) => one.source === source && one.outcome === kind)),
          `${source} ${kind}`,
        );
      }
      const tall = drawn.filter(([count]) => count >= 4).map(([count, , height]) => height / count);
      assert.ok(Math.max(...tall) / Math.min(...tall) < 1.02, 'heights are as the counts');
    }
  }),
);

await check('dry run, pause, a foreign holder and different modes cannot be overlooked', () =>
  before(scenes.dryRun, {}, async (page, stage) => {
    const band = (kind) => page.locator(`.band.${kind}`);
    await band('dry').waitFor();
    assert.match(await band('dry').innerText(), /DRY RUN.*nothing is written/i);
    assert.equal(await page.title(), 'Dry run · groomer');
    assert.equal(await page.locator('#decisions .outcome.dry').count(), 50);
    stage.show(scenes.paused);
    await band('paused').waitFor();
    assert.match(await band('paused').innerText(), /PAUSED.*since .* by groomer-7d9f8b6c5d-q2x4m/is);
    assert.equal(await page.title(), 'Paused · groomer');
    assert.equal(await band('dry').count(), 0);
    stage.show(() => ({ ...scenes.atWork(), lock: { ...scenes.atWork().lock, foreign: true, holder: null } }));
    await page.getByText('Another program holds the lock.').waitFor();
    stage.show(scenes.inTrouble);
    await page.getByText(/Nobody grooms, though it has been due for 15 min/).waitFor();
    await page.getByText('2 versions at once').waitFor();
    assert.match(await band('dry').innerText(), /PARTLY DRY RUN/i);
    assert.deepEqual(page.faults, []);
  }),
);

await check('a run has its digest, decisions, delta and steps', () =>
  before(scenes.atWork, { hash: '#/runs/4711' }, async (page) => {
    await page.locator('#run dl').waitFor();
    const run = scenes.aRun(),
      told = await page.locator('#run').textContent();
    for (const part of [
      run.contextDigest,
      run.revision,
      run.model,
      run.title,
      'a panic with steps to reproduce',
      '2,811, 214',
      '$0.00055',
      '97 %',
      'no answer: it was cut off',
      String(run.term),
    ])
      assert.ok(told.includes(part), part);
    assert.deepEqual(await page.locator('#run table').last().locator('tbody th').allInnerTexts(), [
      'label.add',
      'label.add',
      'label.add',
      'label.remove',
    ]);
    assert.deepEqual(JSON.parse(await page.locator('#run pre').textContent()), run.plan);
    assert.ok(await page.locator('#overview').isHidden());
    assert.equal(await page.evaluate(() => document.activeElement.id), 'run-head');
  }),
);

await check('a run that is not there says so; an address that is none shows the overview', () =>
  before(scenes.atWork, { hash: '#/runs/1' }, async (page) => {
    await page.locator('#run').getByText('There is nothing here.').waitFor();
    await page.evaluate(() => {
      location.hash = '#/runs/%zz';
    });
    await page.locator('#now').waitFor();
    assert.deepEqual(page.faults, []);
  }),
);

// ------------------------------------------------------------------------------------------------------------- token

await check('without the token nothing is shown and it is asked for; a wrong one is refused; the right one opens', () =>
  before(scenes.atWork, { token: null }, async (page, stage) => {
    const dialog = page.locator('#token-dialog');
    await dialog.waitFor();
    assert.equal(await page.locator('#decisions li').count(), 0);
    await new Promise((resolve) => setTimeout(resolve, 2500)); // as long as it would take to ask again
    assert.deepEqual([page.faults, page.refused, stage.asked.map((one) => one.name)], [[], [], ['GET /']]);
    await page.locator('#token').fill('wrong');
    await page.keyboard.press('Enter');
    await dialog.getByText('The token was refused.').waitFor();
    await page.locator('#token').fill(stage.token);
    await page.keyboard.press('Enter');
    await shows(page);
    await connection(page, 'live');
    assert.deepEqual(page.faults, []);
  }),
);

await check('the token is kept in this tab alone, and sent in the header alone', () =>
  before(scenes.atWork, { token: null }, async (page, stage) => {
    await page.locator('#token').fill(stage.token);
    await page.keyboard.press('Enter');
    await connection(page, 'live');
    assert.equal(await page.evaluate(() => localStorage.length), 0);
    assert.deepEqual(await page.context().cookies(), []);
    assert.deepEqual(
      stage.asked.filter((one) => one.name.includes(stage.token) || one.body.includes(stage.token)),
      [],
    );
    await page.getByRole('button', { name: 'Forget token' }).click();
    await page.locator('#token-dialog').waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.getItem('groomer-token')), null);
    assert.ok(await page.locator('#overview').isHidden());
  }),
);

await check('a public page shows the status without a token and asks for one to change something', () =>
  before(scenes.atWork, { token: null }, async (page, stage) => {
    await page.locator('#token-dialog').waitFor();
    stage.token = '';
    await page.reload();
    await shows(page);
    assert.ok(await page.locator('#token-dialog').isHidden());
    await page.locator('.decisions a.title').first().click();
    await page.locator('#token-dialog').getByText('A run is shown with the token only.').waitFor();
    assert.deepEqual([page.faults, page.refused], [[], []]);
    await page.keyboard.press('Escape');
    await page.locator('#run a[href="#/"]').click();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('#token').fill('any');
    await page.keyboard.press('Enter');
    await page.locator('#pause-dialog').waitFor();
  }),
);

// -------------------------------------------------------------------------------------------------------------- live

await check('news is shown as it comes, and the keyboard stays where it was', () =>
  before(scenes.atWork, {}, async (page, stage) => {
    await connection(page, 'live');
    const link = page.locator('.decisions a.title[href="#/runs/4700"]');
    await link.focus();
    stage.show(() => ({
      ...scenes.atWork(),
      decisions: [{ ...scenes.atWork().decisions[0], run: 9999, title: 'brand new' }, ...scenes.atWork().decisions.slice(0, 49)],
    }));
    await page.getByText('brand new').waitFor({ timeout: 2000 });
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('href')), '#/runs/4700');
    assert.equal(stage.asked.filter((one) => one.name === 'GET /api/events').length, 1);
  }),
);

await check('without a stream it asks every 5 s and says so', () =>
  before(scenes.atWork, { token: null }, async (page, stage) => {
    stage.streaming = false;
    stage.token = '';
    await page.reload();
    await connection(page, 'asking every 5 s');
    stage.status = scenes.paused;
    await page.locator('.band.paused').waitFor({ timeout: 8000 });
    stage.streaming = true;
    await eventually(async () => (await text(page, '#connection')) === 'live', 35);
  }),
);

await check('a replica that goes is told at once, with the age of what is shown; it comes back by itself', () =>
  before(scenes.atWork, {}, async (page, stage) => {
    await connection(page, 'live');
    await stage.close();
    await connection(page, 'connection lost');
    assert.match(
      await text(page, '.band.lost'),
      /CONNECTION LOST The replica does not answer\. What you see is of \d\d:\d\d:\d\d; trying again\./i,
    );
    assert.match(await text(page, '#age'), /data of \d\d:\d\d:\d\d, [\d.]+ m?s old/);
    assert.equal(await page.locator('#decisions li').count(), 50);
    assert.match(await text(page, '#now .sentence'), /^groomer-\S+ held the lock when this was last known\.$/);
    await stage.reopen();
    await eventually(async () => (await text(page, '#connection')) === 'live', 30);
    assert.equal(await page.locator('.band.lost').count(), 0);
    assert.deepEqual(page.faults, []);
  }),
);

await check(
  'a replica without database, told by the stream or by an answer: what is shown is marked as not up to date, until there is news',
  () =>
    before(scenes.atWork, {}, async (page, stage) => {
      const unavailable = { error: 'no_database', message: 'The database does not answer.' };
      const words = /NOT UP TO DATE The database does not answer\. What you see is of \d\d:\d\d:\d\d\./i;
      await connection(page, 'live');
      stage.tell('unavailable', unavailable);
      await connection(page, 'not up to date');
      assert.match(await text(page, '.band.lost'), words);
      stage.show(scenes.atWork);
      await connection(page, 'live');
      assert.equal(await page.locator('.band.lost').count(), 0);
      stage.answers['GET /api/status'] = [503, unavailable];
      stage.streaming = false;
      stage.cutStreams();
      await connection(page, 'not up to date');
      assert.match(await text(page, '.band.lost'), words);
    }),
);

await check('where no token is configured it says so, and asks for none', () =>
  before(scenes.atWork, { token: null }, async (page, stage) => {
    const message = 'No admin token is configured (http.admin_token_file), so that this is refused to all.';
    stage.takes = '';
    await page.reload();
    await page.locator('#nothing').getByText(message).waitFor();
    assert.ok(await page.locator('#token-dialog').isHidden());
    assert.deepEqual([page.faults, page.refused], [[], []]);
  }),
);

// ------------------------------------------------------------------------------------------------------- the buttons

const groomDialog = async (page) => {
  await shows(page);
  await page.getByRole('button', { name: 'Groom now' }).click();
  return page.locator('#run-dialog');
};
const runPath = 'POST /api/groomer/run';

await check('groom now sends what was asked for, and tells what was done', () =>
  before(scenes.atWork, {}, async (page, stage) => {
    stage.answers[runPath] = [
      200,
      {
        outcome: 'groomed',
        dryRun: true,
        results: [{ repo: 'lanternfish/quill', issue: 7, outcome: 'planned', reason: 'like others', added: ['type/bug'], removed: [] }],
      },
    ];
    const dialog = await groomDialog(page);
    await dialog.getByRole('button', { name: 'Groom', exact: true }).click();
    await dialog.getByText('1 issue groomed, as a dry run: nothing was written.').waitFor();
    assert.equal(await dialog.locator('output li').textContent(), 'lanternfish/quill#7 planned added type/bug');
    await page.getByLabel('Repository').selectOption('lanternfish/quill');
    await page.getByLabel('Issue number').fill('7');
    await page.getByLabel('Dry run').check();
    await page.getByLabel('Decide anew').check();
    await dialog.getByRole('button', { name: 'Groom', exact: true }).click();
    await eventually(() => bodiesOf(stage, runPath).length === 2);
    assert.deepEqual(bodiesOf(stage, runPath), [{}, { repoFullName: 'lanternfish/quill', issueNumber: 7, dryRun: true, force: true }]);
    assert.equal(stage.asked.find((one) => one.name === runPath).authorization, `Bearer ${token}`);
  }),
);

const refusals = [
  [
    409,
    { error: 'lock_held', holder: 'replica-3', since: new Date().toISOString(), until: new Date().toISOString() },
    /replica-3 holds the lock since \d\d:\d\d:\d\d, until \d\d:\d\d:\d\d if it does not renew/,
  ],
  [409, { error: 'lock_held', message: 'Somebody works already.', holder: null, since: null, until: new Date().toISOString() }, /another program holds the lock, until \d/],
  [409, { error: 'lock_held', message: 'Somebody works already.', holder: null, since: null, until: null }, /Somebody works already\.$/],
  [409, { error: 'paused', message: 'Grooming is paused.' }, /paused: resume it first/],
  [429, { error: 'too_many', message: 'Slowly.' }, /try again in 17 s/, { 'Retry-After': '17' }],
  [404, { error: 'not_found', message: 'There is no issue 7.' }, /There is no issue 7/],
  [503, { error: 'unavailable', message: 'Shutting down.' }, /Shutting down/],
  [500, null, /answered with status 500/],
];
await check('every refusal is said: 409 with who holds it, 409 paused, 429 with when, 404, 503, 500', () =>
  before(scenes.atWork, {}, async (page, stage) => {
    const dialog = await groomDialog(page);
    for (const [status, body, words, headers] of refusals) {
      stage.answers[runPath] = [status, body, headers];
      await dialog.getByRole('button', { name: 'Groom', exact: true }).click();
      await dialog.locator('output .refused').filter({ hasText: words }).waitFor({ timeout: 5000 });
    }
    assert.deepEqual(page.faults, []);
  }),
);

await check('a token that is refused by an action is asked for again', () =>
  before(scenes.atWork, {}, async (page, stage) => {
    stage.answers['POST /api/groomer/pause'] = [401, { error: 'unauthorized', message: 'No.' }];
    await shows(page);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('#pause-do').click();
    await page.locator('#token-dialog').getByText('The token was refused.').waitFor();
  }),
);

await check('an action without an answer is not called done', () =>
  before(scenes.atWork, {}, async (page, stage) => {
    const dialog = await groomDialog(page);
    await stage.close();
    await dialog.getByRole('button', { name: 'Groom', exact: true }).click();
    await dialog.getByText(/does not answer\. Whether it was done is not known/).waitFor();
    await stage.reopen();
  }),
);

await check('pause and resume ask first, and say what happened', () =>
  before(scenes.atWork, {}, async (page, stage) => {
    for (const [action, next, words] of [
      ['pause', scenes.paused, /^Paused\. /],
      ['resume', scenes.atWork, /^Resumed\. /],
    ]) {
      stage.answers[`POST /api/groomer/${action}`] = [200, { paused: action === 'pause' }];
      await shows(page);
      await page.locator('#open-pause').click();
      assert.equal(bodiesOf(stage, `POST /api/groomer/${action}`).length, 0);
      await page.locator('#pause-do').click();
      await page.locator('#pause-said').getByText(words).waitFor();
      stage.show(next);
      await eventually(async () => (await page.locator('.band.paused').count()) === (action === 'pause' ? 1 : 0));
      await page.locator('#pause-dialog').getByRole('button', { name: 'Close' }).click();
    }
  }),
);

// ---------------------------------------------------------------------------------------------- for every eye and hand

const looks = [
  ['atWork', 'light', wide],
  ['atWork', 'dark', narrow],
  ['dryRun', 'dark', wide],
  ['dryRun', 'light', narrow],
  ['paused', 'light', wide],
  ['paused', 'dark', narrow],
  ['inTrouble', 'light', wide],
  ['inTrouble', 'dark', wide],
  ['empty', 'light', narrow],
];
// Of each list the first few: the others look alike, and axe takes its time.
const few = (scene) => () => {
  const status = scene();
  for (const list of ['holds', 'ticks', 'day', 'decisions']) status[list] = status[list].slice(0, 12);
  return status;
};
for (const [name, colorScheme, viewport] of looks) {
  await check(`${name}, ${colorScheme}, ${viewport.width} wide: contrast, names, roles, headings, tables; nothing to scroll sideways`, () =>
    before(few(scenes[name]), { colorScheme, viewport }, async (page) => {
      await shows(page);
      for (const details of await page.locator('details').all())
        await details.evaluate((one) => {
          one.open = true;
        });
      assert.deepEqual(await accessibilityFaults(page), []);
      assert.equal(await scrollsSideways(page), false);
    }),
  );
}

await check('a run and each dialog, too', async () => {
  for (const colorScheme of ['light', 'dark']) {
    await before(few(scenes.atWork), { colorScheme, viewport: narrow, hash: '#/runs/4711' }, async (page) => {
      await page.locator('#run dl').waitFor();
      assert.deepEqual(await accessibilityFaults(page), []);
      assert.equal(await scrollsSideways(page), false);
      for (const button of ['#open-run', '#open-pause']) {
        await page.locator(button).click();
        await page.locator('dialog[open]').waitFor();
        assert.deepEqual(await accessibilityFaults(page), []);
        await page.keyboard.press('Escape');
      }
      await page.locator('#open-token').click();
      await page.locator('#token-dialog').waitFor();
      assert.deepEqual(await accessibilityFaults(page), []);
    });
  }
});

await check('by the keyboard alone: the skip link, a dialog and back', () =>
  before(scenes.atWork, {}, async (page) => {
    await shows(page);
    const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.className);
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'skip');
    assert.ok((await page.locator('.skip').boundingBox()).y >= 0, 'it is seen');
    await page.keyboard.press('Enter');
    assert.equal(await focused(), 'main');
    assert.equal(await page.evaluate(() => location.hash), '');
    await page.locator('#open-token').focus();
    await page.keyboard.press('Shift+Tab');
    assert.equal(await focused(), 'open-pause');
    assert.notEqual(await page.locator('#open-pause').evaluate((one) => getComputedStyle(one).outlineStyle), 'none');
    await page.keyboard.press('Enter');
    await page.locator('#pause-dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('#pause-dialog').waitFor({ state: 'hidden' });
    assert.equal(await focused(), 'open-pause');
  }),
);

await check('nothing moves for who wants no motion; dark is dark and light is light', async () => {
  const grounds = [];
  for (const colorScheme of ['light', 'dark']) {
    await before(scenes.atWork, { colorScheme, reducedMotion: 'reduce' }, async (page) => {
      await connection(page, 'live');
      assert.equal(await page.locator('#connection').evaluate((one) => getComputedStyle(one, '::before').animationName), 'none');
      grounds.push(await page.evaluate(() => Number(getComputedStyle(document.documentElement).backgroundColor.match(/\d+/)[0])));
    });
  }
  assert.ok(grounds[0] > 200 && grounds[1] < 50, `${grounds}`);
});

await browser.close();
