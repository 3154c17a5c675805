/** `npm test [-- vitest arguments]`: everything that must hold. The last line is `N passed, N failed, N skipped`. */
import { checkSteps, printStep, runSteps } from './steps.ts';
import { printCounts, runVitest } from './vitest.ts';

const failedSteps = await runSteps(checkSteps());
const started = performance.now();
const counts = await runVitest(process.argv.slice(2));
printStep('tests', counts.failed === 0, performance.now() - started);
// A step that fails before the tests is one more failure beside theirs.
printCounts({ ...counts, failed: counts.failed + failedSteps });
process.exitCode = counts.failed + failedSteps > 0 ? 1 : 0;
