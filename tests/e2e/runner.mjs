// A small test runner: one line per check, `N passed, M failed` at the end.
import { chromium } from 'playwright-core';

export const BASE = process.env.BASE_URL || 'http://127.0.0.1:8080/';
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
const checks = [];

/** Registers a check: its number in scenarios.md section 8 (or a story's name), what it promises, how it is tried. */
export function check(id, promise, run) {
  checks.push({ id: String(id), promise, run });
}

export function assert(condition, message) {
  if (!condition) throw new Error(message);
}

export function equal(actual, expected, message) {
  const a = JSON.stringify(actual);
  const e = JSON.stringify(expected);
  if (a === e) return;
  let at = 0;
  while (a?.[at] === e?.[at]) at += 1;
  const from = Math.max(0, at - 60);
  const part = (text) => (text?.length > 400 ? `…${text.slice(from, at + 120)}…` : text);
  throw new Error(`${message}: ${part(a)} instead of ${part(e)}`);
}

/** Runs all checks; `ONLY=9,12` picks some. */
export async function main() {
  const only = process.env.ONLY?.split(',').map((s) => s.trim());
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: FLAGS });
  let passed = 0;
  let failed = 0;
  for (const { id, promise, run } of checks) {
    if (only && !only.includes(id)) continue;
    const began = Date.now();
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(15000);
    const page = await context.newPage();
    const errors = [];
    const foreign = [];
    page.on('pageerror', (e) => errors.push(String(e)));
    page.on('console', (m) => { if (m.type() === 'error') errors.push(m.text()); });
    page.on('request', (r) => {
      if (!r.url().startsWith(new URL(BASE).origin) && !/^(data|blob|about):/.test(r.url())) foreign.push(r.url());
    });
    try {
      await run(page, context, browser);
      if (errors.length) throw new Error(`errors on the page: ${errors.slice(0, 3).join(' | ')}`);
      if (foreign.length) throw new Error(`requests to other hosts: ${foreign.slice(0, 3).join(' ')}`);
      passed += 1;
      console.log(`ok   ${id.padEnd(8)} ${promise} (${Date.now() - began} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL ${id.padEnd(8)} ${promise}\n     ${String(error.message || error).split('\n').slice(0, 6).join('\n     ')}`);
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${id}.png` }).catch(() => {});
    }
    await context.close();
  }
  await browser.close();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
}
