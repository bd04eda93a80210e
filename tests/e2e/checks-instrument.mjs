// Checks 18 to 22, and the instrument of time: lanes, life lines, window, loop, branches, why, what next.
import { assert, check, equal } from './runner.mjs';
import { ROOT, apply, complete, id, kubectl, number, open, setSpeed, state, step, stepUntil } from './drive.mjs';

/** Plays at 64 times until something holds. */
async function far(page, holds, most = 60000) {
  await setSpeed(page, 64);
  await page.evaluate(() => document.activeElement?.blur());
  const end = Date.now() + most;
  let now = await state(page);
  while (!holds(now) && Date.now() < end) {
    if (now.ready === 'true') await page.click(id('transport-play'));
    await page.waitForTimeout(60);
    now = await state(page);
  }
  if (now.ready !== 'true') await page.click(id('transport-play'));
  await page.waitForSelector(`${ROOT}[data-ready="true"]`);
  now = await state(page);
  assert(holds(now), `not reached; at ${now.time} s: ${now.why}`);
  return now;
}

const app = ({ probe = false, hook = 0, grace = 30, deadline = 600, minReady = 0 }) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  minReadySeconds: ${minReady}
  progressDeadlineSeconds: ${deadline}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: ${grace}
      containers:
      - name: web
        image: web:v1
${hook ? `        lifecycle: {preStop: {exec: {command: ["/bin/sh", "-c", "sleep ${hook}"]}}}\n` : ''}${probe ? '        readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1}\n' : ''}---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
`;

check(18, 'web-15: 22 are listed while 19 count; status says success while pods still leave', async (page) => {
  await open(page, '?preset=web-15');
  const before = await state(page);
  const name = before.sets[0].name.replace(/-[^-]+$/, '');
  const container = await page.evaluate(() => /- name: (\S+)/.exec(document.querySelector('[data-testid="yaml"]').value)[1]);
  await kubectl(page, `kubectl set image deployment/${name} ${container}=example/next:2`);
  await stepUntil(page, (s) => number(s, 'listed') === 22 && number(s, 'total') === 19);
  await kubectl(page, `kubectl rollout status deployment/${name}`);
  const done = await stepUntil(page, (s) => /successfully rolled out/.test(s.console), { most: 600 });
  assert(number(done, 'terminating') > 0, 'no pod is leaving when status says success');
});

check(19, 'deadline 60 s: the condition changes, the sizes do not, status exits 1', async (page) => {
  await open(page, '?preset=none');
  await apply(page, app({ deadline: 60 }));
  await stepUntil(page, complete);
  await kubectl(page, 'image web:v2 missing');
  await kubectl(page, 'kubectl set image deployment/web web=web:v2');
  await stepUntil(page, (s) => s.kind === 'stalled');
  const stalled = await state(page);
  await kubectl(page, 'kubectl rollout status deployment/web');
  const passed = await far(page, (s) => /ProgressDeadlineExceeded/.test(s.measures['condition.Progressing']));
  equal(passed.sets.map((s) => s.size), stalled.sets.map((s) => s.size), 'sizes');
  assert(passed.time - stalled.time < 75 && passed.time - stalled.time > 45, `after ${passed.time - stalled.time} s`);
  assert(/exceeded its progress deadline/.test((await state(page)).console), 'status says nothing');
});

check(20, 'never ready: completes and every request fails without a probe, stalls with one', async (page) => {
  for (const probe of [false, true]) {
    await open(page, '?preset=none');
    await apply(page, app({ probe }));
    await stepUntil(page, complete);
    await kubectl(page, 'image web:v2 never-ready');
    await kubectl(page, 'traffic service/web 20/s');
    await kubectl(page, 'kubectl set image deployment/web web=web:v2');
    if (!probe) {
      await stepUntil(page, (s) => complete(s) && number(s, 'updated') === 4 && number(s, 'available') === 4);
      const from = await far(page, (s) => s.time > 30);
      const to = await far(page, (s) => s.time > from.time + 10);
      equal(number(to, 'requests.ok') - number(from, 'requests.ok'), 0, 'answered requests at the end');
      assert(number(to, 'requests.failed') > number(from, 'requests.failed') + 100, 'requests go on and fail');
    } else {
      // The one old pod that may go has no hook: its last requests fail. From then on all are answered.
      const from = await far(page, (now) => now.time > 30);
      const s = await far(page, (now) => now.time > from.time + 30);
      assert(!complete(s) && s.kind === 'stalled' && number(s, 'available') >= number(s, 'floor'), `${s.kind}: ${s.why}`);
      equal(number(s, 'requests.failed') - number(from, 'requests.failed'), 0, 'failed requests while it is stalled');
      assert(number(s, 'requests.ok') > number(from, 'requests.ok') + 500, 'requests are answered');
    }
  }
});

check(21, 'minReadySeconds 20: an old pod goes at the earliest 20 s after a new one was ready', async (page) => {
  await open(page, '?preset=none');
  await apply(page, app({ probe: true, minReady: 20 }));
  await stepUntil(page, complete, { most: 800 });
  await kubectl(page, 'kubectl set image deployment/web web=web:v2');
  const ready = [];
  const removed = [];
  let last = await state(page);
  const old = new Set(last.pods.map((p) => p.name));
  const oldSet = last.pods[0].set;
  await stepUntil(page, (s) => complete(s) && s.sets.some((set) => set.name !== oldSet && set.size === 4), {
    most: 800,
    each: (s) => {
      const was = new Map(last.pods.map((p) => [p.name, p.state]));
      for (const p of s.pods) {
        if (p.state === 'ready' && !old.has(p.name) && was.get(p.name) !== 'ready') ready.push(s.time);
        if (p.state === 'terminating' && old.has(p.name) && was.get(p.name) !== 'terminating') removed.push(s.time);
      }
      last = s;
    },
  });
  assert(removed.length >= 3 && ready.length >= 3, `${removed.length} removed, ${ready.length} ready`);
  // The first burst removes one at once (floor 3 of 4); the k-th after it follows the k-th pod that was ready for 20 s.
  // Kubernetes keeps the moment of readiness in whole seconds.
  const later = removed.filter((t) => t > ready[0]);
  equal(removed.length - later.length, 1, 'removed at once');
  for (const [k, at] of later.entries()) assert(Math.floor(ready[k]) + 20 <= at + 0.001, `removed at ${later}, ready at ${ready}`);
});

check(22, 'requests fail without a hook and with a grace that is too short, none with hook 10 and grace 30', async (page) => {
  const failed = async (setting) => {
    await open(page, '?preset=none');
    await apply(page, app({ probe: true, ...setting }));
    await stepUntil(page, complete);
    await kubectl(page, 'traffic service/web 40/s');
    await kubectl(page, 'kubectl set image deployment/web web=web:v2');
    const s = await far(page, (now) => complete(now) && number(now, 'updated') === 4 && number(now, 'terminating') === 0);
    assert(number(s, 'requests.ok') > 100, `${s.measures['requests.ok']} answered`);
    return number(s, 'requests.failed');
  };
  assert(await failed({}) > 0, 'nothing fails without a hook');
  equal(await failed({ hook: 10, grace: 30 }), 0, 'failed with hook 10, grace 30');
  assert(await failed({ hook: 10, grace: 5 }) > 0, 'nothing fails with hook 10 and grace 5');
});

// ---------------------------------------------------------------- the instrument

async function instrument(page) {
  await page.setViewportSize({ width: 1280, height: 1300 });
  // The address does what a learner would have typed, and looks at the end.
  await open(page, `?preset=roll-10&do=${encodeURIComponent('kubectl set image deployment/rolldeployment nginx=httpd')}&at=8s`);
  const end = await state(page);
  assert(complete(end), `not complete at 8 s: ${end.why}`);
  await page.click(id('open-timeline'));
  await page.waitForSelector(id('instrument'));
  return end;
}

const window_ = (page) => page.locator(id('tl-draw')).evaluate((e) => [Number(e.dataset.from), Number(e.dataset.to)]);

check('lanes', 'every pod has its life line, every lane its marks; the moment is read out', async (page) => {
  await instrument(page);
  const rows = Number(await page.locator(id('tl-lives')).getAttribute('data-rows'));
  assert(rows >= 20, `${rows} life lines`);
  for (const lane of ['you', 'decisions', 'conditions', 'events']) {
    assert(await page.locator(`svg[data-lane="${lane}"] path`).count() > 0, `lane ${lane} is empty`);
  }
  const states = await page.locator('.tl-life').evaluateAll((all) => [...new Set(all.map((e) => e.dataset.life))]);
  for (const life of ['pulling', 'starting', 'available', 'terminating']) assert(states.includes(life), `no pod is ${life}: ${states}`);
  const box = await page.locator(id('tl-draw')).boundingBox();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 20);
  await page.waitForSelector(`${id('tl-read')}[data-hover="true"]`);
  assert(/\d pods, \d+ ready, \d+ available/.test(await page.locator(id('tl-read')).innerText()), 'nothing is read out');
});

check('drag', 'dragging the head seeks; zoom by wheel and keys, pan, and all again', async (page) => {
  const end = await instrument(page);
  const box = await page.locator(id('tl-draw')).boundingBox();
  await page.mouse.move(box.x + box.width * 0.9, box.y + 20);
  await page.mouse.down();
  for (let k = 9; k >= 4; k -= 1) await page.mouse.move(box.x + box.width * 0.1 * k, box.y + 20);
  await page.mouse.up();
  await page.waitForFunction((n) => Number(document.querySelector('[data-testid="root"]').dataset.step) < n, end.step);
  const middle = await state(page);
  assert(middle.time > 0 && middle.time < end.time, `at ${middle.time}`);
  const whole = await window_(page);
  await page.locator(id('tl-draw')).focus();
  await page.mouse.wheel(0, -240);
  await page.waitForFunction((n) => Number(document.querySelector('[data-testid="tl-draw"]').dataset.to) - Number(document.querySelector('[data-testid="tl-draw"]').dataset.from) < n, whole[1]);
  const closer = await window_(page);
  await page.keyboard.press('+');
  await page.waitForFunction((n) => Number(document.querySelector('[data-testid="tl-draw"]').dataset.to) - Number(document.querySelector('[data-testid="tl-draw"]').dataset.from) < n, closer[1] - closer[0]);
  const [from] = await window_(page);
  await page.keyboard.press('.');
  await page.waitForFunction((n) => Number(document.querySelector('[data-testid="tl-draw"]').dataset.from) > n, from);
  await page.keyboard.press('0');
  await page.waitForFunction((n) => Number(document.querySelector('[data-testid="tl-draw"]').dataset.to) === n, whole[1]);
});

check('kinds', 'next and previous mark of a kind; the same as text', async (page) => {
  await instrument(page);
  await page.keyboard.press('Escape');
  await page.click(id('tl-text'));
  await page.waitForSelector(id('tl-list'));
  await page.selectOption(id('tl-kind'), 'decisions');
  await page.waitForFunction(() => [...document.querySelectorAll('[data-testid="tl-list"] li')].every((e) => e.dataset.lane === 'decisions'));
  const rows = await page.locator(`${id('tl-list')} li`).count();
  const end = await state(page);
  assert(rows >= end.writes, `${rows} rows for ${end.writes} writes`);
  await page.click(id('tl-previous'));
  await page.waitForFunction((n) => Number(document.querySelector('[data-testid="root"]').dataset.step) < n, end.step);
  const here = await state(page);
  await page.click(id('tl-previous'));
  await page.waitForFunction((n) => Number(document.querySelector('[data-testid="root"]').dataset.step) < n, here.step);
  await page.click(id('tl-next'));
  await page.waitForFunction((n) => Number(document.querySelector('[data-testid="root"]').dataset.step) === n, here.step);
  assert(here.kind === 'decision' || here.writes > 0, here.why);
});

check('loop', 'a range is played round and round', async (page) => {
  const end = await instrument(page);
  const box = await page.locator(id('tl-draw')).boundingBox();
  const at = async (part) => {
    const was = await page.locator(ROOT).getAttribute('data-time');
    await page.mouse.click(box.x + box.width * part, box.y + 20);
    await page.waitForFunction((t) => document.querySelector('[data-testid="root"]').dataset.time !== t, was);
    return (await state(page)).time;
  };
  const from = await at(0.4);
  await page.click(id('loop-from'));
  const to = await at(0.7);
  await page.click(id('loop-to'));
  await setSpeed(page, 8);
  await page.click(id('transport-play'));
  const seen = [];
  for (let k = 0; k < 30; k += 1) {
    seen.push((await state(page)).time);
    await page.waitForTimeout(50);
  }
  await page.click(id('transport-play'));
  assert(seen.every((t) => t >= from - 0.01 && t <= to + 2), `${from} to ${to}: ${seen}`);
  assert(seen.some((t, k) => k > 0 && t < seen[k - 1]), `never turned back: ${seen}`);
  assert(end.time > to, 'the loop ends before the end');
});

check('tree', 'branches are visited, renamed and deleted; the learner takes back an action, which is not an undo', async (page) => {
  const end = await instrument(page);
  await page.click(id('tl-previous'));
  await page.waitForFunction((n) => Number(document.querySelector('[data-testid="root"]').dataset.step) < n, end.step);
  await kubectl(page, 'kubectl scale deployment/rolldeployment --replicas=4');
  await page.waitForSelector(`${ROOT}[data-branch="branch 1"]`);
  equal(await page.locator(id('branch-row')).count(), 2, 'rows of the tree');
  const undo = await page.locator(id('take-back')).innerText();
  assert(/Take back: scale/.test(undo), undo);
  await page.click(id('take-back'));
  await page.waitForSelector(`${ROOT}[data-branch="branch 2"]`);
  equal(await page.locator(id('branch-row')).count(), 3, 'rows after taking back: nothing is lost');
  await page.locator(`${id('branch-row')}[data-name="branch 1"] ${id('rename-branch')}`).click();
  await page.fill(id('branch-name'), 'four pods');
  await page.press(id('branch-name'), 'Enter');
  await page.waitForSelector(`${id('branch-row')}[data-name="four pods"]`);
  await page.locator(`${id('branch-row')}[data-name="main"] ${id('visit-branch')}`).click();
  await page.waitForSelector(`${ROOT}[data-branch="main"]`);
  await page.locator(`${id('branch-row')}[data-name="four pods"] ${id('delete-branch')}`).click();
  await page.click(id('confirm'));
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="branch-row"]').length === 2);
});

check('why', 'sums with their sources, the rule, the wait, the trace, and what does not hold', async (page) => {
  await open(page, '?preset=boot-4');
  await kubectl(page, 'kubectl set image deployment/bootcamp bootcamp=bootcamp:v10');
  await stepUntil(page, (s) => s.kind === 'stalled');
  await page.click(id('open-why'));
  await page.waitForSelector(id('rule'));
  assert(/pkg\/controller\/deployment/.test(await page.locator(id('rule')).first().innerText()), 'no source file');
  assert(/Deployments/.test(await page.locator(id('rule')).first().innerText()), 'no page of the documentation');
  assert(/No limit/.test(await page.locator(id('wait')).innerText()), 'how long the wait can last');
  await page.locator(`${id('trace')} summary`).click();
  assert(await page.locator(`${id('trace')} li`).count() > 1, 'no trace');
  await page.click(id('ask-finished'));
  await page.waitForSelector(id('answer'));
  equal(await page.locator(`${id('clause')}[data-met="false"]`).count(), 3, 'clauses that do not hold');
  await page.locator(`${id('pod')}[data-state="imagepull"] button`).first().click();
  await page.click(id('open-why'));
  await page.click(id('ask-available'));
  await page.waitForFunction(() => /ImagePull/.test(document.querySelector('[data-testid="answer"]')?.innerText ?? ''));
  await page.locator(`${id('pod')}[data-state="available"] button`).first().click();
  await page.click(id('open-why'));
  await page.click(id('ask-chosen'));
  await page.waitForSelector(id('ranking'));
  assert(await page.locator(`${id('ranking')} tbody tr`).count() >= 3, 'the ranking has too few rows');
});

check('next', 'the ghost tells the next write; a prediction hides it until the answer is locked in', async (page) => {
  await open(page, '?preset=roll-10');
  await kubectl(page, 'kubectl set image deployment/rolldeployment nginx=httpd');
  await stepUntil(page, (s) => s.writes >= 2);
  await page.click(id('open-why'));
  await page.click(id('ask-next'));
  await page.waitForSelector(id('ghost'));
  const to = await page.locator(id('ghost-size')).first().getAttribute('data-to');
  await page.click(id('foretell'));
  await page.waitForSelector(id('predict'));
  assert(await page.locator(id('ghost')).count() === 0, 'the ghost stays while the learner is asked');
  const waiting = await state(page);
  await page.click(id('transport-step'));
  equal((await state(page)).step, waiting.step, 'Step waits for the answer');
  await page.fill(id('say-old'), '8');
  await page.fill(id('say-new'), to === '4' ? '4' : '5');
  await page.click(id('lock-in'));
  await page.waitForSelector(id('verdict'));
  const s = await state(page);
  equal(s.writes, waiting.writes + 1, 'writes after the answer');
  equal(await page.locator(id('verdict')).getAttribute('data-right'), String(s.sets.some((x) => x.size === 8) && s.sets.some((x) => x.size === (to === '4' ? 4 : 5))), 'the verdict');
  await step(page);
});

check('still', 'nothing moves between steps; what is asked for comes into sight; a sheet gives the focus back', async (page) => {
  await open(page, '?preset=boot-4');
  await kubectl(page, 'kubectl set image deployment/bootcamp bootcamp=bootcamp:v10');
  const places = async () => (await Promise.all(['band', 'transport-step', 'transport-back'].map((name) => page.locator(id(name)).boundingBox())))
    .flatMap((box) => [box.x, box.y]);
  await step(page);
  const first = await places();
  const stands = async (where) => {
    const now = await places();
    assert(now.every((n, k) => Math.abs(n - first[k]) < 1.5), `${first} became ${now} ${where}`);
  };
  for (let k = 0; k < 40; k += 1) {
    await step(page);
    await stands(`after ${(await state(page)).why}`);
  }
  await page.click(id('transport-back'));
  await stands('looking back');
  const whole = async (name) => {
    const box = await page.locator(id(name)).first().boundingBox();
    assert(box && box.y > 0 && box.y + 20 < 800, `${name} is out of sight: ${JSON.stringify(box)}`);
  };
  await page.click(id('open-why'));
  await page.click(id('ask-finished'));
  await whole('clause');
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press('t');
  await page.click(id('tl-text'));
  await whole('tl-list');
  assert((await page.locator(id('tl-list')).boundingBox()).height > 100, 'the list has no room');
  await page.click(id('share'));
  await page.keyboard.press('Escape');
  equal(await page.evaluate(() => document.activeElement?.dataset.testid), 'share', 'the focus');
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press('Home');
  for (let k = 0; k < 2; k += 1) await page.keyboard.press('PageDown');
  equal((await state(page)).writes, 1, 'writes after two keys of a clicker');
  await page.keyboard.press('PageUp');
  equal((await state(page)).writes, 0, 'writes after its other key');
});
