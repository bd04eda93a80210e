// Checks 1 to 8: the landing scene, pasting and applying.
import { BASE, assert, check, equal } from './runner.mjs';
import { ROOT, apply, counting, id, kubectl, number, open, playUntil, state, step, tab } from './drive.mjs';
import { deployment, percent, refused, several } from './texts.mjs';

check(1, 'a cold load lands inside a rollout that waits', async (page) => {
  await open(page);
  const before = await state(page);
  equal(counting(before).length, 12, 'pods that count');
  equal([number(before, 'ceiling'), number(before, 'floor')], [12, 8], 'ceiling and floor');
  assert(await page.locator('.limit-ceiling').isVisible() && await page.locator('.limit-floor').isVisible(), 'both limits are drawn');
  assert(before.why.length > 20, 'the sentence is not empty');
  equal(await page.locator('[role="dialog"]:visible, dialog[open]').count(), 0, 'open dialogs');
  await page.waitForTimeout(3000);
  const after = await state(page);
  equal([after.time, after.step], [before.time, before.step], 'time and step after 3 s');
});

check(2, 'the first click on Step is one step and another sentence', async (page) => {
  await open(page);
  const before = await state(page);
  const after = await step(page);
  equal(after.step, before.step + 1, 'data-step');
  assert(after.why !== before.why, `the sentence stayed: ${after.why}`);
});

check(3, 'without scripts there is a picture and a link', async (_page, _context, browser) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(BASE);
  assert(await page.locator('svg[role="img"], img').first().isVisible(), 'no picture');
  assert(await page.locator('a[href]').first().isVisible(), 'no link');
  assert((await page.locator('h1').innerText()).includes('ceiling'), 'no sentence');
  await context.close();
});

check(4, 'paste, Apply, Play: the pods of one set', async (page) => {
  await open(page);
  await apply(page, deployment({ name: 'mine', replicas: 4 }));
  const s = await playUntil(page, (now) => now.pods.length === 4 && now.pods.every((p) => p.state === 'available'));
  equal(s.sets.length, 1, 'sets');
  equal(s.sets[0].size, 4, 'size');
  await tab(page, /^Events/);
  const scaling = (await state(page)).events.filter((e) => e.includes('ScalingReplicaSet'));
  equal(scaling.length, 1, `events ScalingReplicaSet: ${scaling}`);
});

check(5, 'several documents: all are created, what has no effect is named, the unknown kind is refused', async (page) => {
  await open(page, '?preset=empty');
  await apply(page, several);
  const text = (await state(page)).console;
  for (const line of ['deployment.apps/several created', 'service/several created', 'configmap/several created', 'ingress.networking.k8s.io/several created']) {
    assert(text.includes(line), `the console misses: ${line}\n${text}`);
  }
  assert(/no matches for kind "Rocket" in version "example\.com\/v1"/.test(text), 'the unknown kind is not refused in kubectl\'s words');
  const page_text = await page.locator('body').innerText();
  assert(/Ingress|ingress/.test(page_text) && /no effect here|not simulated/i.test(page_text), 'nothing says that the Ingress has no effect here');
});

check(6, 'refused manifests: the server\'s answer, and the line is marked', async (page) => {
  await open(page, '?preset=empty');
  for (const [name, text, answer, line] of refused) {
    await page.fill(id('yaml'), text);
    const faults = page.locator(`${id('fault')}[data-level="error"]`);
    await faults.first().waitFor({ timeout: 4000 }).catch(() => { throw new Error(`${name}: no line is marked while typing`); });
    const places = await faults.evaluateAll((list) => list.map((f) => Number(f.dataset.line)));
    const lines = text.split('\n');
    assert(places.some((n) => line.test(lines[n - 1])), `${name}: marked ${places.map((n) => `${n} "${lines[n - 1]}"`).join(', ')}`);
    const before = (await state(page)).console.length;
    await page.click(id('apply'));
    const said = (await state(page)).console.slice(before);
    assert(answer.test(said), `${name}: the console says ${said}`);
    equal((await state(page)).pods.length, 0, `${name}: pods`);
  }
  // Wrong container name in a command.
  await apply(page, deployment());
  const said = await kubectl(page, 'kubectl set image deployment/web nope=nginx:2');
  assert(said.includes('error: unable to find container named "nope"'), said);
  // Selector changed later.
  await apply(page, deployment().replaceAll('app: web', 'app: changed'));
  assert(/spec\.selector.*field is immutable/.test((await state(page)).console), 'the changed selector is not refused');
});

check(7, 'the same text again: unchanged, and no row of history', async (page) => {
  await open(page, '?preset=empty');
  await apply(page, deployment());
  await step(page);
  await step(page);
  const before = await state(page);
  await page.click(id('apply'));
  await page.waitForFunction(() => /unchanged/.test(document.querySelector('[data-testid="console-log"]').innerText));
  equal((await state(page)).history, before.history, 'rows');
});

check(8, '25% shows what it resolves to for 1 to 10 replicas', async (page) => {
  await open(page, '?preset=empty');
  for (let n = 1; n <= 10; n += 1) {
    await page.fill(id('yaml'), percent(n));
    const [surge, down] = [Math.ceil(n / 4), Math.floor(n / 4)];
    const line = (key) => page.locator('.code li', { hasText: key }).innerText();
    await page.waitForFunction((want) => document.querySelector('.code')?.innerText.includes(want), `= ${n + surge}`, { timeout: 3000 }).catch(() => {});
    assert((await line('maxSurge')).replace(/\s+/g, ' ').includes(`${n} + ${surge} = ${n + surge}`), `maxSurge of ${n}: ${await line('maxSurge')}`);
    assert((await line('maxUnavailable')).replace(/\s+/g, ' ').includes(`${n} − ${down} = ${n - down}`), `maxUnavailable of ${n}: ${await line('maxUnavailable')}`);
  }
});
