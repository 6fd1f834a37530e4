// Headless Chromium (Debian's), and pages in it that note whatever should not happen.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.GROOMER_PAGE_MODULES}/`);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

// Its sandbox asks for rights that a container does not give, and it sees nothing here but our own page.
export const launch = () => chromium.launch({ executablePath: '/usr/bin/chromium', chromiumSandbox: false });

export const wide = { width: 1280, height: 900 },
  narrow = { width: 360, height: 740 };

// page.faults: console errors, exceptions, violations of the policy, requests to other hosts, dialogs of the browser's own.
// page.refused: what Chromium itself says of a request that got no good answer, which some checks bring about.
export async function open(browser, url, { token, viewport = wide, colorScheme = 'light', reducedMotion, hash = '' } = {}) {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion });
  const page = await context.newPage();
  Object.assign(page, { faults: [], refused: [] });
  watch(page, new URL(url).origin);
  // Once: what the page does with its token afterwards is its own affair.
  if (token)
    await page.addInitScript((text) => {
      if (!sessionStorage.getItem('was-here')) sessionStorage.setItem('groomer-token', text);
      sessionStorage.setItem('was-here', 'yes');
    }, token);
  await page.goto(url + hash);
  return page;
}

function watch(page, origin) {
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    (message.text().startsWith('Failed to load resource') ? page.refused : page.faults).push(message.text());
  });
  page.on('pageerror', (error) => page.faults.push(error.stack));
  page.on('dialog', (dialog) => {
    page.faults.push(`a dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol !== 'data:') page.faults.push(`asked another host: ${url}`);
  });
}

// What axe finds wrong: contrast, names, roles, landmarks, headings, tables. It comes by the debugger, which the policy does not stop.
export async function accessibilityFaults(page) {
  await page.evaluate(`${axe}; undefined`);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations.map(
    (one) =>
      `${one.id}: ${one.help}: ${one.nodes
        .slice(0, 3)
        .map((node) => `${node.html} ${node.failureSummary}`)
        .join(' | ')}`,
  );
}

const paintOf = (page) =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        const told = performance.getEntriesByName('first-contentful-paint')[0];
        if (told) return resolve(told.startTime);
        new PerformanceObserver((list) =>
          list.getEntriesByName('first-contentful-paint').forEach((entry) => resolve(entry.startTime)),
        ).observe({ type: 'paint', buffered: true });
      }),
  );

// The first paint of ten loads at most that was within the time, ms: what else the machine does is not the page's doing. Throws the times.
export async function paintedWithin(browser, url, token, most) {
  const times = [];
  for (let i = 0; i < 10; i++) {
    const page = await open(browser, url, { token });
    times.push(Math.round(await paintOf(page)));
    await page.context().close();
    if (times.at(-1) <= most) return times.at(-1);
  }
  throw new Error(`painted first after ${times} ms`);
}

export const scrollsSideways = (page) => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
