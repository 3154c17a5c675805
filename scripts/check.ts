/** `npm run check`: what `npm test` checks before it runs the tests, in a few seconds. */
import { checkSteps, runSteps } from './steps.ts';

const steps = checkSteps();
const failed = await runSteps(steps);
console.log(failed === 0 ? `\nall ${steps.length} checks passed` : `\n${failed} of ${steps.length} checks failed`);
process.exitCode = failed > 0 ? 1 : 0;
