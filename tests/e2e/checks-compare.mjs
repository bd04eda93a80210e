// Checks 59 to 61: plans on one clock; and the sweep of every pair of limits.
import { assert, check, equal } from './runner.mjs';
import { ROOT, id, number, open, state, stepUntil } from './drive.mjs';

/** What the panes and the table show, read at once. */
const panes = (page) => page.evaluate(() => ({
  time: document.querySelector('[data-testid="root"]').dataset.time,
  panes: [...document.querySelectorAll('[data-testid="compare-pane"]')].map((pane) => ({
    time: pane.dataset.time,
    plan: pane.querySelector('[data-plan]').dataset.plan,
    why: pane.querySelector('[data-testid="pane-why"]').innerText,
    pods: pane.querySelectorAll('[data-testid="pod"]:not([data-state="terminating"])').length,
    cells: Object.fromEntries([...pane.querySelectorAll('[data-testid^="measure-"]')].map((e) => [e.dataset.testid.slice(8), e.innerText.trim()])),
  })),
}));

/** Opens the usual three plans of four replicas. */
async function three(page) {
  await page.setViewportSize({ width: 1280, height: 1000 });
  await open(page, '?preset=boot-4');
  await page.click(id('compare'));
  await page.waitForSelector(id('compare-pane'));
  return panes(page);
}

check(59, 'Recreate, 0/1 and 1/0: peaks 4, 4, 5, lowest 0, 3, 4; one clock at every moment', async (page) => {
  const first = await three(page);
  equal(first.panes.map((p) => p.plan), ['Recreate', '0,1', '1,0'], 'plans');
  equal(first.panes.map((p) => Number(p.cells.peak)), [4, 4, 5], 'peak pods');
  equal(first.panes.map((p) => Number(p.cells.lowest)), [0, 3, 4], 'lowest available');
  const same = (s, when) => assert(s.panes.every((p) => p.time === s.time && p.why.length > 10), `${when}: ${JSON.stringify(s)}`);
  same(first, 'at the start');
  const next = async (act) => {
    const was = (await panes(page)).time;
    await act();
    await page.waitForFunction((t) => {
      const { time } = document.querySelector('[data-testid="root"]').dataset;
      return time !== t && document.querySelector('[data-testid="compare-pane"]').dataset.time === time;
    }, was);
    return panes(page);
  };
  const times = [];
  for (let k = 0; await page.locator(id('transport-step')).getAttribute('aria-disabled') !== 'true'; k += 1) {
    const s = await next(() => page.click(id('transport-step')));
    same(s, `step ${k}`);
    times.push(s.time);
  }
  assert(times.length > 10, `${times.length} steps`);
  for (let k = times.length - 2; k >= times.length - 8; k -= 1) {
    const s = await next(() => page.click(id('transport-back')));
    same(s, `back ${k}`);
    equal(s.time, times[k], 'time after a step back');
  }
  const box = await page.locator('.pane-ruler .ruler').boundingBox();
  for (const part of [0.9, 0.3, 0.6]) same(await next(() => page.mouse.click(box.x + box.width * part, box.y + box.height / 2)), `seek to ${part}`);
  await page.locator(ROOT).evaluate(() => document.activeElement.blur());
  await page.keyboard.press('Home');
  await page.click(id('transport-play'));
  for (let k = 0; k < 15; k += 1) {
    // While it plays the page may be read between the root's frame and the panes': the panes are one.
    const s = await panes(page);
    assert(s.panes.every((p) => p.time === s.panes[0].time), `playing ${k}: ${JSON.stringify(s)}`);
    await page.waitForTimeout(20);
  }
  // The same as text, opened by key: a row for each plan, with its numbers.
  await page.locator('.as-text summary').focus();
  await page.keyboard.press('Enter');
  const rows = (await page.locator(id('compare-text')).innerText()).split('\n');
  assert(await page.locator(id('compare-text')).isVisible(), 'the text is not opened');
  for (const [name, peak, lowest] of [['Recreate', 4, 0], ['Surge 0, unavailable 1', 4, 3], ['Surge 1, unavailable 0', 5, 4]]) {
    assert(rows.some((r) => r.startsWith(name) && new RegExp(`^ +${peak} +${lowest} `).test(r.slice(name.length))), `${name} in the text: ${rows.join(' | ')}`);
  }
});

check(60, 'the promoted pane is the page\'s cluster; the others stay as named branches', async (page) => {
  await three(page);
  for (let k = 0; k < 12; k += 1) await page.click(id('transport-step'));
  const before = await panes(page);
  await page.locator(id('compare-open')).nth(2).click();
  await page.waitForFunction(() => !document.querySelector('[data-testid="compare-pane"]'));
  const s = await state(page);
  equal([s.branch, String(s.time)], ['Surge 1, unavailable 0', String(Number(before.time))], 'branch and time');
  equal(s.pods.filter((p) => p.state !== 'terminating').length, before.panes[2].pods, 'pods of the pane');
  equal([number(s, 'ceiling'), number(s, 'floor')], [5, 4], 'limits of the page');
  assert(/maxSurge: 1[\s\S]*maxUnavailable: 0/.test(await page.inputValue(id('yaml'))), 'the manifest is the plan\'s');
  await page.click(id('open-timeline'));
  const names = await page.locator(id('branch-row')).evaluateAll((all) => all.map((e) => e.dataset.name));
  for (const name of ['main', 'Recreate', 'Surge 0, unavailable 1', 'Surge 1, unavailable 0']) assert(names.includes(name), `no branch ${name}: ${names}`);
  await page.locator(`${id('branch-row')}[data-name="Recreate"] ${id('visit-branch')}`).click();
  await page.waitForSelector(`${ROOT}[data-branch="Recreate"]`);
  await page.locator(`${id('branch-row')}[data-name="main"] ${id('visit-branch')}`).click();
  await page.waitForSelector(`${ROOT}[data-branch="main"]`);
  equal((await state(page)).writes, 0, 'nothing was done in the former branch');
});

check(61, 'the numbers of the table are the measures of each pane\'s own run', async (page) => {
  for (let k = 0; k < 3; k += 1) {
    const table = (await three(page)).panes[k].cells;
    await page.locator(id('compare-open')).nth(k).click();
    await page.waitForFunction(() => !document.querySelector('[data-testid="compare-pane"]'));
    await page.locator(ROOT).evaluate(() => document.activeElement.blur());
    await page.keyboard.press('Home');
    await page.waitForSelector(`${ROOT}[data-step="0"]`);
    let [peak, lowest, gap, from, begun, ended] = [0, Infinity, 0, null, null, 0];
    const desired = number(await state(page), 'desired');
    const end = await stepUntil(page, (s) => s.kind === 'complete' && s.writes >= 2 && number(s, 'terminating') === 0, {
      each: (s) => {
        const [total, available] = [number(s, 'total'), number(s, 'available')];
        peak = Math.max(peak, total);
        lowest = Math.min(lowest, available);
        if (available === 0 && from === null) from = s.time;
        if (available > 0 && from !== null) [gap, from] = [Math.max(gap, s.time - from), null];
        if (s.kind !== 'complete' && begun === null) begun = s.time;
        if (s.kind === 'complete' && begun !== null && ended === 0) ended = s.time;
      },
    });
    if (ended === 0) ended = end.time;
    equal([Number(table.peak), Number(table.lowest)], [peak, lowest], `${end.branch}: peak and lowest`);
    const near = (text, value, what) => assert(Math.abs(Number.parseFloat(text) - value) < 0.06, `${end.branch}, ${what}: ${text} in the table, ${value} in its run`);
    near(table.gap, gap, 'gap');
    near(table.duration, ended - begun, 'duration');
    await page.keyboard.press('End');
    await page.waitForFunction((t) => Number(document.querySelector('[data-testid="root"]').dataset.time) > t, end.time);
    equal(table.failed, (await state(page)).measures['requests.failed'], `${end.branch}: failed requests`);
    equal(table.revisions, end.history.sort((a, b) => a - b).join(', '), `${end.branch}: revisions`);
    equal(number(end, 'updated'), desired, 'updated pods at the end');
  }
});

/** Waits until the sweep is over. */
const swept = (page) => page.waitForSelector(`${id('heat')}:not([data-running])`);

check('sweep', 'a map of every pair of limits; a cell opens its run; keys, legend, cancel', async (page) => {
  await three(page);
  await page.click(id('open-heat'));
  await swept(page);
  equal(await page.locator(id('heat')).evaluate((e) => [e.dataset.done, e.dataset.total]), ['25', '25'], 'runs');
  const cell = (surge, unavailable) => page.locator(`[data-testid="heat-cell"][aria-label^="maxSurge ${surge}, maxUnavailable ${unavailable}:"]`);
  equal(await cell(0, 0).getAttribute('aria-label'), 'maxSurge 0, maxUnavailable 0: refused, both are 0', 'the refused pair');
  // The map says what the panes say.
  const table = await panes(page);
  for (const [measure, name] of [['peak', 'peak'], ['lowest', 'lowest'], ['failed', 'failed'], ['duration', 'duration']]) {
    await page.selectOption(id('heat-measure'), measure);
    for (const [pane, surge, unavailable] of [[1, 0, 1], [2, 1, 0]]) {
      equal(Number.parseFloat(await cell(surge, unavailable).innerText()), Number.parseFloat(table.panes[pane].cells[name]), `${measure} of ${surge}/${unavailable}`);
    }
    assert(await page.locator(`${id('heat-legend')} li`).count() >= 3, `legend of ${measure}`);
  }
  equal(await page.locator('[data-own] .heat-cell').count(), 1, 'the manifest\'s own cell');
  // One stop of the tab key, arrows inside.
  equal(await page.locator(`${id('heat-cell')}[tabindex="0"]`).count(), 1, 'stops of the tab key');
  await cell(1, 1).click();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction(() => document.activeElement.getAttribute('aria-label').startsWith('maxSurge 2, maxUnavailable 2'));
  assert(/Surge 2, unavailable 2, 4 replicas/.test(await page.locator(id('heat-picked')).innerText()), 'the numbers of the picked cell');
  await page.click(id('heat-pane'));
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="compare-pane"]').length === 4);
  equal((await panes(page)).panes[3].plan, '2,2', 'the new pane');
  // Several replicas, percentages; cancelled and run again.
  await page.selectOption(id('heat-limits'), '19');
  await page.fill(id('heat-replicas'), '100, 150');
  await page.click(id('heat-run'));
  await page.click(id('heat-cancel'));
  await swept(page);
  assert(/Cancelled after \d+ of 800 runs/.test(await page.locator(id('heat-status')).innerText()), await page.locator(id('heat-status')).innerText());
  await page.selectOption(id('heat-limits'), 'percent');
  await page.fill(id('heat-replicas'), '4, 8');
  await page.click(id('heat-run'));
  await swept(page);
  await page.selectOption(id('heat-shown'), '8');
  await page.selectOption(id('heat-measure'), 'peak');
  equal(await cell('50%', '0%').innerText(), '12', 'peak of 8 replicas and 50%');
  await cell('50%', '0%').click();
  await page.click(id('heat-open'));
  await page.waitForFunction(() => !document.querySelector('[data-testid="compare-pane"]'));
  const s = await state(page);
  equal([number(s, 'desired'), number(s, 'ceiling'), number(s, 'floor')], [8, 12, 8], 'the page shows the run');
});

check('sweep-here', 'without workers the page computes the map itself, a few milliseconds at a time', async (page) => {
  await page.addInitScript(() => { window.Worker = class { constructor() { throw new Error('no workers here'); } }; });
  await three(page);
  await page.click(id('open-heat'));
  await swept(page);
  equal(await page.locator(id('heat')).getAttribute('data-done'), '25', 'runs');
});
