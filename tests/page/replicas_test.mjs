// The page before real replicas: what it shows is what the database has, on whichever replica it is looked at.
import { readFileSync } from 'node:fs';
import { accessibilityFaults, launch, narrow, open, paintedWithin, scrollsSideways } from './browser.mjs';
import { assert, check, eventually } from './checks.mjs';
import { installation, token } from './replicas.mjs';
import { hostileTitles } from './scenes.mjs';
import { pagePath } from './stand_in.mjs';

const names = ['replica-1', 'replica-2', 'replica-3'];
const groomer = installation(hostileTitles);
process.on('SIGTERM', () => {
  groomer.close().finally(() => process.exit(143));
});
const browser = await launch();

const before = async (options, body) => {
  const page = await open(browser, groomer.url('replica-1'), { token, ...options });
  try {
    await body(page);
  } finally {
    await page.context().close();
  }
};
const text = (page, selector) => page.locator(selector).innerText();
const connection = (page, words, seconds = 20) => eventually(async () => (await text(page, '#connection')) === words, seconds);
const pending = () => Number(groomer.sql('SELECT pending FROM groomer.progress'));
const count = (sql) => Number(groomer.sql(sql));
const clean = (page) => assert.deepEqual([page.faults, page.refused], [[], []]);

// What the page shows and the database says, asked until both are of one moment.
const agrees = (page, shown, sql, seconds) =>
  eventually(async () => {
    const said = groomer.sql(sql),
      seen = await shown(page);
    assert.equal(String(seen), said, sql);
    return true;
  }, seconds);

const openRuns = 'SELECT count(*) FROM groomer.run';

async function content() {
  await check('three replicas groom a backlog; the page follows it live until nothing is left', () =>
    before({}, async (page) => {
      await connection(page, 'live');
      await eventually(() => groomer.sql('SELECT synced FROM groomer.progress') === 't' && pending() === 0, 120);
      await agrees(page, (p) => p.locator('#decisions li').count(), `SELECT least(50, count(*)) FROM groomer.run`);
      await agrees(
        page,
        (p) => p.locator('#replicas tbody tr').count(),
        "SELECT count(DISTINCT application_name) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'groomer/%'",
      );
      clean(page);
    }),
  );

  for (const name of names) {
    await check(`${name} shows what the database has: backlog, decisions, holds, the day`, async () => {
      const page = await open(browser, groomer.url(name), { token });
      await connection(page, 'live');
      assert.match(await text(page, '#who'), new RegExp(`^${name} · version `));
      await agrees(
        page,
        async (p) => (await text(p, '#backlog tbody th.group')).match(/([\d,]+) open/)[1].replace(',', ''),
        'SELECT count(*) FROM groomer.issue WHERE open AND NOT gone',
      );
      await agrees(
        page,
        (p) => p.locator('#decisions a.title').first().getAttribute('href'),
        "SELECT '#/runs/' || max(id) FROM groomer.run",
      );
      await agrees(
        page,
        async (p) => (await p.locator('#decisions a.title').allTextContents()).join('\n'),
        "SELECT string_agg(title, E'\\n' ORDER BY id DESC) FROM (SELECT r.id, i.title FROM groomer.run r JOIN groomer.issue i ON i.id = r.issue_id ORDER BY r.id DESC LIMIT 50) x",
      );
      await agrees(page, async (p) => await p.locator('#holds-table tbody tr').count(), 'SELECT least(50, count(*)) FROM groomer.hold');
      await agrees(
        page,
        async (p) =>
          (await p.locator('#day figcaption').allTextContents()).reduce(
            (sum, one) => sum + Number(one.split(' · ')[1].replaceAll(',', '')),
            0,
          ),
        "SELECT count(*) FROM groomer.run WHERE at > now() - interval '24 hours'",
      );
      clean(page);
      await page.context().close();
    });
  }

  await check('the labels before and after, and the reason, are those of the run', () =>
    before({}, async (page) => {
      await page.locator('#decisions li').first().waitFor();
      const rows = await page.locator('#decisions li').evaluateAll((items) =>
        items.slice(0, 10).map((item) => ({
          id: item.querySelector('a.title').hash.split('/').at(-1),
          added: [...item.querySelectorAll('ins bdi')].map((one) => one.textContent).sort(),
          removed: [...item.querySelectorAll('del bdi')].map((one) => one.textContent).sort(),
          reason: item.querySelector('.why bdi').textContent,
        })),
      );
      for (const { id, ...shown } of rows) {
        const stored = JSON.parse(
          groomer.sql(`SELECT json_build_object('added', added, 'removed', removed, 'reason', reason) FROM groomer.run WHERE id = ${id}`),
        );
        assert.deepEqual(shown, { added: stored.added.sort(), removed: stored.removed.sort(), reason: stored.reason });
      }
      assert.ok(
        rows.some((row) => row.added.length),
        'some label was set',
      );
    }),
  );

  await check('hostile titles of the backlog are text', () =>
    before({}, async (page) => {
      await page.locator('#decisions li').first().waitFor();
      const stored = groomer.sql('SELECT count(*) FROM groomer.issue WHERE number >= 9000');
      assert.equal(Number(stored), hostileTitles.length);
      for (const run of groomer
        .sql('SELECT max(r.id) FROM groomer.run r JOIN groomer.issue i ON i.id = r.issue_id WHERE i.number >= 9000 GROUP BY i.id')
        .split('\n')) {
        await page.goto(`${groomer.url('replica-1')}#/runs/${run}`);
        await page.locator('#run dl').waitFor();
        const title = groomer.sql(`SELECT title FROM groomer.issue i JOIN groomer.run r ON r.issue_id = i.id WHERE r.id = ${run}`);
        assert.ok((await page.locator('#run > div > p').first().textContent()).includes(title), title);
      }
      assert.equal(await page.evaluate(() => window.pwned), undefined);
      assert.equal(await page.locator('main img, main script').count(), 0);
      clean(page);
    }),
  );

  await check('a run has its own view: revision, decisions, delta and steps as stored', () =>
    before({}, async (page) => {
      const run = groomer.sql("SELECT max(id) FROM groomer.run WHERE added <> '{}'");
      await page.locator('#decisions li').first().waitFor();
      await page.evaluate((id) => {
        location.hash = `#/runs/${id}`;
      }, run);
      await page.locator('#run dl').waitFor();
      const stored = JSON.parse(groomer.sql(`SELECT row_to_json(r) FROM groomer.run r WHERE id = ${run}`));
      const told = await page.locator('#run').textContent();
      for (const part of [
        stored.revision,
        stored.pod,
        String(stored.term),
        stored.reason,
        ...stored.added,
        ...stored.judgement.decisions.map((one) => one.reason),
      ])
        assert.ok(told.includes(part), part);
      const steps = groomer.sql(`SELECT op FROM groomer.step WHERE key = '${stored.application}' ORDER BY seq`).split('\n');
      assert.deepEqual(await page.locator('#run table').last().locator('tbody th').allInnerTexts(), steps);
      clean(page);
    }),
  );
}

async function looks() {
  await check('before real data, too: accessible in light and dark, wide and narrow; nothing scrolls sideways', async () => {
    for (const options of [{}, { colorScheme: 'dark' }, { viewport: narrow }, { viewport: narrow, colorScheme: 'dark' }]) {
      await before(options, async (page) => {
        await page.locator('#decisions li').first().waitFor();
        assert.deepEqual(await accessibilityFaults(page), []);
        assert.equal(await scrollsSideways(page), false);
        clean(page);
      });
    }
  });
  await check('the page of a real replica is painted within 300 ms', () => paintedWithin(browser, groomer.url('replica-2'), token, 300));

  await check('the page is served as it is in the source, under a policy that allows it and nothing else', async () => {
    const response = await fetch(groomer.url('replica-2'));
    const policy = response.headers.get('content-security-policy');
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /style-src 'sha256-[^']+'(;|$)/);
    assert.match(policy, /script-src 'sha256-[^']+'(;|$)/);
    assert.match(policy, /connect-src 'self'/);
    assert.doesNotMatch(policy, /unsafe|\*/);
    assert.equal(await response.text(), readFileSync(pagePath, 'utf8'));
  });

  await check('without a token it asks for one, and nothing of the replica: no error in the console', () =>
    before({ token: null }, async (page) => {
      await page.locator('#token-dialog').waitFor();
      clean(page);
    }),
  );

  await check('a wrong token is refused, the right one opens', () =>
    before({ token: 'wrong' }, async (page) => {
      await page.locator('#token-dialog').getByText('The token was refused.').waitFor();
      assert.equal(await page.locator('#decisions li').count(), 0);
      await page.locator('#token').fill(token);
      await page.keyboard.press('Enter');
      await page.locator('#decisions li').first().waitFor();
      await connection(page, 'live');
      assert.deepEqual(page.faults, []);
    }),
  );
}

async function news() {
  await check('a new issue is groomed and appears without a reload', () =>
    before({}, async (page) => {
      await connection(page, 'live');
      groomer.write([...hostileTitles, 'it crashes when the moon is full']);
      await page.locator('#decisions').getByText('it crashes when the moon is full').waitFor({ timeout: 40000 });
      await agrees(
        page,
        async (p) => (await text(p, '#backlog tbody th.group')).match(/([\d,]+) open/)[1],
        'SELECT count(*) FROM groomer.issue WHERE open AND NOT gone',
      );
      clean(page);
    }),
  );

  await check('the replica behind the page is killed: it says so, and it comes back', () =>
    before({}, async (page) => {
      await connection(page, 'live');
      const port = groomer.port('replica-1');
      await groomer.end('replica-1', 'SIGKILL');
      await connection(page, 'connection lost');
      assert.match(await text(page, '.band.lost'), /CONNECTION LOST The replica does not answer\. What you see is of/i);
      await groomer.start('replica-1', port);
      await connection(page, 'live', 60);
      assert.equal(await page.locator('.band.lost').count(), 0);
      assert.deepEqual(page.faults, []);
    }),
  );
}

async function actions() {
  await check('pause stops the whole installation, resume lets it go on', () =>
    before({}, async (page) => {
      await connection(page, 'live');
      await page.locator('#open-pause').click();
      await page.locator('#pause-do').click();
      await page
        .locator('#pause-said')
        .getByText(/^Paused\./)
        .waitFor();
      await page.locator('.band.paused').waitFor();
      assert.equal(groomer.sql('SELECT paused FROM groomer.control'), 't');
      const other = await open(browser, groomer.url('replica-3'), { token });
      await other.locator('.band.paused').waitFor();
      await page.locator('#pause-dialog').getByRole('button', { name: 'Close' }).click();

      await page.locator('#open-run').click();
      await page.locator('#run-dialog').getByRole('button', { name: 'Groom', exact: true }).click();
      await page.locator('#run-said').getByText('Grooming is paused: resume it first.').waitFor();
      await page.keyboard.press('Escape');

      await page.locator('#open-pause').click();
      await page.locator('#pause-do').click();
      await page
        .locator('#pause-said')
        .getByText(/^Resumed\./)
        .waitFor();
      await other.locator('.band.paused').waitFor({ state: 'detached' });
      assert.equal(groomer.sql('SELECT paused FROM groomer.control'), 'f');
      await other.context().close();
      assert.deepEqual(page.faults, []);
    }),
  );

  await check('groom now grooms the issue that is named, and the page shows it', () =>
    before({}, async (page) => {
      await connection(page, 'live');
      const runs = count(openRuns);
      await page.locator('#open-run').click();
      const repo = groomer.sql('SELECT name FROM groomer.repository'),
        number = groomer.sql('SELECT min(number) FROM groomer.issue WHERE open');
      await page.locator('#run-repo').selectOption(repo);
      await page.locator('#run-issue').fill(number);
      await page.locator('#run-force').check();
      // Another replica may be at work just then, which is an answer, too: asked again.
      await eventually(async () => {
        await page.locator('#run-dialog').getByRole('button', { name: 'Groom', exact: true }).click();
        const said = page.locator('#run-said');
        await said.getByText(/1 issue groomed|holds the lock/).waitFor({ timeout: 20000 });
        return /1 issue groomed/.test(await said.innerText());
      }, 40);
      assert.ok(count(openRuns) > runs);
      await page.keyboard.press('Escape');
      const run = groomer.sql(`SELECT max(r.id) FROM groomer.run r JOIN groomer.issue i ON i.id = r.issue_id WHERE i.number = ${number}`);
      await page.locator(`#decisions a.title[href="#/runs/${run}"]`).waitFor();
      assert.deepEqual(page.faults, []);
    }),
  );

  await check('while another holds the lock, groom now says who', () =>
    before({}, async (page) => {
      await connection(page, 'live');
      // A foreign program's row, as those write it that share the table.
      await eventually(
        () =>
          groomer.sql(`INSERT INTO sync_lock (id, "syncRunId") VALUES ('groomer', 'run-of-another') ON CONFLICT DO NOTHING RETURNING 1`) ===
          '1',
      );
      await page.locator('#open-run').click();
      await page.locator('#run-dialog').getByRole('button', { name: 'Groom', exact: true }).click();
      await page
        .locator('#run-said .refused')
        .getByText(/another program holds the lock, until/)
        .waitFor({ timeout: 20000 });
      await page.keyboard.press('Escape');
      await page.locator('.band.note').getByText('Another program holds the lock').waitFor();
      groomer.sql(`DELETE FROM sync_lock WHERE id = 'groomer' AND "syncRunId" = 'run-of-another'`);
      await page.locator('.band.note').waitFor({ state: 'detached' });
    }),
  );
}

try {
  await Promise.all(names.map((name) => groomer.start(name)));
  await content();
  await looks();
  await news();
  await actions();
} catch (error) {
  process.exitCode = 1;
  console.log(`not ok - page: ${error.stack}`);
} finally {
  await browser.close();
  await groomer.close();
}
