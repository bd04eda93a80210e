// What survives: a reload, another link in the address, a module that does not load.
import { BASE, assert, check, equal } from './runner.mjs';
import { ROOT, id, kubectl, open, state, step } from './drive.mjs';

const picture = (s) => [s.time, s.step, s.pods, s.sets, s.history, s.measures];

check('reload', 'nothing is lost on a reload: session, position, unapplied text', async (page) => {
  await open(page, '?preset=roll-10');
  await kubectl(page, 'kubectl set image deployment/rolldeployment nginx=httpd');
  for (let k = 0; k < 8; k += 1) await step(page);
  const here = await state(page);
  const text = (await page.inputValue(id('yaml'))).replace('maxSurge: 2', 'maxSurge: 5');
  await page.fill(id('yaml'), text);
  await page.reload();
  await page.waitForSelector(`${ROOT}[data-ready="true"]`);
  equal(picture(await state(page)), picture(here), 'the moment after the reload');
  equal(await page.inputValue(id('yaml')), text, 'the text');
  // Opened again, it lands on the landing scene and offers to go on.
  await page.goto(BASE);
  await page.waitForSelector(`${ROOT}[data-ready="true"]`);
  assert((await state(page)).pods.length >= 12, 'the landing scene');
  await page.click(id('presets'));
  await page.click(id('continue'));
  await page.waitForFunction((n) => document.querySelector('[data-testid="root"]').dataset.step === n, String(here.step));
  equal(picture(await state(page)), picture(here), 'the moment that was kept');
});

check('hash', 'another link in the address is opened; a damaged one leaves what is open', async (page) => {
  await open(page, '?preset=boot-4');
  await kubectl(page, 'kubectl scale deployment/bootcamp --replicas=6');
  await step(page);
  const there = await state(page);
  await page.click(id('share'));
  const link = await page.locator(id('share-link')).inputValue();
  await page.keyboard.press('Escape');
  await open(page);
  await page.evaluate((hash) => { location.hash = hash; }, link.slice(link.indexOf('#')));
  await page.waitForFunction((n) => document.querySelector('[data-testid="root"]').dataset.step === n, String(there.step));
  equal(picture(await state(page)), picture(there), 'the moment of the link');
  await page.evaluate(() => { location.hash = '#s=1d.damaged'; });
  await page.locator(id('notice')).waitFor();
  equal((await state(page)).step, there.step, 'the step stays');
});

check('loading', 'a module that does not load says so, with a way to try again', async (_page, _context, browser) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.route('**/*.wasm', (route) => route.fulfill({ status: 404, body: 'gone' }));
  await page.goto(BASE);
  const note = page.getByRole('alert');
  await note.waitFor();
  assert(/could not be loaded/.test(await note.innerText()), await note.innerText());
  assert(await page.getByRole('link', { name: 'Try again' }).isVisible(), 'no way to try again');
  assert(await page.locator('svg[role="img"]').isVisible(), 'the picture stays');
  await context.close();
});
