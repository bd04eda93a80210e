// The transcripts of docs/transcripts typed with the keyboard and read from the page, line by line.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { assert, check } from './runner.mjs';
import { id, open } from './drive.mjs';

const FOLDER = new URL('../../docs/transcripts/', import.meta.url);

/** Commands of a page with what it shows below each, and how its session begins. */
function read(text) {
  const start = { preset: null, kubernetes: null, file: null, manifest: null };
  const commands = [];
  let fence = null;
  let block = [];
  let pending = null;
  for (const line of text.split('\n')) {
    const directive = /^<!-- rollout: (.*) -->$/.exec(line);
    if (directive && fence === null) {
      for (const [, key, value] of directive[1].matchAll(/(\w+)=(\S+)/g)) {
        if (key === 'file') pending = value;
        else if (commands.length === 0) start[key] = value;
      }
      continue;
    }
    const mark = /^```(\S*)$/.exec(line);
    if (!mark) {
      if (fence !== null) block.push(line);
      continue;
    }
    if (fence === null) {
      fence = mark[1];
      block = [];
      continue;
    }
    if (pending) {
      start.file = pending;
      start.manifest = `${block.join('\n')}\n`;
      pending = null;
    } else if (fence === 'console' || block.some((l) => l.startsWith('$ '))) {
      for (const l of block) {
        const last = commands.at(-1);
        if (l.startsWith('$ ')) commands.push({ line: l.slice(2), expected: [], interrupted: false });
        else if (l.startsWith('> ') && last && last.expected.length === 0) last.line += `\n${l.slice(2)}`;
        else if (l === '^C' && last) last.interrupted = true;
        else if (last && !last.interrupted) last.expected.push(l);
      }
    }
    fence = null;
  }
  return { start, commands };
}

/** A line with what may differ taken out. */
const bare = (line) => line
  .replace(/\b\d{4}-\d\d-\d\dT[\d:]+Z\b/g, '<t>')
  .replace(/\b\d+\.\d+\.\d+\.\d+\b/g, '<ip>')
  .replace(/(-[a-f0-9bcdfghjklmnpqrstvwxz2456789]{6,10})-[a-z0-9]{5}\b/g, '$1-<s>')
  .replace(/\b(\d+[dhms])+\b/g, '<age>')
  .replace(/\s+/g, ' ')
  .trim();

function fits(expected, shown) {
  const pattern = bare(expected).replace(/<(age|time|ip|suffix|hash|number|port|uid|name|any|s|t)(:\w+)?>/g, '\u0000$1\u0000');
  const expression = pattern.split(/\u0000(\w+)\u0000/).map((part, k) => {
    if (k % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return part === 'any' ? '.*' : '\\S+';
  }).join('');
  return new RegExp(`^${expression}$`).test(bare(shown));
}

/** Differences of two outputs; rows of pods may come in another order. */
function differences(expected, shown) {
  const rest = [...shown];
  const missing = [];
  for (const line of expected) {
    if (line === '...') return missing;
    const at = rest.findIndex((l) => fits(line, l));
    if (at < 0) missing.push(`- ${line}`);
    else rest.splice(at, 1);
  }
  // A document leaves out the empty lines at the end.
  return [...missing, ...rest.filter((l) => l.trim() !== '').map((l) => `+ ${l}`)];
}

const lines = (page) => page.locator(`${id('console-log')} li:not(.busy)`).evaluateAll((all) => all.map((e) => e.textContent));
const busy = (page) => page.locator('.console[data-busy]').count();

/** Types a command and waits for its end; answers what it printed. */
async function type(page, { line, expected, interrupted }) {
  const free = () => page.waitForFunction(() => !document.querySelector('.console[data-busy]'), null, { timeout: 60000 });
  const input = page.locator(id('terminal'));
  const before = (await lines(page)).length;
  await input.focus();
  await page.keyboard.type(line);
  await page.keyboard.press('Enter');
  await page.waitForFunction((n) => document.querySelectorAll('[data-testid="console-log"] li:not(.busy)').length > n, before);
  if (interrupted) {
    const wanted = before + line.split('\n').length + expected.length;
    for (let k = 0; k < 400 && (await lines(page)).length < wanted; k += 1) await page.click(id('transport-step'));
    await input.focus();
    await page.keyboard.press('Control+c');
    await free();
    return (await lines(page)).slice(before + line.split('\n').length, wanted);
  }
  // Enter on an empty line waits for the command and lets the cluster finish the instant.
  await page.keyboard.press('Enter');
  await free();
  return (await lines(page)).slice(before + line.split('\n').length);
}

const files = existsSync(FOLDER) ? readdirSync(FOLDER).filter((f) => f.endsWith('.md') && f !== 'README.md') : [];
for (const file of files) {
  check(`typed-${file.replace('.md', '')}`, `docs/transcripts/${file} typed with the keyboard`, async (page) => {
    const { start, commands } = read(readFileSync(new URL(file, FOLDER), 'utf8'));
    const version = start.kubernetes ? `&kubernetes=${start.kubernetes}` : '';
    await open(page, `?preset=${start.preset ?? 'empty'}${version}`);
    if (start.manifest) {
      // The file is the editor's document; the page of the transcript applies it by its name.
      await page.fill(id('yaml'), start.manifest);
    }
    assert(commands.length > 3, `${commands.length} commands`);
    const wrong = [];
    for (const command of commands) {
      const shown = await type(page, command);
      const differ = differences(command.expected, shown);
      if (differ.length) wrong.push(`$ ${command.line}`, ...differ);
      assert((await busy(page)) === 0, `${command.line} still waits`);
    }
    assert(wrong.length === 0, wrong.slice(0, 12).join('\n'));
  });
}
