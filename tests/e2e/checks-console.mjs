// The console as a terminal: keys, completion, history, the editor of kubectl edit, pasted transcripts, names.
import { assert, check, equal } from './runner.mjs';
import { id, kubectl, number, open, state, step } from './drive.mjs';

const terminal = (page) => page.locator(id('terminal'));
const value = (page) => terminal(page).inputValue();
const caret = (page) => terminal(page).evaluate((e) => e.selectionStart);
const log = async (page) => (await page.locator(id('console-log')).innerText()).split('\n');
const settle = (page) => page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));

async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
  await settle(page);
}

check('prompt', 'keys at the prompt do what they do in a terminal', async (page) => {
  await open(page, '?preset=roll-10');
  await terminal(page).click();
  await page.keyboard.type('kubectl get pods -o wide');
  await press(page, 'Control+w', 'Control+w');
  equal(await value(page), 'kubectl get pods ', 'after Ctrl-W twice');
  await press(page, 'Control+a');
  equal(await caret(page), 0, 'caret after Ctrl-A');
  await press(page, 'Control+e');
  equal(await caret(page), 17, 'caret after Ctrl-E');
  await press(page, 'Control+u');
  equal(await value(page), '', 'after Ctrl-U');
  await press(page, 'Control+y');
  equal(await value(page), 'kubectl get pods ', 'after Ctrl-Y');
  await press(page, 'Home', 'Control+k');
  equal(await value(page), '', 'after Ctrl-K');
  await page.keyboard.type('echo one');
  await press(page, 'Enter');
  await page.keyboard.type('echo two');
  await press(page, 'Enter');
  await press(page, 'ArrowUp', 'ArrowUp');
  equal(await value(page), 'echo one', 'up twice');
  await press(page, 'ArrowDown', 'ArrowDown');
  equal(await value(page), '', 'down twice');
  await press(page, 'Control+l');
  equal((await log(page)).join('').trim(), '', 'the log after Ctrl-L');
});

check('suggest', 'the prompt suggests from the history; the right arrow takes it', async (page) => {
  await open(page, '?preset=roll-10');
  await kubectl(page, 'kubectl get deployments -o wide');
  await terminal(page).click();
  await page.keyboard.type('kubectl get d');
  await page.locator(id('suggestion')).waitFor();
  await press(page, 'ArrowRight');
  equal(await value(page), 'kubectl get deployments -o wide', 'the line');
});

check('search', 'Ctrl-R searches backwards in what was typed', async (page) => {
  await open(page, '?preset=roll-10');
  for (const line of ['echo first apple', 'echo pear', 'echo second apple']) await kubectl(page, line);
  await terminal(page).click();
  await press(page, 'Control+r');
  await page.keyboard.type('apple');
  await settle(page);
  assert((await page.locator(id('history-search')).innerText()).includes('second apple'), 'the newest is found first');
  await press(page, 'Control+r');
  assert((await page.locator(id('history-search')).innerText()).includes('first apple'), 'then the one before');
  await press(page, 'ArrowRight');
  equal(await value(page), 'echo first apple', 'the line');
  await press(page, 'Control+r', 'Escape');
  equal(await value(page), 'echo first apple', 'Escape gives the line back');
  equal(await page.locator(id('history-search')).count(), 0, 'the search is closed');
});

check('completion', 'Tab completes; arrows, Enter, Tab, Escape and the finger choose', async (page) => {
  await open(page, '?preset=roll-10');
  await terminal(page).click();
  await page.keyboard.type('kubectl rol');
  await press(page, 'Tab');
  equal(await value(page), 'kubectl rollout ', 'a single way is taken');
  await press(page, 'Tab');
  const list = page.getByRole('listbox', { name: 'Completions' });
  await list.waitFor();
  const words = await list.getByRole('option').evaluateAll((all) => all.map((o) => o.firstChild.textContent));
  assert(words.includes('undo') && words.includes('status'), `the list has ${words}`);
  equal(await terminal(page).getAttribute('aria-expanded'), 'true', 'aria-expanded');
  await press(page, 'ArrowDown');
  const active = await terminal(page).getAttribute('aria-activedescendant');
  equal(await page.locator(`#${active}`).getAttribute('aria-selected'), 'true', 'the active option is selected');
  await press(page, 'Escape');
  equal(await list.count(), 0, 'lists after Escape');
  equal(await page.evaluate(() => document.activeElement.id), 'terminal', 'focus after Escape');
  await press(page, 'Tab', 'Tab', 'ArrowDown', 'Enter');
  equal(await value(page), `kubectl rollout ${words[1]} `, 'Enter takes the chosen one and runs nothing');
  await press(page, 'Control+u');
  await page.keyboard.type('kubectl get pods rolldeployment-');
  await press(page, 'Tab');
  await list.getByRole('option').nth(2).click();
  assert(/^kubectl get pods rolldeployment-\w+-\w{5} $/.test(await value(page)), await value(page));
  await press(page, 'Control+u', 'Tab');
  assert(await page.evaluate(() => document.activeElement.id !== 'terminal'), 'Tab on an empty line goes on');
});

check('names', 'a click on a name in the output picks it in the scene', async (page) => {
  await open(page, '?preset=roll-10');
  await kubectl(page, 'kubectl get pods');
  const name = page.locator(`${id('console-log')} ${id('name')}`).nth(3);
  const text = await name.innerText();
  await name.click();
  equal(await page.locator(`${id('pod')}[data-picked]`).getAttribute('data-name'), text, 'the picked pod');
  await kubectl(page, 'kubectl get rs');
  await page.locator(`${id('console-log')} ${id('name')}`).last().click();
  equal(await page.locator(`${id('set')}[data-picked]`).count(), 1, 'picked sets');
});

check('edit', 'kubectl edit opens the editor with the live object; save, refusal, cancel', async (page) => {
  await open(page, '?preset=roll-10');
  const manifest = await page.inputValue(id('yaml'));
  const type = async (line) => {
    await terminal(page).click();
    await page.keyboard.type(line);
    await page.keyboard.press('Enter');
    await page.locator(id('edit-save')).waitFor();
  };
  await type('kubectl edit deployment rolldeployment');
  let text = await page.inputValue(id('yaml'));
  assert(text.startsWith('# Please edit the object below.') && text.includes('resourceVersion:'), 'the live object with kubectl\'s comment');
  equal(await page.evaluate(() => document.activeElement.id), 'yaml', 'focus');
  await page.fill(id('yaml'), text.replace('replicas: 10', 'replicas: -1'));
  await page.click(id('edit-save'));
  await page.waitForFunction(() => document.querySelector('[data-testid="yaml"]').value.includes('was not valid'));
  text = await page.inputValue(id('yaml'));
  assert(text.includes('# * spec.replicas: Invalid value: -1: must be greater than or equal to 0'), text.slice(0, 400));
  await page.fill(id('yaml'), text.replace('replicas: -1', 'replicas: 7'));
  await page.click(id('edit-save'));
  await page.locator(id('apply')).waitFor();
  assert((await log(page)).includes('deployment.apps/rolldeployment edited'), 'the console says edited');
  equal(number(await state(page), 'desired'), 7, 'replicas');
  equal(await page.inputValue(id('yaml')), manifest.replace('replicas: 10', 'replicas: 7'), 'the manifest is there again');
  await type('kubectl edit deploy rolldeployment');
  await page.click(id('edit-cancel'));
  await page.locator(id('apply')).waitFor();
  assert((await log(page)).includes('Edit cancelled, no changes made.'), 'the console says cancelled');
  // It is in the log: the link of this moment has it.
  await step(page);
  const here = await state(page);
  await page.click(id('share'));
  const link = await page.locator(id('share-link')).inputValue();
  await page.goto('about:blank');
  await page.goto(link);
  await page.waitForSelector('[data-testid="root"][data-ready="true"]');
  const there = await state(page);
  equal([there.step, there.pods, there.measures], [here.step, here.pods, here.measures], 'the moment of the link');
});

const paste = (page, text) => page.evaluate((content) => {
  const data = new DataTransfer();
  data.setData('text', content);
  document.querySelector('#terminal').dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
}, text);

check('paste', 'several pasted lines run; a transcript is compared and differences are shown', async (page) => {
  await open(page, '?preset=roll-10');
  await terminal(page).click();
  await paste(page, 'kubectl scale deploy/rolldeployment --replicas=4\nkubectl get deploy -o name\n');
  await page.waitForFunction(() => document.querySelector('[data-testid="console-log"]').innerText.includes('deployment.apps/rolldeployment\n') || document.querySelector('[data-testid="console-log"]').innerText.trim().endsWith('deployment.apps/rolldeployment'));
  equal(await page.locator('[role="dialog"]').count(), 0, 'dialogs after plain lines');
  await paste(page, 'Some words.\n$ kubectl get deploy -o name\ndeployment.apps/rolldeployment\n$ echo wrong\nright\n');
  await page.locator(id('paste-summary')).waitFor();
  const differ = await page.locator(id('paste-result')).evaluateAll((all) => all.map((e) => e.dataset.differs));
  equal(differ, ['false', 'true'], 'which commands differ');
  const shown = await page.locator('[role="dialog"]').innerText();
  assert(shown.includes('- right') && shown.includes('+ wrong'), shown);
  await page.keyboard.press('Escape');
  equal(await page.locator('[role="dialog"]').count(), 0, 'dialogs after Escape');
});

check('follow', 'a following command prints as time runs; Ctrl-C ends it; stepping back takes its lines back', async (page) => {
  await open(page, '?preset=roll-10');
  await kubectl(page, 'kubectl set image deployment/rolldeployment nginx=httpd');
  await kubectl(page, 'kubectl rollout status deployment/rolldeployment');
  const before = (await log(page)).length;
  for (let k = 0; k < 30; k += 1) await step(page);
  const after = await log(page);
  assert(after.length > before && after.some((l) => /Waiting for deployment "rolldeployment" rollout to finish/.test(l)), after.join('\n'));
  for (let k = 0; k < 30; k += 1) await page.click(id('transport-back'));
  equal((await log(page)).length, before, 'lines after stepping back');
  await terminal(page).click();
  await press(page, 'Control+c');
  assert((await log(page)).some((l) => l.includes('^C')), 'Ctrl-C is shown');
  equal(await page.locator('.console[data-busy]').count(), 0, 'nothing waits');
});

check('height', 'the opened console leaves the page as high as the window', async (page) => {
  const high = () => page.evaluate(() => [document.documentElement.scrollHeight, window.innerHeight]);
  for (const [width, height] of [[1280, 800], [1280, 720], [1440, 900]]) {
    await page.setViewportSize({ width, height });
    await open(page);
    let [page_high, window_high] = await high();
    assert(page_high <= window_high, `${width} × ${height}: ${page_high}`);
    await kubectl(page, 'kubectl get pods');
    await page.locator('.console[data-open]').waitFor();
    [page_high, window_high] = await high();
    assert(page_high <= window_high, `${width} × ${height} with the console open: ${page_high}`);
    for (const name of ['transport-step', 'act-undo', 'terminal', 'apply']) assert(await page.locator(id(name)).isVisible(), `${name} is hidden`);
    const lines = await page.locator(id('console-log')).evaluate((e) => Math.floor(e.clientHeight / 17));
    assert(lines >= 8, `${width} × ${height}: only ${lines} lines`);
  }
});
