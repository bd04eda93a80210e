// Browser tests: BASE_URL names the page, CHROMIUM the browser, ONLY picks checks (`ONLY=9,12`), SHOTS a folder for pictures of failures.
import './checks-start.mjs';
import './checks-update.mjs';
import './checks-time.mjs';
import './checks-random.mjs';
import './checks-share.mjs';
import './checks-console.mjs';
import './checks-limits.mjs';
import './checks-compare.mjs';
import './checks-instrument.mjs';
import './checks-transcripts.mjs';
import './checks-break.mjs';
import { main } from './runner.mjs';

await main();
