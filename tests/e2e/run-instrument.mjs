// The checks of the instrument of time and 18 to 22 alone; they join run.mjs when they have passed on the built page.
import './checks-instrument.mjs';
import { main } from './runner.mjs';

await main();
