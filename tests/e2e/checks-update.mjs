// Checks 9 to 17 and 23, 24: updates, limits, history.
import { assert, check, equal } from './runner.mjs';
import { apply, complete, counting, id, kubectl, number, open, playUntil, sizes, state, stepUntil } from './drive.mjs';
import { deployment } from './texts.mjs';

const within = (s) => {
  assert(number(s, 'total') <= 12, `step ${s.step}: ${s.measures.total} pods above the ceiling`);
  assert(number(s, 'available') >= 8, `step ${s.step}: ${s.measures.available} available below the floor`);
};

check(9, 'roll-10: 8 and 4 after three writes, never above 12 nor below 8', async (page) => {
  await open(page, '?preset=roll-10');
  await kubectl(page, 'kubectl set image deployment/rolldeployment nginx=httpd');
  const from = (await state(page)).writes;
  const third = await stepUntil(page, (s) => s.writes >= from + 3, { each: within });
  equal(sizes(third).sort((a, b) => b - a), [8, 4], 'sizes after three writes');
  const end = await stepUntil(page, complete, { each: within });
  equal(end.sets.map((s) => s.size).sort((a, b) => b - a), [10, 0], 'sizes at the end');
  equal(counting(end).every((p) => p.set.endsWith('-9b659bdf9')), true, 'all pods are new');
});

check(10, 're-5: the versions never overlap, and there is a gap', async (page) => {
  await open(page, '?preset=re-5');
  await kubectl(page, 'kubectl set image deployment rcdeployment nginx=httpd');
  const end = await stepUntil(page, complete, {
    each: (s) => {
      const versions = new Set(counting(s).map((p) => p.version));
      assert(versions.size <= 1, `step ${s.step}: versions ${[...versions]} at once`);
    },
  });
  assert(number(end, 'gap') > 0, `gap is ${end.measures.gap}`);
  assert(end.sets.some((s) => s.name === 'rcdeployment-588d5d854c' && s.size === 5), 'the new set has its real name');
});

const broken = async (page) => {
  await open(page, '?preset=boot-4');
  await kubectl(page, 'kubectl set image deployment/bootcamp bootcamp=bootcamp:v10');
  return stepUntil(page, (s) => s.kind === 'stalled' && s.pods.filter((p) => p.state === 'imagepull').length === 2);
};

check(11, 'boot-4 with v10 rests at 3 and 2', async (page) => {
  const s = await broken(page);
  equal(s.sets.map((x) => x.size).filter(Boolean).sort(), [2, 3], 'sizes');
  const table = await kubectl(page, 'kubectl get deployments');
  assert(/bootcamp\s+3\/4\s+2\s+3\s/.test(table), table);
});

check(12, 'undo from there: 4 available, three pods keep their names', async (page) => {
  const before = await broken(page);
  await kubectl(page, 'kubectl rollout undo deployment/bootcamp');
  const end = await stepUntil(page, (s) => complete(s) && number(s, 'available') === 4);
  const kept = counting(end).filter((p) => before.pods.some((q) => q.name === p.name && q.state === 'available'));
  assert(kept.length >= 3, `${kept.length} pods kept their names`);
  equal([...end.history].sort(), [1, 3, 4], 'revisions');
});

check(13, 'undo, undo: v2 and then v3', async (page) => {
  await open(page, '?preset=roll-10');
  const update = async (line) => {
    await kubectl(page, line);
    return stepUntil(page, complete);
  };
  const image = async () => (await kubectl(page, "kubectl get deployment rolldeployment -o jsonpath='{.spec.template.spec.containers[0].image}'")).trim();
  await update('kubectl set image deployment/rolldeployment nginx=httpd');
  await update('kubectl set image deployment/rolldeployment nginx=httpd:alpine');
  let s = await update('kubectl rollout undo deployment/rolldeployment');
  equal([...s.history].sort(), [1, 3, 4], 'revisions after the first undo');
  assert(/^httpd(?!:)/.test(await image()) || (await page.locator(`${id('history-row')}[data-revision="4"]`).innerText()).includes('httpd'), 'the template is that of revision 2');
  s = await update('kubectl rollout undo deployment/rolldeployment');
  equal([...s.history].sort(), [1, 4, 5], 'revisions after the second undo');
  assert((await page.locator(`${id('history-row')}[data-revision="5"]`).innerText()).includes('httpd:alpine'), 'the template is that of revision 3');
});

check(14, 'paused with two ready pods: 6 and 6 stay; resume writes 2, then 10', async (page) => {
  await open(page, '?preset=roll-10');
  await kubectl(page, 'kubectl set image deployment/rolldeployment nginx=httpd');
  await stepUntil(page, (s) => sizes(s).every((n) => n === 6) && s.sets.length === 2);
  await kubectl(page, 'kubectl rollout pause deployment/rolldeployment');
  const paused = await state(page);
  const later = await playUntil(page, (s) => s.time >= paused.time + 60, { speed: 64 });
  equal(sizes(later), [6, 6], 'sizes after 60 s');
  equal(number(later, 'ready'), 12, 'ready');
  await kubectl(page, 'kubectl rollout resume deployment/rolldeployment');
  const at = (await state(page)).writes;
  const first = await stepUntil(page, (s) => s.writes === at + 1);
  equal([...sizes(first)].sort((a, b) => a - b), [2, 6], 'sizes after the first write');
  const second = await stepUntil(page, (s) => s.writes === at + 2);
  equal([...sizes(second)].sort((a, b) => a - b), [2, 10], 'sizes after the second write');
});

check(15, 'undo while paused is refused', async (page) => {
  await open(page, '?preset=roll-10');
  await kubectl(page, 'kubectl set image deployment/rolldeployment nginx=httpd');
  await stepUntil(page, (s) => s.history.length === 2);
  await kubectl(page, 'kubectl rollout pause deployment/rolldeployment');
  const said = await kubectl(page, 'kubectl rollout undo deployment/rolldeployment');
  assert(/you cannot rollback a paused deployment; resume it first/.test(said), said);
});

check(16, 'quarter-10 broken, then good: the broken set is empty before the third has a pod', async (page) => {
  await open(page, '?preset=quarter-10');
  const name = (await kubectl(page, 'kubectl get deployments -o name')).trim();
  const container = (await kubectl(page, `kubectl get ${name} -o jsonpath='{.spec.template.spec.containers[0].name}'`)).trim();
  const before = await state(page);
  await kubectl(page, 'image nothere:v1 missing');
  await kubectl(page, `kubectl set image ${name} ${container}=nothere:v1`);
  const stalled = await stepUntil(page, (s) => s.kind === 'stalled');
  const bad = stalled.sets.map((s) => s.name).find((n) => !before.sets.some((s) => s.name === n));
  await kubectl(page, `kubectl set image ${name} ${container}=httpd:good`);
  await stepUntil(page, complete, {
    each: (s) => {
      const third = s.sets.find((x) => x.name !== bad && !before.sets.some((y) => y.name === x.name));
      const broken_pods = s.sets.find((x) => x.name === bad)?.size ?? 0;
      assert(!third || third.pods === 0 || broken_pods === 0, `step ${s.step}: the third set has ${third?.pods} pods, the broken one wants ${broken_pods}`);
    },
  });
});

check(17, '10 to 15 while resting at 8 and 5: 11 and 7', async (page) => {
  await open(page, '?preset=empty');
  const strategy = '  strategy:\n    rollingUpdate:\n      maxSurge: 3\n      maxUnavailable: 2\n';
  await apply(page, deployment({ replicas: 10, strategy }));
  await playUntil(page, complete, { speed: 64 });
  await kubectl(page, 'image nothere:v1 missing');
  await kubectl(page, 'kubectl set image deployment/web web=nothere:v1');
  const stalled = await stepUntil(page, (s) => s.kind === 'stalled');
  equal([...sizes(stalled)].sort((a, b) => a - b), [5, 8], 'resting sizes');
  await kubectl(page, 'kubectl scale deployment/web --replicas=15');
  const scaled = await stepUntil(page, (s) => sizes(s).reduce((a, b) => a + b, 0) === 18);
  equal([...sizes(scaled)].sort((a, b) => a - b), [7, 11], 'sizes');
  equal(scaled.history, stalled.history, 'history');
});

check(23, 'same image, a label outside the template: no row; restart: one row', async (page) => {
  await open(page, '?preset=roll-10');
  const rows = (await state(page)).history.length;
  await kubectl(page, 'kubectl set image deployment/rolldeployment nginx=nginx');
  await kubectl(page, 'kubectl label deployment rolldeployment tier=web');
  await page.click(id('transport-next')).catch(() => {});
  equal((await state(page)).history.length, rows, 'rows after changes outside the template');
  await kubectl(page, 'kubectl rollout restart deployment/rolldeployment');
  const s = await stepUntil(page, complete);
  equal(s.history.length, rows + 1, 'rows after restart');
});

check(24, 'history limit 2 after five versions: 3, 4, 5; undo to 1 is refused', async (page) => {
  await open(page, '?preset=roll-10');
  const text = await page.inputValue(id('yaml'));
  await page.fill(id('yaml'), text.replace('\nspec:\n', '\nspec:\n  revisionHistoryLimit: 2\n'));
  await page.click(id('apply'));
  for (const tag of ['a', 'b', 'c', 'd']) {
    await kubectl(page, `kubectl set image deployment/rolldeployment nginx=httpd:${tag}`);
    await stepUntil(page, complete);
  }
  const s = await stepUntil(page, (now) => now.history.length === 3);
  equal([...s.history].sort(), [3, 4, 5], 'revisions');
  const said = await kubectl(page, 'kubectl rollout undo deployment/rolldeployment --to-revision=1');
  assert(/unable to find specified revision 1 in history/.test(said), said);
});

