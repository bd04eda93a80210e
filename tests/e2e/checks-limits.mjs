// Limits as handles, steppers of the manifest, bars of pods on their way, what survives a reload.
import { assert, check, equal } from './runner.mjs';
import { id, kubectl, number, open, state, step, stepUntil } from './drive.mjs';

check('limits', 'a limit moved by keys or by dragging is only proposed until it is applied', async (page) => {
  await open(page);
  const before = await page.inputValue(id('yaml'));
  const ceiling = page.getByRole('slider', { name: 'Ceiling' });
  await ceiling.focus();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await page.locator(id('ghost-ceiling')).waitFor();
  equal(await ceiling.getAttribute('aria-valuenow'), '14', 'aria-valuenow');
  const words = await page.locator(id('proposal')).innerText();
  assert(words.includes('Ceiling 12 becomes 14: 10 + 4.'), words);
  assert((await page.inputValue(id('yaml'))).includes('maxSurge: 4'), 'the manifest shows it');
  equal(number(await state(page), 'ceiling'), 12, 'the ceiling that holds');
  await page.keyboard.press('Escape');
  equal(await page.locator(id('ghost-ceiling')).count(), 0, 'ghosts after Escape');
  equal(await page.inputValue(id('yaml')), before, 'the manifest after Escape');
  const floor = await page.locator(id('limit-floor')).boundingBox();
  await page.mouse.move(floor.x + 20, floor.y + floor.height / 2);
  await page.mouse.down();
  await page.mouse.move(floor.x + 20, floor.y + 80, { steps: 6 });
  await page.mouse.up();
  await page.locator(id('ghost-floor')).waitFor();
  equal(await page.locator(id('ghost-ceiling')).count(), 0, 'ghosts of the other limit');
  const lower = Number(await page.locator(id('limit-floor')).getAttribute('aria-valuenow'));
  assert(lower < 8 && lower > 2, `dragged to ${lower}`);
  await page.click(id('proposal-apply'));
  await page.waitForFunction((n) => document.querySelector('[data-testid="measure-floor"]').textContent === String(n), lower);
  equal(await page.locator(id('proposal')).count(), 0, 'proposals after Apply');
  assert((await state(page)).console.includes('deployment.apps/rolldeployment configured'), 'the console has the line');
});

check('limits-0', 'both limits at 0 are refused before anything is sent', async (page) => {
  await open(page, '?preset=roll-10');
  await page.getByRole('slider', { name: 'Ceiling' }).focus();
  for (let k = 0; k < 2; k += 1) await page.keyboard.press('ArrowDown');
  await page.getByRole('slider', { name: 'Floor' }).focus();
  for (let k = 0; k < 2; k += 1) await page.keyboard.press('ArrowUp');
  await page.locator('.proposal .bad').waitFor();
  equal(await page.locator(id('proposal-apply')).getAttribute('aria-disabled'), 'true', 'Apply is off');
  await page.click(id('proposal-drop'));
  equal(number(await state(page), 'ceiling'), 12, 'ceiling');
});

check('steppers', 'on a phone the numbers and the image of the manifest have steppers', async (page) => {
  await page.setViewportSize({ width: 360, height: 780 });
  await open(page, '?preset=roll-10');
  await page.getByRole('button', { name: 'replicas more' }).click();
  await page.getByRole('button', { name: 'maxSurge less' }).click();
  const text = await page.inputValue(id('yaml'));
  assert(text.includes('replicas: 11') && text.includes('maxSurge: 1'), text);
  const image = page.getByRole('combobox', { name: 'Image of nginx' });
  await image.fill('httpd');
  await image.press('Tab');
  await page.click(id('apply'));
  const s = await stepUntil(page, (now) => now.history.length === 2);
  equal(number(s, 'desired'), 11, 'replicas');
  assert((await page.locator(id('history-row')).first().innerText()).includes('httpd'), 'the new image');
});

check('bars', 'pods that are pulled or started show how far they are and what is left', async (page) => {
  await open(page, '?preset=roll-10');
  await kubectl(page, 'kubectl set image deployment/rolldeployment nginx=httpd');
  await stepUntil(page, () => false, { most: 25 }).catch(() => {});
  const s = await stepUntil(page, (now) => now.pods.some((p) => p.state === 'creating'));
  assert(s.pods.length > 0, 'pods');
  const bar = page.locator(`${id('pod')}[data-state="creating"][data-progress]`).first();
  await bar.waitFor();
  assert(await bar.locator('.pod-bar').isVisible(), 'the bar is drawn');
  assert(/^Creating, \d+(\.\d)? s$/.test(await bar.locator('.pod-word').innerText()), await bar.locator('.pod-word').innerText());
});

check('going', 'pods that go fade without being counted; with reduced motion nothing is left over', async (page, _context, browser) => {
  const last = async (tab) => {
    await open(tab, '?preset=roll-10');
    await tab.evaluate(() => {
      window.faded = 0;
      new MutationObserver(() => { window.faded = Math.max(window.faded, document.querySelectorAll('.pod[data-gone]').length); }).observe(document.body, { childList: true, subtree: true, attributes: true });
    });
    await kubectl(tab, 'kubectl scale deployment/rolldeployment --replicas=8');
    let before = await state(tab);
    for (let k = 0; k < 60; k += 1) {
      const now = await step(tab);
      if (now.pods.length < before.pods.length) return now;
      before = now;
    }
    throw new Error('no pod went');
  };
  const now = await last(page);
  assert(await page.evaluate(() => window.faded) >= 1, 'no pod fades');
  equal(await page.locator(id('pod')).count(), now.pods.length, 'pods that are counted');
  await page.waitForFunction(() => document.querySelectorAll('.pod[data-gone]').length === 0, null, { timeout: 2000 });
  const calm = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
  const other = await calm.newPage();
  await last(other);
  equal(await other.evaluate(() => window.faded), 0, 'fading pods with reduced motion');
  await calm.close();
});
