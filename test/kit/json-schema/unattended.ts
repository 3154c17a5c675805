/** Run as its own process: uses a validator, prints the outcome and stops caring. The process must end by itself. */
import { createKillableValidator, type KillableValidator } from '#kit/json-schema/killable-validator.ts';

const validator = createKillableValidator({ timeoutMs: 3_600_000 });
const outcomes = [await validator.validate({ type: 'string' }, 'a')];
if (process.argv[2] === 'busy') {
  const unfinished: ReturnType<KillableValidator['validate']>[] = [
    validator.validate({ pattern: '^(a+)+$' }, `${'a'.repeat(60)}!`),
    validator.validate({ type: 'string' }, 'a'),
  ];
  await validator.close();
  outcomes.push(...(await Promise.all(unfinished)));
}
process.stdout.write(JSON.stringify(outcomes.map((outcome) => ('reason' in outcome ? outcome.reason : outcome.ok))));
