// The page as a user drives it, and what it shows.
import { assert, BASE } from './runner.mjs';

export const ROOT = '[data-testid="root"]';
const id = (name) => `[data-testid="${name}"]`;

/** Opens the page and waits until the engine has drawn. */
export async function open(page, query = '') {
  await page.goto(BASE + query);
  await page.waitForSelector(`${ROOT}[data-ready="true"]`);
}

/** Everything that the markers say, read at once. */
export function state(page) {
  return page.evaluate(async () => {
    // On a busy machine Yew draws in slices, each in a task of its own: the first one may already say another step.
    for (let slice = 0; slice < 4; slice += 1) await new Promise((done) => { setTimeout(done, 0); });
    const root = document.querySelector('[data-testid="root"]');
    const all = (name) => [...document.querySelectorAll(`[data-testid="${name}"]`)];
    const measures = {};
    for (const e of document.querySelectorAll('[data-testid^="measure-"]')) measures[e.dataset.testid.slice(8)] = e.textContent.trim();
    return {
      time: Number(root.dataset.time),
      step: Number(root.dataset.step),
      writes: Number(root.dataset.writes),
      branch: root.dataset.branch,
      ready: root.dataset.ready,
      why: document.querySelector('[data-testid="why"]').textContent.trim(),
      kind: document.querySelector('header.why').dataset.kind,
      live: document.querySelector('[data-testid="live"]')?.textContent,
      canStep: document.querySelector('[data-testid="transport-step"]').getAttribute('aria-disabled') !== 'true',
      pods: all('pod').map((e) => ({ name: e.dataset.name, set: e.dataset.set, state: e.dataset.state, version: e.dataset.version })),
      sets: all('set').map((e) => ({ name: e.dataset.name, size: Number(e.dataset.size), pods: Number(e.dataset.pods) })),
      history: all('history-row').map((e) => Number(e.dataset.revision)),
      events: all('event-row').map((e) => e.textContent),
      console: all('console-log')[0]?.innerText ?? '',
      measures,
    };
  });
}

/** Sizes of the sets, newest first. */
export const sizes = (s) => s.sets.map((set) => set.size);
/** Pods that count. */
export const counting = (s) => s.pods.filter((p) => p.state !== 'terminating');
export const number = (s, name) => Number(s.measures[name]);

/** One click on Step; answers the state after it. */
export async function step(page) {
  const before = await page.locator(ROOT).getAttribute('data-step');
  await page.click(id('transport-step'));
  await page.waitForFunction((was) => document.querySelector('[data-testid="root"]').dataset.step !== was, before);
  return state(page);
}

/** One step by key, as somebody does who goes far. */
async function stepByKey(page, from) {
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction((was) => document.querySelector('[data-testid="root"]').dataset.step !== was, String(from));
  return state(page);
}

/** Steps until something holds; fails after `most` steps. `each` sees every state on the way. */
export async function stepUntil(page, holds, { most = 400, each = () => {} } = {}) {
  await page.evaluate(() => document.activeElement?.blur());
  let now = await state(page);
  for (let k = 0; k < most; k += 1) {
    each(now);
    if (holds(now)) return now;
    assert(now.canStep, `nothing is scheduled any more at ${now.time} s: ${now.why}`);
    now = await stepByKey(page, now.step);
  }
  throw new Error(`not reached within ${most} steps; at ${now.time} s: ${now.why}`);
}

export const complete = (s) => s.kind === 'complete';
export const resting = (s) => s.kind === 'stalled' || s.kind === 'complete' || !s.canStep;

/** Types a line at the console; answers what it printed. */
export async function kubectl(page, line) {
  const before = (await state(page)).console;
  const input = page.locator(id('terminal'));
  await input.fill(line);
  await input.press('Enter');
  await page.waitForFunction((was) => document.querySelector('[data-testid="console-log"]').innerText !== was, before);
  const after = (await state(page)).console;
  const at = after.lastIndexOf(`$ ${line}`);
  return after.slice(at + line.length + 2).replace(/^\n/, '');
}

/** Puts a text into the editor and applies it. */
export async function apply(page, text) {
  await page.fill(id('yaml'), text);
  await page.click(id('apply'));
}

/** Plays at a speed until something holds, then pauses. */
export async function playUntil(page, holds, { speed = 16, most = 20000 } = {}) {
  await setSpeed(page, speed);
  await page.click(id('transport-play'));
  const end = Date.now() + most;
  let now = await state(page);
  while (!holds(now) && Date.now() < end) {
    await page.waitForTimeout(40);
    now = await state(page);
    if (now.ready === 'true') break;
  }
  if (now.ready !== 'true') await page.click(id('transport-play'));
  await page.waitForSelector(`${ROOT}[data-ready="true"]`);
  now = await state(page);
  assert(holds(now), `not reached while playing; at ${now.time} s: ${now.why}`);
  return now;
}

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];

/** Moves the slider of the speed. */
export async function setSpeed(page, speed) {
  await page.fill(id('speed'), String(SPEEDS.indexOf(speed)));
}

/** Opens one of the tabs of the bench. */
export async function tab(page, name) {
  await page.getByRole('tab', { name }).click();
}

export const marks = (page, kind) => page.locator(kind ? `${id('mark')}[data-kind="${kind}"]` : id('mark'));
export { id };
