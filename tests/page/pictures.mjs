// Takes the pictures of the README anew: three replicas that have groomed the sample backlog.
import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { launch, narrow, open } from './browser.mjs';
import { assert, check, eventually } from './checks.mjs';
import { installation, token } from './replicas.mjs';

const folder = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const names = ['replica-1', 'replica-2', 'replica-3'];
const groomer = installation([]);
const browser = await launch();

async function picture(name, options, what) {
  const path = `${folder}${name}.png`;
  const page = await open(browser, groomer.url('replica-1'), { token, ...options });
  await page.locator('.connection.live').waitFor();
  await page.locator(what).first().waitFor();
  await page.screenshot({ path });
  await page.context().close();
  execFileSync('pngquant', ['--force', '--ext', '.png', '--strip', '64', path]);
  assert.ok(statSync(path).size <= 60 * 1024, `${path}: ${statSync(path).size} bytes`);
}

try {
  await check('the pictures of the README are taken', async () => {
    mkdirSync(folder, { recursive: true });
    await Promise.all(names.map((name) => groomer.start(name)));
    await eventually(
      () => groomer.sql('SELECT synced AND pending = 0 AND (SELECT count(*) FROM groomer.hold) >= 30 FROM groomer.progress') === 't',
      120,
    );
    await picture('status', { viewport: { width: 1100, height: 1240 } }, '#decisions li');
    await picture('status-narrow', { viewport: narrow, colorScheme: 'dark' }, '#decisions li');
    const run = groomer.sql('SELECT max(id) FROM groomer.run WHERE array_length(added, 1) > 1');
    await picture('run', { viewport: { width: 1100, height: 860 }, colorScheme: 'dark', hash: `#/runs/${run}` }, '#run dl');
  });
} finally {
  await browser.close();
  await groomer.close();
}
