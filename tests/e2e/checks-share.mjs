// Checks 39 and 45: links and frames; 49 to 51 in part: keys, scan, names.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { BASE, assert, check, equal } from './runner.mjs';
import { ROOT, id, kubectl, open, state, step } from './drive.mjs';

const require = createRequire(import.meta.url);

check(39, 'the link of this moment opens the same moment in a fresh profile', async (page, _context, browser) => {
  await open(page, '?preset=roll-10');
  await kubectl(page, 'kubectl set image deployment/rolldeployment nginx=httpd');
  for (let k = 0; k < 17; k += 1) await step(page);
  await page.click(id('transport-back'));
  const here = await state(page);
  await page.click(id('share'));
  const link = await page.locator(id('share-link')).inputValue();
  assert(link.startsWith(BASE) && link.includes('#s=1d.'), link);
  equal(await page.locator(id('share-link')).getAttribute('readonly') !== null, true, 'read-only');
  const fresh = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const other = await fresh.newPage();
  await other.goto(link);
  await other.waitForSelector(`${ROOT}[data-ready="true"]`);
  const there = await state(other);
  for (const part of ['time', 'step', 'writes', 'why', 'pods', 'sets', 'history', 'events', 'measures']) equal(there[part], here[part], part);
  await other.goto(`${BASE}#s=1d.thisisdamaged`);
  await other.reload();
  await other.waitForSelector(ROOT);
  assert(/damaged/.test(await other.locator(id('notice')).innerText()), 'a damaged link says so');
  await fresh.close();
});

check(45, 'nothing overflows sideways; in a frame nothing is fixed and the wheel passes through', async (page) => {
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  for (const width of [320, 600, 1280]) {
    for (const query of ['', '?preset=boot-4', '?ui=embed']) {
      await page.setViewportSize({ width, height: 740 });
      await open(page, query);
      assert((await overflow()) <= 0, `${query || 'landing'} at ${width}: ${await overflow()} px too wide`);
    }
  }
  await page.setViewportSize({ width: 900, height: 700 });
  // A page of another kind on the same host, so that no network rule stands in the way.
  await page.route(`${BASE}host-page`, (route) => route.fulfill({
    contentType: 'text/html',
    body: `<body style="margin:0;height:3000px"><iframe src="${BASE}?ui=embed" width="600" height="420" style="border:0"></iframe></body>`,
  }));
  await page.goto(`${BASE}host-page`);
  const frame = page.frames().find((f) => f !== page.mainFrame());
  await frame.waitForSelector(ROOT);
  const fixed = await frame.evaluate(() => [...document.querySelectorAll('*')].filter((e) => getComputedStyle(e).position === 'fixed').map((e) => e.className));
  equal(fixed, [], 'fixed elements in the frame');
  const inner = await frame.evaluate(() => [document.documentElement.scrollHeight, document.documentElement.clientHeight]);
  assert(inner[0] <= inner[1], `the frame scrolls inside: ${inner}`);
  equal(await page.evaluate(() => document.activeElement.tagName), 'BODY', 'focus on load');
  await page.mouse.move(300, 200);
  await page.mouse.wheel(0, 400);
  await page.waitForFunction(() => window.scrollY > 100, null, { timeout: 3000 });
});

check('keys', 'the page can be driven by keys alone', async (page) => {
  await open(page, '?preset=roll-10');
  await page.keyboard.press('/');
  equal(await page.evaluate(() => document.activeElement.id), 'terminal', 'focus after /');
  await page.keyboard.type('kubectl set image deployment/rolldeployment nginx=httpd');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  const before = await state(page);
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction((n) => Number(document.querySelector('[data-testid="root"]').dataset.step) === n + 1, before.step);
  await page.keyboard.press('ArrowLeft');
  await page.waitForFunction((n) => Number(document.querySelector('[data-testid="root"]').dataset.step) === n, before.step);
  await page.keyboard.press('Space');
  await page.waitForSelector(`${ROOT}[data-ready="false"]`);
  await page.keyboard.press('Space');
  await page.waitForSelector(`${ROOT}[data-ready="true"]`);
  await page.keyboard.press('y');
  equal(await page.evaluate(() => document.activeElement.id), 'yaml', 'focus after y');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.waitForSelector('[role="dialog"]');
  await page.keyboard.press('Escape');
  equal(await page.locator('[role="dialog"]').count(), 0, 'dialogs after Escape');
});

check('axe', 'an automated scan of landing and embed, light and dark, finds nothing', async (page) => {
  const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
  for (const query of ['', '?ui=embed', '?theme=dark', '?preset=boot-4&theme=contrast']) {
    await open(page, query);
    await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }));
    const violations = found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(' ')).join(', ')}`);
    equal(violations, [], `violations on ${query || 'landing'}`);
  }
});

check(51, 'each pod names its version, state and set; the live region is the sentence', async (page) => {
  await open(page);
  const s = await step(page);
  equal(s.live, s.why, 'live region');
  const names = await page.locator(`${id('pod')} button`).evaluateAll((list) => list.map((b) => [b.getAttribute('aria-label'), b.parentElement.dataset.version, b.parentElement.dataset.set]));
  for (const [name, version, set] of names) assert(name.startsWith(version) && name.includes(set), `${name} does not name ${version} and ${set}`);
});
