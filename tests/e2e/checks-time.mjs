// Checks 25 to 32: time and explanations.
import { assert, check, equal } from './runner.mjs';
import { ROOT, complete, id, kubectl, marks, number, open, setSpeed, sizes, state, step, stepUntil } from './drive.mjs';

/** What is on the screen, without what the console and the events say. */
export const picture = (s) => JSON.stringify([s.time, s.step, s.writes, s.why, s.pods, s.sets, s.history, s.events, s.measures]);

/** The four stories: a start and the update that is made. */
const STORIES = [
  ['boot-4', 'kubectl set image deployment/bootcamp bootcamp=bootcamp:v10'],
  ['re-5', 'kubectl set image deployment/rcdeployment nginx=httpd'],
  ['roll-10', 'kubectl set image deployment/rolldeployment nginx=httpd'],
  ['model-4', 'kubectl rollout restart deployment/model-serving'],
];

check(25, 'n steps forward and n back give the same picture', async (page) => {
  await open(page, '?preset=roll-10');
  await kubectl(page, 'kubectl set image deployment/rolldeployment nginx=httpd');
  const seen = [picture(await state(page))];
  for (let k = 0; k < 25; k += 1) seen.push(picture(await step(page)));
  for (let k = 24; k >= 0; k -= 1) {
    await page.click(id('transport-back'));
    await page.waitForFunction((n) => Number(document.querySelector('[data-testid="root"]').dataset.step) === n, JSON.parse(seen[k])[1]);
    equal(picture(await state(page)), seen[k], `picture ${k}`);
  }
  // The exported state of the four stories: everything as YAML, byte for byte, in the middle of the rollout.
  for (const [preset, line] of STORIES) {
    await open(page, `?preset=${preset}&do=${encodeURIComponent(line)}&at=step:9`);
    // The console keeps the end of a long text: what is compared is everything that it shows.
    const everything = async () => {
      await page.fill(id('terminal'), 'kubectl get deployments,replicasets,pods,services,endpointslices,events -o yaml');
      await page.press(id('terminal'), 'Enter');
      await page.waitForFunction(() => document.querySelector('[data-testid="terminal"]').value === '');
      return (await state(page)).console.slice(-20000);
    };
    const before = await everything();
    assert(/kind: List/.test(before) && before.length > 5000, `${preset}: ${before.slice(0, 200)}`);
    const here = await state(page);
    await page.evaluate(() => document.activeElement?.blur());
    for (const key of ['ArrowRight', 'ArrowLeft']) {
      for (let k = 0; k < 12; k += 1) {
        const was = await page.locator(ROOT).getAttribute('data-step');
        await page.keyboard.press(key);
        await page.waitForFunction((s) => document.querySelector('[data-testid="root"]').dataset.step !== s, was);
      }
    }
    equal((await state(page)).step, here.step, `${preset}: the step`);
    equal(await everything(), before, `${preset}: the exported state`);
  }
});

check(26, 'seeking to a mark and stepping is the same as stepping to it', async (page) => {
  await open(page, '?preset=roll-10');
  await kubectl(page, 'kubectl set image deployment/rolldeployment nginx=httpd');
  const seen = new Map();
  await stepUntil(page, complete, { each: (s) => seen.set(s.step, picture(s)) });
  const last = await state(page);
  seen.set(last.step, picture(last));
  const places = await marks(page).evaluateAll((list) => list.map((m) => Number(m.dataset.to)));
  assert(places.length >= 10, `${places.length} marks`);
  for (const [k, place] of places.entries()) {
    const was = await page.locator(ROOT).getAttribute('data-step');
    if (Number(was) === place) continue;
    await marks(page).nth(k).dispatchEvent('click');
    await page.waitForFunction((n) => Number(document.querySelector('[data-testid="root"]').dataset.step) === n, place);
    equal(picture(await state(page)), seen.get(place), `mark at step ${place}`);
    if (seen.has(place + 1)) equal(picture(await step(page)), seen.get(place + 1), `one step after the mark at ${place}`);
  }
});

check(27, 'acting in the past opens a branch; the former one is unchanged', async (page) => {
  await open(page, '?preset=roll-10');
  await kubectl(page, 'kubectl set image deployment/rolldeployment nginx=httpd');
  const end = await stepUntil(page, complete);
  const former = picture(end);
  for (let k = 0; k < 12; k += 1) await page.click(id('transport-back'));
  await kubectl(page, 'kubectl rollout undo deployment/rolldeployment');
  const branched = await state(page);
  assert(branched.branch !== end.branch, `the branch is still ${branched.branch}`);
  assert(await page.locator(id('branch')).isVisible(), 'no branch chip');
  await page.click(id('open-branch'));
  await page.waitForFunction((name) => document.querySelector('[data-testid="root"]').dataset.branch === name, end.branch);
  await page.keyboard.press('Escape');
  await page.locator(ROOT).evaluate(() => document.activeElement.blur());
  await page.keyboard.press('End');
  await page.waitForFunction((n) => Number(document.querySelector('[data-testid="root"]').dataset.step) === n, end.step);
  equal(picture(await state(page)), former, 'the former branch');
});

check(28, 'speed changes playback only', async (page, context) => {
  const run = async (tab, speed) => {
    await open(tab, '?preset=roll-10');
    await kubectl(tab, 'kubectl set image deployment/rolldeployment nginx=httpd');
    await setSpeed(tab, speed);
    await tab.click(id('transport-play'));
    await tab.waitForTimeout(speed < 1 ? 4000 : 150);
    await tab.click(id('transport-play'));
    await tab.waitForSelector(`${ROOT}[data-ready="true"]`);
    const end = await stepUntil(tab, complete);
    // Playing may have gone past the end: the histories are compared, not where the page stands.
    const notes = await marks(tab).evaluateAll((list) => list.map((m) => [m.dataset.kind, m.dataset.to, m.getAttribute('aria-label') || m.title]));
    // Requests go on for as long as the page stands there.
    const measures = Object.fromEntries(Object.entries(end.measures).filter(([name]) => !name.startsWith('requests.')));
    return [notes, end.pods, end.sets, end.history, measures, end.events.filter((e) => e.includes('ScalingReplicaSet'))];
  };
  const slow = await run(page, 0.25);
  const other = await context.newPage();
  const fast = await run(other, 16);
  for (let k = 0; k < slow.length; k += 1) equal(fast[k], slow[k], `part ${k} of the history`);
});

check(29, 'hiding the tab pauses time; showing it does not resume', async (page) => {
  await open(page, '?preset=roll-10');
  await kubectl(page, 'kubectl set image deployment/rolldeployment nginx=httpd');
  await setSpeed(page, 0.25);
  await page.click(id('transport-play'));
  await page.waitForSelector(`${ROOT}[data-ready="false"]`);
  const hide = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (value ? 'hidden' : 'visible') });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await hide(true);
  await page.waitForSelector(`${ROOT}[data-ready="true"]`);
  const paused = await state(page);
  await hide(false);
  await page.waitForTimeout(400);
  const shown = await state(page);
  equal([shown.ready, shown.time, shown.step], ['true', paused.time, paused.step], 'ready, time, step');
});

check(30, 'Skip waiting lands on the next decision and shows what was cut', async (page) => {
  await open(page, '?preset=roll-10');
  await kubectl(page, 'kubectl set image deployment/rolldeployment nginx=httpd');
  const burst = await stepUntil(page, (s) => sizes(s).includes(8) && sizes(s).includes(4));
  await page.click(id('skip-waiting'));
  await page.waitForFunction((n) => Number(document.querySelector('[data-testid="root"]').dataset.step) > n, burst.step);
  const s = await state(page);
  equal(s.writes, burst.writes + 1, 'writes');
  const text = await page.locator(id('skipped')).innerText();
  assert(Math.abs(Number.parseFloat(text) - (s.time - burst.time)) < 0.06, `${text}: ${s.time - burst.time} s were skipped`);
});

check(31, 'every decision has a sentence whose sums are the measures', async (page) => {
  await open(page, '?preset=roll-10');
  await kubectl(page, 'kubectl set image deployment/rolldeployment nginx=httpd');
  await stepUntil(page, complete);
  const count = await marks(page, 'decision').count();
  assert(count >= 8, `${count} marks of decisions`);
  for (let k = 0; k < count; k += 1) {
    const mark = marks(page, 'decision').nth(k);
    const sentence = await mark.getAttribute('aria-label');
    assert(sentence.length > 10, `mark ${k} says nothing`);
    await mark.dispatchEvent('click');
    await page.waitForFunction((n) => document.querySelector('[data-testid="root"]').dataset.step === n, await mark.getAttribute('data-to'));
    const s = await state(page);
    assert(s.why.length > 10, `the sentence at mark ${k} is empty`);
    const ceiling = /ceiling (\d+)/.exec(sentence)?.[1];
    const floor = /floor (\d+)/.exec(sentence)?.[1];
    if (ceiling) equal(ceiling, s.measures.ceiling, `ceiling at mark ${k}`);
    if (floor) equal(floor, s.measures.floor, `floor at mark ${k}`);
    for (const [name, quantity] of [['ceiling', 'ceiling'], ['floor', 'floor']]) {
      for (const text of await page.locator(`h1 [data-n="${quantity}"]`).allInnerTexts()) equal(text, s.measures[name], `${name} in the sentence at mark ${k}`);
    }
  }
});

/** Room and spare beside the scene are the measures. */
export async function sumsAreMeasures(page, s, at) {
  const sums = await page.evaluate(() => Object.fromEntries(['room', 'spare'].map((name) => [name,
    [...document.querySelectorAll(`.next [data-testid="${name}"] dd`)].map((e) => Number.parseInt(e.innerText, 10))])));
  const m = (name) => number(s, name);
  if (sums.room.length === 3) {
    const [ceiling, pods, room] = sums.room;
    equal([ceiling, room], [m('ceiling'), Math.max(0, ceiling - pods)], `room, ${at}`);
    equal(pods, m('old') + m('new'), `pods, ${at}`);
  }
  if (sums.spare.length === 4) {
    const [pods, floor, waiting, spare] = sums.spare;
    equal([floor, spare], [m('floor'), Math.max(0, pods - floor - waiting)], `spare, ${at}`);
    equal(pods, m('old') + m('new'), `pods, ${at}`);
  }
}

check('31-sums', 'the sums beside the scene are the measures, at every step of the four stories', async (page) => {
  for (const [preset, line] of STORIES) {
    await open(page, `?preset=${preset}&do=${encodeURIComponent(line)}`);
    for (let k = 0; k < 12; k += 1) {
      const s = await state(page);
      assert(s.why.length > 10, `${preset}, step ${s.step}: no sentence`);
      await sumsAreMeasures(page, s, `${preset}, step ${s.step} at ${s.time} s`);
      if (!s.canStep) break;
      await page.keyboard.press('ArrowRight');
      await page.waitForFunction((was) => document.querySelector('[data-testid="root"]').dataset.step !== String(was), s.step);
    }
  }
});

check(32, 'at rest the sentence names a limit, a pause, a wait or completion', async (page) => {
  const says = async (what) => {
    const s = await state(page);
    assert(s.why.length > 10 && what.test(s.why + (await page.locator('header.why').innerText())), `${s.kind}: ${s.why}`);
  };
  await open(page, '?preset=boot-4');
  await says(/complete|nothing|available/i);
  await kubectl(page, 'kubectl set image deployment/bootcamp bootcamp=bootcamp:v10');
  await stepUntil(page, (s) => s.kind === 'stalled');
  await says(/floor|ceiling/i);
  await open(page, '?preset=roll-10');
  await kubectl(page, 'kubectl set image deployment/rolldeployment nginx=httpd');
  await stepUntil(page, (s) => s.writes >= 3);
  await kubectl(page, 'kubectl rollout pause deployment/rolldeployment');
  await stepUntil(page, (s) => s.kind === 'paused', { most: 60 });
  await says(/paused/i);
  assert(number(await state(page), 'total') > 0, 'pods are there');
});

