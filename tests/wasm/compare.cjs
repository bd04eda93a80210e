// The same scripts and recordings through the native program and through wasm in Node: equal bytes, or the first
// difference with its place.
const fs = require('fs');
const path = require('path');
const os = require('os');
const crypto = require('crypto');
const { execFileSync } = require('child_process');

const [, , door, program, scripts, recordings, digests] = process.argv;
const wasm = require(door);
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'rollout-wasm-'));
const sums = {};
let passed = 0;
let failed = 0;

function compare(name, native, other) {
  if (native === other) { passed += 1; return; }
  failed += 1;
  let at = 0;
  while (native[at] === other[at]) at += 1;
  const from = Math.max(0, at - 80);
  console.log(`${name}: differs at byte ${at}\n  native ${JSON.stringify(native.slice(from, at + 80))}\n  wasm   ${JSON.stringify(other.slice(from, at + 80))}`);
}

for (const file of fs.readdirSync(scripts).filter((f) => f.endsWith('.sh')).sort()) {
  const script = fs.readFileSync(path.join(scripts, file), 'utf8');
  const files = {};
  for (const [, name] of script.matchAll(/-f (\S+)/g)) files[name] = fs.readFileSync(path.join(scripts, name), 'utf8');
  let native;
  try {
    native = execFileSync(program, ['play', path.join(scripts, file), '--json'], { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (e) { native = e.stdout; } // the exit code is the last line's
  compare(file, native, wasm.play_json(script, JSON.stringify(files)));
}
for (const file of fs.readdirSync(recordings).filter((f) => f.endsWith('.json') && f !== 'races.json').sort()) {
  const trace = path.join(scratch, file);
  const whole = path.join(recordings, file);
  try { execFileSync(program, ['run', whole, '--trace', trace], { stdio: 'ignore' }); } catch { /* expectations are another test's */ }
  const native = fs.readFileSync(trace, 'utf8');
  compare(file, native, wasm.run_trace(fs.readFileSync(whole, 'utf8')));
  sums[file] = crypto.createHash('sha256').update(native).digest('hex');
}
// For Chromium, which compares with them.
if (digests) fs.writeFileSync(digests, JSON.stringify(sums));
fs.rmSync(scratch, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
