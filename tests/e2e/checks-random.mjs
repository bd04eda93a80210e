// Checks 25 to 27, 31 and 32 on random sessions. RANDOM names how many; each says its seed.
import { assert, check, equal } from './runner.mjs';
import { ROOT, id, kubectl, marks, open, state } from './drive.mjs';
import { picture, sumsAreMeasures } from './checks-time.mjs';

/** Preset, Deployment, container, images to choose from. */
const STARTS = [
  ['roll-10', 'rolldeployment', 'nginx', ['httpd', 'httpd:alpine', 'nginx:1.27']],
  ['re-5', 'rcdeployment', 'nginx', ['httpd', 'nginx:1.27']],
  ['boot-4', 'bootcamp', 'bootcamp', ['bootcamp:v3', 'bootcamp:v10']],
  ['model-4', 'model-serving', 'server', ['registry.example/tf-serving:1.0.4', 'registry.example/tf-serving:bad']],
];
const BEHAVIOURS = ['missing', 'crash after=3', 'never-ready', 'slow-start seconds=4', 'good'];

/** Numbers from 0 up to n, always the same for a seed. */
function dice(seed) {
  let state = seed * 7919 + 17;
  return (n) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * n);
  };
}

function line(roll, [, deployment, container, images]) {
  const target = `deployment/${deployment}`;
  const image = images[roll(images.length)];
  const lines = [
    `kubectl set image ${target} ${container}=${image}`,
    `kubectl set image ${target} ${container}=${image}`,
    `image ${image} ${BEHAVIOURS[roll(BEHAVIOURS.length)]}`,
    `kubectl scale ${target} --replicas=${1 + roll(9)}`,
    `kubectl rollout pause ${target}`,
    `kubectl rollout resume ${target}`,
    `kubectl rollout undo ${target}`,
    `kubectl rollout restart ${target}`,
    `kubectl delete pod -l '!nothing' --wait=false`,
  ];
  return lines[roll(lines.length)];
}

const at = (page) => page.locator(ROOT).getAttribute('data-step').then(Number);
const leave = (page) => page.evaluate(() => document.activeElement?.blur());

/** A key, and the page at another step. */
async function press(page, key) {
  const was = await at(page);
  await page.keyboard.press(key);
  await page.waitForFunction((n) => Number(document.querySelector('[data-testid="root"]').dataset.step) !== n, was);
}

/** What must hold wherever a session stands: a sentence, and sums that are the measures. */
async function holds(page, where) {
  const s = await state(page);
  assert(s.why.length > 5, `${where}, step ${s.step}: no sentence`);
  await sumsAreMeasures(page, s, `${where}, step ${s.step} at ${s.time} s`);
  return s;
}

const sessions = Number(process.env.RANDOM || 3);
for (let seed = 1; seed <= sessions; seed += 1) {
  check(`random-${seed}`, 'a random session forward, back, by its marks and on a branch', async (page) => {
    const roll = dice(seed);
    const start = STARTS[roll(STARTS.length)];
    await open(page, `?preset=${start[0]}&seed=${seed}`);
    const seen = new Map();
    let said = '';
    for (let act = 0; act < 4; act += 1) {
      const typed = line(roll, start);
      said += `${typed}; `;
      await kubectl(page, typed);
      await leave(page);
      for (let k = 3 + roll(6); k > 0; k -= 1) {
        const s = await holds(page, said);
        if (!s.canStep) break;
        seen.set(s.step, picture(s));
        await press(page, 'ArrowRight');
      }
    }
    // Lines may have recorded more than was stepped through.
    await page.keyboard.press('End');
    await page.waitForTimeout(100);
    const last = await holds(page, said);
    seen.set(last.step, picture(last));
    // Back: what an action changed at once has its own step, so each step that was seen is seen again.
    for (let k = 0; k < 8 && await at(page) > 0; k += 1) {
      await press(page, 'ArrowLeft');
      const s = await state(page);
      if (seen.has(s.step)) equal(s.console.length > 0, true, 'the console has what was typed');
      if (seen.has(s.step)) equal(still(picture(s)), still(seen.get(s.step)), `${said}back at step ${s.step}`);
    }
    const places = await marks(page).evaluateAll((list) => list.map((m) => Number(m.dataset.to)));
    for (let k = 0; k < 5 && places.length > 0; k += 1) {
      const nth = roll(places.length);
      if (await at(page) === places[nth]) continue;
      await marks(page).nth(nth).dispatchEvent('click');
      await page.waitForFunction((n) => Number(document.querySelector('[data-testid="root"]').dataset.step) === n, places[nth]);
      const s = await holds(page, said);
      if (seen.has(s.step)) equal(still(picture(s)), still(seen.get(s.step)), `${said}mark at step ${s.step}`);
    }
    // Acting in the past begins a branch; the former future is as it was. (Records of one event are one moment.)
    const past = () => page.locator('.now-head').innerText().then((text) => text.includes('looking back'));
    while (!await past() && await at(page) > 0) await press(page, 'ArrowLeft');
    if (!await past()) return;
    await kubectl(page, `kubectl scale deployment/${start[1]} --replicas=11`);
    const branched = await holds(page, said);
    assert(branched.branch !== last.branch, `${said}no branch`);
    await page.click(id('open-branch'));
    await page.waitForFunction((name) => document.querySelector('[data-testid="root"]').dataset.branch === name, last.branch);
    await page.keyboard.press('Escape');
    await leave(page);
    await page.keyboard.press('End');
    await page.waitForFunction((n) => Number(document.querySelector('[data-testid="root"]').dataset.step) === n, last.step);
    equal(still(picture(await state(page))), still(picture(last)), `${said}the former branch`);
  });
}

/** A picture without its time: a step that is looked back at stands at its own moment. */
function still(text) {
  return JSON.stringify(JSON.parse(text).slice(1));
}
