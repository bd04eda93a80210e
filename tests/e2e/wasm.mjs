// Every recorded scenario in Chromium's wasm: the same bytes as natively, by their digests.
// BASE_URL names a folder with the wasm door, DIGESTS the native digests, RECORDINGS the folder of the recordings.
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

const { BASE_URL, DIGESTS, RECORDINGS, CHROMIUM } = process.env;
const digests = JSON.parse(fs.readFileSync(DIGESTS, 'utf8'));
const browser = await chromium.launch({ executablePath: CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] });
const page = await browser.newPage();
await page.goto(BASE_URL);
await page.evaluate(async (base) => {
  const door = await import(`${base}rollout_wasm_door.js`);
  await door.default({ module_or_path: `${base}rollout_wasm_door_bg.wasm` });
  window.digest = async (recording) => {
    const trace = new TextEncoder().encode(door.run_trace(recording));
    const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', trace));
    return [...sum].map((b) => b.toString(16).padStart(2, '0')).join('');
  };
}, BASE_URL);
let passed = 0;
let failed = 0;
for (const [file, native] of Object.entries(digests)) {
  const here = await page.evaluate((text) => window.digest(text), fs.readFileSync(path.join(RECORDINGS, file), 'utf8'));
  if (here === native) passed += 1;
  else { failed += 1; console.log(`${file}: Chromium's wasm ${here}, native ${native}`); }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
