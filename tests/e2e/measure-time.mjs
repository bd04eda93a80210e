// Figures for docs/performance.md, not a check: long sessions, dragging, memory, the sweep. BASE_URL names the built page.
import { chromium } from 'playwright-core';
import { BASE } from './runner.mjs';
import { id, state } from './drive.mjs';

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const only = process.env.ONLY?.split(',');
const wanted = (name) => !only || only.includes(name);

async function tab(query) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(180000);
  page.on('pageerror', (e) => console.log('error on the page:', String(e).slice(0, 200)));
  // The module's memory, seen when it is made.
  await page.addInitScript(() => {
    for (const name of ['instantiate', 'instantiateStreaming']) {
      const plain = WebAssembly[name];
      WebAssembly[name] = async (...args) => {
        const made = await plain.apply(WebAssembly, args);
        window.moduleMemory = (made.instance ?? made).exports.memory;
        return made;
      };
    }
  });
  const began = Date.now();
  await page.goto(BASE + query);
  await page.waitForSelector('[data-testid="root"][data-ready="true"]');
  const s = await state(page);
  console.log(`  ${query.slice(0, 60)}…: ${s.step} steps, ${s.pods.length} pods drawn, there after ${Date.now() - began} ms`);
  return page;
}

/** The processor time of the page's thread for each of n turns: what else the machine does, does not count. */
async function cpu(page, n, work) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  const task = async () => (await cdp.send('Performance.getMetrics')).metrics.find((m) => m.name === 'TaskDuration').value;
  const from = await task();
  const out = await work(page, n);
  const per = ((await task()) - from) * 1000 / n;
  await cdp.detach();
  return `${told(out)}; ${per.toFixed(1)} ms of processor time each`;
}

const memory = (page) => page.evaluate(() => `${Math.round(window.moduleMemory.buffer.byteLength / 1048576)} MB of the module, ${Math.round(performance.memory.usedJSHeapSize / 1048576)} MB of the page's objects`);
const told = (all) => {
  const sorted = [...all].sort((a, b) => a - b);
  if (!sorted.length) return 'nothing moved';
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))].toFixed(1);
  return `median ${at(0.5)}, 90 % ${at(0.9)}, longest ${at(1)} ms of ${sorted.length}`;
};

/** Seeks to places on the ruler, all over the session: time until everything is drawn and laid out. */
const seeks = (page, n) => page.evaluate(async (count) => {
  const root = document.querySelector('[data-testid="root"]');
  const ruler = document.querySelector('.ruler');
  // The next task, without the waiting of a timer.
  const soon = () => new Promise((done) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => { channel.port1.close(); done(); };
    channel.port2.postMessage(0);
  });
  const out = [];
  let seed = 7;
  for (let k = 0; k < count; k += 1) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    const box = ruler.getBoundingClientRect();
    const where = { clientX: box.left + (box.width * (seed % 1000)) / 1000, clientY: box.top + 4, bubbles: true, pointerId: 1, buttons: 1, button: 0 };
    const was = root.dataset.time;
    const from = performance.now();
    ruler.dispatchEvent(new PointerEvent('pointerdown', where));
    while (performance.now() - from < 2000 && root.dataset.time === was) await soon();
    // What takes longer than a frame Yew draws in slices, each in a timer's task: the next one may belong to this seek.
    await new Promise((done) => { setTimeout(done, 0); });
    document.body.offsetHeight;
    const took = performance.now() - from;
    if (root.dataset.time !== was) out.push(took);
    ruler.dispatchEvent(new PointerEvent('pointerup', { ...where, buttons: 0 }));
    // The next one begins when the panels beside the scene have followed, and all is on the screen.
    for (let turn = 0; turn < 100 && root.dataset.ready !== 'true'; turn += 1) await new Promise((done) => { setTimeout(done, 5); });
    for (let frame = 0; frame < 2; frame += 1) await new Promise((done) => { requestAnimationFrame(done); });
    await soon();
  }
  return out;
}, n);

/** Drags the head of the open timeline from end to end: time from frame to frame. */
const drag = (page, n) => page.evaluate(async (count) => {
  const draw = document.querySelector('[data-testid="tl-draw"]');
  const box = draw.getBoundingClientRect();
  const send = (type, part, buttons) => draw.dispatchEvent(new PointerEvent(type, { clientX: box.left + box.width * part, clientY: box.top + 10, bubbles: true, pointerId: 1, isPrimary: true, buttons, button: type === 'pointerdown' ? 0 : -1 }));
  const frame = () => new Promise((done) => { requestAnimationFrame(done); });
  send('pointerdown', 0.98, 1);
  const out = [];
  let last = await frame();
  for (let k = 0; k < count; k += 1) {
    send('pointermove', 0.98 - (0.9 * k) / count, 1);
    const now = await frame();
    out.push(now - last);
    last = now;
  }
  send('pointerup', 0.08, 0);
  return out;
}, n);

const restarts = (replicas, n, every) => `?preset=roll-10&do=${encodeURIComponent([`kubectl scale deployment/rolldeployment --replicas=${replicas}`, ...Array.from({ length: n }, (_, k) => `@${(k + 1) * every}s kubectl rollout restart deployment/rolldeployment`)].join(';'))}&at=${(n + 1) * every}`;

if (wanted('long')) {
  console.log('a session of 10 000 steps, 100 pods');
  const page = await tab(restarts(100, 6, 240));
  console.log('  memory:', await memory(page));
  console.log('  seek:', await cpu(page, 80, seeks));
  await page.click(id('open-timeline'));
  await page.waitForSelector(id('tl-draw'));
  console.log('  seek with the timeline open:', await cpu(page, 80, seeks));
  console.log('  drag, frame to frame:', await cpu(page, 100, drag));
  console.log('  memory:', await memory(page));
  await page.close();
}
if (wanted('hundred')) {
  console.log('a rollout of 100 pods');
  const page = await tab(restarts(100, 1, 120));
  await page.click(id('open-timeline'));
  await page.waitForSelector(id('tl-draw'));
  console.log('  drag, frame to frame:', await cpu(page, 100, drag));
  await page.close();
}
if (wanted('thousand')) {
  console.log('1000 pods');
  const page = await tab(`?preset=roll-10&do=${encodeURIComponent('kubectl scale deployment/rolldeployment --replicas=1000')}&at=30`);
  console.log('  seek:', await cpu(page, 40, seeks));
  await page.click(id('open-timeline'));
  await page.waitForSelector(id('tl-draw'));
  console.log('  drag, frame to frame:', await cpu(page, 40, drag));
  console.log('  memory:', await memory(page));
  await page.close();
}
if (wanted('sweep')) {
  console.log('400 runs of 10 replicas');
  const page = await tab('?preset=roll-10&compare=2,2;1,0');
  await page.click(id('open-heat'));
  await page.waitForSelector(`${id('heat')}:not([data-running])`);
  for (let k = 0; k < 5; k += 1) {
    await page.selectOption(id('heat-limits'), '19');
    await page.click(id('heat-run'));
    await page.waitForSelector(`${id('heat')}[data-running]`).catch(() => {});
    await page.waitForSelector(`${id('heat')}:not([data-running])`);
    console.log(`  ${await page.locator(id('heat-status')).innerText()}`);
  }
  await page.close();
}
await browser.close();
