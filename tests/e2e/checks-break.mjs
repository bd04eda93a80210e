// Break it, Traffic and Check by hand: faults and rules from the panel, requests, remarks with fix and show me, evidence; the
// link of a broken cluster; and an automated scan of these tabs and of a comparison.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { assert, check, equal } from './runner.mjs';
import { ROOT, apply, complete, id, kubectl, number, open, state, step, stepUntil, tab } from './drive.mjs';

const require = createRequire(import.meta.url);

const row = (page, name) => page.locator(`${id('fault-row')}[data-name="${name}"]`);
const press = (page, name, control) => row(page, name).getByRole('button', { name: `${control}: ${name}` }).click();
const broken = async (page, name) => (await row(page, name).getAttribute('data-broken')) === 'true';

check('faults', 'a node and a registry are broken and mended from the panel; each press is a command', async (page) => {
  await open(page, '?preset=boot-4');
  await tab(page, 'Break it');
  await press(page, 'Registries', 'Break');
  assert(/\$ fault registry down/.test((await state(page)).console), 'the command stands in the console');
  assert(await broken(page, 'Registries'), 'registries are shown as broken');
  await kubectl(page, 'kubectl set image deployment/bootcamp bootcamp=bootcamp:v3');
  const stuck = await stepUntil(page, (s) => s.pods.filter((p) => p.state === 'imagepull').length === 2);
  equal([number(stuck, 'old'), number(stuck, 'new')], [3, 2], 'sizes while nothing can be pulled');
  await press(page, 'Registries', 'Mend');
  assert(!(await broken(page, 'Registries')), 'mended');
  await stepUntil(page, complete);
  await press(page, 'node-1', 'Cut it off');
  assert(await broken(page, 'node-1'), 'the node is shown as broken');
  await stepUntil(page, (s) => s.events.some((e) => /NodeNotReady/.test(e)), { most: 60 });
  await press(page, 'node-1', 'Bring it back');
  await stepUntil(page, (s) => s.events.some((e) => /NodeReady/.test(e)), { most: 60 });
});

check('rules', 'a behaviour for one tag, and for the second pod only', async (page) => {
  await open(page, '?preset=quarter-10');
  await tab(page, 'Break it');
  await page.getByText('With numbers, for one pod, node or time').click();
  const form = page.getByRole('form', { name: 'A rule with numbers, for one pod, node or time' });
  await form.getByLabel('Image').fill('web:v2');
  await form.getByLabel('Only pod number').fill('2');
  await form.getByRole('button', { name: 'Break it so' }).click();
  assert(/\$ image web:v2 never-ready pod=2/.test((await state(page)).console), 'the command stands in the console');
  await kubectl(page, 'kubectl set image deployment/web web=web:v2');
  await stepUntil(page, (s) => s.kind === 'stalled', { most: 800 });
  const s = await state(page);
  equal(s.pods.filter((p) => p.state === 'running').length, 1, 'one pod is not ready');
  const rule = page.locator(`${id('image-row')}[data-image="web:v2"]`);
  await rule.getByRole('combobox').selectOption('good');
  await stepUntil(page, complete, { most: 800 });
});

check('requests', 'the rate is chosen, requests are counted by version, and a bad version fails them', async (page) => {
  await open(page, '?preset=boot-4');
  await tab(page, 'Traffic');
  await page.getByRole('group', { name: 'Requests per second' }).getByText('20/s').click();
  assert(/\$ traffic service\/\S+ 20\/s/.test((await state(page)).console), 'the command stands in the console');
  await kubectl(page, 'image bootcamp:v3 errors percent=100');
  await kubectl(page, 'kubectl set image deployment/bootcamp bootcamp=bootcamp:v3');
  await stepUntil(page, complete);
  const rows = await page.locator(id('traffic-row')).allInnerTexts();
  assert(rows.length === 2 && /bootcamp:v3/.test(rows.join(' ')), `rows: ${rows}`);
  assert(Number(/(\d+)\s*$/.exec(rows.find((r) => /v3/.test(r)))[1]) > 10, `failed requests: ${rows}`);
  assert(/^\d+(\.\d+)?\s?%/.test(await page.locator(id('traffic-availability')).innerText()), 'availability');
});

check('remarks', 'a remark is repaired by one click that keeps comments; show me opens a branch where it hurts', async (page) => {
  await open(page, '?preset=none');
  await apply(page, `apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 4   # four of them
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
      - name: shop
        image: shop:v1
        readinessProbe: {httpGet: {path: /, port: 80}}
`);
  await stepUntil(page, complete);
  await tab(page, 'Check');
  const remark = page.locator(`${id('lint')}[data-lint="unavailable-with-few-replicas"]`);
  await remark.waitFor();
  await remark.locator(id('lint-fix')).click();
  const text = await page.locator(id('yaml')).inputValue();
  assert(/maxUnavailable: 0/.test(text) && /# four of them/.test(text), text);
  equal(await remark.count(), 0, 'the remark is gone');
  const before = await state(page);
  const other = page.locator(`${id('lint')}[data-lint="no-budget"]`);
  await other.locator(id('lint-show')).click();
  await page.waitForFunction((was) => document.querySelector('[data-testid="root"]').dataset.branch !== was, before.branch);
  assert((await state(page)).console.length > 0, 'the branch has its lines');
});

check('evidence', 'what is wrong stays silent until asked, then shows evidence of the shown Deployment, each a command away', async (page) => {
  await open(page, '?preset=boot-4');
  await kubectl(page, 'kubectl create deployment other --image=other:v1');
  await kubectl(page, 'image other:v1 missing');
  await kubectl(page, 'kubectl rollout restart deployment/other');
  await kubectl(page, 'kubectl set image deployment/bootcamp bootcamp=bootcamp:v10');
  await stepUntil(page, (s) => s.pods.some((p) => p.state === 'imagepull'));
  await tab(page, 'Check');
  equal(await page.locator(id('evidence')).count(), 0, 'silent');
  await page.click(id('ask-wrong'));
  const stages = await page.locator(id('evidence')).evaluateAll((list) => list.map((e) => e.dataset.stage));
  assert(['ReplicaSet', 'Pod', 'Event'].every((s) => stages.includes(s)), `stages: ${stages}`);
  const first = page.locator(`${id('evidence')}[data-stage="Pod"]`).first();
  const line = await first.getByRole('button').innerText();
  await first.getByRole('button').click();
  assert((await state(page)).console.includes(`$ ${line}`), 'the command ran');
});

check('broken link', 'a broken cluster travels in the link and is the same there', async (page, _context, browser) => {
  await open(page, '?preset=shop');
  for (const line of ['fault node node-2 lost for=3m', 'fault endpoints slow delay=6s', 'image shop:v2 errors percent=40 pod=2', 'kubectl set image deployment/shop shop=shop:v2']) {
    await kubectl(page, line);
    await step(page);
  }
  for (let k = 0; k < 12; k += 1) await step(page);
  await tab(page, 'Break it');
  const here = await state(page);
  const faults = await page.locator(id('fault-row')).allInnerTexts();
  await page.click(id('share'));
  const link = await page.locator(id('share-link')).inputValue();
  assert(link.length < 1200, `${link.length} characters`);
  const fresh = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const other = await fresh.newPage();
  await other.goto(link);
  await other.waitForSelector(`${ROOT}[data-ready="true"]`);
  const there = await state(other);
  for (const part of ['time', 'step', 'writes', 'why', 'pods', 'sets', 'events', 'measures']) equal(there[part], here[part], part);
  await tab(other, 'Break it');
  equal(await other.locator(id('fault-row')).allInnerTexts(), faults, 'faults');
  await fresh.close();
});

check('lesson 13', 'a probe that is broken in the manifest stalls; the way to the logs; undo', async (page) => {
  await open(page, '?preset=model-4');
  const text = await page.locator(id('yaml')).inputValue();
  await apply(page, text.replace('path: /v1/models/classifier', 'path: /v1/models/classifer'));
  const stuck = await stepUntil(page, (s) => s.kind === 'stalled');
  equal([number(stuck, 'old'), number(stuck, 'new'), number(stuck, 'available')], [4, 1, 4], 'sizes and available');
  await tab(page, 'Check');
  equal(await page.locator(id('path-stop')).allInnerTexts(), ['Deployment', 'ReplicaSets', 'Pods', 'Events', 'Logs'], 'the way');
  await page.locator(id('path-stop')).last().click();
  assert(/GET \/v1\/models\/classifer 404/.test((await state(page)).console), 'the log tells of the path');
  await page.click(id('ask-wrong'));
  assert(/Readiness probe failed: HTTP probe failed with statuscode: 404/.test((await page.locator(id('evidence')).allInnerTexts()).join(' ')), 'evidence');
  await page.click(id('act-undo'));
  const back = await stepUntil(page, complete);
  equal([number(back, 'lowest'), number(back, 'new')], [4, 4], 'recovered, never below 4');
});

check('panel only', 'every behaviour can be picked without an error, a quota and a drain need no typing', async (page) => {
  await open(page, '?preset=shop');
  await tab(page, 'Break it');
  const pick = page.locator(`${id('image-row')}[data-image="shop:v1"]`).getByRole('combobox');
  for (const key of await pick.locator('option').evaluateAll((list) => list.map((o) => o.value))) {
    await pick.selectOption(key);
    await page.waitForFunction((k) => document.querySelector('[data-testid="image-row"]').dataset.behaviour === k, key);
  }
  assert(!/^error/m.test((await state(page)).console), 'no error');
  await pick.selectOption('good');
  await press(page, 'Quota', 'Break');
  assert(await broken(page, 'Quota'), 'the quota is there');
  await page.click(id('act-image'));
  await page.fill(id('image-input'), 'shop:v2');
  await page.click(id('image-submit'));
  await stepUntil(page, (s) => s.kind === 'stalled' && /exceeded quota/.test(s.why));
  await press(page, 'Quota', 'Mend');
  await stepUntil(page, complete, { most: 800 });
});

check('lesson 27', 'a drain that a budget holds back goes on with the Step button', async (page) => {
  await open(page, '?preset=none');
  await apply(page, `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 2}}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:v1
        readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 2}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 3, selector: {matchLabels: {app: web}}}
`);
  await stepUntil(page, complete);
  await tab(page, 'Break it');
  await press(page, 'node-1', 'Drain');
  const drained = await stepUntil(page, (s) => /node\/node-1 drained/.test(s.console), { most: 200 });
  assert(/Cannot evict pod as it would violate the pod's disruption budget/.test(drained.console), 'held back');
  equal(number(drained, 'lowest'), 3, 'the budget holds the drain back');
  await press(page, 'node-1', 'Uncordon');
  await page.click(id('act-image'));
  await page.fill(id('image-input'), 'web:v2');
  await page.click(id('image-submit'));
  equal(number(await stepUntil(page, complete), 'lowest'), 2, 'and not the rollout');
});

check('nothing to roll out', 'a label outside the template and the same image say that nothing rolls out', async (page) => {
  await open(page, '?preset=shop');
  await kubectl(page, 'kubectl set image deployment/shop shop=shop:v1');
  assert(/Nothing to roll out/.test((await state(page)).why), 'the same image');
  const text = await page.locator(id('yaml')).inputValue();
  await apply(page, text.replace('  labels:\n    app: shop\nspec:\n  replicas', '  labels:\n    app: shop\n    team: blue\nspec:\n  replicas'));
  await stepUntil(page, (s) => /Nothing to roll out/.test(s.why), { most: 5 });
  equal((await state(page)).history, [1], 'no revision');
});

check('lesson 26', 'under an autoscaler the manifest keeps its 3 replicas, and applying it takes the pods away', async (page) => {
  await open(page, '?preset=shop-auto');
  equal(number(await state(page), 'desired'), 8, 'replicas under load');
  const text = await page.locator(id('yaml')).inputValue();
  assert(/replicas: 3/.test(text), 'the editor follows the autoscaler');
  await apply(page, text.replace('image: shop:v1', 'image: shop:v2'));
  await stepUntil(page, (s) => number(s, 'desired') === 3 && number(s, 'total') <= 4, { most: 60 });
  await stepUntil(page, (s) => number(s, 'desired') === 8, { most: 300 });
});

check('lesson 25', 'a marker on a disk survives the update that waits for the disk', async (page) => {
  await open(page, '?preset=disk-1');
  await kubectl(page, "kubectl exec deploy/disk -- sh -c 'echo kept > /data/marker'");
  await kubectl(page, 'kubectl set image deployment/disk app=disk:v2');
  await stepUntil(page, (s) => s.events.some((e) => /Multi-Attach error/.test(e)), { most: 60 });
  assert(/kept/.test(await kubectl(page, 'kubectl exec deploy/disk -- cat /data/marker')), 'the marker');
});

check('axe tabs', 'a scan of Break it, Traffic, Check with evidence and of a comparison finds nothing, light and dark', async (page) => {
  const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
  const scan = async (what) => {
    const found = await page.evaluate(() => window.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }));
    equal(found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(' ')).join(', ')}`), [], what);
  };
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  for (const theme of ['light', 'dark']) {
    await open(page, `?preset=shop&theme=${theme}`);
    await kubectl(page, 'fault node node-1 lost');
    await kubectl(page, 'image shop:v2 missing');
    await kubectl(page, 'kubectl set image deployment/shop shop=shop:v2');
    await stepUntil(page, (s) => s.pods.some((p) => p.state === 'imagepull'));
    await page.evaluate(axe);
    for (const name of ['Break it', 'Traffic', 'Check']) {
      await tab(page, name);
      if (name === 'Check') await page.click(id('ask-wrong'));
      if (name === 'Break it') await page.getByText('With numbers, for one pod, node or time').click();
      await scan(`${name}, ${theme}`);
      for (const width of [360, 600]) {
        await page.setViewportSize({ width, height: 740 });
        assert((await overflow()) <= 0, `${name} at ${width}: ${await overflow()} px too wide`);
      }
      await page.setViewportSize({ width: 1280, height: 800 });
    }
    await page.click(id('compare'));
    await page.waitForSelector(id('compare-pane'));
    await scan(`comparison, ${theme}`);
  }
});
